//! A catalogue on a real database, and what takes its doctors' time.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use diesel::deserialize::QueryableByName;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use doctors::application::{Agendas as _, Criteria, DoctorDirectory as _, Listing, Position, Sort, SortKey};
use doctors::domain::{FirstFree, Rules};
use doctors::infrastructure::{BusyInTransaction, PgAgendas, PgDirectory, ResourceTaken, Soonest, Taken};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{DoctorId, Interval, PortFailure, ResourceId};
use platform::pg::{self, Abort};
use testkit::TestDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

pub struct House {
    pub db: TestDatabase,
    pub owner: Client,
    pub soonest: Soonest,
    pub agendas: PgAgendas,
    pub directory: PgDirectory,
}

/// The kept first free time of a doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub soonest_at: Option<Timestamp>,
    pub blocked: Option<Interval>,
    pub valid_until: Timestamp,
}

impl House {
    pub async fn with_connections(connections: usize) -> Self {
        let db = testkit::database_with(connections).await;
        let owner = pg::client(&db.settings).await.unwrap();
        let soonest = Soonest::new(db.pool.clone(), Arc::new(Booked));
        let directory = PgDirectory::new(db.pool.clone(), soonest.clone());
        Self { agendas: PgAgendas::new(db.pool.clone()), db, owner, soonest, directory }
    }

    /// Clinics 1 and 2: New York, and a half-hour zone with its own days for changing the clocks.
    pub async fn clinics(&self) {
        self.sql(&format!(
            "INSERT INTO doctors.clinic (id, name, address, city, state, time_zone, created_at, updated_at) VALUES
             ('{}', 'East', 'a', 'new-york', 'NY', 'America/New_York', now(), now()),
             ('{}', 'West', 'b', 'los-angeles', 'CA', 'Australia/Lord_Howe', now(), now())",
            id('c', 1),
            id('c', 2)
        ))
        .await;
    }

