//! ID-12.

use crate::identity::Strictest;
use crate::quoted::quoted;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, per_identity,
};
use palisade_model::{Cluster, FactKind, Gap, Identity, Unused};

/// How long a right may lie unused, in days; the window of the providers' own recommendations.
const WINDOW_DAYS: u32 = 90;

guide! {
    /// # Cloud rights that nobody uses
    ///
    /// ## What is checked
    /// For each cloud identity of the cluster, whether it was given services or permissions that it has not used for 90
    /// days, by the provider's own access records.
    ///
    /// ## Why it matters
    /// An unused right costs nothing to take away, and everything it would have given an intruder goes with it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | something was not used for 90 days or longer |
    /// | pass | everything was used within 90 days; AKS: somebody says that what was not used was taken away within 90 days |
    /// | attest missing | AKS: the provider keeps no such record and nobody has answered |
    /// | attest expired | AKS: the answer is older than 90 days, or was given until an earlier day |
    /// | unknown | the records were not read, or their window does not settle it |
    /// | not applicable | the identity is younger than the window, or there is none |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws iam generate-service-last-accessed-details --arn ROLE`, read it with `aws iam
    /// get-service-last-accessed-details --job-id JOB`, and take the named services out of the role's policies.
    /// ### AKS
    /// Compare `az role assignment list --assignee PRINCIPAL --all` with `az monitor activity-log list --caller PRINCIPAL
    /// --offset 90d`, delete what was not used, and answer.
    /// ### GKE
    /// `gcloud recommender recommendations list --project PROJECT --location global --recommender
    /// google.iam.policy.Recommender`, and apply what it names.
    ///
    /// ## Limits
    /// Records lag by hours, are kept by service on EKS, and know nothing of what is needed once a year.
    pub struct UnusedCloudRights;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Fleet,
    days: 90,
    evidence: false,
    questions: &[Question {
        name: "removed_on",
        asks: "On which day were the rights that no identity of the cluster had used for 90 days last taken away?",
        kind: AnswerKind::Day { within_days: 90 },
    }],
};

impl Control for UnusedCloudRights {
    const META: Meta = Meta {
        id: "ID-12",
        name: "unused-cloud-rights",
        title: "Unused cloud permissions are removed",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Low,
        effort: Effort::L,
        needs: &[FactKind::Identities, FactKind::Unused],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.1; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6,AC-2(3); PCI-DSS-4.0.1:7.2.4,7.2.5.1; SOC2-TSC:CC6.2,CC6.3; ISO-27001-2022:A.5.18",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let strictest = Strictest::of(cluster);
        let concerns = |identity: &Identity| strictest.is(identity);
        per_identity(cluster, "the cluster has no cloud identity", concerns, |identity| {
            judge_identity(identity, cluster, context)
        })
    }
}

fn judge_identity(identity: &Identity, cluster: &Cluster, context: &Context<'_>) -> Result<Verdict, Gap> {
    let (name, fact) = (&identity.name, &identity.unused);
    Ok(match fact.get()? {
        Unused::Known { services, window_days } => match (services.is_empty(), window_days) {
            (false, WINDOW_DAYS..) => {
                Verdict::fail(format!("`{name}` has not used {} for {window_days} days", quoted(services)))
            }
            (true, ..=WINDOW_DAYS) => {
                Verdict::pass(format!("`{name}` used all it was given within {window_days} days"))
            }
            (unused_nothing, window_days) => {
                let used = if unused_nothing {
                    "all it was given".to_owned()
                } else {
                    format!("all but {}", quoted(services))
                };
                let what = format!("`{name}` used {used} within {window_days} days; {WINDOW_DAYS} are asked for");
                return Err(Gap::Unsettled { what });
            }
        },
        Unused::TooYoung => Verdict::not_applicable(format!("`{name}` is younger than {WINDOW_DAYS} days")),
        Unused::NobodyKnows { hint } => {
            let silence = Verdict::attest_missing(format!("what `{name}` does not use is recorded nowhere: {hint}"));
            hear(cluster, context, &UnusedCloudRights::META, &ASKS).or(silence)
        }
    }
    .seen_in(fact))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(unused: Observed<Unused>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut identity = cluster.identities.get().unwrap()[0].clone();
        identity.unused = unused;
        cluster.identities = known(vec![identity]);
        let context = Context { policy: &Policy::default(), now: now() };
        UnusedCloudRights::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn unused(services: &[&str], window_days: u32) -> Observed<Unused> {
        known(Unused::Known { services: services.iter().map(ToString::to_string).collect(), window_days })
    }

    #[test]
    fn a_service_unused_for_the_window_or_longer_fails() {
        assert_eq!(judge(unused(&["iam"], 90)), Ok(State::Fail));
        assert_eq!(judge(unused(&["iam"], 400)), Ok(State::Fail));
        assert_eq!(judge(unused(&[], 90)), Ok(State::Pass));
    }

    #[test]
    fn a_window_of_another_length_proves_only_what_it_can() {
        assert_eq!(judge(unused(&[], 30)), Ok(State::Pass));
        assert!(matches!(judge(unused(&["iam"], 30)), Err(Gap::Unsettled { .. })));
        assert!(matches!(judge(unused(&[], 400)), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn a_young_identity_is_not_asked_and_where_nobody_records_a_person_is() {
        assert_eq!(judge(known(Unused::TooYoung)), Ok(State::NotApplicable));
        let hint = "compare role assignments with the activity log".to_owned();
        assert_eq!(judge(known(Unused::NobodyKnows { hint })), Ok(State::AttestMissing));
    }

    #[test]
    fn unread_records_are_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
