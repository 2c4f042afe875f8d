//! ND-07.

use crate::node::{per_pool_of_machines, ports};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Gap, Interactive, Pool, Provider};

guide! {
    /// # People log in to nodes with keys
    ///
    /// ## What is checked
    /// Whether a shell on the pool's machines is opened by a key that stands on them, by a service that knows who is
    /// asking, or not at all. Node groups with a launch template are judged by the template.
    ///
    /// ## Why it matters
    /// A shell on the host is every pod on it and the node's cloud identity. A key knows no person, no second factor
    /// and no leaving date.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | a key opens a shell and the internet reaches the port (ND-02), or the provider opened it to everybody and who reaches it was not read |
    /// | fail, high | a key opens a shell, and the internet does not surely reach the port |
    /// | pass | there is no shell, or only through a broker |
    /// | unknown | the settings were not read |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make the node group anew without `remoteAccess` and without a key in its launch template, and use Session
    /// Manager: `aws ssm start-session --target INSTANCE`
    /// ### AKS
    /// `az aks nodepool update --resource-group GROUP --cluster-name NAME --name POOL --ssh-access disabled`, or
    /// `entraid` for brokered access; reimage the nodes afterwards.
    /// ### GKE
    /// `gcloud compute project-info add-metadata --metadata enable-oslogin=TRUE`, and the pool with
    /// `--metadata block-project-ssh-keys=true`; log in through IAP: `gcloud compute ssh NODE --tunnel-through-iap`
    ///
    /// ## Limits
    /// Keys that somebody copied to a machine by hand or by a DaemonSet are not seen from the cloud.
    pub struct InteractiveAccessByKey;
}

impl Control for InteractiveAccessByKey {
    const META: Meta = Meta {
        id: "ND-07",
        name: "interactive-access-by-key",
        title: "Interactive node access is off or brokered",
        concern: Concern::NodeNetwork,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::Interactive, FactKind::Exposure],
        maps: "NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:AC-17,AC-6(10),MA-4; PCI-DSS-4.0.1:2.2.7,7.2.5; SOC2-TSC:CC6.1,CC6.6; ISO-27001-2022:A.8.18,A.8.2; NIST-800-190:4.5.4",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(cluster.provider, pool)?.seen_in(&pool.interactive)))
    }
}

fn judge_pool(provider: Provider, pool: &Pool) -> Result<Verdict, Gap> {
    let name = &pool.name;
    Ok(match pool.interactive.get()? {
        Interactive::Off { because } => Verdict::pass(format!("pool `{name}` has no interactive access: {because}")),
        Interactive::Brokered { by } => Verdict::pass(format!("a shell on pool `{name}` is opened by `{by}` only")),
        Interactive::Keys { because, opened_to_everyone } => {
            let everyone = if *opened_to_everyone { ", and the provider opened the port to everybody" } else { "" };
            let reached = ports::is_open(provider, pool, ports::ADMINISTRATION);
            let (severity, reach) = match (reached, opened_to_everyone) {
                (Ok(true), _) => (Severity::Critical, "the internet reaches it"),
                (Ok(false), _) => (Severity::High, "the internet does not surely reach it"),
                (Err(_), true) => (Severity::Critical, "who reaches it was not read"),
                (Err(_), false) => (Severity::High, "who reaches it was not read"),
            };
            Verdict::fail(format!("a key opens a shell on pool `{name}` ({because}){everyone}; {reach}"))
                .severity(severity)
                .seen_in(&pool.exposure)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Observed;
    use palisade_testkit::{gap, known, now, sloppy, tidy};

    fn judge(
        interactive: Observed<Interactive>,
        change: impl FnOnce(&mut Pool),
    ) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        pool.interactive = interactive;
        change(&mut pool);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = InteractiveAccessByKey::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn keys(opened_to_everyone: bool) -> Observed<Interactive> {
        known(Interactive::Keys { because: "key `admin`".to_owned(), opened_to_everyone })
    }

    fn reachable(pool: &mut Pool) {
        pool.exposure = sloppy(Provider::Aws).pools.get().unwrap()[0].exposure.clone();
    }

    #[test]
    fn a_key_is_critical_together_with_an_open_port_and_high_without() {
        assert_eq!(judge(keys(true), reachable), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(judge(keys(true), |_| ()), Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn an_unread_exposure_does_not_soften_a_port_that_was_opened_to_everybody() {
        let hidden = |pool: &mut Pool| pool.exposure.hide(gap());
        assert_eq!(judge(keys(true), hidden), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(judge(keys(false), hidden), Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn no_shell_and_a_brokered_one_pass_whatever_the_network_says() {
        let broker = Interactive::Brokered { by: "Session Manager".to_owned() };
        assert_eq!(judge(known(broker), reachable), Ok((State::Pass, None)));
        let off = Interactive::Off { because: "Auto Mode".to_owned() };
        assert_eq!(judge(known(off), |pool| pool.exposure.hide(gap())), Ok((State::Pass, None)));
    }

    #[test]
    fn a_template_that_was_not_read_is_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap()), |_| ()), Err(gap()));
    }
}
