//! CP-12.

use crate::quoted::quoted;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, SignIn};

guide! {
    /// # People get in past the organisation's directory
    ///
    /// ## What is checked
    /// Whether people sign in to the Kubernetes API through the directory of the organisation, as members of its groups or
    /// roles: on EKS by access entries and not by the config map, on AKS by Entra, on GKE by Google Groups.
    ///
    /// ## Why it matters
    /// Joining, moving and leaving, and the second factor, work in one place only. Whoever was let in by name keeps the
    /// right until somebody remembers it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | a list inside the cluster decides who gets in, or people were let in one by one |
    /// | fail, medium | people come from the directory, and its groups cannot be named in role bindings |
    /// | pass | people come from the directory, as members of groups or roles |
    /// | unknown | the settings were not read, or a list inside the cluster decides too, which no call of the cloud returns |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks update-cluster-config --name NAME --access-config authenticationMode=API_AND_CONFIG_MAP`, make access
    /// entries for roles (not for users), empty the config map `aws-auth`, then set `authenticationMode=API`. There is no
    /// way back.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --enable-aad --enable-azure-rbac`
    /// ### GKE
    /// `gcloud container clusters update NAME --security-group gke-security-groups@DOMAIN`, and give roles to groups: `gcloud
    /// projects remove-iam-policy-binding PROJECT --member user:PERSON --role ROLE`
    ///
    /// ## Limits
    /// Whether a role of AWS is reached through single sign-on is not told by the role. Static administrators are CP-10's.
    pub struct DirectoryBypassed;
}

impl Control for DirectoryBypassed {
    const META: Meta = Meta {
        id: "CP-12",
        name: "directory-bypassed",
        title: "People sign in through the organisation's identity provider",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::SignIn],
        maps: "CIS-EKS-2.0.0:5.5.1,4.1.7; CIS-EKS-1.8.0:5.5.1,4.1.7; CIS-AKS-1.8.0:5.5.1,5.5.2; CIS-GKE-1.9.0:5.8.2; CIS-K8S-2.0.1:3.1.1; NSA-CISA-1.2:Authentication; NIST-800-53r5:IA-2,AC-2; PCI-DSS-4.0.1:8.2.1,8.4.2; SOC2-TSC:CC6.1,CC6.2; ISO-27001-2022:A.5.16,A.8.5",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.access.sign_in;
        whole(cluster, || Ok(judge_sign_in(fact.get()?).seen_in(fact)))
    }
}

fn judge_sign_in(sign_in: &SignIn) -> Verdict {
    match sign_in {
        SignIn::Central { because, individuals } if individuals.is_empty() => Verdict::pass(because.clone()),
        SignIn::Central { individuals, .. } => {
            Verdict::fail(format!("let in one by one and not by a group or role: {}", quoted(individuals)))
        }
        SignIn::WithoutGroups { because } => {
            Verdict::fail(format!("groups cannot be named in role bindings: {because}")).severity(Severity::Medium)
        }
        SignIn::Apart { because } => Verdict::fail(format!("a list inside the cluster decides who gets in: {because}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<SignIn>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.access.sign_in = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = DirectoryBypassed::judge(&cluster, &context).remove(0).verdict;
        verdict.map(|verdict| (verdict.state, verdict.severity))
    }

    #[test]
    fn the_directory_passes_as_long_as_nobody_was_let_in_by_name() {
        let because = || "access entries".to_owned();
        let central = |individuals: &[&str]| SignIn::Central {
            because: because(),
            individuals: individuals.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(judge(known(central(&[]))), Ok((State::Pass, None)));
        assert_eq!(judge(known(central(&["bob"]))), Ok((State::Fail, None)));
        let without = SignIn::WithoutGroups { because: because() };
        assert_eq!(judge(known(without)), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(judge(known(SignIn::Apart { because: because() })), Ok((State::Fail, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
