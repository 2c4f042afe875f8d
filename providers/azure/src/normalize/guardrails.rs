//! What Azure Policy refuses around a cluster.

use super::{
    cluster::Read,
    observe::observe,
    policy_rule::{Request, Setting, speaks_of},
    surroundings::Surroundings,
    table::{Row, Table},
};
use crate::{
    POLICY_ASSIGNMENTS, POLICY_DEFINITION, POLICY_EXEMPTIONS, POLICY_SET, TENANT, arm,
    record::{PolicyAssignment, PolicyDefinition, PolicyExemption, PolicySet, PolicySetProperties, SetMember, Values},
};
use palisade_authority::Truth;
use palisade_model::{Evidence, Gap, Guardrail, Observed, Stance, WorstSetting};
use palisade_provider::Snapshot;
use std::collections::BTreeMap;

/// The settings, and the field of a cluster that has to be true for each not to be chosen.
const SETTINGS: [(WorstSetting, &str); 2] = [
    (WorstSetting::PublicControlPlane, "apiServerAccessProfile.enablePrivateCluster"),
    (WorstSetting::LocalCredential, "disableLocalAccounts"),
];

/// Built-in definitions that can deny one of the settings; the others that Azure ships leave them alone.
/// <https://learn.microsoft.com/azure/aks/policy-reference>, read 2026-11-29.
const BUILT_IN: [&str; 2] = ["040732e8-d947-40b8-95d6-854c95024bf8", "993c2fcd-2b29-49d2-9eb0-df2c3a730c32"];

/// Whether an id is that of a set.
pub(crate) fn is_set(id: &str) -> bool {
    arm::key(id).contains("/providers/microsoft.authorization/policysetdefinitions/")
}

/// Whether a definition has to be read: all that people wrote, and those of Azure's that can matter.
pub(crate) fn may_refuse(id: &str) -> bool {
    let key = arm::key(id);
    match key.strip_prefix("/providers/microsoft.authorization/policydefinitions/") {
        Some(built_in) => BUILT_IN.contains(&built_in),
        None => true,
    }
}

/// What policies say about the settings, wherever they hold in the subscription.
#[derive(Debug)]
pub(super) struct Policies {
    held: Vec<Result<Held, Gap>>,
    exempted: Vec<Result<Exempted, Gap>>,
    sources: Vec<Evidence>,
}

/// One assignment.
#[derive(Debug)]
struct Held {
    key: String,
    name: String,
    scope: String,
    not_scopes: Vec<String>,
    /// What it says about each of the settings, in their order.
    says: Vec<Says>,
}

/// What an assignment says about a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Says {
    Refused,
    Audited,
    Nothing,
    Unclear(Gap),
}

impl Says {
    /// What two policies of one assignment say together.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (unclear @ Self::Unclear(_), _) | (_, unclear @ Self::Unclear(_)) => unclear,
            (Self::Audited, _) | (_, Self::Audited) => Self::Audited,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        }
    }
}

impl Policies {
    /// Reads them.
    pub(super) fn read(snapshot: &Snapshot, subscription: &str) -> Result<Self, Gap> {
        let assignments = Table::<PolicyAssignment>::read(snapshot, &POLICY_ASSIGNMENTS, subscription, &[])?;
        let exemptions = Table::<PolicyExemption>::read(snapshot, &POLICY_EXEMPTIONS, subscription, &[])?;
        let mut book = Book { snapshot, sources: Vec::new(), sets: BTreeMap::new(), definitions: BTreeMap::new() };
        let held = assignments.rows().iter().map(|row| row.get().and_then(|one| held(&mut book, row, one))).collect();
        let mut sources = assignments.pages().to_vec();
        sources.extend_from_slice(exemptions.pages());
        sources.extend(book.sources);
        Ok(Self { held, exempted: exemptions.rows().iter().map(exempted).collect(), sources })
    }
}

/// What is let off an assignment.
#[derive(Debug)]
struct Exempted {
    scope: String,
    assignment: String,
    /// Whether it is let off for good and in full. It may have run out, or be about some members of a set.
    wholly: bool,
}

fn exempted(row: &Row<'_, PolicyExemption>) -> Result<Exempted, Gap> {
    let key = arm::key(&row.id);
    let scope =
        key.split_once("/providers/microsoft.authorization/policyexemptions/").map(|(scope, _)| scope.to_owned());
    let properties = &row.get()?.properties;
    let wholly = properties.expires_on.is_none() && properties.policy_definition_reference_ids.is_empty();
    let both = scope.zip(properties.policy_assignment_id.as_deref().map(arm::key));
    both.map(|(scope, assignment)| Exempted { scope, assignment, wholly }).ok_or_else(|| Gap::Unsettled {
        what: format!("what the policy exemption `{}` lets off is not in the answer", arm::name(&row.id)),
    })
}

