//! The plan in words: for a terminal, for a wiki, and as lines for a spreadsheet.

use crate::{Outlook, cell, paint::Pen, plain, render::Options};
use palisade_assess::{Initiative, InitiativeId, Item, Why};
use std::{collections::BTreeMap, fmt::Write as _, io};

/// Initiatives told of one quarter on a terminal; the file and the other forms have all.
const SHOWN: usize = 12;

pub(crate) type ById<'a> = BTreeMap<&'a InitiativeId, &'a Initiative>;

pub(crate) fn by_id(outlook: &Outlook) -> ById<'_> {
    outlook.initiatives.iter().map(|one| (&one.id, one)).collect()
}

/// The plan for people at a terminal.
pub fn plan_text(outlook: &Outlook, options: &Options) -> String {
    let pen = Pen { colour: options.colour, width: options.width };
    let all = by_id(outlook);
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{}  {}", pen.strong("Plan"), proof(outlook));
    for quarter in &outlook.plan.quarters {
        let loads: Vec<String> = quarter
            .teams
            .iter()
            .map(|load| {
                let team = load.team.as_ref().map_or_else(String::new, |team| format!("{} ", plain(team.as_str())));
                format!("{team}{} of {} days", load.used, load.room)
            })
            .collect();
        let head = format!("Quarter {}", quarter.span.quarter);
        let _ = writeln!(
            text,
            "\n{}  {} to {}, {}, {} points of risk go",
            pen.strong(&head),
            quarter.span.from,
            quarter.span.to,
            loads.join(", "),
            quarter.risk.get()
        );
        for item in quarter.items.iter().take(SHOWN) {
            let Some(one) = all.get(&item.initiative) else { continue };
            let pin = if item.pinned { " (pinned)" } else { "" };
            let line = format!("{:>5} d {:>5} pt  {}{pin}", item.days.to_string(), one.risk.get(), plain(&one.title));
            let _ = writeln!(text, "{}", pen.wrap(&line, "  ", "                  "));
            let indent = " ".repeat(18);
            for line in pen.wrap(&place(one), &indent, &indent).lines() {
                let _ = writeln!(text, "{}", pen.faint(line));
            }
        }
        if let Some(more) = quarter.items.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "  {}", pen.faint(&format!("and {more} more")));
        }
    }
    let _ = writeln!(text, "\n{}", pen.strong("What to expect"));
    for one in &outlook.expected {
        let when = one.after.map_or_else(|| "today".to_owned(), |quarter| format!("after quarter {quarter}"));
        let layers: Vec<String> =
            one.layers.iter().filter_map(|(layer, own, _)| Some(format!("{layer} {}", (*own)?.points()))).collect();
        let _ = writeln!(text, "  {when:<16} {}, {} risk left", layers.join(", "), one.risk_left.get());
    }
    let left = &outlook.plan.left_out;
    if !left.is_empty() {
        let _ = writeln!(text, "\n{}  {}", pen.strong("In no quarter"), left.len());
        for one in left.iter().take(SHOWN) {
            let told = format!("{}: {}", title(&one.initiative, &all), why(&one.why, &all));
            let _ = writeln!(text, "{}", pen.wrap(&told, "  ", "    "));
        }
    }
    for wish in &outlook.plan.unknown_wishes {
        let _ = writeln!(
            text,
            "{}",
            pen.faint(&format!("`{}` of the plan's file is nothing that is open any more", plain(wish.as_str())))
        );
    }
    text
}

/// How good the choice is.
pub(crate) fn proof(outlook: &Outlook) -> String {
    let proof = outlook.plan.proof;
    let gap = proof.gap_basis_points();
    if proof.optimal {
        "no other choice under these days removes more risk".to_owned()
    } else {
        format!("at most {}.{:02} % from the best there can be under these days", gap / 100, gap % 100)
    }
}

fn place(one: &Initiative) -> String {
    let owner = one.owner.as_str();
    let owner = if owner.is_empty() { String::new() } else { format!(", {}", plain(owner)) };
    format!(
        "{} {}{owner}; {} findings; {}",
        one.provider.service(),
        plain(&one.account),
        one.findings.len(),
        plain(one.id.as_str())
    )
}

