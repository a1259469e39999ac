//! What is done of visits by itself.

use std::sync::Arc;

use ::appointments::application::{
    Addressees, DoctorAccounts, FindDueReminders, Practices, RemindPatients, SummariseDays, SweepMissed,
};
use ::appointments::domain::Leads;
use ::appointments::infrastructure::PgAppointments;
use ::appointments::infrastructure::jobs::{
    FindRemindersTask, QueuedReminders, SendRemindersTask, SummariseDaysTask, SweepMissedTask,
};
use platform::jobs::{Jobs, Task, Zones};

use super::Base;
use crate::neighbours::AuthForAppointments;

/// What looks for due visits, and the tasks that do it by themselves.
pub(super) struct Reminders {
    pub(super) find: Arc<FindDueReminders>,
    pub(super) tasks: Vec<Arc<dyn Task>>,
}

pub(super) fn reminders(
    base: &Base,
    store: Arc<PgAppointments>,
    addressees: Addressees,
    practices: Arc<dyn Practices>,
    leads: Leads,
    zones: Arc<dyn Zones>,
) -> Reminders {
    let clock = &base.clock;
    let batches = Arc::new(QueuedReminders { jobs: Jobs::new(base.pool.clone()), clock: clock.clone() });
    let find = Arc::new(FindDueReminders { store: store.clone(), batches, leads });
    let sweep = SweepMissed { visits: store.clone(), store: store.clone(), clock: clock.clone() };
    let accounts: Arc<dyn DoctorAccounts> = Arc::new(AuthForAppointments { users: base.users.clone() });
    let summarise =
        SummariseDays { store: store.clone(), accounts, practices: practices.clone(), clock: clock.clone() };
    let remind = Arc::new(RemindPatients { store, addressees, practices, clock: clock.clone() });
    let tasks: Vec<Arc<dyn Task>> = vec![
        Arc::new(FindRemindersTask { find: find.clone(), clock: clock.clone() }),
        Arc::new(SendRemindersTask { remind }),
        Arc::new(SummariseDaysTask { summarise: Arc::new(summarise), zones: zones.clone(), clock: clock.clone() }),
        Arc::new(SweepMissedTask { sweep: Arc::new(sweep), zones }),
    ];
    Reminders { find, tasks }
}
