use std::sync::Arc;

use kernel::{Actor, Caller, PortFailure};

use super::desk_ports::{Known, PatientDesk};
use super::watch_reads::{Grounds, WatchReads};
use crate::domain::{Patient, PatientSearch, SearchError};

/// As many are shown; who is not among them is looked for more exactly.
pub const MOST_FOUND: usize = 20;

/// Why nobody was looked for.
#[derive(Debug, thiserror::Error)]
pub enum SearchPatientsError {
    /// The caller has no patients.
    #[error("the caller has no patients")]
    NotFound,
    /// There is too little to look for.
    #[error(transparent)]
    Unsearchable(#[from] SearchError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Finds patients of a doctor or of a front desk's clinics.
pub struct SearchPatients {
    /// Where they are looked for.
    pub desk: Arc<dyn PatientDesk>,
    /// Writes down who is shown whom.
    pub watch: WatchReads,
}

impl SearchPatients {
    /// Finds up to [`MOST_FOUND`].
    ///
    /// # Errors
    /// See [`SearchPatientsError`].
    pub async fn run(&self, caller: &Caller, search: &PatientSearch) -> Result<Vec<Patient>, SearchPatientsError> {
        let known = known_to(caller).ok_or(SearchPatientsError::NotFound)?;
        let terms = search.terms()?;
        let found = self.desk.search(&known, search, &terms, MOST_FOUND).await?;
        let shown = found.iter().map(|patient| (patient.id, None)).collect();
        self.watch.told(caller, Grounds::Reach, shown, "search").await?;
        Ok(found)
    }
}

/// Whom the caller knows by treating them, or by running the desk where that is done.
pub(super) fn known_to(caller: &Caller) -> Option<Known> {
    match (caller.actor(), caller.profile()) {
        (Actor::Doctor(_), Some(profile)) => Some(Known::ToDoctor(profile)),
        (Actor::Staff(_), _) => Some(Known::AtClinics(caller.clinics().to_vec())),
        (
            Actor::Doctor(_)
            | Actor::Admin(_)
            | Actor::Patient(_)
            | Actor::Guest
            | Actor::LinkHolder(_)
            | Actor::System,
            _,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId, StoppedClock, UserId};

    use super::super::desk_ports::MockPatientDesk;
    use super::super::test_data::{booked, now};
    use super::super::view_ports::MockAccessLog;
    use super::*;

    fn by_name() -> PatientSearch {
        PatientSearch { name: Some("Ada".into()), ..PatientSearch::default() }
    }

    #[tokio::test]
    async fn doctors_look_among_their_patients_and_front_desks_among_their_clinics_and_each_found_is_written_down() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        for (caller, expected) in [
            (Caller::doctor(user, doctor, vec![clinic]), Known::ToDoctor(doctor)),
            (Caller::staff(user, vec![clinic]), Known::AtClinics(vec![clinic])),
        ] {
            let mut desk = MockPatientDesk::new();
            desk.expect_search()
                .withf(move |known, _, terms, _| *known == expected && terms.len() == 1)
                .returning(|_, _, _, _| Ok(vec![booked().patient, booked().patient]));
            let mut log = MockAccessLog::new();
            log.expect_record()
                .withf(|seen| seen.len() == 2 && seen[0].what == "search")
                .times(1)
                .returning(|_| Ok(()));
            let watch = WatchReads { log: Arc::new(log), clock: Arc::new(StoppedClock::at(now())) };
            let found = SearchPatients { desk: Arc::new(desk), watch }.run(&caller, &by_name()).await.unwrap();
            assert_eq!(found.len(), 2);
        }
    }

    #[tokio::test]
    async fn nobody_else_looks_for_patients() {
        for caller in [Caller::admin(UserId::mint()), Caller::patient(UserId::mint()), Caller::guest()] {
            let watch = super::super::test_data::unwatched();
            let refused =
                SearchPatients { desk: Arc::new(MockPatientDesk::new()), watch }.run(&caller, &by_name()).await;
            assert!(matches!(refused, Err(SearchPatientsError::NotFound)), "{refused:?}");
        }
    }
}
