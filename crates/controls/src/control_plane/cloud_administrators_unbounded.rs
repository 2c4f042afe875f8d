//! CP-13.

use crate::flaws::Flaws;
use crate::quoted::{listed, quoted};
use palisade_authority::Certainty;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Administrator, Cluster, FactKind, Gap, PrincipalKind};
use std::collections::BTreeSet;

guide! {
    /// # The cloud makes too many administrators
    ///
    /// ## What is checked
    /// Who is an administrator inside the cluster because the cloud says so: by an access policy for the whole cluster, by a
    /// role of the subscription or project and what stands above it, or by a setting of the cluster.
    ///
    /// ## Why it matters
    /// The cloud's roles are a second RBAC that no role binding shows. A wide role on a project is the right to read every
    /// Secret of every cluster in it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | everybody is an administrator, or somebody whom the policy's `approved_minters` does not name; without such a list, a single person, somebody outside, or more than the policy's `most_administrators` (5) |
    /// | pass | only principals that `approved_minters` names; without such a list, at most so many groups and roles |
    /// | unknown | assignments or access policies were not read, or such a right hangs on a condition, which is named |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks disassociate-access-policy --cluster-name NAME --principal-arn PRINCIPAL --policy-arn
    /// arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`, then `aws eks associate-access-policy` with
    /// `--access-scope type=namespace,namespaces=NAMESPACE` and a smaller policy.
    /// ### AKS
    /// `az role assignment delete --assignee PRINCIPAL --role ROLE --scope SCOPE`, and `Azure Kubernetes Service RBAC
    /// Writer` or `Reader` on a namespace instead.
    /// ### GKE
    /// `gcloud projects remove-iam-policy-binding PROJECT --member MEMBER --role ROLE`, and role bindings per namespace
    /// instead.
    ///
    /// ## Limits
    /// Who is in a group, and who may assume a role, is not unfolded. Role bindings inside the cluster and the config map
    /// `aws-auth` are not read. Who can make himself an administrator first is ID-13's.
    pub struct CloudAdministratorsUnbounded;
}

impl Control for CloudAdministratorsUnbounded {
    const META: Meta = Meta {
        id: "CP-13",
        name: "cloud-administrators-unbounded",
        title: "Cluster-admin handed out by the cloud is bounded",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Administrators],
        maps: "CIS-EKS-2.0.0:4.1.7; CIS-EKS-1.8.0:4.1.7; CIS-AKS-1.8.0:5.5.2; CIS-GKE-1.9.0:5.8.2; CIS-K8S-2.0.1:5.1.1; NSA-CISA-1.2:RBAC; NIST-800-53r5:AC-2,AC-6,AC-6(5); PCI-DSS-4.0.1:7.2.2,7.2.5; SOC2-TSC:CC6.3; ISO-27001-2022:A.8.2,A.5.18",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.access.administrators;
        whole(cluster, || Ok(judge_administrators(fact.get()?, context.policy)?.seen_in(fact)))
    }
}

fn judge_administrators(administrators: &[Administrator], policy: &Policy) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    let unwelcome = || administrators.iter().filter(|one| !is_welcome(one, policy));
    let certain = listed(unwelcome().filter(|one| one.certainty.is_certain()).map(said), "; ");
    if !certain.is_empty() {
        flaws.prove(Severity::High, format!("the cloud makes an administrator of {certain}"));
    }
    for one in unwelcome() {
        match &one.certainty {
            Certainty::Certain => (),
            Certainty::Conditional(on) => {
                flaws.unsettled(format!("{} may be an administrator: it hangs on {}", said(one), quoted(on)));
            }
        }
    }
    let names = |certain: bool| -> BTreeSet<&str> {
        let of = administrators.iter().filter(|one| one.certainty.is_certain() || !certain);
        of.map(|one| one.principal.as_str()).collect()
    };
    let most = policy.most_administrators;
    if policy.approved_minters.is_none() {
        let (sure, all) = (names(true), names(false));
        if sure.len() > most {
            flaws.prove(
                Severity::High,
                format!("the cloud makes {} administrators, more than {most}: {}", sure.len(), quoted(sure)),
            );
        } else if all.len() > most {
            flaws.unsettled(format!("the cloud may make {} administrators, more than {most}", all.len()));
        }
    }
    flaws.settle(|| {
        let who = quoted(names(false));
        Ok(Verdict::pass(if who.is_empty() {
            "the cloud makes nobody an administrator of the cluster".to_owned()
        } else {
            format!("the cloud makes administrators only of {who}")
        }))
    })
}

