use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{PortFailure, Recorded, SessionId, UserId};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::letters::{self, Letter};
use platform::pg::{self, Abort, PgPool};
use platform::records::{self, Wanted};
use serde_json::Value;
use uuid::Uuid;

use super::end_sessions::end_sessions;
use super::schema::{account, code, recovery_code, session};
use super::user_rows::{EMAIL, NAME};
use crate::application::{AccountErasure, Found, PersonalRecords, RecordFile, RecordTrail};
use crate::domain::RecordsEvent;

/// In place of the name of who was erased.
const NOBODY: &str = "Erased person";
/// In place of the address; no such domain can ever exist (RFC 2606).
const NOWHERE: &str = "erased@doktolib.invalid";

/// What the tables of accounts hold about somebody, and how it ends.
#[derive(Clone)]
pub struct PgRecords {
    pool: PgPool,
    keys: Keyring,
    journal: Journal,
}

impl PgRecords {
    /// Works through `pool`, opens with `keys`, writes to `journal`.
    #[must_use]
    pub const fn new(pool: PgPool, keys: Keyring, journal: Journal) -> Self {
        Self { pool, keys, journal }
    }

    async fn address(&self, conn: &mut AsyncPgConnection, user: Uuid) -> Result<Option<String>, diesel::result::Error> {
        let sealed: Option<Vec<u8>> = account::table.find(user).select(account::email).first(conn).await.optional()?;
        let open = |sealed: Vec<u8>| self.keys.open_text(EMAIL, user, &sealed);
        let unreadable =
            |error: platform::crypto::CannotOpen| diesel::result::Error::DeserializationError(error.into());
        sealed.map(open).transpose().map_err(unreadable)
    }
}

/// A file out of rows.
fn file(name: &'static str, about: &'static str, rows: &[Value]) -> RecordFile {
    RecordFile { name, about, json: serde_json::to_string_pretty(rows).unwrap_or_default() }
}

/// Every table of the slice that tells something of a person, and what of it is told to that person.
const TABLES: [(&str, &str, Wanted); 4] = [
    (
        "account.json",
        "Your account: name, address, language, role. Left out: the hash of your password and the secret of your \
         second factor, which nobody should carry about.",
        Wanted {
            table: "auth.account",
            of: "t.id = ANY($1)",
            but: &["password_hash", "totp_secret", "totp_last_step"],
        },
    ),
    (
        "sessions.json",
        "Where you are and were signed in: program, address, times.",
        Wanted { table: "auth.session", of: "t.account_id = ANY($1)", but: &["cookie_digest"] },
    ),
    (
        "consents.json",
        "Documents you have agreed to, in which version, from when until when.",
        Wanted { table: "auth.consent", of: "t.account_id = ANY($1)", but: &[] },
    ),
    (
        "codes.json",
        "One-time codes that were asked for lately, with the address they went to; never the codes themselves.",
        Wanted {
            table: "auth.code",
            of: "(t.account_id = ANY($1) OR t.email_key = (SELECT a.email_key FROM auth.account a WHERE a.id = ANY($1)))",
            but: &["digest"],
        },
    ),
];

#[async_trait]
impl PersonalRecords for PgRecords {
    async fn of(&self, user: UserId) -> Result<Found, PortFailure> {
        let failed = |error| pg::failure("read an account's records", error);
        let mut conn = pg::conn(&self.pool).await?;
        let mut found = Found::default();
        for (name, about, wanted) in TABLES {
            let mut rows = records::rows(&mut conn, &self.keys, wanted, &[user.as_uuid()]).await.map_err(failed)?;
            for row in &mut rows {
                // What was remembered for a sign-up may hold the hash of its password.
                if let Some(details) = row.get_mut("details").and_then(Value::as_object_mut) {
                    details.remove("password_hash");
                }
                found.subjects.extend(row["id"].as_str().and_then(|id| id.parse::<Uuid>().ok()));
            }
            found.files.push(file(name, about, &rows));
        }
        Ok(found)
    }
}

