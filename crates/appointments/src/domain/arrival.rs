use jiff::{SignedDuration, Timestamp};

use super::{Appointment, AppointmentEvent, Status};

/// So long before the visit begins a patient may check in.
pub const CHECK_IN_OPENS: SignedDuration = SignedDuration::from_mins(30);
/// So long after it has begun, too.
pub const CHECK_IN_CLOSES: SignedDuration = SignedDuration::from_mins(90);
/// The link of a visit opens it until so long after its planned end.
const LINK_OUTLIVES: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Why a patient cannot check in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckInRefusal {
    /// It is not time yet.
    #[error("the visit is more than 30 minutes ahead")]
    TooEarly {
        /// From then on.
        opens_at: Timestamp,
    },
    /// It is too late; the front desk decides.
    #[error("the visit began more than 90 minutes ago")]
    TooLate,
    /// Only a booked visit is checked in to.
    #[error("the visit is not booked any more")]
    NotBooked(Status),
}

impl Appointment {
    /// `booked` → `arrived` by the patient's own word, from [`CHECK_IN_OPENS`] before the visit begins to
    /// [`CHECK_IN_CLOSES`] after it, both instants included.
    ///
    /// # Errors
    /// When it is not booked, or at another time.
    pub fn check_in(&self, now: Timestamp) -> Result<(Self, AppointmentEvent), CheckInRefusal> {
        if self.status != Status::Booked {
            return Err(CheckInRefusal::NotBooked(self.status));
        }
        let since_start = now.duration_since(self.visit.start);
        if since_start < -CHECK_IN_OPENS {
            let opens_at = self.visit.start.checked_sub(CHECK_IN_OPENS).unwrap_or(self.visit.start);
            return Err(CheckInRefusal::TooEarly { opens_at });
        }
        if since_start > CHECK_IN_CLOSES {
            return Err(CheckInRefusal::TooLate);
        }
        let arrived = self.standing(Status::Arrived, now, now);
        let event = AppointmentEvent::Arrived {
            appointment_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            patient_id: self.patient,
            version: arrived.version,
        };
        Ok((arrived, event))
    }

    /// Does the visit begin in less than `cutoff`, so that the patient is bound by it?
    #[must_use]
    pub fn is_inside(&self, cutoff: SignedDuration, now: Timestamp) -> bool {
        self.visit.start.duration_since(now) < cutoff
    }

    /// Does its link still open it? Until seven days after the planned end; what the visit's state forbids, the link
    /// never allows.
    #[must_use]
    pub fn link_opens(&self, now: Timestamp) -> bool {
        now.duration_since(self.visit.end) <= LINK_OUTLIVES
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use kernel::{ClinicId, DoctorId, Interval, Money, PatientId, VisitTypeId};

    use super::super::{Offer, VisitMode};
    use super::*;

    fn start() -> Timestamp {
        "2027-03-01T15:00:00Z".parse().unwrap()
    }

    fn booked() -> Appointment {
        let visit = Interval::new(start(), start() + 30.minutes()).unwrap();
        let offer = Offer {
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            visit_type: VisitTypeId::mint(),
            mode: VisitMode::InPerson,
            price: Money::dollars(90),
            visit,
            blocked: visit,
            time_zone: "America/Chicago".into(),
            open_to_new_patients: true,
            edition: 1,
            resources: Vec::new(),
            outside_hours: None,
        };
        Appointment::book(offer, PatientId::mint(), None, start() - 48.hours()).0
    }

    #[test]
    fn one_checks_in_from_30_minutes_before_to_90_minutes_after_the_start() {
        let (opens, closes) = (start() - 30.minutes(), start() + 90.minutes());
        for now in [opens, start(), closes] {
            let (arrived, _) = booked().check_in(now).unwrap();
            assert_eq!((arrived.status, arrived.arrived_at, arrived.version), (Status::Arrived, Some(now), 2));
        }
        let refused = |now| booked().check_in(now).unwrap_err();
        assert_eq!(refused(opens - 1.nanosecond()), CheckInRefusal::TooEarly { opens_at: opens });
        assert_eq!(refused(closes + 1.nanosecond()), CheckInRefusal::TooLate);
    }

    #[test]
    fn only_a_booked_visit_is_checked_in_to() {
        for status in [Status::Arrived, Status::Completed, Status::Cancelled, Status::NoShow] {
            let visit = Appointment { status, ..booked() };
            assert_eq!(visit.check_in(start()).unwrap_err(), CheckInRefusal::NotBooked(status));
        }
    }

    #[test]
    fn the_cutoff_binds_from_less_than_its_length_on_and_a_cutoff_of_zero_never_before_the_start() {
        let cutoff = SignedDuration::from_hours(24);
        assert!(!booked().is_inside(cutoff, start() - 24.hours()));
        assert!(booked().is_inside(cutoff, start() - 24.hours() + 1.nanosecond()));
        assert!(!booked().is_inside(SignedDuration::ZERO, start() - 1.nanosecond()));
    }

    #[test]
    fn a_link_opens_until_seven_days_after_the_end() {
        let dies = start() + 30.minutes() + (7 * 24).hours();
        assert!(booked().link_opens(dies));
        assert!(!booked().link_opens(dies + 1.nanosecond()));
    }
}
