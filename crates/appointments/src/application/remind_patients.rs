use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{AppointmentId, Clock, PatientId, PortFailure, UserId};

use super::addressees::Addressees;
use super::ports::{AppointmentDetails, Names, Practices};
use super::reminder_ports::{DueReminder, RemindBy, Reminded, Reminder, ReminderBatches, ReminderStore};
use super::wishes::{ReminderWish, Wishes};
use crate::domain::{LeadWindow, Patient, ReminderPlan, Turn, day_of};

/// Visits that are read together.
const PAGE: u32 = 1_000;
/// Visits that are handed on together.
const BATCH: usize = 100;
/// Messages that are posted together.
const AT_ONCE: usize = 20;
/// Visits that one message tells of; on a day with more, several messages do.
pub const MOST_IN_A_MESSAGE: usize = 6;
/// The language of texts to people who have not said theirs.
const UNSAID: &str = "en";

/// What a look has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Visits that were handed on.
    pub due: usize,
    /// Visits that wait: it is night at their clinics, or too soon for a text.
    pub quiet: usize,
    /// Visits whose patients do not wish it, or have just been told.
    pub left_out: usize,
}

/// Looks for patients who are to be reminded. Somebody else writes to them ([`RemindPatients`]), and several at once.
pub struct FindDueReminders {
    /// Who was reminded of what.
    pub store: Arc<dyn ReminderStore>,
    /// Where due visits wait.
    pub batches: Arc<dyn ReminderBatches>,
    /// How people wish to be reminded.
    pub wishes: Arc<dyn Wishes>,
    /// By what way, and how long ahead.
    pub plan: ReminderPlan,
}

