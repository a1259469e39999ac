use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{AppointmentId, Clock, PatientId, PortFailure};

use super::addressees::Addressees;
use super::ports::{AppointmentDetails, Names, Practices};
use super::reminder_ports::{DueReminder, Reminded, Reminder, ReminderBatches, ReminderStore};
use crate::domain::{LeadWindow, Leads, day_of, is_quiet};

/// Visits that are read together.
const PAGE: u32 = 1_000;
/// Visits that are handed on together.
const BATCH: usize = 100;
/// Messages that are posted together.
const AT_ONCE: usize = 20;
/// Visits that one message tells of; on a day with more, several messages do.
pub const MOST_IN_A_MESSAGE: usize = 6;

/// What a look has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Visits that were handed on.
    pub due: usize,
    /// Visits that wait for the morning, since it is night at their clinics.
    pub quiet: usize,
}

/// Looks for patients who are to be reminded. Somebody else writes to them ([`RemindPatients`]), and several at once.
pub struct FindDueReminders {
    /// Who was reminded of what.
    pub store: Arc<dyn ReminderStore>,
    /// Where due visits wait.
    pub batches: Arc<dyn ReminderBatches>,
    /// How long ahead.
    pub leads: Leads,
}

impl FindDueReminders {
    /// Hands on what is due at `now`. Nobody's rights are asked for: the installation does it by itself.
    ///
    /// # Errors
    /// When something fails; what was handed on before is done.
    pub async fn run(&self, now: Timestamp) -> Result<Looked, PortFailure> {
        let mut looked = Looked::default();
        for window in self.leads.windows(now) {
            let mut after = None;
            while let Some((due, quiet, last)) = self.page(window, after, now).await? {
                for batch in due.chunks(BATCH) {
                    let visits: Vec<AppointmentId> = batch.iter().map(|due| due.visit).collect();
                    self.batches.hand_on(window.lead, &visits, now).await?;
                }
                looked.due += due.len();
                looked.quiet += quiet;
                after = Some(last);
            }
        }
        Ok(looked)
    }

    /// What a run at `now` would hand on, with the hours ahead of each: at most 1,000, the first ones.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn list(&self, now: Timestamp) -> Result<Vec<(u16, DueReminder)>, PortFailure> {
        let mut all = Vec::new();
        for window in self.leads.windows(now) {
            let mut after = None;
            while all.len() < 1_000 {
                let Some((due, _, last)) = self.page(window, after, now).await? else { break };
                all.extend(due.into_iter().map(|due| (window.lead, due)));
                after = Some(last);
            }
        }
        all.truncate(1_000);
        Ok(all)
    }

    /// A page: what is due, how many wait for the morning, and where the next page begins.
    async fn page(
        &self,
        window: LeadWindow,
        after: Option<(Timestamp, AppointmentId)>,
        now: Timestamp,
    ) -> Result<Option<(Vec<DueReminder>, usize, (Timestamp, AppointmentId))>, PortFailure> {
        let found = self.store.due(window, after, PAGE).await?;
        let Some(last) = found.last().map(|last| (last.starts_at, last.visit)) else { return Ok(None) };
        let all = found.len();
        let quiet = |due: &DueReminder| is_quiet(now, &TimeZone::get(&due.time_zone).unwrap_or(TimeZone::UTC));
        let due: Vec<DueReminder> = found.into_iter().filter(|due| !quiet(due)).collect();
        let waiting = all - due.len();
        Ok(Some((due, waiting, last)))
    }
}

