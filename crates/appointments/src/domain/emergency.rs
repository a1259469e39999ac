use jiff::{SignedDuration, Timestamp};
use kernel::{DoctorId, PatientId, UserId, ids};

use super::PatientEvent;

ids! {
    /// One opening of a patient's record without a care link.
    EmergencyAccessId,
}

/// How long a record stays open.
const LASTS: SignedDuration = SignedDuration::from_mins(60);

/// A doctor reads the record of somebody without a care link, for a stated reason and for an hour.
#[derive(Clone, PartialEq, Eq)]
pub struct EmergencyAccess {
    /// Its id.
    pub id: EmergencyAccessId,
    /// Whose record.
    pub patient: PatientId,
    /// Who reads it.
    pub doctor: DoctorId,
    /// The doctor's account.
    pub user: UserId,
    /// Why: 10–500 characters.
    pub reason: String,
    /// From.
    pub granted_at: Timestamp,
    /// Until; this instant is outside.
    pub ends_at: Timestamp,
}

/// What was given as a reason is too short, too long or holds control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 10 to 500 printable characters")]
pub struct BadReason;

impl EmergencyAccess {
    /// Opens a record.
    ///
    /// # Errors
    /// When the reason says nothing.
    pub fn open(
        patient: PatientId,
        (doctor, user): (DoctorId, UserId),
        reason: &str,
        now: Timestamp,
    ) -> Result<(Self, PatientEvent), BadReason> {
        let reason = clean_reason(reason, 10)?;
        let ends_at = now.checked_add(LASTS).unwrap_or(Timestamp::MAX);
        let id = EmergencyAccessId::mint();
        let event = PatientEvent::EmergencyOpened { patient_id: patient, doctor_id: doctor, ends_at };
        Ok((Self { id, patient, doctor, user, reason, granted_at: now, ends_at }, event))
    }

    /// Is the record open at this instant?
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.granted_at <= at && at < self.ends_at
    }

    /// What is told when the doctor ends it before its time.
    #[must_use]
    pub const fn ended(patient: PatientId, doctor: DoctorId) -> PatientEvent {
        PatientEvent::EmergencyEnded { patient_id: patient, doctor_id: doctor }
    }
}

impl std::fmt::Debug for EmergencyAccess {
    /// Without the reason: it may be medical.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmergencyAccess").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A reason in single spaces, of `least` to 500 characters.
pub(super) fn clean_reason(reason: &str, least: usize) -> Result<String, BadReason> {
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let long_enough = (least..=500).contains(&reason.chars().count());
    if long_enough && !reason.chars().any(char::is_control) { Ok(reason) } else { Err(BadReason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(reason: &str) -> Result<EmergencyAccess, BadReason> {
        let now = "2027-03-01T12:00:00Z".parse().unwrap();
        EmergencyAccess::open(PatientId::mint(), (DoctorId::mint(), UserId::mint()), reason, now).map(|(one, _)| one)
    }

    #[test]
    fn a_record_is_open_for_an_hour_and_not_a_moment_longer() {
        let access = opened("unconscious on arrival").unwrap();
        let last = access.granted_at + SignedDuration::from_mins(60) - SignedDuration::from_micros(1);
        assert!(access.holds(access.granted_at) && access.holds(last));
        assert!(!access.holds(access.ends_at) && !access.holds(access.granted_at - SignedDuration::from_micros(1)));
    }

    #[test]
    fn a_reason_says_something() {
        for bad in ["", "urgent", "a    b    c", "\u{0}1234567890", &"x".repeat(501)] {
            assert_eq!(opened(bad).err(), Some(BadReason), "{bad:?}");
        }
        assert_eq!(opened("  no   pulse, \n no papers ").unwrap().reason, "no pulse, no papers");
    }

    #[test]
    fn debug_output_tells_no_reason() {
        assert!(!format!("{:?}", opened("unconscious on arrival").unwrap()).contains("unconscious"));
    }
}
