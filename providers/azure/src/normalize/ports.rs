//! Ports as security rules write them: one range or many, `*` for all.

use palisade_reach::Ports;

/// The ports; nothing when they are missing or cannot be read.
pub(super) fn ports(one: Option<&str>, many: &[String]) -> Option<Ports> {
    let mut texts = one.into_iter().filter(|text| !text.is_empty()).chain(many.iter().map(String::as_str)).peekable();
    texts.peek()?;
    texts.map(range).try_fold(Ports::empty(), |all, range| Some(all.union(&range?)))
}

/// Source ports: absent means any.
pub(super) fn ports_or_full(one: Option<&str>, many: &[String]) -> Option<Ports> {
    if one.is_none_or(str::is_empty) && many.is_empty() { Some(Ports::full()) } else { ports(one, many) }
}

fn range(text: &str) -> Option<Ports> {
    let text = text.trim();
    if text == "*" {
        return Some(Ports::full());
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then(|| Ports::from_range(first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_one_or_many_or_all_and_never_guessed() {
        assert_eq!(ports(Some("*"), &[]), Some(Ports::full()));
        let many = ["20-25".to_owned(), "3389".to_owned()];
        assert_eq!(ports(None, &many), Some(Ports::from_ranges([(20, 25), (3389, 3389)])));
        assert_eq!(ports(Some("22"), &many), Some(Ports::from_ranges([(20, 25), (3389, 3389)])));
        for odd in ["", "ssh", "25-20", "70000"] {
            assert_eq!(ports(Some(odd), &[]), None, "{odd}");
        }
    }
}
