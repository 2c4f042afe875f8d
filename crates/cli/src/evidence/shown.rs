//! What a bundle shows of what was asked and decided, as its profile wants it.

use super::secret;
use crate::{
    arguments::{ExportBundle, ProfileName},
    exit::WrongUsage,
};
use palisade_config::{Accounts, Projects, Subscriptions, TargetConfig, TargetKind};
use palisade_engine::Policy;
use palisade_evidence::{Asked, Profile, Pseudonyms};
use std::collections::BTreeSet;

pub(super) async fn profile(wanted: &ExportBundle) -> anyhow::Result<Profile> {
    match (wanted.profile, &wanted.pseudonym_key) {
        (ProfileName::Internal, None) => Ok(Profile::Internal),
        (ProfileName::Internal, Some(_)) => {
            let why = "`--pseudonym-key` is for `--profile auditor`: without it people are called by name; add it, or leave the \
                       key out";
            Err(WrongUsage(why.to_owned()).into())
        }
        (ProfileName::Auditor, Some(place)) => {
            Pseudonyms::new(secret(place).await?.expose()).map(Profile::Auditor).ok_or_else(|| {
                WrongUsage(format!("the secret `{place}` is too short to make pseudonyms: 16 bytes at least")).into()
            })
        }
        (ProfileName::Auditor, None) => Err(WrongUsage("pseudonyms need `--pseudonym-key`".to_owned()).into()),
    }
}

/// Refuses to call anybody by name to an auditor who answered something or has accepted a risk.
pub(super) fn no_person(profile: &Profile, policy: &Policy, shown: &Policy) -> anyhow::Result<()> {
    if matches!(profile, Profile::Internal) {
        return Ok(());
    }
    let answered: BTreeSet<String> = policy.answers.entries().iter().map(|answer| profile.person(&answer.by)).collect();
    let people = Profile::people(policy);
    for answer in shown.answers.entries() {
        if !answered.contains(&answer.by) {
            return Err(WrongUsage(format!(
                "the answer to {} would call somebody by name: write its `by:` on a line of its own, and nothing else there",
                answer.control
            ))
            .into());
        }
        for (place, text) in [("note", &answer.note), ("evidence", &answer.evidence)] {
            if let Some(name) = text.as_deref().and_then(|text| profile.named(text, &people)) {
                return Err(WrongUsage(format!(
                    "the `{place}` of the answer to {} would call somebody by name: `{name}` has a pseudonym elsewhere; say it \
                     without the name",
                    answer.control
                ))
                .into());
            }
        }
    }
    for waiver in &shown.waivers {
        if let Some(name) = profile.named(&waiver.reason, &people) {
            return Err(WrongUsage(format!(
                "the reason of the waiver of {} for `{}` would call somebody by name: say it without `{name}`",
                waiver.control, waiver.cluster
            ))
            .into());
        }
    }
    Ok(())
}

/// What a target asks for, in words.
pub(crate) fn asked_of(target: &TargetConfig) -> Asked {
    let list = |ids: &[String]| ids.join(", ");
    let (provider, scopes) = match &target.kind {
        TargetKind::Aws(aws) => (
            palisade_model::Provider::Aws,
            match &aws.accounts {
                Accounts::Own => "the credentials' own account".to_owned(),
                Accounts::Organization => "every active account of the organisation".to_owned(),
                Accounts::List(ids) => format!("accounts {}", list(ids)),
            },
        ),
        TargetKind::Azure(azure) => (
            palisade_model::Provider::Azure,
            match &azure.subscriptions {
                Subscriptions::All => "every subscription that the credentials see".to_owned(),
                Subscriptions::List(ids) => format!("subscriptions {}", list(ids)),
                Subscriptions::ManagementGroups(groups) => format!("management groups {}", list(groups)),
            },
        ),
        TargetKind::Gcp(gcp) => (
            palisade_model::Provider::Gcp,
            match &gcp.projects {
                Projects::All => "every project that the credentials see".to_owned(),
                Projects::List(ids) => format!("projects {}", list(ids)),
                Projects::Folders(ids) => format!("folders {}", list(ids)),
                Projects::Organization(id) => format!("organisation {id}"),
            },
        ),
    };
    Asked { target: target.name.clone(), provider, scopes }
}
