//! What a change of hours asks of the slice that keeps visits, inside its own transaction.

use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use jiff::Timestamp;
use kernel::{AppointmentId, Caller, ClinicId, Interval, PortFailure, ResourceId};
use platform::pg::Abort;

use crate::application::{ChangeError, VisitOrder};
use crate::domain::{BookedVisit, ChangedVisit, VisitTrouble};

/// Who changes visits, when, and by which request.
#[derive(Debug, Clone)]
pub struct Moving {
    /// Who.
    pub caller: Caller,
    /// When.
    pub at: Timestamp,
    /// The request, for the audit trail.
    pub request_id: Option<String>,
}

/// Changes visits for somebody who changes hours. Another slice knows how.
#[async_trait]
pub trait VisitDesk: Send + Sync {
    /// When the patients of these visits have others, without buffers.
    async fn elsewhere(
        &self,
        conn: &mut AsyncPgConnection,
        visits: &[AppointmentId],
    ) -> Result<Vec<(AppointmentId, Interval)>, DieselError>;

    /// Gets ready to move, cancel and keep visits; writes nothing. Those that cannot be changed so are told.
    async fn prepare(
        &self,
        orders: &[VisitOrder],
        by: &Moving,
    ) -> Result<Result<Box<dyn PreparedVisits>, Vec<VisitTrouble>>, PortFailure>;

    /// Gets ready to put visits back; writes nothing. Those that cannot be put back are left out, and told.
    async fn prepare_back(
        &self,
        visits: &[ChangedVisit],
        by: &Moving,
    ) -> Result<(Box<dyn PreparedVisits>, Vec<VisitTrouble>), PortFailure>;
}

/// Changes of visits that are ready to be written.
#[async_trait]
pub trait PreparedVisits: Send + Sync {
    /// The visits that are moved or cancelled, as they are booked before.
    fn before(&self) -> Vec<BookedVisit>;

    /// What becomes of all of them, those that stay as they are included.
    fn fates(&self) -> Vec<ChangedVisit>;

    /// The clinics whose audit trails tell of it.
    fn clinics(&self) -> Vec<ClinicId>;

    /// Writes them, under the locks of a move. A visit whose new place is taken is not written, and told.
    async fn write(&self, conn: &mut AsyncPgConnection) -> Result<Vec<VisitTrouble>, Abort<ChangeError>>;

    /// The rooms and devices that were taken or freed by [`PreparedVisits::write`], and when.
    fn rooms(&self) -> Vec<(ResourceId, Interval)>;

    /// Appends the events about this clinic's visits to its trail, and posts the letters; `but` were not written.
    /// Late: it takes the chain.
    async fn announce(
        &self,
        conn: &mut AsyncPgConnection,
        clinic: ClinicId,
        but: &[VisitTrouble],
    ) -> Result<(), DieselError>;

    /// Counts what has been changed, after the commit; `but` were not written.
    fn count(&self, but: &[VisitTrouble]);
}
