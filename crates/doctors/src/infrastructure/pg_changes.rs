//! Changes of hours together with the visits in their way: one transaction over both slices.
//!
//! The order of locks is that of a booking: the client's key, the visits with their places, then what a change of
//! rules takes (clinic, doctors, first free times), last the audit chains by clinic. So visits are written first and
//! judged by the new rules after that; what these refuse rolls all of it back.

use std::sync::Arc;

use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, PortFailure};
use platform::idempotency;
use platform::pg::{self, Abort};
use platform::signing::mac;
use uuid::Uuid;

use super::busy_in_transaction::BusyInTransaction;
use super::change_rows::{ChangeRow, written};
use super::pg_practice::{PgPractice, Staged, rules_of};
use super::schema::calendar_change;
use super::soonest::lock_soonest;
use super::visit_desk::{Moving, PreparedVisits, VisitDesk};
use crate::application::{
    Affected, ApplyError, CalendarChanges, ChangeError, ChangeOrder, Impact, OnConflict, PracticeChange, Subject,
    UndoOrder, VisitAtStake, VisitOrder,
};
use crate::domain::{
    AffectedVisit, BookedVisit, CalendarChange, ChangeId, ChangedVisit, Rules, Trouble, Undone, VisitTrouble,
};

/// The most changes of a list.
const LISTED: i64 = 100;

/// Changes of hours with their visits in PostgreSQL.
#[derive(Clone)]
pub struct PgChanges {
    practice: PgPractice,
    busy: Arc<dyn BusyInTransaction>,
    desk: Arc<dyn VisitDesk>,
}

/// Ends a transaction that was only to look.
enum Looked {
    Seen(Box<Impact>),
    Refused(ChangeError),
}

impl From<PortFailure> for Looked {
    fn from(failure: PortFailure) -> Self {
        Self::Refused(failure.into())
    }
}

impl PgChanges {
    /// Changes hours as `practice` does, asks `busy` what is taken, leaves visits to `desk`.
    #[must_use]
    pub fn new(practice: PgPractice, busy: Arc<dyn BusyInTransaction>, desk: Arc<dyn VisitDesk>) -> Self {
        Self { practice, busy, desk }
    }

    async fn impact(
        &self,
        conn: &mut AsyncPgConnection,
        staged: Staged,
        now: Timestamp,
    ) -> Result<Impact, DieselError> {
        let mut doctors: Vec<Uuid> = staged.affected.iter().map(|one| one.visit.doctor.as_uuid()).collect();
        doctors.sort_unstable();
        doctors.dedup();
        let plan = plan(&staged);
        if doctors.is_empty() {
            return Ok(Impact { plan, ..Impact::default() });
        }
        let after: Vec<Rules> = rules_of(conn, &doctors).await?.into_values().collect();
        let spans = after.iter().map(|rules| rules.bookable_span(now));
        let whole = spans.reduce(|one, two| Interval { start: one.start.min(two.start), end: one.end.max(two.end) });
        let whole = whole.unwrap_or(Interval { start: now, end: Timestamp::MAX }).widened(720, 720);
        let busy = self.busy.busy(conn, &doctors, whole, now).await?;
        let rooms: Vec<Uuid> = after.iter().flat_map(|rules| &rules.resources).map(|one| one.id.as_uuid()).collect();
        let rooms = if rooms.is_empty() { Vec::new() } else { self.busy.resources(conn, &rooms, whole, now).await? };
        let ids: Vec<AppointmentId> = staged.affected.iter().map(|one| one.visit.id).collect();
        let elsewhere = self.desk.elsewhere(conn, &ids).await?;
        let visits = staged.affected.into_iter().map(|affected| {
            let own = elsewhere.iter().filter(|(visit, _)| *visit == affected.visit.id).map(|(_, taken)| *taken);
            VisitAtStake { elsewhere: own.collect(), affected }
        });
        Ok(Impact {
            visits: visits.collect(),
            after,
            busy: busy.into_iter().map(|taken| (taken.doctor, taken.blocked)).collect(),
            resources: rooms.into_iter().map(|taken| (taken.resource, taken.blocked)).collect(),
            plan,
        })
    }

