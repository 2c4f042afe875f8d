//! GV-04.

use crate::controls;
use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Fact, FactKind, Gap};
use std::{collections::BTreeSet, sync::LazyLock};

/// What controls need whose failure is critical.
static CRITICAL: LazyLock<BTreeSet<FactKind>> = LazyLock::new(|| {
    let critical = controls().into_iter().filter(|control| control.meta.severity == Severity::Critical);
    critical.flat_map(|control| control.meta.needs.iter().copied()).collect()
});

guide! {
    /// # The scan did not see everything
    ///
    /// ## What is checked
    /// Whether every call about the cluster was answered: a fact that is missing because a call was refused, throttled, not
    /// answered or answered with something unreadable counts, one that the provider cannot tell does not.
    ///
    /// ## Why it matters
    /// What was not read is unknown and never good. A report with many unknowns says little about a cluster, however little
    /// red it shows.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | a call was not answered, and a critical control needs what it would have said |
    /// | fail, low | a call was not answered, and only other controls need what it would have said |
    /// | pass | every call was answered, and what critical controls need is known |
    /// | unknown | every call was answered, and something that a critical control needs is not known all the same |
    ///
    /// ## Remediation
    /// ### EKS
    /// Grant the permissions that the reason names to the role that reads; `palisade permissions aws` prints the whole policy.
    /// ### AKS
    /// Grant the permissions that the reason names to the application that reads; `palisade permissions azure` prints the
    /// whole role.
    /// ### GKE
    /// Grant the permissions that the reason names to the account that reads; `palisade permissions gcp` prints the whole
    /// role.
    ///
    /// ## Limits
    /// It speaks of clusters that were found. Accounts, regions, subscriptions and projects that could not be listed are told
    /// in the report as unseen.
    pub struct ScanIncomplete;
}

impl Control for ScanIncomplete {
    const META: Meta = Meta {
        id: "GV-04",
        name: "scan-incomplete",
        title: "The scan saw everything it should",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: FactKind::ALL,
        maps: "NIST-800-53r5:CA-7,CA-2; PCI-DSS-4.0.1:10.7.2; SOC2-TSC:CC4.2,CC7.1; ISO-27001-2022:A.5.35,A.8.16",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || Ok(judge_facts(&cluster.facts())?.seen_in(&cluster.version)))
    }
}

fn judge_facts(facts: &[Fact<'_>]) -> Result<Verdict, Gap> {
    let missing = || facts.iter().filter_map(|fact| Some((fact.kind, fact.gap?)));
    let refused = || missing().filter(|(_, gap)| gap.call().is_some());
    if refused().next().is_some() {
        let (needed, severity) = if refused().any(|(kind, _)| CRITICAL.contains(&kind)) {
            ("critical controls need", Severity::High)
        } else {
            ("controls need", Severity::Low)
        };
        let of_them = refused().filter(|(kind, _)| severity == Severity::Low || CRITICAL.contains(kind));
        let kinds: Vec<&str> = of_them.map(|(kind, _)| kind.name()).collect();
        let grants: BTreeSet<&str> = refused().filter_map(|(_, gap)| gap.permission()).collect();
        let calls: BTreeSet<&str> = refused().filter_map(|(_, gap)| gap.call()).collect();
        let grant = if grants.is_empty() { String::new() } else { format!("; grant {}", quoted(grants)) };
        let because = format!("{} gave no answer; {needed} {}{grant}", quoted(calls), quoted(kinds));
        return Ok(Verdict::fail(because).severity(severity));
    }
    let open: BTreeSet<&str> =
        missing().filter(|(kind, _)| CRITICAL.contains(kind)).map(|(kind, _)| kind.name()).collect();
    if open.is_empty() {
        return Ok(Verdict::pass(format!("every call about the cluster was answered, for {} facts", facts.len())));
    }
    Err(Gap::Unsettled {
        what: format!("every call was answered, and critical controls still do not know {}", quoted(open)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, now, tidy};

    fn judge(hide: impl FnOnce(&mut Cluster)) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        hide(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        ScanIncomplete::judge(&cluster, &context).remove(0).verdict
    }

    #[test]
    fn a_refused_call_fails_the_worse_the_more_hangs_on_it_and_names_the_permission() {
        let critical = judge(|cluster| cluster.api.public.hide(gap())).unwrap();
        assert_eq!((critical.state, critical.severity), (State::Fail, Some(Severity::High)));
        let said = "`test:Call` gave no answer; critical controls need `public access`; grant `test:Permission`";
        assert_eq!(critical.because, said);
        let other = judge(|cluster| cluster.lifecycle.tier.hide(gap())).unwrap();
        assert_eq!((other.state, other.severity), (State::Fail, Some(Severity::Low)));
    }

    #[test]
    fn what_no_call_could_tell_is_no_failure_and_no_pass_where_it_is_critical() {
        let unsettled = || Gap::Unsettled { what: "a condition".to_owned() };
        assert!(judge(|cluster| cluster.api.public.hide(unsettled())).is_err());
        assert_eq!(judge(|cluster| cluster.lifecycle.tier.hide(unsettled())).unwrap().state, State::Pass);
        assert_eq!(judge(|_| ()).unwrap().state, State::Pass);
    }
}
