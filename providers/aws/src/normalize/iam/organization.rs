//! What an organisation takes away from its accounts: service control policies at every level above an account, and
//! resource control policies (Organizations user guide, policy evaluation).
//!
//! Both only take away. What could not be read may take anything away and gives nothing: what is allowed without it hangs
//! on it, what is denied stays denied.

use super::{
    directory::Parsed,
    policy::{grants, is_same_for_all},
    request::Request,
};
use crate::{
    calls,
    record::organization::{
        DescribeOrganization, DescribePolicy, Organization, Parent, Parents, Policies, PolicySummary, Target, Targets,
    },
};
use palisade_authority::{Effect, Grant, Layer, LayerKind, Reading, Truth};
use palisade_model::{Evidence, Gap};
use palisade_provider::{FailureReason, Outcome, Snapshot};
use std::{cell::OnceCell, collections::BTreeMap};

/// The kinds of policies that take away, as `ListPolicies` filters them.
const SERVICE_CONTROL: &str = "SERVICE_CONTROL_POLICY";
/// See [`SERVICE_CONTROL`].
const RESOURCE_CONTROL: &str = "RESOURCE_CONTROL_POLICY";

/// Policies AWS made and nobody can change: they allow everything.
const ALLOW_EVERYTHING: &[&str] = &["p-FullAWSAccess", "p-RCPFullAWSAccess"];

/// Most levels above an account: AWS allows five units and the root.
const LEVELS: usize = 16;

/// What stands between an account's principals and what their own policies give them.
#[derive(Debug, Default)]
pub(in crate::normalize) struct Guards {
    levels: Vec<Level>,
    membership: Membership,
    sources: Vec<Evidence>,
}

/// Where an account belongs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::normalize) enum Membership {
    /// Nobody knows.
    #[default]
    Unknown,
    /// To no organisation.
    None,
    /// To this one, by its id, standing at this path if the units above are known: `o-1/r-1/ou-1-2/`.
    In(String, Option<String>),
}

/// The policies of one level.
#[derive(Debug)]
struct Level {
    name: String,
    kind: LayerKind,
    documents: Vec<(String, Parsed)>,
    missing: Vec<String>,
    /// Its layer, where that does not depend on who asks.
    same_for_all: OnceCell<Fixed>,
}

/// Whether the layer of a level is the same whoever asks.
#[derive(Clone, Debug)]
enum Fixed {
    /// This one; none where it stops nothing.
    For(Option<Layer>),
    /// It depends.
    No,
}

impl Guards {
    /// What is known of the organisation an account is in.
    pub(in crate::normalize) fn read(snapshot: &Snapshot, account: &str) -> Self {
        let described = snapshot.one::<DescribeOrganization>(&calls::DESCRIBE_ORGANIZATION, account, &[]);
        match described.get() {
            Err(gap) => Self::unread(Membership::Unknown, &gap),
            Ok(described) if described.is_none() => Self::free(Membership::None),
            Ok(DescribeOrganization { organization: Some(organization), .. }) => {
                Self::of(snapshot, account, organization)
            }
            Ok(_) => Self::unread(Membership::Unknown, &malformed(account, "there is no organisation")),
        }
    }

    fn of(snapshot: &Snapshot, account: &str, organization: &Organization) -> Self {
        let (Some(id), true) = (&organization.id, organization.master_account_id.is_some()) else {
            return Self::unread(Membership::Unknown, &malformed(account, "it has no id or no management account"));
        };
        if !organization.rules(account) {
            return Self::free(Membership::In(id.clone(), None));
        }
        match above(snapshot, account) {
            Err(gap) => Self::unread(Membership::In(id.clone(), None), &gap),
            Ok((above, mut sources)) => {
                let units: Vec<&str> =
                    above.iter().rev().filter(|level| *level != account).map(String::as_str).collect();
                let path = format!("{id}/{}/", units.join("/"));
                let mut read = |kind| levels(snapshot, kind, &above, &mut sources);
                let levels = [SERVICE_CONTROL, RESOURCE_CONTROL].into_iter().flat_map(&mut read).collect();
                Self { levels, membership: Membership::In(id.clone(), Some(path)), sources }
            }
        }
    }

    /// No policy stands above the account.
    fn free(membership: Membership) -> Self {
        Self { levels: Vec::new(), membership, sources: Vec::new() }
    }

    fn unread(membership: Membership, gap: &Gap) -> Self {
        let levels = vec![Level::unread("organisation policies", LayerKind::Guard, gap)];
        Self { levels, membership, sources: Vec::new() }
    }

    /// The records of the policies and of where they are attached.
    pub(in crate::normalize) fn sources(&self) -> &[Evidence] {
        &self.sources
    }

    /// Whether no policy can stand above the account.
    pub(in crate::normalize) fn are_none(&self) -> bool {
        self.levels.is_empty()
    }

