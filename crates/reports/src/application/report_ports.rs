use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, Once, OnceError, PortFailure, Recorded, UserId};

use super::policy::Reach;
use crate::domain::{Printed, Report, ReportEvent, ReportId, Summary};

/// Where doctors work, and what they are called. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Doctors: Send + Sync {
    /// The clinics at which the doctor is listed or has hours, the one where the doctor is listed first of all; none
    /// when there is no such doctor.
    async fn clinics_of(&self, doctor: DoctorId) -> Result<Vec<ClinicId>, PortFailure>;

    /// What the doctor is called.
    async fn name_of(&self, doctor: DoctorId) -> Result<Option<String>, PortFailure>;
}

/// Somebody to write to.
#[derive(Clone, PartialEq, Eq)]
pub struct Reader {
    /// E-mail address.
    pub email: String,
    /// BCP 47 tag.
    pub language: String,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

/// Where mail reaches those who have asked. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Readers: Send + Sync {
    /// The account's; none when it is closed.
    async fn reader(&self, user: UserId) -> Result<Option<Reader>, PortFailure>;
}

/// What is told when a report is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyLetter {
    /// To whom.
    pub to: Reader,
    /// About whom the report is.
    pub doctor_name: String,
}

/// Why a wish was not written down.
#[derive(Debug, thiserror::Error)]
pub enum StoreReportError {
    /// It was before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps reports. Every writing method is one transaction: row, audit event, and what follows from it.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ReportStore: Send + Sync {
    /// Writes down that a report is wished for, and puts the job in that prints it. Gives the report as it is kept, with
    /// the place of its file.
    async fn request(
        &self,
        report: &Report,
        requested: &Recorded<ReportEvent>,
        once: Option<Once<Report>>,
    ) -> Result<Report, StoreReportError>;

    /// The report.
    async fn find(&self, id: ReportId) -> Result<Option<Report>, PortFailure>;

    /// The newest reports within a reach, behind `after`.
    async fn list(&self, reach: &Reach, after: Option<ReportId>, limit: u32) -> Result<Vec<Report>, PortFailure>;

    /// Notes that the file is there and posts the letter about it; `false` when that was done before.
    async fn ready(
        &self,
        report: &Report,
        printed: &Printed,
        event: &Recorded<ReportEvent>,
        letter: Option<ReadyLetter>,
    ) -> Result<bool, PortFailure>;

    /// Notes that it could not be printed.
    async fn failed(&self, id: ReportId) -> Result<(), PortFailure>;

    /// Reports that were asked for before an instant, the oldest first.
    async fn asked_before(&self, before: Timestamp, limit: u32) -> Result<Vec<Report>, PortFailure>;

    /// Removes the row of a report whose file is gone.
    async fn remove(&self, removed: &Recorded<ReportEvent>) -> Result<(), PortFailure>;
}

/// Files of reports.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ReportFiles: Send + Sync {
    /// Prints and stores; the same again replaces the file.
    async fn print(&self, report: &Report, summary: &Summary) -> Result<Printed, PortFailure>;

    /// Deletes the file, if there is one.
    async fn delete(&self, report: &Report) -> Result<(), PortFailure>;

    /// Deletes what was put down for a while before an instant; gives how many.
    async fn delete_temporary(&self, before: Timestamp) -> Result<usize, PortFailure>;
}
