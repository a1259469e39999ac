//! Messages of a record that are not done yet.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::PortFailure;
use uuid::Uuid;

use super::{Message, Outbox};
use crate::pg;
use crate::schema::outbox;

/// A message that waits, is under way, or was given up.
#[derive(Debug, Clone)]
pub struct Undone {
    /// The message.
    pub message: Message,
    /// Was it given up?
    pub given_up: bool,
}

impl Outbox {
    /// Messages of these topics that are not done: those about one of `subjects`, and those that `ids` name, the oldest
    /// first; at most 200.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn undone(&self, topics: &[&str], subjects: &[Uuid], ids: &[Uuid]) -> Result<Vec<Undone>, PortFailure> {
        type Row =
            (Uuid, String, Uuid, String, Option<Vec<u8>>, jiff_diesel::Timestamp, i32, Option<jiff_diesel::Timestamp>);
        let rows: Vec<Row> = pg::read(&self.pool, "look for messages of a record", async |mut conn| {
            outbox::table
                .filter(outbox::done_at.is_null())
                .filter(outbox::topic.eq_any(topics))
                .filter(outbox::subject.eq_any(subjects).or(outbox::id.eq_any(ids)))
                .order((outbox::created_at, outbox::id))
                .limit(200)
                .select((
                    outbox::id,
                    outbox::topic,
                    outbox::subject,
                    outbox::payload,
                    outbox::sealed,
                    outbox::created_at,
                    outbox::attempts,
                    outbox::failed_at,
                ))
                .load(&mut conn)
                .await
        })
        .await?;
        let undone = rows.into_iter().map(|(id, topic, subject, payload, sealed, created_at, attempts, failed_at)| {
            let attempt = u32::try_from(attempts).unwrap_or(0);
            let message = Message { id, topic, subject, payload, sealed, created_at: created_at.into(), attempt };
            Undone { message, given_up: failed_at.is_some() }
        });
        Ok(undone.collect())
    }
}
