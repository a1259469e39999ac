use std::sync::Arc;

use kernel::{Caller, Once, OnceError, PortFailure, Recorded};

use super::inspection_ports::Unfit;
use super::ports::{FileStore, Incoming, Patients, StoreError};
use super::take_in::{Refused, TakeIn};
use crate::domain::{File, FileEvent, FileId, TooManyVersions};

/// Why no version was added.
#[derive(Debug, thiserror::Error)]
pub enum AddVersionError {
    /// There is no such file, or not for the caller.
    #[error("no such file")]
    NotFound,
    /// It has as many as it may.
    #[error(transparent)]
    TooMany(#[from] TooManyVersions),
    /// The file is unfit.
    #[error("the file is unfit")]
    Unfit(Unfit),
    /// A virus was found in it.
    #[error("a virus was found")]
    Infected,
    /// Others have changed the file at the same time.
    #[error("the file has changed meanwhile")]
    ChangedMeanwhile,
    /// It was asked for before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Adds a newer version to a file; the ones before are kept.
pub struct AddVersion {
    /// Whose it may be.
    pub patients: Arc<dyn Patients>,
    /// Looks through it.
    pub take_in: TakeIn,
    /// Keeps it.
    pub store: Arc<dyn FileStore>,
}

impl AddVersion {
    /// The file, when the caller may add to it. Asked before anything is looked through.
    ///
    /// # Errors
    /// [`AddVersionError::NotFound`], or that of a port.
    pub async fn which(&self, caller: &Caller, id: FileId) -> Result<File, AddVersionError> {
        let Some(file) = self.store.find(id).await? else { return Err(AddVersionError::NotFound) };
        let tie = self.patients.tie(caller, file.patient, self.take_in.clock.now()).await?;
        tie.map(|_| file).ok_or(AddVersionError::NotFound)
    }

    /// Looks through it, stores its content, and then what is known of it.
    ///
    /// # Errors
    /// See [`AddVersionError`]; nothing is kept then.
    pub async fn run(
        &self,
        caller: &Caller,
        id: FileId,
        incoming: Incoming,
        request_id: Option<String>,
        once: Option<Once<File>>,
    ) -> Result<File, AddVersionError> {
        let file = self.which(caller, id).await?;
        let now = self.take_in.clock.now();
        let recorded = |event| Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
        let examined = match self.take_in.examine(vec![incoming]).await {
            Ok(examined) => examined,
            Err(Refused::Unfit(unfit)) => {
                return Err(AddVersionError::Unfit(unfit.first().map_or(Unfit::Malformed, |(_, reason)| *reason)));
            }
            Err(Refused::Failed(failure)) => return Err(failure.into()),
            Err(Refused::Infected(_)) => {
                let event = FileEvent::Refused { upload_id: id, patient_id: file.patient, clinic_id: file.clinic };
                self.store.refused(&recorded(event)).await?;
                return Err(AddVersionError::Infected);
            }
        };
        let Some(examined) = examined.first() else { return Err(AddVersionError::Unfit(Unfit::Empty)) };
        let version = self.take_in.place(caller, file.patient, file.category, examined, now).await?;
        let (renewed, event) = match file.renewed(version.clone()) {
            Ok(renewed) => renewed,
            Err(full) => {
                self.take_in.take_back([&version]).await;
                return Err(full.into());
            }
        };
        match self.store.add_version(&renewed, &recorded(event), once).await {
            Ok(()) => Ok(renewed),
            Err(StoreError::Stale) => {
                self.take_in.take_back([&version]).await;
                Err(AddVersionError::ChangedMeanwhile)
            }
            Err(StoreError::Once(before)) => {
                self.take_in.take_back([&version]).await;
                Err(before.into())
            }
            // Its commit may have happened; the sweep knows tomorrow.
            Err(StoreError::Failed(failure)) => Err(failure.into()),
        }
    }
}
