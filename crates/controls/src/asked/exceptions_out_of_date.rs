//! GV-03.

use crate::{
    quoted::listed,
    time::{date, days},
};
use jiff::SignedDuration;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, WAIVERS, Waiver,
    digest_of, guide, whole,
};
use palisade_model::Cluster;

guide! {
    /// # An exception has ended
    ///
    /// ## What is checked
    /// Whether every accepted risk that names the cluster is still accepted: the end that was agreed has not come. That each
    /// has an owner, an approver, a reason and an end is checked when the file is read: one without is refused.
    ///
    /// ## Why it matters
    /// An exception that nobody renews is no decision any more. What it covered is open again; that it was left behind says
    /// that nobody looks at exceptions.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | one or more exceptions for the cluster have ended |
    /// | pass | every exception for the cluster is still accepted |
    /// | not applicable | there is no exception for the cluster |
    ///
    /// ## Remediation
    /// ### EKS
    /// `palisade waivers check --against last` tells which have ended and what they cover. Mend what they covered and take
    /// them away (`palisade waivers remove`), or let somebody approve them again.
    /// ### AKS
    /// The same.
    /// ### GKE
    /// The same.
    ///
    /// ## Limits
    /// Exceptions are those of the file that `policy.waivers_file` names; what is accepted elsewhere is not known here.
    pub struct ExceptionsOutOfDate;
}

impl Control for ExceptionsOutOfDate {
    const META: Meta = Meta {
        id: "GV-03",
        name: "exceptions-out-of-date",
        title: "Exceptions have an owner, a reason and an end date",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[],
        maps: "NIST-800-53r5:CA-5,RA-3; PCI-DSS-4.0.1:12.3.1; SOC2-TSC:CC3.2,CC4.2; ISO-27001-2022:A.5.36",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let policy = context.policy;
        let file = policy.waivers_digest.unwrap_or_else(|| digest_of(""));
        whole(cluster, || Ok(judge_waivers(cluster, context).seen_in_file(WAIVERS, file)))
    }
}

fn judge_waivers(cluster: &Cluster, context: &Context<'_>) -> Verdict {
    let own: Vec<&Waiver> = context.policy.waivers.iter().filter(|waiver| waiver.is_for(cluster)).collect();
    let Some(first) = own.iter().map(|waiver| waiver.until).min() else {
        return Verdict::not_applicable("no exception is on file for this cluster");
    };
    // The end of a day is told as that day.
    let last_day =
        |waiver: &Waiver| date(waiver.until.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(waiver.until));
    let told = |waiver: &&Waiver| format!("{} of `{}` on {}", waiver.control, waiver.owner, last_day(waiver));
    let ended: Vec<&Waiver> = own.iter().filter(|waiver| waiver.until <= context.now).copied().collect();
    if !ended.is_empty() {
        let (count, told) = (ended.len(), listed(ended.iter().map(told), ", "));
        return Verdict::fail(format!(
            "{count} of {} exceptions ended and were neither renewed nor removed: {told}",
            own.len()
        ));
    }
    let soon = if first < context.now + days(14) { ", within two weeks" } else { "" };
    let count = own.len();
    Verdict::pass(format!(
        "{count} exceptions have an owner, a reason and an end; the first one ends on {}{soon}",
        date(first)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{now, tidy};

    fn judge(waivers: &[(&str, i64)]) -> (State, String) {
        let waiver = |(cluster, hours): &(&str, i64)| Waiver {
            control: "ND-02".to_owned(),
            cluster: (*cluster).to_owned(),
            subject: None,
            owner: "ana".to_owned(),
            approver: "ben".to_owned(),
            reason: "bastion".to_owned(),
            until: now() + SignedDuration::from_hours(*hours),
            approved: None,
            covers: None,
        };
        let policy = Policy { waivers: waivers.iter().map(waiver).collect(), ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        let verdict = ExceptionsOutOfDate::judge(&tidy(Provider::Aws), &context).remove(0).verdict.unwrap();
        assert!(!verdict.evidence.is_empty());
        (verdict.state, verdict.because)
    }

    #[test]
    fn an_exception_fails_from_the_moment_it_ends_and_those_of_other_clusters_mean_nothing() {
        let state = |waivers: &[(&str, i64)]| judge(waivers).0;
        assert_eq!(state(&[]), State::NotApplicable);
        assert_eq!(state(&[("other", -1)]), State::NotApplicable);
        assert_eq!(state(&[("tidy", 1), ("aws/example/tidy", 400), ("other", -1)]), State::Pass);
        assert_eq!(state(&[("tidy", 1), ("aws/example/tidy", 0)]), State::Fail);
        let (_, because) = judge(&[("tidy", -24), ("tidy", 48)]);
        assert_eq!(
            because,
            "1 of 2 exceptions ended and were neither renewed nor removed: ND-02 of `ana` on 2026-11-18"
        );
    }
}