#[async_trait]
impl RecordTrail for PgRecords {
    async fn about(&self, user: UserId, subjects: &[Uuid]) -> Result<Vec<RecordFile>, PortFailure> {
        let failed = |error| pg::failure("read what was done with records", error);
        let mut conn = pg::conn(&self.pool).await?;
        let events = records::events(&mut conn, user.as_uuid(), subjects).await.map_err(failed)?;
        let address = self.address(&mut conn, user.as_uuid()).await.map_err(failed)?.unwrap_or_default();
        let letters = records::letters_to(&mut conn, &self.keys, &address, subjects).await.map_err(failed)?;
        Ok(vec![
            file(
                "events.json",
                "What was done with the records of this export, by what sort of person, and when: changes, sign-ins, and \
                 who opened a record. The newest 10,000.",
                &events,
            ),
            file(
                "letters.json",
                "Mails and texts to you that are still kept. Codes and links in them are left out: they open things.",
                &letters,
            ),
        ])
    }

    async fn note(&self, event: &Recorded<RecordsEvent>) -> Result<(), PortFailure> {
        pg::transaction(&self.pool, "record an export", async |conn| {
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}

#[async_trait]
impl AccountErasure for PgRecords {
    async fn signed_in_at(&self, id: SessionId) -> Result<Option<Timestamp>, PortFailure> {
        pg::read(&self.pool, "read when a session began", async |mut conn| {
            let began: Option<DbTimestamp> = session::table
                .find(id.as_uuid())
                .filter(session::revoked_at.is_null())
                .select(session::created_at)
                .first(&mut conn)
                .await
                .optional()?;
            Ok(began.map(|began| began.to_jiff()))
        })
        .await
    }

    async fn erase(&self, event: &Recorded<RecordsEvent>, user: UserId, records: &[Uuid]) -> Result<(), PortFailure> {
        let id = user.as_uuid();
        pg::transaction(&self.pool, "erase an account", async |conn| {
            let state: Option<(String, String)> = account::table
                .find(id)
                .select((account::state, account::language))
                .for_update()
                .first(conn)
                .await
                .optional()?;
            let Some((state, language)) = state else { return Ok(()) };
            if state == "erased" {
                return Ok(());
            }
            // While we still know it.
            if let Some(address) = self.address(conn, id).await? {
                let letter = Letter::new("account-erased", address, language);
                letters::post(conn, &self.keys, &letter, id, event.at).await?;
            }
            diesel::delete(recovery_code::table.filter(recovery_code::account_id.eq(id))).execute(conn).await?;
            let key: Option<Vec<u8>> = account::table.find(id).select(account::email_key).first(conn).await?;
            diesel::delete(code::table.filter(code::account_id.eq(id))).execute(conn).await?;
            if let Some(key) = key {
                diesel::delete(code::table.filter(code::email_key.eq(key))).execute(conn).await?;
            }
            diesel::update(account::table.find(id))
                .set((
                    account::state.eq("erased"),
                    account::name.eq(self.keys.seal_text(NAME, id, NOBODY)),
                    account::email.eq(self.keys.seal_text(EMAIL, id, NOWHERE)),
                    account::email_key.eq(None::<Vec<u8>>),
                    account::email_verified_at.eq(jiff_diesel::NullableTimestamp::from(None)),
                    account::password_hash.eq(None::<String>),
                    account::totp_secret.eq(None::<Vec<u8>>),
                    account::totp_confirmed_at.eq(jiff_diesel::NullableTimestamp::from(None)),
                    account::totp_last_step.eq(None::<i64>),
                    account::version.eq(account::version + 1),
                    account::updated_at.eq(event.at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            records::forget_letters(conn, &[&[id], records].concat()).await?;
            end_sessions(conn, &self.journal, user, None, "account_erased", event.actor, event.at).await?;
            // Where and with what somebody was signed in is personal too. Tokens go with their sessions.
            diesel::delete(session::table.filter(session::account_id.eq(id))).execute(conn).await?;
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}
