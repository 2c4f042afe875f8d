//! The other forms of a run that a bundle holds: made with it, and made again by whoever judges it again.

use crate::{
    arguments::{ExportFormat, ExportTargets},
    export,
    frameworks::{Bundled as Summaries, Seen},
};
use anyhow::{Context as _, bail};
use clap::ValueEnum as _;
use palisade_controls::controls;
use palisade_engine::{Entry, Finding, Policy};
use palisade_evidence::{Bundle, Calls, Export};
use palisade_exports::{Bundled, File, Form, Hub, OcsfVersion, OwnFramework, Record, files, write};
use palisade_report::{Outlook, Report};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const SCHEMA: &str = "palisade.exports/v1";

/// By what the exports of a bundle are made: with this and its answers they can be made again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeBy {
    schema: String,
    /// The forms, by the names of the command line.
    formats: Vec<String>,
    ocsf_version: String,
    security_hub: Option<String>,
    /// The ids of the user's own frameworks, whose files stand below `exports/frameworks/`.
    frameworks: Vec<String>,
}

/// What stands in `context/exports.json`.
pub(super) fn made_by(
    wanted: &[ExportFormat],
    targets: &ExportTargets,
    frameworks: &Summaries,
) -> anyhow::Result<String> {
    let formats: BTreeSet<String> =
        wanted.iter().filter_map(clap::ValueEnum::to_possible_value).map(|value| value.get_name().to_owned()).collect();
    let made = MadeBy {
        schema: SCHEMA.to_owned(),
        formats: formats.into_iter().collect(),
        ocsf_version: targets.ocsf_version.to_string(),
        security_hub: targets.security_hub.as_ref().map(ToString::to_string),
        frameworks: frameworks.own_keys(),
    };
    Ok(serde_json::to_string_pretty(&made).context("could not write JSON")? + "\n")
}

/// The other forms of a run.
pub(super) struct Views<'a> {
    report: &'a Report,
    policy: &'a Policy,
    controls: &'a [Entry],
    calls: &'a Calls,
    forms: BTreeSet<Form>,
    targets: &'a ExportTargets,
    frameworks: Vec<OwnFramework>,
    /// Whether the bundle is closed with the key of a month.
    closed: bool,
    outlook: Option<Outlook>,
}

impl<'a> Views<'a> {
    pub(super) fn of(
        (report, policy, controls): (&'a Report, &'a Policy, &'a [Entry]),
        calls: &'a Calls,
        formats: &[ExportFormat],
        targets: &'a ExportTargets,
        frameworks: Vec<OwnFramework>,
        closed: bool,
    ) -> anyhow::Result<Self> {
        let forms = export::forms(formats);
        let outlook = export::outlook(report, &forms, None)?;
        Ok(Self { report, policy, controls, calls, forms, targets, frameworks, closed, outlook })
    }

    fn record(&self) -> Record<'_> {
        let record = Record::new(self.report, self.controls, self.policy).with_frameworks(&self.frameworks);
        export::record(record, self.outlook.as_ref(), self.targets)
    }

    pub(super) fn exports(&self) -> Vec<Export<'_>> {
        let record = self.record();
        let files = self.forms.iter().flat_map(|form| files(&record, *form));
        let export = |file: File| {
            Export::new(file.path, file.media_type, move |to| {
                let calls = |finding: &Finding| self.calls.of(finding);
                let bundle =
                    Bundled { base: "../../", manifest_sha256: None, closed: self.closed, calls: Some(&calls) };
                write(&self.record().in_bundle(bundle), file, to)
            })
        };
        files.filter_map(export).collect()
    }
}

/// What came of making the exports of a bundle again.
pub(super) struct Again {
    /// Those that have the same bytes.
    pub(super) same: usize,
    /// Those that have others, are missing, or were not there.
    pub(super) different: Vec<String>,
}

/// Makes the exports of a bundle again and compares them. `None` when it does not say by what they were made, as bundles of
/// older versions, or has none.
pub(super) fn again(
    bundle: &Bundle,
    (report, policy): (&Report, &Policy),
    calls: &Calls,
) -> anyhow::Result<Option<Again>> {
    let Some(text) = bundle.exports_made_by()? else { return Ok(None) };
    let made: MadeBy = serde_json::from_str(&text).context("`context/exports.json` is none of ours")?;
    if made.schema != SCHEMA {
        bail!("`context/exports.json` has another schema than `{SCHEMA}`");
    }
    let formats: Option<Vec<ExportFormat>> =
        made.formats.iter().map(|name| ExportFormat::from_str(name, false).ok()).collect();
    let formats = formats.context("`context/exports.json` names a form that this program does not have")?;
    let targets = ExportTargets {
        ocsf_version: made.ocsf_version.parse::<OcsfVersion>().context("`context/exports.json`")?,
        security_hub: made
            .security_hub
            .as_deref()
            .map(str::parse::<Hub>)
            .transpose()
            .context("`context/exports.json`")?,
    };
    let mut texts = Vec::new();
    for key in &made.frameworks {
        let mut text = Vec::new();
        bundle.export(&format!("exports/frameworks/{key}.yaml"), &mut text)?;
        texts.push(String::from_utf8(text).context("a framework of the bundle is no text")?);
    }
    let summaries = Summaries::of_texts(texts)?;
    let (controls, standing, seen) = (controls(), crate::frameworks::standing(report), Seen::from(report));
    let closed = bundle.checked().manifest.encryption.is_some();
    let judged = (report, policy, controls.as_slice());
    let views = Views::of(judged, calls, &formats, &targets, summaries.own(), closed)?;
    let mut exports = summaries.exports(&seen, &standing, calls);
    exports.extend(views.exports());
    let mut there: BTreeSet<String> = bundle.exports().into_iter().collect();
    let mut again = Again { same: 0, different: Vec::new() };
    for export in &exports {
        let is_same = there.remove(export.path()) && {
            let now = export.sha256().with_context(|| format!("could not make `{}` again", export.path()))?;
            now == bundle.export_sha256(export.path())?
        };
        if is_same { again.same += 1 } else { again.different.push(export.path().to_owned()) }
    }
    again.different.extend(there);
    Ok(Some(again))
}
