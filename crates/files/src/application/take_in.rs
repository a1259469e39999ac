use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Caller, Clock, PatientId, PortFailure, Role};

use super::inspection_ports::{FileInspector, Inspected, Scan, Unfit, VirusScanner};
use super::ports::{Contents, Incoming};
use crate::domain::{Category, FileName, Version, VersionId, VersionState, object_key};

/// Why files are not taken; each by its place in what was sent, from 0.
#[derive(Debug)]
pub(super) enum Refused {
    /// They are unfit, each for a reason.
    Unfit(Vec<(usize, Unfit)>),
    /// A virus was found in them.
    Infected(Vec<usize>),
    /// A port failed.
    Failed(PortFailure),
}

impl From<PortFailure> for Refused {
    fn from(failure: PortFailure) -> Self {
        Self::Failed(failure)
    }
}

/// A file that was looked through.
#[derive(Debug)]
pub(super) struct Examined {
    name: FileName,
    inspected: Inspected,
    state: VersionState,
    path: std::path::PathBuf,
}

impl Examined {
    /// What name and kind tell, where nobody has said.
    pub(super) fn category(&self, chosen: Option<Category>) -> Category {
        chosen.unwrap_or_else(|| Category::told_by(self.name.as_str(), self.inspected.kind, ""))
    }
}

/// Looks through files that have come, and stores what they hold.
#[derive(Clone)]
pub struct TakeIn {
    /// Tells what a file is.
    pub inspector: Arc<dyn FileInspector>,
    /// Looks for viruses; nobody does where the operator has switched that off.
    pub scanner: Option<Arc<dyn VirusScanner>>,
    /// Keeps what is taken.
    pub contents: Arc<dyn Contents>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl TakeIn {
    /// Looks through all of them; a file for which the scanner is away is to be quarantined.
    pub(super) async fn examine(&self, files: Vec<Incoming>) -> Result<Vec<Examined>, Refused> {
        let (mut examined, mut unfit) = (Vec::new(), Vec::new());
        for (place, file) in files.into_iter().enumerate() {
            match self.inspector.inspect(&file.path).await? {
                Ok(inspected) => {
                    let name = FileName::harmless(&file.name, inspected.kind);
                    let state = VersionState::Quarantined;
                    examined.push(Examined { name, inspected, state, path: file.path });
                }
                Err(reason) => unfit.push((place, reason)),
            }
        }
        if !unfit.is_empty() {
            return Err(Refused::Unfit(unfit));
        }
        let mut infected = Vec::new();
        for (place, file) in examined.iter_mut().enumerate() {
            match self.scan(&file.path).await {
                Some(Scan::Clean) => file.state = VersionState::Available,
                Some(Scan::Infected(_)) => infected.push(place),
                None => {}
            }
        }
        if infected.is_empty() { Ok(examined) } else { Err(Refused::Infected(infected)) }
    }

    /// `None` when nobody knows.
    pub(super) async fn scan(&self, path: &Path) -> Option<Scan> {
        match &self.scanner {
            None => Some(Scan::Clean),
            // The adapter has told the log; what is unknown waits in quarantine.
            Some(scanner) => scanner.scan(path).await.ok(),
        }
    }

    /// Stores the content as a first version of a file of that patient.
    pub(super) async fn place(
        &self,
        caller: &Caller,
        patient: PatientId,
        category: Category,
        examined: &Examined,
        at: Timestamp,
    ) -> Result<Version, PortFailure> {
        let nobody = || PortFailure::new("store a file", "nobody is signed in");
        let (uploaded_by, uploader) = (caller.user().ok_or_else(nobody)?, caller.role().unwrap_or(Role::Patient));
        let id = VersionId::mint();
        let kind = examined.inspected.kind;
        let object_key = object_key(patient, category, kind, id, at);
        let path = examined.inspected.rewritten.as_deref().unwrap_or(&examined.path);
        let placed = self.contents.put(&object_key, id, path).await?;
        Ok(Version {
            id,
            number: 1,
            state: examined.state,
            name: examined.name.clone(),
            kind,
            size: placed.size,
            sha256: placed.sha256,
            pages: examined.inspected.pages,
            dates: Vec::new(),
            object_key,
            sealed_key: placed.sealed_key,
            uploaded_at: at,
            uploaded_by,
            uploader,
        })
    }

    /// Takes back what was stored and is not to stay. What cannot be taken back now is found by the sweep.
    pub(super) async fn take_back<'a>(&self, versions: impl IntoIterator<Item = &'a Version> + Send) {
        let keys: Vec<&str> = versions.into_iter().map(|version| version.object_key.as_str()).collect();
        for key in keys {
            let _left_to_the_sweep = self.contents.delete(key).await;
        }
    }
}
