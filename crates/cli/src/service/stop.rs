//! The ways in which somebody asks to stop.

use anyhow::Context as _;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// Becomes true at the first SIGTERM or Ctrl-C, neither of which ends the process by itself any more. The second ends it
/// at once: whatever it was at, the next one goes on.
pub(crate) fn on_signals() -> anyhow::Result<watch::Receiver<bool>> {
    let on = |kind| signal(kind).context("could not listen for signals");
    let (mut terminate, mut interrupt) = (on(SignalKind::terminate())?, on(SignalKind::interrupt())?);
    let (asked, stop) = watch::channel(false);
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        asked.send_replace(true);
        either(&mut terminate, &mut interrupt).await;
        leave();
    });
    Ok(stop)
}

/// Ends the process where it stands.
#[expect(clippy::exit, reason = "somebody asked twice, and everything that is written is written whole")]
fn leave() -> ! {
    std::process::exit(crate::exit::Exit::CouldNotRun as i32)
}

/// Nobody asks.
pub(crate) fn never() -> watch::Receiver<bool> {
    watch::channel(false).1
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => (),
        _ = interrupt.recv() => (),
    }
}
