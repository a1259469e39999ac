use std::sync::Arc;

use kernel::{Actor, Caller, DoctorId, PortFailure};

use super::patient_ports::PatientStore;
use super::policy::Policy;
use super::ports::Practices;
use super::view_ports::{VisitFilter, VisitPage, VisitPosition, VisitViews, Within};
use super::watch_reads::{Grounds, WatchReads};

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// There is no such calendar, or it is not this caller's to see.
    #[error("no such calendar")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lists visits within the caller's reach.
pub struct ListAppointments {
    /// Visits as they are listed.
    pub views: Arc<dyn VisitViews>,
    /// Whom users look after.
    pub patients: Arc<dyn PatientStore>,
    /// Where doctors work.
    pub practices: Arc<dyn Practices>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
}

impl ListAppointments {
    /// Those the caller reaches: a patient one's own and one's relatives', a doctor the own calendar (all visits of a
    /// patient whose record stands open by emergency access), a front desk its clinics, an administrator all.
    ///
    /// # Errors
    /// See [`ListError`].
    pub async fn run(
        &self,
        caller: &Caller,
        filter: &VisitFilter,
        after: Option<VisitPosition>,
        limit: u32,
    ) -> Result<VisitPage, ListError> {
        if let Some(patient) = filter.patient
            && self.policy.in_emergency(caller, patient, self.watch.clock.now()).await?
        {
            let grounds = (Within::Patients(vec![patient]), Grounds::Emergency);
            return self.page(caller, grounds, filter, after, limit, "list").await;
        }
        let within = match (caller.actor(), caller.profile()) {
            (Actor::Patient(user), _) => {
                let all = self.patients.relatives(user).await?;
                Within::Patients(all.into_iter().map(|relative| relative.patient.id).collect())
            }
            (Actor::Doctor(_), Some(profile)) => Within::Calendar(profile),
            (Actor::Staff(_), _) => Within::Clinics(caller.clinics().to_vec()),
            (Actor::Admin(_), _) => Within::All,
            (Actor::Doctor(_) | Actor::Guest | Actor::LinkHolder(_) | Actor::System, _) => {
                return Err(ListError::NotFound);
            }
        };
        self.page(caller, (within, Grounds::Reach), filter, after, limit, "list").await
    }

    /// The calendar of one doctor, as far as the caller reaches.
    ///
    /// # Errors
    /// See [`ListError`].
    pub async fn calendar(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        filter: VisitFilter,
        after: Option<VisitPosition>,
        limit: u32,
    ) -> Result<VisitPage, ListError> {
        if !self.sees_calendar(caller, doctor).await? {
            return Err(ListError::NotFound);
        }
        let within = match caller.actor() {
            Actor::Staff(_) => Within::Clinics(caller.clinics().to_vec()),
            _ => Within::Calendar(doctor),
        };
        let filter = VisitFilter { doctor: Some(doctor), ..filter };
        self.page(caller, (within, Grounds::Reach), &filter, after, limit, "calendar").await
    }

    /// May the caller see that doctor's calendar? Doctors their own, front desks those of who works at their clinics,
    /// administrators all.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn sees_calendar(&self, caller: &Caller, doctor: DoctorId) -> Result<bool, PortFailure> {
        match caller.actor() {
            Actor::Doctor(_) => Ok(caller.is_doctor(doctor)),
            Actor::Staff(_) => {
                let at = self.practices.clinics_of(doctor).await?;
                Ok(at.iter().any(|clinic| caller.is_staff_of(*clinic)))
            }
            Actor::Admin(_) => Ok(!self.practices.clinics_of(doctor).await?.is_empty()),
            Actor::Patient(_) | Actor::Guest | Actor::LinkHolder(_) | Actor::System => Ok(false),
        }
    }

    async fn page(
        &self,
        caller: &Caller,
        (within, grounds): (Within, Grounds),
        filter: &VisitFilter,
        after: Option<VisitPosition>,
        limit: u32,
        what: &'static str,
    ) -> Result<VisitPage, ListError> {
        let page = self.views.list(&within, filter, after, limit).await?;
        self.watch.shown_by(caller, grounds, &page.visits, what).await?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::patient_ports::MockPatientStore;
    use super::super::ports::MockPractices;
    use super::super::test_data::{booked, policy, unwatched};
    use super::super::view_ports::MockVisitViews;
    use super::*;

    fn list(views: MockVisitViews, practices: MockPractices) -> ListAppointments {
        ListAppointments {
            views: Arc::new(views),
            patients: Arc::new(MockPatientStore::new()),
            practices: Arc::new(practices),
            policy: policy(),
            watch: unwatched(),
        }
    }

    fn empty(expected: Within) -> MockVisitViews {
        let mut views = MockVisitViews::new();
        views
            .expect_list()
            .withf(move |within, _, _, _| *within == expected)
            .times(1)
            .returning(|_, _, _, _| Ok(VisitPage { visits: Vec::new(), next: None }));
        views
    }

    #[tokio::test]
    async fn everybody_looks_within_the_own_reach() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        for (caller, within) in [
            (Caller::doctor(user, doctor, vec![clinic]), Within::Calendar(doctor)),
            (Caller::staff(user, vec![clinic]), Within::Clinics(vec![clinic])),
            (Caller::admin(user), Within::All),
        ] {
            let page = list(empty(within), MockPractices::new()).run(&caller, &VisitFilter::default(), None, 20).await;
            assert!(page.is_ok(), "{page:?}");
        }
        let refused = list(MockVisitViews::new(), MockPractices::new())
            .run(&Caller::guest(), &VisitFilter::default(), None, 20)
            .await;
        assert!(matches!(refused, Err(ListError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_calendar_is_seen_by_its_doctor_and_by_the_front_desk_of_the_doctors_clinics() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        let mut practices = MockPractices::new();
        practices.expect_clinics_of().returning(move |asked| Ok(if asked == doctor { vec![clinic] } else { vec![] }));
        let list = list(MockVisitViews::new(), practices);
        for (caller, sees) in [
            (Caller::doctor(user, doctor, vec![]), true),
            (Caller::doctor(user, DoctorId::mint(), vec![clinic]), false),
            (Caller::staff(user, vec![clinic]), true),
            (Caller::staff(user, vec![ClinicId::mint()]), false),
            (Caller::admin(user), true),
            (Caller::patient(user), false),
        ] {
            assert_eq!(list.sees_calendar(&caller, doctor).await.unwrap(), sees, "{caller:?}");
        }
        assert!(!list.sees_calendar(&Caller::admin(user), DoctorId::mint()).await.unwrap());
    }

    #[tokio::test]
    async fn what_cannot_be_written_down_is_not_shown() {
        let visit = booked();
        let doctor = Caller::doctor(UserId::mint(), visit.appointment.doctor, vec![]);
        let mut views = MockVisitViews::new();
        let page = VisitPage { visits: vec![visit], next: None };
        views.expect_list().returning(move |_, _, _, _| Ok(page.clone()));
        let mut log = super::super::view_ports::MockAccessLog::new();
        log.expect_record().times(1).returning(|_| Err(PortFailure::new("write", "away")));
        let mut list = list(views, MockPractices::new());
        list.watch.log = Arc::new(log);
        let refused = list.run(&doctor, &VisitFilter::default(), None, 20).await;
        assert!(matches!(refused, Err(ListError::Failed(_))), "{refused:?}");
    }
}
