//! `palisade evidence verify`.

use super::{Place, counted, trust, unremembered};
use crate::{
    arguments::VerifyBundles,
    exit::Exit,
    output::{self, Screen},
};
use anyhow::Context as _;
use palisade_evidence::{Checked, verify, verify_chain};
use palisade_report::plain;
use std::fmt::Write as _;

pub(super) async fn run(wanted: &VerifyBundles, screen: &Screen) -> anyhow::Result<Exit> {
    let trust = trust(&wanted.trusted).await?;
    let (mut checked, mut unsaid) = (Vec::new(), Vec::new());
    let mut said = String::new();
    for path in &wanted.bundles {
        let name = path.display().to_string();
        let place = Place::of(path).await?;
        let one = verify(place.path(), &trust).with_context(|| format!("the bundle `{name}` does not hold"))?;
        tell(&name, &one, trust.given_periods().as_deref(), &mut said);
        if let Some(names) = named(&one.clusters_unexplained) {
            let why = "were listed and not judged, or judged and in no list, and nothing says why";
            screen.warn(&format!("`{}` does not reconcile: {names} {why}", plain(&name)));
        }
        if let Some(told) = one.firings.as_ref().and_then(unremembered) {
            screen.warn(&format!("`{}`: {told}", plain(&name)));
        }
        checked.push((name, one));
    }
    if checked.len() > 1 {
        unsaid = verify_chain(&checked).context("the bundles do not follow each other")?;
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{} bundles follow each other without a gap", checked.len());
    }
    output::data(said.as_bytes(), None)?;
    for span in &unsaid {
        screen.warn(&plain(span));
    }
    let is_unknown = |(_, one): &(String, Checked)| one.signed.as_ref().is_none_or(|signed| !signed.trusted);
    if checked.iter().any(is_unknown) {
        screen.warn(
            "nobody knows who made this: check it with `--key` and a public key that you have from somewhere else",
        );
    }
    Ok(Exit::Done)
}

/// Some of these names; `None` of none.
fn named(clusters: &[String]) -> Option<String> {
    let names: Vec<String> = clusters.iter().take(LOST_SHOWN).map(|name| plain(name)).collect();
    let more = clusters.len().checked_sub(LOST_SHOWN).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

/// `given`: the keys of months that were given.
fn tell(name: &str, checked: &Checked, given: Option<&str>, said: &mut String) {
    let manifest = &checked.manifest;
    // Writing to a string cannot fail.
    let _ = writeln!(
        said,
        "{name}: holds\n  run {} as of {}, manifest {}\n  {} calls, {} answers, {} verdicts; clusters: {} listed, {} \
         judged, {} explained\n  {}",
        plain(&manifest.run),
        manifest.as_of,
        checked.sha256,
        manifest.calls,
        manifest.answers,
        manifest.verdicts,
        checked.clusters_listed,
        checked.clusters_evaluated,
        checked.clusters_explained,
        if manifest.complete { "complete".to_owned() } else { format!("with gaps: {} rows", manifest.gaps) },
    );
    let _ = match &checked.signed {
        Some(signed) => writeln!(
            said,
            "  number {} of {}, signed by {}{}",
            signed.number,
            plain(&signed.origin),
            signed.fingerprint,
            if signed.trusted { ", which you trust" } else { "" }
        ),
        None => writeln!(said, "  not sealed"),
    };
    if let Some(stamp) = &checked.timestamp {
        let _ =
            writeln!(said, "  seen at {} says `manifest.tsr`, whose signature `openssl ts -verify` checks", stamp.at);
    }
    if let Some(closed) = &checked.closed {
        let others = given.map(|given| format!("; `--period-key` gave {given}, give that one")).unwrap_or_default();
        let _ = writeln!(
            said,
            "  not checked: the answers and the clusters listed in them, which are encrypted with the key {} of {}{others}",
            plain(&closed.key_id),
            plain(&closed.period)
        );
    }
    if let Some(firings) = &checked.firings {
        let _ = writeln!(said, "  {}", counted(&firings.counts()));
        let lost = firings.lost();
        for (schedule, firing) in lost.iter().take(LOST_SHOWN) {
            let _ = writeln!(said, "    `{}` due {} {}", plain(schedule), firing.at, firing.outcome.words());
        }
        if let Some(more) = lost.len().checked_sub(LOST_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(said, "    and {more} more in `context/firings.json`");
        }
    }
}

/// How many runs or clusters that are missing are told of a bundle.
const LOST_SHOWN: usize = 20;
