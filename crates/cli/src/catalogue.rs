//! `palisade explain` and `palisade controls`.

use crate::{
    arguments::{Controls, Explain, ListFormat},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
};
use palisade_controls::controls;
use palisade_engine::{Concern, Entry, mappings};
use palisade_report::{Options, control_page};
use std::fmt::Write as _;

pub(crate) fn explain(wanted: &Explain, screen: &Screen) -> anyhow::Result<Exit> {
    let name = wanted.control.to_ascii_lowercase();
    let all = controls();
    let is_it = |control: &&Entry| control.meta.id.eq_ignore_ascii_case(&name) || control.meta.name == name;
    let Some(control) = all.iter().find(is_it) else {
        let hint = "`palisade controls` lists them";
        return Err(WrongUsage(format!("no control is called `{}`: {hint}", wanted.control)).into());
    };
    let options = Options { colour: screen.colour, width: screen.width, next: Vec::new(), ..Options::default() };
    output::data(control_page(control, &options).as_bytes(), None)?;
    Ok(Exit::Done)
}

pub(crate) fn list(wanted: &Controls) -> anyhow::Result<Exit> {
    let text = match wanted.format {
        ListFormat::Table => table(&controls()),
        ListFormat::Json => json(&controls())?,
    };
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn table(controls: &[Entry]) -> String {
    let mut text = String::new();
    for concern in Concern::ALL {
        let rows: Vec<_> = controls.iter().filter(|control| control.meta.concern == *concern).collect();
        if rows.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{concern}");
        for row in rows {
            let meta = row.meta;
            let _ = writeln!(text, "  {:<6} {:<9} {}", meta.id, meta.severity.name(), meta.title);
        }
        text.push('\n');
    }
    text.push_str("`palisade explain ID` shows what is checked, why, and what to do.\n");
    text
}

fn json(controls: &[Entry]) -> anyhow::Result<String> {
    let rows: Vec<_> = controls
        .iter()
        .map(|control| {
            let meta = control.meta;
            serde_json::json!({
                "id": meta.id,
                "name": meta.name,
                "title": meta.title,
                "concern": meta.concern,
                "layer": meta.layer,
                "dimension": meta.dimension,
                "severity": meta.severity,
                "effort": meta.effort,
                "needs": meta.needs.iter().map(|need| need.name()).collect::<Vec<_>>(),
                "maps": mappings(meta),
            })
        })
        .collect();
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}
