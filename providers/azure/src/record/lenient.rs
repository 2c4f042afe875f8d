//! Leaves as services really write them: numbers in quotes, `"True"`, `null` for an empty list.
//!
//! What cannot be read at all is an error and never a default: a default would be an answer.

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::{borrow::Cow, fmt};

/// What a leaf can be. Read by a visitor, because an untagged enum would try one shape after the other.
enum Leaf<'de> {
    Absent,
    Flag(bool),
    Number(i64),
    Fraction(f64),
    Text(Cow<'de, str>),
}

struct Leaves;

impl<'de> Visitor<'de> for Leaves {
    type Value = Leaf<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Leaf::Absent)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Leaf::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Leaf::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number).map(Leaf::Number).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Leaf::Fraction(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Leaf::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Leaf::Text(Cow::Borrowed(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Leaf::Text(Cow::Owned(text)))
    }
}

/// A boolean, also in quotes.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match deserializer.deserialize_any(Leaves)? {
        Leaf::Absent => Ok(None),
        Leaf::Flag(flag) => Ok(Some(flag)),
        Leaf::Text(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Leaf::Text(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Leaf::Text(_) | Leaf::Number(_) | Leaf::Fraction(_) => Err(D::Error::custom("expected true or false")),
    }
}

/// A whole number, also in quotes.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match deserializer.deserialize_any(Leaves)? {
        Leaf::Absent => Ok(None),
        Leaf::Number(number) => Ok(Some(number)),
        Leaf::Text(text) => text.trim().parse().map(Some).map_err(|_| D::Error::custom("expected a number")),
        Leaf::Flag(_) | Leaf::Fraction(_) => Err(D::Error::custom("expected a whole number")),
    }
}

/// A text, also when somebody forgot the quotes.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match deserializer.deserialize_any(Leaves)? {
        Leaf::Absent => None,
        Leaf::Flag(flag) => Some(flag.to_string()),
        Leaf::Number(number) => Some(number.to_string()),
        Leaf::Fraction(number) => Some(number.to_string()),
        Leaf::Text(text) => Some(text.into_owned()),
    })
}

/// A text that has to be there.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer)?.filter(|name| !name.is_empty()).ok_or_else(|| D::Error::custom("expected a name"))
}

/// A list, `null` for an empty one.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An object whose fields are all optional, `null` for one without any.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Odd {
        #[serde(deserialize_with = "super::flag")]
        flag: Option<bool>,
        #[serde(deserialize_with = "super::number")]
        number: Option<i64>,
        #[serde(deserialize_with = "super::text")]
        text: Option<String>,
        #[serde(deserialize_with = "super::list")]
        list: Vec<String>,
    }

    fn read(text: &str) -> Option<Odd> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn quotes_where_there_should_be_none_and_the_other_way_round_are_forgiven() {
        let expected =
            Odd { flag: Some(true), number: Some(7), text: Some("8".to_owned()), list: vec!["a".to_owned()] };
        assert_eq!(read(r#"{"flag":"True","number":"7","text":8,"list":["a"]}"#), Some(expected));
        assert_eq!(read(r#"{"flag":null,"number":null,"text":null,"list":null,"new":{}}"#), Some(Odd::default()));
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_absent() {
        for odd in
            [r#"{"flag":1}"#, r#"{"flag":"perhaps"}"#, r#"{"number":"many"}"#, r#"{"text":{}}"#, r#"{"list":"a"}"#]
        {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
