use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, Money, PatientId, VisitTypeId};

use super::AppointmentEvent;

/// Where a visit stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It will take place.
    Booked,
    /// The patient is there.
    Arrived,
    /// It took place.
    Completed,
    /// It was called off.
    Cancelled,
    /// The patient did not come.
    NoShow,
}

impl Status {
    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Booked, Self::Arrived, Self::Completed, Self::Cancelled, Self::NoShow]
            .into_iter()
            .find(|status| status.word() == word)
    }
}

/// How doctor and patient meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitMode {
    /// At the clinic.
    InPerson,
    /// By video.
    Video,
}

impl VisitMode {
    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InPerson => "in_person",
            Self::Video => "video",
        }
    }

    /// The mode of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::InPerson, Self::Video].into_iter().find(|mode| mode.word() == word)
    }
}

/// A doctor's time as it may be booked: the slot with all that a visit takes over from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// With whom.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// What.
    pub visit_type: VisitTypeId,
    /// How.
    pub mode: VisitMode,
    /// For how much.
    pub price: Money,
    /// The visit itself.
    pub visit: Interval,
    /// The visit with the buffers before and after it.
    pub blocked: Interval,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// May somebody book it who was never seen by this doctor?
    pub open_to_new_patients: bool,
    /// Which state of the doctor's rules offers it: a later state may not.
    pub edition: i64,
}

/// A visit: doctor, patient, visit type, time, status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// Kept through all its moves.
    pub id: AppointmentId,
    /// Where.
    pub clinic: ClinicId,
    /// With whom.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// What.
    pub visit_type: VisitTypeId,
    /// How.
    pub mode: VisitMode,
    /// When, without buffers.
    pub visit: Interval,
    /// What it takes from the doctor's time, buffers included.
    pub blocked: Interval,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// What it costs.
    pub price: Money,
    /// Where it stands.
    pub status: Status,
    /// What the patient wrote, up to 2,000 characters.
    pub notes: Option<String>,
    /// Why it was called off, up to 500 characters.
    pub cancel_reason: Option<String>,
    /// Was the patient reminded of the present time?
    pub reminder_sent: bool,
    /// Grows by one with every change.
    pub version: i32,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Why a visit cannot be called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefusal {
    /// It has begun.
    #[error("the visit has started")]
    Started,
    /// It is over: completed, or the patient did not come.
    #[error("the visit is over")]
    Over(Status),
}

/// Why a visit cannot be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RescheduleRefusal {
    /// It has begun.
    #[error("the visit has started")]
    Started,
    /// Only a booked visit can be moved.
    #[error("the visit is not booked any more")]
    NotBooked(Status),
}

impl Appointment {
    /// An offer taken by a patient.
    #[must_use]
    pub fn book(offer: Offer, patient: PatientId, notes: Option<String>, now: Timestamp) -> (Self, AppointmentEvent) {
        let appointment = Self {
            id: AppointmentId::mint(),
            clinic: offer.clinic,
            doctor: offer.doctor,
            patient,
            visit_type: offer.visit_type,
            mode: offer.mode,
            visit: offer.visit,
            blocked: offer.blocked,
            time_zone: offer.time_zone,
            price: offer.price,
            status: Status::Booked,
            notes,
            cancel_reason: None,
            reminder_sent: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let event = AppointmentEvent::Booked {
            appointment_id: appointment.id,
            clinic_id: appointment.clinic,
            doctor_id: appointment.doctor,
            patient_id: appointment.patient,
            visit_type_id: appointment.visit_type,
            starts_at: appointment.visit.start,
            ends_at: appointment.visit.end,
        };
        (appointment, event)
    }

    /// `booked` → `cancelled`, as a patient may do it: before the visit begins.
    ///
    /// # Errors
    /// When it has begun or is over. A visit that is cancelled already is the caller's to recognise.
    pub fn cancel(&self, reason: Option<String>, now: Timestamp) -> Result<(Self, AppointmentEvent), CancelRefusal> {
        match self.status {
            Status::Booked if now < self.visit.start => {}
            Status::Booked | Status::Arrived => return Err(CancelRefusal::Started),
            over @ (Status::Completed | Status::NoShow | Status::Cancelled) => return Err(CancelRefusal::Over(over)),
        }
        let cancelled = Self { status: Status::Cancelled, cancel_reason: reason, ..self.changed(now) };
        let event = AppointmentEvent::Cancelled {
            appointment_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            patient_id: self.patient,
            starts_at: self.visit.start,
        };
        Ok((cancelled, event))
    }

    /// `booked` → `booked` at another time; id and history stay. The patient is to be reminded anew.
    ///
    /// # Errors
    /// When it has begun or is not booked any more.
    pub fn reschedule(&self, offer: &Offer, now: Timestamp) -> Result<(Self, AppointmentEvent), RescheduleRefusal> {
        match self.status {
            Status::Booked if now < self.visit.start => {}
            Status::Booked => return Err(RescheduleRefusal::Started),
            other => return Err(RescheduleRefusal::NotBooked(other)),
        }
        let moved = Self {
            visit: offer.visit,
            blocked: offer.blocked,
            clinic: offer.clinic,
            time_zone: offer.time_zone.clone(),
            reminder_sent: false,
            ..self.changed(now)
        };
        let event = AppointmentEvent::Rescheduled {
            appointment_id: self.id,
            clinic_id: moved.clinic,
            doctor_id: self.doctor,
            patient_id: self.patient,
            from: self.visit.start,
            to: moved.visit.start,
        };
        Ok((moved, event))
    }

    fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::DomainEvent as _;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
    }

