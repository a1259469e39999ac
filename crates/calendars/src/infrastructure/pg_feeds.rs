use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{DoctorId, PortFailure, Recorded, UserId};
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::feed;
use crate::application::{FeedStore, StoreFeedError};
use crate::domain::{Details, Feed, FeedEvent, FeedId, MOST_FEEDS, Owner};

/// Feeds in PostgreSQL.
#[derive(Clone)]
pub struct PgFeeds {
    pool: PgPool,
    journal: Journal,
}

impl PgFeeds {
    /// Works through `pool`, writes to `journal`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal) -> Self {
        Self { pool, journal }
    }
}

#[async_trait]
impl FeedStore for PgFeeds {
    async fn open(&self, new: &Feed, digest: [u8; 32], opened: &Recorded<FeedEvent>) -> Result<(), StoreFeedError> {
        pg::transaction(&self.pool, "open a feed", async |conn| {
            // Two at once must not both be the last that fits.
            pg::lock(conn, pg::lock_number(new.owner.as_uuid())).await?;
            let (user, doctor) = columns(new.owner);
            let there: i64 = feed::table
                .filter(feed::user_id.is_not_distinct_from(user).and(feed::doctor_id.is_not_distinct_from(doctor)))
                .count()
                .get_result(conn)
                .await?;
            if usize::try_from(there).unwrap_or(usize::MAX) >= MOST_FEEDS {
                return pg::refuse(StoreFeedError::TooMany);
            }
            diesel::insert_into(feed::table)
                .values((
                    feed::id.eq(new.id.as_uuid()),
                    feed::secret_digest.eq(digest.as_slice()),
                    feed::user_id.eq(user),
                    feed::doctor_id.eq(doctor),
                    feed::details.eq(new.details.word()),
                    feed::language.eq(&new.language),
                    feed::opened_by.eq(new.opened_by.as_uuid()),
                    feed::created_at.eq(new.created_at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            self.journal.append(conn, opened).await?;
            Ok::<_, Abort<StoreFeedError>>(())
        })
        .await
    }

    async fn of(&self, owner: Owner) -> Result<Vec<Feed>, PortFailure> {
        let (user, doctor) = columns(owner);
        pg::read(&self.pool, "list feeds", async |mut conn| {
            let rows: Vec<Row> = feed::table
                .filter(feed::user_id.is_not_distinct_from(user).and(feed::doctor_id.is_not_distinct_from(doctor)))
                .order(feed::id)
                .select(Row::as_select())
                .load(&mut conn)
                .await?;
            rows.into_iter().map(Row::into_feed).collect()
        })
        .await
    }

    async fn close(&self, owner: Owner, id: FeedId, closed: &Recorded<FeedEvent>) -> Result<bool, PortFailure> {
        let (user, doctor) = columns(owner);
        pg::transaction(&self.pool, "close a feed", async |conn| {
            let gone = diesel::delete(feed::table.find(id.as_uuid()))
                .filter(feed::user_id.is_not_distinct_from(user).and(feed::doctor_id.is_not_distinct_from(doctor)))
                .execute(conn)
                .await?;
            if gone == 1 {
                self.journal.append(conn, closed).await?;
            }
            Ok::<_, Abort<PortFailure>>(gone == 1)
        })
        .await
    }

    async fn by_digest(&self, digest: [u8; 32]) -> Result<Option<Feed>, PortFailure> {
        pg::read(&self.pool, "look for a feed", async |mut conn| {
            let row: Option<Row> = feed::table
                .filter(feed::secret_digest.eq(digest.as_slice()))
                .select(Row::as_select())
                .first(&mut conn)
                .await
                .optional()?;
            row.map(Row::into_feed).transpose()
        })
        .await
    }

    async fn used(&self, id: FeedId, at: Timestamp) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "take down the use of a feed", async |conn| {
            diesel::update(feed::table.find(id.as_uuid()))
                .set(feed::last_used_at.eq(at.to_diesel()))
                .execute(conn)
                .await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}

const fn columns(owner: Owner) -> (Option<Uuid>, Option<Uuid>) {
    match owner {
        Owner::User(user) => (Some(user.as_uuid()), None),
        Owner::Doctor(doctor) => (None, Some(doctor.as_uuid())),
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = feed)]
struct Row {
    id: Uuid,
    user_id: Option<Uuid>,
    doctor_id: Option<Uuid>,
    details: String,
    language: String,
    opened_by: Uuid,
    created_at: DbTimestamp,
    last_used_at: Option<DbTimestamp>,
}

impl Row {
    fn into_feed(self) -> Result<Feed, DieselError> {
        let unknown = |what: &str| DieselError::DeserializationError(format!("unknown {what}").into());
        let owner = match (self.user_id, self.doctor_id) {
            (Some(user), _) => Owner::User(UserId::from_uuid(user)),
            (None, Some(doctor)) => Owner::Doctor(DoctorId::from_uuid(doctor)),
            (None, None) => return Err(unknown("owner")),
        };
        Ok(Feed {
            id: FeedId::from_uuid(self.id),
            owner,
            details: Details::from_word(&self.details).ok_or_else(|| unknown("details"))?,
            language: self.language,
            opened_by: UserId::from_uuid(self.opened_by),
            created_at: self.created_at.to_jiff(),
            last_used_at: self.last_used_at.map(DbTimestamp::to_jiff),
        })
    }
}
