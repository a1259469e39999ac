use appointments::application::{ArrangeVisits, Arranged, Arrangement, Arranging, Hindrance, PutBack};
use appointments::domain::Status;
use appointments::infrastructure::{
    Expired, PgAppointments, TakenBy, Written, busy_of, busy_of_many, busy_of_resources, busy_with_resources,
    elsewhere_of, planned_of_many,
};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use doctors::application::{BusyTimes, ChangeError, PatientNames, TakenOfMany, VisitOrder};
use doctors::domain::{BookedVisit, ChangedVisit, Fate, Trouble, VisitTrouble};
use doctors::infrastructure::{
    BookedVisits, BusyInTransaction, Moving, PreparedVisits, ResourceTaken, Taken, VisitDesk,
};
use jiff::Timestamp;
use kernel::{AppointmentId, Caller, ClinicId, DoctorId, Interval, PortFailure, ResourceId};
use platform::pg::{self, Abort, PgPool, refuse};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// What is booked takes a doctor's time.
#[derive(Clone)]
pub struct AppointmentsForDoctors {
    pub(crate) pool: PgPool,
}

#[async_trait]
impl BusyTimes for AppointmentsForDoctors {
    async fn busy(&self, doctor: DoctorId, span: Interval, now: Timestamp) -> Result<Vec<Interval>, PortFailure> {
        pg::read(&self.pool, "read what is booked", async |conn| busy_of(conn, doctor, span, now).await).await
    }

    async fn busy_of_many(
        &self,
        doctors: &[DoctorId],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<(DoctorId, Interval)>, PortFailure> {
        let ids: Vec<Uuid> = doctors.iter().map(|id| id.as_uuid()).collect();
        let taken =
            pg::read(&self.pool, "read what is booked", async |conn| busy_of_many(conn, &ids, span, now).await).await?;
        Ok(taken.into_iter().map(|taken| (taken.doctor, taken.blocked)).collect())
    }

    async fn with_resources(
        &self,
        doctors: &[DoctorId],
        resources: &[ResourceId],
        span: Interval,
        now: Timestamp,
    ) -> Result<TakenOfMany, PortFailure> {
        let found = pg::read(&self.pool, "read what is booked", async |conn| {
            busy_with_resources(conn, doctors, resources, span, now).await
        });
        let (doctors, resources) = found.await?;
        Ok(TakenOfMany { doctors, resources })
    }
}

#[async_trait]
impl BusyInTransaction for AppointmentsForDoctors {
    async fn busy(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<Taken>, DieselError> {
        let taken = busy_of_many(conn, doctors, span, now).await?;
        let in_their_words = |taken: appointments::infrastructure::Taken| Taken {
            doctor: taken.doctor,
            blocked: taken.blocked,
            held_until: taken.held_until,
        };
        Ok(taken.into_iter().map(in_their_words).collect())
    }

    async fn resources(
        &self,
        conn: &mut AsyncPgConnection,
        resources: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<ResourceTaken>, DieselError> {
        let taken = busy_of_resources(conn, resources, span, now).await?;
        let in_their_words = |(resource, blocked, held_until)| ResourceTaken { resource, blocked, held_until };
        Ok(taken.into_iter().map(in_their_words).collect())
    }
}

#[async_trait]
impl BookedVisits for AppointmentsForDoctors {
    async fn booked(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
    ) -> Result<Vec<BookedVisit>, DieselError> {
        let planned = planned_of_many(conn, doctors, span).await?;
        Ok(planned
            .into_iter()
            .map(|planned| BookedVisit {
                id: planned.id,
                doctor: planned.doctor,
                clinic: planned.clinic,
                visit_type: planned.visit_type,
                visit: planned.visit,
            })
            .collect())
    }
}

/// Visits are moved, cancelled and put back when their doctor's hours change.
#[derive(Clone)]
pub struct DeskForDoctors {
    pub(crate) arrange: ArrangeVisits,
    pub(crate) store: PgAppointments,
}

struct Prepared {
    store: PgAppointments,
    visits: Vec<Arranged>,
    /// Made room, and is told with the first announcement.
    expired: Mutex<Expired>,
    /// Were taken or freed.
    rooms: Mutex<Vec<(ResourceId, Interval)>>,
}

impl DeskForDoctors {
    fn ready(&self, visits: Vec<Arranged>) -> Box<dyn PreparedVisits> {
        Box::new(Prepared { store: self.store.clone(), visits, expired: Mutex::default(), rooms: Mutex::default() })
    }
}

impl Prepared {
    fn written<'a>(&'a self, but: &'a [VisitTrouble]) -> impl Iterator<Item = &'a Arranged> {
        self.visits.iter().filter(|visit| but.iter().all(|trouble| trouble.id != visit.before.id))
    }
}

fn troubles(hindered: Vec<(AppointmentId, Hindrance)>) -> Vec<VisitTrouble> {
    let trouble = |(id, hindrance)| {
        VisitTrouble::new(
            id,
            match hindrance {
                Hindrance::NotYours => Trouble::NotYours,
                Hindrance::Begun => Trouble::Begun,
                Hindrance::ChangedSince => Trouble::ChangedSince,
            },
        )
    };
    hindered.into_iter().map(trouble).collect()
}

#[async_trait]
impl VisitDesk for DeskForDoctors {
    async fn elsewhere(
        &self,
        conn: &mut AsyncPgConnection,
        visits: &[AppointmentId],
    ) -> Result<Vec<(AppointmentId, Interval)>, DieselError> {
        elsewhere_of(conn, visits).await
    }

    async fn prepare(
        &self,
        orders: &[VisitOrder],
        by: &Moving,
    ) -> Result<Result<Box<dyn PreparedVisits>, Vec<VisitTrouble>>, PortFailure> {
        let in_their_words = |order: &VisitOrder| match order {
            VisitOrder::Keep { .. } => Arrangement::Keep,
            VisitOrder::Cancel { reason, .. } => Arrangement::Cancel { reason: reason.clone() },
            VisitOrder::Move { to, blocked, time_zone, .. } => Arrangement::Move {
                visit: to.interval(),
                blocked: *blocked,
                clinic: to.clinic,
                time_zone: time_zone.iana_name().unwrap_or("UTC").to_owned(),
            },
        };
        let wishes: Vec<_> = orders.iter().map(|order| (order.visit(), in_their_words(order))).collect();
        let (visits, hindered) = self.arrange.run(arranging(by), &wishes).await?;
        Ok(if hindered.is_empty() { Ok(self.ready(visits)) } else { Err(troubles(hindered)) })
    }

    async fn prepare_back(
        &self,
        visits: &[ChangedVisit],
        by: &Moving,
    ) -> Result<(Box<dyn PreparedVisits>, Vec<VisitTrouble>), PortFailure> {
        let wishes: Vec<_> = visits
            .iter()
            .filter_map(|visit| {
                let moved_to = match visit.fate {
                    Fate::Kept => return None,
                    Fate::Cancelled => None,
                    Fate::Moved { to } => Some(to),
                };
                let (was, was_blocked, time_zone) = (visit.was, visit.was_blocked, visit.time_zone.clone());
                Some((visit.id, PutBack { was, was_blocked, clinic: visit.clinic, time_zone, moved_to }))
            })
            .collect();
        let (visits, hindered) = self.arrange.back(arranging(by), &wishes).await?;
        Ok((self.ready(visits), troubles(hindered)))
    }
}

fn arranging(by: &Moving) -> Arranging<'_> {
    Arranging { caller: &by.caller, now: by.at, request_id: by.request_id.as_deref() }
}

#[async_trait]
impl PreparedVisits for Prepared {
    fn before(&self) -> Vec<BookedVisit> {
        let changed = self.visits.iter().filter(|visit| visit.change.is_some());
        let before = changed.map(|Arranged { before, .. }| BookedVisit {
            id: before.id,
            doctor: before.doctor,
            clinic: before.clinic,
            visit_type: before.visit_type,
            visit: before.visit,
        });
        before.collect()
    }

