//! Resource ids of Azure Resource Manager. It does not look at case, so neither do we.

/// A resource id that can be compared: `/subscriptions/S/resourceGroups/G` and `/subscriptions/s/resourcegroups/g/` are
/// the same.
pub(crate) fn key(id: &str) -> String {
    id.trim_end_matches('/').to_ascii_lowercase()
}

/// Whether two ids name the same resource.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

/// The segment after a named one: `after(id, "resourceGroups")`.
pub(crate) fn after<'a>(id: &'a str, name: &str) -> Option<&'a str> {
    let mut segments = id.split('/');
    segments.find(|segment| segment.eq_ignore_ascii_case(name))?;
    segments.next().filter(|segment| !segment.is_empty())
}

/// The subscription of a resource.
pub(crate) fn subscription(id: &str) -> Option<&str> {
    after(id, "subscriptions")
}

/// The resource group of a resource.
pub(crate) fn group(id: &str) -> Option<&str> {
    after(id, "resourceGroups")
}

/// The last segment: what people call the resource.
pub(crate) fn name(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or(id)
}

/// Whether a resource, given by its [`key`], is the scope with that key or lies below it. `/` is above everything.
pub(crate) fn lies_in(resource: &str, scope: &str) -> bool {
    let scope = scope.trim_end_matches('/');
    resource.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "/subscriptions/S1/resourcegroups/Rg/providers/Microsoft.KeyVault/vaults/Kv";

    #[test]
    fn the_parts_of_an_id_are_found_in_any_case() {
        assert_eq!(subscription(VAULT), Some("S1"));
        assert_eq!(group(VAULT), Some("Rg"));
        assert_eq!(name(VAULT), "Kv");
        assert_eq!(after("/subscriptions/", "subscriptions"), None);
        assert_eq!(group("/subscriptions/S1"), None);
    }

    #[test]
    fn ids_that_differ_in_case_or_a_last_slash_are_the_same() {
        assert!(same(VAULT, &VAULT.to_uppercase()));
        assert_eq!(key("/A/b/"), key("/a/B"));
        assert!(!same("/a/b", "/a/bc"));
    }

    #[test]
    fn a_scope_holds_what_lies_below_it_and_not_what_merely_begins_like_it() {
        assert!(lies_in("/subscriptions/s/resourcegroups/g", "/subscriptions/s"));
        assert!(lies_in("/subscriptions/s", "/subscriptions/s"));
        assert!(lies_in("/subscriptions/s", "/"));
        assert!(!lies_in("/subscriptions/s1", "/subscriptions/s"));
        assert!(!lies_in("/subscriptions/s", "/subscriptions/s/resourcegroups/g"));
    }

    #[test]
    fn trap_10_resource_graph_spells_ids_differently_and_means_the_same() {
        let recording: serde_json::Value =
            serde_json::from_str(include_str!("../tests/recordings/c7n-resourcegraph-vs-arm.json")).unwrap();
        let arm = recording.pointer("/interactions/0/response/body/data/value/0/id").unwrap().as_str().unwrap();
        let graph = recording.pointer("/interactions/1/response/body/data/data/rows/0/1").unwrap().as_str().unwrap();
        assert_ne!(arm, graph);
        assert!(same(arm, graph), "{arm} {graph}");
    }
}
