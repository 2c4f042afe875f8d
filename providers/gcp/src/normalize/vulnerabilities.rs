//! What Artifact Analysis found in the images of a project.

use super::safeguards::{ANALYSED, FOUND};
use crate::{
    calls::OCCURRENCES,
    record::safeguards::{
        ANALYSIS_STATUS, Analysis, CONTINUOUS, FoundVulnerability, Occurrence, Occurrences, SEVERITY,
    },
};
use jiff::Timestamp;
use palisade_model::{Gap, ImageRuns, ImageScanning, ImageVulnerabilities, ImageVulnerability, Observed, ScanMode};
use palisade_provider::Snapshot;
use std::collections::{BTreeMap, BTreeSet};

/// What it tells of a project, read once for all its clusters.
pub(crate) fn read(snapshot: &Snapshot, project: &str) -> Observed<ImageVulnerabilities> {
    let told = |kind| snapshot.list(&OCCURRENCES, project, &[("kind", kind)], |page: Occurrences| page.occurrences);
    let (analysed, found) = (told(ANALYSED), told(FOUND));
    let sources = [analysed.sources(), found.sources()].concat();
    let images = analysed.get().and_then(|analysed| Ok(of_project(analysed, found.get()?)));
    Observed::from_result(images, sources)
}

/// From what it looked at and what it found.
fn of_project(analysed: &[Occurrence], found: &[Occurrence]) -> ImageVulnerabilities {
    let mut images: BTreeMap<&str, Result<(), String>> = BTreeMap::new();
    for occurrence in analysed {
        let image = occurrence.resource_uri.as_deref().unwrap_or("an image without an address");
        let state = occurrence.discovery.as_ref().map_or_else(|| Err("nothing is told".to_owned()), is_analysed);
        // One analysis that ended is enough to miss something.
        if images.get(image).is_none_or(Result::is_ok) {
            images.insert(image, state);
        }
    }
    let mut uncovered = Vec::new();
    let ended: Vec<(&&str, &String)> =
        images.iter().filter_map(|(image, state)| Some((image, state.as_ref().err()?))).collect();
    if let Some((image, why)) = ended.first() {
        let what = format!(
            "Artifact Analysis does not look at {} of {} images any more, and which images run is told nowhere: `{}` ({why})",
            ended.len(),
            images.len(),
            called(image)
        );
        uncovered.push(Gap::Unsettled { what });
    }
    if images.is_empty() {
        let what = "Artifact Analysis told of no image: images of other places may run, or images that were pushed before it \
                    was turned on";
        uncovered.push(Gap::Unsettled { what: what.to_owned() });
    }
    let mut fixable = Vec::new();
    let mut ungraded = BTreeSet::new();
    for occurrence in found {
        let Some(vulnerability) = occurrence.vulnerability.as_ref() else { continue };
        if vulnerability.fix_available != Some(true) {
            continue;
        }
        let image = called(occurrence.resource_uri.as_deref().unwrap_or("an image without an address"));
        let note = occurrence.note_name.as_deref().unwrap_or("a vulnerability without a number");
        let name = note.rsplit('/').next().unwrap_or(note).to_owned();
        match is_critical(vulnerability) {
            Some(true) => fixable.push(ImageVulnerability {
                name,
                image,
                since: occurrence.create_time.as_deref().and_then(|text| text.parse::<Timestamp>().ok()),
                runs: ImageRuns::Perhaps { because: "no API of Google tells which images run".to_owned() },
            }),
            Some(false) => (),
            None => {
                ungraded.insert(format!("`{name}` in `{image}`"));
            }
        }
    }
    if let Some(one) = ungraded.first() {
        let what = format!(
            "Artifact Analysis gives {} vulnerabilities with a fix no severity, {one} among them",
            ungraded.len()
        );
        uncovered.push(Gap::Unsettled { what });
    }
    fixable.sort_by(|a, b| (&a.name, &a.image, a.since).cmp(&(&b.name, &b.image, b.since)));
    let many = if images.len() == 1 { "image" } else { "images" };
    let covered = format!("Artifact Analysis looks at the {} {many} of the project of which it told", images.len());
    ImageVulnerabilities { fixable, covered, uncovered }
}

/// A repository whose images nobody looks at.
pub(super) fn unscanned(repository: &ImageScanning) -> Option<Gap> {
    let ScanMode::Off { because } = &repository.mode else { return None };
    let what = format!("images of `{}` may run here and are not scanned: {because} (IM-01)", repository.registry);
    Some(Gap::Unsettled { what })
}

