//! AR-01.

use crate::time::{date, days, days_between};
use jiff::Timestamp;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Phase, Support};

guide! {
    /// # Version is out of support, or soon will be
    ///
    /// ## What is checked
    /// Whether the provider supports the version of the control plane, and for how long. The dates are the provider's, which
    /// are not those of the Kubernetes project.
    ///
    /// ## Why it matters
    /// An unsupported version gets no fix for a known hole, and the provider upgrades it by force on a day of its own choice.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | nobody supports the version any more |
    /// | fail, high | support ends within 30 days |
    /// | fail, medium | support ends within 90 days, or only support at extra cost is left |
    /// | pass | standard support for at least 90 days |
    /// | unknown | what is supported was not read, or the version is supported and nobody says until when |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-cluster-version --name NAME --kubernetes-version NEXT`, one minor version at a time, then the node
    /// groups. Without extended support: `aws eks update-cluster-config --name NAME --upgrade-policy supportType=STANDARD`.
    /// ### AKS
    /// `az aks upgrade --resource-group GROUP --name NAME --kubernetes-version NEXT`, one minor version at a time.
    /// ### GKE
    /// `gcloud container clusters upgrade NAME --master --cluster-version NEXT`, then the node pools.
    ///
    /// ## Limits
    /// AKS says which versions it supports and no dates: those are a table that this version of the program carries, and once
    /// it is older than half a year no date of it is believed. Versions of nodes are AR-02's.
    pub struct VersionOutOfSupport;
}

impl Control for VersionOutOfSupport {
    const META: Meta = Meta {
        id: "AR-01",
        name: "version-out-of-support",
        title: "Control-plane version is supported, with time left",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::High,
        effort: Effort::L,
        needs: &[FactKind::Support],
        maps: "CIS-GKE-1.9.0:5.5.4; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SI-2,SA-22; PCI-DSS-4.0.1:6.3.3,12.3.4; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8; AWS-FSBP:EKS.2; NIST-800-190:4.3.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.support;
        whole(cluster, || Ok(judge_support(fact.get()?, context.now)?.seen_in(fact)))
    }
}

fn judge_support(support: &Support, now: Timestamp) -> Result<Verdict, Gap> {
    let Support { phase, standard_until, extended_until, because } = support;
    let is_over = |until: &Option<Timestamp>| until.is_some_and(|until| until <= now);
    let none = || Verdict::fail(format!("nobody supports {because} any more")).severity(Severity::Critical);
    match phase {
        Phase::Ended => Ok(none()),
        Phase::Extended => Ok(extended(because, *extended_until, now).unwrap_or_else(none)),
        Phase::Standard if is_over(standard_until) && extended_until.is_some() => {
            Ok(extended(because, *extended_until, now).unwrap_or_else(none))
        }
        Phase::Standard if is_over(standard_until) => Err(Gap::Unsettled {
            what: format!("the provider lists {because} as supported past the day on which its support was to end"),
        }),
        Phase::Standard => {
            let Some(until) = *standard_until else {
                return Err(Gap::Unsettled { what: format!("{because} is supported, and nobody says until when") });
            };
            let said = format!("{because} is supported until {}", date(until));
            let left = days_between(now, until);
            Ok(if until < now + days(30) {
                Verdict::fail(format!("{said}, {left} days from now")).severity(Severity::High)
            } else if until < now + days(90) {
                Verdict::fail(format!("{said}, {left} days from now")).severity(Severity::Medium)
            } else {
                Verdict::pass(said)
            })
        }
    }
}

/// What is left when standard support is over; nothing when that is over too.
fn extended(because: &str, until: Option<Timestamp>, now: Timestamp) -> Option<Verdict> {
    let Some(until) = until else {
        return Some(Verdict::fail(format!("only extended support is left for {because}")).severity(Severity::Medium));
    };
    let said = format!("only extended support is left for {because}, until {}", date(until));
    let severity = if until < now + days(30) { Severity::High } else { Severity::Medium };
    (until > now).then(|| Verdict::fail(said).severity(severity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(phase: Phase, standard: Option<i64>, extended: Option<i64>) -> Result<(State, Option<Severity>), Gap> {
        let day = |left: i64| now() + jiff::SignedDuration::from_hours(24 * left);
        let (standard_until, extended_until) = (standard.map(day), extended.map(day));
        let mut cluster = tidy(Provider::Aws);
        let because = "1.33".to_owned();
        cluster.lifecycle.support = known(Support { phase, standard_until, extended_until, because });
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = VersionOutOfSupport::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    #[test]
    fn the_less_time_is_left_the_worse_it_is() {
        let fail = |severity| Ok((State::Fail, Some(severity)));
        for (phase, standard, extended, expected) in [
            (Phase::Standard, Some(90), None, Ok((State::Pass, None))),
            (Phase::Standard, Some(89), None, fail(Severity::Medium)),
            (Phase::Standard, Some(29), Some(394), fail(Severity::High)),
            (Phase::Standard, Some(-1), Some(300), fail(Severity::Medium)),
            (Phase::Extended, Some(-100), Some(265), fail(Severity::Medium)),
            (Phase::Extended, None, None, fail(Severity::Medium)),
            (Phase::Extended, Some(-300), Some(29), fail(Severity::High)),
            (Phase::Extended, Some(-400), Some(-1), fail(Severity::Critical)),
            (Phase::Ended, None, None, fail(Severity::Critical)),
        ] {
            assert_eq!(judge(phase, standard, extended), expected, "{phase:?} {standard:?} {extended:?}");
        }
    }

    #[test]
    fn a_version_without_a_date_or_past_its_date_is_not_known_to_be_supported() {
        for standard in [None, Some(-1)] {
            assert!(matches!(judge(Phase::Standard, standard, None), Err(Gap::Unsettled { .. })), "{standard:?}");
        }
        let mut cluster = tidy(Provider::Aws);
        cluster.lifecycle.support = Observed::missing(gap());
        let context = Context { policy: &Policy::default(), now: now() };
        assert_eq!(VersionOutOfSupport::judge(&cluster, &context).remove(0).verdict, Err(gap()));
    }
}
