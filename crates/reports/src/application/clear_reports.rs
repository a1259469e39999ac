use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Clock, PortFailure, Recorded};

use super::report_ports::{ReportFiles, ReportStore};
use crate::domain::{KEPT_DAYS, ReportEvent};

const BATCH: u32 = 100;
/// What is put down for a while is forgotten after it.
const TEMPORARY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What was cleared away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Reports, with their files.
    pub reports: usize,
    /// Objects that were put down for a while.
    pub temporary: usize,
}

/// Clears away reports whose time is over, and temporary objects.
pub struct ClearReports {
    /// Where reports are kept.
    pub store: Arc<dyn ReportStore>,
    /// Where their files are.
    pub files: Arc<dyn ReportFiles>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ClearReports {
    /// Clears away: first a report's file, then its row, so that no file is left that nobody knows of.
    ///
    /// # Errors
    /// When a port fails; what was cleared before stays so.
    pub async fn run(&self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Cleared, PortFailure> {
        let now = self.clock.now();
        let before = |length| now.checked_sub(length).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut cleared = Cleared { reports: 0, temporary: self.files.delete_temporary(before(TEMPORARY)).await? };
        while !stop() {
            let old = self.store.asked_before(before(SignedDuration::from_hours(KEPT_DAYS * 24)), BATCH).await?;
            if old.is_empty() {
                break;
            }
            for report in &old {
                self.files.delete(report).await?;
                let Some(clinic_id) = report.clinics.first().copied() else { continue };
                let event = ReportEvent::Removed { report_id: report.id, doctor_id: report.doctor, clinic_id };
                self.store.remove(&Recorded::new(event, Actor::System, now)).await?;
                cleared.reports += 1;
            }
        }
        Ok(cleared)
    }
}
