//! GV-01.

use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Register};

guide! {
    /// # Nobody answers for the cluster, or nobody says what it holds
    ///
    /// ## What is checked
    /// Whether labels or tags say who answers for the cluster (`owner`, `team` or `contact`), what it is for
    /// (`environment`, `env` or `stage`) and how sensitive its data is (`data-class`, `data-classification` or
    /// `classification`).
    ///
    /// ## Why it matters
    /// A cluster that nobody knows is patched by nobody. Without the other two no rule can be stricter where it matters.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | one of the three is missing |
    /// | pass | all three are there |
    /// | unknown | the labels were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks tag-resource --resource-arn ARN --tags owner=TEAM,environment=production,data-class=internal`
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --tags owner=TEAM environment=production data-class=internal`
    /// ### GKE
    /// `gcloud container clusters update NAME --update-labels owner=TEAM,environment=production,data-class=internal`
    ///
    /// ## Limits
    /// Whether a label tells the truth is not judged. Clusters in accounts, regions and projects that could not be listed are
    /// told in the report as unseen.
    pub struct ClusterUnregistered;
}

impl Control for ClusterUnregistered {
    const META: Meta = Meta {
        id: "GV-01",
        name: "cluster-unregistered",
        title: "Every cluster is known, owned and classified",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Architecture,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Register],
        maps: "NIST-800-53r5:CM-8,PM-5; PCI-DSS-4.0.1:12.5.1; SOC2-TSC:CC6.1,CC3.2; ISO-27001-2022:A.5.9,A.5.12",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.register;
        whole(cluster, || Ok(judge_register(fact.get()?).seen_in(fact)))
    }
}

fn judge_register(register: &Register) -> Verdict {
    let wanted = [
        ("who answers for it (`owner`)", &register.owner),
        ("what it is for (`environment`)", &register.environment),
        ("how sensitive its data is (`data-class`)", &register.data_class),
    ];
    let missing: Vec<&str> = wanted.iter().filter(|(_, said)| said.is_none()).map(|(what, _)| *what).collect();
    if missing.is_empty() {
        return Verdict::pass(format!(
            "the labels say {}",
            quoted(wanted.iter().filter_map(|(_, said)| said.as_ref()))
        ));
    }
    Verdict::fail(format!("no label says {}", missing.join(", nor ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<Register>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.lifecycle.register = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        ClusterUnregistered::judge(&cluster, &context).remove(0).verdict
    }

    #[test]
    fn all_three_are_wanted_and_the_reason_names_what_is_missing() {
        let some = |text: &str| Some(text.to_owned());
        let whole = Register { owner: some("shop"), environment: some("prod"), data_class: some("internal") };
        assert_eq!(judge(known(whole.clone())).unwrap().state, State::Pass);
        let verdict = judge(known(Register { owner: None, ..whole })).unwrap();
        assert_eq!(
            (verdict.state, verdict.because.as_str()),
            (State::Fail, "no label says who answers for it (`owner`)")
        );
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
