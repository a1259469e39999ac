use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, PortFailure, Recorded, SessionId, UserId};
use metrics::counter;
use platform::crypto::Keyring;
use platform::http::context;
use platform::journal::Journal;
use platform::letters::{self, Letter};
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::end_sessions::{end, end_sessions};
use super::schema::{account, refresh_token, session};
use crate::application::{Digest, FoundBy, NewSession, Refreshed, SessionStore};
use crate::domain::{Claim, Client, Life, MOST_SESSIONS, Refresh, Session, SessionEvent};

const CLIENT: &str = "auth.session.client";
const EMAIL: &str = "auth.account.email";
const TOO_MANY: &str = "too_many";
/// The most that are listed; there can be a few more than [`MOST_SESSIONS`] when rivals open some.
const PAGE: i64 = 100;

/// Sessions in PostgreSQL.
///
/// The order of locks is the same in every transaction: refresh token, session, audit chain.
#[derive(Clone)]
pub struct PgSessions {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgSessions {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }

    fn sealed(&self, id: SessionId, client: &Client) -> Result<Vec<u8>, DieselError> {
        let plain = serde_json::to_vec(client).map_err(|error| DieselError::SerializationError(error.into()))?;
        Ok(self.keys.seal(CLIENT, id.as_uuid(), &plain))
    }

    fn opened(&self, row: Row) -> Result<Session, DieselError> {
        let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| DieselError::DeserializationError(error);
        let plain = self.keys.open(CLIENT, row.id, &row.client).map_err(|error| unreadable(error.into()))?;
        Ok(Session {
            id: SessionId::from_uuid(row.id),
            account: UserId::from_uuid(row.account_id),
            client: serde_json::from_slice(&plain).map_err(|error| unreadable(error.into()))?,
            life: Life {
                kind: row.kind.parse().map_err(|error: crate::domain::UnknownWord| unreadable(error.into()))?,
                extent: row.extent.parse().map_err(|error: crate::domain::UnknownWord| unreadable(error.into()))?,
                created_at: row.created_at.to_jiff(),
                last_used_at: row.last_used_at.to_jiff(),
                expires_at: row.expires_at.to_jiff(),
            },
        })
    }

    /// The session of a token that was shown, whether it is still open, and the token's fate.
    async fn claimed(
        &self,
        conn: &mut AsyncPgConnection,
        shown: &Digest,
        at: Timestamp,
    ) -> Result<Option<(Session, bool, Claim)>, DieselError> {
        // Of rivals, one finds it unused; the others wait here for that one's commit and then find it used.
        let first: Option<(Uuid, DbTimestamp)> = diesel::update(refresh_token::table.find(shown.as_slice()))
            .filter(refresh_token::used_at.is_null())
            .set(refresh_token::used_at.eq(at.to_diesel()))
            .returning((refresh_token::session_id, refresh_token::expires_at))
            .get_result(conn)
            .await
            .optional()?;
        let (id, claim) = match first {
            Some((id, until)) => (id, Claim::First { until: until.to_jiff() }),
            None => {
                let used = refresh_token::table.find(shown.as_slice()).select(refresh_token::session_id);
                match used.first::<Uuid>(conn).await.optional()? {
                    Some(id) => (id, Claim::Again),
                    None => return Ok(None),
                }
            }
        };
        let row: Row = session::table.find(id).select(Row::as_select()).for_update().first(conn).await?;
        let revoked = row.revoked_at.is_some();
        let state: String = account::table.find(row.account_id).select(account::state).first(conn).await?;
        Ok(Some((self.opened(row)?, !revoked && state == "active", claim)))
    }

    async fn renew(
        &self,
        conn: &mut AsyncPgConnection,
        id: SessionId,
        life: &Life,
        next: &Digest,
    ) -> Result<(), DieselError> {
        diesel::update(session::table.find(id.as_uuid()))
            .set((
                session::last_used_at.eq(life.last_used_at.to_diesel()),
                session::expires_at.eq(life.expires_at.to_diesel()),
            ))
            .execute(conn)
            .await?;
        keep(conn, id, next, life).await
    }

    /// Ends the session of a token that came back, and tells its owner.
    async fn end_family(
        &self,
        conn: &mut AsyncPgConnection,
        session: &Session,
        at: Timestamp,
    ) -> Result<(), DieselError> {
        end(conn, &[session.id.as_uuid()], "reuse_detected", at).await?;
        let event = SessionEvent::ReuseDetected { session_id: session.id, account_id: session.account };
        self.journal.append(conn, &recorded(event, Actor::System, at)).await?;
        let owner = session.account.as_uuid();
        let (email, language): (Vec<u8>, String) =
            account::table.find(owner).select((account::email, account::language)).first(conn).await?;
        match self.keys.open_text(EMAIL, owner, &email) {
            Ok(email) => {
                let letter = Letter::new("sign-ins-ended", email, language);
                letters::post(conn, &self.keys, &letter, owner, at).await?;
            }
            // That nobody can be told is no reason to let a thief stay.
            Err(error) => tracing::error!(%error, account = %owner, "an address does not open"),
        }
        Ok(())
    }
}