    /// Where the account belongs.
    pub(in crate::normalize) fn membership(&self) -> &Membership {
        &self.membership
    }

    /// The layers a request of a principal of the account has to pass; those that stop nothing are left out.
    pub(in crate::normalize) fn layers<'a>(&'a self, request: &'a Request) -> impl Iterator<Item = Layer> + 'a {
        self.levels.iter().filter_map(|level| level.layer(request))
    }
}

impl Level {
    fn unread(name: &str, kind: LayerKind, gap: &Gap) -> Self {
        let missing = vec![gap.to_string()];
        Self { name: name.to_owned(), kind, documents: Vec::new(), missing, same_for_all: OnceCell::new() }
    }

    fn layer(&self, request: &Request) -> Option<Layer> {
        let fixed = self.same_for_all.get_or_init(|| {
            let mut readable = self.documents.iter().filter_map(|(_, document)| document.as_ref().ok());
            if readable.all(is_same_for_all) { Fixed::For(self.compile(&Request::default())) } else { Fixed::No }
        });
        match fixed {
            Fixed::For(layer) => layer.clone(),
            Fixed::No => self.compile(request),
        }
    }

    fn compile(&self, request: &Request) -> Option<Layer> {
        let (mut all, mut missing): (Vec<Grant>, Vec<String>) = (Vec::new(), self.missing.clone());
        for (name, document) in &self.documents {
            match document {
                Ok(document) => all.extend(grants(document, name, request)),
                Err(why) => missing.push(format!("{name} could not be read: {why}")),
            }
        }
        // Where everything is allowed, only what is denied is left to decide.
        let only_denies = self.kind == LayerKind::Denials || (missing.is_empty() && all.iter().any(allows_everything));
        if only_denies {
            all.retain(|grant| grant.effect == Effect::Deny);
            if all.is_empty() && missing.is_empty() {
                return None;
            }
        }
        let kind = if only_denies { LayerKind::Denials } else { self.kind };
        let mut layer = Layer::new(self.name.as_str(), kind, all);
        if !missing.is_empty() {
            layer.read = Reading::Missing(missing.join("; "));
        }
        Some(layer)
    }
}

fn allows_everything(grant: &Grant) -> bool {
    let whole = grant.actions.is_everything() && grant.resources.is_everything();
    grant.effect == Effect::Allow && grant.when == Truth::True && whole
}

/// What an account stands in, itself first and the root last.
fn above(snapshot: &Snapshot, account: &str) -> Result<(Vec<String>, Vec<Evidence>), Gap> {
    let scope = asked_by(snapshot)?;
    let (mut levels, mut sources) = (vec![account.to_owned()], Vec::new());
    while let Some(child) = levels.last().filter(|_| levels.len() < LEVELS) {
        let parents = snapshot.list(&calls::LIST_PARENTS, scope, &[("child", child)], |page: Parents| page.parents);
        sources.extend_from_slice(parents.sources());
        let parents = parents.get()?;
        let [Parent { id: Some(id), .. }] = parents.as_slice() else {
            return Err(Gap::Unsettled {
                what: format!("what stands above {child} in the organisation is not in the answer"),
            });
        };
        let is_root = parents.iter().any(Parent::is_root);
        levels.push(id.clone());
        if is_root {
            return Ok((levels, sources));
        }
    }
    Err(Gap::Unsettled { what: format!("the units above {account} never end") })
}

/// The account in which policies were asked for, or why they were not.
fn asked_by(snapshot: &Snapshot) -> Result<&str, Gap> {
    let not_asked = || Gap::NotCollected { what: format!("`{}` was not asked", calls::LIST_POLICIES.name) };
    let scope = snapshot.scopes(&calls::LIST_POLICIES).first().copied().ok_or_else(not_asked)?;
    // Where the policies could not be listed nothing else was asked: that is the reason to tell.
    for kind in [SERVICE_CONTROL, RESOURCE_CONTROL] {
        if !is_unknown_kind(snapshot, scope, kind) {
            snapshot.pages::<Policies>(&calls::LIST_POLICIES, scope, &[("filter", kind)])?;
        }
    }
    Ok(scope)
}

/// Whether Organizations does not know a kind of policy: where resource control policies are not offered, nothing is
/// attached.
fn is_unknown_kind(snapshot: &Snapshot, scope: &str, kind: &str) -> bool {
    let records = snapshot.find(&calls::LIST_POLICIES, scope, &[("filter", kind)]);
    let refused = |outcome: &Outcome| match outcome {
        Outcome::Failed(failure) => {
            failure.reason == FailureReason::Unsupported || failure.code.as_deref() == Some("InvalidInputException")
        }
        Outcome::Answered(_) => false,
    };
    kind == RESOURCE_CONTROL && records.iter().any(|record| refused(&record.outcome))
}

