use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Actor, Caller, ClinicId, Clock, Once, OnceError, PatientId, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{Ask, DoctorAgenda, NoOffer, Practices, RequestedStart};
use super::waitlist_ports::{EntryError, NewEntry, OpenTimes, WaitlistStore};
use super::welcome_patient::{WelcomeError, WelcomePatient};
use crate::domain::{BadWindow, WaitlistEntry, Wanted, Window};

/// What somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// For whom; for who is signed in when left out.
    pub patient: Option<PatientId>,
    /// What for.
    pub wanted: Wanted,
    /// When.
    pub window: Window,
}

/// Why somebody is not put in line.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no such patient, or not for this caller.
    #[error("unknown patient")]
    UnknownPatient,
    /// It was not said who waits, and the caller is nobody's patient.
    #[error("nobody is named")]
    Nobody,
    /// There is no such doctor, or not for this caller.
    #[error("unknown doctor")]
    UnknownDoctor,
    /// The doctor does not offer this.
    #[error("unknown visit type")]
    UnknownVisitType,
    /// Nobody of that specialty takes bookings in that city.
    #[error("nobody offers that there")]
    NobodyThere,
    /// Nobody could come then.
    #[error(transparent)]
    BadWindow(#[from] BadWindow),
    /// The patient waits for as much as one may.
    #[error("too many entries")]
    TooMany,
    /// The patient waits for the same already.
    #[error("waits for it already")]
    Already,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Puts a patient in line for a time that is free later.
pub struct JoinWaitlist {
    /// Where entries are kept.
    pub store: Arc<dyn WaitlistStore>,
    /// Who may.
    pub policy: Policy,
    /// Makes a user's own record where there is none yet.
    pub welcome: Arc<WelcomePatient>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// Where doctors work.
    pub practices: Arc<dyn Practices>,
    /// Who works where.
    pub times: Arc<dyn OpenTimes>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl JoinWaitlist {
    /// Puts the patient in line, or changes nothing.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: Wish,
        request_id: Option<String>,
        once: Option<Once<WaitlistEntry>>,
    ) -> Result<WaitlistEntry, JoinError> {
        let now = self.clock.now();
        let patient = self.patient(caller, wish.patient, request_id.clone()).await?;
        let clinics = self.clinics(caller, &wish.wanted, now).await?;
        let window = wish.window.checked(now)?;
        let (entry, joined) = WaitlistEntry::join(patient, wish.wanted, window, clinics, now);
        let joined = Recorded::new(joined, caller.actor(), now).caused_by(request_id);
        let new = NewEntry { entry, joined, once };
        match self.store.join(&new).await {
            Ok(()) => Ok(new.entry),
            Err(EntryError::TooMany) => Err(JoinError::TooMany),
            Err(EntryError::Already) => Err(JoinError::Already),
            Err(EntryError::Once(error)) => Err(error.into()),
            Err(EntryError::Failed(failure)) => Err(failure.into()),
        }
    }

    async fn patient(
        &self,
        caller: &Caller,
        named: Option<PatientId>,
        request_id: Option<String>,
    ) -> Result<PatientId, JoinError> {
        match (named, caller.actor()) {
            (Some(patient), _) if self.policy.books_for(caller, patient).await? => Ok(patient),
            (Some(_), _) => Err(JoinError::UnknownPatient),
            (None, Actor::Patient(user)) => match self.welcome.own(user, request_id).await {
                Ok(own) => Ok(own.id),
                Err(WelcomeError::NobodyKnown | WelcomeError::BadPatient(_)) => Err(JoinError::Nobody),
                Err(WelcomeError::Failed(failure)) => Err(failure.into()),
            },
            (None, _) => Err(JoinError::Nobody),
        }
    }

    /// Where the wanted doctors work: these front desks see the entry. Refuses what nobody offers.
    async fn clinics(&self, caller: &Caller, wanted: &Wanted, now: Timestamp) -> Result<Vec<ClinicId>, JoinError> {
        match wanted {
            Wanted::Doctor { doctor, visit_type } => {
                let start = RequestedStart::Instant(now);
                let ask = Ask { doctor: *doctor, visit_type: *visit_type, start, duration_minutes: None };
                match self.agenda.offer(&ask, now).await? {
                    Err(NoOffer::UnknownDoctor) => return Err(JoinError::UnknownDoctor),
                    Err(NoOffer::UnknownVisitType) => return Err(JoinError::UnknownVisitType),
                    // Whatever else is said of this very instant: there is such a doctor, and such a visit.
                    Ok(_) | Err(_) => {}
                }
                let clinics = self.practices.clinics_of(*doctor).await?;
                if !clinics.iter().any(|clinic| Policy::books_with(caller, *doctor, *clinic)) {
                    return Err(JoinError::UnknownDoctor);
                }
                Ok(clinics)
            }
            Wanted::Specialty { specialty, city } => {
                let places = [(specialty.clone(), city.clone())];
                let found = self.times.doctors_of(&places).await?;
                let doctors: Vec<_> = found.into_iter().flatten().collect();
                if doctors.is_empty() {
                    return Err(JoinError::NobodyThere);
                }
                Ok(self.practices.clinics_of_any(&doctors).await?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kernel::{DoctorId, StoppedClock, UserId};
    use mockall::predicate::{always, eq};

    use super::super::patient_ports::{MockAccounts, MockPatientStore, MockPatientTies};
    use super::super::ports::{MockDoctorAgenda, MockPractices};
    use super::super::test_data::{booked, now};
    use super::super::waitlist_ports::{MockOpenTimes, MockWaitlistStore};
    use super::*;
    use crate::domain::{DAY, EntryState, Weekdays};

    struct Mocks {
        store: MockWaitlistStore,
        ties: MockPatientTies,
        patients: MockPatientStore,
        agenda: MockDoctorAgenda,
        practices: MockPractices,
        times: MockOpenTimes,
    }

    fn mocks() -> Mocks {
        Mocks {
            store: MockWaitlistStore::new(),
            ties: MockPatientTies::new(),
            patients: MockPatientStore::new(),
            agenda: MockDoctorAgenda::new(),
            practices: MockPractices::new(),
            times: MockOpenTimes::new(),
        }
    }

    fn join(mocks: Mocks) -> JoinWaitlist {
        let clock = Arc::new(StoppedClock::at(now()));
        let welcome = WelcomePatient {
            patients: Arc::new(mocks.patients),
            accounts: Arc::new(MockAccounts::new()),
            clock: clock.clone(),
        };
        JoinWaitlist {
            store: Arc::new(mocks.store),
            policy: Policy { ties: Arc::new(mocks.ties) },
            welcome: Arc::new(welcome),
            agenda: Arc::new(mocks.agenda),
            practices: Arc::new(mocks.practices),
            times: Arc::new(mocks.times),
            clock,
        }
    }

    fn with(doctor: DoctorId) -> Wish {
        let window = Window {
            first_day: date(2027, 3, 2),
            last_day: date(2027, 3, 31),
            weekdays: Weekdays::ALL,
            from_minute: 0,
            until_minute: DAY,
        };
        Wish { patient: None, wanted: Wanted::Doctor { doctor, visit_type: None }, window }
    }

    #[tokio::test]
    async fn a_patient_gets_in_line_for_oneself() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        let own = booked().patient;
        let patient = own.id;
        let mut mocks = mocks();
        mocks.patients.expect_own().with(eq(user)).returning(move |_| Ok(Some(own.clone())));
        mocks.agenda.expect_offer().returning(|_, _| Ok(Err(NoOffer::InThePast)));
        mocks.practices.expect_clinics_of().with(eq(doctor)).returning(move |_| Ok(vec![clinic]));
        mocks.store.expect_join().times(1).returning(|_| Ok(()));
        let entry = join(mocks).run(&Caller::patient(user), with(doctor), None, None).await.unwrap();
        assert_eq!((entry.patient, entry.clinics, entry.state), (patient, vec![clinic], EntryState::Waiting));
        assert_eq!((entry.created_at, entry.silent), (now(), 0));
    }

    #[tokio::test]
    async fn nobody_gets_in_line_for_a_stranger_or_without_a_name() {
        let user = UserId::mint();
        let named = Wish { patient: Some(PatientId::mint()), ..with(DoctorId::mint()) };
        for (caller, wish) in [
            (Caller::patient(user), named.clone()),
            (Caller::staff(user, vec![]), named.clone()),
            (Caller::admin(user), with(DoctorId::mint())),
            (Caller::guest(), named),
        ] {
            let mut mocks = mocks();
            mocks.store.expect_join().never();
            mocks.ties.expect_looks_after().returning(|_, _| Ok(false));
            mocks.ties.expect_seen_at().returning(|_, _| Ok(false));
            let refused = join(mocks).run(&caller, wish, None, None).await;
            assert!(matches!(refused, Err(JoinError::UnknownPatient | JoinError::Nobody)), "{caller:?} {refused:?}");
        }
    }

    #[tokio::test]
    async fn a_doctor_nobody_knows_and_one_of_another_clinic_s_calendar_are_the_same_to_a_front_desk() {
        let (doctor, clinic, patient) = (DoctorId::mint(), ClinicId::mint(), PatientId::mint());
        for (known, own, joins) in [(true, clinic, true), (true, ClinicId::mint(), false), (false, clinic, false)] {
            let mut mocks = mocks();
            mocks.ties.expect_seen_at().returning(|_, _| Ok(true));
            let no = if known { NoOffer::InThePast } else { NoOffer::UnknownDoctor };
            mocks.agenda.expect_offer().with(always(), eq(now())).returning(move |_, _| Ok(Err(no.clone())));
            mocks.practices.expect_clinics_of().returning(move |_| Ok(vec![clinic]));
            mocks.store.expect_join().times(usize::from(joins)).returning(|_| Ok(()));
            let wish = Wish { patient: Some(patient), ..with(doctor) };
            match join(mocks).run(&Caller::staff(UserId::mint(), vec![own]), wish, None, None).await {
                Ok(_) => assert!(joins),
                Err(error) => assert!(!joins && matches!(error, JoinError::UnknownDoctor), "{error:?}"),
            }
        }
    }

    #[tokio::test]
    async fn where_nobody_of_the_specialty_works_nobody_waits() {
        let wanted = Wanted::Specialty { specialty: "cardiology".into(), city: "boston".into() };
        for doctors in [vec![], vec![DoctorId::mint()]] {
            let mut mocks = mocks();
            mocks.ties.expect_looks_after().returning(|_, _| Ok(true));
            let there = !doctors.is_empty();
            mocks.times.expect_doctors_of().returning(move |_| Ok(vec![doctors.clone()]));
            mocks.store.expect_join().times(usize::from(there)).returning(|_| Ok(()));
            let clinics = vec![ClinicId::mint(), ClinicId::mint()];
            let known = clinics.clone();
            mocks.practices.expect_clinics_of_any().times(usize::from(there)).returning(move |_| Ok(known.clone()));
            let wish = Wish { patient: Some(PatientId::mint()), wanted: wanted.clone(), ..with(DoctorId::mint()) };
            match join(mocks).run(&Caller::patient(UserId::mint()), wish, None, None).await {
                Ok(entry) => assert!(there && entry.clinics == clinics, "the front desks see who waits"),
                Err(error) => assert!(!there && matches!(error, JoinError::NobodyThere), "{error:?}"),
            }
        }
    }
}
