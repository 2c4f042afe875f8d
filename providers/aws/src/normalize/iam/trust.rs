//! Trust policies: who may become a role.

use super::{
    condition::{binds, holds},
    directory::Directory,
    policy::{actions, has_variables},
    request::Request,
};
use crate::record::document::{Document, Principal, Statement, Texts};
use palisade_authority::{Glob, Truth};
use palisade_model::{Audience, TrustSubject};
use std::collections::BTreeSet;

const ASSUME: &str = "sts:AssumeRole";
const WITH_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// A trust policy each of whose statements names somebody: one that does not cannot be understood.
pub(in crate::normalize) fn naming_somebody(document: Document) -> Result<Document, String> {
    let nobody = |one: &Statement| one.principal.is_none() && one.not_principal.is_none();
    match document.statement.iter().position(nobody) {
        Some(place) => Err(format!("statement {place} names nobody")),
        None => Ok(document),
    }
}

/// How a trust policy admits a principal of the same account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::normalize) struct Admission {
    /// Whether it does.
    pub(in crate::normalize) admits: Truth,
    /// Whether it names the principal itself; when it names the account, the principal's own policies decide.
    pub(in crate::normalize) by_name: bool,
}

/// Whether a trust policy admits a principal.
pub(in crate::normalize) fn admits(
    document: &Document,
    principal: &str,
    account: &str,
    request: &Request,
) -> Admission {
    let (mut by_name, mut by_account, mut denied) = (Truth::False, Truth::False, Truth::False);
    for statement in speaking_of(document, ASSUME) {
        let variables = has_variables(document);
        let when = || holds(&statement.condition, request, variables);
        let named = names(statement, principal, account);
        match statement.effect.as_deref() {
            Some("Allow") => match named {
                Naming::Principal => by_name = by_name.or(when()),
                Naming::Account => by_account = by_account.or(when()),
                Naming::Nobody => (),
            },
            Some("Deny") if named != Naming::Nobody => {
                denied = denied.or(binds(&statement.condition, request, variables));
            }
            _ => (),
        }
    }
    let is_by_name = by_name != Truth::False;
    let admits = if is_by_name { by_name } else { by_account };
    Admission { admits: admits.and(denied.not()), by_name: is_by_name }
}

