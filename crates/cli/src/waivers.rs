//! `palisade waivers`: accepted risks, and what they do in a run before they do it.

mod seen;

use crate::{
    arguments::{AddWaiver, CheckWaivers, ListFormat, ListWaivers, RemoveWaiver, Selector, Waivers},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    paths,
    scan::{configuration, control_ids, waivers_path, without_waivers},
};
use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use palisade_config::{EditError, Source, append_waiver, read_waivers, remove_waiver};
use palisade_engine::Waiver;
use palisade_report::plain;
use palisade_track::selector;
use seen::{Matched, Seen, Standing};
use serde::Serialize;
use std::{
    fmt::Write as _,
    io,
    path::{Path, PathBuf},
};

pub(crate) async fn run(wanted: &Waivers, screen: &Screen) -> anyhow::Result<Exit> {
    match wanted {
        Waivers::List(wanted) => list(wanted),
        Waivers::Check(wanted) => check(wanted).await,
        Waivers::Add(wanted) => add(wanted, screen).await,
        Waivers::Remove(wanted) => remove(wanted, screen),
    }
}

fn list(wanted: &ListWaivers) -> anyhow::Result<Exit> {
    let waivers = configuration(&wanted.config)?.policy.waivers;
    let now = Timestamp::now();
    if wanted.format == ListFormat::Json {
        output::json(&waivers.iter().map(Line::of).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for waiver in &waivers {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "{}\n    {}", head(waiver, now), plain(&waiver.reason));
    }
    let _ = writeln!(text, "{}", count(waivers.len()));
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// A waiver for programs.
#[derive(Serialize)]
struct Line<'a> {
    control: &'a str,
    cluster: &'a str,
    subject: Option<&'a str>,
    owner: &'a str,
    approver: &'a str,
    reason: &'a str,
    until: Timestamp,
    approved: Option<Vec<String>>,
    covers: Option<u64>,
}

impl<'a> Line<'a> {
    fn of(waiver: &'a Waiver) -> Self {
        Self {
            control: &waiver.control,
            cluster: &waiver.cluster,
            subject: waiver.subject.as_deref(),
            owner: &waiver.owner,
            approver: &waiver.approver,
            reason: &waiver.reason,
            until: waiver.until,
            approved: waiver.approved.as_ref().map(|approved| approved.iter().map(ToString::to_string).collect()),
            covers: waiver.covers,
        }
    }
}

fn count(waivers: usize) -> String {
    if waivers == 1 { "1 waiver".to_owned() } else { format!("{waivers} waivers") }
}

/// What a waiver selects, of whom, until when, and for how many it was approved.
fn head(waiver: &Waiver, now: Timestamp) -> String {
    // The end of a day is told as that day.
    let last = waiver.until.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(waiver.until);
    let (verb, when) =
        if now < waiver.until { ("until", days(now, waiver.until)) } else { ("ended", "over".to_owned()) };
    let approved = match (&waiver.approved, waiver.covers) {
        (Some(approved), _) => format!("approved for {} by fingerprint", approved.len()),
        (None, Some(covers)) => format!("approved for {covers}"),
        (None, None) => "for whatever it selects".to_owned(),
    };
    plain(&format!(
        "{}, {approved}; owner {}, approver {}; {verb} {} ({when})",
        selector(waiver),
        waiver.owner,
        waiver.approver,
        last.strftime("%Y-%m-%d")
    ))
}

fn days(from: Timestamp, to: Timestamp) -> String {
    match to.duration_since(from).as_hours() / 24 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

async fn check(wanted: &CheckWaivers) -> anyhow::Result<Exit> {
    let config = configuration(&wanted.config)?;
    let waivers = &config.policy.waivers;
    let now = Timestamp::now();
    let seen = match &wanted.against {
        Some(run) => Some(Seen::of(run, &config, &wanted.config).await?),
        None => None,
    };
    let within = SignedDuration::from_hours(24 * i64::from(wanted.within));
    let checked: Vec<Checked<'_>> = waivers
        .iter()
        .map(|waiver| Checked {
            waiver: Line::of(waiver),
            has_ended: waiver.until <= now,
            ends_soon: now < waiver.until && waiver.until.duration_since(now) <= within,
            is_open_ended: waiver.approved.is_none() && waiver.covers.is_none(),
            matched: seen.as_ref().map(|seen| seen.matched(waiver, now)),
        })
        .collect();
    let needs_somebody = checked.iter().any(Checked::needs_somebody);
    if wanted.format == ListFormat::Json {
        output::json(&checked)?;
    } else {
        let mut text = String::new();
        if let Some(seen) = &seen {
            let _ = writeln!(text, "against {}\n", plain(&seen.name));
        }
        for (waiver, checked) in waivers.iter().zip(&checked) {
            let _ = writeln!(text, "{}", head(waiver, now));
            checked.tell(&mut text);
        }
        let open = checked.iter().filter(|one| one.needs_somebody()).count();
        let _ = writeln!(text, "{}, {open} of them need somebody", count(waivers.len()));
        output::data(text.as_bytes(), None)?;
    }
    Ok(if needs_somebody { Exit::Findings } else { Exit::Done })
}

/// What is to be said of a waiver.
#[derive(Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    waiver: Line<'a>,
    has_ended: bool,
    ends_soon: bool,
    is_open_ended: bool,
    /// `None`: there was no run to compare with.
    matched: Option<Matched>,
}

impl Checked<'_> {
    fn needs_somebody(&self) -> bool {
        let unfit = |matched: &Matched| matched.standing != Standing::Fits && matched.standing != Standing::NotRead;
        self.has_ended || self.matched.as_ref().is_some_and(unfit)
    }

    fn tell(&self, text: &mut String) {
        let mut say = |words: &str| {
            let _ = writeln!(text, "    {}", plain(words));
        };
        if self.has_ended {
            say("ended: it waives nothing. Renew it with a new end, or remove it");
        } else if self.ends_soon {
            say("ends soon");
        }
        if self.is_open_ended {
            say("without `approved` or `covers` it waives whatever it selects, also what is bad tomorrow");
        }
        let Some(matched) = &self.matched else { return };
        match matched.standing {
            Standing::Fits => (),
            Standing::Unused => say("matches nothing that is bad: correct or remove it"),
            Standing::NotRead => say("its cluster was not read in this run: what it matches is not known"),
            Standing::Unknown => say("no cluster of this run is called so: correct or remove it"),
            Standing::Grown if self.waiver.covers.is_some() => {
                say("selects more than it was approved for: nothing of it is waived until somebody approves it again");
            }
            Standing::Grown => say("selects more than it was approved for: what is not listed is not waived"),
        }
        for (what, some) in [("waives", &matched.waives), ("does not waive", &matched.does_not_waive)] {
            if !some.is_empty() {
                say(&format!("{what} {}:", some.len()));
            }
            for one in some {
                say(&format!("  {}  {:<8} {}: {}", one.fingerprint, one.severity, one.subject_name, one.because));
            }
        }
    }
}

