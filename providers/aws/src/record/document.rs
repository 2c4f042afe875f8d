//! Policy documents: text with percent signs on the wire, objects in recordings of the command line.

use percent_encoding::percent_decode_str;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use std::{collections::BTreeMap, fmt};

/// A policy document as JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy document")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        // A document begins with a brace, so text that does not is percent-encoded; a decoded one may hold `%` itself.
        if text.trim_start().starts_with('{') {
            return Ok(Text(text.to_owned()));
        }
        let decoded = percent_decode_str(text).decode_utf8().map_err(E::custom)?;
        Ok(Text(decoded.into_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
        let value = serde_json::Value::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Text(value.to_string()))
    }
}

/// A policy document, parsed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Document {
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) statement: Vec<Statement>,
}

/// A statement, parsed. An element that is there and empty is not the same as one that is absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Statement {
    pub(crate) sid: Option<String>,
    pub(crate) effect: Option<String>,
    pub(crate) principal: Option<Principal>,
    pub(crate) not_principal: Option<Principal>,
    #[serde(deserialize_with = "some_texts")]
    pub(crate) action: Option<Vec<String>>,
    #[serde(deserialize_with = "some_texts")]
    pub(crate) not_action: Option<Vec<String>>,
    #[serde(deserialize_with = "some_texts")]
    pub(crate) resource: Option<Vec<String>>,
    #[serde(deserialize_with = "some_texts")]
    pub(crate) not_resource: Option<Vec<String>>,
    pub(crate) condition: BTreeMap<String, BTreeMap<String, Texts>>,
}

/// Who a statement of a resource policy speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    /// Everybody.
    Everyone,
    /// By kind: `AWS`, `Service`, `Federated`, `CanonicalUser`.
    Named(BTreeMap<String, Texts>),
}

impl<'de> Deserialize<'de> for Principal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PrincipalVisitor;
        impl<'de> Visitor<'de> for PrincipalVisitor {
            type Value = Principal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a principal")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Principal, E> {
                match text {
                    "*" => Ok(Principal::Everyone),
                    other => Ok(Principal::Named(BTreeMap::from([("AWS".to_owned(), Texts(vec![other.to_owned()]))]))),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Principal, A::Error> {
                BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(Principal::Named)
            }
        }
        deserializer.deserialize_any(PrincipalVisitor)
    }
}

/// One text or a list of texts; numbers and booleans are taken as text, which IAM does too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextsVisitor;
        impl<'de> Visitor<'de> for TextsVisitor {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Texts, E> {
                Ok(Texts(vec![truth.to_string()]))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Texts, E> {
                Ok(Texts(vec![number.to_string()]))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Texts, E> {
                Ok(Texts(vec![number.to_string()]))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Texts, E> {
                Ok(Texts(vec![number.to_string()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts, A::Error> {
                let mut all = Vec::new();
                while let Some(Texts(texts)) = seq.next_element()? {
                    all.extend(texts);
                }
                Ok(Texts(all))
            }
        }
        deserializer.deserialize_any(TextsVisitor)
    }
}

fn some_texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Texts::deserialize(deserializer).map(|Texts(texts)| Some(texts))
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Statement>, D::Error> {
    struct Statements;
    impl<'de> Visitor<'de> for Statements {
        type Value = Vec<Statement>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a statement or a list of statements")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(statement) = seq.next_element()? {
                all.push(statement);
            }
            Ok(all)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            Statement::deserialize(MapAccessDeserializer::new(map)).map(|statement| vec![statement])
        }
    }
    deserializer.deserialize_any(Statements)
}

impl Text {
    /// The document, or what is wrong with it. A statement that cannot be understood may be the one that matters, so it
    /// makes the whole document unreadable.
    pub(crate) fn parse(&self) -> Result<Document, String> {
        let document: Document = serde_json::from_str(&self.0).map_err(|error| error.to_string())?;
        for (place, statement) in document.statement.iter().enumerate() {
            if !matches!(statement.effect.as_deref(), Some("Allow" | "Deny")) {
                return Err(format!("statement {place} neither allows nor denies"));
            }
            if statement.action.is_none() && statement.not_action.is_none() {
                return Err(format!("statement {place} names no action"));
            }
        }
        Ok(document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_and_decoded_documents_are_the_same_document() {
        let encoded: Text = serde_json::from_str(
            r#""%7B%22Statement%22%3A%7B%22Action%22%3A%22s3%3AGet%2A%22%2C%22Effect%22%3A%22Allow%22%7D%7D""#,
        )
        .unwrap();
        let plain: Text =
            serde_json::from_str(r#""{\"Statement\":{\"Action\":\"s3:Get*\",\"Effect\":\"Allow\"}}""#).unwrap();
        let object: Text = serde_json::from_str(r#"{"Statement":{"Action":"s3:Get*","Effect":"Allow"}}"#).unwrap();
        assert_eq!(encoded, plain);
        assert_eq!(object, plain);
        let document = plain.parse().unwrap();
        assert_eq!(document.statement[0].action.as_deref(), Some(&["s3:Get*".to_owned()][..]));
        assert_eq!(document.statement[0].resource, None);
    }

    #[test]
    fn a_percent_sign_in_a_decoded_document_stays_one() {
        let body = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"a%2Fb"}]}"#;
        let text: Text = serde_json::from_value(serde_json::Value::from(body)).unwrap();
        assert_eq!(text.parse().unwrap().statement[0].resource.as_deref(), Some(&["a%2Fb".to_owned()][..]));
    }

    #[test]
    fn a_statement_that_says_nothing_we_know_makes_the_document_unreadable() {
        let parse = |statement: &str| Text(format!(r#"{{"Statement":[{statement}]}}"#)).parse().map(drop);
        let odd = r#"{"Effect":"Permit","Action":"*","Resource":"*"}"#;
        assert_eq!(parse(odd).unwrap_err(), "statement 0 neither allows nor denies");
        assert_eq!(parse(r#"{"Effect":"Deny","Resource":"*"}"#).unwrap_err(), "statement 0 names no action");
        assert_eq!(parse(r#"{"Effect":"Deny","NotAction":[],"Resource":"*"}"#), Ok(()));
    }

    #[test]
    fn principals_are_read_in_all_three_spellings() {
        let read = |text: &str| serde_json::from_str::<Principal>(text).unwrap();
        assert_eq!(read(r#""*""#), Principal::Everyone);
        let named = |kind: &str, ids: &[&str]| {
            let texts = Texts(ids.iter().map(|id| (*id).to_owned()).collect());
            Principal::Named(BTreeMap::from([(kind.to_owned(), texts)]))
        };
        assert_eq!(read(r#"{"Service":"ec2.amazonaws.com"}"#), named("Service", &["ec2.amazonaws.com"]));
        assert_eq!(read(r#"{"AWS":["1","2"]}"#), named("AWS", &["1", "2"]));
    }
}
