//! What people were asked: what is missing, and who said what.

use crate::{AnswerRow, AnswerSheet, plain};
use palisade_engine::{AnswerKind, State};

/// What the page shows of people's answers.
pub(super) struct AnswersView {
    pub(super) file: String,
    pub(super) missing: Vec<Row>,
    pub(super) given: Vec<Row>,
    pub(super) unused: Vec<Said>,
}

/// One control, and what was said or not said.
pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) severity: &'static str,
    pub(super) state: &'static str,
    pub(super) clusters: String,
    pub(super) questions: Vec<Question>,
    pub(super) answer: Option<Said>,
    pub(super) until: String,
    pub(super) soon: bool,
}

/// A question, and what was said to it.
pub(super) struct Question {
    pub(super) asks: &'static str,
    pub(super) value: String,
}

/// Who said something, and when. All of it is text and no markup, and no link to follow by mistake.
pub(super) struct Said {
    pub(super) control: String,
    pub(super) of: String,
    pub(super) by: String,
    pub(super) on: String,
    pub(super) evidence: String,
    pub(super) note: String,
}

impl AnswersView {
    pub(super) fn of(sheet: &AnswerSheet) -> Self {
        let is_missing = |row: &&AnswerRow| matches!(row.state, State::AttestMissing | State::AttestExpired);
        Self {
            file: sheet.file.map(|digest| digest.to_string()).unwrap_or_default(),
            missing: sheet.rows.iter().filter(is_missing).map(row).collect(),
            given: sheet.rows.iter().filter(|row| !is_missing(row)).map(row).collect(),
            unused: sheet.unused.iter().map(said).collect(),
        }
    }
}

fn row(row: &AnswerRow) -> Row {
    let questions = row.asks.questions.iter().map(|question| {
        let value = row.answer.as_ref().and_then(|answer| answer.values.get(question.name));
        let unit = match question.kind {
            AnswerKind::Number { unit, .. } => format!(" {unit}"),
            AnswerKind::Choice | AnswerKind::Day { .. } => String::new(),
        };
        Question { asks: question.asks, value: value.map(|value| format!("{value}{unit}")).unwrap_or_default() }
    });
    Row {
        id: row.control.id,
        title: row.control.title,
        severity: row.control.severity.name(),
        state: row.state.name(),
        clusters: plain(&row.told_clusters()),
        questions: questions.collect(),
        answer: row.answer.as_ref().map(said),
        until: row.until.map(|until| format!("{}: {}", until.last_day, until.because)).unwrap_or_default(),
        soon: row.ends_soon,
    }
}

fn said(answer: &palisade_engine::Answer) -> Said {
    Said {
        control: plain(&answer.control),
        of: plain(&answer.of.to_string()),
        by: plain(&answer.by),
        on: answer.on.to_string(),
        evidence: answer.evidence.as_deref().map(plain).unwrap_or_default(),
        note: answer.note.as_deref().map(plain).unwrap_or_default(),
    }
}
