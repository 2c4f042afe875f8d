//! One shape for every body: XML answers become JSON, mechanically and without knowledge of the operation.
//!
//! An element with children becomes an object, one with text a string, an empty one `null`. Children named `item` or
//! `member` (the AWS query protocols' two list markers) make their parent an array; any other repeated name makes an
//! array under that name. Attributes and namespaces are dropped: the AWS protocols carry nothing in them.

use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};
use serde_json::{Map, Value};

/// Deepest nesting that is read. AWS answers stay below 20.
const DEPTH_LIMIT: usize = 100;

/// The text is not XML that a provider would send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not readable as XML near byte {position}: {why}")]
pub struct XmlError {
    position: u64,
    why: String,
}

#[derive(Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<(String, Value)>,
}

/// Turns an XML document into JSON. The root element's name becomes the one key of the result.
pub fn xml_to_json(text: &str) -> Result<Value, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        let refuse = |reader: &Reader<&[u8]>, why: String| XmlError { position: reader.buffer_position(), why };
        let event = reader.read_event().map_err(|error| refuse(&reader, error.to_string()))?;
        match event {
            Event::Start(start) => {
                if open.len() > DEPTH_LIMIT {
                    return Err(refuse(&reader, format!("nested deeper than {DEPTH_LIMIT}")));
                }
                let name = start.local_name().as_ref().to_owned();
                open.push(Element { name, ..Element::default() });
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                if let Some(parent) = open.last_mut() {
                    parent.children.push((name, Value::Null));
                }
            }
            Event::End(_) => {
                let Some(element) = open.pop() else {
                    return Err(refuse(&reader, "an end without a start".to_owned()));
                };
                let Some(parent) = open.last_mut() else {
                    return Err(refuse(&reader, "an end without a start".to_owned()));
                };
                let (name, value) = finish(element);
                parent.children.push((name, value));
            }
            Event::Text(piece) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece);
                }
            }
            Event::CData(piece) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&piece);
                }
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(letter)) => Some(letter.to_string()),
                    Ok(None) => resolve_predefined_entity(&reference).map(str::to_owned),
                    Err(_) => None,
                };
                let Some(resolved) = resolved else { return Err(refuse(&reader, "an unknown entity".to_owned())) };
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&resolved);
                }
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => (),
            Event::Eof => break,
        }
    }
    let position = reader.buffer_position();
    match (open.pop(), open.is_empty()) {
        (Some(root), true) if !root.children.is_empty() => Ok(finish(root).1),
        _ => Err(XmlError { position, why: "the document ends early".to_owned() }),
    }
}

fn finish(element: Element) -> (String, Value) {
    let Element { name, text, children } = element;
    if children.is_empty() {
        let value = if text.is_empty() { Value::Null } else { Value::from(text) };
        return (name, value);
    }
    if children.iter().all(|(child, _)| child == "item" || child == "member") {
        return (name, children.into_iter().map(|(_, value)| value).collect());
    }
    let mut object = Map::new();
    for (child, value) in children {
        match object.get_mut(&child) {
            Some(Value::Array(items)) => items.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                object.insert(child, value);
            }
        }
    }
    (name, Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_leaves_and_empty_elements_keep_their_meaning() {
        let text = r#"<?xml version="1.0"?><R xmlns="http://x/"><requestId>1</requestId>
            <set><item><id>a&amp;b&#33;</id><empty/><none></none></item><item><id>c</id></item></set>
            <Roles><member><Name>n</Name></member></Roles></R>"#;
        assert_eq!(
            xml_to_json(text).unwrap(),
            json!({ "R": {
                "requestId": "1",
                "set": [{ "id": "a&b!", "empty": null, "none": null }, { "id": "c" }],
                "Roles": [{ "Name": "n" }],
            }})
        );
    }

    #[test]
    fn half_a_document_is_an_error_and_not_half_an_answer() {
        for broken in ["", "<a>", "<a><b></a>", "</a>", "{\"oops\"", "<a>&nope;</a>"] {
            assert!(xml_to_json(broken).is_err(), "{broken}");
        }
        assert!(xml_to_json(&"<a>".repeat(100_000)).is_err());
    }
}
