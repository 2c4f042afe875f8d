//! Leaves that are read however they are written: XML has only text, recordings have their own dates, and a list of
//! nothing is `null`, absent or a line break.

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{collections::BTreeMap, fmt, marker::PhantomData};

/// A list: `null`, blank text and nothing at all are the empty list, which is how AWS leaves empty lists out.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(ListVisitor(PhantomData))
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        Err(E::invalid_type(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

/// Text, also when it was written as a number or a boolean.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    deserializer.deserialize_any(ScalarVisitor).map(|scalar| match scalar {
        Scalar::Nothing => None,
        Scalar::Text(text) => Some(text),
        Scalar::Bool(truth) => Some(truth.to_string()),
        Scalar::Whole(number) => Some(number.to_string()),
        Scalar::Broken(number) => Some(number.to_string()),
    })
}

/// A boolean, also when it was written as text. Other words are an error: they must not become a default.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    use serde::de::Error;
    match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Nothing => Ok(None),
        Scalar::Bool(truth) => Ok(Some(truth)),
        Scalar::Text(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Scalar::Text(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Scalar::Text(_) | Scalar::Whole(_) | Scalar::Broken(_) => Err(D::Error::custom("expected true or false")),
    }
}

/// A whole number, also when it was written as text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    use serde::de::Error;
    match deserializer.deserialize_any(ScalarVisitor)? {
        Scalar::Nothing => Ok(None),
        Scalar::Whole(number) => Ok(Some(number)),
        Scalar::Text(text) => text.trim().parse().map(Some).map_err(|_| D::Error::custom("expected a whole number")),
        Scalar::Bool(_) | Scalar::Broken(_) => Err(D::Error::custom("expected a whole number")),
    }
}

/// A moment: seconds since 1970 (the JSON services), ISO 8601 (the XML services). Anything else is not known.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match deserializer.deserialize_any(LooseVisitor)? {
        Some(Scalar::Whole(seconds)) => Timestamp::from_second(seconds).ok(),
        Some(Scalar::Broken(seconds)) => from_fraction(seconds),
        Some(Scalar::Text(text)) => text.parse().ok(),
        Some(Scalar::Nothing | Scalar::Bool(_)) | None => None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a moment beyond what jiff knows is refused by jiff")]
fn from_fraction(seconds: f64) -> Option<Timestamp> {
    seconds.is_finite().then(|| Timestamp::from_millisecond((seconds * 1000.0) as i64).ok()).flatten()
}

/// Names and texts; values that are no text are left out.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let entries = Option::<BTreeMap<String, serde_json::Value>>::deserialize(deserializer)?.unwrap_or_default();
    let text = |value| if let serde_json::Value::String(text) = value { Some(text) } else { None };
    Ok(entries.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}

enum Scalar {
    Nothing,
    Text(String),
    Bool(bool),
    Whole(i64),
    Broken(f64),
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or a boolean")
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Whole(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Broken(number))
    }
}

/// A scalar, or `None` for a list or an object.
struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Option<Scalar>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(text.to_owned())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Whole(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).ok().map(Scalar::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Broken(number)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Leaves {
        #[serde(deserialize_with = "list")]
        items: Vec<String>,
        #[serde(deserialize_with = "text")]
        name: Option<String>,
        #[serde(deserialize_with = "boolean")]
        on: Option<bool>,
        #[serde(deserialize_with = "number")]
        hops: Option<i64>,
        #[serde(deserialize_with = "moment")]
        at: Option<Timestamp>,
    }

    #[test]
    fn xml_text_and_json_values_are_read_alike() {
        let xml: Leaves =
            serde_json::from_str(r#"{"items":"\n ","name":"7","on":"true","hops":"2","at":"2026-01-02T03:04:05Z"}"#)
                .unwrap();
        let json: Leaves =
            serde_json::from_str(r#"{"items":null,"name":7,"on":true,"hops":2,"at":1767323045.0}"#).unwrap();
        assert_eq!(xml, json);
        assert_eq!(xml.hops, Some(2));
        assert_eq!(serde_json::from_str::<Leaves>("{}").unwrap(), Leaves::default());
    }

    #[test]
    fn an_odd_date_is_unknown_and_an_odd_boolean_is_an_error() {
        assert_eq!(serde_json::from_str::<Leaves>(r#"{"at":{"year":2026}}"#).unwrap().at, None);
        assert!(serde_json::from_str::<Leaves>(r#"{"on":"maybe"}"#).is_err());
        assert!(serde_json::from_str::<Leaves>(r#"{"items":"a,b"}"#).is_err());
    }
}
