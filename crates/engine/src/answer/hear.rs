//! From what was said to a verdict.

use super::{Answer, AnswerKind, Asks, Enough, Value, Widest};
use crate::{Context, Meta, Severity, State, Verdict};
use jiff::{Span, tz::TimeZone};
use palisade_model::Cluster;

/// What came of asking people about a cluster.
#[derive(Clone, Debug)]
pub struct Heard<'a> {
    /// What that is worth.
    pub verdict: Verdict,
    /// The answer that decided, when there was one.
    pub answer: Option<&'a Answer>,
}

/// Hears what people said of a cluster about a control.
///
/// The narrowest answers count: one about the cluster before one about its environment, and that before one about the
/// fleet. Of several that are as narrow the worst counts. Passes only when every question was answered well and the answer
/// counts at the moment of judgement; a `no` fails, and what is partly so fails with a severity one step lower.
pub fn hear<'a>(cluster: &Cluster, context: &Context<'a>, meta: &Meta, asks: &Asks) -> Heard<'a> {
    let policy = context.policy;
    let places = policy.answers.about(meta.id, cluster, policy);
    let heard = places.into_iter().filter_map(|place| {
        let answer = policy.answers.entries().get(place)?;
        let verdict = weigh(answer, context, meta, asks).resting_on(policy.answers.record(Some(place)));
        Some(Heard { verdict, answer: Some(answer) })
    });
    // Of equals the first in the file: a maximum would take the last.
    let worst = heard.reduce(|worst, next| if next.verdict.state > worst.verdict.state { next } else { worst });
    worst.unwrap_or_else(|| Heard { verdict: missing(asks).resting_on(policy.answers.record(None)), answer: None })
}

fn missing(asks: &Asks) -> Verdict {
    let of = match asks.widest {
        Widest::Fleet => "",
        Widest::Environment => " for this cluster or its environment",
        Widest::Cluster => " for this cluster",
    };
    let first = asks.questions.first().map(|question| question.asks).unwrap_or_default();
    let more = match asks.questions.len() {
        0 | 1 => String::new(),
        2 => " And one more question.".to_owned(),
        all => format!(" And {} more questions.", all - 1),
    };
    Verdict::attest_missing(format!("nobody has answered{of}: {first}{more}")).in_brief("nobody has answered")
}

fn weigh(answer: &Answer, context: &Context<'_>, meta: &Meta, asks: &Asks) -> Verdict {
    let (until, said) = (answer.until(asks), answer.said(asks));
    let who = format!("`{}` answered on {} for {}: {said}", answer.by, answer.on, answer.of);
    let today = context.now.to_zoned(TimeZone::UTC).date();
    // Somewhere it is tomorrow already.
    if answer.on > today.saturating_add(Span::new().days(1)) {
        return Verdict::attest_missing(format!(
            "{who}; that is later than what was read here ({today}), and counts from then"
        ))
        .in_brief(format!("answered later than this was read, on {}", answer.on));
    }
    if context.now >= until.at {
        return Verdict::attest_expired(format!(
            "{who}; it counted until {}, because {}",
            until.last_day, until.because
        ))
        .in_brief(format!("the answer of {} counted until {}", answer.on, until.last_day));
    }
    let evidence = answer.evidence.as_ref().map(|link| format!(" ({link})")).unwrap_or_default();
    let told = format!("{who}{evidence}");
    let worth =
        asks.questions.iter().filter_map(|question| Some(worth(question.kind, *answer.values.get(question.name)?)));
    match worth.max() {
        Some(Worth::Bad) => Verdict::fail(told),
        Some(Worth::Partly) => Verdict::fail(format!("only partly: {told}")).severity(softened(meta.severity)),
        // A file leaves no question of a good answer open; an answer that was made otherwise must not pass for it.
        Some(Worth::Good) if asks.questions.iter().all(|question| answer.values.contains_key(question.name)) => {
            Verdict::pass(format!("{told}; it counts until {}", until.last_day))
        }
        Some(Worth::Good) | None => Verdict::attest_missing(format!("{told}; that leaves questions open")),
    }
}

/// What a value is worth, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Good,
    Partly,
    Bad,
}

fn worth(kind: AnswerKind, value: Value) -> Worth {
    match (kind, value) {
        (AnswerKind::Choice, Value::Yes) | (AnswerKind::Day { .. }, Value::Day(_)) => Worth::Good,
        (AnswerKind::Choice, Value::Partly) => Worth::Partly,
        (AnswerKind::Number { enough, .. }, Value::Number(number)) => match (enough, number) {
            (Enough::Any, _) | (Enough::Zero, 0) | (Enough::Hundred, 100..) => Worth::Good,
            (Enough::Hundred, 1..100) => Worth::Partly,
            (Enough::Zero, 1..) | (Enough::Hundred, 0) => Worth::Bad,
        },
        // `no` and `never`, and a value of another kind than was asked for.
        (AnswerKind::Choice | AnswerKind::Day { .. } | AnswerKind::Number { .. }, _) => Worth::Bad,
    }
}

impl Value {
    /// Whether it says that something is bad, so that the other questions need no answer.
    pub fn is_bad(self, kind: AnswerKind) -> bool {
        worth(kind, self) == Worth::Bad
    }
}

/// One step less, and never so little that it would not count.
pub(crate) fn softened(severity: Severity) -> Severity {
    severity.lowered().max(Severity::Low).min(severity)
}

impl Heard<'_> {
    /// What it is worth, or what else is to be said where nobody answered: with the records of the answers all the same.
    #[must_use]
    pub fn or(self, silence: Verdict) -> Verdict {
        match self.answer {
            Some(_) => self.verdict,
            None => silence.resting_too_on(&self.verdict),
        }
    }

    /// Whether what was said is good and counts.
    pub fn is_good(&self) -> bool {
        self.verdict.state == State::Pass
    }
}