    /// Looks whether the new rules offer the new times of visits that are written already, and whether the change is
    /// the reason for it.
    async fn judged(
        &self,
        conn: &mut AsyncPgConnection,
        staged: &Staged,
        written: &[BookedVisit],
        orders: &[VisitOrder],
        now: Timestamp,
    ) -> Result<Vec<VisitTrouble>, DieselError> {
        if written.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = staged.before.keys().copied().collect();
        let after = rules_of(conn, &ids).await?;
        let mut troubles = Vec::new();
        for visit in written {
            let id = visit.doctor.as_uuid();
            let (Some(before), Some(after)) = (staged.before.get(&id), after.get(&id)) else {
                troubles.push(VisitTrouble::new(visit.id, Trouble::NotAffected));
                continue;
            };
            if before.affected_by(after, std::slice::from_ref(visit)).is_empty() {
                troubles.push(VisitTrouble::new(visit.id, Trouble::NotAffected));
            }
            let target = orders.iter().find_map(|order| match order {
                VisitOrder::Move { visit: id, to, .. } if *id == visit.id => Some(to),
                _ => None,
            });
            let offered = |to| {
                let visit_type = after.visit_type(visit.visit_type);
                visit_type.is_some_and(|offered| after.check(offered, to, now).is_ok())
            };
            if target.is_some_and(|to| !offered(to.starts_at)) {
                troubles.push(VisitTrouble::new(visit.id, Trouble::NotOffered));
            }
        }
        Ok(troubles)
    }

    /// Appends the events of visits and of the rules, each clinic's trail once and in the order of the clinics, so
    /// that rivals never hold each other's.
    async fn announce(
        &self,
        conn: &mut AsyncPgConnection,
        visits: &dyn PreparedVisits,
        but: &[VisitTrouble],
        event: &kernel::Recorded<crate::domain::PracticeEvent>,
    ) -> Result<(), DieselError> {
        let own = kernel::DomainEvent::clinic(&event.event).map(ClinicId::from_uuid);
        let mut clinics = visits.clinics();
        clinics.extend(own);
        clinics.sort_unstable();
        clinics.dedup();
        for clinic in clinics {
            if own == Some(clinic) {
                self.practice.journal.append(conn, event).await?;
            }
            visits.announce(conn, clinic, but).await?;
        }
        Ok(())
    }

    async fn keep(
        &self,
        conn: &mut AsyncPgConnection,
        once: Option<&kernel::Once<CalendarChange>>,
        outcome: &CalendarChange,
        at: Timestamp,
    ) -> Result<(), DieselError> {
        match once {
            Some(once) => idempotency::keep(conn, &self.practice.keys, once, &(once.answer)(outcome), at).await,
            None => Ok(()),
        }
    }
}

