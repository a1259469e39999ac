use std::sync::Arc;

use kernel::{Actor, Clock, PortFailure, Recorded};

use super::inspection_ports::TextReader;
use super::ports::{Contents, FileStore, FileUpkeep};
use crate::domain::{FileEvent, VersionId, VersionState};

/// Reads what stands in a version, so that it is found by it.
///
/// Done twice, it finds the same.
pub struct ReadVersionText {
    /// Where files are found.
    pub store: Arc<dyn FileStore>,
    /// Where what was read goes.
    pub upkeep: Arc<dyn FileUpkeep>,
    /// Where contents are.
    pub contents: Arc<dyn Contents>,
    /// Reads.
    pub reader: Arc<dyn TextReader>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReadVersionText {
    /// Reads the version; `false` when there is nothing to read, or nobody here can.
    ///
    /// # Errors
    /// When a port fails; it can be tried again.
    pub async fn run(&self, id: VersionId) -> Result<bool, PortFailure> {
        let Some(file) = self.store.find_by_version(id).await? else { return Ok(false) };
        if file.newest.state != VersionState::Available {
            return Ok(false);
        }
        let Some(spooled) = self.contents.fetch(&file.newest).await? else { return Ok(false) };
        let Some(read) = self.reader.read(spooled.path(), file.newest.kind).await? else { return Ok(false) };
        drop(spooled);
        let event =
            FileEvent::Read { file_id: file.id, version_id: id, patient_id: file.patient, clinic_id: file.clinic };
        let recorded = Recorded::new(event, Actor::System, self.clock.now());
        let category = file.category_by(&read.text);
        self.upkeep.keep_text(&file, read.text, &read.dates, category, &recorded).await
    }
}
