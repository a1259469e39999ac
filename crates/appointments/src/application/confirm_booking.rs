use std::sync::Arc;

use kernel::{AppointmentId, Caller, Clock, FailureKind, Once, OnceError, PortFailure, Recorded};

use super::hold_ports::{Claim, HoldCodes, HoldStore, Proven};
use super::ports::{
    AppointmentDetails, AppointmentStore, Ask, DoctorAgenda, InsertError, NewAppointment, NoOffer, PatientIs,
    RequestedStart,
};
use super::visit_letters::VisitLetters;
use crate::domain::{HoldRefusal, Particulars, Patient, PatientError};

const TRIES: usize = 3;

/// Why a guest's hold did not become a visit.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The code is wrong, was used, is too old or dead, or there is no such hold; which of these is not told.
    #[error("wrong code")]
    WrongCode,
    /// The doctor's rules have changed, and offer the time no more.
    #[error(transparent)]
    NotOffered(#[from] NoOffer),
    /// The visit type is for people whom the doctor knows.
    #[error("not open to new patients")]
    NotForNewPatients,
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

impl From<PatientError> for ConfirmError {
    fn from(error: PatientError) -> Self {
        PortFailure::new("read a hold", error).into()
    }
}

impl From<HoldRefusal> for ConfirmError {
    fn from(refusal: HoldRefusal) -> Self {
        match refusal {
            HoldRefusal::Expired => Self::WrongCode,
            HoldRefusal::OfferedNoMore => NoOffer::Outside { rule: "visit-type" }.into(),
        }
    }
}

/// Books what is held for a guest, once the mailed code proves the address. Only now is looked who the guest is, so
/// that nobody learns by somebody else's address whom a doctor knows, or when they are busy.
#[derive(Clone)]
pub struct ConfirmBooking {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Where holds are kept.
    pub holds: Arc<dyn HoldStore>,
    /// Recognises codes.
    pub codes: Arc<dyn HoldCodes>,
    /// What is told by mail.
    pub letters: VisitLetters,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ConfirmBooking {
    /// Books, or changes nothing but the count of wrong tries.
    ///
    /// # Errors
    /// See [`ConfirmError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: AppointmentId,
        code: &str,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, ConfirmError> {
        let now = self.clock.now();
        let proven = self.holds.prove(id, self.codes.digest(id, code), now).await?;
        let Proven { hold, draft } = proven.ok_or(ConfirmError::WrongCode)?;
        let particulars = Particulars { name: draft.name, email: Some(draft.email), ..Particulars::default() };
        let person = Patient { known_by_address: true, ..Patient::take_down(particulars, now)? };
        let ask = Ask {
            doctor: hold.doctor,
            visit_type: Some(hold.visit_type),
            start: RequestedStart::Instant(hold.visit.start),
            duration_minutes: None,
        };

        // Between our look and our write a rival may take down the same guest, or change the doctor's hours.
        for _ in 0..TRIES {
            // The notice was kept when the hold was opened: the rules of today are asked as of then.
            let offer = self.agenda.offer(&ask, hold.opened_at).await??;
            let known = self.store.guest(&person, hold.doctor).await?;
            if !offer.open_to_new_patients && !known.as_ref().is_some_and(|guest| guest.known_to_doctor) {
                return Err(ConfirmError::NotForNewPatients);
            }
            let (patient, patient_is_new) = match known {
                Some(guest) => (guest.patient, PatientIs::Known),
                None => (person.clone(), PatientIs::New),
            };
            let edition = Some(offer.edition);
            let (appointment, event) = hold.confirm(offer, patient.id, draft.notes.clone(), now)?;
            let details = AppointmentDetails { appointment, patient };
            let letter = self.letters.about(caller, &details).await?;
            let new = NewAppointment {
                details,
                patient_is_new,
                booked: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                arrived: None,
                edition,
                hold: Some(Claim::Becomes(id)),
                letter,
                once: once.clone(),
            };
            match self.store.insert(&new).await {
                Ok(room) => return Ok(new.details.with_room(room)),
                Err(InsertError::GuestAppeared | InsertError::RulesChanged) => {}
                // The hold is no more: the same code was faster, or its time is over.
                Err(InsertError::SlotTaken) => return Err(ConfirmError::WrongCode),
                Err(InsertError::PatientBusy) => return Err(ConfirmError::PatientBusy),
                Err(InsertError::Once(error)) => return Err(error.into()),
                Err(InsertError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("confirm a booking", "guest or rules change with every look");
        Err(restless.of_kind(FailureKind::Contention).into())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{Actor, StoppedClock};

    use super::super::addressees::Addressees;
    use super::super::hold_ports::{Draft, MockHoldCodes, MockHoldStore};
    use super::super::patient_ports::{MockAccounts, MockPatientStore};
    use super::super::ports::{KnownGuest, MockAppointmentStore, MockDoctorAgenda, MockPractices, Names};
    use super::super::test_data::{booked, now, offer_like};
    use super::super::visit_letters::MockCalendarFiles;
    use super::*;
    use crate::domain::Room;
    use crate::domain::{Hold, HoldKind, Offer};

    fn offer() -> Offer {
        let visit = booked();
        let time = visit.appointment.visit;
        offer_like(&visit, time)
    }

    /// Opened five minutes ago.
    fn proven(offer: &Offer) -> Proven {
        let opened = now() - SignedDuration::from_mins(5);
        let (hold, _) = Hold::open(offer.clone(), HoldKind::Guest, SignedDuration::from_mins(10), opened);
        let draft =
            Draft { name: "Ada Example".into(), email: "ada@example.org".into(), notes: Some("By wheelchair".into()) };
        Proven { hold, draft }
    }

    struct Mocks {
        store: MockAppointmentStore,
        holds: MockHoldStore,
        agenda: MockDoctorAgenda,
    }

    fn mocks(proven: Option<Proven>) -> Mocks {
        let mut holds = MockHoldStore::new();
        holds
            .expect_prove()
            .withf(|_, digest, at| (*digest, *at) == ([9; 32], now()))
            .times(1)
            .returning(move |_, _, _| Ok(proven.clone()));
        Mocks { store: MockAppointmentStore::new(), holds, agenda: MockDoctorAgenda::new() }
    }

    async fn run(mocks: Mocks, id: AppointmentId) -> Result<AppointmentDetails, ConfirmError> {
        let mut codes = MockHoldCodes::new();
        codes.expect_digest().withf(move |of, code| *of == id && code == "424242").returning(|_, _| [9; 32]);
        let mut practices = MockPractices::new();
        let names = Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "1 Quay".into() };
        practices.expect_names().returning(move |_, _| Ok(Some(names.clone())));
        let mut files = MockCalendarFiles::new();
        files.expect_write().returning(|_, _, _, _, _| String::new());
        let addressees =
            Addressees { patients: Arc::new(MockPatientStore::new()), accounts: Arc::new(MockAccounts::new()) };
        let confirm = ConfirmBooking {
            store: Arc::new(mocks.store),
            holds: Arc::new(mocks.holds),
            codes: Arc::new(codes),
            letters: VisitLetters { addressees, practices: Arc::new(practices), files: Arc::new(files) },
            agenda: Arc::new(mocks.agenda),
            clock: Arc::new(StoppedClock::at(now())),
        };
        confirm.run(&Caller::guest(), id, "424242", None, None).await
    }

    #[tokio::test]
    async fn a_proven_hold_becomes_a_visit_of_the_guest_by_the_rules_as_of_its_opening() {
        let offer = offer();
        let proven = proven(&offer);
        let (id, opened_at) = (proven.hold.id, proven.hold.opened_at);
        let mut mocks = mocks(Some(proven));
        mocks
            .agenda
            .expect_offer()
            .withf(move |_, at| *at == opened_at)
            .times(1)
            .returning(move |_, _| Ok(Ok(Offer { edition: 5, ..offer.clone() })));
        mocks.store.expect_guest().returning(|_, _| Ok(None));
        mocks
            .store
            .expect_insert()
            .withf(move |new| {
                new.hold == Some(Claim::Becomes(id))
                    && new.edition == Some(5)
                    && new.patient_is_new == PatientIs::New
                    && new.details.patient.known_by_address
                    && (new.booked.actor, new.booked.at) == (Actor::Guest, now())
                    && new.letter.as_ref().is_some_and(|letter| letter.email == "ada@example.org")
            })
            .times(1)
            .returning(|_| Ok(Room::Nothing));
        let booked = run(mocks, id).await.unwrap();
        assert_eq!((booked.appointment.id, booked.appointment.version), (id, 2));
        assert_eq!(booked.appointment.notes.as_deref(), Some("By wheelchair"));
    }

    #[tokio::test]
    async fn without_a_right_code_nobody_asks_who_the_guest_is() {
        let mut mocks = mocks(None);
        mocks.store.expect_guest().never();
        mocks.store.expect_insert().never();
        mocks.agenda.expect_offer().never();
        assert!(matches!(run(mocks, AppointmentId::mint()).await, Err(ConfirmError::WrongCode)));
    }

    #[tokio::test]
    async fn a_visit_for_known_patients_is_refused_to_a_stranger_and_booked_for_whom_the_doctor_knows() {
        for known_to_doctor in [false, true] {
            let offer = Offer { open_to_new_patients: false, ..offer() };
            let proven = proven(&offer);
            let id = proven.hold.id;
            let mut mocks = mocks(Some(proven));
            mocks.agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
            let patient = booked().patient;
            mocks
                .store
                .expect_guest()
                .returning(move |_, _| Ok(Some(KnownGuest { patient: patient.clone(), known_to_doctor })));
            mocks.store.expect_insert().times(usize::from(known_to_doctor)).returning(|_| Ok(Room::Nothing));
            match run(mocks, id).await {
                Ok(_) => assert!(known_to_doctor),
                Err(error) => assert!(!known_to_doctor && matches!(error, ConfirmError::NotForNewPatients)),
            }
        }
    }

    #[tokio::test]
    async fn when_the_rules_change_under_it_they_are_asked_again_and_may_refuse() {
        let offer = offer();
        let proven = proven(&offer);
        let id = proven.hold.id;
        let mut mocks = mocks(Some(proven));
        let mut order = mockall::Sequence::new();
        mocks.agenda.expect_offer().times(1).in_sequence(&mut order).returning(move |_, _| Ok(Ok(offer.clone())));
        mocks
            .agenda
            .expect_offer()
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _| Ok(Err(NoOffer::Outside { rule: "time-off" })));
        mocks.store.expect_guest().returning(|_, _| Ok(None));
        mocks.store.expect_insert().times(1).returning(|_| Err(InsertError::RulesChanged));
        let refused = run(mocks, id).await;
        assert!(matches!(refused, Err(ConfirmError::NotOffered(NoOffer::Outside { rule: "time-off" }))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_hold_that_a_rival_has_used_up_is_answered_as_a_wrong_code() {
        for (error, wrong) in [(InsertError::SlotTaken, true), (InsertError::PatientBusy, false)] {
            let offer = offer();
            let proven = proven(&offer);
            let id = proven.hold.id;
            let mut mocks = mocks(Some(proven));
            mocks.agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
            mocks.store.expect_guest().returning(|_, _| Ok(None));
            let error = std::sync::Mutex::new(Some(error));
            mocks.store.expect_insert().times(1).returning(move |_| Err(error.lock().unwrap().take().unwrap()));
            match run(mocks, id).await {
                Err(ConfirmError::WrongCode) => assert!(wrong),
                Err(ConfirmError::PatientBusy) => assert!(!wrong),
                other => panic!("{other:?}"),
            }
        }
    }
}