    fn fates(&self) -> Vec<ChangedVisit> {
        let fate = |Arranged { before, change, .. }: &Arranged| ChangedVisit {
            id: before.id,
            clinic: before.clinic,
            time_zone: before.time_zone.clone(),
            was: before.visit,
            was_blocked: before.blocked,
            fate: match change.as_ref().map(|change| &change.after.appointment) {
                None => Fate::Kept,
                Some(after) if after.status == Status::Cancelled => Fate::Cancelled,
                Some(after) => Fate::Moved { to: after.visit },
            },
        };
        self.visits.iter().map(fate).collect()
    }

    fn clinics(&self) -> Vec<ClinicId> {
        let changed = self.visits.iter().filter_map(|visit| visit.change.as_ref());
        changed.map(|change| change.after.appointment.clinic).collect()
    }

    async fn write(&self, conn: &mut AsyncPgConnection) -> Result<Vec<VisitTrouble>, Abort<ChangeError>> {
        let changes: Vec<_> = self.visits.iter().filter_map(|visit| visit.change.as_ref()).collect();
        let Some(Written { taken, expired, rooms }) = self.store.write_all(conn, &changes).await? else {
            return refuse(ChangeError::Stale);
        };
        *self.expired.lock().unwrap_or_else(PoisonError::into_inner) = expired;
        *self.rooms.lock().unwrap_or_else(PoisonError::into_inner) = rooms;
        let trouble = |(id, taken)| {
            VisitTrouble::new(
                id,
                match taken {
                    TakenBy::Slot => Trouble::SlotTaken,
                    TakenBy::Patient => Trouble::PatientBusy,
                },
            )
        };
        Ok(taken.into_iter().map(trouble).collect())
    }

    fn rooms(&self) -> Vec<(ResourceId, Interval)> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn announce(
        &self,
        conn: &mut AsyncPgConnection,
        clinic: ClinicId,
        but: &[VisitTrouble],
    ) -> Result<(), DieselError> {
        let there =
            |visit: &Arranged| visit.change.as_ref().is_some_and(|change| change.after.appointment.clinic == clinic);
        let visits: Vec<&Arranged> = self.written(but).filter(|visit| there(visit)).collect();
        let expired = std::mem::take(&mut *self.expired.lock().unwrap_or_else(PoisonError::into_inner));
        let now = self.visits.iter().find_map(|visit| visit.change.as_ref()).map(|change| change.event.at);
        self.store.announce_all(conn, &visits, expired, now.unwrap_or_default()).await
    }

    fn count(&self, but: &[VisitTrouble]) {
        let visits: Vec<&Arranged> = self.written(but).collect();
        PgAppointments::count_all(&visits);
    }
}

#[async_trait]
impl PatientNames for DeskForDoctors {
    async fn names(
        &self,
        caller: &Caller,
        visits: &[AppointmentId],
    ) -> Result<Vec<(AppointmentId, String)>, PortFailure> {
        self.arrange.names(caller, visits).await
    }
}
