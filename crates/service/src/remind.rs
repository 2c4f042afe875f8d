//! What time alone brings, between runs that are far apart.

use crate::{Service, ServiceError};
use palisade_message::Past;
use palisade_provider::Clock;
use palisade_track::{Event, Reminders};

impl Service {
    /// Reminds of what is open and tells of waivers that end, and queues the messages. It looks at everything that is
    /// remembered: once an hour is enough.
    pub async fn remind(&self, clock: &Clock) -> Result<Vec<Event>, ServiceError> {
        let now = clock();
        let (past, reminders) = match &self.post {
            Some(post) => (post.past(&self.database, now).await?, post.reminders(None)),
            None => (Past::default(), Reminders::default()),
        };
        let route =
            |events: &[Event]| self.post.as_ref().map(|post| post.routes(events, None, &past, now)).unwrap_or_default();
        Ok(self.database.tick(&self.policy.waivers, &reminders, now, route).await?)
    }
}
