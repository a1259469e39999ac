use std::sync::Arc;

use kernel::{Caller, PortFailure};

use super::patient_ports::PatientStore;
use super::ports::Practices;
use super::view_ports::{AccessEntry, AccessLog, AccessPosition, Called};

/// A page of the access log, and what those in it are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessPage {
    /// The entries, the newest first.
    pub entries: Vec<AccessEntry>,
    /// Names of the doctors and clinics among them.
    pub called: Called,
    /// Where the next page begins, when there is one.
    pub next: Option<AccessPosition>,
}

/// Shows a user who has read of them and of those they look after.
pub struct ReadAccessLog {
    /// Where it is written.
    pub log: Arc<dyn AccessLog>,
    /// Whom users look after.
    pub patients: Arc<dyn PatientStore>,
    /// What doctors and clinics are called.
    pub practices: Arc<dyn Practices>,
}

impl ReadAccessLog {
    /// The page before `before`; empty for who is nobody's patient.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn run(
        &self,
        caller: &Caller,
        before: Option<AccessPosition>,
        limit: u32,
    ) -> Result<AccessPage, PortFailure> {
        let patients = match caller.user() {
            Some(user) => self.patients.relatives(user).await?,
            None => Vec::new(),
        };
        let patients: Vec<_> = patients.into_iter().map(|relative| relative.patient.id).collect();
        let mut entries = self.log.of(&patients, before, limit + 1).await?;
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next = entries.last().filter(|_| more).map(|last| (last.at, last.id));
        let doctors: Vec<_> = entries.iter().filter_map(|entry| entry.doctor).collect();
        let clinics: Vec<_> = entries.iter().filter_map(|entry| entry.clinic).collect();
        let called = self.practices.called(&doctors, &clinics).await?;
        Ok(AccessPage { entries, called, next })
    }
}
