use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, ClinicId, DoctorId, DomainEvent, Interval, Money, PatientId, VisitTypeId};
use serde::Serialize;
use uuid::Uuid;

use super::{Appointment, AppointmentEvent, Offer, Room, VisitMode};

/// What a time is held for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldKind {
    /// Somebody fills in the form.
    Form,
    /// A guest is to prove an address by a mailed code.
    Guest,
    /// It is offered to who waits for one.
    Waitlist,
}

impl HoldKind {
    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Guest => "guest",
            Self::Waitlist => "waitlist",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Form, Self::Guest, Self::Waitlist].into_iter().find(|kind| kind.word() == word)
    }
}

/// A doctor's time that is kept for somebody who has not booked yet. It takes the time as a visit does, until it
/// expires; then it counts for nothing, whether or not anybody has cleared it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Of a guest's hold: the id that the visit will have.
    pub id: AppointmentId,
    /// What for.
    pub kind: HoldKind,
    /// Where.
    pub clinic: ClinicId,
    /// Whose time.
    pub doctor: DoctorId,
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
    /// What the visit costs, as it was told when the hold was opened.
    pub price: Money,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// From then on it is over.
    pub held_until: Timestamp,
}

/// Why a hold does not become a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoldRefusal {
    /// Its time is over.
    #[error("the hold is over")]
    Expired,
    /// The doctor offers something else at that time by now: another length, place or buffer.
    #[error("the doctor offers this time no more")]
    OfferedNoMore,
}

impl Hold {
    /// Keeps an offer for so long, but never beyond the visit's start.
    #[must_use]
    pub fn open(offer: Offer, kind: HoldKind, lasts: SignedDuration, now: Timestamp) -> (Self, HoldEvent) {
        let held_until = now.checked_add(lasts).unwrap_or(now).min(offer.visit.start);
        let hold = Self {
            id: AppointmentId::mint(),
            kind,
            clinic: offer.clinic,
            doctor: offer.doctor,
            visit_type: offer.visit_type,
            mode: offer.mode,
            visit: offer.visit,
            blocked: offer.blocked,
            room: Room::of(offer.resources),
            time_zone: offer.time_zone,
            price: offer.price,
            opened_at: now,
            held_until,
        };
        let event = HoldEvent::Opened {
            hold_id: hold.id,
            clinic_id: hold.clinic,
            doctor_id: hold.doctor,
            visit_type_id: hold.visit_type,
            kind,
            starts_at: hold.visit.start,
            ends_at: hold.visit.end,
            held_until,
        };
        (hold, event)
    }

    /// Does it still keep the time?
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.held_until
    }

    /// The hold becomes a visit with the hold's id: `held` → `booked`. `offer` is what the doctor's rules say to that
    /// time today; the price stays as it was told.
    ///
    /// # Errors
    /// When the hold is over, or the rules offer another stretch of time.
    pub fn confirm(
        &self,
        offer: Offer,
        patient: PatientId,
        notes: Option<String>,
        now: Timestamp,
    ) -> Result<(Appointment, AppointmentEvent), HoldRefusal> {
        if !self.is_open(now) {
            return Err(HoldRefusal::Expired);
        }
        let same = (offer.clinic, offer.doctor, offer.visit_type, offer.visit, offer.blocked)
            == (self.clinic, self.doctor, self.visit_type, self.visit, self.blocked);
        if !same {
            return Err(HoldRefusal::OfferedNoMore);
        }
        let offer = Offer { price: self.price, mode: self.mode, ..offer };
        // Its first version was the hold.
        Ok(Appointment::begin(self.id, 2, offer, patient, notes, now))
    }

    /// Nobody wants it any more.
    #[must_use]
    pub fn release(&self) -> HoldEvent {
        HoldEvent::Released {
            hold_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            starts_at: self.visit.start,
        }
    }

    /// Its time is over; nothing when it is not.
    #[must_use]
    pub fn expire(&self, now: Timestamp) -> Option<HoldEvent> {
        (!self.is_open(now)).then_some(HoldEvent::Expired {
            hold_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            starts_at: self.visit.start,
        })
    }
}

/// What happened to a hold. That a guest's became a visit is told by the visit's own event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum HoldEvent {
    /// A time is kept.
    Opened {
        /// The hold.
        hold_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// Whose time.
        doctor_id: DoctorId,
        /// What.
        visit_type_id: VisitTypeId,
        /// What for.
        kind: HoldKind,
        /// From.
        starts_at: Timestamp,
        /// To.
        ends_at: Timestamp,
        /// Until when it is kept.
        held_until: Timestamp,
    },
    /// Its owner has booked, or has no use for it any more.
    Released {
        /// The hold.
        hold_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// Whose time.
        doctor_id: DoctorId,
        /// The time that is free again.
        starts_at: Timestamp,
    },
    /// Its time was over; written down when it is cleared away, which may be later.
    Expired {
        /// The hold.
        hold_id: AppointmentId,
        /// Where.
        clinic_id: ClinicId,
        /// Whose time.
        doctor_id: DoctorId,
        /// The time that is free again.
        starts_at: Timestamp,
    },
}

