use std::sync::Arc;

use kernel::{Actor, AppointmentId, Caller, Clock, FailureKind, Once, OnceError, PatientId, PortFailure, Recorded};

use super::desk_agenda::{DeskAgenda, OutsideHours, offer_within_leave};
use super::hold_ports::Claim;
use super::policy::Policy;
use super::ports::{
    AppointmentDetails, AppointmentStore, Ask, DoctorAgenda, FreeSlot, InsertError, NewAppointment, NoOffer, PatientIs,
};
use super::visit_letters::VisitLetters;
use super::watch_reads::WatchReads;
use super::welcome_patient::WelcomeError;
use super::who_comes::{Reachable, WhoComes};
use crate::domain::{Appointment, Particulars, PatientError};

/// How many other times a refused client is offered.
pub(super) const ALTERNATIVES: usize = 3;
const TRIES: usize = 3;

/// May somebody book who is not signed in?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestBooking {
    /// Yes, and the visit is booked at once.
    Immediate,
    /// Yes: the time is held, and booked by a code that is mailed to the guest.
    Code,
    /// No.
    Off,
}

/// For whom a visit is.
#[derive(Debug, Clone)]
pub enum Whom {
    /// For who is signed in.
    Oneself,
    /// For a patient of whom there is a record.
    Patient(PatientId),
    /// For somebody who is told of.
    Person(Particulars),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Booking {
    /// Which time of which doctor.
    pub ask: Ask,
    /// Who comes.
    pub whom: Whom,
    /// What the doctor should know.
    pub notes: Option<String>,
    /// A hold of who books, which is given up for the visit.
    pub hold: Option<AppointmentId>,
    /// Leave of the team to put it outside the doctor's hours.
    pub outside: Option<OutsideHours>,
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// This installation books for signed-in people only, or not without a code.
    #[error("guests cannot book here")]
    GuestsNotAllowed,
    /// The caller does not book in that doctor's calendar.
    #[error("not this caller's calendar")]
    OthersCalendar,
    /// There is no such patient, or not for this caller.
    #[error("unknown patient")]
    UnknownPatient,
    /// It was not said who comes, and the caller is nobody's patient.
    #[error("nobody is named")]
    Nobody,
    /// Whoever comes can be reached neither by mail nor by phone.
    #[error("no address and no phone number")]
    Unreachable,
    /// Name or address cannot be one.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// The doctor does not offer this.
    #[error(transparent)]
    NotOffered(#[from] NoOffer),
    /// The visit type is for people whom the doctor knows.
    #[error("not open to new patients")]
    NotForNewPatients,
    /// Somebody was faster.
    #[error("the slot is taken")]
    SlotTaken {
        /// The next free times.
        alternatives: Vec<FreeSlot>,
    },
    /// Nothing is left of the day.
    #[error("the day is full")]
    DayFull {
        /// The next free times.
        alternatives: Vec<FreeSlot>,
    },
    /// The patient has another visit at that time.
    #[error("the patient is busy")]
    PatientBusy,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<WelcomeError> for BookError {
    fn from(error: WelcomeError) -> Self {
        match error {
            WelcomeError::NobodyKnown => Self::Nobody,
            WelcomeError::BadPatient(error) => error.into(),
            WelcomeError::Failed(failure) => failure.into(),
        }
    }
}

/// Books a doctor's time.
#[derive(Clone)]
pub struct BookAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who comes.
    pub who: WhoComes,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// Tells patients.
    pub letters: VisitLetters,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What they could do beyond it.
    pub desk: Arc<dyn DeskAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What guests may do.
    pub guests: GuestBooking,
}

impl BookAppointment {
    /// Books, or changes nothing.
    ///
    /// # Errors
    /// See [`BookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        booking: Booking,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, BookError> {
        if caller.actor() == Actor::Guest && self.guests != GuestBooking::Immediate {
            return Err(BookError::GuestsNotAllowed);
        }
        if booking.outside.is_some() && !Policy::is_team(caller) {
            return Err(BookError::OthersCalendar);
        }
        let now = self.clock.now();
        let comer = self.who.comer(caller, booking.whom, Reachable::Needed, request_id.clone(), now).await?;
        let look = || offer_within_leave(&*self.agenda, &*self.desk, &booking.ask, booking.outside.as_ref(), now);
        let mut offer = look().await??;
        if !Policy::books_with(caller, offer.doctor, offer.clinic) {
            return Err(BookError::OthersCalendar);
        }
        let names = self.letters.practices.names(offer.doctor, offer.clinic).await?;

        // Between our look and our write a rival may take down the same guest, or change the doctor's hours.
        for _ in 0..TRIES {
            let (patient, patient_is_new) = self.who.patient(caller, &comer, &offer).await?;
            let (appointment, event) = Appointment::book(offer.clone(), patient.id, booking.notes.clone(), now);
            if patient_is_new == PatientIs::Known {
                let shown = AppointmentDetails { appointment: appointment.clone(), patient: patient.clone() };
                self.watch.shown(caller, [&shown], "booking").await?;
            }
            let booked = Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
            let details = AppointmentDetails { appointment, patient };
            let letter = self.letters.naming(caller, &details, names.clone()).await?;
            let edition = Some(offer.edition);
            let hold = booking.hold.map(Claim::GivenUp);
            let new = NewAppointment {
                details,
                patient_is_new,
                booked,
                arrived: None,
                edition,
                hold,
                letter,
                once: once.clone(),
            };
            match self.store.insert(&new).await {
                Ok(room) => return Ok(new.details.with_room(room)),
                Err(InsertError::GuestAppeared) => {}
                Err(InsertError::RulesChanged) => offer = look().await??,
                Err(InsertError::SlotTaken) => {
                    let alternatives = self
                        .agenda
                        .next_free(offer.doctor, offer.visit_type, offer.visit.start, ALTERNATIVES, now)
                        .await?;
                    return Err(BookError::SlotTaken { alternatives });
                }
                Err(InsertError::PatientBusy) => return Err(BookError::PatientBusy),
                Err(InsertError::Once(error)) => return Err(error.into()),
                Err(InsertError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("book a visit", "guest or rules change with every look");
        Err(restless.of_kind(FailureKind::Contention).into())
    }
}

#[cfg(test)]
mod tests;
