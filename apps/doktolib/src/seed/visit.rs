use jiff::Timestamp;
use uuid::Uuid;

use super::agenda::{days, minutes};
use super::dice::Dice;
use super::placing::{Period, Place};
use super::words::{CANCEL_REASONS, NOTES};

/// An appointment.
pub(super) struct Visit {
    pub(super) id: Uuid,
    pub(super) place: Place,
    pub(super) patient_id: Uuid,
    pub(super) status: Status,
    pub(super) notes: Option<&'static str>,
    pub(super) cancel_reason: Option<&'static str>,
    pub(super) reminder_sent: bool,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Booked,
    Arrived,
    Completed,
    Cancelled,
    NoShow,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::NoShow => "no_show",
        }
    }

    /// The row's version: one for the booking and one for each change since.
    pub(super) const fn version(self) -> i64 {
        match self {
            Self::Booked => 1,
            Self::Arrived | Self::Cancelled | Self::NoShow => 2,
            Self::Completed => 3,
        }
    }

    /// What has become of a visit by `now`. `fate` lies below 1000.
    ///
    /// Over: 2.5 % stayed away, the others are completed or cancelled like 80 to 20. To come: a tenth is cancelled.
    fn by(now: Timestamp, place: &Place, fate: i64) -> Self {
        let over = match place.period {
            Period::Past => true,
            Period::Today => place.ends_at <= now,
            Period::Future => false,
        };
        let begun = place.period == Period::Today && place.starts_at <= now;
        match fate {
            0..25 if over => Self::NoShow,
            25..805 if over => Self::Completed,
            25..805 if begun => Self::Arrived,
            805..1000 if over || begun => Self::Cancelled,
            900..1000 => Self::Cancelled,
            _ => Self::Booked,
        }
    }
}

impl Visit {
    /// A visit at `place`. `day_begins` is the present day's first instant at the clinic: nothing is booked
    /// or cancelled after it, so that only the states of the day's own visits depend on the hour of `now`.
    pub(super) fn draw(dice: &mut Dice, place: Place, patient_id: Uuid, day_begins: Timestamp, now: Timestamp) -> Self {
        let booked_before = minutes(dice.between(60, 30 * 24 * 60));
        let created_at = place.starts_at.min(day_begins) - booked_before;
        let id = dice.id(created_at);
        // All throws before the first look at the clock: what is drawn must not depend on it.
        let fate = dice.between(0, 999);
        let notes = Some(dice.pick(&NOTES)).filter(|_| dice.chance(25));
        let reason = dice.pick(&CANCEL_REASONS);
        let cancelled_at = created_at + booked_before / i32::try_from(dice.between(2, 6)).unwrap_or(2);
        let status = Status::by(now, &place, fate);
        let updated_at = match status {
            Status::Booked => created_at,
            Status::Arrived => place.starts_at,
            Status::Completed | Status::NoShow => place.ends_at,
            Status::Cancelled => cancelled_at,
        };
        Self {
            id,
            place,
            patient_id,
            status,
            notes,
            cancel_reason: (status == Status::Cancelled).then_some(reason),
            reminder_sent: place.starts_at <= now && status != Status::Cancelled,
            created_at,
            updated_at,
        }
    }
}

/// How long before the present day the earliest booking may lie: a year back, and a month before that.
pub(super) const OLDEST_BOOKING: jiff::SignedDuration = days(365 + 31);
