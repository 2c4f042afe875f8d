//! WL-09.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Heard, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, FactKind, Gap, SecretStore};

guide! {
    /// # Secrets of applications are kept in the cluster
    ///
    /// ## What is checked
    /// Whether the cluster is connected to a store for secrets outside it, whether a changed secret reaches running pods, and what
    /// people say of the workloads.
    ///
    /// ## Why it matters
    /// Values in environment variables and ConfigMaps show in descriptions, logs and crash reports, and stay in etcd and in backups
    /// long after they were changed.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a store is connected, and its secrets do not rotate; or somebody says that secrets are kept inside |
    /// | pass | somebody says that workloads take their secrets from a store, and one that is connected rotates |
    /// | attest missing | nobody has said whether workloads take their secrets from a store |
    /// | attest expired | the answer is older than a year, or was given until an earlier day |
    /// | unknown | the setting was not read, or whether secrets rotate is not told |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks create-addon --cluster-name NAME --addon-name aws-secrets-store-csi-driver-provider`, with rotation switched on in its
    /// values; then mount secrets as files.
    /// ### AKS
    /// `az aks enable-addons --resource-group GROUP --name NAME --addons azure-keyvault-secrets-provider --enable-secret-rotation`
    /// ### GKE
    /// `gcloud container clusters update NAME --enable-secret-manager --enable-secret-manager-rotation`
    ///
    /// ## Limits
    /// Environment variables and ConfigMaps are inside the cluster and not read: no verdict about them is given without a person's
    /// word. Secrets that are synchronised into the cluster are in etcd again (ET-08). A store that somebody installed is not seen.
    pub struct SecretsInTheCluster;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "outside",
        asks: "Do the workloads take their secrets from a store outside the cluster, and none from ConfigMaps or from values in their definitions?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for SecretsInTheCluster {
    const META: Meta = Meta {
        id: "WL-09",
        name: "secrets-in-the-cluster",
        title: "Application secrets live in an external store and are not in env or ConfigMaps",
        concern: Concern::None,
        layer: Layer::Container,
        dimension: Dimension::Applications,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::SecretStore],
        maps: "CIS-EKS-2.0.0:4.4.1,4.4.2; CIS-EKS-1.8.0:4.4.1,4.4.2; CIS-AKS-1.8.0:4.5.1,4.5.2; CIS-GKE-1.9.0:4.4.1,4.4.2; CIS-K8S-2.0.1:5.4.1,5.4.2; NSA-CISA-1.2:Secrets; NIST-800-53r5:IA-5,SC-28; PCI-DSS-4.0.1:8.6.2,3.5.1; SOC2-TSC:CC6.1; ISO-27001-2022:A.5.17,A.8.24; NIST-800-190:4.1.4",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.platform.secret_store;
            let heard = hear(cluster, context, &Self::META, &ASKS);
            Ok(judge_store(fact.get()?, heard)?.seen_in(fact))
        })
    }
}

fn judge_store(store: &SecretStore, heard: Heard<'_>) -> Result<Verdict, Gap> {
    let (said, rotates) = match store {
        SecretStore::Connected { by, rotates } => (format!("{by} is connected"), *rotates),
        SecretStore::NotConnected { because } => (format!("no store is seen: {because}"), Some(true)),
    };
    if rotates == Some(false) {
        return Ok(Verdict::fail(format!("{said}, and a changed secret does not reach running pods")));
    }
    if heard.is_good() && rotates.is_none() {
        return Err(Gap::Unsettled { what: format!("{said}; whether its secrets rotate is not told") });
    }
    let silence = format!("{said}; say whether workloads take their secrets from a store");
    Ok(heard.or(Verdict::attest_missing(silence)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Answer, AnsweredFor, Answers, Policy, State, Value};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(store: Option<SecretStore>, said: Option<Value>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Azure);
        match store {
            Some(store) => cluster.platform.secret_store = known(store),
            None => cluster.platform.secret_store.hide(gap()),
        }
        let said = said.map(|value| Answer {
            control: "WL-09".to_owned(),
            of: AnsweredFor::Fleet,
            values: [("outside".to_owned(), value)].into(),
            by: "ana".to_owned(),
            on: now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            expires: None,
            evidence: None,
            note: None,
        });
        let policy = Policy { answers: Answers::new(said.into_iter().collect(), ""), ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        SecretsInTheCluster::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn connected(rotates: Option<bool>) -> SecretStore {
        SecretStore::Connected { by: "Key Vault".to_owned(), rotates }
    }

    #[test]
    fn a_store_that_does_not_rotate_fails_whatever_a_person_says() {
        for said in [None, Some(Value::Yes), Some(Value::No)] {
            assert_eq!(judge(Some(connected(Some(false))), said), Ok(State::Fail));
        }
    }

    #[test]
    fn what_workloads_do_a_person_has_to_say() {
        let elsewhere = SecretStore::NotConnected { because: "no add-on".to_owned() };
        for store in [connected(Some(true)), elsewhere] {
            assert_eq!(judge(Some(store.clone()), None), Ok(State::AttestMissing));
            assert_eq!(judge(Some(store.clone()), Some(Value::Yes)), Ok(State::Pass));
            assert_eq!(judge(Some(store), Some(Value::No)), Ok(State::Fail));
        }
    }

    #[test]
    fn a_rotation_nobody_tells_of_is_no_pass() {
        assert!(matches!(judge(Some(connected(None)), Some(Value::Yes)), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Some(connected(None)), Some(Value::No)), Ok(State::Fail));
        assert_eq!(judge(None, Some(Value::Yes)), Err(gap()));
    }
}
