//! Names from the cloud as they stand in a reason.

/// How many names a reason carries; the evidence has the rest.
const NAMED: usize = 3;

/// Some names in backticks: sorted, each once, the first three and how many more there are.
pub(crate) fn quoted<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    listed(names.into_iter().map(|name| format!("`{}`", name.to_string())), ", ")
}

/// Some phrases, likewise.
pub(crate) fn listed(phrases: impl IntoIterator<Item = String>, between: &str) -> String {
    let mut phrases: Vec<String> = phrases.into_iter().collect();
    phrases.sort_unstable();
    phrases.dedup();
    let more = phrases.len().saturating_sub(NAMED);
    phrases.truncate(NAMED);
    let listed = phrases.join(between);
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_names_does_not_show() {
        assert_eq!(quoted(["b", "a", "b"]), "`a`, `b`");
        assert_eq!(quoted(["d", "c", "b", "a"]), "`a`, `b`, `c` and 1 more");
        assert_eq!(quoted(Vec::<String>::new()), "");
    }
}
