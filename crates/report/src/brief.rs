//! Reasons as a terminal has room for them: long names by their end, long lists by their beginning.

use std::{borrow::Cow, fmt::Write as _};

/// Names of a list that a terminal is shown.
const NAMED: usize = 2;

/// A reason with every resource id cut to what tells it from its neighbours, and every list of names to its first two.
/// The full text stands in the other forms.
pub(crate) fn brief(text: &str) -> String {
    few(&short_names(text))
}

/// Cuts ids in a sentence: ARM ids, ARNs and names of Google's resources.
pub(crate) fn short_names(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut word = String::new();
    for letter in text.chars() {
        if is_part_of_an_id(letter) {
            word.push(letter);
        } else {
            short.push_str(&short_id(&word));
            word.clear();
            short.push(letter);
        }
    }
    short.push_str(&short_id(&word));
    short
}

fn is_part_of_an_id(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '/' | ':' | '-' | '_' | '.' | '@' | '*' | '+' | '=' | '~')
}

fn short_id(id: &str) -> Cow<'_, str> {
    // The sentence's own punctuation is none of the id's.
    let bare = id.trim_end_matches([':', '.']);
    let rest = id.get(bare.len()..).unwrap_or_default();
    match arm(bare).or_else(|| arn(bare)).or_else(|| google(bare)) {
        Some(short) => Cow::Owned(format!("{short}{rest}")),
        None => Cow::Borrowed(id),
    }
}

/// `/subscriptions/S/resourceGroups/G/providers/N/T/NAME/T/NAME` as `NAME/NAME`; a group or subscription keeps its type.
fn arm(id: &str) -> Option<String> {
    let parts: Vec<&str> = id.strip_prefix('/')?.split('/').collect();
    if !parts.first()?.eq_ignore_ascii_case("subscriptions") || parts.len() < 2 {
        return None;
    }
    let provider = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"));
    let names: Vec<&str> = match provider {
        Some(place) => parts.iter().skip(place + 3).step_by(2).copied().collect(),
        None => Vec::new(),
    };
    Some(if names.is_empty() { last_two(&parts) } else { names.join("/") })
}

/// `arn:aws:iam::444444444444:role/path/node` as `444444444444:role/node`: whose it is matters.
fn arn(id: &str) -> Option<String> {
    let mut parts = id.splitn(6, ':');
    let (_, _) = (parts.next().filter(|first| *first == "arn")?, parts.next()?);
    let (_service, _region) = (parts.next()?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    let segments: Vec<&str> = resource.split('/').collect();
    let named = match segments.as_slice() {
        [kind, _, .., name] => format!("{kind}/{name}"),
        _ => resource.to_owned(),
    };
    Some(if matches!(account, "" | "aws") { named } else { format!("{account}:{named}") })
}

/// `projects/P/zones/Z/instances/NAME` as `instances/NAME`.
fn google(id: &str) -> Option<String> {
    let at = id.find("projects/")?;
    let parts: Vec<&str> = id.get(at..)?.split('/').collect();
    (parts.len() > 3 && parts.len().is_multiple_of(2)).then(|| last_two(&parts))
}

fn last_two(parts: &[&str]) -> String {
    parts.get(parts.len().saturating_sub(2)..).unwrap_or_default().join("/")
}

/// Cuts lists of names in backticks to the first two: "`a`, `b` and 3 more".
fn few(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let (before, list) = rest.split_at(start);
        told.push_str(before);
        let (names, after) = names(list);
        if names.len() <= NAMED {
            let Some(name) = names.first() else {
                told.push_str(list);
                return told;
            };
            let (one, others) = list.split_at(name.len());
            told.push_str(one);
            rest = others;
            continue;
        }
        let (more, after) = more(after);
        let left_out = names.len() - NAMED + more;
        told.push_str(&names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "));
        // Writing to a string cannot fail.
        let _ = write!(told, " and {left_out} more");
        rest = after;
    }
    told.push_str(rest);
    told
}

/// The names in backticks at the beginning, with commas between them, and what follows.
fn names(list: &str) -> (Vec<&str>, &str) {
    let mut names = Vec::new();
    let mut rest = list;
    while let Some(end) = rest.strip_prefix('`').and_then(|inside| inside.find('`')) {
        let (name, after) = rest.split_at(end + 2);
        names.push(name);
        rest = after;
        match after.strip_prefix(", ") {
            Some(next) if next.starts_with('`') => rest = next,
            _ => break,
        }
    }
    (names, rest)
}

/// How many more a list already said there are, and what follows.
fn more(text: &str) -> (usize, &str) {
    let said = || {
        let (count, after) = text.strip_prefix(" and ")?.split_once(" more")?;
        Some((count.parse().ok()?, after))
    };
    said().unwrap_or((0, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_by_its_end() {
        let machine = "/subscriptions/9e8d/resourceGroups/mc/providers/Microsoft.Compute/virtualMachineScaleSets/spot/virtualMachines/0";
        assert_eq!(short_names(&format!("on `{machine}`.")), "on `spot/0`.");
        assert_eq!(short_names("Owner at /subscriptions/9e8d"), "Owner at subscriptions/9e8d");
        assert_eq!(short_names("at /subscriptions/9e8d/resourceGroups/net: x"), "at resourceGroups/net: x");
        assert_eq!(short_names("arn:aws:iam::444444444444:role/a/b/node"), "444444444444:role/node");
        assert_eq!(short_names("arn:aws:iam::aws:policy/ReadOnly"), "policy/ReadOnly");
        assert_eq!(short_names("`projects/p/zones/z/instances/n-1`"), "`instances/n-1`");
    }

    #[test]
    fn what_is_no_id_stays_as_it_is() {
        for text in
            ["roles/viewer on projects/acme", "203.0.113.0/24, 10.0.0.1:443", "a/b/c/d", "version 1.27 ends.", ""]
        {
            assert_eq!(brief(text), text);
        }
    }

    #[test]
    fn a_list_names_two_and_counts_the_rest() {
        assert_eq!(brief("by `a`, `b`, `c` and 3 more; new"), "by `a`, `b` and 4 more; new");
        assert_eq!(brief("`a`, `b`, `c`, `d` may"), "`a`, `b` and 2 more may");
        assert_eq!(brief("`a`, `b` and 7 more"), "`a`, `b` and 7 more");
        assert_eq!(brief("an open ` stays"), "an open ` stays");
    }
}
