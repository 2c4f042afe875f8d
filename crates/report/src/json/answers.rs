//! What people said, and what else a run was judged by.

use crate::{AnswerRow, AnswerSheet, Report};
use jiff::tz::TimeZone;
use palisade_engine::{Answer, AnsweredFor, Value};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What people were asked, and what they said.
#[derive(Serialize, JsonSchema)]
pub(super) struct AnswersJson<'a> {
    /// Every question that was heard or not heard for some cluster, worst first.
    rows: Vec<Row<'a>>,
    /// Answers about no cluster that was found: mistyped, or about something that is gone.
    unused: Vec<Statement<'a>>,
}

/// What came of one control and one answer, or the lack of one.
#[derive(Serialize, JsonSchema)]
struct Row<'a> {
    /// The control.
    control: &'static str,
    /// What should be true.
    title: &'static str,
    /// `pass`, `fail`, `attest-missing` or `attest-expired`; `unknown` where something else is missing.
    verdict: &'static str,
    /// What is asked, by the name of the question.
    questions: BTreeMap<&'static str, &'static str>,
    /// For how many clusters.
    clusters: usize,
    /// The first of them by name. Text from the cloud.
    names: &'a [String],
    /// The answer; `null` when nobody answered.
    answer: Option<Statement<'a>>,
    /// The last day on which it counts or counted, in UTC.
    counts_until: Option<String>,
    /// What ends it.
    ends_because: Option<String>,
    /// Whether it counts and ends within 30 days.
    ends_soon: bool,
}

/// What somebody said.
#[derive(Serialize, JsonSchema)]
struct Statement<'a> {
    /// The control that was answered.
    control: &'a str,
    /// The cluster that it was answered for, by id or name.
    cluster: Option<&'a str>,
    /// The environment that it was answered for; the whole fleet where `cluster` and `environment` are `null`.
    environment: Option<&'a str>,
    /// What was said, by the name of the question: `yes`, `no`, `partly`, `never`, a day, or a number as text.
    said: BTreeMap<&'a str, String>,
    /// Who said so. People's text: escape it where it is shown.
    by: &'a str,
    /// On which day.
    answered: String,
    /// The last day that was set by whoever answered.
    expires: Option<String>,
    /// A link to what it rests on. People's text.
    evidence: Option<&'a str>,
    /// Something that was added. People's text.
    note: Option<&'a str>,
    /// `sha256:` and the digest of what was said: findings name it in their evidence, with the call `answers`.
    digest: String,
}

impl<'a> AnswersJson<'a> {
    pub(super) fn of(sheet: &'a AnswerSheet) -> Self {
        Self {
            rows: sheet.rows.iter().map(Row::of).collect(),
            unused: sheet.unused.iter().map(Statement::of).collect(),
        }
    }
}

impl<'a> Row<'a> {
    fn of(row: &'a AnswerRow) -> Self {
        Self {
            control: row.control.id,
            title: row.control.title,
            verdict: row.state.name(),
            questions: row.asks.questions.iter().map(|question| (question.name, question.asks)).collect(),
            clusters: row.clusters,
            names: &row.names,
            answer: row.answer.as_ref().map(Statement::of),
            counts_until: row.until.map(|until| until.last_day.to_string()),
            ends_because: row.until.map(|until| until.because.to_string()),
            ends_soon: row.ends_soon,
        }
    }
}

impl<'a> Statement<'a> {
    fn of(answer: &'a Answer) -> Self {
        let (cluster, environment) = match &answer.of {
            AnsweredFor::Fleet => (None, None),
            AnsweredFor::Cluster(name) => (Some(name.as_str()), None),
            AnsweredFor::Environment(name) => (None, Some(name.as_str())),
        };
        let said = |(question, value): (&'a String, &Value)| (question.as_str(), value.to_string());
        Self {
            control: &answer.control,
            cluster,
            environment,
            said: answer.values.iter().map(said).collect(),
            by: &answer.by,
            answered: answer.on.to_string(),
            expires: answer.expires.map(|day| day.to_string()),
            evidence: answer.evidence.as_deref(),
            note: answer.note.as_deref(),
            digest: answer.digest().to_string(),
        }
    }
}

/// The files that a run was judged by, beside the answers of the clouds: the same ones give the same report.
#[derive(Serialize, JsonSchema)]
pub(super) struct ParametersJson {
    /// `sha256:` and the digest of the file of accepted risks, if there is one.
    waivers: Option<String>,
    /// `sha256:` and the digest of the file of answers, if there is one.
    answers: Option<String>,
    /// The dated lists in the program that facts rest on.
    data: Vec<DataJson>,
}

/// A list of the world that is in the program and grows old.
#[derive(Serialize, JsonSchema)]
struct DataJson {
    /// Its name, for example `azure/service-tags`.
    name: String,
    /// The publisher, and how the list came into the program.
    source: String,
    /// The version of that source.
    version: String,
    /// The day as of which it lists.
    day: String,
    /// `sha256:` and the digest of what is in the program.
    digest: String,
    /// How many days older it is than what was read.
    age_days: i64,
    /// Whether that is too old to be taken as fresh.
    stale: bool,
}

impl ParametersJson {
    pub(super) fn of(report: &Report) -> Self {
        let parameters = &report.parameters;
        let day = report.run.finished_at.to_zoned(TimeZone::UTC).date();
        let data = parameters.data.iter().map(|file| DataJson {
            name: file.name.clone(),
            source: file.source.clone(),
            version: file.version.clone(),
            day: file.day.to_string(),
            digest: format!("sha256:{}", file.sha256),
            age_days: file.age_days(day),
            stale: file.is_stale(day),
        });
        Self {
            data: data.collect(),
            waivers: parameters.waivers.map(|digest| digest.to_string()),
            answers: parameters.answers.map(|digest| digest.to_string()),
        }
    }
}