/// Definitions that were read, each once.
struct Book<'s> {
    snapshot: &'s Snapshot,
    sources: Vec<Evidence>,
    sets: BTreeMap<String, Result<PolicySetProperties, Gap>>,
    definitions: BTreeMap<String, Result<PolicyDefinition, Gap>>,
}

impl Book<'_> {
    fn set(&mut self, key: &str) -> Result<PolicySetProperties, Gap> {
        if !self.sets.contains_key(key) {
            let read: Observed<PolicySet> = self.snapshot.one(&POLICY_SET, TENANT, &[("set", key)]);
            self.sources.extend_from_slice(read.sources());
            self.sets.insert(key.to_owned(), read.get().map(|set| set.properties.clone()));
        }
        self.sets.get(key).cloned().unwrap_or_else(|| Ok(PolicySetProperties::default()))
    }

    fn definition(&mut self, key: &str) -> Result<PolicyDefinition, Gap> {
        if !self.definitions.contains_key(key) {
            let read: Observed<PolicyDefinition> =
                self.snapshot.one(&POLICY_DEFINITION, TENANT, &[("definition", key)]);
            self.sources.extend_from_slice(read.sources());
            self.definitions.insert(key.to_owned(), read.get().cloned());
        }
        self.definitions.get(key).cloned().unwrap_or_else(|| Ok(PolicyDefinition::default()))
    }

    /// What a definition says about the settings.
    fn says(&mut self, id: &str, given: &Values, set: Option<(&PolicySetProperties, &Values)>) -> Vec<Says> {
        if !may_refuse(id) {
            return SETTINGS.iter().map(|_| Says::Nothing).collect();
        }
        let read = self.definition(&arm::key(id)).map(|read| read.properties);
        let properties = match read {
            Ok(properties) => properties,
            Err(gap) => return SETTINGS.iter().map(|_| Says::Unclear(gap.clone())).collect(),
        };
        let set = set.map(|(set, assigned)| (&set.parameters, assigned));
        let setting = Setting { defaults: &properties.parameters, given, set };
        let rule = properties.policy_rule.as_ref();
        let condition = rule.and_then(|rule| rule.get("if"));
        let effect = rule.and_then(|rule| rule.get("then")?.get("effect"));
        SETTINGS.iter().map(|(_, field)| says(id, field, &setting, condition.zip(effect))).collect()
    }
}

/// What a rule says about a field that somebody leaves out, or sets to false.
fn says(id: &str, field: &str, setting: &Setting<'_>, rule: Option<(&serde_json::Value, &serde_json::Value)>) -> Says {
    let unclear = |why: &str| Says::Unclear(Gap::Unsettled { what: format!("policy `{}`: {why}", arm::name(id)) });
    let Some((condition, effect)) = rule else { return unclear("its rule is not in the answer") };
    let asked = [None, Some(false)].map(|value| setting.holds(condition, Request { field, value }));
    let holds = Truth::all(asked);
    // A rule that does not ask for the field is no guardrail against it, unless it refuses every cluster.
    let is_about_it = speaks_of(condition, field);
    let effect = setting.resolve(effect).and_then(|effect| effect.as_str().map(str::to_lowercase));
    match (holds, effect.as_deref()) {
        (Truth::False, _) => Says::Nothing,
        (Truth::True, Some("deny")) => Says::Refused,
        (Truth::True, Some("audit")) if is_about_it => Says::Audited,
        (_, Some("deny") | None) if !is_about_it => Says::Nothing,
        (Truth::Unknown(on), Some("deny")) => {
            let on: Vec<String> = on.into_iter().collect();
            unclear(&format!("whether it denies depends on {}", on.join(", ")))
        }
        (_, None) => unclear("its effect is an expression that is not understood"),
        _ => Says::Nothing,
    }
}

