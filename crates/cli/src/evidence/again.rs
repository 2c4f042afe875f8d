//! What is judged again of a bundle.

use super::{
    Place, answers_of,
    export::told,
    trust,
    views::{self, Again},
};
use crate::{
    arguments::{Replay, Trusted},
    exit::{self, Exit, WrongUsage},
    output::{self, Screen},
    providers,
    scan::judge,
};
use anyhow::{Context as _, anyhow, bail};
use palisade_controls::controls;
use palisade_engine::Policy;
use palisade_evidence::{
    Bundle, Calls, Checked, Difference, Judged, controls_text, differences, file_sha256, verdict_lines,
};
use palisade_report::{Report, plain};
use palisade_runner::judge_each_with;
use palisade_store::Storage;
use std::path::Path;

/// The report of a bundle that holds, and the calls of its ledger. Refused where this program judges in another way: what is
/// told of a bundle is what stands in it.
pub(crate) async fn judged(path: &Path, trusted: &Trusted) -> anyhow::Result<(Report, Checked, Calls)> {
    let again = judged_again(path, trusted).await?;
    again.is_the_same()?;
    Ok((again.report, again.bundle.checked().clone(), again.calls))
}

/// A bundle that holds, and what this program says of its answers.
pub(crate) struct Rejudged {
    /// Where it is read, for as long as it is.
    _place: Place,
    pub(crate) bundle: Bundle,
    pub(crate) policy: Policy,
    pub(crate) report: Report,
    /// The calls of the ledger that its verdicts rest on.
    pub(crate) calls: Calls,
    /// Whether the verdicts are those of the bundle, to the byte.
    is_the_same: bool,
}

impl Rejudged {
    /// Refuses verdicts that are not those of the bundle.
    pub(crate) fn is_the_same(&self) -> anyhow::Result<()> {
        if self.is_the_same {
            return Ok(());
        }
        let engine = &self.bundle.checked().manifest.engine;
        if engine.binary_sha256 == this_program()? {
            bail!(
                "{} verdicts are not those of the bundle, which says that this very program has judged it: verdicts, answers or \
                 parameters were changed, and it is no evidence",
                self.differences()?.len()
            );
        }
        Err(anyhow!(
            "{} verdicts are not those of the bundle: it was judged by palisade {} (program {}), this is palisade {}; \
             `palisade replay BUNDLE --with-current-rules` shows what is different",
            self.differences()?.len(),
            plain(&engine.palisade),
            plain(&engine.binary_sha256),
            env!("CARGO_PKG_VERSION")
        ))
    }

    /// Holds what the bundle says of the run, its first page and its exports against what its answers say.
    fn holds_again(&self, screen: &Screen) -> anyhow::Result<()> {
        let told = told(&self.report.told);
        let judged = Judged {
            run: &self.report.run.id,
            span: (self.report.run.started_at, self.report.run.finished_at),
            coverage: self.report.coverage,
            told: &told,
            gaps: &self.report.gaps,
        };
        let (text, none) =
            (self.bundle.storage()?, "the bundle's `context/storage.json` is none that this program writes");
        let storage = text.as_deref().map(Storage::read).transpose().context(none)?;
        if storage.as_ref().map(Storage::to_text) != text {
            self.by_another(none, screen)?;
        }
        if self.bundle.controls()? != controls_text(&controls()) {
            self.by_another("`context/controls.json`: these are not the controls of this program", screen)?;
        }
        match self.bundle.tells(&judged, storage.map(|storage| storage.to_string()).as_deref()) {
            Ok(()) => screen.note("its first page, its coverage and its run are those that the answers tell"),
            Err(broken) => self.by_another(&broken.to_string(), screen)?,
        }
        self.exports_again(screen)
    }

    /// What another program may say in other words; this one, or one of its version, may not.
    fn by_another(&self, told: &str, screen: &Screen) -> anyhow::Result<()> {
        let engine = &self.bundle.checked().manifest.engine;
        if engine.palisade == env!("CARGO_PKG_VERSION") || engine.binary_sha256 == this_program()? {
            bail!("{told}");
        }
        screen.warn(&format!("{}; they were made by palisade {}", plain(told), plain(&engine.palisade)));
        Ok(())
    }

