//! `palisade doctor`.

use crate::{
    arguments::Doctor,
    exit::Exit,
    output::{self, Screen},
    providers,
    scan::{chosen, complain_of_lost, configuration, scan},
};
use jiff::{Timestamp, tz::TimeZone};
use palisade_model::GapReason;
use std::{collections::BTreeMap, fmt::Write as _};

/// Reads what a scan reads and says, target by target, what worked and what it would take to read the rest.
///
/// A check of its own would need to know what every cloud asks for which call; the scan's own calls know it exactly.
pub(crate) async fn run(wanted: &Doctor, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.configuration.config)?;
    let targets = chosen(&config, &wanted.configuration)?;
    let mut text = String::new();
    let mut lost_any = false;
    let mut gaps_any = false;
    for target in targets {
        let (report, outcomes) = scan(std::slice::from_ref(&target), None, &config.policy, screen).await?;
        let lost = complain_of_lost(&outcomes, screen);
        lost_any |= lost;
        gaps_any |= !report.gaps.is_empty();
        for outcome in &outcomes {
            let state = match (lost, report.gaps.is_empty()) {
                (true, _) => "not readable",
                (false, true) => "ok",
                (false, false) => "incomplete",
            };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}: {state}: {} scopes, {} clusters, {} calls, {:.1} % of facts known",
                outcome.name,
                outcome.units,
                outcome.clusters,
                outcome.calls,
                report.coverage.ratio() * 100.0
            );
        }
        let mut by_cure: BTreeMap<(GapReason, &str, Option<&str>), usize> = BTreeMap::new();
        for gap in &report.gaps {
            // Which of a permission's calls was refused first does not matter.
            let call = if gap.permission.is_some() { "" } else { gap.call.as_str() };
            *by_cure.entry((gap.reason, call, gap.permission.as_deref())).or_default() += 1;
        }
        for ((reason, cure, permission), scopes) in by_cure {
            let advice = match reason {
                GapReason::Denied => match permission {
                    Some(permission) => format!("grant `{permission}`"),
                    None => format!("`{cure}` did not accept the credentials"),
                },
                GapReason::Throttled => format!("`{cure}` was throttled: run again later, or ask for a higher limit"),
                GapReason::Unreachable => format!("`{cure}` was not answered: check the network, proxy and endpoint"),
                GapReason::Malformed => format!("`{cure}` was answered with something unreadable: check the endpoint"),
                GapReason::Unsupported => format!("`{cure}` is not offered there"),
                GapReason::NotCollected => format!("`{cure}` was not asked"),
            };
            let _ = writeln!(text, "  {advice} ({scopes} {})", if scopes == 1 { "scope" } else { "scopes" });
        }
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    for file in providers::data().iter().filter(|file| file.is_stale(today)) {
        let _ = writeln!(
            text,
            "the list `{}` in this program is of {}, {} days old: take a newer Palisade; `palisade data status`",
            file.name,
            file.day,
            file.age_days(today)
        );
    }
    output::data(text.as_bytes(), None)?;
    Ok(match (lost_any, gaps_any) {
        (true, _) => Exit::CouldNotRun,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    })
}
