//! Few files are looked through at a time, however many come at once.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use kernel::PortFailure;
use metrics::counter;
use platform::telemetry;
use tokio::sync::Semaphore;

use crate::application::{FileInspector, Inspected, Scan, Unfit, VirusScanner};

/// Files that are opened at a time: each may take as much memory as a large picture does.
const INSPECTIONS: usize = 2;
/// Files that are sent to the scanner at a time.
const SCANS: usize = 4;

fn no_turn(error: tokio::sync::AcquireError) -> PortFailure {
    PortFailure::new("wait for a turn", error)
}

/// Has files inspected in turns.
pub struct InspectedInTurns {
    inner: Arc<dyn FileInspector>,
    turns: Semaphore,
}

impl InspectedInTurns {
    /// By `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn FileInspector>) -> Self {
        Self { inner, turns: Semaphore::new(INSPECTIONS) }
    }
}

#[async_trait]
impl FileInspector for InspectedInTurns {
    async fn inspect(&self, file: &Path) -> Result<Result<Inspected, Unfit>, PortFailure> {
        let _turn = self.turns.acquire().await.map_err(no_turn)?;
        self.inner.inspect(file).await
    }
}

/// Has files scanned in turns, and tells the log when the scanner is away.
pub struct ScannedInTurns {
    inner: Arc<dyn VirusScanner>,
    turns: Semaphore,
}

impl ScannedInTurns {
    /// By `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn VirusScanner>) -> Self {
        Self { inner, turns: Semaphore::new(SCANS) }
    }
}

#[async_trait]
impl VirusScanner for ScannedInTurns {
    async fn scan(&self, file: &Path) -> Result<Scan, PortFailure> {
        let _turn = self.turns.acquire().await.map_err(no_turn)?;
        let scanned = self.inner.scan(file).await;
        let outcome = match &scanned {
            Ok(Scan::Clean) => "clean",
            Ok(Scan::Infected(found)) => {
                tracing::warn!(found = %found.chars().filter(char::is_ascii_graphic).take(80).collect::<String>(), "a virus was found in an upload");
                "infected"
            }
            Err(failure) => {
                telemetry::log_failure(failure);
                "failed"
            }
        };
        counter!("files_scans_total", "outcome" => outcome).increment(1);
        scanned
    }
}
