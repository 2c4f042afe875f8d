//! `palisade export`: a run in the forms of other programs.

use crate::{
    arguments::{ExportFormat, ExportRun, ExportTargets},
    evidence,
    exit::{Exit, WrongUsage},
    frameworks,
    output::{self, Screen},
    paths,
    plan::kept_in,
    stored,
};
use anyhow::Context as _;
use palisade_controls::controls;
use palisade_engine::{Finding, Policy};
use palisade_evidence::Checked;
use palisade_exports::{Bundled, Earlier, Form, OwnFramework, Record, files, left_out, write};
use palisade_report::{Outlook, Report};
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

pub(crate) async fn run(wanted: &ExportRun, screen: &Screen) -> anyhow::Result<Exit> {
    // Before a folder is made: an empty one is too much in a bundle.
    paths::outside_bundles(&wanted.out)?;
    if let [path] = wanted.snapshots.as_slice()
        && evidence::is_bundle(path)
    {
        return of_bundle(path, wanted, screen).await;
    }
    if !wanted.trusted.key.is_empty() || !wanted.trusted.rotation.is_empty() {
        return Err(WrongUsage("`--key` is for one bundle of `palisade evidence export`".to_owned()).into());
    }
    let (asked, policy) = stored::asked(wanted.config.as_deref())?;
    let report = stored::judged_by(&wanted.snapshots, &asked, &policy)?;
    let earlier = earlier(wanted, &policy).await?;
    put((&report, &policy), None, earlier.as_ref(), wanted, screen)
}

/// The report of the run before, and by what it was judged.
async fn earlier(wanted: &ExportRun, policy: &Policy) -> anyhow::Result<Option<(Report, Policy)>> {
    let Some(path) = &wanted.since else { return Ok(None) };
    if !wanted.format.contains(&ExportFormat::Ocsf) {
        return Err(WrongUsage("`--since` is for `--format ocsf`: no other form has a word for it".to_owned()).into());
    }
    if evidence::is_bundle(path) {
        let again = evidence::judged_again(path, &wanted.trusted).await?;
        again.is_the_same()?;
        return Ok(Some((again.report, again.policy)));
    }
    Ok(Some((stored::judged_by(std::slice::from_ref(path), &[], policy)?, policy.clone())))
}

/// Of a bundle that holds and whose verdicts come out again: what is given away is what it says.
async fn of_bundle(path: &Path, wanted: &ExportRun, screen: &Screen) -> anyhow::Result<Exit> {
    if wanted.config.is_some() {
        let why = "a bundle is judged by the parameters that it holds: leave out `--config`";
        return Err(WrongUsage(why.to_owned()).into());
    }
    let again = evidence::judged_again(path, &wanted.trusted).await?;
    again.is_the_same()?;
    let calls = |finding: &Finding| again.calls.of(finding);
    let Checked { manifest, sha256, .. } = again.bundle.checked();
    let closed = manifest.encryption.is_some();
    let bundled = Bundled { base: "", manifest_sha256: Some(sha256), closed, calls: Some(&calls) };
    let earlier = earlier(wanted, &again.policy).await?;
    put((&again.report, &again.policy), Some(bundled), earlier.as_ref(), wanted, screen)
}

fn put(
    (report, policy): (&Report, &Policy),
    bundle: Option<Bundled<'_>>,
    earlier: Option<&(Report, Policy)>,
    wanted: &ExportRun,
    screen: &Screen,
) -> anyhow::Result<Exit> {
    let controls = controls();
    let forms = forms(&wanted.format);
    let outlook = outlook(report, &forms, wanted.file.as_deref())?;
    let own = wanted.framework.iter().map(|path| Ok(frameworks::mapped(&frameworks::own(path)?)));
    let own = own.collect::<anyhow::Result<Vec<OwnFramework>>>()?;
    let earlier = earlier.map(|(report, policy)| Earlier::of(report, &controls, policy));
    let record = Record::new(report, &controls, policy).with_frameworks(&own);
    let record = match &earlier {
        Some(earlier) => record.since(earlier),
        None => record,
    };
    let record = self::record(record, outlook.as_ref(), &wanted.targets);
    let record = match bundle {
        Some(bundle) => record.in_bundle(bundle),
        None => record,
    };
    let mut said = String::new();
    for form in forms {
        for file in files(&record, form) {
            let path = wanted.out.join(file.path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| format!("could not make `{}`", folder.display()))?;
            }
            output::write(Some(&path), |to| write(&record, file, to))?;
            // Writing to a string cannot fail.
            let _ = writeln!(said, "{}", path.display());
        }
        let missing = left_out(&record, form);
        if missing > 0 {
            screen.warn(&format!(
                "{missing} verdicts are not in the form for AWS Security Hub: no account and region of AWS is theirs; \
                 `--security-hub ACCOUNT/REGION` names one that takes them"
            ));
        }
    }
    output::data(said.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// The forms that were asked for, each once.
pub(crate) fn forms(wanted: &[ExportFormat]) -> BTreeSet<Form> {
    wanted.iter().map(|format| Form::from(*format)).collect()
}

/// The plan, where a form holds one.
pub(crate) fn outlook(report: &Report, forms: &BTreeSet<Form>, file: Option<&Path>) -> anyhow::Result<Option<Outlook>> {
    if !forms.iter().any(|form| form.has_plan()) {
        return Ok(None);
    }
    let kept = kept_in(file, None, report)?;
    Ok(Some(Outlook::of(report, Some(&kept)).map_err(|error| WrongUsage(error.to_string()))?))
}

/// A record with what the forms want besides.
pub(crate) fn record<'a>(record: Record<'a>, outlook: Option<&'a Outlook>, targets: &ExportTargets) -> Record<'a> {
    let record = record.as_ocsf(targets.ocsf_version);
    let record = match outlook {
        Some(outlook) => record.with_outlook(outlook),
        None => record,
    };
    match &targets.security_hub {
        Some(hub) => record.to_hub(hub.clone()),
        None => record,
    }
}