/// Whether nothing speaks against it by itself.
fn is_welcome(one: &Administrator, policy: &Policy) -> bool {
    match (one.kind, &policy.approved_minters) {
        (PrincipalKind::Everyone, _) | (PrincipalKind::User | PrincipalKind::External, None) => false,
        (PrincipalKind::Group | PrincipalKind::Role, None) => true,
        (
            PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Role | PrincipalKind::External,
            Some(approved),
        ) => approved.contains(&one.principal),
    }
}

fn said(one: &Administrator) -> String {
    let kind = match one.kind {
        PrincipalKind::User => "a person",
        PrincipalKind::Group => "a group",
        PrincipalKind::Role => "a role",
        PrincipalKind::Everyone => "everybody",
        PrincipalKind::External => "somebody outside",
    };
    format!("`{}` ({kind}) by {}", one.principal, quoted(&one.by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<Vec<Administrator>>, approved: Option<&[&str]>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.access.administrators = fact;
        let approved_minters = approved.map(|names| names.iter().map(ToString::to_string).collect());
        let policy = Policy { approved_minters, ..Policy::default() };
        CloudAdministratorsUnbounded::judge(&cluster, &Context { policy: &policy, now: now() }).remove(0).verdict
    }

    fn named(names: &[&str], kind: PrincipalKind, certainty: &Certainty) -> Vec<Administrator> {
        let one = |name: &&str| Administrator {
            principal: (*name).to_owned(),
            kind,
            by: vec!["roles/container.admin".to_owned()],
            certainty: certainty.clone(),
        };
        names.iter().map(one).collect()
    }

    fn state(names: &[&str], kind: PrincipalKind, approved: Option<&[&str]>) -> State {
        judge(known(named(names, kind, &Certainty::Certain)), approved).unwrap().state
    }

    #[test]
    fn without_a_list_people_fail_and_groups_fail_by_their_number() {
        assert_eq!(state(&["a"], PrincipalKind::User, None), State::Fail);
        assert_eq!(state(&["a", "b", "c", "d", "e"], PrincipalKind::Group, None), State::Pass);
        assert_eq!(state(&["a", "b", "c", "d", "e", "f"], PrincipalKind::Group, None), State::Fail);
    }

    #[test]
    fn with_a_list_its_names_pass_and_everybody_never_does() {
        assert_eq!(state(&["a"], PrincipalKind::User, Some(&["a"])), State::Pass);
        assert_eq!(state(&["b"], PrincipalKind::Role, Some(&["a"])), State::Fail);
        assert_eq!(state(&["a"], PrincipalKind::Everyone, Some(&["a"])), State::Fail);
    }

    #[test]
    fn what_hangs_on_a_condition_counts_for_neither_side() {
        let certainty = Certainty::Conditional(["request.time".to_owned()].into());
        for (names, kind) in [(&["a"][..], PrincipalKind::User), (&["a", "b", "c", "d", "e", "f"], PrincipalKind::Role)]
        {
            let verdict = judge(known(named(names, kind, &certainty)), None);
            assert!(matches!(verdict, Err(Gap::Unsettled { .. })), "{verdict:?}");
        }
    }

    #[test]
    fn nobody_passes_and_unread_assignments_are_a_gap() {
        assert_eq!(judge(known(Vec::new()), None).unwrap().state, State::Pass);
        assert_eq!(judge(Observed::missing(gap()), None), Err(gap()));
    }
}
