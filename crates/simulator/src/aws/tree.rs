//! Trees of named values and how EC2 and the query services write them as XML.

use std::borrow::Cow;

use quick_xml::escape::escape;

/// A value of an XML answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Leaf(Cow<'static, str>),
    Map(Vec<(&'static str, Tree)>),
    List(Vec<Tree>),
}

/// How a protocol calls the elements of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `<item>`, as EC2 does.
    Item,
    /// `<member>`, as the query services do.
    Member,
}

/// A map with one more entry per line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(&'static str, Tree)>);

pub(crate) fn fields() -> Fields {
    Fields::default()
}

impl Fields {
    #[must_use]
    pub(crate) fn put(mut self, name: &'static str, value: impl Into<Tree>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Nothing at all when there is no value.
    #[must_use]
    pub(crate) fn maybe(self, name: &'static str, value: Option<impl Into<Tree>>) -> Self {
        match value {
            Some(value) => self.put(name, value),
            None => self,
        }
    }
}

impl From<Fields> for Tree {
    fn from(fields: Fields) -> Self {
        Self::Map(fields.0)
    }
}

impl From<&str> for Tree {
    fn from(text: &str) -> Self {
        Self::Leaf(Cow::Owned(text.to_owned()))
    }
}

impl From<String> for Tree {
    fn from(text: String) -> Self {
        Self::Leaf(Cow::Owned(text))
    }
}

impl From<&String> for Tree {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<bool> for Tree {
    fn from(value: bool) -> Self {
        Self::Leaf(Cow::Borrowed(if value { "true" } else { "false" }))
    }
}

impl From<u32> for Tree {
    fn from(value: u32) -> Self {
        value.to_string().into()
    }
}

impl From<i32> for Tree {
    fn from(value: i32) -> Self {
        value.to_string().into()
    }
}

impl<T: Into<Tree>> From<Vec<T>> for Tree {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl Tree {
    /// The list with nothing in it.
    pub(crate) fn nothing() -> Self {
        Self::List(Vec::new())
    }

    /// The tree as XML, without an element around it.
    pub(crate) fn xml(&self, dialect: Dialect) -> String {
        let mut text = String::new();
        self.write(dialect, &mut text);
        text
    }

    fn write(&self, dialect: Dialect, text: &mut String) {
        match self {
            Self::Leaf(value) => text.push_str(&escape(printable(value))),
            Self::Map(entries) => {
                for (name, value) in entries {
                    value.element(name, dialect, text);
                }
            }
            Self::List(values) => {
                let name = if dialect == Dialect::Item { "item" } else { "member" };
                for value in values {
                    value.element(name, dialect, text);
                }
            }
        }
    }

    fn element(&self, name: &str, dialect: Dialect, text: &mut String) {
        text.push('<');
        text.push_str(name);
        text.push('>');
        self.write(dialect, text);
        text.push_str("</");
        text.push_str(name);
        text.push('>');
    }

    /// Every value at the end of a path such as `instancesSet.networkInterfaceSet.subnetId`; lists on the way are
    /// walked through.
    pub(crate) fn values<'tree>(&'tree self, path: &str, found: &mut Vec<&'tree str>) {
        match self {
            Self::Leaf(value) if path.is_empty() => found.push(value),
            Self::Leaf(_) => {}
            Self::List(values) => {
                for value in values {
                    value.values(path, found);
                }
            }
            Self::Map(entries) => {
                let (first, rest) = path.split_once('.').unwrap_or((path, ""));
                for (name, value) in entries {
                    if *name == first {
                        value.values(rest, found);
                    }
                }
            }
        }
    }
}

/// What XML 1.0 can carry: AWS, too, leaves out control characters.
fn printable(text: &str) -> Cow<'_, str> {
    let forbidden = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    if text.contains(forbidden) {
        return Cow::Owned(text.replace(forbidden, "\u{fffd}"));
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet() -> Tree {
        let tag = fields().put("key", "Name").put("value", "<script>&\u{1b}[31m");
        fields().put("subnetId", "subnet-1").put("defaultForAz", false).put("tagSet", vec![tag]).into()
    }

    #[test]
    fn a_list_of_ec2_has_items_and_hostile_text_is_harmless() {
        assert_eq!(
            subnet().xml(Dialect::Item),
            "<subnetId>subnet-1</subnetId><defaultForAz>false</defaultForAz>\
             <tagSet><item><key>Name</key><value>&lt;script&gt;&amp;\u{fffd}[31m</value></item></tagSet>"
        );
    }

    #[test]
    fn a_list_of_the_query_services_has_members() {
        assert_eq!(Tree::from(vec!["a"]).xml(Dialect::Member), "<member>a</member>");
    }

    #[test]
    fn a_path_walks_through_lists() {
        let tree = subnet();
        let mut keys = Vec::new();
        tree.values("tagSet.key", &mut keys);
        assert_eq!(keys, ["Name"]);
    }
}
