use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Caller, ClinicId, Clock, DoctorId, FailureKind, Once, PortFailure, Recorded, VisitTypeId};

use super::book_appointment::{ALTERNATIVES, BookError, Whom};
use super::desk_agenda::{DeskAgenda, GapAsked, GapIn};
use super::policy::Policy;
use super::ports::{
    AppointmentDetails, AppointmentStore, DoctorAgenda, InsertError, NewAppointment, NoOffer, PatientIs,
};
use super::watch_reads::WatchReads;
use super::who_comes::{Reachable, WhoComes};
use crate::domain::{Appointment, Mark, Offer};

const TRIES: usize = 3;

/// Somebody stands at the front desk without an appointment.
#[derive(Debug, Clone)]
pub struct WalkIn {
    /// Where.
    pub clinic: ClinicId,
    /// Who is to see them.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// Who it is; nobody has to tell an address or a number.
    pub whom: Whom,
    /// What the doctor should know.
    pub notes: Option<String>,
    /// Leave to go beyond the doctor's hours, with its reason.
    pub outside_hours: Option<String>,
}

/// Takes in who comes without an appointment: the earliest time of the day that nobody has becomes a visit, and the
/// patient waits for it in the queue.
pub struct ReceiveWalkIn {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who comes.
    pub who: WhoComes,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// Where there is time.
    pub desk: Arc<dyn DeskAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReceiveWalkIn {
    /// Takes them in, or changes nothing. No letter is written: they are here.
    ///
    /// # Errors
    /// See [`BookError`]; [`BookError::DayFull`] when nothing is left of the day.
    pub async fn run(
        &self,
        caller: &Caller,
        walk_in: WalkIn,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, BookError> {
        if !Policy::is_team(caller) || !Policy::books_with(caller, walk_in.doctor, walk_in.clinic) {
            return Err(BookError::OthersCalendar);
        }
        let now = self.clock.now();
        let whom = walk_in.whom.clone();
        let comer = self.who.comer(caller, whom, Reachable::NotNeeded, request_id.clone(), now).await?;
        // Between our look and our write somebody may take the time, or change the doctor's hours.
        for _ in 0..TRIES {
            let Some(offer) = self.earliest(&walk_in, now).await?? else {
                return Err(BookError::DayFull { alternatives: self.later(&walk_in, now).await? });
            };
            let (patient, patient_is_new) = self.who.patient(caller, &comer, &offer).await?;
            let (booked, event) = Appointment::book(offer.clone(), patient.id, walk_in.notes.clone(), now);
            let recorded = |event| Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
            // It is today, and it is booked.
            let Ok((appointment, arrived)) = booked.mark(Mark::Arrived, now) else { continue };
            if patient_is_new == PatientIs::Known {
                let shown = AppointmentDetails { appointment: appointment.clone(), patient: patient.clone() };
                self.watch.shown(caller, [&shown], "booking").await?;
            }
            let new = NewAppointment {
                details: AppointmentDetails { appointment, patient },
                patient_is_new,
                booked: recorded(event),
                arrived: Some(recorded(arrived)),
                edition: Some(offer.edition),
                hold: None,
                letter: None,
                once: once.clone(),
            };
            match self.store.insert(&new).await {
                Ok(room) => return Ok(new.details.with_room(room)),
                Err(InsertError::GuestAppeared | InsertError::RulesChanged | InsertError::SlotTaken) => {}
                Err(InsertError::PatientBusy) => return Err(BookError::PatientBusy),
                Err(InsertError::Once(error)) => return Err(error.into()),
                Err(InsertError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("take in a walk-in", "every time found is taken at once");
        Err(restless.of_kind(FailureKind::Contention).into())
    }

    /// The earliest time there is: in the doctor's hours or, where there is leave and it is earlier, outside of them.
    async fn earliest(&self, walk_in: &WalkIn, now: Timestamp) -> Result<Result<Option<Offer>, NoOffer>, PortFailure> {
        let asked = |within| GapAsked {
            doctor: walk_in.doctor,
            visit_type: walk_in.visit_type,
            clinic: walk_in.clinic,
            within,
        };
        let inside = match self.desk.gap(&asked(GapIn::Hours), now).await? {
            Ok(inside) => inside,
            Err(no) => return Ok(Err(no)),
        };
        let Some(reason) = &walk_in.outside_hours else { return Ok(Ok(inside)) };
        let anywhere = match self.desk.gap(&asked(GapIn::Today), now).await? {
            Ok(anywhere) => anywhere,
            Err(no) => return Ok(Err(no)),
        };
        Ok(Ok(match (inside, anywhere) {
            (Some(inside), Some(anywhere)) if inside.visit.start <= anywhere.visit.start => Some(inside),
            (_, Some(anywhere)) => Some(Offer { outside_hours: Some(reason.clone()), ..anywhere }),
            (inside, None) => inside,
        }))
    }

    async fn later(&self, walk_in: &WalkIn, now: Timestamp) -> Result<Vec<super::ports::FreeSlot>, PortFailure> {
        let Some(visit_type) = walk_in.visit_type else { return Ok(Vec::new()) };
        self.agenda.next_free(walk_in.doctor, visit_type, now, ALTERNATIVES, now).await
    }
}

#[cfg(test)]
mod tests;
