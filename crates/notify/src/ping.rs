//! Signs of life for a watcher outside, as healthchecks.io and its like take them.

use crate::{Courier, DeliveryError, Destination, courier::Failed};
use jiff::Timestamp;
use palisade_message::{Channel, Kind};
use url::Url;

/// A sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It has begun: `/start` behind the address.
    Start,
    /// It has succeeded: the address itself.
    Success,
    /// It has failed: `/fail` behind the address.
    Failure,
}

impl Courier {
    /// Gives a sign to a watcher: a POST with a line of text, to an address that passes the checks of a webhook. The
    /// channel is a webhook; others cannot be pinged.
    pub async fn ping(&self, watcher: &Channel, sign: Sign, text: &str) -> Result<(), DeliveryError> {
        let Kind::Webhook { url, .. } = &watcher.kind else {
            return Err(DeliveryError::Form { channel: watcher.name.clone() });
        };
        self.give(watcher, url, sign, text).await.map_err(|failed| failed.error)
    }

    async fn give(
        &self,
        watcher: &Channel,
        place: &palisade_message::SecretRef,
        sign: Sign,
        text: &str,
    ) -> Result<(), Failed> {
        let secret = self.secrets.get(place).await.map_err(|source| Failed::secret(watcher, source))?;
        let address = with(secret.expose(), sign);
        let to = Destination::check(&address, watcher).map_err(|source| Failed::destination(watcher, source))?;
        let request = self.client(&to, watcher).await?.post(to.url().clone());
        let body = text.chars().take(LONGEST).collect::<String>().into_bytes();
        let heard = self.send(request, "text/plain; charset=utf-8", body, &to, Timestamp::UNIX_EPOCH).await?;
        match heard.by_status(&to).error {
            None => Ok(()),
            Some(error) => Err(Failed::refused(error)),
        }
    }
}

/// The longest text of a sign, in characters.
const LONGEST: usize = 500;

/// The address of a sign. What is no URL stays as it is and is refused by the check.
fn with(address: &str, sign: Sign) -> String {
    let behind = match sign {
        Sign::Start => "start",
        Sign::Success => return address.to_owned(),
        Sign::Failure => "fail",
    };
    let Ok(mut url) = Url::parse(address.trim()) else { return address.to_owned() };
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().push(behind);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_goes_behind_the_path_and_before_the_query() {
        for (address, start) in [
            ("https://hc-ping.com/c9e2", "https://hc-ping.com/c9e2/start"),
            ("https://hc-ping.com/c9e2/", "https://hc-ping.com/c9e2/start"),
            ("https://cron.example/p?k=1", "https://cron.example/p/start?k=1"),
            ("no address", "no address"),
        ] {
            assert_eq!(with(address, Sign::Start), start);
            assert_eq!(with(address, Sign::Success), address);
        }
    }
}
