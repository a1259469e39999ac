//! The one place that decides what a caller may do here; every use case asks it.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Actor, AppointmentId, Caller, ClinicId, DoctorId, PatientId, PortFailure};

use super::patient_ports::PatientTies;
use crate::domain::{Appointment, Series, WaitlistOffer};

/// Who may do what with visits, calendars and patients. What is refused is answered as if it did not exist.
#[derive(Clone)]
pub struct Policy {
    /// How people stand to patients.
    pub ties: Arc<dyn PatientTies>,
}

impl Policy {
    /// Could this caller reach that visit at all? Asked before anything is read: a guest reaches none, and the link of
    /// one visit opens no other.
    #[must_use]
    pub fn could_reach(caller: &Caller, id: AppointmentId) -> bool {
        match caller.actor() {
            Actor::LinkHolder(own) => own == id,
            Actor::Guest => false,
            Actor::Patient(_) | Actor::Doctor(_) | Actor::Staff(_) | Actor::Admin(_) | Actor::System => true,
        }
    }

    /// Whose calendars does this caller book in? A doctor in the own, a front desk at its clinics, patients, guests
    /// and administrators in all.
    #[must_use]
    pub fn books_with(caller: &Caller, doctor: DoctorId, clinic: ClinicId) -> bool {
        match caller.actor() {
            Actor::Guest | Actor::Patient(_) | Actor::Admin(_) => true,
            Actor::Doctor(_) => caller.is_doctor(doctor),
            Actor::Staff(_) => caller.is_staff_of(clinic),
            Actor::LinkHolder(_) | Actor::System => false,
        }
    }

    /// Whom may this caller book for? A patient for oneself and whom one looks after, a doctor for whom there is a
    /// care link with, a front desk for whom its clinics know, an administrator for all.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn books_for(&self, caller: &Caller, patient: PatientId) -> Result<bool, PortFailure> {
        match (caller.actor(), caller.profile()) {
            (Actor::Patient(user), _) => self.ties.looks_after(user, patient).await,
            (Actor::Doctor(_), Some(profile)) => self.ties.care_link(profile, patient).await,
            (Actor::Staff(_), _) => self.ties.seen_at(caller.clinics(), patient).await,
            (Actor::Admin(_), _) => Ok(true),
            (Actor::Doctor(_) | Actor::Guest | Actor::LinkHolder(_) | Actor::System, _) => Ok(false),
        }
    }

    /// Is this caller one who runs calendars, and not one who is treated?
    #[must_use]
    pub const fn is_team(caller: &Caller) -> bool {
        matches!(caller.actor(), Actor::Doctor(_) | Actor::Staff(_) | Actor::Admin(_))
    }

    /// May this caller see, move and call off that visit? A patient those of oneself and of whom one looks after, a
    /// doctor those of the own calendar, a front desk those at its clinics, an administrator all, a link its own while it
    /// lives ([`Appointment::link_opens`]).
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn reaches(&self, caller: &Caller, visit: &Appointment, now: Timestamp) -> Result<bool, PortFailure> {
        match caller.actor() {
            Actor::LinkHolder(own) => Ok(own == visit.id && visit.link_opens(now)),
            Actor::Patient(user) => self.ties.looks_after(user, visit.patient).await,
            Actor::Doctor(_) => Ok(caller.is_doctor(visit.doctor)),
            Actor::Staff(_) => Ok(caller.is_staff_of(visit.clinic)),
            Actor::Admin(_) | Actor::System => Ok(true),
            Actor::Guest => Ok(false),
        }
    }

    /// May this caller see and end that series? The sides of its visits; a front desk of those at its own clinics
    /// ([`Policy::sees_in_series`]).
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn reaches_series(&self, caller: &Caller, series: &Series) -> Result<bool, PortFailure> {
        match caller.actor() {
            Actor::Patient(user) => self.ties.looks_after(user, series.patient).await,
            Actor::Doctor(_) => Ok(caller.is_doctor(series.doctor)),
            Actor::Staff(_) | Actor::Admin(_) | Actor::System => Ok(true),
            Actor::Guest | Actor::LinkHolder(_) => Ok(false),
        }
    }

    /// Are visits at that clinic shown to a caller who reaches the series?
    #[must_use]
    pub fn sees_in_series(caller: &Caller, clinic: ClinicId) -> bool {
        match caller.actor() {
            Actor::Staff(_) => caller.is_staff_of(clinic),
            Actor::Patient(_)
            | Actor::Doctor(_)
            | Actor::Admin(_)
            | Actor::System
            | Actor::Guest
            | Actor::LinkHolder(_) => true,
        }
    }

    /// May this caller see and answer that offer of the waitlist? The same sides as of the visit it may become.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn reaches_offer(&self, caller: &Caller, offer: &WaitlistOffer) -> Result<bool, PortFailure> {
        match caller.actor() {
            Actor::LinkHolder(own) => Ok(own == offer.id),
            Actor::Patient(user) => self.ties.looks_after(user, offer.patient).await,
            Actor::Doctor(_) => Ok(caller.is_doctor(offer.doctor)),
            Actor::Staff(_) => Ok(caller.is_staff_of(offer.clinic)),
            Actor::Admin(_) | Actor::System => Ok(true),
            Actor::Guest => Ok(false),
        }
    }

    /// Does the caller read that patient's record by emergency access? It opens what would be out of reach, for
    /// reading alone.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn in_emergency(&self, caller: &Caller, patient: PatientId, at: Timestamp) -> Result<bool, PortFailure> {
        match caller.profile() {
            Some(profile) => self.ties.in_emergency(profile, patient, at).await,
            None => Ok(false),
        }
    }

    /// By what tie the caller may read the record of that patient: whom one looks after, a care link, a visit at the
    /// front desk's clinics, emergency access. Administrators run the installation and read nobody's record.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn tie(&self, caller: &Caller, patient: PatientId, at: Timestamp) -> Result<Option<Tie>, PortFailure> {
        match (caller.actor(), caller.profile()) {
            (Actor::Patient(user), _) => Ok(self.ties.looks_after(user, patient).await?.then_some(Tie::Care)),
            (Actor::Doctor(_), Some(profile)) => {
                if self.ties.care_link(profile, patient).await? {
                    return Ok(Some(Tie::CareLink));
                }
                Ok(self.ties.in_emergency(profile, patient, at).await?.then_some(Tie::Emergency))
            }
            (Actor::Staff(_), _) => Ok(self.ties.seen_at(caller.clinics(), patient).await?.then_some(Tie::Clinic)),
            (Actor::Doctor(_) | Actor::Admin(_) | Actor::Guest | Actor::LinkHolder(_) | Actor::System, _) => Ok(None),
        }
    }
}

