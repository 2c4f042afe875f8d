//! What Cloud Asset Inventory answers, read by the collector and by the normalizer.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The projects that hold clusters: their ids, with their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found(pub(crate) BTreeMap<String, Option<String>>);

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    results: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    project: Option<String>,
}

impl Found {
    /// The projects of some pages. `None` when something in them names no project: without it the answer is not whole.
    pub(crate) fn of<'a>(pages: impl IntoIterator<Item = &'a Value>) -> Option<Self> {
        let mut found = BTreeMap::new();
        for page in pages {
            for Asset { name, project } in Page::deserialize(page).ok()?.results {
                // //container.googleapis.com/projects/PROJECT/locations/LOCATION/clusters/CLUSTER
                let id = name.strip_prefix("//container.googleapis.com/projects/")?.split('/').next()?;
                let number = project.as_deref().and_then(|project| project.strip_prefix("projects/"));
                found.insert(id.to_owned(), number.map(str::to_owned));
            }
        }
        Some(Self(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn projects_are_named_once_and_a_result_that_names_none_spoils_the_answer() {
        let cluster = |name: &str| json!({ "name": name, "project": "projects/42" });
        let one = "//container.googleapis.com/projects/acme/locations/europe-west1/clusters/shop";
        let two = "//container.googleapis.com/projects/acme/zones/europe-west1-b/clusters/old";
        let pages = [json!({ "results": [cluster(one), cluster(two)] }), json!({})];
        let found = Found::of(&pages).unwrap();
        assert_eq!(found.0, BTreeMap::from([("acme".to_owned(), Some("42".to_owned()))]));
        assert_eq!(Found::of(&[json!({ "results": [cluster("//compute.googleapis.com/x")] })]), None);
    }
}
