//! AR-04.

use crate::flaws::Flaws;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Placement, Pool, PoolKind, Zones};
use std::collections::BTreeSet;

guide! {
    /// # The cluster stands in one zone
    ///
    /// ## What is checked
    /// Over how many zones the control plane and the machines of each pool stand, and whether the provider may take every
    /// machine away at any time.
    ///
    /// ## Why it matters
    /// The loss of a zone is the common outage of a cloud. What stands in one zone is gone with it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | the control plane stands in one zone, or all machines do, or they are placed in none in particular where the region has several |
    /// | fail, medium | one pool stands in a single zone while others stand elsewhere, or every machine is one that the provider may take away |
    /// | pass | control plane and pools stand in two zones or more |
    /// | unknown | zones were not read, or the region may have none |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make a node group with subnets in several zones: `aws eks create-nodegroup --cluster-name NAME --nodegroup-name GROUP
    /// --subnets SUBNET SUBNET SUBNET --node-role ROLE`, and delete the old one.
    /// ### AKS
    /// Zones are chosen when a pool is made: `az aks nodepool add --resource-group GROUP --cluster-name NAME --name POOL
    /// --zones 1 2 3`, and delete the old one.
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --node-locations ZONE,ZONE,ZONE`. A zonal control plane stays
    /// zonal: make a regional cluster with `gcloud container clusters create NAME --region REGION`.
    ///
    /// ## Limits
    /// One pool for each zone is a good design for some storage: accept the finding there. Where pods really run is not seen.
    pub struct OneZone;
}

impl Control for OneZone {
    const META: Meta = Meta {
        id: "AR-04",
        name: "one-zone",
        title: "Control plane and nodes span zones",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::High,
        effort: Effort::Xl,
        needs: &[FactKind::Placement, FactKind::Pools, FactKind::PoolZones],
        maps: "NIST-800-53r5:CP-10,SC-36,CP-2; SOC2-TSC:A1.2; ISO-27001-2022:A.8.14",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || judge_zones(cluster))
    }
}

fn judge_zones(cluster: &Cluster) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    match cluster.lifecycle.placement.get() {
        Err(gap) => flaws.doubt(gap),
        Ok(Placement::OneZone { zone }) => {
            flaws.prove(Severity::High, format!("the control plane stands in one zone, `{zone}`"));
        }
        Ok(Placement::Spread { .. }) => (),
    }
    let pools = match cluster.pools.get() {
        Ok(pools) => pools.iter().filter(|pool| pool.kind != PoolKind::Serverless).collect(),
        Err(gap) => {
            flaws.doubt(gap);
            Vec::new()
        }
    };
    judge_pools(&pools, &mut flaws);
    let mut verdict = flaws.settle(|| Ok(Verdict::pass("control plane and pools stand in several zones")))?;
    verdict = verdict.seen_in(&cluster.lifecycle.placement);
    for pool in pools {
        verdict = verdict.seen_in(&pool.upkeep.zones);
    }
    Ok(verdict)
}

fn judge_pools(pools: &[&Pool], flaws: &mut Flaws) {
    let read: Vec<(&Pool, &Zones)> =
        pools.iter().filter_map(|pool| Some((*pool, pool.upkeep.zones.get().ok()?))).collect();
    for pool in pools {
        if let Some(gap) = pool.upkeep.zones.gap() {
            flaws.doubt(gap.clone());
        }
    }
    for (pool, zones) in read.iter().filter(|(_, zones)| zones.zones.is_empty()) {
        let because = format!("the machines of pool `{}` stand in no zone in particular: {}", pool.name, zones.because);
        flaws.prove(Severity::High, because);
    }
    let all: BTreeSet<&str> = read.iter().flat_map(|(_, zones)| zones.zones.iter().map(String::as_str)).collect();
    for (pool, zones) in &read {
        let mut names = zones.zones.iter();
        let (Some(zone), None) = (names.next(), names.next()) else { continue };
        // Whether others stand elsewhere is only known when all were read; that this one stands in one zone is known.
        let alone = all.len() == 1 && read.len() == pools.len();
        let severity = if alone { Severity::High } else { Severity::Medium };
        flaws.prove(severity, format!("pool `{}` stands in zone `{zone}` alone: {}", pool.name, zones.because));
    }
    if !pools.is_empty() && read.len() == pools.len() && read.iter().all(|(_, zones)| zones.reclaimable) {
        flaws.prove(Severity::Medium, "every machine is one that the provider may take away at any time");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(placement: Observed<Placement>, pools: Vec<Observed<Zones>>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Gcp);
        let first = cluster.pools.get().unwrap()[0].clone();
        let pool = |(number, zones)| {
            let mut pool = first.clone();
            pool.name = format!("pool-{number}");
            pool.upkeep.zones = zones;
            pool
        };
        cluster.pools = known(pools.into_iter().enumerate().map(pool).collect());
        cluster.lifecycle.placement = placement;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = OneZone::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    fn spread() -> Observed<Placement> {
        known(Placement::Spread { because: "regional".to_owned() })
    }

    fn zones(names: &[&str], reclaimable: bool) -> Observed<Zones> {
        let zones = names.iter().map(ToString::to_string).collect();
        known(Zones { zones, reclaimable, because: "subnets".to_owned() })
    }

    #[test]
    fn one_zone_fails_and_one_pool_in_it_fails_more_softly_beside_others() {
        let fail = |severity| Ok((State::Fail, Some(severity)));
        assert_eq!(judge(spread(), vec![zones(&["a", "b"], false)]), Ok((State::Pass, None)));
        assert_eq!(judge(spread(), vec![zones(&["a"], false)]), fail(Severity::High));
        assert_eq!(judge(spread(), vec![zones(&["a"], false), zones(&["a"], false)]), fail(Severity::High));
        assert_eq!(judge(spread(), vec![zones(&["a"], false), zones(&["b"], false)]), fail(Severity::Medium));
        assert_eq!(judge(spread(), vec![zones(&[], false)]), fail(Severity::High));
        assert_eq!(judge(spread(), vec![zones(&["a", "b"], true)]), fail(Severity::Medium));
        assert_eq!(judge(spread(), vec![zones(&["a", "b"], true), zones(&["a", "b"], false)]), Ok((State::Pass, None)));
        let zonal = known(Placement::OneZone { zone: "a".to_owned() });
        assert_eq!(judge(zonal, vec![zones(&["a", "b"], false)]), fail(Severity::High));
    }

    #[test]
    fn zones_that_were_not_read_are_not_several() {
        assert_eq!(judge(spread(), vec![zones(&["a", "b"], false), Observed::missing(gap())]), Err(gap()));
        assert_eq!(judge(Observed::missing(gap()), vec![zones(&["a", "b"], false)]), Err(gap()));
    }
}