/// The levels of one kind of policy, the root's first.
fn levels(snapshot: &Snapshot, kind: &str, above: &[String], sources: &mut Vec<Evidence>) -> Vec<Level> {
    let (word, layer) = match kind {
        SERVICE_CONTROL => ("service control policies", LayerKind::Guard),
        _ => ("resource control policies", LayerKind::Denials),
    };
    match attachments(snapshot, kind) {
        Err(gap) => vec![Level::unread(word, layer, &gap)],
        Ok(attachments) => {
            let root = above.last().map(String::as_str).unwrap_or_default();
            // Where a kind is in use, the root has one of it at all times.
            if attachments.untold.is_empty() && !attachments.by_target.contains_key(root) {
                return Vec::new();
            }
            sources.extend_from_slice(&attachments.sources);
            let of = |id: &String| attachments.level(snapshot, id, (word, layer), sources);
            above.iter().rev().map(of).collect()
        }
    }
}

/// Which policies are attached where.
#[derive(Debug)]
struct Attachments<'a> {
    scope: &'a str,
    by_target: BTreeMap<String, Vec<(String, String)>>,
    names: BTreeMap<String, String>,
    /// Policies of which nobody knows where they are attached: perhaps at every level.
    untold: Vec<String>,
    /// The list of the policies.
    sources: Vec<Evidence>,
}

fn attachments<'a>(snapshot: &'a Snapshot, kind: &str) -> Result<Attachments<'a>, Gap> {
    let scope = asked_by(snapshot)?;
    let mut found = Attachments {
        scope,
        by_target: BTreeMap::new(),
        names: BTreeMap::new(),
        untold: Vec::new(),
        sources: Vec::new(),
    };
    if is_unknown_kind(snapshot, scope, kind) {
        return Ok(found);
    }
    let policies = snapshot.list(&calls::LIST_POLICIES, scope, &[("filter", kind)], |page: Policies| page.policies);
    found.sources.extend_from_slice(policies.sources());
    for PolicySummary { id, name } in policies.get()? {
        let id = id.as_deref().ok_or_else(|| malformed(scope, "a policy has no id"))?;
        let name = name.as_deref().unwrap_or(id);
        let targets =
            snapshot.list(&calls::LIST_TARGETS_FOR_POLICY, scope, &[("policy", id)], |page: Targets| page.targets);
        match targets.get() {
            Err(gap) => found.untold.push(format!("where {name} is attached is not known: {gap}")),
            Ok(targets) => {
                for Target { target_id, name: of_target } in targets {
                    let target = target_id.clone().ok_or_else(|| malformed(scope, "a target has no id"))?;
                    found.names.extend(of_target.clone().map(|name| (target.clone(), name)));
                    found.by_target.entry(target).or_default().push((id.to_owned(), name.to_owned()));
                }
            }
        }
    }
    Ok(found)
}

impl Attachments<'_> {
    fn level(
        &self,
        snapshot: &Snapshot,
        target: &str,
        (word, kind): (&str, LayerKind),
        sources: &mut Vec<Evidence>,
    ) -> Level {
        let own = self.by_target.get(target).map(Vec::as_slice).unwrap_or_default();
        let called = self.names.get(target).map_or_else(|| target.to_owned(), |name| format!("{name} ({target})"));
        let mut missing = self.untold.clone();
        if own.is_empty() && kind == LayerKind::Guard && missing.is_empty() {
            missing.push(format!("no service control policy is listed for {called}, and there always is one"));
        }
        let mut documents = Vec::new();
        for (id, name) in own {
            match document(snapshot, self.scope, id, sources) {
                Ok(document) => documents.push((format!("organisation policy {name}"), document)),
                Err(gap) => missing.push(gap.to_string()),
            }
        }
        Level { name: format!("{word} of {called}"), kind, documents, missing, same_for_all: OnceCell::new() }
    }
}

/// What a policy says.
fn document(snapshot: &Snapshot, scope: &str, id: &str, sources: &mut Vec<Evidence>) -> Result<Parsed, Gap> {
    let answer = snapshot.one::<DescribePolicy>(&calls::DESCRIBE_POLICY, scope, &[("policy", id)]);
    sources.extend_from_slice(answer.sources());
    match answer.get() {
        Ok(described) => Ok(match &described.policy.content {
            Some(text) => text.parse(),
            None => Err("it has no content".to_owned()),
        }),
        Err(_) if ALLOW_EVERYTHING.contains(&id) => serde_json::from_value(serde_json::json!({
            "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }],
        }))
        .map_or_else(|error| Ok(Err(error.to_string())), |document| Ok(Ok(document))),
        Err(gap) => Err(gap),
    }
}

fn malformed(scope: &str, why: &str) -> Gap {
    Gap::Unsettled { what: format!("what Organizations says in `{scope}` is not complete: {why}") }
}
