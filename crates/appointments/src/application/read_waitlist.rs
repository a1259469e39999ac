use std::sync::Arc;

use kernel::{Actor, AppointmentId, Caller, Clock, DoctorId, PortFailure, Recorded};

use super::patient_ports::PatientStore;
use super::policy::Policy;
use super::view_ports::Within;
use super::waitlist_ports::{EntryPosition, EntryView, WaitlistStore};
use super::watch_reads::{Grounds, WatchReads};
use crate::domain::{WaitlistEntry, WaitlistEntryId, WaitlistEvent, WaitlistOffer};

/// Why there is nothing to see, or to take off.
#[derive(Debug, thiserror::Error)]
pub enum WaitlistError {
    /// There is no such entry or offer, or not for this caller.
    #[error("not found")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows the waitlist as far as a caller reaches, and takes entries off.
pub struct ReadWaitlist {
    /// Where entries are kept.
    pub store: Arc<dyn WaitlistStore>,
    /// Who looks after whom.
    pub patients: Arc<dyn PatientStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReadWaitlist {
    /// A page of entries in the order of the line, perhaps of one doctor: a patient's own and those of whom one looks
    /// after, those for the own time of a doctor, those for the doctors of a front desk's clinics, all.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &self,
        caller: &Caller,
        doctor: Option<DoctorId>,
        after: Option<EntryPosition>,
        limit: u32,
    ) -> Result<(Vec<EntryView>, Option<EntryPosition>), PortFailure> {
        let within = match (caller.actor(), caller.profile()) {
            (Actor::Patient(user), _) => {
                let relatives = self.patients.relatives(user).await?;
                Within::Patients(relatives.into_iter().map(|relative| relative.patient.id).collect())
            }
            (Actor::Doctor(_), Some(profile)) => Within::Calendar(profile),
            (Actor::Staff(_), _) => Within::Clinics(caller.clinics().to_vec()),
            (Actor::Admin(_) | Actor::System, _) => Within::All,
            (Actor::Doctor(_) | Actor::Guest | Actor::LinkHolder(_), _) => Within::Patients(Vec::new()),
        };
        let mut found = self.store.entries(&within, doctor, after, limit).await?;
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > wanted;
        found.truncate(wanted);
        let shown = found.iter().map(|view| (view.entry.patient, view.offer.as_ref().map(|offer| offer.clinic)));
        self.watch.told(caller, Grounds::Reach, shown.collect(), "waitlist").await?;
        let next = found.last().filter(|_| more).map(|last| (last.entry.created_at, last.entry.id));
        Ok((found, next))
    }

    /// Takes an entry off; its open offer ends. Once more changes nothing.
    ///
    /// # Errors
    /// See [`WaitlistError`].
    pub async fn leave(
        &self,
        caller: &Caller,
        id: WaitlistEntryId,
        request_id: Option<String>,
    ) -> Result<(), WaitlistError> {
        let entry = self.store.entry(id).await?.ok_or(WaitlistError::NotFound)?;
        if !self.reaches(caller, &entry).await? {
            return Err(WaitlistError::NotFound);
        }
        if entry.state.is_open() {
            let left = WaitlistEvent::Left { entry_id: id, patient_id: entry.patient };
            let left = Recorded::new(left, caller.actor(), self.clock.now()).caused_by(request_id);
            self.store.leave(&left).await?;
        }
        Ok(())
    }

    /// One offer, as it stands.
    ///
    /// # Errors
    /// See [`WaitlistError`].
    pub async fn offer(&self, caller: &Caller, id: AppointmentId) -> Result<WaitlistOffer, WaitlistError> {
        if !Policy::could_reach(caller, id) {
            return Err(WaitlistError::NotFound);
        }
        let offer = self.store.offer(id).await?.ok_or(WaitlistError::NotFound)?;
        if self.policy.reaches_offer(caller, &offer).await? { Ok(offer) } else { Err(WaitlistError::NotFound) }
    }

