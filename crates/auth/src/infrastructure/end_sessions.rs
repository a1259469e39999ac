use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{Actor, Recorded, SessionId, UserId};
use platform::http::context;
use platform::journal::Journal;
use uuid::Uuid;

use super::schema::session;
use crate::domain::SessionEvent;

/// Ends every open session of `account` but `except`, in the caller's transaction, so that it holds together with its
/// reason (a changed password, a disabled account); gives how many. `why` is a code of at most 40 characters.
///
/// Call it late: it takes the lock of the audit chain.
///
/// # Errors
/// Of the database; the transaction has to be rolled back then.
pub async fn end_sessions(
    conn: &mut AsyncPgConnection,
    journal: &Journal,
    account: UserId,
    except: Option<SessionId>,
    why: &'static str,
    actor: Actor,
    at: Timestamp,
) -> Result<u64, DieselError> {
    // In one order, so that two who end the same sessions do not wait for each other.
    let open: Vec<Uuid> = session::table
        .filter(session::account_id.eq(account.as_uuid()).and(session::revoked_at.is_null()))
        .filter(session::expires_at.gt(at.to_diesel()))
        .filter(session::id.ne(except.map_or(Uuid::nil(), SessionId::as_uuid)))
        .select(session::id)
        .order(session::id)
        .for_update()
        .load(conn)
        .await?;
    if open.is_empty() {
        return Ok(0);
    }
    let count = end(conn, &open, why, at).await?;
    let event = SessionEvent::AllEnded { account_id: account, except, count, why };
    journal.append(conn, &Recorded::new(event, actor, at).caused_by(context::request_id())).await?;
    Ok(count)
}

/// Marks these as ended; gives how many were still open.
pub(super) async fn end(
    conn: &mut AsyncPgConnection,
    sessions: &[Uuid],
    why: &str,
    at: Timestamp,
) -> Result<u64, DieselError> {
    let open = session::table
        .filter(session::id.eq_any(sessions).and(session::revoked_at.is_null()))
        .filter(session::expires_at.gt(at.to_diesel()));
    let ended = diesel::update(open)
        .set((
            session::revoked_at.eq(at.to_diesel()),
            session::revoked_why.eq(why),
            session::expires_at.eq(at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(ended.try_into().unwrap_or(0))
}