impl DomainEvent for HoldEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "hold.opened",
            Self::Released { .. } => "hold.released",
            Self::Expired { .. } => "hold.expired",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Opened { hold_id, .. } | Self::Released { hold_id, .. } | Self::Expired { hold_id, .. } => {
                hold_id.as_uuid()
            }
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        match self {
            Self::Opened { clinic_id, .. } | Self::Released { clinic_id, .. } | Self::Expired { clinic_id, .. } => {
                Some(clinic_id.as_uuid())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Status;

    fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn minutes(count: i64) -> Timestamp {
        now() + SignedDuration::from_mins(count)
    }

    fn offer() -> Offer {
        let visit = Interval::new(minutes(90), minutes(120)).unwrap();
        Offer {
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            visit_type: VisitTypeId::mint(),
            mode: VisitMode::InPerson,
            price: Money::dollars(150),
            visit,
            blocked: visit.widened(5, 10),
            time_zone: "America/New_York".into(),
            open_to_new_patients: true,
            edition: 1,
            resources: Vec::new(),
            outside_hours: None,
        }
    }

    fn ten() -> SignedDuration {
        SignedDuration::from_mins(10)
    }

    #[test]
    fn a_hold_keeps_its_time_until_the_instant_it_ends_and_no_longer_than_the_visit_s_start() {
        let (hold, event) = Hold::open(offer(), HoldKind::Guest, ten(), now());
        assert_eq!(hold.held_until, minutes(10));
        let just_before = minutes(10) - SignedDuration::from_micros(1);
        assert!(hold.is_open(just_before) && !hold.is_open(minutes(10)));
        assert!(hold.expire(just_before).is_none());
        assert_eq!(hold.expire(minutes(10)).unwrap().name(), "hold.expired");
        assert_eq!((event.name(), event.subject()), ("hold.opened", hold.id.as_uuid()));
        let (late, _) = Hold::open(offer(), HoldKind::Form, ten(), minutes(85));
        assert_eq!(late.held_until, minutes(90));
    }

    #[test]
    fn a_confirmed_hold_is_a_booked_visit_with_its_id_time_and_price() {
        let offer = offer();
        let (hold, _) = Hold::open(offer.clone(), HoldKind::Guest, ten(), now());
        let dearer = Offer { price: Money::dollars(300), edition: 9, ..offer };
        let (patient, notes) = (PatientId::mint(), Some("By wheelchair".to_owned()));
        let (visit, event) = hold.confirm(dearer, patient, notes.clone(), minutes(9)).unwrap();
        assert_eq!((visit.id, visit.status, visit.version), (hold.id, Status::Booked, 2));
        assert_eq!((visit.visit, visit.blocked, visit.price), (hold.visit, hold.blocked, Money::dollars(150)));
        assert_eq!((visit.patient, visit.notes, visit.created_at), (patient, notes, minutes(9)));
        assert_eq!((event.name(), event.subject()), ("appointment.booked", hold.id.as_uuid()));
    }

    #[test]
    fn what_has_expired_or_is_offered_otherwise_by_now_becomes_no_visit() {
        let offer = offer();
        let (hold, _) = Hold::open(offer.clone(), HoldKind::Guest, ten(), now());
        let confirm = |offer: Offer, at| hold.confirm(offer, PatientId::mint(), None, at).map(|_| ());
        assert_eq!(confirm(offer.clone(), minutes(10)), Err(HoldRefusal::Expired));
        for changed in [
            Offer { clinic: ClinicId::mint(), ..offer.clone() },
            Offer { visit: Interval::new(minutes(90), minutes(110)).unwrap(), ..offer.clone() },
            Offer { blocked: offer.visit, ..offer.clone() },
            Offer { visit_type: VisitTypeId::mint(), ..offer.clone() },
        ] {
            assert_eq!(confirm(changed, minutes(1)), Err(HoldRefusal::OfferedNoMore));
        }
        assert_eq!(confirm(offer, minutes(1)), Ok(()));
    }

    #[test]
    fn every_kind_is_found_by_its_word() {
        for kind in [HoldKind::Form, HoldKind::Guest, HoldKind::Waitlist] {
            assert_eq!(HoldKind::from_word(kind.word()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
        assert_eq!(HoldKind::from_word("held"), None);
    }
}
