//! Values, rows, and many rows at once.

use super::error::{DatabaseError, Doing as _, malformed};
use jiff::Timestamp;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _, any::AnyRow, query::Query};
use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher as _},
};

/// How many values one statement carries at most. SQLite allows 32,766, PostgreSQL 65,535.
const VALUES_AT_ONCE: usize = 6_000;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Int(i64),
    NoInt,
    Text(String),
    NoText,
    Bytes(Vec<u8>),
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(packed(text).into_owned())
    }

    pub(crate) fn text_or_none(text: Option<&str>) -> Self {
        text.map_or(Self::NoText, Self::text)
    }

    pub(crate) fn int_or_none(int: Option<i64>) -> Self {
        int.map_or(Self::NoInt, Self::Int)
    }

    pub(crate) fn time(time: Timestamp) -> Self {
        Self::Int(nanoseconds(time))
    }

    pub(crate) fn time_or_none(time: Option<Timestamp>) -> Self {
        Self::int_or_none(time.map(nanoseconds))
    }

    pub(crate) fn bind(
        self,
        query: Query<'_, Any, sqlx::any::AnyArguments>,
    ) -> Query<'_, Any, sqlx::any::AnyArguments> {
        match self {
            Self::Int(int) => query.bind(int),
            Self::NoInt => query.bind(None::<i64>),
            Self::Text(text) => query.bind(text),
            Self::NoText => query.bind(None::<String>),
            Self::Bytes(bytes) => query.bind(bytes),
        }
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::time(time)
    }
}

/// A number that tells whether a row is what it was when it was read. It is never stored.
pub(crate) fn print_of(row: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// Nanoseconds since 1970: exact from the year 1677 to 2262, and at these ends beyond them.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    let exact = time.as_nanosecond();
    i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX })
}

pub(crate) fn time(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::MAX)
}

/// PostgreSQL takes no NUL in a text, and names from a cloud may hold one: it is written as two others, reversibly.
fn packed(text: &str) -> Cow<'_, str> {
    if text.contains([NUL, ESCAPE]) {
        let escaped = text.replace(ESCAPE, "\u{F8FF}\u{F8FF}").replace(NUL, "\u{F8FF}0");
        return Cow::Owned(escaped);
    }
    Cow::Borrowed(text)
}

const NUL: char = '\0';
const ESCAPE: char = '\u{F8FF}';

fn unpacked(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            ESCAPE if letters.next() == Some('0') => NUL,
            other => other,
        });
    }
    plain
}

/// What is read from a row, by place.
pub(crate) struct Read<'r> {
    row: &'r AnyRow,
    doing: &'static str,
    place: usize,
}

impl<'r> Read<'r> {
    pub(crate) fn of(row: &'r AnyRow, doing: &'static str) -> Self {
        Self { row, doing, place: 0 }
    }

    fn next(&mut self) -> usize {
        let place = self.place;
        self.place += 1;
        place
    }

    pub(crate) fn int(&mut self) -> Result<i64, DatabaseError> {
        let place = self.next();
        self.row.try_get(place).doing(self.doing)
    }

    pub(crate) fn int_or_none(&mut self) -> Result<Option<i64>, DatabaseError> {
        let place = self.next();
        self.row.try_get(place).doing(self.doing)
    }

    pub(crate) fn count(&mut self) -> Result<u64, DatabaseError> {
        let int = self.int()?;
        u64::try_from(int).map_err(|_| malformed(self.doing, format!("{int} is no count")))
    }

    pub(crate) fn text(&mut self) -> Result<String, DatabaseError> {
        let place = self.next();
        self.row.try_get::<String, _>(place).map(unpacked).doing(self.doing)
    }

