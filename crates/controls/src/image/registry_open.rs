//! IM-04.

use crate::flaws::Flaws;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Registry, RegistryOpening};

guide! {
    /// # Registry is open to others
    ///
    /// ## What is checked
    /// For the registries near the cluster (those of its account and region, its subscription, its project): whether everybody
    /// may pull or push, whether a shared password signs in, and whether the network lets everybody ask.
    ///
    /// ## Why it matters
    /// Images hold code and sometimes secrets; a registry that everybody reads gives both away. One that strangers write to
    /// puts their code into the cluster. A shared password does either for whoever has seen it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | everybody may push to a registry |
    /// | fail, high | everybody may pull from one, or a shared password signs in |
    /// | fail, medium | its network lets everybody ask, and identity alone decides who gets an answer |
    /// | pass | none of this is true of any |
    /// | unknown | registries or who may reach them were not read |
    /// | not applicable | there is no registry near the cluster |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws ecr get-repository-policy --repository-name NAME`, then the same without the statement for `*`: `aws ecr
    /// set-repository-policy --repository-name NAME --policy-text file://policy.json`
    /// ### AKS
    /// `az acr update --name REGISTRY --admin-enabled false --anonymous-pull-enabled false --public-network-enabled false`
    /// ### GKE
    /// `gcloud artifacts repositories remove-iam-policy-binding REPOSITORY --location LOCATION --member allUsers --role ROLE`
    ///
    /// ## Limits
    /// Who else may push is judged with those who could (IM-03). ECR and Artifact Registry answer every network by design,
    /// which is not held against them. A public repository that is meant to be one is what a waiver is for.
    pub struct RegistryOpen;
}

impl Control for RegistryOpen {
    const META: Meta = Meta {
        id: "IM-04",
        name: "registry-open",
        title: "Registries are private with few writers",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Registries],
        maps: "CIS-EKS-2.0.0:5.1.2; CIS-EKS-1.8.0:5.1.2; CIS-AKS-1.8.0:5.1.2; CIS-GKE-1.9.0:5.1.2; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-3,AC-6; PCI-DSS-4.0.1:7.2.2; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.3,A.8.4; NIST-800-190:4.2.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.registries;
        whole(cluster, || Ok(judge_registries(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_registries(registries: &[Registry]) -> Result<Verdict, Gap> {
    if registries.is_empty() {
        return Ok(Verdict::not_applicable("there is no registry near the cluster"));
    }
    let mut flaws = Flaws::default();
    for registry in registries {
        let name = &registry.name;
        for opening in &registry.openings {
            let (severity, said) = match opening {
                RegistryOpening::AnyonePushes { by } => {
                    (Severity::Critical, format!("everybody may push to `{name}` by {by}"))
                }
                RegistryOpening::AnyonePulls { by } => {
                    (Severity::High, format!("everybody may pull from `{name}` by {by}"))
                }
                RegistryOpening::SharedPassword { by } => {
                    (Severity::High, format!("a shared password signs in to `{name}`: {by}"))
                }
                RegistryOpening::PublicNetwork { by } => {
                    (Severity::Medium, format!("`{name}` answers every network: {by}"))
                }
            };
            flaws.prove(severity, said);
        }
        if let Some(gap) = &registry.unread {
            flaws.doubt(gap.clone());
        }
    }
    flaws.settle(|| Ok(Verdict::pass(format!("none of {} is open to others", registries.len()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(registries: Observed<Vec<Registry>>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.registries = registries;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = RegistryOpen::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn with(openings: Vec<RegistryOpening>, unread: Option<Gap>) -> Result<(State, Option<Severity>), Gap> {
        let closed = Registry { name: "closed".to_owned(), openings: Vec::new(), unread: None };
        judge(known(vec![closed, Registry { name: "shop".to_owned(), openings, unread }]))
    }

    #[test]
    fn the_worst_opening_of_the_worst_registry_counts() {
        let by = || "a setting".to_owned();
        let network = RegistryOpening::PublicNetwork { by: by() };
        assert_eq!(with(vec![network.clone()], None), Ok((State::Fail, Some(Severity::Medium))));
        let password = RegistryOpening::SharedPassword { by: by() };
        assert_eq!(with(vec![network, password], None), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(
            with(vec![RegistryOpening::AnyonePulls { by: by() }], None),
            Ok((State::Fail, Some(Severity::High)))
        );
        let push = RegistryOpening::AnyonePushes { by: by() };
        assert_eq!(with(vec![push], None), Ok((State::Fail, Some(Severity::Critical))));
        assert_eq!(with(Vec::new(), None), Ok((State::Pass, None)));
    }

    #[test]
    fn a_registry_whose_policy_was_not_read_could_be_open() {
        assert_eq!(with(Vec::new(), Some(gap())), Err(gap()));
        let open = vec![RegistryOpening::AnyonePulls { by: "a policy".to_owned() }];
        assert_eq!(with(open, Some(gap())), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(judge(known(Vec::new())), Ok((State::NotApplicable, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
