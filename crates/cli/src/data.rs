//! `palisade data`: the dated lists of the world that are in this program.

use crate::{
    arguments::{Data, DataStatus, ListFormat},
    exit::Exit,
    output, providers,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_model::DataFile;
use serde::Serialize;
use std::fmt::Write as _;

pub(crate) fn run(wanted: &Data) -> anyhow::Result<Exit> {
    match wanted {
        Data::Status(wanted) => status(wanted),
    }
}

/// A list, for programs.
#[derive(Serialize)]
struct Line {
    #[serde(flatten)]
    file: DataFile,
    age_days: i64,
    fresh_until: Date,
    stale: bool,
}

fn status(wanted: &DataStatus) -> anyhow::Result<Exit> {
    let day = wanted.on.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
    let lines: Vec<Line> = providers::data()
        .into_iter()
        .map(|file| Line {
            age_days: file.age_days(day),
            fresh_until: file.fresh_until(),
            stale: file.is_stale(day),
            file,
        })
        .collect();
    if wanted.format == ListFormat::Json {
        output::json(&lines)?;
    } else {
        let mut text = String::new();
        for Line { file, age_days, fresh_until, stale } in &lines {
            let word = if *stale { "too old" } else { "fresh" };
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "{:<8} {:<20} of {}, {age_days} days old", word, file.name, file.day);
            let _ = writeln!(text, "         {}", file.lists);
            let _ = writeln!(text, "         from {} {} ({})", file.source, file.version, file.licence);
            let _ = writeln!(text, "         feeds {}; fresh until {fresh_until}", file.feeds);
        }
        output::data(text.as_bytes(), None)?;
    }
    Ok(if lines.iter().any(|line| line.stale) { Exit::Findings } else { Exit::Done })
}
