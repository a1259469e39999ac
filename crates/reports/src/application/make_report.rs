use std::sync::Arc;

use kernel::{Actor, Clock, PortFailure, Recorded};

use super::policy::Reach;
use super::ports::{DailyQuery, DailyStore, Position};
use super::report_ports::{Doctors, Readers, ReadyLetter, ReportFiles, ReportStore};
use crate::domain::{DailyRow, Report, ReportEvent, ReportId, ReportState, Summary};

/// Rows that are read together.
const PAGE: u32 = 500;

/// Prints reports that were asked for.
///
/// Done twice, the second file replaces the first, and whoever has asked is told once.
pub struct MakeReport {
    /// Where reports are kept.
    pub store: Arc<dyn ReportStore>,
    /// The figures they are made of.
    pub figures: Arc<dyn DailyStore>,
    /// Where their files go.
    pub files: Arc<dyn ReportFiles>,
    /// What doctors are called.
    pub doctors: Arc<dyn Doctors>,
    /// Where mail reaches those who have asked.
    pub readers: Arc<dyn Readers>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl MakeReport {
    /// Prints the report; `false` when there is nothing to do.
    ///
    /// # Errors
    /// When a port fails; nobody was told then, and it can be tried again.
    pub async fn run(&self, id: ReportId) -> Result<bool, PortFailure> {
        let Some(report) = self.store.find(id).await? else { return Ok(false) };
        if matches!(report.state, ReportState::Ready(_)) {
            return Ok(false);
        }
        let name = self.doctors.name_of(report.doctor).await?.unwrap_or_default();
        let rows = self.rows(&report).await?;
        let summary = Summary::of(name.clone(), &rows, report.from, report.to);
        let printed = self.files.print(&report, &summary).await?;
        let reader = self.readers.reader(report.asked_by).await?;
        let letter = reader.map(|to| ReadyLetter { to, doctor_name: name });
        let Some(clinic_id) = report.clinics.first().copied() else { return Ok(false) };
        let sha256 = printed.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let event = ReportEvent::Printed { report_id: id, doctor_id: report.doctor, clinic_id, sha256 };
        let recorded = Recorded::new(event, Actor::System, self.clock.now());
        self.store.ready(&report, &printed, &recorded, letter).await
    }

    /// Gives it up.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn give_up(&self, id: ReportId) -> Result<(), PortFailure> {
        self.store.failed(id).await
    }

    async fn rows(&self, report: &Report) -> Result<Vec<DailyRow>, PortFailure> {
        let mut rows: Vec<DailyRow> = Vec::new();
        loop {
            let after =
                rows.last().map(|row| Position { date: row.date, clinic: row.clinic, doctor: row.whose.doctor() });
            let query = DailyQuery {
                reach: Reach::Clinics(report.clinics.clone()),
                clinic: None,
                doctor: Some(report.doctor),
                from: report.from,
                to: report.to,
                after,
                limit: PAGE,
            };
            let page = self.figures.find(&query).await?;
            let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            rows.extend(page);
            if !full {
                return Ok(rows);
            }
        }
    }
}