/// Names the rules before a change and the visits it hits.
fn plan(staged: &Staged) -> String {
    let mut editions: Vec<(Uuid, i64)> = staged.before.iter().map(|(id, rules)| (*id, rules.edition)).collect();
    editions.sort_unstable();
    let mut parts: Vec<Vec<u8>> =
        editions.iter().map(|(id, edition)| [id.as_bytes().as_slice(), &edition.to_be_bytes()].concat()).collect();
    for AffectedVisit { visit, .. } in &staged.affected {
        let start = visit.visit.start.as_microsecond().to_be_bytes();
        parts.push([visit.id.as_uuid().as_bytes().as_slice(), &start].concat());
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    // Not a secret, so any key will do.
    mac(&[0; 32], &parts)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of(order: &ChangeOrder, visits: Vec<ChangedVisit>, staged: &Staged) -> Result<CalendarChange, DieselError> {
    let PracticeChange { subject, step, event, .. } = &order.change;
    let before = subject.doctor().and_then(|id| staged.before.get(&id.as_uuid()));
    let reversal = step.reversal(before);
    let clinic = kernel::DomainEvent::clinic(&event.event).map(ClinicId::from_uuid);
    let (Some(reversal), Some(clinic)) = (reversal, clinic) else {
        return Err(DieselError::SerializationError("a change that cannot be taken back".into()));
    };
    Ok(CalendarChange {
        id: order.id,
        doctor: subject.doctor(),
        clinic,
        made_at: event.at,
        made_by: order.caller.actor().kind().to_owned(),
        reversal,
        visits,
        undone: None,
    })
}

#[async_trait]
impl CalendarChanges for PgChanges {
    async fn preview(&self, change: &PracticeChange) -> Result<Impact, ChangeError> {
        let looked = pg::transaction(&self.practice.pool, "preview a change of hours", async |conn| {
            let staged = match self.practice.stage(conn, change).await {
                Ok(staged) => staged,
                Err(Abort::Refused(error)) => return pg::refuse::<(), _>(Looked::Refused(error)),
                Err(Abort::Database(error)) => return Err(Abort::Database(error)),
                Err(Abort::Failed(failure)) => return Err(Abort::Failed(failure)),
            };
            let impact = self.impact(conn, staged, change.event.at).await?;
            pg::refuse(Looked::Seen(Box::new(impact)))
        })
        .await;
        match looked {
            Err(Looked::Seen(impact)) => Ok(*impact),
            Err(Looked::Refused(error)) => Err(error),
            Ok(()) => Err(ChangeError::Nothing),
        }
    }

    async fn apply(&self, order: &ChangeOrder) -> Result<CalendarChange, ApplyError> {
        let event = &order.change.event;
        let by = Moving { caller: order.caller.clone(), at: event.at, request_id: event.request_id.clone() };
        let visits = self.desk.prepare(&order.visits, &by).await?.map_err(ApplyError::Visits)?;
        pg::transaction(&self.practice.pool, "change hours and visits", async |conn| {
            if let Some(once) = &order.once {
                idempotency::begin(conn, &self.practice.keys, once).await?;
            }
            let taken = visits.write(conn).await.map_err(wider)?;
            if !taken.is_empty() {
                return pg::refuse(ApplyError::Visits(taken));
            }
            let staged = self.practice.stage(conn, &order.change).await.map_err(wider)?;
            let kept = |id: AppointmentId| {
                order.visits.iter().any(|order| matches!(order, VisitOrder::Keep { visit } if *visit == id))
            };
            let missed: Vec<AffectedVisit> =
                staged.affected.iter().filter(|affected| !kept(affected.visit.id)).cloned().collect();
            if !missed.is_empty() {
                return pg::refuse(ApplyError::Change(ChangeError::Affected(Affected::of(missed))));
            }
            let wrong = self.judged(conn, &staged, &visits.before(), &order.visits, event.at).await?;
            if !wrong.is_empty() {
                return pg::refuse(ApplyError::Visits(wrong));
            }
            let made = of(order, visits.fates(), &staged)?;
            diesel::insert_into(calendar_change::table).values(ChangeRow::of(&made)?).execute(conn).await?;
            let (rooms, own) = (visits.rooms(), order.change.subject.doctor());
            self.practice.soonest.resources_changed(conn, own.as_slice(), &rooms).await?;
            if let Subject::Doctor(id) = order.change.subject {
                self.practice.soonest.rules_changed(conn, id, event.at).await?;
            }
            let mut event = event.clone();
            event.event = event.event.keeping(staged.affected.len());
            self.announce(conn, visits.as_ref(), &[], &event).await?;
            self.keep(conn, order.once.as_ref(), &made, event.at).await?;
            Ok::<_, Abort<ApplyError>>(made)
        })
        .await
        .inspect(|_| visits.count(&[]))
    }

    async fn undo(&self, order: &UndoOrder) -> Result<CalendarChange, ApplyError> {
        let event = &order.event;
        let by = Moving { caller: order.caller.clone(), at: event.at, request_id: event.request_id.clone() };
        let (visits, never) = self.desk.prepare_back(&order.change.visits, &by).await?;
        pg::transaction(&self.practice.pool, "take a change of hours back", async |conn| {
            if let Some(once) = &order.once {
                idempotency::begin(conn, &self.practice.keys, once).await?;
            }
            let row: ChangeRow = calendar_change::table
                .find(order.change.id.as_uuid())
                .select(ChangeRow::as_select())
                .for_update()
                .first(conn)
                .await?;
            let present = row.into_change()?;
            if present.undone.is_some() {
                return Ok(present);
            }
            let taken = visits.write(conn).await.map_err(wider)?;
            let whose = order.change.doctor.map_or(Subject::Clinic(order.change.clinic), Subject::Doctor);
            if let Some(step) = &order.step {
                let back = PracticeChange {
                    subject: whose,
                    step: step.clone(),
                    only_versions: None,
                    on_conflict: OnConflict::Refuse,
                    event: event.clone(),
                    once: None,
                };
                let staged = self.practice.stage(conn, &back).await.map_err(wider)?;
                let fits = |rules: &Rules| order.change.reversal.fits(rules);
                if !staged.before.values().all(fits) {
                    return pg::refuse(ApplyError::ChangedSince);
                }
                if !staged.affected.is_empty() {
                    let affected = Affected::of(staged.affected);
                    return pg::refuse(ApplyError::Change(ChangeError::Affected(affected)));
                }
            }
            let mut doctors: Vec<DoctorId> = visits.before().iter().map(|visit| visit.doctor).collect();
            doctors.extend(whose.doctor());
            doctors.sort_unstable();
            doctors.dedup();
            self.practice.soonest.resources_changed(conn, &doctors, &visits.rooms()).await?;
            lock_soonest(conn, &doctors).await?;
            for doctor in doctors {
                // The first marks the calendar for who shows it live, the second looks at all of it anew.
                self.practice.soonest.calendar_changed(conn, doctor, &[], event.at).await?;
                self.practice.soonest.rules_changed(conn, doctor, event.at).await?;
            }
            let mut left = never.clone();
            left.extend(&taken);
            let undone = CalendarChange { undone: Some(Undone { at: event.at, left: left.clone() }), ..present };
            diesel::update(calendar_change::table.find(undone.id.as_uuid()))
                .set((
                    calendar_change::undone_at.eq(event.at.to_diesel()),
                    calendar_change::undo_left.eq(written(&left)?),
                ))
                .execute(conn)
                .await?;
            self.announce(conn, visits.as_ref(), &taken, event).await?;
            self.keep(conn, order.once.as_ref(), &undone, event.at).await?;
            Ok::<_, Abort<ApplyError>>(undone)
        })
        .await
        .inspect(|undone| {
            if let Some(Undone { at, left }) = &undone.undone
                && *at == event.at
            {
                visits.count(left);
            }
        })
    }

    async fn find(&self, whose: Subject, id: ChangeId) -> Result<Option<CalendarChange>, PortFailure> {
        let row: Option<ChangeRow> = pg::read(&self.practice.pool, "read a change of hours", async |mut conn| {
            calendar_change::table.find(id.as_uuid()).select(ChangeRow::as_select()).first(&mut conn).await.optional()
        })
        .await?;
        let found = row.map(ChangeRow::into_change).transpose();
        let found = found.map_err(|error| pg::failure("read a change of hours", error))?;
        Ok(found.filter(|change| match whose {
            Subject::Doctor(doctor) => change.doctor == Some(doctor),
            Subject::Clinic(clinic) => change.doctor.is_none() && change.clinic == clinic,
        }))
    }

    async fn list(&self, whose: Subject) -> Result<Vec<CalendarChange>, PortFailure> {
        pg::read(&self.practice.pool, "list changes of hours", async |mut conn| {
            let latest = calendar_change::table
                .order((calendar_change::made_at.desc(), calendar_change::id.desc()))
                .limit(LISTED)
                .select(ChangeRow::as_select());
            let rows: Vec<ChangeRow> = match whose {
                Subject::Doctor(id) => {
                    latest.filter(calendar_change::doctor_id.eq(id.as_uuid())).load(&mut conn).await?
                }
                Subject::Clinic(id) => {
                    latest
                        .filter(calendar_change::doctor_id.is_null().and(calendar_change::clinic_id.eq(id.as_uuid())))
                        .load(&mut conn)
                        .await?
                }
            };
            rows.into_iter().map(ChangeRow::into_change).collect()
        })
        .await
    }
}

fn wider(abort: Abort<ChangeError>) -> Abort<ApplyError> {
    match abort {
        Abort::Refused(error) => Abort::Refused(error.into()),
        Abort::Database(error) => Abort::Database(error),
        Abort::Failed(failure) => Abort::Failed(failure),
    }
}

impl From<DieselError> for ApplyError {
    fn from(error: DieselError) -> Self {
        Self::Change(error.into())
    }
}