    /// Doctors `from..=to` of clinic 1 with one visit type of half an hour, weekdays from nine to five.
    pub async fn doctors(&self, from: u32, to: u32) {
        let (doctor, visit) = (numbered('d', "n"), numbered('e', "n"));
        let east = id('c', 1);
        self.sql(&format!(
            "INSERT INTO doctors.doctor (id, clinic_id, specialty, city, first_name, last_name, address, consultation_price, rating,
                    years_experience, bio, languages, offers_in_person, offers_video, search_text, created_at, updated_at)
             SELECT {doctor}, '{east}', (ARRAY['cardiology', 'dermatology', 'pediatrics'])[1 + n % 3],
                    (ARRAY['new-york', 'los-angeles'])[1 + n % 2], 'First' || n, 'Last' || n, 'x', 100 + 10 * (n % 7), 400 + 10 * (n % 5),
                    n % 4, '', CASE n % 4 WHEN 0 THEN ARRAY['en', 'es'] ELSE ARRAY['en'] END, n % 5 <> 0, n % 2 = 0,
                    'first' || n || ' last' || n || (CASE n % 6 WHEN 0 THEN ' heart' ELSE '' END), now(), now()
               FROM generate_series({from}, {to}) n;
             INSERT INTO doctors.visit_type (id, doctor_id, clinic_id, name, mode, duration_minutes, grid_minutes, price_cents, is_default,
                    created_at, updated_at)
             SELECT {visit}, {doctor}, '{east}', 'Consultation', 'in_person', 30, 30, 100, true, now(), now()
               FROM generate_series({from}, {to}) n;
             INSERT INTO doctors.weekly_hours (id, doctor_id, clinic_id, weekday, from_minute, to_minute)
             SELECT gen_random_uuid(), {doctor}, '{east}', day, 540, 1020
               FROM generate_series({from}, {to}) n, generate_series(1, 5) day"
        ))
        .await;
    }

    pub async fn sql(&self, sql: &str) {
        self.owner.batch_execute(sql).await.unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    }

    pub async fn count(&self, from: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
    }

    pub async fn deadlocks(&self) -> i64 {
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        self.owner.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// Changes the calendar by `sql`, and tells it in the same transaction.
    pub async fn calendar(
        &self,
        sql: &str,
        doctor: u32,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<(), PortFailure> {
        pg::transaction(&self.db.pool, "change a calendar", async |conn| {
            conn.batch_execute(sql).await?;
            self.soonest.calendar_changed(conn, doctor_id(doctor), changed, now).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    /// Changes rules by `sql`, and tells it in the same transaction.
    pub async fn rules(&self, sql: &str, doctor: u32, now: Timestamp) -> Result<(), PortFailure> {
        pg::transaction(&self.db.pool, "change rules", async |conn| {
            conn.batch_execute(sql).await?;
            self.soonest.rules_changed(conn, doctor_id(doctor), now).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    pub async fn rules_of(&self, doctor: u32) -> Rules {
        self.agendas.rules(doctor_id(doctor)).await.unwrap().unwrap()
    }

    /// All that is booked or, at `now`, held of a doctor, whenever.
    pub async fn busy(&self, doctor: u32, now: Timestamp) -> Vec<Interval> {
        let all = Interval { start: "1900-01-01T00:00Z".parse().unwrap(), end: "2900-01-01T00:00Z".parse().unwrap() };
        let mut conn = pg::conn(&self.db.pool).await.unwrap();
        let busy = Booked.busy(&mut conn, &[doctor_id(doctor).as_uuid()], all, now).await.unwrap();
        busy.into_iter().map(|taken| taken.blocked).collect()
    }

    /// The first free time as it is when everything is looked at.
    pub async fn worked_out(&self, doctor: u32, now: Timestamp) -> Option<(Timestamp, Interval)> {
        let (rules, busy) = (self.rules_of(doctor).await, self.busy(doctor, now).await);
        first(&rules, &busy, now)
    }

    pub async fn kept(&self) -> BTreeMap<Uuid, Kept> {
        let sql = "SELECT doctor_id, extract(epoch FROM soonest_at)::bigint, extract(epoch FROM blocked_from)::bigint, \
                   extract(epoch FROM blocked_until)::bigint, (extract(epoch FROM valid_until) * 1000000)::bigint FROM doctors.soonest";
        let instant = |second: i64| Timestamp::from_second(second).unwrap();
        let never: Timestamp = "9000-01-01T00:00:00Z".parse().unwrap();
        let rows = self.owner.query(sql, &[]).await.unwrap();
        rows.iter()
            .map(|row| {
                let soonest_at = Some(instant(row.get(1))).filter(|at| *at < never);
                let blocked = soonest_at.map(|_| Interval { start: instant(row.get(2)), end: instant(row.get(3)) });
                let valid_until = Timestamp::from_microsecond(row.get(4)).unwrap();
                (row.get(0), Kept { soonest_at, blocked, valid_until })
            })
            .collect()
    }

    /// All pages of a search, `limit` entries each.
    pub async fn pages(&self, criteria: &Criteria, limit: u32, now: Timestamp) -> Vec<Listing> {
        let mut criteria = Criteria { limit, ..criteria.clone() };
        let mut all = Vec::new();
        loop {
            let page = self.directory.search(&criteria, now).await.unwrap();
            assert!(page.entries.len() <= limit as usize);
            all.extend(page.entries);
            let next: Option<Position<SortKey>> = page.next;
            match next {
                Some(position) => criteria.after = Some(position),
                None => return all,
            }
        }
    }
}

/// What a doctor's first free time is, going by the rules and all that is booked.
pub fn first(rules: &Rules, busy: &[Interval], now: Timestamp) -> Option<(Timestamp, Interval)> {
    let visit_type = rules.default_visit_type()?;
    let FirstFree { slot, .. } = rules.first_free(visit_type, busy, now);
    slot.map(|slot| (slot.starts_at, slot.interval().widened(visit_type.buffer_before, visit_type.buffer_after)))
}

/// Id number `number` of a sort.
pub fn id(sort: char, number: u32) -> Uuid {
    format!("0000000{sort}-0000-7000-8000-{number:012}").parse().unwrap()
}

pub fn doctor_id(number: u32) -> DoctorId {
    DoctorId::from_uuid(id('d', number))
}

/// [`id`] as SQL over a column.
pub fn numbered(sort: char, column: &str) -> String {
    format!("('0000000{sort}-0000-7000-8000-' || lpad({column}::text, 12, '0'))::uuid")
}

pub fn by(sort: Sort) -> Criteria {
    Criteria { sort, limit: 100, ..Criteria::default() }
}

/// A visit whose patient is new; fails when the time is taken, and never waits in a circle with a rival.
pub fn booking(number: u32, doctor: u32, visit: Interval, blocked: Interval) -> String {
    format!(
        "INSERT INTO appointments.patient (id, name, email, created_at) VALUES ('{patient}', '', '', now());
         INSERT INTO appointments.appointment VALUES ('{visit_id}', '{clinic}', '{doctor}', '{patient}', '{patient}', 'video', '{0}', '{1}',
                '{2}', '{3}', 'UTC', 0, 'booked', false, 1, now(), now()) ON CONFLICT DO NOTHING;
         SELECT 1 / count(*) FROM appointments.appointment WHERE id = '{visit_id}'",
        visit.start,
        visit.end,
        blocked.start,
        blocked.end,
        patient = id('b', number),
        visit_id = id('a', number),
        clinic = id('c', 1),
        doctor = doctor_id(doctor),
    )
}

/// Reads the calendar of the other slice's table as the program's own adapter does.
pub struct Booked;

#[derive(QueryableByName)]
struct TakenRow {
    #[diesel(sql_type = SqlUuid)]
    doctor_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    blocked_from: DbTimestamp,
    #[diesel(sql_type = Timestamptz)]
    blocked_until: DbTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    held_until: NullableTimestamp,
}

#[async_trait]
impl BusyInTransaction for Booked {
    async fn busy(
        &self,
        conn: &mut AsyncPgConnection,
        doctors: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<Taken>, DieselError> {
        let sql = "SELECT doctor_id, blocked_from, blocked_until, held_until FROM appointments.appointment \
                   WHERE doctor_id = ANY($1) AND status IN ('booked', 'arrived', 'held') AND blocked_from < $2 \
                   AND blocked_until > $3 AND (held_until IS NULL OR held_until > $4) ORDER BY 1, 2";
        let rows: Vec<TakenRow> = diesel::sql_query(sql)
            .bind::<Array<SqlUuid>, _>(doctors)
            .bind::<Timestamptz, _>(span.end.to_diesel())
            .bind::<Timestamptz, _>(span.start.to_diesel())
            .bind::<Timestamptz, _>(now.to_diesel())
            .load(conn)
            .await?;
        let taken = |row: &TakenRow| Taken {
            doctor: DoctorId::from_uuid(row.doctor_id),
            blocked: Interval { start: row.blocked_from.into(), end: row.blocked_until.into() },
            held_until: row.held_until.to_jiff(),
        };
        Ok(rows.iter().map(taken).collect())
    }

    async fn resources(
        &self,
        conn: &mut AsyncPgConnection,
        resources: &[Uuid],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<ResourceTaken>, DieselError> {
        let sql = "SELECT resource_id AS doctor_id, blocked_from, blocked_until, held_until FROM appointments.appointment \
                   WHERE resource_id = ANY($1) AND status IN ('booked', 'arrived', 'held') AND blocked_from < $2 \
                   AND blocked_until > $3 AND (held_until IS NULL OR held_until > $4)";
        let rows: Vec<TakenRow> = diesel::sql_query(sql)
            .bind::<Array<SqlUuid>, _>(resources)
            .bind::<Timestamptz, _>(span.end.to_diesel())
            .bind::<Timestamptz, _>(span.start.to_diesel())
            .bind::<Timestamptz, _>(now.to_diesel())
            .load(conn)
            .await?;
        let taken = |row: &TakenRow| ResourceTaken {
            resource: ResourceId::from_uuid(row.doctor_id),
            blocked: Interval { start: row.blocked_from.into(), end: row.blocked_until.into() },
            held_until: row.held_until.to_jiff(),
        };
        Ok(rows.iter().map(taken).collect())
    }
}
