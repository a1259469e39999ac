use std::sync::Arc;

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::PortFailure;
use serde_json::json;

use super::{NewJob, Rhythm, enqueue};
use crate::pg::{self, Abort, PgPool};

/// On which wall clocks a schedule is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InZone {
    /// On that of UTC, once for the installation.
    Utc,
    /// On that of each zone in use ([`Zones`]), once for each.
    EachInUse,
}

/// A job that is put into its queue by itself.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Of the job, and of the schedule.
    pub name: &'static str,
    /// Where it goes.
    pub queue: &'static str,
    /// When.
    pub rhythm: Rhythm,
    /// On which clocks. The job's payload tells it: `{"due": …, "zone": …}`.
    pub zone: InZone,
    /// See [`NewJob::priority`].
    pub priority: i16,
}

/// Which wall clocks there are.
#[async_trait]
pub trait Zones: Send + Sync {
    /// The IANA names of those in use.
    async fn in_use(&self) -> Result<Vec<String>, PortFailure>;

    /// The one that the timetable names, or else all in use: for a job that somebody starts by hand.
    async fn named_or_all(&self, named: Option<String>) -> Result<Vec<String>, PortFailure> {
        match named {
            Some(zone) => Ok(vec![zone]),
            None => self.in_use().await,
        }
    }
}

/// A schedule as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleView {
    /// Of the job.
    pub name: String,
    /// IANA zone.
    pub zone: String,
    /// Five fields of `crontab(5)`.
    pub rhythm: String,
    /// When it is due next.
    pub next_at: Timestamp,
    /// When it was due last.
    pub last_at: Option<Timestamp>,
}

/// Puts jobs into their queues when their time has come.
///
/// All processes share one table. Who finds a schedule due holds its row, puts the job in and moves the row to the next
/// time, in one transaction: so it is put in once, however many look. What was missed while nobody looked is made up
/// for once.
#[derive(Clone)]
pub struct Timetable {
    pool: PgPool,
    schedules: Arc<[Schedule]>,
    zones: Arc<dyn Zones>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    zone: String,
    #[diesel(sql_type = Text)]
    rhythm: String,
    #[diesel(sql_type = Timestamptz)]
    next_at: DbTimestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: NullableTimestamp,
}

const LIST: &str = "SELECT name, zone, rhythm, next_at, last_at FROM jobs.schedule WHERE name = ANY ($1)";

impl Timetable {
    /// Of these schedules, on these clocks.
    #[must_use]
    pub fn new(pool: PgPool, schedules: Vec<Schedule>, zones: Arc<dyn Zones>) -> Self {
        Self { pool, schedules: schedules.into(), zones }
    }

    /// What it holds.
    #[must_use]
    pub fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    fn names(&self) -> Vec<&'static str> {
        self.schedules.iter().map(|schedule| schedule.name).collect()
    }

    /// Writes down schedules and zones that are new since the last time, and those whose rhythm has changed: they are
    /// due at their next time from now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prepare(&self, now: Timestamp) -> Result<(), PortFailure> {
        let in_use = self.zones.in_use().await?;
        let mut conn = pg::conn(&self.pool).await?;
        for schedule in self.schedules.iter() {
            let zones = match schedule.zone {
                InZone::Utc => &["UTC".to_owned()][..],
                InZone::EachInUse => &in_use,
            };
            for zone in zones {
                let next = schedule.rhythm.next(now, &clock(zone));
                sql_query(
                    "INSERT INTO jobs.schedule AS s (name, zone, rhythm, next_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (name, zone) DO UPDATE SET rhythm = EXCLUDED.rhythm, next_at = EXCLUDED.next_at
                      WHERE s.rhythm <> EXCLUDED.rhythm",
                )
                .bind::<Text, _>(schedule.name)
                .bind::<Text, _>(zone)
                .bind::<Text, _>(schedule.rhythm.to_string())
                .bind::<Timestamptz, _>(next.to_diesel())
                .execute(&mut conn)
                .await
                .map_err(|error| pg::failure("write down a schedule", error))?;
            }
        }
        Ok(())
    }

    /// Puts the jobs that are due into their queues; gives how many schedules were due.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tick(&self, now: Timestamp) -> Result<usize, PortFailure> {
        let names = self.names();
        pg::transaction(&self.pool, "look for due schedules", async |conn| {
            let due: Vec<Row> = sql_query(format!("{LIST} AND next_at <= $2 ORDER BY next_at FOR UPDATE SKIP LOCKED"))
                .bind::<Array<Text>, _>(&names)
                .bind::<Timestamptz, _>(now.to_diesel())
                .load(conn)
                .await?;
            for row in &due {
                let Some(schedule) = self.schedules.iter().find(|schedule| schedule.name == row.name) else { continue };
                let payload = json!({ "due": row.next_at.to_jiff(), "zone": row.zone });
                let job = NewJob::new(schedule.queue, schedule.name, &payload)?
                    .priority(schedule.priority)
                    .once(format!("schedule/{}/{}", row.name, row.zone));
                enqueue(conn, &job, now).await?;
                sql_query("UPDATE jobs.schedule SET next_at = $3, last_at = next_at WHERE name = $1 AND zone = $2")
                    .bind::<Text, _>(&row.name)
                    .bind::<Text, _>(&row.zone)
                    .bind::<Timestamptz, _>(schedule.rhythm.next(now, &clock(&row.zone)).to_diesel())
                    .execute(conn)
                    .await?;
            }
            Ok::<_, Abort<PortFailure>>(due.len())
        })
        .await
    }

    /// All there are, by name and zone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self) -> Result<Vec<ScheduleView>, PortFailure> {
        let names = self.names();
        let rows: Vec<Row> = pg::read(&self.pool, "list schedules", async |mut conn| {
            sql_query(format!("{LIST} ORDER BY name, zone")).bind::<Array<Text>, _>(&names).load(&mut conn).await
        })
        .await?;
        let view = |row: Row| ScheduleView {
            name: row.name,
            zone: row.zone,
            rhythm: row.rhythm,
            next_at: row.next_at.to_jiff(),
            last_at: row.last_at.to_jiff(),
        };
        Ok(rows.into_iter().map(view).collect())
    }
}

fn clock(zone: &str) -> TimeZone {
    TimeZone::get(zone).unwrap_or(TimeZone::UTC)
}
