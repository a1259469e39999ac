use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel as _;
use kernel::PortFailure;
use platform::pg::{self, PgPool};
use uuid::Uuid;

use super::schema::{attempt, code, refresh_token, session};

/// What is over is kept for so long, for clocks that differ and for limits that look back.
const KEEP: SignedDuration = SignedDuration::from_hours(48);

/// How many rows were forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Sessions, with their tokens.
    pub sessions: usize,
    /// Refresh tokens of sessions that live on.
    pub tokens: usize,
    /// One-time codes.
    pub codes: usize,
    /// Attempts that limits have counted.
    pub attempts: usize,
}

impl Forgotten {
    /// Was any of it a whole batch, so that there may be more?
    #[must_use]
    pub fn is_full(&self, batch: i64) -> bool {
        let most = [self.sessions, self.tokens, self.codes, self.attempts].into_iter().max().unwrap_or(0);
        i64::try_from(most).unwrap_or(0) >= batch
    }
}

/// Forgets at most `batch` rows of each sort that have been over for two days.
///
/// # Errors
/// When the database fails.
pub async fn purge(pool: &PgPool, batch: i64, now: Timestamp) -> Result<Forgotten, PortFailure> {
    let failed = |error| pg::failure("forget what is over", error);
    let before = now.checked_sub(KEEP).unwrap_or(now).to_diesel();
    let mut conn = pg::conn(pool).await?;
    let over: Vec<Uuid> = session::table
        .filter(session::expires_at.lt(before))
        .order(session::expires_at)
        .limit(batch)
        .select(session::id)
        .load(&mut conn)
        .await
        .map_err(failed)?;
    let sessions = diesel::delete(session::table.filter(session::id.eq_any(over).and(session::expires_at.lt(before))))
        .execute(&mut conn)
        .await
        .map_err(failed)?;
    let over: Vec<Vec<u8>> = refresh_token::table
        .filter(refresh_token::expires_at.lt(before))
        .order(refresh_token::expires_at)
        .limit(batch)
        .select(refresh_token::digest)
        .load(&mut conn)
        .await
        .map_err(failed)?;
    let tokens = diesel::delete(refresh_token::table.filter(refresh_token::digest.eq_any(over)))
        .execute(&mut conn)
        .await
        .map_err(failed)?;
    let over: Vec<Uuid> = code::table
        .filter(code::expires_at.lt(before))
        .order(code::expires_at)
        .limit(batch)
        .select(code::id)
        .load(&mut conn)
        .await
        .map_err(failed)?;
    let codes = diesel::delete(code::table.filter(code::id.eq_any(over))).execute(&mut conn).await.map_err(failed)?;
    let over: Vec<Uuid> = attempt::table
        .filter(attempt::at.lt(before))
        .order(attempt::at)
        .limit(batch)
        .select(attempt::id)
        .load(&mut conn)
        .await
        .map_err(failed)?;
    let attempts =
        diesel::delete(attempt::table.filter(attempt::id.eq_any(over))).execute(&mut conn).await.map_err(failed)?;
    Ok(Forgotten { sessions, tokens, codes, attempts })
}
