//! Rows as their owner may read them: everything that is stored, sealed values opened.
//!
//! Reads tables as they are, not through anybody's types: a column that is added is in the next export by itself.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::crypto::{CannotOpen, Keyring};
use crate::letters::{self, Letter};
use crate::schema::{audit_event, outbox};
use crate::texts;

/// Rows of a table that somebody may read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// With its schema; has a column `id`.
    pub table: &'static str,
    /// Which rows: SQL over the row `t` and the ids `$1`.
    pub of: &'static str,
    /// Columns that are nobody's business: secrets.
    pub but: &'static [&'static str],
}

#[derive(QueryableByName)]
struct RowText {
    #[diesel(sql_type = Nullable<Text>)]
    row: Option<String>,
}

/// The rows with all their columns: what is sealed is opened (as JSON where it is JSON), digests are left out.
///
/// # Errors
/// Of the database, or when a value cannot be opened.
pub async fn rows(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    wanted: Wanted,
    ids: &[Uuid],
) -> Result<Vec<Value>, DieselError> {
    let Wanted { table, of, but } = wanted;
    let bytes = format!(
        "SELECT attname::text AS row FROM pg_attribute WHERE attrelid = '{table}'::regclass AND atttypid = 'bytea'::regtype"
    );
    let bytes: Vec<RowText> = diesel::sql_query(bytes).load(conn).await?;
    let bytes: Vec<String> = bytes.into_iter().filter_map(|column| column.row).collect();
    let select = format!("SELECT (to_jsonb(t) - $2)::text AS row FROM {table} t WHERE {of} ORDER BY 1");
    let texts: Vec<RowText> = diesel::sql_query(select)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<Text>, _>(but.to_vec())
        .load(conn)
        .await?;
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| DieselError::DeserializationError(error);
    let mut rows = Vec::with_capacity(texts.len());
    for text in texts {
        let mut row: Value =
            serde_json::from_str(&text.row.unwrap_or_default()).map_err(|error| unreadable(error.into()))?;
        let id = row["id"].as_str().and_then(|id| id.parse::<Uuid>().ok());
        let Some(columns) = row.as_object_mut() else { continue };
        for column in &bytes {
            let Some(value) = columns.remove(column) else { continue };
            let sealed = value.as_str().and_then(from_hex).filter(|bytes| crate::crypto::key_of(bytes).is_ok());
            if value.is_null() {
                columns.insert(column.clone(), Value::Null);
            } else if let (Some(id), Some(sealed)) = (id, sealed)
                && !is_digest(&sealed)
            {
                let place = format!("{table}.{column}");
                let plain = keys.open_text(&place, id, &sealed).map_err(|error| unreadable(error.into()))?;
                let plain = match serde_json::from_str(&plain) {
                    Ok(object @ Value::Object(_)) => object,
                    _ => Value::String(plain),
                };
                columns.insert(column.clone(), plain);
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Keyed hashes have 32 bytes; what is sealed has at least 33.
fn is_digest(bytes: &[u8]) -> bool {
    bytes.len() <= 32
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// What one of the newest 10,000 audit events about these records tells: what, when, and what sort of actor.
///
/// # Errors
/// Of the database.
pub async fn events(conn: &mut AsyncPgConnection, actor: Uuid, subjects: &[Uuid]) -> Result<Vec<Value>, DieselError> {
    let found: Vec<(String, DbTimestamp, String, Uuid)> = audit_event::table
        .filter(audit_event::subject.eq_any(subjects).or(audit_event::actor_id.eq(actor)))
        .order((audit_event::at.desc(), audit_event::id))
        .select((audit_event::action, audit_event::at, audit_event::actor_kind, audit_event::subject))
        .limit(10_000)
        .load(conn)
        .await?;
    let line = |(action, at, by, about): (String, DbTimestamp, String, Uuid)| json!({"action": action, "at": at.to_jiff().to_string(), "by": by, "about": about});
    Ok(found.into_iter().map(line).collect())
}

/// Does a value of that name open something: a code, a link, one of several links?
fn opens(name: &str) -> bool {
    matches!(name, "code" | "link_code" | "url" | "urls") || name.starts_with("manage_url")
}

fn shown(values: BTreeMap<String, String>) -> Value {
    values.into_iter().filter(|(name, _)| !opens(name)).collect()
}

/// Mails about these records to this address, and texts about them, that are still kept; codes and links in them are
/// left out. A text goes to the patient it is about.
///
/// # Errors
/// Of the database, or when a letter cannot be opened.
pub async fn letters_to(
    conn: &mut AsyncPgConnection,
    keys: &Keyring,
    address: &str,
    subjects: &[Uuid],
) -> Result<Vec<Value>, DieselError> {
    type Row = (Uuid, String, Option<Vec<u8>>, DbTimestamp, NullableTimestamp);
    let found: Vec<Row> = outbox::table
        .filter(outbox::topic.eq_any([letters::TOPIC, texts::TOPIC]).and(outbox::subject.eq_any(subjects)))
        .filter(outbox::sealed.is_not_null())
        .order(outbox::created_at)
        .select((outbox::id, outbox::topic, outbox::sealed, outbox::created_at, outbox::done_at))
        .limit(10_000)
        .load(conn)
        .await?;
    let mut all = Vec::new();
    for (id, topic, sealed, posted, done) in found {
        let sealed = sealed.unwrap_or_default();
        let unreadable = |error: CannotOpen| DieselError::DeserializationError(error.into());
        let (channel, template, to, language, values) = if topic == texts::TOPIC {
            let texts::Text { template, to, language, values } =
                texts::Text::open(keys, id, &sealed).map_err(unreadable)?;
            ("sms", template, to, language, values)
        } else {
            let Letter { template, to, language, values, .. } = Letter::open(keys, id, &sealed).map_err(unreadable)?;
            if !to.eq_ignore_ascii_case(address) {
                continue;
            }
            ("email", template, to, language, values)
        };
        all.push(json!({
            "channel": channel, "template": template, "to": to, "language": language, "values": shown(values),
            "posted_at": posted.to_jiff().to_string(), "sent_at": done.to_jiff().map(|at| at.to_string()),
        }));
    }
    Ok(all)
}

/// Takes the contents out of letters about these records that have been sent.
///
/// # Errors
/// Of the database.
pub async fn forget_letters(conn: &mut AsyncPgConnection, subjects: &[Uuid]) -> Result<usize, DieselError> {
    let sent = outbox::table.filter(outbox::subject.eq_any(subjects)).filter(outbox::done_at.is_not_null());
    diesel::update(sent).set(outbox::sealed.eq(None::<Vec<u8>>)).execute(conn).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_links_are_left_out_under_all_their_names() {
        let names = ["code", "link_code", "url", "urls", "manage_url", "manage_url_6", "doctor", "when_1", "message"];
        let values: BTreeMap<String, String> = names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        assert_eq!(shown(values), json!({"doctor": "x", "message": "x", "when_1": "x"}));
    }
}