/// What ties a caller to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// It is the caller, or somebody the caller looks after.
    Care,
    /// A visit with the doctor, not called off.
    CareLink,
    /// A visit at a clinic of the front desk.
    Clinic,
    /// Emergency access.
    Emergency,
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::UserId;

    use super::super::patient_ports::MockPatientTies;
    use super::super::test_data::{booked, now};
    use super::*;

    fn policy(looks_after: bool) -> Policy {
        let mut ties = MockPatientTies::new();
        ties.expect_looks_after().returning(move |_, _| Ok(looks_after));
        Policy { ties: Arc::new(ties) }
    }

    #[tokio::test]
    async fn a_visit_is_reached_from_its_own_sides_and_from_no_other() {
        let visit = booked().appointment;
        let user = UserId::mint();
        let elsewhere = vec![ClinicId::mint()];
        for (caller, looks_after, reaches) in [
            (Caller::link_holder(visit.id), false, true),
            (Caller::link_holder(AppointmentId::mint()), true, false),
            (Caller::patient(user), true, true),
            (Caller::patient(user), false, false),
            (Caller::doctor(user, visit.doctor, elsewhere.clone()), false, true),
            (Caller::doctor(user, DoctorId::mint(), vec![visit.clinic]), true, false),
            (Caller::staff(user, vec![visit.clinic]), false, true),
            (Caller::staff(user, elsewhere), true, false),
            (Caller::admin(user), false, true),
            (Caller::system(), false, true),
            (Caller::guest(), true, false),
        ] {
            let found = policy(looks_after).reaches(&caller, &visit, now()).await.unwrap();
            assert_eq!(found, reaches, "{caller:?}, looks after the patient: {looks_after}");
        }
        let late = visit.visit.end + SignedDuration::from_hours(8 * 24);
        let policy = policy(true);
        assert!(!policy.reaches(&Caller::link_holder(visit.id), &visit, late).await.unwrap(), "links die");
        assert!(policy.reaches(&Caller::patient(user), &visit, late).await.unwrap(), "sign-ins do not");
    }

    #[test]
    fn a_guest_and_the_link_of_another_visit_are_turned_away_before_anything_is_read() {
        let id = AppointmentId::mint();
        assert!(!Policy::could_reach(&Caller::guest(), id));
        assert!(!Policy::could_reach(&Caller::link_holder(AppointmentId::mint()), id));
        assert!(Policy::could_reach(&Caller::link_holder(id), id));
        assert!(Policy::could_reach(&Caller::patient(UserId::mint()), id));
    }

    #[tokio::test]
    async fn one_books_for_those_one_is_tied_to() {
        let (user, patient, doctor, clinic) = (UserId::mint(), PatientId::mint(), DoctorId::mint(), ClinicId::mint());
        for tied in [true, false] {
            let mut ties = MockPatientTies::new();
            ties.expect_looks_after()
                .withf(move |by, whom| (*by, *whom) == (user, patient))
                .returning(move |_, _| Ok(tied));
            ties.expect_care_link()
                .withf(move |with, whom| (*with, *whom) == (doctor, patient))
                .returning(move |_, _| Ok(tied));
            ties.expect_seen_at()
                .withf(move |at, whom| at == [clinic] && *whom == patient)
                .returning(move |_, _| Ok(tied));
            let policy = Policy { ties: Arc::new(ties) };
            for caller in
                [Caller::patient(user), Caller::doctor(user, doctor, vec![clinic]), Caller::staff(user, vec![clinic])]
            {
                assert_eq!(policy.books_for(&caller, patient).await.unwrap(), tied, "{caller:?}");
            }
            assert!(policy.books_for(&Caller::admin(user), patient).await.unwrap());
            assert!(!policy.books_for(&Caller::guest(), patient).await.unwrap());
        }
    }

    #[test]
    fn doctors_book_in_their_own_calendar_and_front_desks_at_their_clinics() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        let books = |caller: Caller| Policy::books_with(&caller, doctor, clinic);
        assert!(books(Caller::guest()) && books(Caller::patient(user)) && books(Caller::admin(user)));
        assert!(books(Caller::doctor(user, doctor, vec![])) && books(Caller::staff(user, vec![clinic])));
        assert!(!books(Caller::doctor(user, DoctorId::mint(), vec![clinic])));
        assert!(!books(Caller::staff(user, vec![ClinicId::mint()])));
        assert!(!books(Caller::link_holder(AppointmentId::mint())));
    }
}
