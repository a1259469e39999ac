//! Every column that holds something sealed, and every other one that holds bytes: a test compares both with the tables.

/// A table with sealed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedTable {
    /// With its schema.
    pub table: &'static str,
    /// The column with the id that values of a row are bound to.
    pub id: &'static str,
    /// Bound to the place `<table>.<column>`.
    pub columns: &'static [&'static str],
}

/// All there are.
pub const SEALED: &[SealedTable] = &[
    SealedTable { table: "appointments.patient", id: "id", columns: &["name", "email", "phone", "birth_date"] },
    SealedTable {
        table: "appointments.appointment",
        id: "id",
        columns: &["notes", "cancel_reason", "correct_reason", "outside_reason"],
    },
    SealedTable { table: "appointments.emergency_access", id: "id", columns: &["reason"] },
    SealedTable { table: "appointments.hold", id: "id", columns: &["draft"] },
    SealedTable { table: "auth.account", id: "id", columns: &["name", "email", "totp_secret"] },
    SealedTable { table: "auth.session", id: "id", columns: &["client"] },
    SealedTable { table: "auth.code", id: "id", columns: &["details"] },
    SealedTable { table: "calendars.external_calendar", id: "id", columns: &["address"] },
    SealedTable { table: "doctors.override_day", id: "id", columns: &["reason"] },
    SealedTable { table: "files.version", id: "id", columns: &["details", "data_key", "text"] },
    SealedTable { table: "journal.outbox", id: "id", columns: &["sealed"] },
    SealedTable { table: "platform.idempotency_key", id: "id", columns: &["body"] },
    SealedTable { table: "prescriptions.prescription", id: "id", columns: &["withdraw_reason"] },
    SealedTable { table: "prescriptions.version", id: "id", columns: &["content", "heads", "code"] },
    SealedTable { table: "webhooks.endpoint", id: "id", columns: &["url", "secret", "previous_secret"] },
];

/// Columns of bytes that hold keyed hashes or digests: they tell nothing, and do not rotate.
pub const DIGESTS: &[&str] = &[
    "appointments.hold.client_key",
    "appointments.hold.digest",
    "appointments.hold.email_key",
    "appointments.patient.name_key",
    "appointments.patient.email_key",
    "auth.account.email_key",
    "auth.attempt.key",
    "auth.code.digest",
    "auth.code.email_key",
    "auth.recovery_code.digest",
    "auth.refresh_token.digest",
    "auth.session.cookie_digest",
    "calendars.feed.secret_digest",
    "prescriptions.version.code_key",
    "prescriptions.version.signature",
    "reports.report.sha256",
    "journal.audit_event.hash",
    "journal.audit_head.hash",
    "platform.clear_answer.body",
    "platform.clear_answer.fingerprint",
    "platform.idempotency_key.fingerprint",
];
