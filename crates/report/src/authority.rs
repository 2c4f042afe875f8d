//! What an identity may do, for people and for programs.

use crate::{Options, brief::short_names, paint::Pen, plain};
use palisade_authority::{Certainty, Glob, GrantId, Hop, Node, Selector, Universe};
use palisade_model::{Cluster, Identity};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write as _};

/// Action patterns of one grant that are spelled out.
const LISTED: usize = 6;

/// What an identity of a cluster may do, how it could escalate and what exceeds its need. With the provider's list of
/// actions the excess is counted by access level.
pub fn authority(cluster: &Cluster, identity: &Identity, universe: Option<&Universe>, options: &Options) -> String {
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
    let _ = writeln!(text, "{}", pen.wrap(&plain(identity.id.as_str()), "  ", "  "));
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
            say(pen, &mut text, "administrator", &format!("{}: {}", certain(certainty), given(by)));
        }
        None => say(pen, &mut text, "administrator", "no"),
    }
    // What one statement gives is told under it, so that the statement is named once.
    let mut by_grants: BTreeMap<&[GrantId], Vec<String>> = BTreeMap::new();
    for held in &standing.held {
        let mut said = vec![held.capability.name().to_owned()];
        match &held.certainty {
            Certainty::Certain => (),
            conditional @ Certainty::Conditional(_) => said.push(certain(conditional)),
        }
        if !held.everywhere {
            said.push("on some resources".to_owned());
        }
        let more = if said.len() > 1 { format!(" ({})", said.split_off(1).join(", ")) } else { String::new() };
        by_grants.entry(&held.by).or_default().push(format!("{}{more}", said.concat()));
    }
    if !by_grants.is_empty() {
        let _ = writeln!(text, "\n  {}", pen.strong("can"));
    }
    for (by, capabilities) in by_grants {
        let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(&given(by))), "    ", "      "));
        for capability in capabilities {
            let _ = writeln!(text, "{}", pen.wrap(&plain(&capability), "      ", "        "));
        }
    }
    escalation(standing.escalation.as_deref(), standing.administrator.is_some(), pen, &mut text);
    excess(standing, universe, pen, &mut text);
    for assumption in &standing.assumptions {
        say(pen, &mut text, "assuming", assumption);
    }
    text
}

/// The way up, hop by hop: who becomes whom, by which permission, given by what.
fn escalation(path: Option<&[Hop]>, is_administrator: bool, pen: Pen, text: &mut String) {
    let Some(path) = path else {
        if !is_administrator {
            say(pen, text, "escalates", "no way was found");
        }
        return;
    };
    let last = path.last().map(|hop| node(&hop.to)).unwrap_or_default();
    let steps = if path.len() == 1 { "1 step".to_owned() } else { format!("{} steps", path.len()) };
    let _ = writeln!(text, "\n  {}  to {} in {steps}", pen.strong("escalates"), plain(&short_names(&last)));
    for (place, hop) in path.iter().enumerate() {
        let head = format!("{}. becomes {} by {} ({})", place + 1, node(&hop.to), hop.method, certain(&hop.certainty));
        let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(&head)), "    ", "       "));
        let _ = writeln!(text, "{}", pen.wrap(&plain(hop.method.sentence()), "       ", "       "));
        let with = format!("with {}; {}", hop.permissions.join(", "), given(&hop.by));
        let with = if hop.permissions.is_empty() { given(&hop.by) } else { with };
        let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(&with)), "       ", "       "));
    }
}

fn excess(standing: &palisade_authority::Standing, universe: Option<&Universe>, pen: Pen, text: &mut String) {
    if standing.wildcards.is_empty() && standing.outside_need.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  {}", pen.strong("beyond its need"));
    for wildcard in &standing.wildcards {
        let said = format!(
            "`{}` on every resource, by {}{}",
            wildcard.pattern,
            wildcard.grant,
            levels(universe, [&wildcard.pattern])
        );
        let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(&said)), "    ", "      "));
    }
    let told = |grant: &GrantId, action: &String| {
        standing.wildcards.iter().any(|wildcard| wildcard.grant == *grant && wildcard.pattern == *action)
    };
    for outside in &standing.outside_need {
        if outside.more == 0 && outside.actions.iter().all(|action| told(&outside.grant, action)) {
            continue;
        }
        let named: Vec<&str> = outside.actions.iter().take(LISTED).map(String::as_str).collect();
        let more = outside.actions.len() - named.len() + outside.more;
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        // What is left out cannot be counted.
        let counted = if outside.more == 0 { levels(universe, &outside.actions) } else { String::new() };
        let said = format!("{}{more}, by {}{counted}", named.join(", "), outside.grant);
        let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(&said)), "    ", "      "));
    }
}

/// How many actions of each level some patterns mean.
fn levels<'a>(universe: Option<&Universe>, patterns: impl IntoIterator<Item = &'a String>) -> String {
    let Some(universe) = universe else { return String::new() };
    let globs: Vec<Glob> = patterns
        .into_iter()
        // `s3:* except s3:Delete*` is no pattern, and counting it as one would count too little.
        .map(|pattern| Glob::insensitive(pattern.split(" except ").next().unwrap_or(pattern)))
        .collect();
    let counts = universe.count(&universe.select(&Selector::of(globs)));
    if counts.total() == 0 { String::new() } else { format!(" ({counts})") }
}

/// The same for programs, as `palisade.authority/v1`.
pub fn authority_json(cluster: &Cluster, identity: &Identity) -> Value {
    let standing = identity.standing.get();
    let mut value = json!({
        "schema": "palisade.authority/v1",
        "cluster": cluster.id.as_str(),
        "id": identity.id.as_str(),
        "name": identity.name,
        "kind": identity.kind.name(),
        "used_by": identity.used_by,
        "unknown": standing.as_ref().err().map(ToString::to_string),
    });
    if let (Ok(standing), Some(fields)) = (standing, value.as_object_mut()) {
        // A value made of words and lists always has a JSON form.
        fields.insert("standing".to_owned(), serde_json::to_value(standing).unwrap_or(Value::Null));
    }
    value
}

fn node(node: &Node) -> String {
    match node {
        Node::Administrator => "an administrator".to_owned(),
        Node::ClusterAdmin => "a cluster-admin".to_owned(),
        Node::Identity(id) => id.to_string(),
    }
}

fn given(by: &[GrantId]) -> String {
    if by.is_empty() {
        return "by no grant that is named".to_owned();
    }
    format!("by {}", by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
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
    let _ = writeln!(text, "{}", pen.wrap(&plain(&short_names(answer)), &format!("  {name:<14} "), &" ".repeat(17)));
}
