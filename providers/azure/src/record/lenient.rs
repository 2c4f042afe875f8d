//! Leaves as services really write them: numbers in quotes, `"True"`, `null` for an empty list.
//!
//! What cannot be read at all is an error and never a default: a default would be an answer.

use serde::{Deserialize, Deserializer, de::Error};

#[derive(Deserialize)]
#[serde(untagged)]
enum Leaf {
    Flag(bool),
    Number(i64),
    Fraction(f64),
    Text(String),
}

/// A boolean, also in quotes.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<Leaf>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Leaf::Flag(flag)) => Ok(Some(flag)),
        Some(Leaf::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Leaf::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(Leaf::Text(_) | Leaf::Number(_) | Leaf::Fraction(_)) => Err(D::Error::custom("expected true or false")),
    }
}

/// A whole number, also in quotes.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Leaf>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Leaf::Number(number)) => Ok(Some(number)),
        Some(Leaf::Text(text)) => text.trim().parse().map(Some).map_err(|_| D::Error::custom("expected a number")),
        Some(Leaf::Flag(_) | Leaf::Fraction(_)) => Err(D::Error::custom("expected a whole number")),
    }
}

/// A text, also when somebody forgot the quotes.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Leaf>::deserialize(deserializer)?.map(|leaf| match leaf {
        Leaf::Flag(flag) => flag.to_string(),
        Leaf::Number(number) => number.to_string(),
        Leaf::Fraction(number) => number.to_string(),
        Leaf::Text(text) => text,
    }))
}

/// A list, `null` for an empty one.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An object whose fields are all optional, `null` for one without any.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
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
        for odd in [r#"{"flag":1}"#, r#"{"flag":"perhaps"}"#, r#"{"number":"many"}"#, r#"{"text":{}}"#, r#"{"list":"a"}"#] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
