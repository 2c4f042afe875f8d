//! What is judged again of a bundle.

use super::{
    Place, answers_of, trust,
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
use palisade_evidence::{Bundle, Calls, Checked, Difference, differences, verdict_lines};
use palisade_report::{Report, plain};
use palisade_runner::judge_each_with;
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
        Err(anyhow!(
            "{} verdicts are not those of the bundle: it was judged by palisade {} (program {}), this is palisade {}; \
             `palisade replay BUNDLE --with-current-rules` shows what is different",
            self.differences()?.len(),
            plain(&engine.palisade),
            plain(&engine.binary_sha256),
            env!("CARGO_PKG_VERSION")
        ))
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
    let report = judge_each_with(
        bundle.snapshots()?,
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
        exports_again(&again, screen)?;
        if !wanted.with_current_rules {
            screen.report(report, &wanted.output, Vec::new())?;
            return Ok(exit::of_report(report, false, wanted.gate.fail_on, wanted.gate.min_coverage));
        }
        output::data(b"nothing is judged in another way\n", None)?;
        return Ok(Exit::Done);
    }
    if !wanted.with_current_rules {
        again.is_the_same()?;
    }
    let changed = again.differences()?;
    let engine = &bundle.checked().manifest.engine;
    let mut said = format!(
        "{} of {} verdicts are different. The answers and the parameters are those of the bundle, so the rules are why: it was judged by \
         palisade {}, and now by palisade {}.\n",
        changed.len(),
        report.findings.len(),
        plain(&engine.palisade),
        env!("CARGO_PKG_VERSION"),
    );
    for difference in &changed {
        said.push_str(&told(difference));
    }
    output::data(said.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// Makes the exports of a bundle again. Another version may write them in another way, which is told; this one may not.
fn exports_again(Rejudged { bundle, report, policy, calls, .. }: &Rejudged, screen: &Screen) -> anyhow::Result<()> {
    let made = bundle.exports().len();
    let Some(Again { same, different }) = views::again(bundle, (report, policy), calls)? else {
        if made > 0 {
            screen.note(&format!("{made} exports were not made again: the bundle does not say by what they were made"));
        }
        return Ok(());
    };
    if different.is_empty() {
        screen.note(&format!("{same} exports, byte for byte those of the bundle"));
        return Ok(());
    }
    let all = same + different.len();
    let told = format!("{} of {all} exports do not come out again: {}", different.len(), plain(&different.join(", ")));
    let by = &bundle.checked().manifest.engine.palisade;
    if by == env!("CARGO_PKG_VERSION") {
        bail!(told);
    }
    screen.warn(&format!("{told}; they were made by palisade {}", plain(by)));
    Ok(())
}

fn told(difference: &Difference) -> String {
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
