use std::sync::Arc;

use kernel::{AppointmentId, Caller, Clock, FailureKind, Once, OnceError, PortFailure, Recorded};

use super::hold_ports::Claim;
use super::patient_ports::PatientStore;
use super::policy::Policy;
use super::ports::{
    AppointmentDetails, AppointmentStore, Ask, DoctorAgenda, InsertError, NewAppointment, PatientIs, RequestedStart,
};
use super::visit_letters::VisitLetters;
use super::waitlist_ports::{Ending, EndingError, WaitlistStore};
use super::watch_reads::WatchReads;
use crate::domain::{Outcome, WaitlistOffer};

const TRIES: usize = 3;

/// Why an answer to an offer changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// There is no such offer, or not for this caller.
    #[error("not found")]
    NotFound,
    /// It was answered before, came too late, or could be kept no longer.
    #[error("the offer is over")]
    Over,
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

/// Takes or refuses a time that the waitlist offers.
pub struct AnswerOffer {
    /// Where offers are kept.
    pub waitlist: Arc<dyn WaitlistStore>,
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What patients are told.
    pub letters: VisitLetters,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl AnswerOffer {
    /// Books the offered time: the hold becomes a visit with its id. Of several answers at once one counts.
    ///
    /// # Errors
    /// See [`AnswerError`].
    pub async fn accept(
        &self,
        caller: &Caller,
        id: AppointmentId,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, AnswerError> {
        let offer = self.reached(caller, id).await?;
        let now = self.clock.now();
        if !offer.is_open(now) {
            return Err(AnswerError::Over);
        }
        let hold = self.waitlist.hold(id).await?.ok_or(AnswerError::Over)?;
        let patient = self.patients.patient(offer.patient).await?.ok_or(AnswerError::Over)?;
        let start = RequestedStart::Instant(offer.starts_at);
        let ask = Ask { doctor: offer.doctor, visit_type: Some(offer.visit_type), start, duration_minutes: None };

        // Between our look and our write the doctor's hours may change.
        for _ in 0..TRIES {
            // The notice was kept when the offer was made: the rules of today are asked as of then.
            let Ok(offered) = self.agenda.offer(&ask, hold.opened_at).await? else {
                return self.withdraw(caller, id, request_id).await;
            };
            let edition = Some(offered.edition);
            let Ok((appointment, event)) = hold.confirm(offered, patient.id, None, now) else {
                return self.withdraw(caller, id, request_id).await;
            };
            let details = AppointmentDetails { appointment, patient: patient.clone() };
            let letter = self.letters.about(caller, &details).await?;
            self.watch.shown(caller, [&details], "booking").await?;
            let booked = Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
            let new = NewAppointment {
                details,
                patient_is_new: PatientIs::Known,
                booked,
                arrived: None,
                edition,
                hold: Some(Claim::Becomes(id)),
                letter,
                once: once.clone(),
            };
            match self.store.insert(&new).await {
                Ok(room) => return Ok(new.details.with_room(room)),
                Err(InsertError::RulesChanged | InsertError::GuestAppeared) => {}
                // The hold is no more: another answer was faster, or its time is over.
                Err(InsertError::SlotTaken) => return Err(AnswerError::Over),
                Err(InsertError::PatientBusy) => return Err(AnswerError::PatientBusy),
                Err(InsertError::Once(error)) => return Err(error.into()),
                Err(InsertError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("take an offer", "rules change with every look");
        Err(restless.of_kind(FailureKind::Contention).into())
    }

    /// Gives the offered time back; who waited keeps the place in the line. Refusing once more changes nothing.
    ///
    /// # Errors
    /// See [`AnswerError`].
    pub async fn refuse(
        &self,
        caller: &Caller,
        id: AppointmentId,
        request_id: Option<String>,
        once: Option<Once<()>>,
    ) -> Result<(), AnswerError> {
        let offer = self.reached(caller, id).await?;
        if offer.outcome == Outcome::Refused {
            return Ok(());
        }
        let now = self.clock.now();
        if !offer.is_open(now) {
            return Err(AnswerError::Over);
        }
        let actor = caller.actor();
        let ending = Ending { id, outcome: Outcome::Refused, actor, at: now, request_id, once };
        match self.waitlist.end(&ending).await {
            Ok(()) => Ok(()),
            Err(EndingError::Over) => Err(AnswerError::Over),
            Err(EndingError::Once(error)) => Err(error.into()),
            Err(EndingError::Failed(failure)) => Err(failure.into()),
        }
    }

    async fn reached(&self, caller: &Caller, id: AppointmentId) -> Result<WaitlistOffer, AnswerError> {
        if !Policy::could_reach(caller, id) {
            return Err(AnswerError::NotFound);
        }
        let offer = self.waitlist.offer(id).await?.ok_or(AnswerError::NotFound)?;
        if self.policy.reaches_offer(caller, &offer).await? { Ok(offer) } else { Err(AnswerError::NotFound) }
    }

    /// The doctor's rules offer the time no more: who waited is back in line.
    async fn withdraw<T>(
        &self,
        caller: &Caller,
        id: AppointmentId,
        request_id: Option<String>,
    ) -> Result<T, AnswerError> {
        let (actor, at) = (caller.actor(), self.clock.now());
        let ending = Ending { id, outcome: Outcome::Withdrawn, actor, at, request_id, once: None };
        match self.waitlist.end(&ending).await {
            Ok(()) | Err(EndingError::Over | EndingError::Once(_)) => Err(AnswerError::Over),
            Err(EndingError::Failed(failure)) => Err(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests;