    /// Makes the exports of a bundle again.
    fn exports_again(&self, screen: &Screen) -> anyhow::Result<()> {
        let made = self.bundle.exports().len();
        let Some(Again { same, different }) = views::again(&self.bundle, (&self.report, &self.policy), &self.calls)?
        else {
            if made > 0 {
                let told =
                    format!("{made} exports cannot be made again: the bundle does not say by what they were made");
                return self.by_another(&told, screen);
            }
            return Ok(());
        };
        if different.is_empty() {
            screen.note(&format!("{same} exports, byte for byte those of the bundle"));
            return Ok(());
        }
        let all = same + different.len();
        let told = format!("{} of {all} exports do not come out again: {}", different.len(), different.join(", "));
        self.by_another(&told, screen)
    }

    fn differences(&self) -> anyhow::Result<Vec<Difference>> {
        let now: String = verdict_lines(&self.report.findings, &self.calls).collect();
        Ok(differences(&self.bundle.verdicts()?, &now)?)
    }
}

/// Judges the answers of a bundle by its parameters, once it holds.
pub(crate) async fn judged_again(path: &Path, trusted: &Trusted) -> anyhow::Result<Rejudged> {
    let place = Place::of(path).await?;
    let bundle = Bundle::open(place.path(), &trust(trusted).await?)
        .with_context(|| format!("the bundle `{}` does not hold", path.display()))?;
    let (controls, mut policy) = (controls(), bundle.policy()?);
    if let Some(text) = bundle.answers()? {
        policy.answers = answers_of(&text)?;
    }
    let mut calls = Calls::default();
    let asked: Vec<_> = bundle.asked().map(|(target, provider)| (target.to_owned(), provider)).collect();
    let report = judge_each_with(
        bundle.snapshots()?,
        &asked,
        providers::normalizer,
        &judge(&controls, &policy),
        |numbers, findings| findings.iter().for_each(|finding| calls.take(finding, numbers)),
    )?;
    let is_the_same = bundle.says(verdict_lines(&report.findings, &calls))?;
    Ok(Rejudged { _place: place, bundle, policy, report, calls, is_the_same })
}

/// Judges a bundle again.
pub(crate) async fn replay(path: &Path, wanted: &Replay, screen: &Screen) -> anyhow::Result<Exit> {
    if wanted.config.is_some() {
        let why = "a bundle is judged by the parameters that it holds: leave out `--config`";
        return Err(WrongUsage(why.to_owned()).into());
    }
    let again = judged_again(path, &wanted.trusted).await?;
    let Rejudged { bundle, report, .. } = &again;
    if again.is_the_same {
        screen.note(&format!("{} verdicts, byte for byte those of the bundle", report.findings.len()));
        again.holds_again(screen)?;
        if !wanted.with_current_rules {
            screen.report(report, &wanted.output, Vec::new())?;
            return Ok(exit::of_report(report, false, wanted.gate.fail_on, wanted.gate.min_coverage));
        }
        output::data(b"nothing is judged in another way\n", None)?;
        return Ok(Exit::Done);
    }
    let engine = &bundle.checked().manifest.engine;
    if !wanted.with_current_rules || engine.binary_sha256 == this_program()? {
        again.is_the_same()?;
    }
    let changed = again.differences()?;
    let mut said = format!(
        "{} of {} verdicts are different. The answers and the parameters are those of the bundle, so the rules are why: it was judged by \
         palisade {}, and now by palisade {}.\n",
        changed.len(),
        report.findings.len(),
        plain(&engine.palisade),
        env!("CARGO_PKG_VERSION"),
    );
    for difference in &changed {
        said.push_str(&described(difference));
    }
    output::data(said.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// The SHA-256 of this program's file.
pub(super) fn this_program() -> anyhow::Result<String> {
    let binary = std::env::current_exe().context("could not find this program's file")?;
    file_sha256(&binary).with_context(|| format!("could not read `{}`", binary.display()))
}

fn described(difference: &Difference) -> String {
    let Difference { control, cluster, subject, before, after } = difference;
    let side = |side: &Option<(String, String, String)>, none: &str| {
        side.as_ref().map_or_else(
            || none.to_owned(),
            |(verdict, severity, because)| format!("{verdict} ({severity}): {}", plain(because)),
        )
    };
    format!(
        "\n{}  {}  {}\n  was  {}\n  now  {}\n",
        plain(control),
        plain(cluster),
        plain(subject),
        side(before, "not asked: the rule is new"),
        side(after, "not asked any more")
    )
}