fn held(book: &mut Book<'_>, row: &Row<'_, PolicyAssignment>, one: &PolicyAssignment) -> Result<Held, Gap> {
    let name = one.name.clone().unwrap_or_else(|| arm::name(&row.id).to_owned());
    let odd = |why: &str| Gap::Unsettled { what: format!("policy assignment `{name}`: {why}") };
    let key = arm::key(&row.id);
    let properties = &one.properties;
    let definition = properties.policy_definition_id.as_deref();
    let definition = definition.ok_or_else(|| odd("what it assigns is not in the answer"))?;
    let (scope, _) = key
        .split_once("/providers/microsoft.authorization/policyassignments/")
        .ok_or_else(|| odd("where it holds is not in its id"))?;
    let mut says = if is_set(definition) {
        match book.set(&arm::key(definition)) {
            Err(gap) => SETTINGS.iter().map(|_| Says::Unclear(gap.clone())).collect(),
            Ok(set) => {
                let members = set
                    .policy_definitions
                    .clone()
                    .ok_or_else(|| odd("the members of its set are not in the answer"))?;
                let mut all: Vec<Says> = SETTINGS.iter().map(|_| Says::Nothing).collect();
                for SetMember { policy_definition_id, parameters } in &members {
                    let id = policy_definition_id.as_deref().ok_or_else(|| odd("a member of its set has no id"))?;
                    let says = book.says(id, parameters, Some((&set, &properties.parameters)));
                    all = all.into_iter().zip(says).map(|(one, other)| one.and(other)).collect();
                }
                all
            }
        }
    } else {
        book.says(definition, &properties.parameters, None)
    };
    let mode = properties.enforcement_mode.as_deref().unwrap_or("Default");
    for one in &mut says {
        if matches!(one, Says::Nothing | Says::Unclear(_)) {
            continue;
        }
        if !properties.overrides.is_empty() || !properties.resource_selectors.is_empty() {
            *one = Says::Unclear(odd("it has overrides or selectors, which are not understood"));
        } else if mode.eq_ignore_ascii_case("DoNotEnforce") {
            *one = Says::Audited;
        } else if !mode.eq_ignore_ascii_case("Default") {
            *one = Says::Unclear(odd("a mode of enforcement that is not understood"));
        }
    }
    let not_scopes = properties.not_scopes.iter().map(|scope| arm::key(scope)).collect();
    Ok(Held { scope: scope.to_owned(), key: key.clone(), name, not_scopes, says })
}

/// What is refused in the place where a cluster stands.
pub(super) fn guardrails(read: &Read<'_, '_>, around: &Surroundings<'_>) -> Observed<Vec<Guardrail>> {
    observe(|seen| {
        seen.extend(read.row.evidence("/id"));
        let policies = around.policies().as_ref().map_err(Clone::clone)?;
        seen.extend_from_slice(&policies.sources);
        let cluster = arm::key(read.id());
        let stance = |place| stance(policies, &cluster, place);
        Ok(SETTINGS
            .iter()
            .enumerate()
            .map(|(place, (against, _))| Guardrail { against: *against, stance: stance(place) })
            .collect())
    })
}

fn stance(policies: &Policies, cluster: &str, place: usize) -> Result<Stance, Gap> {
    let (mut audited, mut unclear) = (None, None);
    for one in &policies.held {
        let one = match one {
            Ok(one) => one,
            Err(gap) => {
                unclear = unclear.or(Some(gap.clone()));
                continue;
            }
        };
        let says = match one.says.get(place) {
            Some(Says::Nothing) | None => continue,
            Some(says) => says,
        };
        match one.holds_over(cluster, &policies.exempted) {
            Ok(false) => {}
            Err(gap) => unclear = unclear.or(Some(gap)),
            Ok(true) => match says {
                Says::Refused => return Ok(Stance::Refused { by: format!("policy assignment {}", one.name) }),
                Says::Unclear(gap) => unclear = unclear.or(Some(gap.clone())),
                Says::Audited => audited = audited.or(Some(&one.name)),
                Says::Nothing => {}
            },
        }
    }
    match (unclear, audited) {
        (Some(gap), _) => Err(gap),
        (None, Some(name)) => {
            Ok(Stance::Allowed { because: format!("policy assignment {name} audits it and denies nothing") })
        }
        (None, None) => Ok(Stance::Allowed { because: "no policy assignment denies it".to_owned() }),
    }
}

impl Held {
    /// Whether it holds where a cluster is. What is listed of groups above the subscription holds for all of it.
    fn holds_over(&self, cluster: &str, exempted: &[Result<Exempted, Gap>]) -> Result<bool, Gap> {
        let is_above = |scope: &str| scope.starts_with("/providers/microsoft.management/managementgroups/");
        if !is_above(&self.scope) && !arm::lies_in(cluster, &self.scope) {
            return Ok(false);
        }
        if self.not_scopes.iter().any(|scope| !is_above(scope) && arm::lies_in(cluster, scope)) {
            return Ok(false);
        }
        for one in exempted {
            let one = one.as_ref().map_err(Clone::clone)?;
            if one.assignment == self.key && (is_above(&one.scope) || arm::lies_in(cluster, &one.scope)) {
                let what = format!("an exemption from policy assignment `{}` has an end, or is of a part", self.name);
                return if one.wholly { Ok(false) } else { Err(Gap::Unsettled { what }) };
            }
        }
        if self.not_scopes.iter().any(|scope| is_above(scope)) {
            let what = format!("policy assignment `{}` leaves out groups, and who is in them is not read", self.name);
            return Err(Gap::Unsettled { what });
        }
        Ok(true)
    }
}
