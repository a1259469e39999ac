//! What must hold in the database whatever has happened.

use tokio_postgres::Client;

/// Each line is a broken promise. `made` tells the visits `a` that were booked from those that were seeded.
pub async fn broken(owner: &Client, made: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let overlaps = |whose: &str, from: &str, until: &str| {
        format!(
            "SELECT a.id, b.id FROM appointments.appointment a JOIN appointments.appointment b \
             ON a.{whose} = b.{whose} AND a.id < b.id AND a.{from} < b.{until} AND b.{from} < a.{until} \
             WHERE a.status IN ('booked', 'arrived') AND b.status IN ('booked', 'arrived')"
        )
    };
    for (promise, violations) in [
        ("no doctor has two visits at once", overlaps("doctor_id", "blocked_from", "blocked_until")),
        ("no patient is in two places at once", overlaps("patient_id", "starts_at", "ends_at")),
        (
            "a visit has as many events as versions",
            format!(
                "SELECT a.id FROM appointments.appointment a WHERE ({made}) AND a.version <> \
                 (SELECT count(*) FROM journal.audit_event e WHERE e.subject = a.id)"
            ),
        ),
        (
            "every event has its message and every message its event",
            "SELECT coalesce(e.id, o.id) FROM journal.audit_event e FULL JOIN journal.outbox o USING (id) \
             WHERE e.id IS NULL AND o.topic <> 'mail' OR o.id IS NULL OR (e.action, e.subject, e.data) <> (o.topic, o.subject, o.payload)"
                .to_owned(),
        ),
        (
            "every event of a visit has its visit",
            "SELECT e.id FROM journal.audit_event e WHERE e.action LIKE 'appointment.%' \
             AND NOT EXISTS (SELECT FROM appointments.appointment a WHERE a.id = e.subject)"
                .to_owned(),
        ),
        (
            "a kept booking is there",
            "SELECT k.key FROM platform.idempotency_key k WHERE k.status = 201 AND NOT EXISTS \
             (SELECT FROM appointments.appointment a WHERE k.location = '/api/v1/appointments/' || a.id)"
                .to_owned(),
        ),
        (
            "no first free time is taken",
            "SELECT s.doctor_id FROM doctors.soonest s JOIN appointments.appointment a USING (doctor_id) \
             WHERE a.status IN ('booked', 'arrived') AND s.valid_until > '2000-01-01' \
             AND a.blocked_from < s.blocked_until AND s.blocked_from < a.blocked_until"
                .to_owned(),
        ),
    ] {
        let rows = owner.query(&format!("SELECT q::text FROM ({violations}) q"), &[]).await.unwrap();
        broken.extend(rows.iter().map(|row| format!("{promise}: {}", row.get::<_, String>(0))));
    }
    broken
}
