//! Leave to ask one question, and what becomes of the attempts at it while they are made.

use crate::{Attempt, BudgetSpent, Clock, Event, Exchange, Failure, Permit, Progress, rate::Way};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Leave to ask one question: takes it from the run's pace and budget, and takes down the attempts while they are made, from
/// any thread. Clones take down the same question.
#[derive(Clone)]
pub struct Transcript {
    way: Way,
    clock: Clock,
    progress: Arc<dyn Progress>,
    so_far: Arc<Mutex<SoFar>>,
}

#[derive(Clone, Debug, Default)]
struct SoFar {
    exchange: Option<Exchange>,
    spent: Option<BudgetSpent>,
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transcript").field(&self.exchange()).finish()
    }
}

impl Transcript {
    pub(crate) fn new(way: Way, clock: Clock, progress: Arc<dyn Progress>) -> Self {
        Self { way, clock, progress, so_far: Arc::default() }
    }

    /// Waits for leave to ask: for a place among the calls under way, and for as long as the service wants to be left alone.
    ///
    /// # Errors
    /// When the run's budget is used up. Nobody waits for that.
    pub async fn permit(&self) -> Result<Permit, BudgetSpent> {
        self.way.pace.budget.look().inspect_err(|spent| self.note(*spent))?;
        Ok(self.way.pace.permit(&self.way.host, &self.way.scope, &self.way.lane).await)
    }

    /// An attempt leaves. Nothing is known of it until it is [`answered`](Self::answered).
    ///
    /// # Errors
    /// When the run's budget is used up: then it must not leave.
    pub fn sent(&self) -> Result<(), BudgetSpent> {
        self.way.pace.budget.take().inspect_err(|spent| self.note(*spent))?;
        let sent_at = (self.clock)();
        let is_repeated = self.with(|so_far| {
            let new = || Exchange { sent_at, sent_id: None, attempts: Vec::new() };
            let exchange = so_far.exchange.get_or_insert_with(new);
            exchange.attempts.push(Attempt::default());
            exchange.attempts.len() > 1
        });
        if is_repeated {
            self.way.lane.owe();
        }
        Ok(())
    }

    /// The first attempt leaves, under an id of ours that stands in its user agent, and in that of all others.
    ///
    /// # Errors
    /// When the run's budget is used up: then it must not leave.
    pub fn sent_as(&self, id: &str) -> Result<(), BudgetSpent> {
        self.sent()?;
        self.with(|so_far| {
            if let Some(exchange) = &mut so_far.exchange {
                exchange.sent_id = Some(id.to_owned());
            }
        });
        Ok(())
    }

    /// What became of the last attempt.
    pub fn answered(&self, attempt: Attempt) {
        self.with(|so_far| {
            if let Some(last) = so_far.exchange.as_mut().and_then(|exchange| exchange.attempts.last_mut()) {
                *last = attempt;
            }
        });
    }

    /// The last answer was to slow down, perhaps for so long. Everybody who asks this service with this credential in this
    /// region does.
    pub fn throttled(&self, asked: Option<Duration>) {
        self.with(|so_far| {
            if let Some(last) = so_far.exchange.as_mut().and_then(|exchange| exchange.attempts.last_mut()) {
                last.throttled = true;
            }
        });
        self.way.lane.slow_down(asked);
        self.progress.tell(Event::Throttled);
    }

    /// What was sent and what came back so far; `None` when nothing was sent.
    pub fn exchange(&self) -> Option<Exchange> {
        self.with(|so_far| so_far.exchange.clone())
    }

    /// Why the question has no answer, when it is that the run's budget was used up before it could be sent, or sent again.
    pub fn unasked(&self) -> Option<Failure> {
        self.with(|so_far| so_far.spent).map(Failure::from)
    }

    fn note(&self, spent: BudgetSpent) {
        self.with(|so_far| so_far.spent = Some(spent));
    }

    fn with<T>(&self, change: impl FnOnce(&mut SoFar) -> T) -> T {
        change(&mut self.so_far.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CallLimits, FailureReason, Pace, Quiet, Recorder};
    use jiff::Timestamp;

    fn transcript(limits: CallLimits) -> Transcript {
        let pace = Arc::new(Pace::default().limited(limits));
        Recorder::new("t", Arc::new(|| Timestamp::UNIX_EPOCH), Arc::new(Quiet), pace).transcript("host", "scope")
    }

    #[test]
    fn every_attempt_is_taken_down_and_a_call_that_was_never_sent_has_none() {
        let transcript = transcript(CallLimits::default());
        transcript.answered(Attempt::answered(200, None, None));
        assert_eq!(transcript.exchange(), None);
        transcript.sent_as("ours").unwrap();
        transcript.answered(Attempt::answered(429, Some("a"), None));
        transcript.throttled(None);
        transcript.clone().sent().unwrap();
        let exchange = transcript.exchange().unwrap();
        assert_eq!(exchange.sent_id.as_deref(), Some("ours"));
        let slowed = Attempt { throttled: true, ..Attempt::answered(429, Some("a"), None) };
        assert_eq!(exchange.attempts, [slowed, Attempt::default()]);
        assert_eq!(transcript.unasked(), None);
    }

    #[tokio::test]
    async fn when_the_budget_is_used_up_nothing_leaves_and_the_question_says_why_it_has_no_answer() {
        let transcript = transcript(CallLimits { max_calls: Some(1), share_of_quota: None });
        let _permit = transcript.permit().await.unwrap();
        transcript.sent().unwrap();
        let spent = transcript.sent().unwrap_err();
        assert_eq!(transcript.exchange().unwrap().attempts.len(), 1, "what did not leave is no attempt");
        let failure = transcript.unasked().unwrap();
        assert_eq!((failure.reason, failure.message), (FailureReason::NotAsked, spent.to_string()));
        assert_eq!(transcript.permit().await.unwrap_err(), spent);
    }
}
