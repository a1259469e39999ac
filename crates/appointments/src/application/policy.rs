//! The one place that decides what a caller may do here; every use case asks it.

use std::sync::Arc;

use kernel::{Actor, AppointmentId, Caller, PortFailure};

use super::ports::PatientTies;
use crate::domain::Appointment;

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

    /// May this caller see, move and call off that visit? A patient those of oneself and of whom one looks after, a
    /// doctor those of the own calendar, a front desk those at its clinics, an administrator all, a link its own.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn reaches(&self, caller: &Caller, visit: &Appointment) -> Result<bool, PortFailure> {
        match caller.actor() {
            Actor::LinkHolder(own) => Ok(own == visit.id),
            Actor::Patient(user) => self.ties.looks_after(user, visit.patient).await,
            Actor::Doctor(_) => Ok(caller.is_doctor(visit.doctor)),
            Actor::Staff(_) => Ok(caller.is_staff_of(visit.clinic)),
            Actor::Admin(_) | Actor::System => Ok(true),
            Actor::Guest => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId, UserId};

    use super::super::ports::MockPatientTies;
    use super::super::test_data::booked;
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
            let found = policy(looks_after).reaches(&caller, &visit).await.unwrap();
            assert_eq!(found, reaches, "{caller:?}, looks after the patient: {looks_after}");
        }
    }

    #[test]
    fn a_guest_and_the_link_of_another_visit_are_turned_away_before_anything_is_read() {
        let id = AppointmentId::mint();
        assert!(!Policy::could_reach(&Caller::guest(), id));
        assert!(!Policy::could_reach(&Caller::link_holder(AppointmentId::mint()), id));
        assert!(Policy::could_reach(&Caller::link_holder(id), id));
        assert!(Policy::could_reach(&Caller::patient(UserId::mint()), id));
    }
}