/// Whether a trust policy may admit any role or user at all.
pub(in crate::normalize) fn may_admit_principals(document: &Document) -> bool {
    document.statement.iter().filter(|one| one.effect.as_deref() == Some("Allow")).any(|statement| {
        match (&statement.principal, &statement.not_principal) {
            (Some(Principal::Everyone), _) | (None, Some(_)) => true,
            (Some(Principal::Named(kinds)), _) => kinds.contains_key("AWS"),
            (None, None) => false,
        }
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    Principal,
    Account,
    Nobody,
}

fn names(statement: &Statement, principal: &str, account: &str) -> Naming {
    match (&statement.principal, &statement.not_principal) {
        (Some(Principal::Everyone), _) => Naming::Principal,
        (Some(Principal::Named(kinds)), _) => {
            let ids = kinds.get("AWS").map(|Texts(ids)| ids.as_slice()).unwrap_or_default();
            if ids.iter().any(|id| id == "*" || id == principal) {
                Naming::Principal
            } else if ids.iter().any(|id| id == account || is_root_of(id, account)) {
                Naming::Account
            } else {
                Naming::Nobody
            }
        }
        // Not allowed in trust policies; whoever wrote it meant to admit everybody else.
        (None, Some(_)) => Naming::Account,
        (None, None) => Naming::Nobody,
    }
}

fn is_root_of(arn: &str, account: &str) -> bool {
    arn.ends_with(&format!(":iam::{account}:root"))
}

/// Whether a service may assume a role, as far as the policy alone can tell.
pub(in crate::normalize) fn admits_service(document: &Document, service: &str, request: &Request) -> Truth {
    let speaking = speaking_of(document, ASSUME).filter(|statement| names_in(statement, "Service", service));
    let (mut admitted, mut denied) = (Truth::False, Truth::False);
    for statement in speaking {
        // Keys of services say on whose behalf a service calls; what they admit they admit for the account's own things,
        // and what they keep out is not those.
        let spares_own = statement.condition.values().flat_map(|keys| keys.keys()).any(|key| is_of_service(key));
        let mut condition = statement.condition.clone();
        for keys in condition.values_mut() {
            keys.retain(|key, _| !is_of_service(key));
        }
        condition.retain(|_, keys| !keys.is_empty());
        let variables = has_variables(document);
        match statement.effect.as_deref() {
            Some("Allow") => admitted = admitted.or(holds(&condition, request, variables)),
            Some("Deny") if !spares_own => denied = denied.or(binds(&condition, request, variables)),
            _ => (),
        }
    }
    admitted.and(denied.not())
}

fn is_of_service(key: &str) -> bool {
    let key = key.to_lowercase();
    key == "aws:sourcearn" || key == "aws:sourceaccount" || key.starts_with("aws:requesttag/")
}

/// Whether a trust policy names a service at all.
pub(in crate::normalize) fn names_service(document: &Document, service: &str) -> bool {
    document.statement.iter().any(|statement| names_in(statement, "Service", service))
}

fn names_in(statement: &Statement, kind: &str, id: &str) -> bool {
    match &statement.principal {
        Some(Principal::Everyone) => true,
        Some(Principal::Named(kinds)) => {
            kinds.get(kind).is_some_and(|Texts(ids)| ids.iter().any(|one| is_service(one, id)))
        }
        None => false,
    }
}

/// In China service names end in `.amazonaws.com.cn`.
fn is_service(written: &str, service: &str) -> bool {
    written == service || written.strip_suffix(".cn").is_some_and(|name| name == service)
}

fn speaking_of<'a>(document: &'a Document, action: &'a str) -> impl Iterator<Item = &'a Statement> {
    document.statement.iter().filter(move |statement| actions(statement).is_some_and(|actions| actions.matches(action)))
}

/// Somebody a trust policy admits, as it is written, with what they have to prove.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::normalize) struct Party {
    pub(in crate::normalize) kind: String,
    pub(in crate::normalize) id: String,
    pub(in crate::normalize) guarded_by: Option<String>,
}

/// Whom a trust policy admits that only says whom it does not.
pub(in crate::normalize) const EVERYBODY_ELSE: &str = "everybody but those named";

/// Everybody a trust policy admits.
pub(in crate::normalize) fn parties(document: &Document) -> BTreeSet<Party> {
    let mut found = BTreeSet::new();
    for statement in document.statement.iter().filter(|one| one.effect.as_deref() == Some("Allow")) {
        let keys: BTreeSet<&str> =
            statement.condition.values().flat_map(|keys| keys.keys().map(String::as_str)).collect();
        let guarded_by = (!keys.is_empty()).then(|| keys.into_iter().collect::<Vec<_>>().join(", "));
        let mut add = |kind: &str, id: &str| {
            found.insert(Party { kind: kind.to_owned(), id: id.to_owned(), guarded_by: guarded_by.clone() });
        };
        match (&statement.principal, &statement.not_principal) {
            (Some(Principal::Everyone), _) => add("AWS", "*"),
            (Some(Principal::Named(kinds)), _) => {
                for (kind, Texts(ids)) in kinds {
                    for id in ids {
                        add(kind, id);
                    }
                }
            }
            (None, Some(_)) => add("AWS", EVERYBODY_ELSE),
            (None, None) => (),
        }
    }
    found
}

/// A statement by which service accounts of an issuer become a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::normalize) struct Federated {
    pub(in crate::normalize) subject: TrustSubject,
    pub(in crate::normalize) audience: Audience,
    pub(in crate::normalize) text: String,
}

/// The service accounts of an issuer (without its scheme) that a trust policy admits.
pub(in crate::normalize) fn federated(document: &Document, issuer: &str) -> Vec<Federated> {
    let statements = speaking_of(document, WITH_WEB_IDENTITY);
    let admitting =
        statements.filter(|statement| statement.effect.as_deref() == Some("Allow") && trusts(statement, issuer));
    admitting.flat_map(|statement| of_statement(statement, issuer)).collect()
}

/// The issuers a trust policy admits tokens of, without their scheme.
pub(in crate::normalize) fn issuers(document: &Document) -> BTreeSet<String> {
    parties(document)
        .into_iter()
        .filter(|party| party.kind == "Federated")
        .filter_map(|party| party.id.split_once(":oidc-provider/").map(|(_, issuer)| issuer.to_owned()))
        .collect()
}

fn trusts(statement: &Statement, issuer: &str) -> bool {
    match &statement.principal {
        Some(Principal::Named(kinds)) => kinds.get("Federated").is_some_and(|Texts(ids)| {
            ids.iter().any(|id| id.split_once(":oidc-provider/").is_some_and(|(_, one)| one == issuer))
        }),
        Some(Principal::Everyone) | None => false,
    }
}

