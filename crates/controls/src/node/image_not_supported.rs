//! ND-09.

use crate::{
    node::per_pool_of_machines,
    retirements::{day, life},
};
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear,
};
use palisade_model::{Cluster, FactKind, Gap, Image, Pool};

guide! {
    /// # The node image is not supported any more
    ///
    /// ## What is checked
    /// The operating system that a pool's machines start with, against a dated list of the families that the providers publish and
    /// of the days on which they retire.
    ///
    /// ## Why it matters
    /// A retired image gets no fixes. Whoever breaks out of a container breaks into the kernel of that image.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the family has been retired; an image of your own: somebody says that nobody mends it |
    /// | pass | the provider publishes the family and has not retired it; an image of your own: somebody says that it is mended |
    /// | inherited | the provider chooses the image and replaces it (Auto Mode, Autopilot) |
    /// | attest missing | the image is your own, and nobody has said who mends it |
    /// | attest expired | the answer is older than a year, or was given until an earlier day |
    /// | unknown | the setting was not read, or names a family that this version does not know |
    /// | not applicable | the pool is serverless, or there are no pools |
    ///
    /// ## Remediation
    /// ### EKS
    /// Make a node group with a current image and drain the old one: `aws eks create-nodegroup --cluster-name NAME
    /// --nodegroup-name NEW --ami-type AL2023_x86_64_STANDARD --subnets SUBNETS --node-role ROLE`, or a `BOTTLEROCKET_` type.
    /// ### AKS
    /// `az aks nodepool update --resource-group GROUP --cluster-name NAME --name POOL --os-sku AzureLinux3` where AKS migrates in
    /// place, else `az aks nodepool add` with that `--os-sku`; then drain and delete the old pool.
    /// ### GKE
    /// `gcloud container node-pools update POOL --cluster NAME --image-type COS_CONTAINERD`; machines are made anew one by one.
    ///
    /// ## Limits
    /// What a self-made image holds is not read. Ubuntu and Windows families pass: they are larger than a container-focused system
    /// and still mended. Whether the image in use is recent is ND-10's.
    pub struct ImageNotSupported;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "mended",
        asks: "Is the image of your own that nodes of this cluster start from built on a system that still gets fixes, and built anew when they come?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for ImageNotSupported {
    const META: Meta = Meta {
        id: "ND-09",
        name: "image-not-supported",
        title: "Node image is a supported, container-focused operating system",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::Pools, FactKind::Image],
        maps: "CIS-GKE-1.9.0:5.5.1; NSA-CISA-1.2:Worker node segmentation; NIST-800-53r5:CM-7,SA-22; PCI-DSS-4.0.1:6.3.3,2.2.5; SOC2-TSC:CC6.8,CC7.1; ISO-27001-2022:A.8.8,A.8.9; NIST-800-190:4.5.1",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        per_pool_of_machines(cluster, |pool| Ok(judge_pool(cluster, pool, context)?.seen_in(&pool.machinery.image)))
    }
}

fn judge_pool(cluster: &Cluster, pool: &Pool, context: &Context<'_>) -> Result<Verdict, Gap> {
    let name = &pool.name;
    let (word, because) = match pool.machinery.image.get()? {
        Image::Provider { reference } => {
            return Ok(Verdict::inherited(format!("the provider chooses the image of pool `{name}`: {reference}")));
        }
        Image::Own { id } => {
            let said = format!("pool `{name}` starts from an image of your own, `{id}`: say who mends it");
            return Ok(hear(cluster, context, &ImageNotSupported::META, &ASKS).or(Verdict::attest_missing(said)));
        }
        Image::Family { word, because } => (word, because),
    };
    let Some(life) = life(cluster.provider, "node image", word) else {
        let what = format!("pool `{name}`: the list of families does not know `{word}` ({because})");
        return Err(Gap::Unsettled { what });
    };
    Ok(match life.ends {
        Some(day) if day <= self::day(context.now) => {
            Verdict::fail(format!("pool `{name}` starts from `{word}`, retired on {day} ({})", life.source))
        }
        Some(day) => Verdict::pass(format!("pool `{name}` starts from `{word}`, which the provider mends until {day}")),
        None => Verdict::pass(format!("pool `{name}` starts from `{word}`, which the provider mends")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(provider: Provider, image: Option<Image>) -> Result<State, Gap> {
        let mut cluster = tidy(provider);
        let mut pool = cluster.pools.get().unwrap()[0].clone();
        match image {
            Some(image) => pool.machinery.image = known(image),
            None => pool.machinery.image.hide(gap()),
        }
        cluster.pools = known(vec![pool]);
        let context = Context { policy: &Policy::default(), now: now() };
        ImageNotSupported::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn family(word: &str) -> Image {
        Image::Family { word: word.to_owned(), because: "`amiType`".to_owned() }
    }

    #[test]
    fn retired_families_fail_and_others_pass_on_every_provider() {
        for (provider, word, state) in [
            (Provider::Aws, "AL2_x86_64", State::Fail),
            (Provider::Aws, "BOTTLEROCKET_x86_64", State::Pass),
            (Provider::Azure, "Azure Linux 2", State::Fail),
            (Provider::Azure, "Ubuntu 22.04", State::Pass),
            (Provider::Gcp, "COS", State::Fail),
            (Provider::Gcp, "UBUNTU_CONTAINERD", State::Pass),
        ] {
            assert_eq!(judge(provider, Some(family(word))), Ok(state), "{provider} {word}");
        }
    }

    #[test]
    fn a_family_nobody_listed_is_neither_good_nor_bad() {
        assert!(matches!(judge(Provider::Aws, Some(family("AL2030_x86_64"))), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(Provider::Gcp, None), Err(gap()));
    }

    #[test]
    fn an_own_image_asks_a_person_and_a_chosen_one_is_the_providers() {
        assert_eq!(judge(Provider::Aws, Some(Image::Own { id: "ami-1".to_owned() })), Ok(State::AttestMissing));
        assert_eq!(judge(Provider::Gcp, Some(Image::Provider { reference: "Autopilot" })), Ok(State::Inherited));
    }
}
