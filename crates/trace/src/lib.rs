//! Turns the records of a run into spans, and sends them to a collector as OTLP.
//!
//! A snapshot says when each question was sent and when its answer was there, so a trace is read from it and not written
//! beside it: what stands in the evidence is what stands in the trace. [`spans`] is a function of its arguments; only
//! [`Tracer`] and what it starts touch a network.

mod export;
mod otlp;
mod settings;
mod span;
mod tracer;

pub use otlp::request;
pub use settings::{Settings, SettingsError};
pub use span::{Attribute, SPANS, Span, SpanKind, Trace, Value, spans};
pub use tracer::{Flushed, Tracer};