/// An image is looked at again for as long as somebody pulled it in the last thirty days.
fn is_analysed(analysis: &Analysis) -> Result<(), String> {
    let said = |word: Option<String>| word.unwrap_or_else(|| "not said".to_owned());
    let goes_on = said(analysis.continuous_analysis.as_ref().map(|word| word.name(CONTINUOUS).into_owned()));
    let status = said(analysis.analysis_status.as_ref().map(|word| word.name(ANALYSIS_STATUS).into_owned()));
    match (goes_on.as_str(), status.as_str()) {
        ("ACTIVE", "FINISHED_SUCCESS" | "COMPLETE") => Ok(()),
        _ => Err(format!("{goes_on}, {status}")),
    }
}

/// The distribution's word, or else that of whoever wrote the note; none when neither gives one.
fn is_critical(vulnerability: &FoundVulnerability) -> Option<bool> {
    let words = [&vulnerability.effective_severity, &vulnerability.severity];
    let words = words.into_iter().flatten().map(|word| word.name(SEVERITY));
    let word = words.into_iter().find(|word| *word != "SEVERITY_UNSPECIFIED")?;
    match &*word {
        "CRITICAL" => Some(true),
        "HIGH" | "MEDIUM" | "LOW" | "MINIMAL" => Some(false),
        _ => None,
    }
}

/// `https://europe-west4-docker.pkg.dev/p/shop/web@sha256:0123…` without the scheme, with twelve digits of the digest.
fn called(image: &str) -> String {
    let name = image.strip_prefix("https://").unwrap_or(image);
    match name.split_once("@sha256:") {
        Some((name, digest)) => format!("{name}@{}", digest.chars().take(12).collect::<String>()),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occurrences(texts: &[&str]) -> Vec<Occurrence> {
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    const LOOKED_AT: &str = r#"{"resourceUri": "https://x-docker.pkg.dev/p/r/web@sha256:0123456789abcdef",
            "discovery": {"continuousAnalysis": 1, "analysisStatus": 3}}"#;

    #[test]
    fn an_image_that_is_not_looked_at_any_more_or_never_was_leaves_the_rest_open() {
        let open = |texts: &[&str]| !of_project(&occurrences(texts), &[]).uncovered.is_empty();
        assert!(!open(&[LOOKED_AT]));
        assert!(open(&[]));
        for bad in [
            r#"{"resourceUri": "a", "discovery": {"continuousAnalysis": 2, "analysisStatus": 3}}"#,
            r#"{"resourceUri": "a", "discovery": {"continuousAnalysis": "ACTIVE", "analysisStatus": "FINISHED_UNSUPPORTED"}}"#,
            r#"{"resourceUri": "a", "discovery": {}}"#,
            r#"{"resourceUri": "a"}"#,
        ] {
            assert!(open(&[LOOKED_AT, bad]), "{bad}");
            assert!(open(&[bad, LOOKED_AT]), "{bad}");
        }
    }

    #[test]
    fn critical_ones_with_a_fix_may_run_and_others_do_not_count() {
        let told = of_project(
            &occurrences(&[LOOKED_AT]),
            &occurrences(&[
                r#"{"resourceUri": "https://h/p/r/web@sha256:0123456789abcdef", "noteName": "projects/goog-vulnz/notes/CVE-1",
                    "createTime": "2026-09-01T00:00:00Z", "vulnerability": {"effectiveSeverity": 5, "fixAvailable": true}}"#,
                r#"{"resourceUri": "a", "noteName": "n/CVE-2", "vulnerability": {"effectiveSeverity": 0, "severity": "CRITICAL", "fixAvailable": true}}"#,
                r#"{"resourceUri": "a", "noteName": "n/CVE-3", "vulnerability": {"effectiveSeverity": 4, "severity": 5, "fixAvailable": true}}"#,
                r#"{"resourceUri": "a", "noteName": "n/CVE-4", "vulnerability": {"effectiveSeverity": 5}}"#,
            ]),
        );
        let named: Vec<(&str, &str)> = told.fixable.iter().map(|one| (one.name.as_str(), one.image.as_str())).collect();
        assert_eq!(named, [("CVE-1", "h/p/r/web@0123456789ab"), ("CVE-2", "a")]);
        assert!(told.fixable.iter().all(|one| matches!(one.runs, ImageRuns::Perhaps { .. })));
        assert!(told.uncovered.is_empty());
    }

    #[test]
    fn one_without_a_severity_is_not_taken_for_harmless() {
        let none =
            r#"{"resourceUri": "a", "noteName": "n/CVE-5", "vulnerability": {"severity": 0, "fixAvailable": true}}"#;
        assert_eq!(of_project(&occurrences(&[LOOKED_AT]), &occurrences(&[none])).uncovered.len(), 1);
    }
}
