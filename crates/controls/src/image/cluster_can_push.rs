//! IM-03.

use crate::{flaws::Flaws, identity::membership, quoted::quoted};
use palisade_authority::{Capability, Certainty, Standing};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, per_identity,
};
use palisade_model::{Cluster, FactKind, Gap, Identity, IdentityKind};

guide! {
    /// # The cluster can write images
    ///
    /// ## What is checked
    /// For each cloud identity of the nodes, the workloads and the controllers: whether what it may effectively do amounts
    /// to writing images into a registry.
    ///
    /// ## Why it matters
    /// Whoever breaks out of one pod then puts an image of his own where every cluster that pulls it runs it. A cluster
    /// needs to pull; pushing is for the pipeline that builds.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | the identity may push to a registry, or may do everything |
    /// | pass | nothing that it may do writes an image |
    /// | unknown | its rights were not read, hang on a condition, or could come from a group whose members were not read |
    /// | not applicable | no node, workload or controller of the cluster has a cloud identity |
    ///
    /// ## Remediation
    /// ### EKS
    /// Replace `AmazonEC2ContainerRegistryPowerUser` and `AmazonEC2ContainerRegistryFullAccess`: `aws iam
    /// attach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly`, then
    /// `aws iam detach-role-policy --role-name ROLE --policy-arn POLICY`
    /// ### AKS
    /// `az role assignment delete --assignee PRINCIPAL --role AcrPush --scope REGISTRY`, then `az role assignment create
    /// --assignee PRINCIPAL --role AcrPull --scope REGISTRY` (`Container Registry Repository Reader` where the registry is in
    /// ABAC mode)
    /// ### GKE
    /// `gcloud artifacts repositories remove-iam-policy-binding REPOSITORY --location LOCATION --member
    /// serviceAccount:ACCOUNT --role roles/artifactregistry.writer`, then add `roles/artifactregistry.reader`
    ///
    /// ## Limits
    /// Registries of other companies are not asked. A repository's own policy may admit the identity where its own rights do
    /// not: that is judged with the registry (IM-04). A right that only deletes images does not count, and neither do the
    /// buckets behind the former Container Registry of Google. A pipeline that builds inside the cluster has to push, which
    /// is what a waiver is for.
    pub struct ClusterCanPush;
}

impl Control for ClusterCanPush {
    const META: Meta = Meta {
        id: "IM-03",
        name: "cluster-can-push",
        title: "The cluster can only pull",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Identities, FactKind::Standing, FactKind::UnreadGroups],
        maps: "CIS-EKS-2.0.0:5.1.3; CIS-EKS-1.8.0:5.1.3; CIS-AKS-1.8.0:5.1.3; CIS-GKE-1.9.0:5.1.3; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-6; PCI-DSS-4.0.1:7.2.5; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2; NIST-800-190:4.2.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let none = "no node, workload or controller of the cluster has a cloud identity";
        let judged = per_identity(cluster, none, pulls, |identity| {
            Ok(judge_standing(identity, identity.standing.get()?)?.seen_in(&identity.standing))
        });
        membership::put_passes_in_doubt(cluster, judged, "push nothing", |group| {
            group.adds.contains(&Capability::PushImage) || group.wildcards.iter().any(|wide| wide.pattern == "*")
        })
    }
}

/// Who runs what was pulled: all but the provider's own control plane.
fn pulls(identity: &Identity) -> bool {
    match identity.kind {
        IdentityKind::Node | IdentityKind::Workload | IdentityKind::Controller => true,
        IdentityKind::ControlPlane => false,
    }
}

