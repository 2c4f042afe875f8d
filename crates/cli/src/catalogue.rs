//! `palisade explain` and `palisade controls`.

use crate::{
    arguments::{Controls, Explain, ListFormat},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
};
use palisade_controls::controls;
use palisade_engine::{Concern, Entry, Framework, Mapping, mappings};
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
    let controls = asked_for(wanted.framework.as_deref())?;
    let text = match wanted.format {
        ListFormat::Table => table(&controls, wanted.framework.as_deref()),
        ListFormat::Json => json(&controls)?,
    };
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

/// Whether somebody means a framework: in one version, as in `CIS-EKS-2.0.0`, or in every one.
fn is_meant(mapping: &Mapping, wanted: &str) -> bool {
    [mapping.framework.name().to_owned(), mapping.key(), mapping.edition()]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(wanted))
}

/// The controls that speak to a framework, or all.
fn asked_for(framework: Option<&str>) -> anyhow::Result<Vec<Entry>> {
    let mut all = controls();
    let Some(wanted) = framework else { return Ok(all) };
    all.retain(|control| mappings(control.meta).iter().any(|mapping| is_meant(mapping, wanted)));
    if all.is_empty() {
        let hint = Framework::ALL.map(versions).join(", ");
        return Err(WrongUsage(format!("no control speaks to `{wanted}`; there are {hint}")).into());
    }
    Ok(all)
}

fn versions(framework: Framework) -> String {
    format!("{framework} {}", framework.versions().join(" and "))
}

fn table(controls: &[Entry], framework: Option<&str>) -> String {
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
            let meant = mappings(meta).into_iter().filter(|one| framework.is_some_and(|wanted| is_meant(one, wanted)));
            for mapping in meant {
                let _ = writeln!(text, "                   {}", mapping.told());
            }
        }
        text.push('\n');
    }
    if framework.is_none() {
        text.push_str("Mapped to\n");
        for framework in Framework::ALL {
            let _ = writeln!(text, "  {:<32} {}", versions(framework), framework.title());
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
