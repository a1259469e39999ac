//! The audit trail as an operator sees it: `doktolib audit verify` on the real binary.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/client.rs"]
mod client;
#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/process.rs"]
mod process;

use client::Client;
use futures_util::future::join_all;
use platform::pg::{self, PgSettings};
use process::{Installation, said};
use serde_json::json;

/// First clinic of the fixed set, where doctors 1 to 3 work.
const CLINIC: &str = "01900000-0000-7000-8000-c00000000001";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_bookings_at_once_leave_one_chain_and_whoever_changes_it_is_found_out() {
    let given = tokio::task::spawn_blocking(|| testkit::throwaway().unwrap()).await.unwrap();
    let settings: PgSettings = given.url().parse().unwrap();
    let owner = pg::client(&settings).await.unwrap();
    let mut installation = Installation::new();
    installation.set("DATABASE_URL", given.url());
    installation.set("DOKTOLIB_SECRET", "a secret of these tests, long enough");
    for words in [&["migrate"][..], &["seed", "--test-data"]] {
        let output = installation.run(words);
        assert!(output.status.success(), "{}", said(&output));
    }
    let server = installation.start(&["serve"]).await;
    let client = Client::new(server.base());

    // Sixty-four free times of the doctors of one clinic.
    let mut wishes = Vec::new();
    for doctor in 1..=3 {
        let doctor = format!("01900000-0000-7000-8000-d{doctor:011}");
        let slots = client.get(&format!("/api/v1/doctors/{doctor}/slots?from=2027-03-15&to=2027-03-19")).await.unwrap();
        for slot in slots.json().as_array().unwrap() {
            let name = format!("Guest {}", wishes.len());
            wishes.push(client::booking(&doctor, slot["starts_at"].as_str().unwrap(), &name));
        }
    }
    let answers = join_all(wishes.iter().take(64).map(async |wish| client.book(wish, None).await.unwrap())).await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{:?}", answers.iter().find(|a| a.status != 201));
    let cancelled = client.post(&answers[0].manage("/cancel"), &json!({}), None).await.unwrap();
    assert_eq!(cancelled.status, 200);
    let gapless = format!(
        "SELECT count(*), min(seq), max(seq), count(DISTINCT subject) FROM journal.audit_event WHERE stream = '{CLINIC}'"
    );
    let row = owner.query_one(&gapless, &[]).await.unwrap();
    let figures: [i64; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
    assert_eq!(figures, [65, 1, 65, 64]);

    let verify = |expected: i32| {
        let output = installation.run(&["audit", "verify"]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(expected), "{said}");
        said
    };
    // The installation's own chain tells of the seeding and of the clinic's chain.
    let whole = verify(0);
    assert!(
        whole.contains("2 chains with 67 events") && whole.contains("every event is where it was written"),
        "{whole}"
    );

    let event = "journal.audit_event";
    for (what, sql, named) in [
        (
            "edited",
            format!("UPDATE {event} SET data = replace(data, '2027', '2026') WHERE stream = $ AND seq = 17"),
            17,
        ),
        ("a later time", format!("UPDATE {event} SET at = at + interval '1 day' WHERE stream = $ AND seq = 1"), 1),
        ("deleted", format!("DELETE FROM {event} WHERE stream = $ AND seq = 40"), 40),
        ("the last one deleted", format!("DELETE FROM {event} WHERE stream = $ AND seq = 65"), 65),
        (
            "all deleted",
            format!("DELETE FROM {event} WHERE stream = $; DELETE FROM journal.audit_head WHERE stream = $"),
            1,
        ),
        (
            "swapped",
            format!(
                "UPDATE {event} SET seq = 999 WHERE stream = $ AND seq = 20; \
                 UPDATE {event} SET seq = 20 WHERE stream = $ AND seq = 30; \
                 UPDATE {event} SET seq = 30 WHERE stream = $ AND seq = 999"
            ),
            20,
        ),
        (
            "made up",
            format!(
                "INSERT INTO {event} SELECT stream, 66, gen_random_uuid(), at, actor_kind, actor_id, action, subject, request_id, \
                 data, hash FROM {event} WHERE stream = $ AND seq = 65; UPDATE journal.audit_head SET seq = 66 WHERE stream = $"
            ),
            66,
        ),
        ("the head changed", "UPDATE journal.audit_head SET hash = sha256('x') WHERE stream = $".to_owned(), 65),
    ] {
        let sql = sql.replace('$', &format!("'{CLINIC}'"));
        // Put back afterwards as it was, word for word.
        let keep = "CREATE TABLE kept_events AS TABLE journal.audit_event; CREATE TABLE kept_heads AS TABLE journal.audit_head";
        let back = "TRUNCATE journal.audit_event, journal.audit_head; INSERT INTO journal.audit_event TABLE kept_events; \
                    INSERT INTO journal.audit_head TABLE kept_heads; DROP TABLE kept_events, kept_heads";
        let off = "ALTER TABLE journal.audit_event DISABLE TRIGGER USER";
        let on = "ALTER TABLE journal.audit_event ENABLE TRIGGER USER";
        owner.batch_execute(&format!("{off}; {keep}; {sql}; {on}")).await.unwrap();
        let found = verify(1);
        assert!(found.contains(&format!("broken: chain {CLINIC}, event {named}")), "{what}: {found}");
        assert_eq!(found.matches("broken: ").count(), 1, "{what}: {found}");
        owner.batch_execute(&format!("{off}; {back}; {on}")).await.unwrap();
        verify(0);
    }

    installation.set("DOKTOLIB_SECRET", "another secret, just as long as the other");
    let output = installation.run(&["audit", "verify"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(said(&output).matches("event 1 ").count(), 2, "{}", said(&output));
    drop((server, owner));
    tokio::task::spawn_blocking(move || drop(given)).await.unwrap();
}
