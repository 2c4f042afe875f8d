//! OB-01.

use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{AuditLog, Cluster, FactKind};

guide! {
    /// # Requests to the Kubernetes API leave no trace
    ///
    /// ## What is checked
    /// Whether the audit log of the Kubernetes API is written and kept outside the cluster.
    ///
    /// ## Why it matters
    /// Without it nobody can say what an intruder read or changed, or that there was one.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the audit log is off |
    /// | pass | it is on and goes somewhere |
    /// | inherited | the provider always keeps it |
    /// | unknown | the setting was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-cluster-config --name NAME --logging
    /// '{"clusterLogging":[{"types":["api","audit","authenticator"],"enabled":true}]}'`
    /// ### AKS
    /// `az monitor diagnostic-settings create --name audit --resource CLUSTER_ID --workspace WORKSPACE --logs
    /// '[{"category":"kube-audit","enabled":true},{"category":"guard","enabled":true}]'`
    /// ### GKE
    /// Requests that change something are always logged. For reads, switch data access logs of `container.googleapis.com` on
    /// in the project's audit settings.
    ///
    /// ## Limits
    /// What the audit policy of the provider leaves out is not told. `kube-audit-admin` of AKS has no reads: it passes, and
    /// the reason says so. How long logs are kept is OB-02's.
    pub struct AuditLogOff;
}

impl Control for AuditLogOff {
    const META: Meta = Meta {
        id: "OB-01",
        name: "audit-log-off",
        title: "API audit logging is on",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::AuditLog],
        maps: "CIS-EKS-2.0.0:2.1.1; CIS-EKS-1.8.0:2.1.1,2.1.2; CIS-AKS-1.8.0:2.1.1; CIS-GKE-1.9.0:5.7.1; CIS-K8S-2.0.1:3.2.1,3.2.2,1.2.16; NSA-CISA-1.2:Audit logging; NIST-800-53r5:AU-2,AU-3,AU-12; PCI-DSS-4.0.1:10.2.1,10.2.2; SOC2-TSC:CC7.2,CC7.3; ISO-27001-2022:A.8.15; AWS-FSBP:EKS.8",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.audit;
        whole(cluster, || Ok(judge_audit(fact.get()?).seen_in(fact)))
    }
}

fn judge_audit(audit: &AuditLog) -> Verdict {
    match audit {
        AuditLog::Inherent { because } => Verdict::inherited(because.clone()),
        AuditLog::On { because, without } if without.is_empty() => Verdict::pass(because.clone()),
        AuditLog::On { because, without } => Verdict::pass(format!("{because}; not kept: {}", quoted(without))),
        AuditLog::Off { because } => Verdict::fail(format!("requests are not logged: {because}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<AuditLog>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.lifecycle.audit = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        AuditLogOff::judge(&cluster, &context).remove(0).verdict
    }

    #[test]
    fn a_log_passes_and_says_what_is_not_kept_and_none_fails() {
        let because = || "a setting".to_owned();
        let on = judge(known(AuditLog::On { because: because(), without: vec!["scheduler".to_owned()] })).unwrap();
        assert_eq!((on.state, on.because.as_str()), (State::Pass, "a setting; not kept: `scheduler`"));
        assert_eq!(judge(known(AuditLog::Off { because: because() })).unwrap().state, State::Fail);
        assert_eq!(judge(known(AuditLog::Inherent { because: because() })).unwrap().state, State::Inherited);
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
