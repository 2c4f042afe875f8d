//! CP-14.

use crate::time::{date, days, days_between};
use jiff::Timestamp;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, ClusterCa, FactKind};

guide! {
    /// # Cluster certificate authority is about to expire
    ///
    /// ## What is checked
    /// How long the certificate of the cluster's certificate authority is still valid.
    ///
    /// ## Why it matters
    /// On that day every node and every client stops trusting the API server, all at once.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | it has expired, or does so within 30 days |
    /// | fail, medium | it expires within 180 days |
    /// | pass | it is valid for longer; AKS: somebody has looked it up within 180 days and says so |
    /// | fail, medium | AKS: somebody says that it is not |
    /// | attest missing | no read call of the provider returns it, and nobody has said how long it is valid |
    /// | attest expired | AKS: the answer is older than 180 days, or was given until an earlier day |
    /// | unknown | the certificate was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make a successor of the certificate authority and activate it, then replace the nodes.
    /// ### AKS
    /// `az aks rotate-certs --resource-group GROUP --name NAME`; look the date up first: `kubectl config view --raw
    /// --minify` and `openssl x509 -enddate`.
    /// ### GKE
    /// `gcloud container clusters update NAME --start-credential-rotation`, replace the nodes, then
    /// `--complete-credential-rotation`
    ///
    /// ## Limits
    /// The certificates of single components are the provider's. AKS returns its authority only together with a credential,
    /// which is never asked for.
    pub struct ClusterCertificateExpiring;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 180,
    evidence: false,
    questions: &[Question {
        name: "valid_for_longer",
        asks: "Is the certificate of the cluster's certificate authority valid for more than 180 days from now?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for ClusterCertificateExpiring {
    const META: Meta = Meta {
        id: "CP-14",
        name: "cluster-certificate-expiring",
        title: "Cluster CA and control-plane certificates are in date and rotatable",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::ClusterCa],
        maps: "NSA-CISA-1.2:Control plane hardening; NIST-800-53r5:SC-12,SC-17,IA-5; PCI-DSS-4.0.1:3.7.4; SOC2-TSC:CC6.1,A1.2; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.access.authority;
        whole(cluster, || {
            Ok(match fact.get()? {
                ClusterCa::Attested { because } => {
                    hear(cluster, context, &Self::META, &ASKS).or(Verdict::attest_missing(because.clone()))
                }
                ClusterCa::Known { not_after, because } => judge_certificate(*not_after, because, context.now),
            }
            .seen_in(fact))
        })
    }
}

fn judge_certificate(not_after: Timestamp, because: &str, now: Timestamp) -> Verdict {
    let day = date(not_after);
    if not_after <= now {
        return Verdict::fail(format!("{because} expired on {day}")).severity(Severity::Critical);
    }
    let said = format!("{because} expires on {day}, in {} days", days_between(now, not_after));
    if not_after <= now + days(30) {
        Verdict::fail(said).severity(Severity::Critical)
    } else if not_after <= now + days(180) {
        Verdict::fail(said).severity(Severity::Medium)
    } else {
        Verdict::pass(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<ClusterCa>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.access.authority = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = ClusterCertificateExpiring::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    #[test]
    fn the_nearer_the_end_the_worse_it_is() {
        let until = |left: u32| {
            let not_after = now() + days(left);
            judge(known(ClusterCa::Known { not_after, because: "the authority".to_owned() }))
        };
        assert_eq!(until(0), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(until(30), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(until(31), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(until(180), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(until(181), Ok((State::Pass, None)));
    }

    #[test]
    fn where_no_call_returns_it_a_person_has_to_answer() {
        let attested = ClusterCa::Attested { because: "nothing returns it".to_owned() };
        assert_eq!(judge(known(attested)), Ok((State::AttestMissing, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
