//! What becomes of the attempts of one call, while they are made.

use crate::{Attempt, Clock, Exchange};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Takes down the attempts of one call while they are made, from any thread. Clones take down the same call.
#[derive(Clone)]
pub struct Transcript {
    clock: Clock,
    so_far: Arc<Mutex<Option<Exchange>>>,
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transcript").field(&self.exchange()).finish()
    }
}

impl Transcript {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, so_far: Arc::default() }
    }

    /// An attempt is on its way. Nothing is known of it until it is [`answered`](Self::answered).
    pub fn sent(&self) {
        let sent_at = (self.clock)();
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let exchange = so_far.get_or_insert_with(|| Exchange { sent_at, sent_id: None, attempts: Vec::new() });
        exchange.attempts.push(Attempt::default());
    }

    /// The first attempt is on its way, under an id of ours that stands in its user agent, and in that of all others.
    pub fn sent_as(&self, id: &str) {
        self.sent();
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(exchange) = so_far.as_mut() {
            exchange.sent_id = Some(id.to_owned());
        }
    }

    /// What became of the last attempt.
    pub fn answered(&self, attempt: Attempt) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = so_far.as_mut().and_then(|exchange| exchange.attempts.last_mut()) {
            *last = attempt;
        }
    }

    /// What was sent and what came back so far; `None` when nothing was sent.
    pub fn exchange(&self) -> Option<Exchange> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn every_attempt_is_taken_down_and_a_call_that_was_never_sent_has_none() {
        let transcript = Transcript::new(Arc::new(|| Timestamp::UNIX_EPOCH));
        transcript.answered(Attempt::answered(200, None, None));
        assert_eq!(transcript.exchange(), None);
        transcript.sent_as("ours");
        transcript.answered(Attempt::answered(429, Some("a"), None));
        transcript.clone().sent();
        let exchange = transcript.exchange().unwrap();
        assert_eq!(exchange.sent_id.as_deref(), Some("ours"));
        assert_eq!(exchange.attempts, [Attempt::answered(429, Some("a"), None), Attempt::default()]);
    }
}
