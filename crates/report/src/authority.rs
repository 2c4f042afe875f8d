//! What an identity may do, for people.

use crate::{Options, paint::Pen, plain};
use palisade_authority::{Certainty, explain};
use palisade_model::{Cluster, Identity};
use std::fmt::Write as _;

/// What an identity of a cluster may do, how it could escalate and what exceeds its need.
pub fn authority(cluster: &Cluster, identity: &Identity, options: &Options) -> String {
    let pen = Pen { colour: options.colour, width: options.width };
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(
        text,
        "{}  {} of {} ({})",
        pen.strong(&plain(&identity.name)),
        identity.kind.name(),
        plain(&cluster.name),
        plain(cluster.scope.as_str())
    );
    let _ = writeln!(text, "  {}", plain(&identity.id.to_string()));
    if !identity.used_by.is_empty() {
        say(pen, &mut text, "used by", &identity.used_by.join(", "));
    }
    let standing = match identity.standing.get() {
        Ok(standing) => standing,
        Err(gap) => {
            say(pen, &mut text, "may do", &format!("unknown: {gap}"));
            return text;
        }
    };
    match &standing.administrator {
        Some((certainty, by)) => {
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            say(pen, &mut text, "administrator", &format!("{}, by {}", certain(certainty), by.join(", ")));
        }
        None => say(pen, &mut text, "administrator", "no"),
    }
    for held in &standing.held {
        let by: Vec<String> = held.by.iter().map(ToString::to_string).collect();
        let wide = if held.everywhere { "everywhere" } else { "on some resources" };
        let actions = held.actions.join(" + ");
        let answer = format!(
            "{} ({}, {wide}) by {actions} in {}",
            held.capability.name(),
            certain(&held.certainty),
            by.join(", ")
        );
        say(pen, &mut text, "can", &answer);
    }
    match &standing.escalation {
        Some(path) => {
            for hop in explain(path) {
                say(pen, &mut text, "escalates", &hop);
            }
        }
        None => say(pen, &mut text, "escalates", "no way was found"),
    }
    for wildcard in &standing.wildcards {
        say(pen, &mut text, "wildcard", &format!("{} in {}", wildcard.pattern, wildcard.grant));
    }
    for outside in &standing.outside_need {
        say(pen, &mut text, "not needed", &format!("{} in {}", outside.actions.join(", "), outside.grant));
    }
    for assumption in &standing.assumptions {
        say(pen, &mut text, "assuming", assumption);
    }
    text
}

fn certain(certainty: &Certainty) -> String {
    match certainty {
        Certainty::Certain => "certain".to_owned(),
        Certainty::Conditional(on) => {
            format!("conditional on {}", on.iter().cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

fn say(pen: Pen, text: &mut String, name: &str, answer: &str) {
    let _ = writeln!(text, "{}", pen.wrap(&plain(answer), &format!("  {name:<14} "), &" ".repeat(17)));
}
