//! IM-01.

use crate::quoted::listed;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, ImageScanning, ScanMode};

guide! {
    /// # Images are not scanned
    ///
    /// ## What is checked
    /// Whether the registries near the cluster (those of its account and region, its subscription, its project) look for known
    /// vulnerabilities in what is pushed to them.
    ///
    /// ## Why it matters
    /// Most of what runs was written by others, and most of what breaks in was published before. Without a scan a known hole
    /// is shipped for as long as nobody happens to look.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a registry or repository is not scanned |
    /// | pass | every one is scanned on each push or continuously |
    /// | unknown | the settings were not read, or there is no registry near the cluster: where its images come from is not known |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws ecr put-registry-scanning-configuration --scan-type ENHANCED --rules
    /// '[{"repositoryFilters":[{"filter":"*","filterType":"WILDCARD"}],"scanFrequency":"CONTINUOUS_SCAN"}]'`
    /// ### AKS
    /// `az security pricing create --name Containers --tier Standard`
    /// ### GKE
    /// `gcloud services enable containerscanning.googleapis.com --project PROJECT`; on a repository `gcloud artifacts
    /// repositories update REPOSITORY --location LOCATION --allow-vulnerability-scanning`
    ///
    /// ## Limits
    /// Which of the registries the cluster pulls from is not known without looking inside it, so all of them count. Registries
    /// of other accounts and companies are not asked. On GKE those of the cluster's region and multi-region are looked at.
    pub struct ImagesUnscanned;
}

impl Control for ImagesUnscanned {
    const META: Meta = Meta {
        id: "IM-01",
        name: "images-unscanned",
        title: "Registries scan images",
        concern: Concern::None,
        layer: Layer::Container,
        dimension: Dimension::CiCd,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::ImageScanning],
        maps: "CIS-EKS-2.0.0:5.1.1; CIS-EKS-1.8.0:5.1.1; CIS-AKS-1.8.0:5.1.1; CIS-GKE-1.9.0:5.1.1,5.10.4; NSA-CISA-1.2:Pod security; NIST-800-53r5:RA-5,SI-2; PCI-DSS-4.0.1:6.3.3,11.3.1; SOC2-TSC:CC7.1,CC6.8; ISO-27001-2022:A.8.8; NIST-800-190:4.1.1",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.image_scanning;
        whole(cluster, || Ok(judge_scanning(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_scanning(registries: &[ImageScanning]) -> Result<Verdict, Gap> {
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for one in registries {
        match &one.mode {
            ScanMode::Off { because } => off.push(format!("`{}`: {because}", one.registry)),
            ScanMode::OnPush { by } => on.push(format!("on push by {by}")),
            ScanMode::Continuous { by } => on.push(format!("continuously by {by}")),
        }
    }
    if !off.is_empty() {
        let because = format!("{} of {} are not scanned: {}", off.len(), registries.len(), listed(off, "; "));
        return Ok(Verdict::fail(because));
    }
    if on.is_empty() {
        let what =
            "there is no registry near the cluster: where its images come from, and who scans them, is not known";
        return Err(Gap::NotCollected { what: what.to_owned() });
    }
    Ok(Verdict::pass(format!("all {} are scanned: {}", registries.len(), listed(on, ", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(registries: Observed<Vec<ImageScanning>>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.image_scanning = registries;
        let context = Context { policy: &Policy::default(), now: now() };
        ImagesUnscanned::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn one(mode: ScanMode) -> ImageScanning {
        ImageScanning { registry: "shop".to_owned(), mode }
    }

    #[test]
    fn one_repository_that_is_not_scanned_is_enough_to_fail() {
        let on = || one(ScanMode::OnPush { by: "ECR".to_owned() });
        let off = one(ScanMode::Off { because: "no rule".to_owned() });
        assert_eq!(judge(known(vec![on(), one(ScanMode::Continuous { by: "ECR".to_owned() })])), Ok(State::Pass));
        assert_eq!(judge(known(vec![on(), off])), Ok(State::Fail));
    }

    #[test]
    fn without_a_registry_nobody_knows_and_unread_settings_are_a_gap() {
        assert!(matches!(judge(known(Vec::new())), Err(Gap::NotCollected { .. })));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
