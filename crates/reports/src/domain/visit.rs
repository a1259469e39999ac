use jiff::Timestamp;
use kernel::{DoctorId, Interval};

/// Who has booked a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booker {
    /// The patient, somebody who looks after the patient, or a guest.
    Online,
    /// The doctor, the front desk, an administrator.
    Desk,
    /// Nobody knows.
    Unknown,
}

/// Who has called a visit off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canceller {
    /// The patient's side.
    Patient,
    /// The practice.
    Practice,
    /// The installation, or nobody knows.
    Other,
}

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It lies ahead, or nobody has marked it.
    Open,
    /// The patient was there.
    Held,
    /// It was called off.
    Cancelled(Canceller),
    /// The patient did not come.
    Missed,
}

/// A visit as it is counted; nothing in it tells who the patient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitFacts {
    /// Whose calendar it stands in.
    pub doctor: DoctorId,
    /// When it is, or was to be.
    pub visit: Interval,
    /// What became of it.
    pub fate: Fate,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// By whom.
    pub booker: Booker,
    /// No earlier visit of the patient with this doctor took place.
    pub new_to_doctor: bool,
    /// No earlier visit of the patient at this clinic took place.
    pub new_to_clinic: bool,
    /// So many reminders were sent for it.
    pub reminders: u32,
    /// It was offered to somebody who waited.
    pub from_waitlist: bool,
    /// Somebody with an account looks after the patient, or is the patient.
    pub has_account: bool,
}

impl VisitFacts {
    /// Whole minutes that it lasts.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        minutes(self.visit.length().as_secs())
    }

    /// Whole minutes from the booking to the start; none for what was written down after it had begun.
    #[must_use]
    pub fn lead_minutes(&self) -> u32 {
        minutes(self.visit.start.duration_since(self.booked_at).as_secs())
    }

    /// Does, or did, it keep its time from others?
    #[must_use]
    pub const fn takes_time(&self) -> bool {
        !matches!(self.fate, Fate::Cancelled(_))
    }
}

fn minutes(seconds: i64) -> u32 {
    u32::try_from(seconds.max(0) / 60).unwrap_or(u32::MAX)
}
