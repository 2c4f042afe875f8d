//! AR-07.

use crate::quoted::listed;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, Extension, ExtensionFlaw, Extensions, FactKind};

guide! {
    /// # Add-ons are unsupported or unwell
    ///
    /// ## What is checked
    /// Whether the add-ons that the provider runs or installs are of a version that it supports with the cluster's, and
    /// whether it says that they work.
    ///
    /// ## Why it matters
    /// Add-ons hold high rights in every node. An old one keeps its known holes and breaks at the next upgrade.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | an add-on is not supported, not in this version, or does not work |
    /// | pass | every add-on that was looked at is supported and works |
    /// | inherited | the provider keeps them at a version that fits the cluster |
    /// | unknown | add-ons or their versions were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws eks describe-addon-versions --addon-name ADDON --kubernetes-version VERSION`, then `aws eks update-addon
    /// --cluster-name NAME --addon-name ADDON --addon-version VERSION`
    /// ### AKS
    /// `az aks disable-addons --resource-group GROUP --name NAME --addons ADDON` for one that is retired, after moving to its
    /// successor.
    /// ### GKE
    /// `gcloud container clusters update NAME --update-addons ADDON=DISABLED` for one that is retired, after moving to its
    /// successor.
    ///
    /// ## Limits
    /// What people installed themselves is not seen from the cloud, also when it is a copy of an add-on.
    pub struct AddOnUnsupported;
}

impl Control for AddOnUnsupported {
    const META: Meta = Meta {
        id: "AR-07",
        name: "add-on-unsupported",
        title: "Add-ons and extensions are supported and current",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::Extensions],
        maps: "CIS-AKS-1.8.0:4.4.1; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SI-2,CM-8; PCI-DSS-4.0.1:6.3.3; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.extensions;
        whole(cluster, || Ok(judge_extensions(fact.get()?).seen_in(fact)))
    }
}

fn judge_extensions(extensions: &Extensions) -> Verdict {
    let flawed = extensions.listed.iter().filter_map(|one| Some((one, one.flaw.as_ref()?)));
    let flawed = listed(flawed.map(|(one, flaw)| said(one, flaw)), "; ");
    if !flawed.is_empty() {
        return Verdict::fail(flawed);
    }
    match (&extensions.kept_by_provider, extensions.listed.len()) {
        (Some(because), _) => Verdict::inherited(because.clone()),
        (None, 0) => Verdict::pass("the cluster has no add-on of the provider's"),
        (None, 1) => Verdict::pass("the one add-on is supported and works"),
        (None, count) => Verdict::pass(format!("all {count} add-ons are supported and work")),
    }
}

fn said(extension: &Extension, flaw: &ExtensionFlaw) -> String {
    let version = extension.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    let (ExtensionFlaw::Unsupported(why) | ExtensionFlaw::Ailing(why)) = flaw;
    format!("`{}`{version}: {why}", extension.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<Extensions>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.lifecycle.extensions = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        AddOnUnsupported::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_flaw_fails_whoever_keeps_the_versions() {
        let with = |flaw: Option<ExtensionFlaw>, kept: bool| {
            let one = Extension { name: "coredns".to_owned(), version: Some("v1".to_owned()), flaw };
            judge(known(Extensions { kept_by_provider: kept.then(|| "kept".to_owned()), listed: vec![one] }))
        };
        assert_eq!(with(None, false), Ok(State::Pass));
        assert_eq!(with(None, true), Ok(State::Inherited));
        for flaw in [ExtensionFlaw::Unsupported("too old".to_owned()), ExtensionFlaw::Ailing("DEGRADED".to_owned())] {
            assert_eq!(with(Some(flaw.clone()), false), Ok(State::Fail));
            assert_eq!(with(Some(flaw), true), Ok(State::Fail));
        }
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
