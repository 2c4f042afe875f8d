//! ID-13.

use crate::flaws::Flaws;
use crate::quoted::{listed, quoted};
use palisade_authority::Certainty;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Minter, PrincipalKind};

guide! {
    /// # Too many can make themselves cluster credentials
    ///
    /// ## What is checked
    /// Who holds cloud rights that amount to credentials for the cluster: to add access entries, to fetch its
    /// administrator's credentials, to run commands in it or to change it. Parent scopes are counted in.
    ///
    /// ## Why it matters
    /// These people are administrators of the cluster, and no role binding inside it shows them.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | everybody can, or somebody whom the policy's `approved_minters` does not name; without such a list, a single person or somebody outside |
    /// | pass | nobody can, or only principals that `approved_minters` names |
    /// | unknown | assignments were not read, such a right hangs on a condition, which is named, or groups and roles can and the policy has no such list |
    ///
    /// ## Remediation
    /// ### EKS
    /// Take `eks:CreateAccessEntry`, `eks:AssociateAccessPolicy` and `eks:UpdateClusterConfig` out of what they hold: `aws
    /// iam detach-user-policy --user-name USER --policy-arn POLICY`, or deny them in a permissions boundary.
    /// ### AKS
    /// `az role assignment delete --assignee PRINCIPAL --role ROLE --scope SCOPE`, give what is needed in Privileged
    /// Identity Management, and close the static credential: `az aks update --resource-group GROUP --name NAME
    /// --disable-local-accounts`
    /// ### GKE
    /// `gcloud projects remove-iam-policy-binding PROJECT --member MEMBER --role roles/container.admin`
    ///
    /// ## Limits
    /// Who is in a group, and who may assume a role, is not unfolded. A role of a pipeline looks like any other role: name
    /// the ones you mean in `approved_minters`. `Everybody` cannot be approved.
    pub struct CredentialMintingWide;
}

impl Control for CredentialMintingWide {
    const META: Meta = Meta {
        id: "ID-13",
        name: "credential-minting-wide",
        title: "Who can mint cluster credentials through the cloud is limited",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Minters],
        maps: "CIS-EKS-2.0.0:4.1.7; CIS-EKS-1.8.0:4.1.7; CIS-AKS-1.8.0:5.5.2; CIS-GKE-1.9.0:5.8.2; CIS-K8S-2.0.1:5.1.1; NSA-CISA-1.2:Authentication,RBAC; NIST-800-53r5:AC-2,AC-6(5),AC-5; PCI-DSS-4.0.1:7.2.1,7.2.2; SOC2-TSC:CC6.2,CC6.3; ISO-27001-2022:A.5.18,A.8.2",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || Ok(judge_minters(cluster.minters.get()?, context.policy)?.seen_in(&cluster.minters)))
    }
}

fn judge_minters(minters: &[Minter], policy: &Policy) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    let unwelcome = || minters.iter().filter(|minter| !is_welcome(minter, policy));
    let certain = listed(unwelcome().filter(|minter| minter.certainty.is_certain()).map(said), "; ");
    if !certain.is_empty() {
        flaws.prove(Severity::High, format!("can make credentials for the cluster: {certain}"));
    }
    for minter in unwelcome() {
        match &minter.certainty {
            Certainty::Certain => (),
            Certainty::Conditional(on) => flaws.unsettled(format!(
                "can make credentials for the cluster: {}, if at all: it hangs on {}",
                said(minter),
                quoted(on)
            )),
        }
    }
    let who = quoted(minters.iter().map(|minter| &minter.principal));
    if policy.approved_minters.is_none() && !who.is_empty() {
        flaws.unsettled(format!(
            "{who} can make credentials for the cluster, and the policy does not say who may: name them in \
             `approved_minters`"
        ));
    }
    flaws.settle(|| {
        Ok(Verdict::pass(if who.is_empty() {
            "nobody can make credentials for the cluster through the cloud".to_owned()
        } else {
            format!("only approved principals can make credentials for the cluster: {who}")
        }))
    })
}

/// Whether nothing speaks against it yet. Without a list, groups and roles are neither welcome nor unwelcome.
fn is_welcome(minter: &Minter, policy: &Policy) -> bool {
    match (minter.kind, &policy.approved_minters) {
        (PrincipalKind::Everyone, _) | (PrincipalKind::User | PrincipalKind::External, None) => false,
        (PrincipalKind::Group | PrincipalKind::Role, None) => true,
        (
            PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Role | PrincipalKind::External,
            Some(approved),
        ) => approved.contains(&minter.principal),
    }
}

fn said(minter: &Minter) -> String {
    let kind = match minter.kind {
        PrincipalKind::User => "a person",
        PrincipalKind::Group => "a group",
        PrincipalKind::Role => "a role",
        PrincipalKind::Everyone => "everybody",
        PrincipalKind::External => "somebody outside",
    };
    format!("`{}` ({kind}) by {} in `{}`", minter.principal, quoted(&minter.by), minter.scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(minters: Observed<Vec<Minter>>, approved: Option<&[&str]>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.minters = minters;
        let approved_minters = approved.map(|names| names.iter().map(ToString::to_string).collect());
        let policy = Policy { approved_minters, ..Policy::default() };
        CredentialMintingWide::judge(&cluster, &Context { policy: &policy, now: now() }).remove(0).verdict
    }

    fn state(kind: PrincipalKind, approved: Option<&[&str]>) -> State {
        judge(known(vec![minter(kind, Certainty::Certain)]), approved).unwrap().state
    }

    fn minter(kind: PrincipalKind, certainty: Certainty) -> Minter {
        let by = vec!["container.clusters.update".to_owned()];
        Minter { principal: "bob".to_owned(), kind, by, scope: "project shop".to_owned(), certainty }
    }

    #[test]
    fn without_a_list_people_and_outsiders_fail_and_groups_and_roles_are_undecided() {
        assert_eq!(state(PrincipalKind::User, None), State::Fail);
        assert_eq!(state(PrincipalKind::External, None), State::Fail);
        for kind in [PrincipalKind::Group, PrincipalKind::Role] {
            let verdict = judge(known(vec![minter(kind, Certainty::Certain)]), None);
            assert!(matches!(verdict, Err(Gap::Unsettled { what }) if what.contains("`approved_minters`")));
        }
    }

    #[test]
    fn with_a_list_only_its_names_pass_and_everybody_never_does() {
        assert_eq!(state(PrincipalKind::Role, Some(&["alice"])), State::Fail);
        assert_eq!(state(PrincipalKind::User, Some(&["bob"])), State::Pass);
        assert_eq!(state(PrincipalKind::Everyone, Some(&["bob"])), State::Fail);
    }

    #[test]
    fn the_reason_names_who_by_which_right_and_where() {
        let verdict = judge(known(vec![minter(PrincipalKind::User, Certainty::Certain)]), None).unwrap();
        let said =
            "can make credentials for the cluster: `bob` (a person) by `container.clusters.update` in `project shop`";
        assert_eq!(verdict.because, said);
    }

    #[test]
    fn a_right_under_a_condition_is_neither_fail_nor_pass() {
        let certainty = Certainty::Conditional(["request.time".to_owned()].into());
        let verdict = judge(known(vec![minter(PrincipalKind::User, certainty)]), None);
        assert!(matches!(verdict, Err(Gap::Unsettled { what }) if what.contains("`request.time`")));
    }

    #[test]
    fn nobody_passes_and_unread_assignments_are_a_gap() {
        assert_eq!(judge(known(Vec::new()), None).unwrap().state, State::Pass);
        assert_eq!(judge(Observed::missing(gap()), None), Err(gap()));
    }
}