    pub(crate) fn text_or_none(&mut self) -> Result<Option<String>, DatabaseError> {
        let place = self.next();
        self.row.try_get::<Option<String>, _>(place).map(|text| text.map(unpacked)).doing(self.doing)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, DatabaseError> {
        self.int().map(time)
    }

    pub(crate) fn time_or_none(&mut self) -> Result<Option<Timestamp>, DatabaseError> {
        Ok(self.int_or_none()?.map(time))
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, DatabaseError> {
        let place = self.next();
        self.row.try_get(place).doing(self.doing)
    }

    /// Sixteen bytes: a print or a fingerprint.
    pub(crate) fn print(&mut self) -> Result<[u8; 16], DatabaseError> {
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| malformed(self.doing, "a fingerprint has another length"))
    }

    /// A word of ours: a state, a severity, a kind.
    pub(crate) fn word<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, DatabaseError> {
        let text = self.text()?;
        word(&text).ok_or_else(|| malformed(self.doing, format!("`{text}` is no word of this program")))
    }

    pub(crate) fn word_or_none<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>, DatabaseError> {
        let Some(text) = self.text_or_none()? else { return Ok(None) };
        word(&text).map(Some).ok_or_else(|| malformed(self.doing, format!("`{text}` is no word of this program")))
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, DatabaseError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| malformed(self.doing, error.to_string()))
    }
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text)).ok()
}

/// A query with its values.
pub(crate) fn query<const N: usize>(
    sql: &'static str,
    values: [Value; N],
) -> Query<'static, Any, sqlx::any::AnyArguments> {
    values.into_iter().fold(sqlx::query(sql), |query, value| value.bind(query))
}

/// A table as rows are put into it: what is there already is replaced, when the key is the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) key: &'static [&'static str],
    pub(crate) columns: &'static [&'static str],
    /// Columns that stay as they are when the row is there already.
    pub(crate) keep: &'static [&'static str],
}

impl Table {
    /// Puts rows in, many at once.
    pub(crate) async fn put(
        &self,
        connection: &mut AnyConnection,
        rows: Vec<Vec<Value>>,
        doing: &str,
    ) -> Result<(), DatabaseError> {
        let at_once = (VALUES_AT_ONCE / self.columns.len().max(1)).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let chunk: Vec<Vec<Value>> = rows.by_ref().take(at_once).collect();
            let sql = AssertSqlSafe(self.sql(chunk.len()));
            let query = chunk.into_iter().flatten().fold(sqlx::query(sql), |query, value| value.bind(query));
            query.execute(&mut *connection).await.doing(doing)?;
        }
        Ok(())
    }

    /// The statement. Names of tables and columns are written here, in this program; values are bound.
    fn sql(&self, rows: usize) -> String {
        let width = self.columns.len();
        let row = |first: usize| {
            let places: Vec<String> = (first..first + width).map(|place| format!("${place}")).collect();
            format!("({})", places.join(","))
        };
        let places: Vec<String> = (0..rows).map(|number| row(number * width + 1)).collect();
        let changed: Vec<String> = self
            .columns
            .iter()
            .filter(|column| !self.key.contains(*column) && !self.keep.contains(*column))
            .map(|column| format!("{column}=excluded.{column}"))
            .collect();
        let conflict =
            if changed.is_empty() { "DO NOTHING".to_owned() } else { format!("DO UPDATE SET {}", changed.join(",")) };
        let (name, columns, key) = (self.name, self.columns.join(","), self.key.join(","));
        format!("INSERT INTO {name} ({columns}) VALUES {} ON CONFLICT ({key}) {conflict}", places.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_with_nul_survives_and_has_none_on_the_way() {
        for text in ["plain", "a\0b", "\u{F8FF}", "\u{F8FF}0\0\u{F8FF}\u{F8FF}", "\0"] {
            let packed = packed(text).into_owned();
            assert!(!packed.contains('\0'));
            assert_eq!(unpacked(packed), text);
        }
    }

    #[test]
    fn times_are_exact_to_the_nanosecond() {
        let moment: Timestamp = "2026-11-28T23:59:59.123456789Z".parse().unwrap();
        assert_eq!(time(nanoseconds(moment)), moment);
        assert!(time(nanoseconds(Timestamp::MAX)) > moment);
    }

    #[test]
    fn the_key_and_what_is_kept_stay_when_a_row_is_there() {
        let table = Table { name: "t", key: &["a"], columns: &["a", "b", "c"], keep: &["c"] };
        assert_eq!(
            table.sql(2),
            "INSERT INTO t (a,b,c) VALUES ($1,$2,$3),($4,$5,$6) ON CONFLICT (a) DO UPDATE SET b=excluded.b"
        );
    }
}
