//! What an identity may do, as naively as it can be asked: statement by statement, name by name.

use crate::{packet::Answer, tally::Tally};
use palisade_authority::Standing;
use std::collections::BTreeSet;

/// Whether a pattern with `*` and `?` matches a text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (mut left, mut right) = (pattern.chars(), text.chars());
    match (left.next(), right.next()) {
        (None, None) => true,
        (Some('*'), next) => matches(left.as_str(), text) || next.is_some() && matches(pattern, right.as_str()),
        (Some('?'), Some(_)) => matches(left.as_str(), right.as_str()),
        (Some(one), Some(other)) => one == other && matches(left.as_str(), right.as_str()),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// The same for names whose case does not count.
pub(crate) fn matches_in_any_case(pattern: &str, text: &str) -> bool {
    matches(&pattern.to_lowercase(), &text.to_lowercase())
}

/// What it takes to have a capability: alternatives, each a set of actions that are needed together.
pub(crate) type Needs<'a> = &'a [(&'a str, &'a [&'a [&'a str]])];

/// Capabilities that are about a cluster.
const ABOUT_CLUSTERS: [&str; 6] = [
    "cluster-admin",
    "read-cluster-secrets",
    "run-workloads",
    "open-control-plane",
    "expose-metadata",
    "delete-cluster",
];

/// Compares every capability, and the actions it is said to rest on, with what is true of each action. The first of the
/// resources is one that nothing singles out; together they fall into every overlap of the patterns.
pub(crate) fn compare(
    whose: &str,
    standing: &Standing,
    needs: Needs<'_>,
    (resources, on_clusters): (&[String], &[String]),
    allowed: impl Fn(&str, &str) -> Answer,
    tally: &mut Tally,
) {
    // Everywhere but for named exceptions: on what no statement singles out.
    let everywhere = |action: &str| resources.first().map_or(Answer::No, |unnamed| allowed(action, unnamed));
    for (capability, sets) in needs {
        // Power over clusters is power over one that is there; in AWS and Google Cloud that is the whole place.
        let about_clusters = ABOUT_CLUSTERS.contains(capability) && !on_clusters.is_empty();
        let places = if about_clusters { on_clusters } else { resources };
        let somewhere = |action: &str| places.iter().map(|place| allowed(action, place)).fold(Answer::No, Answer::or);
        // These two speak of every object there is: a few do not amount to them.
        let of_every_object = ["assume-any-identity", "pull-any-image"].contains(capability);
        let satisfied = |set: &&[&str]| {
            let rest = set.iter().skip(1).map(|action| somewhere(action)).fold(Answer::Yes, Answer::and);
            let lead = set
                .first()
                .map_or(Answer::No, |action| if of_every_object { everywhere(action) } else { somewhere(action) });
            lead.and(rest)
        };
        let answers: Vec<(&&[&str], Answer)> = sets.iter().map(|set| (set, satisfied(set))).collect();
        let truth = answers.iter().map(|(_, answer)| *answer).fold(Answer::No, Answer::or);
        let held = standing.held.iter().find(|held| held.capability.name() == *capability);
        let said = held.map_or(Answer::No, |held| if held.certainty.is_certain() { Answer::Yes } else { Answer::Open });
        tally.decision(&format!("{whose} holds {capability}"), said, truth);
        let Some(held) = held.filter(|_| said == truth && !about_clusters) else { continue };
        let expected: BTreeSet<&str> =
            answers.iter().filter(|(_, answer)| *answer == truth).flat_map(|(set, _)| set.iter().copied()).collect();
        let actions: BTreeSet<&str> = held.actions.iter().map(String::as_str).collect();
        for action in expected.union(&actions) {
            let what = format!("{whose} gets {capability} by {action}");
            tally.decision(&what, Answer::of(actions.contains(action)), Answer::of(expected.contains(action)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_match_as_people_read_them() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("s3:Get*", "s3:GetObject", true),
            ("s3:Get*", "s3:PutObject", false),
            ("*:*:app-?", "a:b:app-1", true),
            ("app-?", "app-", false),
            ("a*b*c", "aXbYbZc", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(matches_in_any_case("S3:get*", "s3:GetObject"));
    }
}
