//! Trust policies: which runs of pipelines may become a role.

use super::policy::actions;
use crate::record::document::{Document, Principal, Statement, Texts};
use palisade_authority::{PipelineService, PipelineSubject};

const WITH_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// A statement that trusts the tokens of an issuer that is no cluster's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::normalize) struct Outside {
    pub(in crate::normalize) issuer: String,
    pub(in crate::normalize) admits: PipelineSubject,
    pub(in crate::normalize) text: String,
}

/// The statements of a trust policy that trust issuers outside.
pub(in crate::normalize) fn outside(document: &Document) -> Vec<Outside> {
    let mut found = Vec::new();
    for (place, statement) in document.statement.iter().enumerate() {
        let allows = statement.effect.as_deref() == Some("Allow");
        if !allows || !actions(statement).is_some_and(|actions| actions.matches(WITH_WEB_IDENTITY)) {
            continue;
        }
        let Some(Principal::Named(kinds)) = &statement.principal else { continue };
        if let Some(Texts(ids)) = kinds.get("Federated") {
            let issuers = ids.iter().filter_map(|id| id.split_once(":oidc-provider/").map(|(_, issuer)| issuer));
            for issuer in issuers.filter(|issuer| !PipelineService::is_of_cluster(issuer)) {
                let which = statement.sid.clone().unwrap_or_else(|| place.to_string());
                let text = format!("trust policy statement {which}");
                found.push(Outside { issuer: issuer.to_owned(), admits: admits(statement, issuer), text });
            }
        }
    }
    found
}

/// Whom the conditions on the issuer's claims admit; each claim may narrow, and the narrowest counts.
fn admits(statement: &Statement, issuer: &str) -> PipelineSubject {
    let Some(service) = PipelineService::of(issuer) else {
        return PipelineSubject::Unread { what: format!("the tokens of `{issuer}`") };
    };
    let prefix = format!("{}:", issuer.to_lowercase());
    let mut narrowest: Option<PipelineSubject> = None;
    let mut unread = None;
    for (operator, keys) in &statement.condition {
        let base = operator.to_lowercase();
        let base = base.split_once(':').map_or(base.as_str(), |(_, rest)| rest).to_owned();
        for (key, Texts(values)) in keys {
            let key = key.to_lowercase();
            let Some(claim) = key.strip_prefix(&prefix) else { continue };
            let claimed = match (claim, base.as_str()) {
                ("aud", _) => continue,
                ("sub", "stringequals" | "stringlike") => {
                    // Any one of the values is enough, so the widest of them counts.
                    values.iter().map(|value| service.admits(value, base == "stringlike")).max()
                }
                _ => None,
            };
            match claimed {
                Some(subject) => {
                    narrowest = Some(match narrowest.take() {
                        Some(known) => known.min(subject),
                        None => subject,
                    });
                }
                None => unread = Some(format!("`{operator}` on `{claim}`")),
            }
        }
    }
    match (narrowest, unread) {
        (Some(narrow @ (PipelineSubject::Exact { .. } | PipelineSubject::Unread { .. })), _) => narrow,
        // What is not evaluated may narrow it down.
        (_, Some(what)) => PipelineSubject::Unread { what },
        (Some(subject), None) => subject,
        (None, None) => PipelineSubject::Anyone { subject: "no subject is asked for".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(condition: &str) -> PipelineSubject {
        let provider = "arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com";
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"Federated": "{provider}"}},
                "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {condition}}}]}}"#
        );
        let document = serde_json::from_str(&text).unwrap();
        let mut found = outside(&document);
        assert_eq!(found.len(), 1);
        found.remove(0).admits
    }

    fn sub(operator: &str, values: &str) -> PipelineSubject {
        of(&format!(r#"{{"{operator}": {{"token.actions.githubusercontent.com:sub": {values}}}}}"#))
    }

    #[test]
    fn without_a_condition_on_the_subject_everybody_comes_in() {
        assert!(matches!(of("{}"), PipelineSubject::Anyone { .. }));
        let audience = r#"{"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}"#;
        assert!(matches!(of(audience), PipelineSubject::Anyone { .. }));
    }

    #[test]
    fn the_widest_of_several_subjects_counts() {
        let both = r#"["repo:acme/shop:environment:production", "repo:acme/*"]"#;
        assert!(matches!(sub("StringLike", both), PipelineSubject::Owner { .. }));
        // Compared to the letter, no run is called so.
        assert!(matches!(sub("StringEquals", both), PipelineSubject::Exact { .. }));
    }

    #[test]
    fn a_claim_that_is_not_evaluated_may_narrow_what_is_wide_and_leaves_what_is_narrow() {
        let with = |subject: &str| {
            of(&format!(
                r#"{{"StringLike": {{"token.actions.githubusercontent.com:sub": "{subject}",
                    "token.actions.githubusercontent.com:job_workflow_ref": "acme/deploy/*"}}}}"#
            ))
        };
        assert!(matches!(with("repo:acme/*"), PipelineSubject::Unread { .. }));
        assert!(matches!(with("repo:acme/shop:ref:refs/heads/main"), PipelineSubject::Exact { .. }));
        assert!(matches!(sub("StringNotEquals", r#""repo:acme/shop:pull_request""#), PipelineSubject::Unread { .. }));
    }
}