fn of_statement(statement: &Statement, issuer: &str) -> Vec<Federated> {
    let (subject_key, audience_key) = (format!("{issuer}:sub").to_lowercase(), format!("{issuer}:aud").to_lowercase());
    let text = serde_json::to_string(&readable(statement)).unwrap_or_default();
    let (mut equals, mut like): (Option<Vec<&String>>, Option<Vec<&String>>) = (None, None);
    let mut audience = Audience::Unchecked;
    let mut odd = None;
    for (operator, keys) in &statement.condition {
        let base = operator.to_lowercase();
        let base = base.split_once(':').map_or(base.as_str(), |(_, rest)| rest).to_owned();
        for (key, Texts(values)) in keys {
            let lower = key.to_lowercase();
            if lower == subject_key {
                match base.as_str() {
                    "stringequals" => equals.get_or_insert_default().extend(values),
                    "stringlike" => like.get_or_insert_default().extend(values),
                    _ => odd = Some(format!("{operator} {key}")),
                }
            } else if lower == audience_key {
                audience = audience_of(values);
            } else if (lower.ends_with(":sub") || lower.ends_with(":aud"))
                && base.starts_with("string")
                && !base.contains("not")
            {
                // A key of another issuer is not in this issuer's tokens, so the condition never holds.
                let because = format!("`{key}` is not in the tokens of this issuer");
                return vec![Federated { subject: TrustSubject::Nobody { because }, audience, text }];
            }
        }
    }
    if let Some(expression) = odd {
        return vec![Federated { subject: TrustSubject::Expression { text: expression }, audience, text }];
    }
    let subjects: Vec<TrustSubject> = match (equals, like) {
        (None, None) => vec![TrustSubject::WholeCluster],
        (Some(exact), patterns) => {
            let patterns: Option<Vec<Glob>> =
                patterns.map(|all| all.into_iter().map(|one| Glob::sensitive(one)).collect());
            let fits = |value: &str| patterns.as_ref().is_none_or(|all| all.iter().any(|one| one.matches(value)));
            exact.into_iter().map(|value| if fits(value) { exactly(value) } else { nobody(value) }).collect()
        }
        (None, Some(patterns)) => patterns.into_iter().map(|pattern| matching(pattern)).collect(),
    };
    subjects.into_iter().map(|subject| Federated { subject, audience: audience.clone(), text: text.clone() }).collect()
}

fn nobody(value: &str) -> TrustSubject {
    TrustSubject::Nobody { because: format!("`{value}` does not fit the pattern beside it") }
}

/// `StringEquals`: a wildcard is an ordinary character, which no namespace or name can hold.
fn exactly(value: &str) -> TrustSubject {
    if value.contains(['*', '?']) {
        let because = format!("`{value}` is compared literally, and no service account is called that");
        return TrustSubject::Nobody { because };
    }
    match service_account(value) {
        Some((namespace, service_account)) => {
            TrustSubject::Exact { namespace: namespace.to_owned(), service_account: service_account.to_owned() }
        }
        None => TrustSubject::Nobody { because: format!("`{value}` is no subject of a service account") },
    }
}

/// `StringLike`: `*` runs past colons.
fn matching(pattern: &str) -> TrustSubject {
    if !pattern.contains(['*', '?']) {
        return exactly(pattern);
    }
    if Glob::sensitive(pattern).matches("system:serviceaccount:\u{1}:\u{1}") {
        return TrustSubject::WholeCluster;
    }
    match service_account(pattern) {
        Some((namespace, "*")) if !namespace.contains(['*', '?']) => {
            TrustSubject::Namespace { namespace: namespace.to_owned() }
        }
        _ => TrustSubject::Pattern { pattern: pattern.to_owned() },
    }
}

fn service_account(subject: &str) -> Option<(&str, &str)> {
    subject.strip_prefix("system:serviceaccount:")?.split_once(':')
}

fn audience_of(values: &[String]) -> Audience {
    match values {
        [one] if one == "sts.amazonaws.com" || one == "sts.amazonaws.com.cn" => Audience::Checked,
        [one] if one == "*" => Audience::Unchecked,
        others => Audience::Unusual(others.join(", ")),
    }
}

fn readable(statement: &Statement) -> serde_json::Value {
    let condition = statement.condition.iter().map(|(operator, keys)| {
        let keys = keys.iter().map(|(key, Texts(values))| (key.clone(), serde_json::Value::from(values.clone())));
        (operator.clone(), serde_json::Value::Object(keys.collect()))
    });
    serde_json::Value::Object(condition.collect())
}

/// The role of an instance profile.
pub(in crate::normalize) fn role_of_profile<'a>(directory: &'a Directory, profile: &str) -> Option<&'a str> {
    directory.profiles.get(profile).map(String::as_str)
}
