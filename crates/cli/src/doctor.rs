//! `palisade doctor`.

use crate::{
    arguments::Doctor,
    exit::Exit,
    output::{self, Screen},
    providers,
    scan::{chosen, complain_of_lost, configuration, scan},
};
use jiff::{Timestamp, tz::TimeZone};
use palisade_controls::controls;
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
        let place = Place { list: target.provider.cluster_list().name, is_all_seen: report.unseen_places() == 0 };
        let (beyond, open): (Vec<&GapRow>, Vec<&GapRow>) = report.gaps.iter().partition(|gap| place.is_beyond(gap));
        lost_any |= lost;
        gaps_any |= !open.is_empty();
        for outcome in &outcomes {
            let state = match (lost, open.is_empty()) {
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
        for line in cures(target.provider.provider(), open).into_iter().chain(untold(beyond)) {
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

/// By what a target's clusters are listed, and whether every place where they may be was seen.
#[derive(Clone, Copy, Debug)]
struct Place {
    list: &'static str,
    is_all_seen: bool,
}

impl Place {
    /// Whether no right and no setting would tell more: the cloud has no such fact, or serves no cluster there at all. What
    /// hides every control is no fact: it is a place that nobody could look at.
    fn is_beyond(self, gap: &GapRow) -> bool {
        let is_fact = gap.call.is_empty() && gap.hides.len() < controls().len();
        let holds_none = gap.call == self.list && self.is_all_seen;
        gap.reason == GapReason::Unsupported && (is_fact || holds_none)
    }
}

/// What nothing would close, in a line for each fact, for information.
fn untold(gaps: Vec<&GapRow>) -> Vec<String> {
    let (facts, empty): (Vec<&GapRow>, Vec<&GapRow>) = gaps.into_iter().partition(|gap| gap.call.is_empty());
    // Where there is no cluster, nothing of one is unknown.
    let empty: Vec<GapRow> = empty.into_iter().map(|gap| GapRow { hides: Vec::new(), ..gap.clone() }).collect();
    let mut told = lines(facts, |gap| format!("no call tells it, whatever is granted: {},", gap.message));
    told.extend(lines(&empty, |gap| {
        let why = if switched_on(&gap.message).is_some() { "is switched off" } else { "is not offered" };
        format!("`{}` {why}, so that there is no cluster,", gap.call)
    }));
    told
}

/// What would close each gap, in a line each: the exact grant where one is missing, and where.
fn cures<'a>(provider: Provider, gaps: impl IntoIterator<Item = &'a GapRow>) -> Vec<String> {
    lines(gaps, |gap| {
        let GapRow { call, message, .. } = gap;
        match gap.reason {
            // Which of a permission's calls was refused first does not matter.
            GapReason::Denied => match gap.permission.as_deref() {
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
            GapReason::Unsupported | GapReason::NotCollected if call.is_empty() => format!("{message},"),
            GapReason::Unsupported => match switched_on(message) {
                Some(cure) => cure,
                None => format!("`{call}` is not offered there: {},", message.trim_end_matches('.')),
            },
            GapReason::NotCollected => {
                format!("`{call}` was not asked: raise `limits.max_calls`, or read less in one run")
            }
        }
    })
}

/// A line for everything of which the same is said: where, and what it hides.
fn lines<'a>(gaps: impl IntoIterator<Item = &'a GapRow>, said: impl Fn(&GapRow) -> String) -> Vec<String> {
    let mut by_words: BTreeMap<(GapReason, String), Vec<&GapRow>> = BTreeMap::new();
    for gap in gaps {
        by_words.entry((gap.reason, said(gap))).or_default().push(gap);
    }
    let line = |((_, words), gaps): ((GapReason, String), Vec<&GapRow>)| {
        let places: BTreeSet<&str> = gaps.iter().map(|gap| gap.scope.as_str()).collect();
        let hidden: BTreeSet<&str> = gaps.iter().flat_map(|gap| gap.hides.iter().copied()).collect();
        let hides =
            if hidden.is_empty() { String::new() } else { format!("; unknown without it: {}", some(&hidden, " ")) };
        plain(&format!("{words} in {}{hides}", some(&places, ", ")))
    };
    by_words.into_iter().map(line).collect()
}

/// How a service is switched on, when the cloud says that it is off: an API of Google, a resource provider of Azure.
fn switched_on(message: &str) -> Option<String> {
    if let Some((api, _)) = message.split_once(" has not been used in project ") {
        // The link names it as every tool does; the sentence, as people do.
        let linked = message.split_once("/apis/api/").and_then(|(_, rest)| rest.split(['/', '?', ' ']).next());
        return Some(format!("enable the API `{}`", linked.unwrap_or(api)));
    }
    let (_, rest) = message.split_once(" not registered to use namespace '")?;
    let (namespace, _) = rest.split_once('\'')?;
    Some(format!("register the resource provider `{namespace}`"))
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

    #[test]
    fn what_no_call_tells_is_told_fact_by_fact_and_is_no_gap_and_what_nobody_saw_is_one() {
        let place = Place { list: "a:List", is_all_seen: true };
        let said = |call: &str, message: &str| GapRow {
            call: call.to_owned(),
            message: message.to_owned(),
            ..gap(GapReason::Unsupported, "here", None)
        };
        let facts = [said("", "taints are set inside the cluster"), said("", "nobody tells the version")];
        assert!(facts.iter().all(|fact| place.is_beyond(fact)));
        let lines = untold(facts.iter().collect());
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("whatever is granted: ") && !line.contains("``")), "{lines:?}");

        let empty = said("a:List", "the service is not there");
        assert!(place.is_beyond(&empty), "where no cluster can be, nothing is missing");
        assert_eq!(untold(vec![&empty]), ["`a:List` is not offered, so that there is no cluster, in here"]);
        let some_are_unseen = Place { is_all_seen: false, ..place };
        assert!(!some_are_unseen.is_beyond(&empty), "it may be the one that nobody could look at");
        let all = controls().iter().map(|control| control.meta.id).collect();
        let unseen = GapRow { hides: all, ..said("", "clusters in `here` were not seen: nobody knows why") };
        assert!(!place.is_beyond(&unseen));
        assert!(cures(Provider::Aws, [&unseen])[0].starts_with("clusters in `here` were not seen"));
        let other = said("a:Call", "The version is unknown.");
        assert!(!place.is_beyond(&other));
        let told = cures(Provider::Aws, [&other]);
        assert!(told[0].starts_with("`a:Call` is not offered there: The version is unknown, in here"), "{told:?}");
    }

    #[test]
    fn a_service_that_is_off_is_named_with_how_it_is_switched_on() {
        for (message, cure) in [
            (
                "Kubernetes Engine API has not been used in project 4711 before or it is disabled. Enable it by visiting \
                 https://console.developers.google.com/apis/api/container.googleapis.com/overview?project=4711 then retry.",
                "enable the API `container.googleapis.com`",
            ),
            ("Cloud Asset API has not been used in project 4711 before", "enable the API `Cloud Asset API`"),
            (
                "The subscription is not registered to use namespace 'Microsoft.Security'. See https://aka.ms/rps-not-found",
                "register the resource provider `Microsoft.Security`",
            ),
        ] {
            let off = GapRow { message: message.to_owned(), ..gap(GapReason::Unsupported, "here", None) };
            let lines = cures(Provider::Gcp, [&off]);
            assert!(lines[0].starts_with(&format!("{cure} in here; unknown without it: ")), "{lines:?}");
        }
    }
}
