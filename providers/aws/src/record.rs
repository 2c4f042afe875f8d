//! What AWS said, in AWS' own words: only the fields we read, absent is `None`, enums stay text.
#![expect(clippy::struct_field_names, reason = "the names are AWS' own")]

pub(crate) mod aggregator;
pub(crate) mod balancing;
pub(crate) mod compute;
pub(crate) mod document;
pub(crate) mod eks;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod leaf;
pub(crate) mod machinery;
pub(crate) mod network;
pub(crate) mod organization;
pub(crate) mod safeguards;
pub(crate) mod vulnerabilities;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, Visitor},
};
use std::{fmt, marker::PhantomData};

/// An EC2 answer: one root element, whatever it is called.
#[derive(Debug)]
pub(crate) struct Ec2<T>(pub(crate) T);

/// An answer of the query protocol: one root element, in it one element whose name ends in `Result`.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Ec2<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Inside { wanted: is_response, kind: PhantomData }).map(Self)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Query<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Root(result) = Root::<T>::deserialize(deserializer)?;
        Ok(Self(result))
    }
}

struct Root<T>(T);

struct QueryResult<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Root<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let inside = Inside::<QueryResult<T>> { wanted: is_response, kind: PhantomData };
        deserializer.deserialize_map(inside).map(|result| Self(result.0))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for QueryResult<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Inside { wanted: |name| name.ends_with("Result"), kind: PhantomData }).map(Self)
    }
}

/// The root of every answer is called `OPERATIONResponse`; that of a page somebody else sent is not.
fn is_response(name: &str) -> bool {
    name.ends_with("Response")
}

/// The first member of an object with a wanted name; the others are skipped.
struct Inside<T> {
    wanted: fn(&str) -> bool,
    kind: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Inside<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer in its root element")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<String>()? {
            if found.is_none() && (self.wanted)(&name) {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        found.ok_or_else(|| A::Error::custom("the answer is empty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Names {
        names: Vec<String>,
    }

    #[test]
    fn the_answer_stands_in_its_root_element() {
        let Ec2(found) =
            serde_json::from_str::<Ec2<Names>>(r#"{"XResponse":{"requestId":"1","names":["a"]}}"#).unwrap();
        assert_eq!(found.names, ["a"]);
        let text = r#"{"XResponse":{"ResponseMetadata":{"RequestId":"1"},"XResult":{"names":["b"]}}}"#;
        let Query(found) = serde_json::from_str::<Query<Names>>(text).unwrap();
        assert_eq!(found.names, ["b"]);
        assert!(serde_json::from_str::<Query<Names>>(r#"{"XResponse":{"ResponseMetadata":{}}}"#).is_err());
        assert!(serde_json::from_str::<Ec2<Names>>("{}").is_err());
    }

    #[test]
    fn a_page_of_a_web_server_is_no_answer() {
        let page = r#"{"html":{"head":{"title":"Sign in"},"body":{"names":["a"]}}}"#;
        assert!(serde_json::from_str::<Ec2<Names>>(page).is_err());
        assert!(serde_json::from_str::<Query<Names>>(page).is_err());
    }
}
