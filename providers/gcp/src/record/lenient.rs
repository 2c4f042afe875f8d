//! Leaves as different front ends of one API write them: numbers and booleans as themselves or as text.
//!
//! A leaf of a wholly different kind (an object where a text belongs) is an error: taken for absent it would read as
//! "off". Lists are decoded item by item where one odd item must not hide its neighbours.

use serde::{Deserialize, Deserializer, de};
use std::{fmt, marker::PhantomData};

/// A text. Numbers and booleans are taken by their spelling.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(Leaf::<String>(PhantomData))
}

/// A yes or no, also as text.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Leaf::<bool>(PhantomData))
}

/// A whole number, also as text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Leaf::<i64>(PhantomData))
}

/// A list; an omitted or null one is empty, as the providers omit empty lists.
pub(crate) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A member of a list, which is read even where one of its neighbours cannot be.
pub(crate) trait Member: de::DeserializeOwned {
    /// What it lacks so that it cannot be placed or would be taken for less than it is; nothing when it is whole. A flawed
    /// member counts as one that could not be read.
    fn flaw(&self) -> Option<String> {
        None
    }
}

/// What a leaf may be read as.
trait FromLeaf: Sized {
    const WHAT: &'static str;
    fn from_text(text: &str) -> Option<Self>;
    fn from_flag(flag: bool) -> Option<Self>;
    fn from_number(number: i64) -> Option<Self>;
}

impl FromLeaf for String {
    const WHAT: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn from_flag(flag: bool) -> Option<Self> {
        Some(flag.to_string())
    }
    fn from_number(number: i64) -> Option<Self> {
        Some(number.to_string())
    }
}

impl FromLeaf for bool {
    const WHAT: &'static str = "true or false";
    fn from_text(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("true") { Some(true) } else { text.eq_ignore_ascii_case("false").then_some(false) }
    }
    fn from_flag(flag: bool) -> Option<Self> {
        Some(flag)
    }
    fn from_number(_: i64) -> Option<Self> {
        None
    }
}

impl FromLeaf for i64 {
    const WHAT: &'static str = "a whole number";
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn from_flag(_: bool) -> Option<Self> {
        None
    }
    fn from_number(number: i64) -> Option<Self> {
        Some(number)
    }
}

struct Leaf<T>(PhantomData<T>);

impl<T: FromLeaf> Leaf<T> {
    fn settle<E: de::Error>(found: Option<T>, was: de::Unexpected<'_>) -> Result<Option<T>, E> {
        found.map(Some).ok_or_else(|| E::invalid_value(was, &T::WHAT))
    }
}

impl<T: FromLeaf> de::Visitor<'_> for Leaf<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Self::settle(T::from_text(text), de::Unexpected::Str(text))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Self::Value, E> {
        Self::settle(T::from_flag(flag), de::Unexpected::Bool(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::settle(T::from_number(number), de::Unexpected::Signed(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::settle(i64::try_from(number).ok().and_then(T::from_number), de::Unexpected::Unsigned(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Sample {
        #[serde(default, deserialize_with = "flag")]
        on: Option<bool>,
        #[serde(default, deserialize_with = "number")]
        count: Option<i64>,
        #[serde(default, deserialize_with = "text")]
        name: Option<String>,
    }

    fn read(text: &str) -> Result<Sample, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn numbers_and_booleans_are_read_as_themselves_and_as_text() {
        let plain = read(r#"{"on": true, "count": 7, "name": "x"}"#).unwrap();
        assert_eq!(read(r#"{"on": "true", "count": "7", "name": "x"}"#).unwrap(), plain);
        assert_eq!(read("{}").unwrap(), read(r#"{"on": null, "count": null, "name": null}"#).unwrap());
    }

    #[test]
    fn an_object_in_place_of_a_leaf_is_an_error_and_not_an_absent_leaf() {
        for text in [r#"{"on": {}}"#, r#"{"on": "maybe"}"#, r#"{"count": []}"#, r#"{"name": {}}"#] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
