//! `palisade doctor`.

use crate::{
    arguments::Doctor,
    exit::Exit,
    output::{self, Screen},
    providers,
    scan::{chosen, complain_of_lost, configuration, scan},
};
use jiff::{Timestamp, tz::TimeZone};
use palisade_engine::GapRow;
use palisade_model::{GapReason, Provider};
use palisade_report::plain;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Places and controls that are named; the report has them all.
const NAMED: usize = 3;

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
        let by = (&config.policy, providers::limits(&config));
        let (report, outcomes) = scan(std::slice::from_ref(&target), None, by, screen).await?;
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
        for line in cures(target.provider.provider(), &report.gaps) {
            let _ = writeln!(text, "  {line}");
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

/// What would close each gap, in a line each: the exact grant where one is missing, and where.
fn cures(provider: Provider, gaps: &[GapRow]) -> Vec<String> {
    let mut by_cure: BTreeMap<(GapReason, &str, Option<&str>), Vec<&GapRow>> = BTreeMap::new();
    for gap in gaps {
        // Which of a permission's calls was refused first does not matter.
        let call = if gap.permission.is_some() { "" } else { gap.call.as_str() };
        by_cure.entry((gap.reason, call, gap.permission.as_deref())).or_default().push(gap);
    }
    let line = |((reason, call, permission), gaps): ((GapReason, &str, Option<&str>), Vec<&GapRow>)| {
        let advice = match reason {
            GapReason::Denied => match permission {
                Some(permission) if !permission.is_empty() => grant(provider, permission),
                Some(_) | None => format!("`{call}` did not accept the credentials"),
            },
            GapReason::Throttled => {
                format!(
                    "`{call}` was throttled: run at another hour, set `limits.share_of_quota`, or ask for a higher limit"
                )
            }
            GapReason::Unreachable => format!("`{call}` was not answered: check the network, proxy and endpoint"),
            GapReason::Malformed => format!("`{call}` was answered with something unreadable: check the endpoint"),
            GapReason::Unsupported => format!("`{call}` is not offered there"),
            GapReason::NotCollected => {
                format!("`{call}` was not asked: raise `limits.max_calls`, or read less in one run")
            }
        };
        let places: BTreeSet<&str> = gaps.iter().map(|gap| gap.scope.as_str()).collect();
        let hidden: BTreeSet<&str> = gaps.iter().flat_map(|gap| gap.hides.iter().copied()).collect();
        let hides =
            if hidden.is_empty() { String::new() } else { format!("; unknown without it: {}", some(&hidden, " ")) };
        plain(&format!("{advice} in {}{hides}", some(&places, ", ")))
    };
    by_cure.into_iter().map(line).collect()
}

/// How a missing permission is granted, in the words of its cloud.
fn grant(provider: Provider, permission: &str) -> String {
    match provider {
        Provider::Aws => format!("grant `{permission}`: an action of the reader's role"),
        Provider::Azure if permission.contains('/') => format!("grant `{permission}`: an action of the reader's role"),
        Provider::Azure => {
            format!(
                "grant `{permission}`: an application permission of Microsoft Graph, with an administrator's consent,"
            )
        }
        Provider::Gcp => format!("grant `{permission}`: a permission of the reader's role"),
        Provider::Kubernetes => format!("grant `{permission}`"),
    }
}

/// The first few of some names.
fn some(names: &BTreeSet<&str>, between: &str) -> String {
    let first: Vec<&str> = names.iter().copied().take(NAMED).collect();
    let more = names.len().saturating_sub(first.len());
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", first.join(between))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(reason: GapReason, scope: &str, permission: Option<&str>) -> GapRow {
        GapRow {
            scope: scope.to_owned(),
            call: "a:Call".to_owned(),
            reason,
            permission: permission.map(str::to_owned),
            message: String::new(),
            hides: vec!["CP-01", "CP-02", "CP-03", "CP-04"],
            times: 1,
        }
    }

    #[test]
    fn every_declared_permission_is_explained_by_the_exact_grant_and_its_place() {
        for (provider, calls) in [
            (Provider::Aws, palisade_aws::CALLS),
            (Provider::Azure, palisade_azure::CALLS),
            (Provider::Gcp, palisade_gcp::CALLS),
        ] {
            for permission in palisade_provider::permissions(calls) {
                let lines = cures(provider, &[gap(GapReason::Denied, "here", Some(permission))]);
                assert_eq!(lines.len(), 1);
                assert!(lines[0].starts_with(&format!("grant `{permission}`: ")), "{lines:?}");
                assert!(lines[0].ends_with("in here; unknown without it: CP-01 CP-02 CP-03 and 1 more"), "{lines:?}");
                let is_consent = lines[0].contains("administrator's consent");
                assert_eq!(is_consent, permission.ends_with(".Read.All"), "{lines:?}");
            }
        }
    }

    #[test]
    fn one_grant_is_one_line_however_many_places_lack_it() {
        let gaps: Vec<GapRow> =
            ["a", "b", "c", "d", "e"].map(|place| gap(GapReason::Denied, place, Some("eks:ListClusters"))).into();
        let lines = cures(Provider::Aws, &gaps);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("in a, b, c and 2 more"), "{lines:?}");
    }

    #[test]
    fn what_no_grant_would_close_is_told_with_its_own_way_out() {
        for (reason, way) in [
            (GapReason::Throttled, "limits.share_of_quota"),
            (GapReason::Unreachable, "check the network"),
            (GapReason::NotCollected, "limits.max_calls"),
        ] {
            let lines = cures(Provider::Aws, &[gap(reason, "here", None)]);
            assert!(lines[0].contains("`a:Call`") && lines[0].contains(way), "{lines:?}");
        }
    }
}
