//! What the first free times ask of the slice that keeps visits.

use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use jiff::Timestamp;
use kernel::{DoctorId, Interval, ResourceId};
use uuid::Uuid;

/// A stretch of a doctor's time that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Whose time.
    pub doctor: DoctorId,
    /// From when to when, buffers included.
    pub blocked: Interval,
    /// It is only held: from then on it is free again, without anybody changing anything.
    pub held_until: Option<Timestamp>,
}

/// A stretch in which a room or device is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceTaken {
    /// Which one.
    pub resource: ResourceId,
    /// From when to when, buffers included.
    pub blocked: Interval,
    /// See [`Taken::held_until`].
    pub held_until: Option<Timestamp>,
}

/// Reads what takes doctors' time inside a running transaction. Another slice knows.
#[async_trait]
pub trait BusyInTransaction: Send + Sync {
    /// Each stretch within `span` in which one of the doctors is taken at `now`, buffers included.
    async fn busy(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<Taken>, DieselError>;

    /// Each stretch within `span` in which one of these rooms or devices is taken at `now`, by whomever.
    async fn resources(
        &self,
        conn: &mut AsyncPgConnection,
        resources: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<ResourceTaken>, DieselError>;
}