impl FindDueReminders {
    /// Hands on what is due at `now`. Nobody's rights are asked for: the installation does it by itself.
    ///
    /// # Errors
    /// When something fails; what was handed on before is done.
    pub async fn run(&self, now: Timestamp) -> Result<Looked, PortFailure> {
        let mut looked = Looked::default();
        for window in self.plan.windows(now) {
            let mut after = None;
            while let Some(page) = self.page(window, after, now).await? {
                for batch in page.due.chunks(BATCH) {
                    let visits: Vec<AppointmentId> = batch.iter().map(|due| due.visit).collect();
                    self.batches.hand_on(window.lead, &visits, now).await?;
                }
                looked.due += page.due.len();
                looked.quiet += page.quiet;
                looked.left_out += page.left_out;
                after = Some(page.last);
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
        for window in self.plan.windows(now) {
            let mut after = None;
            while all.len() < 1_000 {
                let Some(page) = self.page(window, after, now).await? else { break };
                all.extend(page.due.into_iter().map(|due| (window.lead, due)));
                after = Some(page.last);
            }
        }
        all.truncate(1_000);
        Ok(all)
    }

    async fn page(
        &self,
        window: LeadWindow,
        after: Option<(Timestamp, AppointmentId)>,
        now: Timestamp,
    ) -> Result<Option<Page>, PortFailure> {
        let by_text = matches!(self.plan, ReminderPlan::Texts(_));
        let found = self.store.due(window, by_text, after, PAGE).await?;
        let Some(last) = found.last().map(|last| (last.starts_at, last.visit)) else { return Ok(None) };
        let patients: Vec<PatientId> = found.iter().map(|due| due.patient).collect();
        let wishes = wishes_of(self.store.as_ref(), self.wishes.as_ref(), &patients).await?;
        let mut page = Page { due: Vec::new(), quiet: 0, left_out: 0, last };
        for due in found {
            let wish = wishes.of(due.patient);
            let zone = TimeZone::get(&due.time_zone).unwrap_or(TimeZone::UTC);
            let times = (due.starts_at, due.told_at);
            match self.plan.turn(window.lead, times, (wish.quiet, &zone), now) {
                _ if !wanted(&wish, by_text) => page.left_out += 1,
                Turn::Needless => page.left_out += 1,
                Turn::Later => page.quiet += 1,
                Turn::Now => page.due.push(due),
            }
        }
        Ok(Some(page))
    }
}

/// What stands on a page of visits.
struct Page {
    due: Vec<DueReminder>,
    quiet: usize,
    left_out: usize,
    /// Behind this one the next page begins.
    last: (Timestamp, AppointmentId),
}

const fn wanted(wish: &ReminderWish, by_text: bool) -> bool {
    if by_text { wish.by_text } else { wish.by_mail }
}

/// Who looks after patients, and what they wish.
struct Wished {
    accounts: HashMap<PatientId, UserId>,
    wishes: HashMap<UserId, ReminderWish>,
}

impl Wished {
    /// The wish of who looks after the patient the longest; of guests nobody knows one.
    fn of(&self, patient: PatientId) -> ReminderWish {
        self.accounts.get(&patient).and_then(|user| self.wishes.get(user)).copied().unwrap_or_default()
    }
}

async fn wishes_of(
    store: &dyn ReminderStore,
    wishes: &dyn Wishes,
    patients: &[PatientId],
) -> Result<Wished, PortFailure> {
    let accounts = store.accounts_of(patients).await?;
    let mut users: Vec<UserId> = accounts.values().copied().collect();
    users.sort_unstable();
    users.dedup();
    let wishes = if users.is_empty() { HashMap::new() } else { wishes.of(&users).await? };
    Ok(Wished { accounts, wishes })
}

/// Writes to patients whose visits are due: one message for a patient and a day.
pub struct RemindPatients {
    /// Who was reminded of what.
    pub store: Arc<dyn ReminderStore>,
    /// Where letters go.
    pub addressees: Addressees,
    /// What doctors and clinics are called.
    pub practices: Arc<dyn Practices>,
    /// How people wish to be reminded.
    pub wishes: Arc<dyn Wishes>,
    /// By text, and not by mail?
    pub by_text: bool,
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
        let patients: Vec<PatientId> = found.iter().map(|found| found.appointment.patient).collect();
        // Looked at once more: who has just said no is not reminded.
        let wished = wishes_of(self.store.as_ref(), self.wishes.as_ref(), &patients).await?;
        let mut days: BTreeMap<(PatientId, Date), Vec<(AppointmentDetails, Names)>> = BTreeMap::new();
        for details in found {
            let visit = &details.appointment;
            let (Some(doctor), Some(clinic)) = (called.doctors.get(&visit.doctor), called.clinics.get(&visit.clinic))
            else {
                continue;
            };
            if !wanted(&wished.of(visit.patient), self.by_text) {
                continue;
            }
            let names = Names { doctor: doctor.clone(), clinic: clinic.clone(), address: String::new() };
            let day = day_of(visit.visit.start, &visit.time_zone);
            days.entry((visit.patient, day)).or_default().push((details, names));
        }
        let mut reminders = Vec::with_capacity(days.len());
        for mut visits in days.into_values() {
            visits.sort_by_key(|(details, _)| details.appointment.visit.start);
            let Some((first, _)) = visits.first() else { continue };
            // Whom nobody can write to is found again at each look, in case an address is told meanwhile.
            let Some(to) = self.reached_by(&first.patient, &wished).await? else { continue };
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

    async fn reached_by(&self, patient: &Patient, wished: &Wished) -> Result<Option<RemindBy>, PortFailure> {
        if !self.by_text {
            return Ok(self.addressees.in_their_language(patient).await?.map(RemindBy::Mail));
        }
        let Some(number) = patient.international_number() else { return Ok(None) };
        let person = match wished.accounts.get(&patient.id) {
            Some(user) => self.addressees.accounts.person(*user).await?,
            None => None,
        };
        let language = person.map_or_else(|| UNSAID.to_owned(), |person| person.language);
        Ok(Some(RemindBy::Text { number: number.to_owned(), language }))
    }
}

#[cfg(test)]
mod tests;