    fn offer(start: i64) -> Offer {
        let visit = Interval::new(at(start), at(start + 30)).unwrap();
        Offer {
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            visit_type: VisitTypeId::mint(),
            mode: VisitMode::InPerson,
            price: Money::dollars(120),
            visit,
            blocked: visit.widened(5, 10),
            time_zone: "America/New_York".into(),
            open_to_new_patients: true,
            edition: 1,
        }
    }

    fn booked() -> Appointment {
        Appointment::book(offer(600), PatientId::mint(), Some("knee".into()), at(0)).0
    }

    #[test]
    fn a_booking_takes_everything_over_from_the_offer() {
        let offer = offer(600);
        let (visit, event) = Appointment::book(offer.clone(), PatientId::mint(), None, at(1));
        assert_eq!(
            (visit.visit, visit.blocked, visit.status, visit.version),
            (offer.visit, offer.blocked, Status::Booked, 1)
        );
        assert_eq!(
            (event.name(), event.subject(), event.clinic()),
            ("appointment.booked", visit.id.as_uuid(), Some(offer.clinic.as_uuid()))
        );
    }

    #[test]
    fn a_visit_is_cancelled_until_the_instant_it_starts() {
        let visit = booked();
        let (cancelled, event) = visit.cancel(Some("ill".into()), at(599)).unwrap();
        assert_eq!((cancelled.status, cancelled.version, cancelled.updated_at), (Status::Cancelled, 2, at(599)));
        assert_eq!(event.name(), "appointment.cancelled");
        assert_eq!(visit.cancel(None, at(600)).unwrap_err(), CancelRefusal::Started);
    }

    #[test]
    fn nothing_leaves_completed_cancelled_and_no_show() {
        for over in [Status::Completed, Status::Cancelled, Status::NoShow] {
            let visit = Appointment { status: over, ..booked() };
            assert_eq!(visit.cancel(None, at(0)).unwrap_err(), CancelRefusal::Over(over));
            assert_eq!(visit.reschedule(&offer(700), at(0)).unwrap_err(), RescheduleRefusal::NotBooked(over));
        }
    }

    #[test]
    fn a_move_keeps_id_and_patient_and_forgets_the_reminder() {
        let visit = Appointment { reminder_sent: true, ..booked() };
        let (moved, event) = visit.reschedule(&offer(700), at(10)).unwrap();
        assert_eq!((moved.id, moved.patient, moved.status), (visit.id, visit.patient, Status::Booked));
        assert_eq!((moved.visit.start, moved.reminder_sent, moved.version), (at(700), false, 2));
        let AppointmentEvent::Rescheduled { from, to, .. } = event else { panic!("{event:?}") };
        assert_eq!((from, to), (at(600), at(700)));
    }

    #[test]
    fn a_visit_that_has_started_is_not_moved() {
        assert_eq!(booked().reschedule(&offer(700), at(600)).unwrap_err(), RescheduleRefusal::Started);
    }

    #[test]
    fn every_status_is_found_by_its_word() {
        for status in [Status::Booked, Status::Arrived, Status::Completed, Status::Cancelled, Status::NoShow] {
            assert_eq!(Status::from_word(status.word()), Some(status));
        }
        assert_eq!(Status::from_word("gone"), None);
    }
}
