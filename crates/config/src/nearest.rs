//! What somebody probably meant.

/// The candidate nearest to a text, if any is near enough to be worth asking.
pub fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let lower = text.to_lowercase();
    candidates
        .iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be added, dropped or changed.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().take(100).enumerate() {
        let mut next = vec![line + 1];
        for ((other, above), (diagonal, left)) in
            to.iter().zip(row.iter().skip(1)).zip(row.iter().zip(0..)).map(|(a, (d, l))| (a, (*d, l)))
        {
            let changed = diagonal + usize::from(*other != letter);
            let added = next.get(left).copied().unwrap_or(usize::MAX - 1) + 1;
            next.push(changed.min(above + 1).min(added));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_different_word_is_not() {
        assert_eq!(nearest("awss", &["aws", "azure", "gcp"]), Some("aws"));
        assert_eq!(nearest("Azrue", &["aws", "azure", "gcp"]), Some("azure"));
        assert_eq!(nearest("regoins", &["regions", "role"]), Some("regions"));
        assert_eq!(nearest("openstack", &["aws", "azure", "gcp"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
