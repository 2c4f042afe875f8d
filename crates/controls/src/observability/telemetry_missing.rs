//! OB-03.

use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Telemetry};

guide! {
    /// # Nobody collects metrics and logs
    ///
    /// ## What is checked
    /// Whether the provider, or an add-on that its API shows, collects the cluster's metrics and the logs of its workloads.
    ///
    /// ## Why it matters
    /// Without them users see an outage first, and afterwards nobody can say what happened.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | metrics or logs are not collected, and the policy's `telemetry_elsewhere` says that nothing else does |
    /// | pass | both are collected, or the policy says that a product the cloud does not show collects what is missing |
    /// | attest missing | something is not collected that the cloud shows: whether another product does it, a person has to say |
    /// | unknown | the settings were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks create-addon --cluster-name NAME --addon-name amazon-cloudwatch-observability`
    /// ### AKS
    /// `az aks enable-addons --resource-group GROUP --name NAME --addons monitoring` for logs, and `az aks update --resource-group GROUP
    /// --name NAME --enable-azure-monitor-metrics` for metrics.
    /// ### GKE
    /// `gcloud container clusters update NAME --logging=SYSTEM,WORKLOAD --monitoring=SYSTEM --enable-managed-prometheus`
    ///
    /// ## Limits
    /// That something collects does not say that anybody looks (OB-07). The log of the API server is OB-01's.
    pub struct TelemetryMissing;
}

impl Control for TelemetryMissing {
    const META: Meta = Meta {
        id: "OB-03",
        name: "telemetry-missing",
        title: "Metrics and workload logs are collected",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::Medium,
        effort: Effort::M,
        needs: &[FactKind::Telemetry],
        maps: "CIS-AKS-1.8.0:2.1.1; CIS-GKE-1.9.0:5.7.1; NSA-CISA-1.2:Audit logging; NIST-800-53r5:SI-4,CA-7; PCI-DSS-4.0.1:10.4.1; SOC2-TSC:CC7.1,CC7.2; ISO-27001-2022:A.8.16",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.platform.telemetry;
            Ok(judge_telemetry(fact.get()?, context.policy.telemetry_elsewhere).seen_in(fact))
        })
    }
}

fn judge_telemetry(telemetry: &Telemetry, elsewhere: Option<bool>) -> Verdict {
    let because = &telemetry.because;
    let missing = match (&telemetry.metrics, &telemetry.logs) {
        (Some(metrics), Some(logs)) => {
            return Verdict::pass(format!("metrics go to {metrics}, logs of workloads to {logs}"));
        }
        (None, Some(logs)) => format!("logs of workloads go to {logs}, and nothing is seen that collects metrics"),
        (Some(metrics), None) => {
            format!("metrics go to {metrics}, and nothing is seen that collects the logs of workloads")
        }
        (None, None) => "nothing is seen that collects metrics or the logs of workloads".to_owned(),
    };
    match elsewhere {
        Some(true) => Verdict::pass(format!("{missing}; the policy says that another product does: {because}")),
        Some(false) => Verdict::fail(format!("{missing}, and the policy says that no other product does: {because}")),
        None => Verdict::attest_missing(format!("{missing}: {because}; say whether another product does")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(both: Option<(bool, bool)>, telemetry_elsewhere: Option<bool>) -> Result<State, palisade_model::Gap> {
        let mut cluster = tidy(Provider::Gcp);
        match both {
            Some((metrics, logs)) => {
                let by = |on: bool| on.then(|| "Cloud".to_owned());
                let because = "setting".to_owned();
                cluster.platform.telemetry = known(Telemetry { metrics: by(metrics), logs: by(logs), because });
            }
            None => cluster.platform.telemetry.hide(gap()),
        }
        let policy = Policy { telemetry_elsewhere, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        TelemetryMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn one_without_the_other_is_judged_by_what_a_person_says_of_other_products() {
        for both in [(true, false), (false, true), (false, false)] {
            assert_eq!(judge(Some(both), None), Ok(State::AttestMissing), "{both:?}");
            assert_eq!(judge(Some(both), Some(true)), Ok(State::Pass), "{both:?}");
            assert_eq!(judge(Some(both), Some(false)), Ok(State::Fail), "{both:?}");
        }
        assert_eq!(judge(Some((true, true)), None), Ok(State::Pass));
    }

    #[test]
    fn settings_nobody_read_are_a_gap_whatever_a_person_says() {
        for said in [None, Some(true), Some(false)] {
            assert_eq!(judge(None, said), Err(gap()));
        }
    }
}
