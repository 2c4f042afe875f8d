//! Health and metrics, for those on this machine.

use anyhow::Context as _;
use axum::{Router, http::StatusCode, routing::get};
use palisade_service::Metrics;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// What is told to those who ask.
#[derive(Debug)]
pub(crate) struct Health {
    /// What is counted.
    pub(crate) metrics: Metrics,
    ready: AtomicBool,
}

impl Health {
    pub(crate) fn new() -> Self {
        Self { metrics: Metrics::new(env!("CARGO_PKG_VERSION")), ready: AtomicBool::new(false) }
    }

    /// From now on it is ready.
    pub(crate) fn ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

/// Answers at an address of this machine until the process ends.
pub(crate) async fn listen(address: SocketAddr, health: Arc<Health>) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("could not listen on `{address}`, which `service.listen` asks for"))?;
    let (for_ready, for_text) = (Arc::clone(&health), health);
    let app = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(move || {
                let ready = for_ready.ready.load(Ordering::Acquire);
                async move {
                    if ready { (StatusCode::OK, "ready\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not yet\n") }
                }
            }),
        )
        .route(
            "/metrics",
            get(move || {
                let text = for_text.metrics.text();
                async move { ([("content-type", "text/plain; version=0.0.4")], text) }
            }),
        );
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, app).await {
            tracing::error!(%error, "health and metrics are not answered any more");
        }
    });
    Ok(())
}
