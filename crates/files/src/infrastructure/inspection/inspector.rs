//! The port [`FileInspector`], answered by the process apart.

use std::path::Path;

use async_trait::async_trait;
use kernel::PortFailure;

use super::answers::{Answer, kind_named};
use super::apart::{Apart, Outcome};
use super::within::beside;
use crate::application::{FileInspector, Inspected, Unfit};

const DOING: &str = "inspect a file";

/// Tells what a file is by its content, and refuses what is not harmless.
///
/// What is to be kept in place of the file lies beside it, its name with `.rewritten` behind; it is the caller's to
/// remove, as the file itself is. Nothing of it stays after a refusal or a failure.
#[derive(Debug, Clone, Default)]
pub struct ContentInspector {
    apart: Apart,
}

impl ContentInspector {
    /// By the program that runs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// By a process that starts so.
    #[must_use]
    pub const fn within(apart: Apart) -> Self {
        Self { apart }
    }

    async fn judged(&self, file: &Path) -> Result<Result<Inspected, Unfit>, PortFailure> {
        let strange = || PortFailure::new(DOING, "the answer is not of this kind");
        Ok(match self.apart.ask("inspect", file).await? {
            Outcome::Said(Answer::Fit { kind, pages, rewritten }) => {
                let kind = kind_named(&kind).ok_or_else(strange)?;
                Ok(Inspected { kind, rewritten: rewritten.then(|| beside(file)), pages })
            }
            Outcome::Said(Answer::Unfit(why)) => Err(why.into()),
            Outcome::Said(_) => return Err(strange()),
            Outcome::Exhausted => Err(Unfit::TooLarge),
            Outcome::Stumbled => Err(Unfit::Malformed),
        })
    }
}

#[async_trait]
impl FileInspector for ContentInspector {
    async fn inspect(&self, file: &Path) -> Result<Result<Inspected, Unfit>, PortFailure> {
        let judged = self.judged(file).await;
        if !matches!(judged, Ok(Ok(_))) {
            // It may have come to its end while writing.
            let _ = tokio::fs::remove_file(beside(file)).await;
        }
        judged
    }
}
