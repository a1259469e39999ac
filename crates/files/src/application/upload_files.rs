use std::sync::Arc;

use kernel::{Caller, Once, OnceError, PatientId, PortFailure, Recorded};

use super::inspection_ports::Unfit;
use super::ports::{FileStore, Incoming, Patients, StoreError, Tie};
use super::take_in::{Refused, TakeIn};
use crate::domain::{Category, File, FileEvent, FileId};

/// Files that somebody sends.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Whose they are; the caller's own when nobody is named.
    pub patient: Option<PatientId>,
    /// What they are about, where the caller says.
    pub category: Option<Category>,
    /// The files.
    pub files: Vec<Incoming>,
}

/// Why nothing was taken. Files are named by their place in what was sent, from 0.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is not said whose they are, and the caller has no record.
    #[error("whose files are these")]
    PatientNeeded,
    /// There is no such patient, or not for the caller.
    #[error("no such patient")]
    NoSuchPatient,
    /// Some are unfit.
    #[error("files are unfit")]
    Unfit(Vec<(usize, Unfit)>),
    /// A virus was found in some.
    #[error("a virus was found")]
    Infected(Vec<usize>),
    /// It was asked for before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Once(before) => Self::Once(before),
            StoreError::Failed(failure) => Self::Failed(failure),
            StoreError::Stale => Self::Failed(PortFailure::new("store files", "new ones cannot be stale")),
        }
    }
}

/// Takes files, all or none.
pub struct UploadFiles {
    /// Whose they may be.
    pub patients: Arc<dyn Patients>,
    /// Looks through them.
    pub take_in: TakeIn,
    /// Keeps them.
    pub store: Arc<dyn FileStore>,
}

impl UploadFiles {
    /// Whose files these are to be, and what ties the caller to that patient. Asked before anything is looked through.
    ///
    /// # Errors
    /// [`UploadError::PatientNeeded`], [`UploadError::NoSuchPatient`], or that of a port.
    pub async fn whose(&self, caller: &Caller, named: Option<PatientId>) -> Result<(PatientId, Tie), UploadError> {
        let own = match (named, caller.role(), caller.user()) {
            (Some(named), ..) => Some(named),
            (None, Some(kernel::Role::Patient), Some(user)) => self.patients.own(user).await?,
            (None, ..) => None,
        };
        let patient = own.ok_or(UploadError::PatientNeeded)?;
        let tie = self.patients.tie(caller, patient, self.take_in.clock.now()).await?;
        Ok((patient, tie.ok_or(UploadError::NoSuchPatient)?))
    }

    /// Looks through the files, stores their contents, and then what is known of them, so that no row is without a
    /// content. A file for which the scanner is away is quarantined.
    ///
    /// # Errors
    /// See [`UploadError`]; nothing is kept then.
    pub async fn run(
        &self,
        caller: &Caller,
        upload: Upload,
        request_id: Option<String>,
        once: Option<Once<Vec<File>>>,
    ) -> Result<Vec<File>, UploadError> {
        let (patient, tie) = self.whose(caller, upload.patient).await?;
        let now = self.take_in.clock.now();
        let recorded = |event| Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
        let examined = match self.take_in.examine(upload.files).await {
            Ok(examined) => examined,
            Err(Refused::Unfit(unfit)) => return Err(UploadError::Unfit(unfit)),
            Err(Refused::Failed(failure)) => return Err(failure.into()),
            Err(Refused::Infected(places)) => {
                let event =
                    FileEvent::Refused { upload_id: FileId::mint(), patient_id: patient, clinic_id: tie.clinic };
                self.store.refused(&recorded(event)).await?;
                return Err(UploadError::Infected(places));
            }
        };
        let mut new: Vec<(File, Recorded<FileEvent>)> = Vec::new();
        for file in &examined {
            let category = file.category(upload.category);
            match self.take_in.place(caller, patient, category, file, now).await {
                Ok(version) => {
                    let (file, event) = File::new(patient, tie.clinic, upload.category, version);
                    new.push((file, recorded(event)));
                }
                Err(failure) => {
                    self.take_in.take_back(new.iter().map(|(file, _)| &file.newest)).await;
                    return Err(failure.into());
                }
            }
        }
        if let Err(error) = self.store.add(&new, once).await {
            self.give_back(&error, &new).await;
            return Err(error.into());
        }
        Ok(new.into_iter().map(|(file, _)| file).collect())
    }

    /// Contents of what was surely not stored go; after a failure the rows may be there all the same.
    async fn give_back(&self, error: &StoreError, new: &[(File, Recorded<FileEvent>)]) {
        match error {
            StoreError::Once(_) | StoreError::Stale => {
                self.take_in.take_back(new.iter().map(|(file, _)| &file.newest)).await;
            }
            // Its commit may have happened; the sweep knows tomorrow.
            StoreError::Failed(_) => {}
        }
    }
}

#[cfg(test)]
#[path = "upload_files/tests.rs"]
mod tests;