    async fn reaches(&self, caller: &Caller, entry: &WaitlistEntry) -> Result<bool, PortFailure> {
        Ok(match caller.actor() {
            Actor::Patient(user) => self.policy.ties.looks_after(user, entry.patient).await?,
            Actor::Doctor(_) => entry.doctor().is_some_and(|doctor| caller.is_doctor(doctor)),
            Actor::Staff(_) => entry.clinics.iter().any(|clinic| caller.is_staff_of(*clinic)),
            Actor::Admin(_) | Actor::System => true,
            Actor::Guest | Actor::LinkHolder(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kernel::{ClinicId, PatientId, StoppedClock, UserId};

    use super::super::patient_ports::{MockPatientStore, MockPatientTies};
    use super::super::test_data::{now, unwatched};
    use super::super::waitlist_ports::MockWaitlistStore;
    use super::*;
    use crate::domain::{DAY, EntryState, Wanted, Weekdays, Window};

    fn entry(doctor: DoctorId, clinic: ClinicId) -> WaitlistEntry {
        let window = Window {
            first_day: date(2027, 3, 2),
            last_day: date(2027, 3, 31),
            weekdays: Weekdays::ALL,
            from_minute: 0,
            until_minute: DAY,
        };
        let wanted = Wanted::Doctor { doctor, visit_type: None };
        WaitlistEntry::join(PatientId::mint(), wanted, window, vec![clinic], now()).0
    }

    fn read(store: MockWaitlistStore, looks_after: bool) -> ReadWaitlist {
        let mut ties = MockPatientTies::new();
        ties.expect_looks_after().returning(move |_, _| Ok(looks_after));
        ReadWaitlist {
            store: Arc::new(store),
            patients: Arc::new(MockPatientStore::new()),
            policy: Policy { ties: Arc::new(ties) },
            watch: unwatched(),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn an_entry_is_taken_off_from_its_own_sides_and_by_nobody_else() {
        let (user, doctor, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        let waits = entry(doctor, clinic);
        for (caller, looks_after, may) in [
            (Caller::patient(user), true, true),
            (Caller::patient(user), false, false),
            (Caller::doctor(user, doctor, vec![]), false, true),
            (Caller::doctor(user, DoctorId::mint(), vec![clinic]), false, false),
            (Caller::staff(user, vec![clinic]), false, true),
            (Caller::staff(user, vec![ClinicId::mint()]), false, false),
            (Caller::admin(user), false, true),
            (Caller::guest(), true, false),
        ] {
            let mut store = MockWaitlistStore::new();
            let found = waits.clone();
            store.expect_entry().returning(move |_| Ok(Some(found.clone())));
            store.expect_leave().times(usize::from(may)).returning(|_| Ok(()));
            let left = read(store, looks_after).leave(&caller, waits.id, None).await;
            assert_eq!(left.is_ok(), may, "{caller:?}");
        }
    }

    #[tokio::test]
    async fn who_waits_no_longer_is_left_as_they_are() {
        for state in [EntryState::Served, EntryState::Left, EntryState::Lapsed] {
            let over = WaitlistEntry { state, ..entry(DoctorId::mint(), ClinicId::mint()) };
            let (mut store, id) = (MockWaitlistStore::new(), over.id);
            store.expect_entry().returning(move |_| Ok(Some(over.clone())));
            store.expect_leave().never();
            assert!(read(store, true).leave(&Caller::patient(UserId::mint()), id, None).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_page_tells_where_the_next_begins_when_there_is_one() {
        for (there, shown, more) in [(3, 2, true), (2, 2, false), (0, 0, false)] {
            let mut store = MockWaitlistStore::new();
            store.expect_entries().withf(|within, _, _, limit| (within, *limit) == (&Within::All, 2)).returning(
                move |_, _, _, _| {
                    let one = || EntryView { entry: entry(DoctorId::mint(), ClinicId::mint()), offer: None };
                    Ok((0..there).map(|_| one()).collect())
                },
            );
            let (page, next) = read(store, false).list(&Caller::system(), None, None, 2).await.unwrap();
            let last = page.last().map(|last| (last.entry.created_at, last.entry.id));
            assert_eq!((page.len(), next), (shown, last.filter(|_| more)));
        }
    }
}
