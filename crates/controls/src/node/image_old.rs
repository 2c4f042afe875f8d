//! ND-10.

use crate::{node::per_pool_of_machines, time::days_between};
use palisade_engine::{Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide};
use palisade_model::{Cluster, FactKind, Gap, ImageAge, Newest, Pool};

guide! {
    /// # The node image is old
    ///
    /// ## What is checked
    /// When the oldest image that runs in a pool was published, and whether the provider offers a newer one.
    ///
    /// ## Why it matters
    /// Fixes of the kernel, the container runtime and the kubelet come with a new image and with nothing else.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | it is more than twice as old as the policy's `image_age_days` (45) and not the newest |
    /// | fail, medium | it is older than the policy's `image_age_days` and not the newest, or it has no day and the provider has withdrawn it |
    /// | pass | it is the newest, or no older than the policy's `image_age_days` |
    /// | inherited | the provider replaces machines within days (Auto Mode) |
    /// | unknown | its day was not read; or it is old or has no day, and what is newest was not read or does not settle it |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-nodegroup-version --cluster-name NAME --nodegroup-name POOL`; with a launch template, name the new image
    /// there first. Machines of Karpenter follow their node class: set `amiSelectorTerms` to `@latest`.
    /// ### AKS
    /// `az aks nodepool upgrade --resource-group GROUP --cluster-name NAME --name POOL --node-image-only`
    /// ### GKE
    /// `gcloud container clusters upgrade NAME --node-pool POOL`
    ///
    /// ## Limits
    /// Amazon says which image is newest only in Systems Manager, which is not asked: on EKS the day alone decides. Google publishes
    /// no day for its versions, and which it offers is not asked: on GKE the verdict is unknown and says whether the pool is
    /// behind its control plane. An image
    /// that its owner has withdrawn cannot be dated.
    pub struct ImageOld;
}

impl Control for ImageOld {
    const META: Meta = Meta {
        id: "ND-10",
        name: "image-old",
        title: "Node image is recent",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pools, FactKind::ImageAge, FactKind::NewestImage],
        maps: "CIS-GKE-1.9.0:5.5.3; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SI-2,RA-5; PCI-DSS-4.0.1:6.3.3; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8; NIST-800-190:4.5.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| {
            let machinery = &pool.machinery;
            Ok(judge_pool(pool, context)?.seen_in(&machinery.image_age).seen_in(&machinery.newest))
        })
    }
}

/// The day settles it for a young image; what is newest is asked only of an old one, or of one without a day.
fn judge_pool(pool: &Pool, context: &Context<'_>) -> Result<Verdict, Gap> {
    let name = &pool.name;
    let newest = pool.machinery.newest.get();
    let (image, published) = match pool.machinery.image_age.get()? {
        ImageAge::Provider { reference } => {
            return Ok(Verdict::inherited(format!("the provider replaces the machines of pool `{name}`: {reference}")));
        }
        ImageAge::Undated { image, because } => return judge_undated(name, image, because, newest?),
        ImageAge::Dated { image, published } => (image, *published),
    };
    let age = days_between(published, context.now);
    let limit = i64::from(context.policy.image_age_days);
    let said = format!("pool `{name}` runs `{image}`, published {age} days ago");
    if age <= limit {
        return Ok(Verdict::pass(format!("{said}; the policy allows {limit}")));
    }
    let newer = match newest? {
        Newest::Current { .. } => return Ok(Verdict::pass(format!("{said}, and there is no newer one"))),
        Newest::Behind { newest } => format!("; `{newest}` is newer"),
        Newest::Unpublished { .. } | Newest::Withdrawn { .. } => String::new(),
    };
    let severity = if age > 2 * limit { Severity::High } else { Severity::Medium };
    Ok(Verdict::fail(format!("{said}, and the policy allows {limit}{newer}")).severity(severity))
}

fn judge_undated(name: &str, image: &str, because: &str, newest: &Newest) -> Result<Verdict, Gap> {
    let newer = match newest {
        Newest::Current { .. } => {
            return Ok(Verdict::pass(format!("pool `{name}` runs `{image}`, the newest there is")));
        }
        Newest::Withdrawn { .. } => {
            let said = format!("pool `{name}` runs `{image}`, which the provider no longer offers");
            return Ok(Verdict::fail(said).severity(Severity::Medium));
        }
        Newest::Behind { newest } => format!("`{newest}` is newer"),
        Newest::Unpublished { because } => because.clone(),
    };
    Err(Gap::Unsettled { what: format!("pool `{name}` runs `{image}`: {because}, and {newer}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::days;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(age: Observed<ImageAge>, newest: Observed<Newest>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Azure);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        (pool.machinery.image_age, pool.machinery.newest) = (age, newest);
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        ImageOld::judge(&cluster, &context).remove(0).verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    fn old(count: u32) -> Observed<ImageAge> {
        known(ImageAge::Dated { image: "image-1".to_owned(), published: now() - days(count) })
    }

    fn behind() -> Observed<Newest> {
        known(Newest::Behind { newest: "image-2".to_owned() })
    }

    fn missing<T>() -> Observed<T> {
        Observed::missing(gap())
    }

    #[test]
    fn an_image_is_old_after_45_days_and_very_old_after_90() {
        assert_eq!(judge(old(45), behind()), Ok((State::Pass, None)));
        assert_eq!(judge(old(46), behind()), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(judge(old(91), behind()), Ok((State::Fail, Some(Severity::High))));
        let unpublished = known(Newest::Unpublished { because: "nobody says".to_owned() });
        assert_eq!(judge(old(91), unpublished), Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn the_newest_image_passes_however_old_and_a_young_one_passes_unseen() {
        assert_eq!(judge(old(91), known(Newest::Current { image: "image-1".to_owned() })), Ok((State::Pass, None)));
        assert_eq!(judge(old(3), missing()), Ok((State::Pass, None)));
    }

    #[test]
    fn an_old_image_of_which_nobody_read_whether_it_is_the_newest_is_unknown() {
        assert_eq!(judge(old(91), missing()), Err(gap()));
        assert_eq!(judge(missing(), behind()), Err(gap()));
        let undated = ImageAge::Undated { image: "1.34.3-gke.1".to_owned(), because: "no day".to_owned() };
        assert!(matches!(judge(known(undated), behind()), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn a_withdrawn_image_fails_without_a_day() {
        let undated = || known(ImageAge::Undated { image: "1.29.0".to_owned(), because: "no day".to_owned() });
        let withdrawn = known(Newest::Withdrawn { image: "1.29.0".to_owned() });
        assert_eq!(judge(undated(), withdrawn), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(judge(undated(), known(Newest::Current { image: "1.29.0".to_owned() })), Ok((State::Pass, None)));
        assert_eq!(judge(undated(), missing()), Err(gap()));
        assert_eq!(
            judge(known(ImageAge::Provider { reference: "Auto Mode" }), missing()),
            Ok((State::Inherited, None))
        );
    }
}
