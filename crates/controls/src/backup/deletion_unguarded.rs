//! BK-05.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, DeletionGuard, FactKind};

guide! {
    /// # One call deletes the cluster
    ///
    /// ## What is checked
    /// Whether something has to be taken away before the cluster can be deleted: deletion protection on EKS, a lock on the
    /// cluster or above it on AKS.
    ///
    /// ## Why it matters
    /// One call with the wrong name, or one pipeline that takes a cluster for another, and production is gone.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | nothing stands between the cluster and its deletion; GKE: somebody says so |
    /// | pass | a protection or a lock does; GKE: somebody says that something does |
    /// | attest missing | the provider has no such setting on clusters, and nobody has said what there is instead |
    /// | attest expired | GKE: the answer is older than a year, or was given until an earlier day |
    /// | unknown | the setting or the locks were not read, or the answer says nothing of them |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-cluster-config --name NAME --deletion-protection`
    /// ### AKS
    /// `az lock create --name keep --lock-type CanNotDelete --resource-group GROUP --resource NAME --resource-type
    /// Microsoft.ContainerService/managedClusters`, and for the nodes `az aks update --resource-group GROUP --name NAME
    /// --nrg-lockdown-restriction-level ReadOnly`
    /// ### GKE
    /// `gcloud alpha resource-manager liens create --project PROJECT --restrictions resourcemanager.projects.delete --reason
    /// production` keeps the project; who holds `container.clusters.delete` decides for the cluster.
    ///
    /// ## Limits
    /// Guards of a tool on its own side, as Terraform's `deletion_protection` for GKE, stop that tool and nobody else.
    pub struct DeletionUnguarded;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "guarded",
        asks: "Does anything keep this cluster from being deleted by one person in one step?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for DeletionUnguarded {
    const META: Meta = Meta {
        id: "BK-05",
        name: "deletion-unguarded",
        title: "The cluster cannot be deleted by one slip",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::DeletionGuard],
        maps: "NIST-800-53r5:CP-9,CM-5; SOC2-TSC:A1.2; ISO-27001-2022:A.8.14,A.8.32",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.deletion_guard;
        whole(cluster, || {
            Ok(match fact.get()? {
                DeletionGuard::Set { because } => Verdict::pass(because.clone()),
                DeletionGuard::Missing { because } => Verdict::fail(format!("one call deletes the cluster: {because}")),
                DeletionGuard::Attested { because } => {
                    hear(cluster, context, &Self::META, &ASKS).or(Verdict::attest_missing(because.clone()))
                }
            }
            .seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<DeletionGuard>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.lifecycle.deletion_guard = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        DeletionUnguarded::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_guard_passes_none_fails_and_where_there_can_be_none_a_person_answers() {
        let because = || "a setting".to_owned();
        assert_eq!(judge(known(DeletionGuard::Set { because: because() })), Ok(State::Pass));
        assert_eq!(judge(known(DeletionGuard::Missing { because: because() })), Ok(State::Fail));
        assert_eq!(judge(known(DeletionGuard::Attested { because: because() })), Ok(State::AttestMissing));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
