use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Where "now" comes from. Domain and application code never ask the system.
pub trait Clock: Send + Sync {
    /// The present instant, cut to whole microseconds, which is what the store keeps.
    fn now(&self) -> Timestamp;
}

/// The machine's clock; the only place that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one adapter that reads the system clock")]
    fn now(&self) -> Timestamp {
        whole_micros(Timestamp::now())
    }
}

/// A clock that stands still until it is told to move; for tests and for rehearsals of a given day.
#[derive(Debug)]
pub struct StoppedClock(Mutex<Timestamp>);

impl StoppedClock {
    /// Stops at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(whole_micros(now)))
    }

    /// Moves the hands by `step`, backwards when it is negative. Saturates at the ends of time.
    pub fn advance(&self, step: SignedDuration) {
        let mut now = self.hands();
        *now = now.saturating_add(step).unwrap_or(*now);
    }

    /// Sets the hands to `now`.
    pub fn set(&self, now: Timestamp) {
        *self.hands() = whole_micros(now);
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        *self.hands()
    }
}

fn whole_micros(instant: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(instant.as_microsecond()).unwrap_or(instant)
}
