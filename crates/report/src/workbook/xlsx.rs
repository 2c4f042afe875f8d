//! A workbook as bytes: the least of ECMA-376 that spreadsheets need, in a ZIP file. Equal contents give equal bytes.
//!
//! Words stand in their cells as inline strings, which no program takes for a formula, a link or a date. Why this is not a crate:
//! `docs/decisions/0007-files.md`.

use crate::plain::cell_text;
use flate2::{Compression, Crc, write::DeflateEncoder};
use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// Rows that a sheet can hold, its head included.
const ROWS: usize = 1_048_576;
/// Every file of the ZIP says it was made on 1980-01-01, the first day that a ZIP file knows.
const DAY: u16 = 0x0021;
/// Styles: words and numbers, and heads. They stand in this order in `styles.xml`.
const BODY: usize = 1;
const HEAD: usize = 2;

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// What stands in a cell.
pub(crate) enum Cell {
    Words(String),
    Number(f64),
}

impl From<&str> for Cell {
    fn from(words: &str) -> Self {
        Self::Words(cell_text(words))
    }
}

impl From<String> for Cell {
    fn from(words: String) -> Self {
        Self::from(words.as_str())
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(f64::from(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(f64::from(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

/// A workbook that is being made.
pub(crate) struct Book {
    zip: Zip,
    sheets: Vec<String>,
    filters: Vec<String>,
}

impl Book {
    pub(crate) fn new() -> Self {
        Self { zip: Zip::default(), sheets: Vec::new(), filters: Vec::new() }
    }

    /// A sheet with a head that stays and can be filtered. What does not fit is said on its last row.
    pub(crate) fn sheet(
        &mut self,
        name: &'static str,
        head: &[(&str, u16)],
        rows: impl Iterator<Item = Vec<Cell>>,
    ) -> io::Result<()> {
        self.sheets.push(name.to_owned());
        let mut part = Part::new();
        let mut text = format!("<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\">");
        text.push_str("<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/></sheetView></sheetViews><cols>");
        for (column, (_, width)) in (1..).zip(head) {
            // Writing to a string cannot fail, here and below.
            let _ = write!(text, "<col min=\"{column}\" max=\"{column}\" width=\"{width}\" customWidth=\"1\"/>");
        }
        text.push_str("</cols><sheetData>");
        row(1, head.iter().map(|(title, _)| Cell::from(*title)), HEAD, &mut text);
        let (mut last, mut left) = (1, 0_usize);
        for cells in rows {
            if last >= ROWS - 1 {
                left += 1;
                continue;
            }
            last += 1;
            row(last, cells.into_iter(), BODY, &mut text);
            part.add(&mut text)?;
        }
        if left > 0 {
            let said = Cell::from(format!("{left} more rows do not fit: the CSV form has them"));
            row(last + 1, [said].into_iter(), BODY, &mut text);
        }
        let range = format!("$A$1:${}${last}", column(head.len().saturating_sub(1)));
        let _ = write!(text, "</sheetData><autoFilter ref=\"{}\"/></worksheet>", range.replace('$', ""));
        self.filters.push(format!("{name}!{range}"));
        part.add(&mut text)?;
        self.zip.put(&format!("xl/worksheets/sheet{}.xml", self.sheets.len()), part)
    }

    /// The workbook, made when somebody says it was, in the form of ISO 8601.
    pub(crate) fn finish(mut self, about: &str, made: &str) -> io::Result<Vec<u8>> {
        let numbers = || 1..=self.sheets.len();
        let mut types = format!(
            "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/>\
             <Override PartName=\"/xl/styles.xml\" ContentType=\"{KIND}.styles+xml\"/>\
             <Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>"
        );
        let mut relations = format!("<Relationships xmlns=\"{PACKAGE}/relationships\">");
        let mut book = format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>");
        for (number, name) in numbers().zip(&self.sheets) {
            let _ = write!(
                types,
                "<Override PartName=\"/xl/worksheets/sheet{number}.xml\" ContentType=\"{KIND}.worksheet+xml\"/>"
            );
            let _ = write!(
                relations,
                "<Relationship Id=\"rId{number}\" Type=\"{OFFICE}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            );
            let _ = write!(book, "<sheet name=\"{}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>", escaped(name));
        }
        types.push_str("</Types>");
        let _ = write!(
            relations,
            "<Relationship Id=\"rId{}\" Type=\"{OFFICE}/styles\" Target=\"styles.xml\"/></Relationships>",
            self.sheets.len() + 1
        );
        book.push_str("</sheets><definedNames>");
        for (place, range) in self.filters.iter().enumerate() {
            let _ = write!(
                book,
                "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{place}\" hidden=\"1\">{}</definedName>",
                escaped(range)
            );
        }
        book.push_str("</definedNames></workbook>");
        let root = format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/>\
             <Relationship Id=\"rId2\" Type=\"{PACKAGE}/relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/></Relationships>"
        );
        let core = format!(
            "<cp:coreProperties xmlns:cp=\"{PACKAGE}/metadata/core-properties\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
             xmlns:dcterms=\"http://purl.org/dc/terms/\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><dc:title>Palisade</dc:title>\
             <dc:creator>Palisade</dc:creator><dc:description>{}</dc:description><dcterms:created xsi:type=\"dcterms:W3CDTF\">{made}</dcterms:created>\
             <dcterms:modified xsi:type=\"dcterms:W3CDTF\">{made}</dcterms:modified></cp:coreProperties>",
            escaped(about)
        );
        let styles = format!(
            "<styleSheet xmlns=\"{MAIN}\"><fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font><font><b/><sz val=\"11\"/>\
             <name val=\"Calibri\"/></font></fonts><fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill>\
             <patternFill patternType=\"gray125\"/></fill><fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE6EEF7\"/></patternFill></fill></fills>\
             <borders count=\"1\"><border/></borders><cellStyleXfs count=\"1\"><xf/></cellStyleXfs><cellXfs count=\"3\"><xf/>\
             <xf applyAlignment=\"1\"><alignment vertical=\"top\" wrapText=\"1\"/></xf><xf fontId=\"1\" fillId=\"2\" applyFont=\"1\" applyFill=\"1\"/></cellXfs></styleSheet>"
        );
        for (name, text) in [
            ("xl/workbook.xml", book),
            ("xl/styles.xml", styles),
            ("xl/_rels/workbook.xml.rels", relations),
            ("docProps/core.xml", core),
            ("_rels/.rels", root),
            ("[Content_Types].xml", types),
        ] {
            let mut part = Part::new();
            part.add(&mut text.clone())?;
            self.zip.put(name, part)?;
        }
        self.zip.finish()
    }
}

fn row(number: usize, cells: impl Iterator<Item = Cell>, style: usize, text: &mut String) {
    let _ = write!(text, "<row r=\"{number}\">");
    for (place, cell) in cells.enumerate() {
        let name = column(place);
        let _ = match cell {
            Cell::Words(words) if words.is_empty() => Ok(()),
            Cell::Words(words) => write!(
                text,
                "<c r=\"{name}{number}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                escaped(&literal(&words))
            ),
            Cell::Number(value) => write!(text, "<c r=\"{name}{number}\" s=\"{style}\"><v>{value}</v></c>"),
        };
    }
    text.push_str("</row>");
}

/// The letters of a column, from 0.
fn column(mut place: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(place % 26).unwrap_or_default()));
        place /= 26;
        if place == 0 {
            break;
        }
        place -= 1;
    }
    letters.iter().rev().collect()
}

/// Words that stand for themselves: what looks like the number of a letter in a workbook (`_x0041_`) is no such thing.
fn literal(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for (at, letter) in words.char_indices() {
        let behind = words.get(at..).and_then(|rest| rest.strip_prefix("_x"));
        let is_number = behind.is_some_and(|rest| {
            rest.chars().take(4).filter(char::is_ascii_hexdigit).count() == 4 && rest.chars().nth(4) == Some('_')
        });
        text.push_str(if is_number { "_x005F" } else { "" });
        text.push(letter);
    }
    text
}

/// A text for XML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // XML has no place for these, escaped or not.
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            other if other.is_control() && other != '\n' => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

/// A file of a ZIP, while it is compressed.
struct Part {
    packed: DeflateEncoder<Vec<u8>>,
    sum: Crc,
}

impl Part {
    fn new() -> Self {
        let mut part = Self { packed: DeflateEncoder::new(Vec::new(), Compression::default()), sum: Crc::new() };
        // Into memory nothing fails.
        let _ = part.add(&mut "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n".to_owned());
        part
    }

    /// Takes what is there, and leaves nothing.
    fn add(&mut self, text: &mut String) -> io::Result<()> {
        self.sum.update(text.as_bytes());
        self.packed.write_all(text.as_bytes())?;
        text.clear();
        Ok(())
    }
}

/// A ZIP file (APPNOTE 6.3), without what is only for large ones.
#[derive(Default)]
struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    files: u16,
}

impl Zip {
    fn put(&mut self, name: &str, part: Part) -> io::Result<()> {
        let (sum, whole) = (part.sum.sum(), part.packed.total_in());
        let packed = part.packed.finish()?;
        let mut about = Vec::new();
        // Version 2.0, names in UTF-8, deflated, at midnight of the first day.
        for word in [20, 1 << 11, 8, 0, DAY] {
            about.extend(u16::to_le_bytes(word));
        }
        for number in [u64::from(sum), packed.len() as u64, whole] {
            about.extend(small(number)?.to_le_bytes());
        }
        let length = u16::try_from(name.len()).map_err(io::Error::other)?;
        about.extend(length.to_le_bytes());
        about.extend([0; 2]);
        let place = small(self.bytes.len() as u64)?;
        self.bytes.extend(*b"PK\x03\x04");
        self.bytes.extend(&about);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);
        self.directory.extend(*b"PK\x01\x02\x14\x00");
        self.directory.extend(about);
        self.directory.extend([0; 10]);
        self.directory.extend(place.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.files += 1;
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<u8>> {
        let (place, length) = (small(self.bytes.len() as u64)?, small(self.directory.len() as u64)?);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(*b"PK\x05\x06\x00\x00\x00\x00");
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(self.files.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(place.to_le_bytes());
        self.bytes.extend([0; 2]);
        Ok(self.bytes)
    }
}

/// A number of a ZIP file that is not large.
fn small(number: u64) -> io::Result<u32> {
    u32::try_from(number)
        .map_err(|_| io::Error::other("a workbook of more than four gigabytes; the CSV form has no bound"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        for (place, name) in [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column(place), name);
        }
    }

    #[test]
    fn what_looks_like_the_number_of_a_letter_stays_what_it_is() {
        assert_eq!(literal("_x003D_1 _x _xyz12_ _x00"), "_x005F_x003D_1 _x _xyz12_ _x00");
        assert_eq!(escaped("<a & \"b\">\u{1}\n"), "&lt;a &amp; &quot;b&quot;&gt; \n");
    }
}
