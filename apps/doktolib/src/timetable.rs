//! What is done at set times, and when.

use appointments::infrastructure::jobs::{
    FIND_REMINDERS, FIND_TEXT_REMINDERS, REMINDER_QUEUE, RETENTION, SUMMARISE_DAYS, SWEEP_MISSED,
};
use files::infrastructure::jobs::{FILE_QUEUE, PURGE, RESCAN, SWEEP};
use platform::jobs::{InZone, Rhythm, Schedule};
use prescriptions::infrastructure::jobs::PURGE_PRESCRIPTIONS;
use reports::infrastructure::jobs::{ANALYTICS, CLEANUP, REPORT_QUEUE};
use webhooks::infrastructure::jobs::TIDY;

use crate::upkeep::{EXPIRE, FORGET, FORGET_RUNS, UPKEEP_QUEUE};

/// Jobs that count, when they are asked to, what they would do.
pub const COUNTS_ONLY: [&str; 1] = [PURGE_PRESCRIPTIONS];

/// Everything that the worker puts into a queue by itself.
#[must_use]
pub fn schedules() -> Vec<Schedule> {
    let upkeep = |name, rhythm, zone| Schedule { name, queue: UPKEEP_QUEUE, rhythm, zone, priority: 10 };
    vec![
        Schedule {
            name: FIND_REMINDERS,
            queue: REMINDER_QUEUE,
            rhythm: Rhythm::hourly(0),
            zone: InZone::Utc,
            priority: 0,
        },
        Schedule {
            name: SUMMARISE_DAYS,
            queue: REMINDER_QUEUE,
            rhythm: Rhythm::daily(7, 0),
            zone: InZone::EachInUse,
            priority: 5,
        },
        Schedule {
            name: FIND_TEXT_REMINDERS,
            queue: REMINDER_QUEUE,
            rhythm: Rhythm::every_minutes(10),
            zone: InZone::Utc,
            priority: 0,
        },
        upkeep(SWEEP_MISSED, Rhythm::daily(3, 0), InZone::EachInUse),
        upkeep(EXPIRE, Rhythm::hourly(5), InZone::Utc),
        upkeep(TIDY, Rhythm::every_minutes(10), InZone::Utc),
        upkeep(FORGET, Rhythm::every_minutes(10), InZone::Utc),
        // After the sweep of what nobody has marked: a date is counted with all its marks.
        Schedule {
            name: ANALYTICS,
            queue: REPORT_QUEUE,
            rhythm: Rhythm::daily(3, 30),
            zone: InZone::EachInUse,
            priority: 20,
        },
        Schedule { name: RESCAN, queue: FILE_QUEUE, rhythm: Rhythm::every_minutes(5), zone: InZone::Utc, priority: 0 },
        upkeep(SWEEP, Rhythm::daily(2, 15), InZone::Utc),
        upkeep(PURGE, Rhythm::daily(2, 45), InZone::Utc),
        upkeep(CLEANUP, Rhythm::on_sundays(4, 45), InZone::Utc),
        upkeep(RETENTION, Rhythm::on_sundays(5, 15), InZone::Utc),
        upkeep(PURGE_PRESCRIPTIONS, Rhythm::on_sundays(5, 15), InZone::Utc),
        upkeep(FORGET_RUNS, Rhythm::on_sundays(4, 15), InZone::Utc),
    ]
}
