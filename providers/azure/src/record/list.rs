//! Pages of lists, decoded item by item.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::marker::PhantomData;

/// One page. Without `value` it is not a page; some services write `null` for an empty one.
#[derive(Debug, Deserialize)]
#[serde(bound = "")]
pub(crate) struct List<T> {
    #[serde(deserialize_with = "super::lenient::list")]
    value: Vec<Box<RawValue>>,
    #[serde(skip)]
    of: PhantomData<T>,
}

/// One item of a page: read, or known by its id at most.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    /// The resource id, when there is one.
    pub(crate) id: Option<String>,
    /// The item, or what was wrong with it.
    pub(crate) item: Result<T, String>,
}

#[derive(Deserialize)]
struct Identified {
    id: Option<String>,
}

impl<T: DeserializeOwned> List<T> {
    /// The items in order.
    pub(crate) fn items(&self) -> impl Iterator<Item = Listed<T>> {
        self.value.iter().map(|raw| {
            let text = raw.get();
            match serde_json::from_str(text) {
                Ok(item) => Listed { id: None, item: Ok(item) },
                Err(error) => {
                    let id = serde_json::from_str::<Identified>(text).ok().and_then(|known| known.id);
                    Listed { id, item: Err(error.to_string()) }
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Thing {
        size: u32,
    }

    #[test]
    fn an_odd_item_does_not_hide_its_neighbours() {
        let page: List<Thing> =
            serde_json::from_str(r#"{"value":[{"id":"/a","size":1},{"id":"/b","size":[]},3]}"#).unwrap();
        let items: Vec<_> = page.items().map(|item| (item.id, item.item.map(|thing| thing.size).is_ok())).collect();
        assert_eq!(items, [(None, true), (Some("/b".to_owned()), false), (None, false)]);
    }

    #[test]
    fn a_page_without_value_is_no_page() {
        assert!(serde_json::from_str::<List<Thing>>(r#"{"values":[]}"#).is_err());
        assert!(serde_json::from_str::<List<Thing>>(r#"{"value":{}}"#).is_err());
    }

    #[test]
    fn null_is_an_empty_page() {
        let page: List<Thing> = serde_json::from_str(r#"{"value":null}"#).unwrap();
        assert_eq!(page.items().count(), 0);
    }
}
