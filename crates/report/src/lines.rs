//! JSON with a line for each thing.

use serde_json::ser::{CompactFormatter, Formatter};
use std::io::{self, Write};

/// How many brackets are opened before a thing keeps to its line: the document, and a list in it.
const SPREAD: usize = 2;

/// Writes the document's own fields and each member of its lists on a line of its own, as long as it may be.
///
/// What differs between two files is then told by line, and a fleet takes half the room it takes when it is spread out.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    depth: usize,
    /// Whether something stands between the brackets that were opened last.
    filled: bool,
    compact: CompactFormatter,
}

impl Lines {
    fn open<W: Write + ?Sized>(&mut self, to: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.filled = false;
        to.write_all(bracket)
    }

    fn close<W: Write + ?Sized>(&mut self, to: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.filled && self.depth < SPREAD {
            self.new_line(to)?;
        }
        to.write_all(bracket)
    }

    fn next<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        if !first {
            to.write_all(b",")?;
        }
        if self.depth <= SPREAD {
            self.new_line(to)?;
        }
        Ok(())
    }

    fn new_line<W: Write + ?Sized>(&self, to: &mut W) -> io::Result<()> {
        to.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| to.write_all(b"  "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.open(to, b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.close(to, b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.next(to, first)
    }

    fn end_array_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }

    fn begin_object<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.open(to, b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        self.close(to, b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.next(to, first)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, to: &mut W) -> io::Result<()> {
        if self.depth <= SPREAD { to.write_all(b": ") } else { self.compact.begin_object_value(to) }
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::json;

    fn written(value: &serde_json::Value) -> String {
        let mut to = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(&mut to, Lines::default())).unwrap();
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn each_member_of_a_list_has_a_line_of_its_own() {
        let value = json!({ "empty": [], "list": [{ "a": [1, 2], "b": {} }, { "a": [] }], "one": { "c": 1 } });
        let text = written(&value);
        assert_eq!(
            text,
            "{\n  \"empty\": [],\n  \"list\": [\n    {\"a\":[1,2],\"b\":{}},\n    {\"a\":[]}\n  ],\n  \"one\": {\n    \"c\": 1\n  }\n}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