#[async_trait]
impl SessionStore for PgSessions {
    async fn insert(&self, new: &NewSession) -> Result<(), PortFailure> {
        let Session { id, account, client, life } = &new.session;
        pg::transaction(&self.pool, "open a session", async |conn| {
            let too_many: Vec<Uuid> = session::table
                .filter(session::account_id.eq(account.as_uuid()).and(session::revoked_at.is_null()))
                .filter(session::expires_at.gt(life.created_at.to_diesel()))
                .order(session::created_at.desc())
                .offset(i64::from(MOST_SESSIONS) - 1)
                .select(session::id)
                .load(conn)
                .await?;
            if !too_many.is_empty() {
                end(conn, &too_many, TOO_MANY, life.created_at).await?;
            }
            let cookie = match &new.found_by {
                FoundBy::Cookie(digest) => Some(digest.to_vec()),
                FoundBy::Access | FoundBy::Refresh(_) => None,
            };
            diesel::insert_into(session::table)
                .values((
                    session::id.eq(id.as_uuid()),
                    session::account_id.eq(account.as_uuid()),
                    session::kind.eq(life.kind.word()),
                    session::extent.eq(life.extent.word()),
                    session::cookie_digest.eq(cookie),
                    session::client.eq(self.sealed(*id, client)?),
                    session::created_at.eq(life.created_at.to_diesel()),
                    session::last_used_at.eq(life.last_used_at.to_diesel()),
                    session::expires_at.eq(life.expires_at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            if let FoundBy::Refresh(digest) = &new.found_by {
                keep(conn, *id, digest, life).await?;
            }
            for gone in &too_many {
                let (session_id, account_id) = (SessionId::from_uuid(*gone), *account);
                let event = SessionEvent::Ended { session_id, account_id, why: TOO_MANY };
                self.journal.append(conn, &recorded(event, Actor::System, life.created_at)).await?;
            }
            let opened = new.opened.clone().caused_by(context::request_id());
            self.journal.append(conn, &opened).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await?;
        counter!("sessions_opened_total", "kind" => life.kind.word()).increment(1);
        Ok(())
    }

    async fn refresh(&self, shown: Digest, next: Digest, at: Timestamp) -> Result<Refreshed, PortFailure> {
        let refreshed = pg::transaction(&self.pool, "refresh a session", async |conn| {
            let Some((session, open, claim)) = self.claimed(conn, &shown, at).await? else {
                return Ok(Refreshed::Refused);
            };
            match session.life.refresh(claim, open, at) {
                Refresh::Renew(life) => {
                    self.renew(conn, session.id, &life, &next).await?;
                    Ok(Refreshed::Renewed(Box::new(Session { life, ..session })))
                }
                Refresh::End => {
                    self.end_family(conn, &session, at).await?;
                    Ok(Refreshed::FamilyEnded)
                }
                Refresh::Refuse => Ok::<_, Abort<PortFailure>>(Refreshed::Refused),
            }
        })
        .await?;
        if refreshed == Refreshed::FamilyEnded {
            counter!("refresh_token_reuse_total").increment(1);
        }
        Ok(refreshed)
    }

    async fn list(&self, account: UserId, now: Timestamp) -> Result<Vec<Session>, PortFailure> {
        let rows: Vec<Row> = pg::read(&self.pool, "list sessions", async |mut conn| {
            session::table
                .filter(session::account_id.eq(account.as_uuid()).and(session::revoked_at.is_null()))
                .filter(session::expires_at.gt(now.to_diesel()))
                .order((session::created_at.desc(), session::id.desc()))
                .limit(PAGE)
                .select(Row::as_select())
                .load(&mut conn)
                .await
        })
        .await?;
        let opened = rows.into_iter().map(|row| self.opened(row)).collect::<Result<_, _>>();
        opened.map_err(|error| pg::failure("list sessions", error))
    }

    async fn end(
        &self,
        account: UserId,
        session: SessionId,
        why: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<bool, PortFailure> {
        pg::transaction(&self.pool, "end a session", async |conn| {
            let own = session::table.find(session.as_uuid()).filter(session::account_id.eq(account.as_uuid()));
            let own: Option<Uuid> = own.select(session::id).for_update().first(conn).await.optional()?;
            let Some(own) = own else { return Ok(false) };
            if end(conn, &[own], why, at).await? == 0 {
                return Ok(false);
            }
            let event = SessionEvent::Ended { session_id: session, account_id: account, why };
            self.journal.append(conn, &recorded(event, actor, at)).await?;
            Ok::<_, Abort<PortFailure>>(true)
        })
        .await
    }

    async fn end_all(
        &self,
        account: UserId,
        except: Option<SessionId>,
        why: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<u64, PortFailure> {
        pg::transaction(&self.pool, "end all sessions", async |conn| {
            let ended = end_sessions(conn, &self.journal, account, except, why, actor, at).await?;
            Ok::<_, Abort<PortFailure>>(ended)
        })
        .await
    }
}

/// Stores a refresh token; it ends with the session, if nothing prolongs that.
async fn keep(conn: &mut AsyncPgConnection, id: SessionId, digest: &Digest, life: &Life) -> Result<(), DieselError> {
    diesel::insert_into(refresh_token::table)
        .values((
            refresh_token::digest.eq(digest.as_slice()),
            refresh_token::session_id.eq(id.as_uuid()),
            refresh_token::created_at.eq(life.last_used_at.to_diesel()),
            refresh_token::expires_at.eq(life.expires_at.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

fn recorded(event: SessionEvent, actor: Actor, at: Timestamp) -> Recorded<SessionEvent> {
    Recorded::new(event, actor, at).caused_by(context::request_id())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    kind: String,
    extent: String,
    client: Vec<u8>,
    created_at: DbTimestamp,
    last_used_at: DbTimestamp,
    expires_at: DbTimestamp,
    revoked_at: Option<DbTimestamp>,
}