fn judge_standing(identity: &Identity, standing: &Standing) -> Result<Verdict, Gap> {
    let (name, mut flaws) = (&identity.name, Flaws::default());
    let mut say = |certainty: &Certainty, said: String| match certainty {
        Certainty::Certain => flaws.prove(Severity::High, said),
        Certainty::Conditional(on) => flaws.unsettled(format!("{said}, if at all: it hangs on {}", quoted(on))),
    };
    if let Some((certainty, by)) = &standing.administrator {
        say(certainty, format!("`{name}` may do everything, writing images among it, by {}", quoted(by)));
    }
    for held in standing.held.iter().filter(|held| held.capability == Capability::PushImage) {
        let everywhere = if held.everywhere { " of every registry in scope" } else { "" };
        let (actions, by) = (quoted(&held.actions), quoted(&held.by));
        say(&held.certainty, format!("`{name}` writes images{everywhere} with {actions}, given by {by}"));
    }
    flaws.settle(|| Ok(Verdict::pass(format!("nothing that `{name}` may do writes an image"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_authority::{GrantId, Held};
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider, UnreadGroup};
    use palisade_testkit::{gap, known, now, tidy};
    use std::sync::Arc;

    fn judge(standing: Observed<Standing>, change: impl FnOnce(&mut Cluster)) -> Vec<Result<Verdict, Gap>> {
        let mut cluster = tidy(Provider::Aws);
        let mut identities = cluster.identities.get().unwrap().clone();
        identities[1].standing = standing.map(Arc::new);
        cluster.identities = known(identities);
        change(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        ClusterCanPush::judge(&cluster, &context).into_iter().map(|one| one.verdict).collect()
    }

    fn first(standing: Standing) -> Result<Verdict, Gap> {
        judge(known(standing), |_| ()).remove(0)
    }

    fn pushing(certainty: Certainty) -> Standing {
        let (actions, by) = (vec!["ecr:PutImage".to_owned()], vec![GrantId::from("policy power-user")]);
        let held = Held { capability: Capability::PushImage, certainty, actions, by, everywhere: true };
        Standing { held: vec![held], ..Standing::default() }
    }

    #[test]
    fn a_node_that_may_push_fails_with_the_action_and_the_policy_that_gives_it() {
        let verdict = first(pushing(Certainty::Certain)).unwrap();
        assert_eq!(verdict.state, State::Fail);
        let said = "`node-identity` writes images of every registry in scope with `ecr:PutImage`, given by `policy power-user`";
        assert_eq!(verdict.because, said);
    }

    #[test]
    fn an_administrator_pushes_too_and_a_right_to_pull_is_fine() {
        let administrator = Some((Certainty::Certain, vec![GrantId::from("policy admin")]));
        assert_eq!(first(Standing { administrator, ..Standing::default() }).unwrap().state, State::Fail);
        let mut pulling = pushing(Certainty::Certain);
        pulling.held[0].capability = Capability::PullAnyImage;
        assert_eq!(first(pulling).unwrap().state, State::Pass);
    }

    #[test]
    fn a_right_that_hangs_on_a_condition_settles_nothing() {
        let on = Certainty::Conditional(["aws:SourceVpce".to_owned()].into());
        assert!(matches!(first(pushing(on)), Err(Gap::Unsettled { what }) if what.contains("`aws:SourceVpce`")));
    }

    #[test]
    fn the_control_plane_pulls_nothing_and_is_not_asked() {
        assert_eq!(judge(known(Standing::default()), |_| ()).len(), 3);
        let verdicts = judge(known(Standing::default()), |cluster| cluster.identities = known(Vec::new()));
        assert_eq!(verdicts[0].as_ref().unwrap().state, State::NotApplicable);
    }

    #[test]
    fn a_group_whose_members_were_not_read_and_which_may_push_lets_nobody_pass() {
        let group = |adds: Capability| UnreadGroup {
            group: "builders".to_owned(),
            by: vec!["AcrPush at registry".into()],
            adds: [adds].into(),
            everywhere: [].into(),
            wildcards: Vec::new(),
            readable_with: "Members.Read",
        };
        let judged = |adds| {
            judge(known(Standing::default()), move |cluster| {
                cluster.unread_groups = known(vec![group(adds)]).map(Into::into);
            })
        };
        let doubted = judged(Capability::PushImage);
        assert!(matches!(&doubted[..], [Err(Gap::NotCollected { what })] if what.contains("push nothing, unless")));
        assert!(judged(Capability::PullAnyImage).iter().all(Result::is_ok));
    }

    #[test]
    fn unread_rights_are_a_gap() {
        assert_eq!(judge(Observed::missing(gap()), |_| ())[0], Err(gap()));
    }
}
