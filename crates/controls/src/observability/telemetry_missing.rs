//! OB-03.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
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
    /// | fail | metrics or logs are not seen to be collected, and somebody says that nothing else does |
    /// | pass | both are collected, or somebody says that a product the cloud does not show collects what is missing |
    /// | attest missing | something is not seen to be collected, and nobody has said whether another product does |
    /// | attest expired | the answer is older than a year, or was given until an earlier day |
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

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Environment,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "collected",
        asks: "Does a product that the cloud's API does not show collect the metrics and the logs of workloads that are missing here?",
        kind: AnswerKind::Choice,
    }],
};

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
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.platform.telemetry;
            let silence = match judge_telemetry(fact.get()?) {
                Ok(both) => return Ok(both.seen_in(fact)),
                Err(missing) => Verdict::attest_missing(missing),
            };
            Ok(hear(cluster, context, &Self::META, &ASKS).or(silence).seen_in(fact))
        })
    }
}

/// That both are collected, or what is missing.
fn judge_telemetry(telemetry: &Telemetry) -> Result<Verdict, String> {
    let because = &telemetry.because;
    let missing = match (&telemetry.metrics, &telemetry.logs) {
        (Some(metrics), Some(logs)) => {
            return Ok(Verdict::pass(format!("metrics go to {metrics}, logs of workloads to {logs}")));
        }
        (None, Some(logs)) => format!("logs of workloads go to {logs}, and nothing is seen that collects metrics"),
        (Some(metrics), None) => {
            format!("metrics go to {metrics}, and nothing is seen that collects the logs of workloads")
        }
        (None, None) => "nothing is seen that collects metrics or the logs of workloads".to_owned(),
    };
    Err(format!("{missing}: {because}; say whether another product does"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(both: Option<(bool, bool)>) -> Result<State, palisade_model::Gap> {
        let mut cluster = tidy(Provider::Gcp);
        match both {
            Some((metrics, logs)) => {
                let by = |on: bool| on.then(|| "Cloud".to_owned());
                let because = "setting".to_owned();
                cluster.platform.telemetry = known(Telemetry { metrics: by(metrics), logs: by(logs), because });
            }
            None => cluster.platform.telemetry.hide(gap()),
        }
        let context = Context { policy: &Policy::default(), now: now() };
        TelemetryMissing::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn both_are_wanted_and_of_other_products_a_person_has_to_say() {
        for both in [(true, false), (false, true), (false, false)] {
            assert_eq!(judge(Some(both)), Ok(State::AttestMissing), "{both:?}");
        }
        assert_eq!(judge(Some((true, true))), Ok(State::Pass));
    }

    #[test]
    fn settings_nobody_read_are_a_gap() {
        assert_eq!(judge(None), Err(gap()));
    }
}
