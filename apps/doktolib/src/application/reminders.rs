//! What is done of visits by itself.

use std::sync::Arc;

use ::appointments::application::{
    Addressees, DoctorAccounts, FindDueReminders, Practices, RemindPatients, SummariseDays, SweepMissed, Wishes,
};
use ::appointments::domain::{Leads, ReminderPlan, TextLead};
use ::appointments::infrastructure::PgAppointments;
use ::appointments::infrastructure::jobs::{
    FIND_REMINDERS, FIND_TEXT_REMINDERS, FindRemindersTask, QueuedReminders, SEND_REMINDERS, SEND_TEXT_REMINDERS,
    SendRemindersTask, SummariseDaysTask, SweepMissedTask,
};
use platform::jobs::{Jobs, Task, Zones};

use super::Base;
use super::notifications::preferences;
use crate::neighbours::{AuthForAppointments, NotificationsForAppointments};

/// What looks for due visits, and the tasks that do it by themselves.
pub(super) struct Reminders {
    /// By mail.
    pub(super) mails: Arc<FindDueReminders>,
    /// By text.
    pub(super) texts: Arc<FindDueReminders>,
    pub(super) tasks: Vec<Arc<dyn Task>>,
}

pub(super) fn reminders(
    base: &Base,
    store: Arc<PgAppointments>,
    addressees: Addressees,
    practices: Arc<dyn Practices>,
    (leads, text_lead): (Leads, TextLead),
    zones: Arc<dyn Zones>,
) -> Reminders {
    let clock = &base.clock;
    let wishes: Arc<dyn Wishes> = Arc::new(NotificationsForAppointments { preferences: preferences(base) });
    let finding = |plan, name| {
        let batches = Arc::new(QueuedReminders { name, jobs: Jobs::new(base.pool.clone()), clock: clock.clone() });
        Arc::new(FindDueReminders { store: store.clone(), batches, wishes: wishes.clone(), plan })
    };
    let sending = |name, by_text| {
        let remind = RemindPatients {
            store: store.clone(),
            addressees: addressees.clone(),
            practices: practices.clone(),
            wishes: wishes.clone(),
            by_text,
            clock: clock.clone(),
        };
        Arc::new(SendRemindersTask { name, remind: Arc::new(remind) })
    };
    let mails = finding(ReminderPlan::Mails(leads), SEND_REMINDERS);
    let texts = finding(ReminderPlan::Texts(text_lead), SEND_TEXT_REMINDERS);
    let looking = |name, find: &Arc<FindDueReminders>| {
        Arc::new(FindRemindersTask { name, find: find.clone(), clock: clock.clone() })
    };
    let sweep = SweepMissed { visits: store.clone(), store: store.clone(), clock: clock.clone() };
    let accounts: Arc<dyn DoctorAccounts> = Arc::new(AuthForAppointments { users: base.users.clone() });
    let summarise =
        SummariseDays { store: store.clone(), accounts, practices: practices.clone(), clock: clock.clone() };
    let tasks: Vec<Arc<dyn Task>> = vec![
        looking(FIND_REMINDERS, &mails),
        sending(SEND_REMINDERS, false),
        looking(FIND_TEXT_REMINDERS, &texts),
        sending(SEND_TEXT_REMINDERS, true),
        Arc::new(SummariseDaysTask { summarise: Arc::new(summarise), zones: zones.clone(), clock: clock.clone() }),
        Arc::new(SweepMissedTask { sweep: Arc::new(sweep), zones }),
    ];
    Reminders { mails, texts, tasks }
}