/// The file of the waivers, what is in it, and its name. A file that is not there is empty.
fn file(config_path: &Path) -> anyhow::Result<(PathBuf, String)> {
    let config = without_waivers(config_path)?;
    let path = waivers_path(&config, config_path).ok_or_else(|| {
        WrongUsage(format!(
            "`{}` names no file of waivers: add\n  policy:\n    waivers_file: waivers.yaml",
            config_path.display()
        ))
    })?;
    match paths::text(&path, paths::DOCUMENT) {
        Ok(text) => Ok((path, text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((path, String::new())),
        Err(error) => Err(error).with_context(|| format!("could not read the waivers `{}`", path.display())),
    }
}

/// The waivers of a file; one that is empty has none.
fn waivers_of(source: &Source<'_>) -> anyhow::Result<Vec<Waiver>> {
    if source.text.trim().is_empty() { Ok(Vec::new()) } else { Ok(read_waivers(source, &control_ids())?) }
}

fn of_edit(error: EditError) -> anyhow::Error {
    match error {
        EditError::Wrong(diagnostics) => diagnostics.into(),
        other => WrongUsage(other.to_string()).into(),
    }
}

async fn add(wanted: &AddWaiver, screen: &Screen) -> anyhow::Result<Exit> {
    let AddWaiver { selector: Selector { control, cluster, subject }, owner, approver, reason, until, .. } = wanted;
    let (path, text) = file(&wanted.config)?;
    let name = path.display().to_string();
    let source = Source { name: &name, text: &text };
    let present = waivers_of(&source)?;
    // As the file will say it, so that every mistake is told as of the file.
    let line = serde_json::json!({ "waivers": [{
        "control": control, "cluster": cluster, "owner": owner, "approver": approver, "reason": reason, "until": until,
    }] });
    let line = line.to_string();
    let Some(mut waiver) = read_waivers(&Source { name: "the new waiver", text: &line }, &control_ids())?.pop() else {
        return Err(anyhow::anyhow!("the new waiver could not be read"));
    };
    waiver.subject.clone_from(subject);
    if present.iter().any(|other| selects_the_same(other, &waiver)) {
        return Err(WrongUsage(format!(
            "a waiver of `{name}` selects {} already: renew it, or remove it first",
            plain(&selector(&waiver))
        ))
        .into());
    }
    let now = Timestamp::now();
    if waiver.until <= now {
        return Err(WrongUsage(format!("it would have ended before it began: `{until}` is over")).into());
    }
    let config = without_waivers(&wanted.config)?;
    let seen = Seen::of(&wanted.against, &config, &wanted.config).await?;
    let matched = seen.matched(&waiver, now);
    if matched.waives.is_empty() {
        return Err(WrongUsage(plain(&format!(
            "{} selects nothing that is bad in {}: there is nothing to accept",
            selector(&waiver),
            seen.name
        )))
        .into());
    }
    waiver.approved = Some(matched.waives.iter().map(|one| one.fingerprint).collect());
    let changed = append_waiver(&source, &waiver, &control_ids()).map_err(of_edit)?;
    let mut told = format!("{}\n", head(&waiver, now));
    for one in &matched.waives {
        let words = format!("{}  {:<8} {}: {}", one.fingerprint, one.severity, one.subject_name, one.because);
        let _ = writeln!(told, "    {}", plain(&words));
    }
    output::data(told.as_bytes(), None)?;
    if wanted.dry_run {
        screen.note("nothing was written");
    } else {
        output::data(changed.as_bytes(), Some(&path))?;
        screen.note(&format!("added to `{name}`"));
    }
    Ok(Exit::Done)
}

fn selects_the_same(one: &Waiver, other: &Waiver) -> bool {
    (&one.control, &one.cluster, &one.subject) == (&other.control, &other.cluster, &other.subject)
}

fn remove(wanted: &RemoveWaiver, screen: &Screen) -> anyhow::Result<Exit> {
    let RemoveWaiver { selector: Selector { control, cluster, subject }, .. } = wanted;
    let (path, mut text) = file(&wanted.config)?;
    let name = path.display().to_string();
    let mut removed = 0;
    loop {
        let source = Source { name: &name, text: &text };
        let is_wanted =
            |waiver: &Waiver| waiver.control == *control && waiver.cluster == *cluster && waiver.subject == *subject;
        let Some(place) = waivers_of(&source)?.iter().position(is_wanted) else { break };
        text = remove_waiver(&source, place, &control_ids()).map_err(of_edit)?;
        removed += 1;
    }
    if removed == 0 {
        let about = subject.as_ref().map_or_else(String::new, |subject| format!(" and subject `{subject}`"));
        return Err(WrongUsage(plain(&format!(
            "no waiver of `{name}` is for {control} on `{cluster}`{about}; `palisade waivers list` tells them"
        )))
        .into());
    }
    output::data(text.as_bytes(), Some(&path))?;
    screen.note(&format!("{} removed from `{name}`", count(removed)));
    Ok(Exit::Done)
}
