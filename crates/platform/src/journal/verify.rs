use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::Timestamp as DbTimestamp;
use uuid::Uuid;

use super::{Journal, Link, STREAM_OPENED, SYSTEM_STREAM};
use crate::schema::{audit_event, audit_head};

const CHUNK: i64 = 5_000;

/// What a walk along all chains found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// How many chains were walked.
    pub chains: usize,
    /// How many events they hold.
    pub events: u64,
    /// The first bad event of each broken chain; empty when all is well.
    pub breaks: Vec<AuditBreak>,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBreak {
    /// The clinic whose chain it is, or the nil UUID for the installation's own.
    pub stream: Uuid,
    /// The position of the first bad event, counted from 1.
    pub seq: i64,
    /// The id found there, where there is a row.
    pub event: Option<Uuid>,
    /// What is wrong with it.
    pub what: &'static str,
}

#[derive(Queryable)]
struct Row {
    stream: Uuid,
    seq: i64,
    id: Uuid,
    at: DbTimestamp,
    actor_kind: String,
    actor_id: Option<Uuid>,
    action: String,
    subject: Uuid,
    request_id: Option<String>,
    data: String,
    hash: Vec<u8>,
}

/// Walks every chain from its first link to its head, all of them as they stand at one instant.
///
/// # Errors
/// Of the database; when `conn` is inside a transaction already. A broken chain is no error but part of the report.
pub async fn verify(conn: &mut AsyncPgConnection, journal: &Journal) -> Result<AuditReport, DieselError> {
    // One snapshot: what is appended while we walk is the next walk's.
    conn.build_transaction().repeatable_read().read_only().run(async |conn| walk_all(conn, journal).await).await
}

async fn walk_all(conn: &mut AsyncPgConnection, journal: &Journal) -> Result<AuditReport, DieselError> {
    let heads: BTreeMap<Uuid, (i64, Vec<u8>)> = audit_head::table
        .load::<(Uuid, i64, Vec<u8>)>(conn)
        .await?
        .into_iter()
        .map(|(stream, seq, hash)| (stream, (seq, hash)))
        .collect();
    let opened: BTreeSet<Uuid> = audit_event::table
        .filter(audit_event::stream.eq(SYSTEM_STREAM).and(audit_event::action.eq(STREAM_OPENED)))
        .select(audit_event::subject)
        .load(conn)
        .await?
        .into_iter()
        .collect();
    let mut streams: BTreeSet<Uuid> =
        audit_event::table.select(audit_event::stream).distinct().load(conn).await?.into_iter().collect();
    streams.extend(heads.keys().chain(&opened));
    // Every other chain is opened by an event of the installation's own.
    let unopened = streams.iter().any(|stream| *stream != SYSTEM_STREAM && !opened.contains(stream));
    if !streams.is_empty() {
        streams.insert(SYSTEM_STREAM);
    }
    let mut report = AuditReport { chains: streams.len(), events: 0, breaks: Vec::new() };
    for stream in streams {
        let events_before = report.events;
        let found = walk(conn, journal, stream, heads.get(&stream), &mut report.events).await?;
        let found = found.or_else(|| {
            let next = i64::try_from(report.events - events_before).unwrap_or(i64::MAX - 1) + 1;
            let what = "the event that opens a chain is missing";
            (stream == SYSTEM_STREAM && unopened).then_some(AuditBreak { stream, seq: next, event: None, what })
        });
        report.breaks.extend(found);
    }
    Ok(report)
}

async fn walk(
    conn: &mut AsyncPgConnection,
    journal: &Journal,
    stream: Uuid,
    head: Option<&(i64, Vec<u8>)>,
    events: &mut u64,
) -> Result<Option<AuditBreak>, DieselError> {
    let at = |seq, event, what| Some(AuditBreak { stream, seq, event, what });
    let mut last = (0_i64, vec![0_u8; 32]);
    loop {
        let rows: Vec<Row> = audit_event::table
            .filter(audit_event::stream.eq(stream).and(audit_event::seq.gt(last.0)))
            .order(audit_event::seq)
            .limit(CHUNK)
            .load(conn)
            .await?;
        let done = rows.len() < usize::try_from(CHUNK).unwrap_or(usize::MAX);
        for row in rows {
            if row.seq != last.0 + 1 {
                return Ok(at(last.0 + 1, None, "the event is missing"));
            }
            if head.is_some_and(|(seq, _)| row.seq > *seq) {
                return Ok(at(row.seq, Some(row.id), "the event stands behind the head of the chain"));
            }
            let link = Link {
                stream: row.stream,
                seq: row.seq,
                id: row.id,
                at: Timestamp::from(row.at),
                actor_kind: &row.actor_kind,
                actor_id: row.actor_id,
                action: &row.action,
                subject: row.subject,
                request_id: row.request_id.as_deref(),
                data: &row.data,
            };
            if link.hash(&journal.key, &last.1).as_slice() != row.hash {
                return Ok(at(row.seq, Some(row.id), "the event was changed, swapped or made up"));
            }
            *events += 1;
            last = (row.seq, row.hash);
        }
        if done {
            break;
        }
    }
    Ok(match head {
        None => at(last.0 + 1, None, "the head of the chain is missing"),
        // A chain and its first event come into being together, so even a head at 0 misses one.
        Some((seq, _)) if *seq != last.0 || *seq == 0 => at(last.0 + 1, None, "the event is missing"),
        Some((_, hash)) if *hash != last.1 => at(last.0, None, "the head does not fit the last event"),
        Some(_) => None,
    })
}