/// Writes to patients whose visits are due: one message for a patient and a day.
pub struct RemindPatients {
    /// Who was reminded of what.
    pub store: Arc<dyn ReminderStore>,
    /// Where letters go.
    pub addressees: Addressees,
    /// What doctors and clinics are called.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl RemindPatients {
    /// Reminds of these visits, which were due at `now`, unless it was done meanwhile or they have changed.
    ///
    /// # Errors
    /// When something fails. What was posted before is done; tried again, it is left out.
    pub async fn run(&self, lead: u16, visits: &[AppointmentId], now: Timestamp) -> Result<Reminded, PortFailure> {
        let found = self.store.with_their_days(visits, lead, now).await?;
        let doctors: Vec<_> = found.iter().map(|found| found.appointment.doctor).collect();
        let clinics: Vec<_> = found.iter().map(|found| found.appointment.clinic).collect();
        let called = self.practices.called(&doctors, &clinics).await?;
        let mut days: BTreeMap<(PatientId, Date), Vec<(AppointmentDetails, Names)>> = BTreeMap::new();
        for details in found {
            let visit = &details.appointment;
            let (Some(doctor), Some(clinic)) = (called.doctors.get(&visit.doctor), called.clinics.get(&visit.clinic))
            else {
                continue;
            };
            let names = Names { doctor: doctor.clone(), clinic: clinic.clone(), address: String::new() };
            let day = day_of(visit.visit.start, &visit.time_zone);
            days.entry((visit.patient, day)).or_default().push((details, names));
        }
        let mut reminders = Vec::with_capacity(days.len());
        for mut visits in days.into_values() {
            visits.sort_by_key(|(details, _)| details.appointment.visit.start);
            let Some((first, _)) = visits.first() else { continue };
            // Whom nobody can write to is found again at each look, in case an address is told meanwhile.
            let Some(to) = self.addressees.in_their_language(&first.patient).await? else { continue };
            for visits in visits.chunks(MOST_IN_A_MESSAGE) {
                reminders.push(Reminder { lead, to: to.clone(), visits: visits.to_vec() });
            }
        }
        // Of one clinic beside each other, and few at once: its audit trail is held until they are committed.
        reminders.sort_by_key(|reminder| reminder.visits.first().map(|(first, _)| first.appointment.clinic));
        let mut reminded = Reminded::default();
        for some in reminders.chunks(AT_ONCE) {
            let posted = self.store.post(some, self.clock.now()).await?;
            reminded.messages += posted.messages;
            reminded.visits += posted.visits;
        }
        Ok(reminded)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::SignedDuration;
    use kernel::{ClinicId, DoctorId, StoppedClock};

    use super::super::patient_ports::{MockAccounts, MockPatientStore};
    use super::super::ports::MockPractices;
    use super::super::reminder_ports::{MockReminderBatches, MockReminderStore};
    use super::super::test_data::{booked, now};
    use super::super::view_ports::Called;
    use super::*;

    fn due(details: &AppointmentDetails) -> DueReminder {
        let visit = &details.appointment;
        DueReminder {
            visit: visit.id,
            patient: visit.patient,
            starts_at: visit.visit.start,
            time_zone: visit.time_zone.clone(),
        }
    }

    /// A store in which these visits are due, on one page.
    fn store_with(found: Vec<DueReminder>) -> MockReminderStore {
        let mut store = MockReminderStore::new();
        store.expect_due().returning(move |_, after, _| Ok(if after.is_none() { found.clone() } else { Vec::new() }));
        store
    }

    fn finder(store: MockReminderStore, batches: MockReminderBatches) -> FindDueReminders {
        FindDueReminders { store: Arc::new(store), batches: Arc::new(batches), leads: Leads::default() }
    }

    /// The same patient at another time, with the same people.
    fn at(details: &AppointmentDetails, hours: i64) -> AppointmentDetails {
        let mut other = details.clone();
        other.appointment.id = AppointmentId::mint();
        let step = SignedDuration::from_hours(hours);
        other.appointment.visit.start += step;
        other.appointment.visit.end += step;
        other
    }

    fn writer(found: Vec<AppointmentDetails>, store: MockReminderStore) -> RemindPatients {
        let mut store = store;
        store.expect_with_their_days().returning(move |_, _, _| Ok(found.clone()));
        let mut practices = MockPractices::new();
        practices.expect_called().returning(|doctors: &[DoctorId], clinics: &[ClinicId]| {
            Ok(Called {
                doctors: doctors.iter().map(|id| (*id, "Amara Okafor".to_owned())).collect(),
                clinics: clinics.iter().map(|id| (*id, "Harbor".to_owned())).collect(),
            })
        });
        let mut patients = MockPatientStore::new();
        patients.expect_caretakers().returning(|_| Ok(Vec::new()));
        RemindPatients {
            store: Arc::new(store),
            addressees: Addressees { patients: Arc::new(patients), accounts: Arc::new(MockAccounts::new()) },
            practices: Arc::new(practices),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn due_visits_are_handed_on_in_batches() {
        let found: Vec<DueReminder> = (0..250).map(|_| due(&booked())).collect();
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sizes);
        let mut batches = MockReminderBatches::new();
        batches.expect_hand_on().returning(move |lead, visits, at| {
            assert_eq!((lead, at), (24, now()));
            seen.lock().unwrap().push(visits.len());
            Ok(())
        });
        let looked = finder(store_with(found), batches).run(now() + SignedDuration::ZERO).await;
        // It is six in the morning in Chicago then.
        assert_eq!(looked.unwrap(), Looked { due: 0, quiet: 250 });
        assert!(sizes.lock().unwrap().is_empty());
        let morning = now() + SignedDuration::from_hours(3);
        let found: Vec<DueReminder> = (0..250).map(|_| due(&booked())).collect();
        let seen = Arc::clone(&sizes);
        let mut batches = MockReminderBatches::new();
        batches.expect_hand_on().returning(move |_, visits, _| {
            seen.lock().unwrap().push(visits.len());
            Ok(())
        });
        let finder = finder(store_with(found), batches);
        assert_eq!(finder.run(morning).await.unwrap(), Looked { due: 250, quiet: 0 });
        assert_eq!(*sizes.lock().unwrap(), [100, 100, 50]);
        assert_eq!(finder.list(morning).await.unwrap().len(), 250, "and a look hands nothing on");
        assert_eq!(sizes.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn several_visits_of_a_patient_on_a_day_make_one_message_in_their_order() {
        let (ada, other) = (booked(), booked());
        let mut day = vec![at(&ada, 4), ada.clone(), at(&ada, 24), other];
        day.extend((5..10).map(|hours| at(&ada, hours)));
        let mut store = MockReminderStore::new();
        store.expect_post().once().returning(move |reminders, _| {
            let mut sizes: Vec<usize> = reminders.iter().map(|reminder| reminder.visits.len()).collect();
            sizes.sort_unstable();
            assert_eq!(sizes, [1, 1, 1, 6], "seven on the day, one on the next, one of somebody else");
            for reminder in reminders {
                assert!(reminder.visits.is_sorted_by_key(|(details, _)| details.appointment.visit.start));
                assert_eq!((reminder.to.email.as_str(), reminder.lead), ("ada@example.org", 24));
            }
            Ok(Reminded { messages: 4, visits: 9 })
        });
        let reminded = writer(day, store).run(24, &[ada.appointment.id], now()).await.unwrap();
        assert_eq!(reminded, Reminded { messages: 4, visits: 9 });
    }

    #[tokio::test]
    async fn whom_nobody_can_write_to_is_left_for_the_next_look() {
        let mut nobody = booked();
        nobody.patient.email = None;
        let mut store = MockReminderStore::new();
        store.expect_post().never();
        let reminded = writer(vec![nobody], store).run(24, &[], now()).await.unwrap();
        assert_eq!(reminded, Reminded::default());
    }
}
