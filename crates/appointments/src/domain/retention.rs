use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::{AppointmentId, ClinicId, DomainEvent};
use serde::Serialize;
use uuid::Uuid;

/// How long records of treatment are kept: nothing goes before, whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    years: u16,
}

/// Shorter than the law asks, or longer than anybody lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a number of years from 7 to 100")]
pub struct BadRetention;

impl Default for Retention {
    /// Seven years.
    fn default() -> Self {
        Self { years: 7 }
    }
}

impl Retention {
    /// So many years, 7 to 100.
    ///
    /// # Errors
    /// [`BadRetention`].
    pub const fn new(years: u16) -> Result<Self, BadRetention> {
        if 7 <= years && years <= 100 { Ok(Self { years }) } else { Err(BadRetention) }
    }

    /// In years.
    #[must_use]
    pub const fn years(self) -> u16 {
        self.years
    }

    /// Until when something is kept that ended then.
    #[must_use]
    pub fn kept_until(self, end: Timestamp) -> Timestamp {
        let later = end.to_zoned(TimeZone::UTC).checked_add(i32::from(self.years).years());
        later.map_or(Timestamp::MAX, |later| later.timestamp())
    }

    /// What ended before this instant need not be kept any more.
    #[must_use]
    pub fn over_before(self, now: Timestamp) -> Timestamp {
        let earlier = now.to_zoned(TimeZone::UTC).checked_sub(i32::from(self.years).years());
        earlier.map_or(Timestamp::MIN, |earlier| earlier.timestamp())
    }
}

/// Visits that began before this instant are archived: lists tell of them only when they are asked for dates of then.
#[must_use]
pub fn archived_before(now: Timestamp) -> Timestamp {
    now.to_zoned(TimeZone::UTC).checked_sub(1.year()).map_or(Timestamp::MIN, |earlier| earlier.timestamp())
}

/// A visit is gone for good: its time was over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitPurged {
    /// Which one.
    pub appointment_id: AppointmentId,
    /// Where it was.
    pub clinic_id: ClinicId,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long such records are kept here, in years.
    pub retention_years: u16,
}

impl DomainEvent for VisitPurged {
    fn name(&self) -> &'static str {
        "appointment.purged"
    }

    fn subject(&self) -> Uuid {
        self.appointment_id.as_uuid()
    }

    fn clinic(&self) -> Option<Uuid> {
        Some(self.clinic_id.as_uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_until_later_is_not_over_and_what_was_kept_long_enough_is() {
        let now: Timestamp = "2034-03-01T12:00:00Z".parse().unwrap();
        let kept = Retention::default();
        assert_eq!(kept.over_before(now).to_string(), "2027-03-01T12:00:00Z");
        assert_eq!(kept.kept_until("2027-03-01T12:00:00Z".parse().unwrap()), now);
        // On 29 February as well: a day later rather than earlier.
        assert_eq!(kept.kept_until("2028-02-29T12:00:00Z".parse().unwrap()).to_string(), "2035-02-28T12:00:00Z");
        assert_eq!(Retention::new(6), Err(BadRetention));
        assert_eq!(Retention::new(101), Err(BadRetention));
        assert_eq!(Retention::new(30).unwrap().over_before(now).to_string(), "2004-03-01T12:00:00Z");
        assert_eq!(archived_before(now).to_string(), "2033-03-01T12:00:00Z");
    }
}
