use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, Money, PatientId, VisitTypeId};

use super::{AppointmentEvent, Offer, Room, SeriesPlace, VisitMode};

/// Where a visit stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
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

    /// Does a visit that stands so take time from doctor and patient?
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Booked | Self::Arrived)
    }

    /// The status of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Booked, Self::Arrived, Self::Completed, Self::Cancelled, Self::NoShow];
        all.into_iter().find(|status| status.word() == word)
    }
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
    /// What it takes of the clinic beside that.
    pub room: Room,
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
    /// When the patient was marked as there.
    pub arrived_at: Option<Timestamp>,
    /// When it was marked that it took place; visits marked by early versions have none.
    pub completed_at: Option<Timestamp>,
    /// When it was marked that the patient did not come; visits marked by early versions have none.
    pub missed_at: Option<Timestamp>,
    /// Why the last mistaken mark was taken back, up to 500 characters.
    pub correct_reason: Option<String>,
    /// Why it lies outside the doctor's hours, up to 500 characters, where the team has put it there.
    pub outside_reason: Option<String>,
    /// Was the patient reminded of the present time?
    pub reminder_sent: bool,
    /// Its place in a series, where it was booked in one.
    pub series: Option<SeriesPlace>,
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

/// Who wants something of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The patient, or who looks after them.
    Patient,
    /// Those who run the calendar.
    Team,
}

/// What can be said of a visit's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The patient is there.
    Arrived,
    /// It took place.
    Completed,
    /// The patient did not come.
    NoShow,
}

impl Mark {
    /// Where a visit stands that is marked so.
    #[must_use]
    pub const fn leads_to(self) -> Status {
        match self {
            Self::Arrived => Status::Arrived,
            Self::Completed => Status::Completed,
            Self::NoShow => Status::NoShow,
        }
    }
}

/// Why a visit cannot be marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MarkRefusal {
    /// Nobody arrives on another day.
    #[error("the visit is on another day")]
    NotToday,
    /// It has not begun.
    #[error("the visit has not started")]
    NotStarted,
    /// Where it stands, it cannot be marked so.
    #[error("the visit is over, or the patient is there")]
    Not(Status),
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
        Self::begin(AppointmentId::mint(), 1, offer, patient, notes, now)
    }

    /// A visit begins, new or from a hold of that id.
    pub(super) fn begin(
        id: AppointmentId,
        version: i32,
        offer: Offer,
        patient: PatientId,
        notes: Option<String>,
        now: Timestamp,
    ) -> (Self, AppointmentEvent) {
        let appointment = Self {
            id,
            clinic: offer.clinic,
            doctor: offer.doctor,
            patient,
            visit_type: offer.visit_type,
            mode: offer.mode,
            visit: offer.visit,
            blocked: offer.blocked,
            room: Room::of(offer.resources),
            time_zone: offer.time_zone,
            price: offer.price,
            status: Status::Booked,
            notes,
            cancel_reason: None,
            arrived_at: None,
            completed_at: None,
            missed_at: None,
            correct_reason: None,
            outside_reason: offer.outside_hours,
            reminder_sent: false,
            series: None,
            version,
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
            version: appointment.version,
            outside_hours: appointment.outside_reason.is_some(),
        };
        (appointment, event)
    }

    /// `booked` → `cancelled` as a patient may do it: before the visit begins. Those who run the calendar may also
    /// cancel what has begun: `booked` or `arrived` → `cancelled`.
    ///
    /// # Errors
    /// When it has begun or is over. A visit that is cancelled already is the caller's to recognise.
    pub fn cancel(
        &self,
        reason: Option<String>,
        by: Side,
        now: Timestamp,
    ) -> Result<(Self, AppointmentEvent), CancelRefusal> {
        match self.status {
            Status::Booked if now < self.visit.start => {}
            Status::Booked | Status::Arrived if by == Side::Team => {}
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
            version: cancelled.version,
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
            room: Room::of(offer.resources.clone()).preferring(&self.room),
            clinic: offer.clinic,
            time_zone: offer.time_zone.clone(),
            outside_reason: offer.outside_hours.clone(),
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
            version: moved.version,
            outside_hours: moved.outside_reason.is_some(),
        };
        Ok((moved, event))
    }

    /// `cancelled` → `booked` at its old time, because the change of hours that called it off is taken back; `None` when
    /// it is not cancelled, or that time has come. Whether the time is still free is the store's to say.
    #[must_use]
    pub fn reinstate(&self, now: Timestamp) -> Option<(Self, AppointmentEvent)> {
        if self.status != Status::Cancelled || now >= self.visit.start {
            return None;
        }
        let booked = Self { status: Status::Booked, cancel_reason: None, ..self.changed(now) };
        let event = AppointmentEvent::Reinstated {
            appointment_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            patient_id: self.patient,
            starts_at: self.visit.start,
            version: booked.version,
        };
        Some((booked, event))
    }

    /// `booked` → `arrived` on the day of the visit; `arrived`, or `booked` once it has begun → `completed`; `booked`
    /// once it has begun → `no_show`.
    ///
    /// # Errors
    /// When it is another day, has not begun, or stands elsewhere.
    pub fn mark(&self, mark: Mark, now: Timestamp) -> Result<(Self, AppointmentEvent), MarkRefusal> {
        let begun = now >= self.visit.start;
        match (mark, self.status) {
            (Mark::Arrived, Status::Booked) if self.same_day(now) => {}
            (Mark::Arrived, Status::Booked) => return Err(MarkRefusal::NotToday),
            (Mark::Completed, Status::Arrived) => {}
            (Mark::Completed | Mark::NoShow, Status::Booked) if begun => {}
            (Mark::Completed | Mark::NoShow, Status::Booked) => return Err(MarkRefusal::NotStarted),
            (_, other) => return Err(MarkRefusal::Not(other)),
        }
        let marked = self.standing(mark.leads_to(), now, now);
        let (appointment_id, clinic_id, doctor_id, patient_id) = (self.id, self.clinic, self.doctor, self.patient);
        let version = marked.version;
        let event = match mark {
            Mark::Arrived => AppointmentEvent::Arrived { appointment_id, clinic_id, doctor_id, patient_id, version },
            Mark::Completed => {
                AppointmentEvent::Completed { appointment_id, clinic_id, doctor_id, patient_id, version }
            }
            Mark::NoShow => AppointmentEvent::NoShow { appointment_id, clinic_id, doctor_id, patient_id, version },
        };
        Ok((marked, event))
    }

    /// Is it the day of the visit on the clinic's wall clock?
    fn same_day(&self, now: Timestamp) -> bool {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        zone.to_datetime(now).date() == zone.to_datetime(self.visit.start).date()
    }

    /// With another status, which it has since `since`.
    pub(super) fn standing(&self, status: Status, since: Timestamp, now: Timestamp) -> Self {
        let mut changed = Self { status, ..self.changed(now) };
        match status {
            Status::Arrived => changed.arrived_at = Some(since),
            Status::Completed => changed.completed_at = Some(since),
            Status::NoShow => changed.missed_at = Some(since),
            Status::Booked | Status::Cancelled => {}
        }
        changed
    }

    pub(super) fn changed(&self, now: Timestamp) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
