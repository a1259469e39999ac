//! Logs, figures, and the one place where a failure is written down.

use std::error::Error;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

use kernel::{FailureKind, PortFailure};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::http::context;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error. A second call changes nothing.
///
/// `RUST_LOG` is read by the caller and given as `filter`, e.g. `info,doktolib=debug`.
pub fn start_logging(format: LogFormat, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call finds a subscriber in place, which is what it wanted.
    let _already_started = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        LogFormat::Text => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
}

/// Starts collecting figures; the handle renders them in Prometheus' text form.
///
/// # Errors
/// When figures are collected already, or the buckets are not fit.
pub fn start_metrics() -> Result<PrometheusHandle, BuildError> {
    const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()
}

/// Writes a failure down with its whole chain of causes. The chain is for operators; no client ever sees it.
pub fn log_failure(failure: &PortFailure) {
    let mut causes = String::new();
    let mut next = failure.source();
    while let Some(cause) = next {
        if !causes.is_empty() {
            causes.push_str(": ");
        }
        // Writing to a String cannot fail.
        let _infallible = write!(causes, "{cause}");
        next = cause.source();
    }
    let request_id = context::request_id();
    if failure.kind() == FailureKind::Internal {
        tracing::error!(failure = %failure, causes, request_id, "failure");
    } else {
        tracing::warn!(failure = %failure, causes, request_id, "not available");
    }
}
