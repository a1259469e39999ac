use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, DomainEvent, UserId};
use serde::Serialize;
use uuid::Uuid;

kernel::ids! {
    /// A report about a doctor.
    ReportId,
}

/// A report covers at most so many days.
pub const MOST_DAYS: i32 = 366;
/// A report and its file are kept for so many days.
pub const KEPT_DAYS: i64 = 90;

/// The file of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Printed {
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// When it was printed.
    pub at: Timestamp,
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportState {
    /// It is still to be printed.
    Waiting,
    /// Its file is there.
    Ready(Printed),
    /// It could not be printed; an operator may have it tried again.
    Failed,
}

impl ReportState {
    /// The word for it in tables and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready(_) => "ready",
            Self::Failed => "failed",
        }
    }
}

/// A report about a doctor's visits in a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// About whom.
    pub doctor: DoctorId,
    /// The clinics it tells of; never none.
    pub clinics: Vec<ClinicId>,
    /// From this date on.
    pub from: Date,
    /// To this date, included.
    pub to: Date,
    /// Who has asked for it, and is told when it is there.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Timestamp,
    /// How far it has come.
    pub state: ReportState,
    /// Where its file lies.
    pub object_key: String,
}

/// A period that no report can cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPeriod {
    /// It ends before it begins.
    Backwards,
    /// It is longer than [`MOST_DAYS`].
    TooLong,
    /// Its last day has not ended.
    NotOver,
}

/// Can a report cover these dates, as of `today`?
///
/// # Errors
/// Why not.
pub fn check_period(from: Date, to: Date, today: Date) -> Result<(), BadPeriod> {
    match from.until(to).map(|span| span.get_days()) {
        Ok(days) if days < 0 => Err(BadPeriod::Backwards),
        Ok(days) if days >= MOST_DAYS => Err(BadPeriod::TooLong),
        Ok(_) if to >= today => Err(BadPeriod::NotOver),
        Ok(_) => Ok(()),
        Err(_) => Err(BadPeriod::TooLong),
    }
}

/// Where the file of a report lies: the usual place, or, where another report of that day has it, one of its own.
#[must_use]
pub fn object_keys(doctor: DoctorId, date: Date, id: ReportId) -> [String; 2] {
    [format!("reports/doctor-{doctor}-{date}.pdf"), format!("reports/doctor-{doctor}-{date}-{id}.pdf")]
}

/// What happened to a report. Ids and dates only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ReportEvent {
    /// Somebody has asked for it.
    Requested {
        /// The report.
        report_id: ReportId,
        /// About whom.
        doctor_id: DoctorId,
        /// Where the doctor is listed first among those it tells of.
        clinic_id: ClinicId,
        /// From this date on.
        from: Date,
        /// To this date, included.
        to: Date,
    },
    /// Its file is there.
    Printed {
        /// The report.
        report_id: ReportId,
        /// About whom.
        doctor_id: DoctorId,
        /// The first clinic it tells of.
        clinic_id: ClinicId,
        /// SHA-256 of the file, in hexadecimal digits.
        sha256: String,
    },
    /// Its time was over.
    Removed {
        /// The report.
        report_id: ReportId,
        /// About whom.
        doctor_id: DoctorId,
        /// The first clinic it tells of.
        clinic_id: ClinicId,
    },
}

impl DomainEvent for ReportEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => "report.requested",
            Self::Printed { .. } => "report.printed",
            Self::Removed { .. } => "report.removed",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Requested { report_id, .. } | Self::Printed { report_id, .. } | Self::Removed { report_id, .. } => {
                report_id.as_uuid()
            }
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        match self {
            Self::Requested { clinic_id, .. } | Self::Printed { clinic_id, .. } | Self::Removed { clinic_id, .. } => {
                Some(clinic_id.as_uuid())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_over_runs_forwards_and_lasts_a_year_at_most() {
        let check = |from: &str, to: &str| {
            check_period(from.parse().unwrap(), to.parse().unwrap(), "2027-03-10".parse().unwrap())
        };
        assert_eq!(check("2027-03-01", "2027-03-09"), Ok(()));
        assert_eq!(check("2027-03-09", "2027-03-09"), Ok(()));
        assert_eq!(check("2027-03-01", "2027-03-10"), Err(BadPeriod::NotOver));
        assert_eq!(check("2027-03-02", "2027-03-01"), Err(BadPeriod::Backwards));
        assert_eq!(check("2026-03-01", "2027-03-01"), Ok(()));
        assert_eq!(check("2026-02-28", "2027-03-01"), Err(BadPeriod::TooLong));
    }
}