/// The title of an initiative, or its name where there is none.
pub(crate) fn title(id: &InitiativeId, all: &ById<'_>) -> String {
    plain(all.get(id).map_or_else(|| id.as_str(), |one| one.title.as_str()))
}

/// Why something is in no quarter.
pub(crate) fn why(why: &Why, all: &ById<'_>) -> String {
    match why {
        Why::Excluded { because } => format!("taken out by a person: {}", plain(because)),
        Why::TooLarge { days, room } => format!("takes {days} days, and its team's largest quarter holds {room}"),
        Why::Waits { waits_for } => format!("waits for what is in no quarter: {}", title(waits_for, all)),
        Why::NoRoom => "the days are taken by what removes more risk for them".to_owned(),
        Why::NotNeeded => "nothing that is planned needs it".to_owned(),
    }
}

/// The plan for a wiki or an issue: Markdown, with everything from a cloud escaped.
pub fn plan_markdown(outlook: &Outlook) -> String {
    let all = by_id(outlook);
    let mut text = format!("# Plan\n\n{}.\n", proof(outlook));
    for quarter in &outlook.plan.quarters {
        let _ = writeln!(
            text,
            "\n## Quarter {}: {} to {}\n\n{} points of risk go.\n\n| Change | Where | Days | Risk |\n|---|---|---:|---:|",
            quarter.span.quarter,
            quarter.span.from,
            quarter.span.to,
            quarter.risk.get()
        );
        for item in &quarter.items {
            let Some(one) = all.get(&item.initiative) else { continue };
            let owner = one.owner.as_str();
            let place = format!("{} {} {owner}", one.provider.service(), one.account);
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                escaped(&one.title),
                escaped(place.trim()),
                item.days,
                one.risk.get()
            );
        }
    }
    if !outlook.plan.left_out.is_empty() {
        text.push_str("\n## In no quarter\n\n| Change | Why not |\n|---|---|\n");
        for one in &outlook.plan.left_out {
            let (title, why) = (title(&one.initiative, &all), why(&one.why, &all));
            let _ = writeln!(text, "| {} | {} |", escaped(&title), escaped(&why));
        }
    }
    text
}

/// Text that Markdown takes as it stands.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for letter in plain(text).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' | '@' | ':' => {
                safe.push('\\');
                safe.push(letter);
            }
            other => safe.push(other),
        }
    }
    safe
}

/// A line for each initiative, planned or not.
///
/// # Errors
/// When `to` does not take it.
pub fn plan_csv(outlook: &Outlook, to: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record([
        "id", "quarter", "pinned", "quadrant", "title", "provider", "account", "owner", "severity", "days", "risk",
        "findings", "clusters", "why_not",
    ])?;
    let mut planned: BTreeMap<&InitiativeId, (u8, &Item)> = BTreeMap::new();
    for quarter in &outlook.plan.quarters {
        planned.extend(quarter.items.iter().map(|item| (&item.initiative, (quarter.span.quarter.number(), item))));
    }
    let all = by_id(outlook);
    let left: BTreeMap<&InitiativeId, &Why> =
        outlook.plan.left_out.iter().map(|one| (&one.initiative, &one.why)).collect();
    for one in &outlook.initiatives {
        let place = planned.get(&one.id);
        writer.write_record([
            cell(one.id.as_str()),
            place.map(|(quarter, _)| quarter.to_string()).unwrap_or_default(),
            place.is_some_and(|(_, item)| item.pinned).to_string(),
            one.quadrant.name().to_owned(),
            cell(&one.title),
            one.provider.name().to_owned(),
            cell(&one.account),
            cell(one.owner.as_str()),
            one.severity.name().to_owned(),
            one.cost.days.to_string(),
            one.risk.get().to_string(),
            one.findings.len().to_string(),
            one.clusters.len().to_string(),
            left.get(&one.id).map(|reason| cell(&why(reason, &all))).unwrap_or_default(),
        ])?;
    }
    writer.flush()
}
