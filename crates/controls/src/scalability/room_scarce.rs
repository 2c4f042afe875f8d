//! SC-02.

use crate::flaws::Flaws;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Observed, PoolKind, Room};

guide! {
    /// # There is no room to grow
    ///
    /// ## What is checked
    /// How much of what a cluster grows into is in use: the most machines of each pool, the addresses of their subnets, and the
    /// addresses of pods.
    ///
    /// ## Why it matters
    /// At the limit nothing fails loudly: pods wait, upgrades stop half-way, a zone that is lost is not made up for.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | more than 90 percent of something is in use |
    /// | fail, medium | 80 to 90 percent of something is in use |
    /// | pass | less than 80 percent of everything that was read is in use |
    /// | unknown | something was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// Raise the most machines (`aws eks update-nodegroup-config --scaling-config maxSize=N`), add subnets to the node group, or give
    /// the VPC another range: `aws ec2 associate-vpc-cidr-block --vpc-id VPC --cidr-block RANGE`.
    /// ### AKS
    /// `az aks nodepool update --resource-group GROUP --cluster-name NAME --name POOL --update-cluster-autoscaler --min-count N
    /// --max-count M`; a pool in a larger subnet for addresses.
    /// ### GKE
    /// `gcloud container clusters update NAME --node-pool POOL --enable-autoscaling --max-nodes N`; `--additional-pod-ipv4-ranges RANGE` for
    /// the addresses of pods.
    ///
    /// ## Limits
    /// Quotas of the account, subscription or project are not read. An upgrade needs a few more addresses than are in use now: EKS up to
    /// five in each subnet of the control plane.
    pub struct RoomScarce;
}

impl Control for RoomScarce {
    const META: Meta = Meta {
        id: "SC-02",
        name: "room-scarce",
        title: "There is headroom in node maxima, addresses and quotas",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Scalability,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::Room],
        maps: "NIST-800-53r5:AU-4,CP-2,SC-5; SOC2-TSC:A1.1,A1.2; ISO-27001-2022:A.8.6",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let mut verdict = judge_cluster(cluster)?.seen_in(&cluster.network.room).seen_in(&cluster.pools);
            for pool in cluster.pools.get().ok().into_iter().flatten() {
                verdict = verdict.seen_in(&pool.machinery.room);
            }
            Ok(verdict)
        })
    }
}

/// A serverless pool grows into what the provider has.
fn judge_cluster(cluster: &Cluster) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    let mut most: Option<(u64, String)> = None;
    let mut look = |of: &str, fact: &Observed<Vec<Room>>| match fact.get() {
        Ok(rooms) => {
            for room in rooms {
                let said = format!("{of}: {} of {} {} are in use", room.used, room.limit, room.what);
                let percent = percent(room);
                match percent {
                    91.. => flaws.prove(Severity::High, said.clone()),
                    80.. => flaws.prove(Severity::Medium, said.clone()),
                    0.. => (),
                }
                if most.as_ref().is_none_or(|known| known.0 < percent) {
                    most = Some((percent, said));
                }
            }
        }
        Err(gap) => flaws.doubt(gap),
    };
    look("the cluster", &cluster.network.room);
    match cluster.pools.get() {
        Ok(pools) => {
            for pool in pools.iter().filter(|pool| pool.kind != PoolKind::Serverless) {
                look(&format!("pool `{}`", pool.name), &pool.machinery.room);
            }
        }
        Err(gap) => flaws.doubt(gap),
    }
    flaws.settle(|| {
        Ok(Verdict::pass(match most {
            Some((_, said)) => format!("there is room; most is used of this: {said}"),
            None => "nothing that the cluster grows into has a limit of its own".to_owned(),
        }))
    })
}

/// Used of a hundred, rounded up; nothing of nothing is all of it.
fn percent(room: &Room) -> u64 {
    if room.limit == 0 { 100 } else { room.used.saturating_mul(100).div_ceil(room.limit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(rooms: Option<&[(u64, u64)]>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        match rooms {
            Some(rooms) => {
                let room =
                    |(used, limit): &(u64, u64)| Room { what: "addresses".to_owned(), used: *used, limit: *limit };
                pool.machinery.room = known(rooms.iter().map(room).collect());
            }
            None => pool.machinery.room.hide(gap()),
        }
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        RoomScarce::judge(&cluster, &context).remove(0).verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    #[test]
    fn four_fifths_are_much_and_nine_tenths_too_much() {
        for (used, expected) in [
            (79, (State::Pass, None)),
            (80, (State::Fail, Some(Severity::Medium))),
            (90, (State::Fail, Some(Severity::Medium))),
            (91, (State::Fail, Some(Severity::High))),
            (100, (State::Fail, Some(Severity::High))),
        ] {
            assert_eq!(judge(Some(&[(1, 100), (used, 100)])), Ok(expected), "{used}");
        }
        assert_eq!(judge(Some(&[(0, 0)])), Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn what_has_no_limit_passes_and_what_was_not_read_is_a_gap() {
        assert_eq!(judge(Some(&[])), Ok((State::Pass, None)));
        assert_eq!(judge(None), Err(gap()));
    }

    #[test]
    fn the_cluster_is_judged_beside_its_pools_and_a_proof_outranks_a_gap() {
        let mut cluster = tidy(Provider::Aws);
        cluster.network.room = known(vec![Room { what: "addresses".to_owned(), used: 11, limit: 11 }]);
        let context = Context { policy: &Policy::default(), now: now() };
        let state =
            |cluster: &Cluster| RoomScarce::judge(cluster, &context).remove(0).verdict.map(|verdict| verdict.state);
        assert_eq!(state(&cluster), Ok(State::Fail));
        cluster.pools.hide(gap());
        assert_eq!(state(&cluster), Ok(State::Fail));
        cluster.network.room = known(Vec::new());
        assert_eq!(state(&cluster), Err(gap()));
    }
}
