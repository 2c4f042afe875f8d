//! A cluster and what people said of it, for tests.

use jiff::{Span, civil::Date, tz::TimeZone};
use palisade_engine::{Answer, AnsweredFor, Answers, Context, Control, Policy, Severity, State, Value, Verdict};
use palisade_model::{Cluster, Etcd, Gap, Provider};
use palisade_testkit::{known, now, tidy};

fn date(days_ago: i64) -> Date {
    now().to_zoned(TimeZone::UTC).date().saturating_sub(Span::new().days(days_ago))
}

/// So many days ago.
pub(crate) fn day(days_ago: i64) -> Value {
    Value::Day(date(days_ago))
}

/// Lets etcd run in the customer's own network.
pub(crate) fn customer_etcd(cluster: &mut Cluster) {
    cluster.etcd = known(Etcd::CustomerNetwork { because: "outpostConfig".to_owned() });
}

/// A cluster and what people said of it yesterday.
pub(crate) struct Said {
    cluster: Cluster,
    answers: Vec<Answer>,
}

impl Said {
    /// What somebody said about a control.
    pub(crate) fn of<C: Control>(values: &[(&str, Value)]) -> Self {
        Self { cluster: tidy(Provider::Aws), answers: Vec::new() }.and::<C>(values)
    }

    /// And about another one.
    pub(crate) fn and<C: Control>(mut self, values: &[(&str, Value)]) -> Self {
        self.answers.push(Answer {
            control: C::META.id.to_owned(),
            of: AnsweredFor::Cluster("tidy".to_owned()),
            values: values.iter().map(|(question, value)| ((*question).to_owned(), *value)).collect(),
            by: "ana".to_owned(),
            on: date(1),
            expires: None,
            evidence: Some("https://wiki.example.com/1".to_owned()),
            note: None,
        });
        self
    }

    /// The same with another answer to one question of the first control.
    pub(crate) fn but(mut self, question: &str, value: Value) -> Self {
        assert!(self.answers[0].values.insert(question.to_owned(), value).is_some(), "nobody asks `{question}`");
        self
    }

    /// The same, said so many days ago about the first control, of what was done on that day.
    pub(crate) fn older(self, days_ago: i64) -> Self {
        self.aged(days_ago, 0)
    }

    /// The same, said so many days ago about another control.
    pub(crate) fn older_of<C: Control>(self, days_ago: i64) -> Self {
        let place = self.answers.iter().position(|answer| answer.control == C::META.id).unwrap();
        self.aged(days_ago, place)
    }

    fn aged(mut self, days_ago: i64, place: usize) -> Self {
        let answer = &mut self.answers[place];
        answer.on = date(days_ago);
        let days = answer.values.values_mut().filter(|value| matches!(value, Value::Day(_)));
        days.for_each(|value| *value = day(days_ago));
        self
    }

    /// Nobody said anything about the first control.
    pub(crate) fn by_nobody(mut self) -> Self {
        self.answers.remove(0);
        self
    }

    /// Nobody said anything about another control.
    pub(crate) fn without<C: Control>(mut self) -> Self {
        self.answers.retain(|answer| answer.control != C::META.id);
        self
    }

    /// Of another cluster.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Cluster)) -> Self {
        change(&mut self.cluster);
        self
    }

    /// What a control makes of it.
    pub(crate) fn verdict<C: Control>(&self) -> Result<Verdict, Gap> {
        let policy = Policy { answers: Answers::new(self.answers.clone(), ""), ..Policy::default() };
        C::judge(&self.cluster, &Context { policy: &policy, now: now() }).remove(0).verdict
    }

    /// Its state, and its severity where it is not the control's own.
    pub(crate) fn judged<C: Control>(&self) -> (State, Option<Severity>) {
        let verdict = self.verdict::<C>().unwrap();
        assert!(!verdict.because.is_empty() && !verdict.evidence.is_empty());
        (verdict.state, verdict.severity)
    }
}
