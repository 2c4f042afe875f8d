//! Who is reminded of what is open, and how often.

use crate::Event;
use jiff::SignedDuration;
use palisade_engine::Severity;
use std::{fmt, sync::Arc};

type After = dyn Fn(&Event) -> Option<SignedDuration> + Send + Sync;

/// How long after it was last told an open finding is told again that nobody has taken on.
#[derive(Clone)]
pub struct Reminders {
    /// No finding is told again before.
    least: SignedDuration,
    after: Arc<After>,
}

impl Reminders {
    /// As `after` says of a reminder that would be told now: `None` is never. What is shorter than `least` is `least`.
    pub fn new(
        least: SignedDuration,
        after: impl Fn(&Event) -> Option<SignedDuration> + Send + Sync + 'static,
    ) -> Self {
        Self { least, after: Arc::new(after) }
    }

    /// How long after it was last told this is told again. `None`: never.
    pub fn after(&self, reminder: &Event) -> Option<SignedDuration> {
        (self.after)(reminder).map(|after| after.max(self.least))
    }

    /// Whether a reminder is due that was last told so long ago. `event` is made when that can matter.
    pub(crate) fn due(&self, passed: SignedDuration, event: impl FnOnce() -> Event) -> Option<Event> {
        if passed < self.least {
            return None;
        }
        let event = event();
        self.after(&event).is_some_and(|after| passed >= after).then_some(event)
    }
}

impl Default for Reminders {
    /// By severity: see [`reminder_period`].
    fn default() -> Self {
        Self::new(SignedDuration::from_hours(24), |event| reminder_period(event.severity))
    }
}

impl fmt::Debug for Reminders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reminders").field("least", &self.least).finish_non_exhaustive()
    }
}

/// How long after it was last told an open finding is told again when nobody says otherwise: critical ones every day, high
/// ones every week, others never.
pub fn reminder_period(severity: Severity) -> Option<SignedDuration> {
    match severity {
        Severity::Critical => Some(SignedDuration::from_hours(24)),
        Severity::High => Some(SignedDuration::from_hours(7 * 24)),
        Severity::Medium | Severity::Low | Severity::Info => None,
    }
}
