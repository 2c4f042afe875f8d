//! Composes reports and renders them to bytes: text, JSON, SARIF, CSV.
