//! A file of answers to begin with: every question, and nothing said.

use crate::waiver::quoted;
use palisade_engine::{AnswerKind, Asks, Entry, Question, Widest};
use std::{collections::BTreeMap, fmt::Write as _};

/// A cluster that nobody has answered a control for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unanswered {
    /// Its name. Hostile text.
    pub cluster: String,
    /// What its labels say its environment is. Hostile text.
    pub environment: Option<String>,
}

/// A file of answers with every question as a comment. Taking away the hyphens of comments makes an answer of it that is not
/// taken before every line says something.
///
/// `missing` are the clusters without an answer, by control; `None` when nobody has looked, and then every control is
/// asked once.
pub fn answers_template(controls: &[Entry], missing: Option<&BTreeMap<&str, Vec<Unanswered>>>) -> String {
    let mut text = String::from(
        "# yaml-language-server: $schema=answers.schema.json\n\
         # Answers to what no API tells. Take the `# ` away in front of what you answer, and say something in every line.\n\
         # `palisade answers check` names every mistake; `palisade answers status` tells what is missing and what expires.\n\
         # `palisade answers schema > answers.schema.json` lets editors complete and check it.\n\
         #\n\
         # yes, no or partly: a no is a fail, and so is partly, less bad. What is missing or too old passes for nothing.\n\
         answers:\n",
    );
    for control in controls {
        let Some(asks) = control.asks else { continue };
        let places = match missing {
            None => vec![generic(asks.widest)],
            Some(missing) => places(asks.widest, missing.get(control.meta.id).map(Vec::as_slice).unwrap_or_default()),
        };
        if places.is_empty() {
            continue;
        }
        let meta = control.meta;
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "\n  # {}  {} ({}).", meta.id, meta.title, meta.severity);
        let _ = writeln!(text, "  # An answer counts for {} days. More: `palisade explain {}`", asks.days, meta.id);
        for place in places {
            entry(&mut text, meta.id, asks, place.as_deref());
        }
    }
    text
}

/// The lines that say for which clusters, when nobody has looked which there are.
fn generic(widest: Widest) -> Option<String> {
    match widest {
        Widest::Fleet => None,
        Widest::Environment => Some("environment:      # or `cluster:`, by id or name".to_owned()),
        Widest::Cluster => Some("cluster:          # by id or name; one answer for each".to_owned()),
    }
}

/// The same for clusters that are there.
fn places(widest: Widest, clusters: &[Unanswered]) -> Vec<Option<String>> {
    let mut clusters = clusters.to_vec();
    clusters.sort();
    clusters.dedup();
    let by_name = |one: &Unanswered| Some(format!("cluster: {}", quoted(&one.cluster)));
    match widest {
        Widest::Fleet if clusters.is_empty() => Vec::new(),
        Widest::Fleet => vec![None],
        Widest::Cluster => clusters.iter().map(by_name).collect(),
        Widest::Environment => {
            let mut environments = BTreeMap::<&str, usize>::new();
            let mut places = Vec::new();
            for one in &clusters {
                match &one.environment {
                    Some(environment) => *environments.entry(environment).or_default() += 1,
                    None => places.push(by_name(one)),
                }
            }
            let told = environments.into_iter().map(|(name, count)| {
                let noun = if count == 1 { "cluster" } else { "clusters" };
                Some(format!("environment: {}   # {count} {noun}", quoted(name)))
            });
            told.chain(places).collect()
        }
    }
}

fn entry(text: &mut String, control: &str, asks: &Asks, place: Option<&str>) {
    let mut line = |words: String| {
        let _ = writeln!(text, "  {}", format!("# {words}").trim_end());
    };
    line(String::new());
    line(format!("- control: {control}"));
    if let Some(place) = place {
        line(format!("  {place}"));
    }
    line("  answer:".to_owned());
    let longest = asks.questions.iter().map(|question| question.name.len()).max().unwrap_or_default();
    for question in asks.questions {
        let Question { name, asks, kind } = question;
        let said = match kind {
            AnswerKind::Choice => "yes, no or partly".to_owned(),
            AnswerKind::Day { .. } => "a day as 2027-03-31, or never".to_owned(),
            AnswerKind::Number { unit, .. } => format!("a whole number of {unit}"),
        };
        let gap = " ".repeat(longest - name.len() + 3);
        line(format!("    {name}:{gap}# {said}: {asks}"));
    }
    line("  by:               # who says so".to_owned());
    line("  answered:         # the day of this answer".to_owned());
    let (mark, why) = if asks.evidence { ("", "a link to what it rests on") } else { ("# ", "optional: a link") };
    line(format!("  {mark}evidence:         # {why}"));
    line("  # expires:        # optional: the last day on which it counts, when that is earlier".to_owned());
    line("  # note:           # optional".to_owned());
}
