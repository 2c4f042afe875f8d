//! `palisade notify`: messages that wait, were given up, or are tried out.

use super::{
    clock,
    opened::{memory, post, service},
    stop::never,
};
use crate::{
    arguments::{MessageState, Notify},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    scan::configuration,
};
use jiff::Timestamp;
use palisade_engine::Severity;
use palisade_report::plain;
use palisade_store::DeliveryState;
use palisade_track::{Event, EventKind, Topic};
use std::{fmt::Write as _, path::Path, sync::Arc};

pub(crate) async fn notify(wanted: &Notify, screen: &Screen) -> anyhow::Result<Exit> {
    match wanted {
        Notify::List { state, config } => {
            let state = match state {
                MessageState::Ready => DeliveryState::Ready,
                MessageState::Leased => DeliveryState::Leased,
                MessageState::Done => DeliveryState::Done,
                MessageState::Dead => DeliveryState::Dead,
                MessageState::Suppressed => DeliveryState::Suppressed,
            };
            let database = memory(&configuration(config)?, config).await?;
            let mut text = String::new();
            for one in database.deliveries(state, 1000).await? {
                let _ = writeln!(
                    text,
                    "{:>6}  {:<24} {:<10} {} attempts  not before {}  {}",
                    one.id,
                    plain(&one.route),
                    one.state.name(),
                    one.attempts,
                    one.not_before.strftime("%Y-%m-%d %H:%M:%S UTC"),
                    plain(&one.last_error.unwrap_or_default())
                );
            }
            if text.is_empty() {
                let _ = writeln!(text, "no message is {}", state.name());
            }
            output::data(text.as_bytes(), None)?;
        }
        Notify::Replay { message, config } => {
            let database = memory(&configuration(config)?, config).await?;
            if !database.replay(*message, Timestamp::now()).await? {
                return Err(WrongUsage(format!(
                    "message {message} was not given up; `palisade notify list --state dead` tells those that were"
                ))
                .into());
            }
        }
        Notify::Send { config } => {
            let posted = service(&configuration(config)?, config, never()).await?.deliver(&clock()).await?;
            let text = format!(
                "{} delivered, {} to be tried again, {} given up\n",
                posted.delivered, posted.retried, posted.dead
            );
            output::data(text.as_bytes(), None)?;
        }
        Notify::Test { channel, config } => return test(channel, config, screen).await,
    }
    Ok(Exit::Done)
}

/// Sends a code: whoever reads it in the channel has proof that messages arrive there.
async fn test(channel: &str, config_path: &Path, screen: &Screen) -> anyhow::Result<Exit> {
    let config = configuration(config_path)?;
    let post = post(&config, config_path, Arc::default()).await?.ok_or_else(no_sinks)?;
    let Some(known) = post.sinks.channel(channel) else {
        let names: Vec<&str> = post.sinks.channels.iter().map(|channel| channel.name.as_str()).collect();
        return Err(WrongUsage(format!("no channel is called `{channel}`; there is `{}`", names.join("`, `"))).into());
    };
    let now = Timestamp::now();
    let code = format!("{:06}", now.as_nanosecond().unsigned_abs() / 1_000 % 1_000_000);
    let event = Event {
        kind: EventKind::DeliveryFailing,
        at: now,
        run: None,
        schedule: None,
        severity: Severity::Info,
        topic: Topic::Channel {
            name: channel.to_owned(),
            why: format!("nothing: this is a test, and its code is {code}"),
            waiting: 0,
        },
    };
    let database = memory(&config, config_path).await?;
    post.introduce(&database).await?;
    let receipt = post.send_one(&database, known, event, now).await?;
    if let Some(error) = receipt.error {
        return Err(anyhow::Error::from(error).context(format!("the test did not reach `{channel}`")));
    }
    screen.note(&format!("sent. Look for the code {code} in `{channel}`: only seeing it there proves that it arrived"));
    Ok(Exit::Done)
}

fn no_sinks() -> anyhow::Error {
    WrongUsage("the configuration has no `sinks`: nobody is told anything".to_owned()).into()
}
