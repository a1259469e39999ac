//! Who may do what: every operation of the description by every caller, against one table.

mod asks;
mod callers;
mod cells;
mod page;
mod table;

use std::collections::BTreeSet;

use actix_web::http::Method;
use auth::domain::{SessionExtent, SessionKind};
use kernel::UserId;
use serde_json::Value;
use uuid::Uuid;

use crate::app::{Answer, App, Who, doctor, id, keys, visit_type};
use crate::schema::{Operation, operations};
use crate::sign_ins::open;
use asks::{Ask, Staged};
use callers::{CALLERS, Caller};
use table::{RULES, Rule};

/// What the table says about one caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Yes,
    Turned(u16),
}

impl Rule {
    fn cells(&self) -> Vec<(Caller, Cell)> {
        let cell = |word: &str| match word {
            "yes" => Cell::Yes,
            status => Cell::Turned(status.parse().unwrap()),
        };
        let cells: Vec<Cell> = self.cells.split_whitespace().map(cell).collect();
        assert_eq!(cells.len(), CALLERS.len(), "{}", self.operation);
        CALLERS.into_iter().zip(cells).collect()
    }

    fn by(&self, cell: impl Fn(Cell) -> bool) -> Vec<(Caller, Cell)> {
        self.cells().into_iter().filter(|(_, found)| cell(*found)).collect()
    }
}

/// Patient 1 waits for doctor 1, and is offered Tuesday at eleven.
fn waits_and_is_offered() -> String {
    let (entry, offer, patient, doctor) = (id('7', 1), id('8', 1), id('b', 1), doctor(1));
    let (clinic, kind) = (id('c', 1), visit_type(1, 1));
    let time = "'2027-03-09 16:00Z', '2027-03-09 16:30Z'";
    format!(
        "INSERT INTO appointments.waitlist_entry (id, patient_id, doctor_id, clinic_ids, first_day, last_day, weekdays,
                from_minute, until_minute, state, created_at)
         VALUES ('{entry}', '{patient}', '{doctor}', ARRAY['{clinic}'::uuid], '2027-03-08', '2027-03-12', 127, 0, 1440,
                'offered', '2027-03-01Z');
         INSERT INTO appointments.appointment (id, clinic_id, doctor_id, visit_type_id, mode, starts_at, ends_at,
                blocked_from, blocked_until, time_zone, price_cents, status, reminder_sent, version, created_at,
                updated_at, held_until)
         VALUES ('{offer}', '{clinic}', '{doctor}', '{kind}', 'in_person', {time}, {time}, 'America/New_York', 22000,
                'held', false, 1, '2027-03-08 04:00Z', '2027-03-08 04:00Z', '2027-03-08 07:00Z');
         INSERT INTO appointments.hold (id, kind, patient_id) VALUES ('{offer}', 'waitlist', '{patient}');
         INSERT INTO appointments.waitlist_offer (id, entry_id, doctor_id, clinic_id, visit_type_id, starts_at, ends_at,
                time_zone, offered_at, until, outcome)
         VALUES ('{offer}', '{entry}', '{doctor}', '{clinic}', '{kind}', {time}, 'America/New_York', '2027-03-08 04:00Z',
                '2027-03-08 07:00Z', 'open')"
    )
}

/// Patient 1 fills in the form for Tuesday at four.
fn holds_a_time(user: &str) -> String {
    let (hold, clinic, doctor, kind) = (id('8', 2), id('c', 1), doctor(1), visit_type(1, 1));
    let time = "'2027-03-09 21:00Z', '2027-03-09 21:30Z'";
    format!(
        "INSERT INTO appointments.appointment (id, clinic_id, doctor_id, visit_type_id, mode, starts_at, ends_at,
                blocked_from, blocked_until, time_zone, price_cents, status, reminder_sent, version, created_at,
                updated_at, held_until)
         VALUES ('{hold}', '{clinic}', '{doctor}', '{kind}', 'in_person', {time}, {time}, 'America/New_York', 22000,
                'held', false, 1, '2027-03-08 04:00Z', '2027-03-08 04:00Z', '2027-03-08 07:00Z');
         INSERT INTO appointments.hold (id, kind, user_id) VALUES ('{hold}', 'form', '{user}')"
    )
}

/// A webhook of clinic 1, and a message that was given up.
fn has_a_webhook() -> String {
    let (webhook, clinic) = (id('7', 6), id('c', 1));
    let sealed = |column: &str, plain: &str| {
        let sealed = keys().seal_text(&format!("webhooks.endpoint.{column}"), webhook.parse().unwrap(), plain);
        sealed.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (url, secret) = (sealed("url", "https://clinic.example/hooks"), sealed("secret", "of 24 octets, or longer"));
    format!(
        "INSERT INTO webhooks.endpoint (id, clinic_id, url, secret, version, created_at, updated_at)
         VALUES ('{webhook}', '{clinic}', '\\x{url}', '\\x{secret}', 1, '2027-01-01Z', '2027-01-01Z');
         INSERT INTO webhooks.delivery (id, endpoint_id, event_id, event_type, payload, state, created_at, done_at)
         VALUES ('{}', '{webhook}', '{webhook}', 'webhook.test', '{{}}', 'failed', '2027-01-01Z', '2027-01-01Z')",
        id('7', 7)
    )
}

/// Two files of patient 1, whose contents are lost: one is deleted, and the others who ask want to see one.
fn has_files() -> String {
    let user = Who::Patient(1).user();
    let one = |file: String, version: String, key: &str| {
        let sealed = |column: &str, plain: &[u8]| {
            let sealed = keys().seal(&format!("files.version.{column}"), version.parse().unwrap(), plain);
            sealed.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let details = serde_json::json!({"name": "a.pdf", "sha256": "00".repeat(32), "pages": null, "dates": []});
        let (details, data_key) = (sealed("details", details.to_string().as_bytes()), sealed("data_key", &[7; 32]));
        format!(
            "INSERT INTO files.file (id, patient_id, category, category_told, newest_version, revision, created_at, updated_at)
             VALUES ('{file}', '{}', 'other', 'content', 1, 1, '2027-01-01Z', '2027-01-01Z');
             INSERT INTO files.version (id, file_id, number, state, details, kind, size, object_key, data_key, name_keys,
                                        uploaded_at, uploaded_by, uploader)
             VALUES ('{version}', '{file}', 1, 'available', '\\x{details}', 'pdf', 1, 'patients/1/other/{key}', '\\x{data_key}',
                     '{{}}', '2027-01-01Z', '{user}', 'patient');",
            id('b', 1)
        )
    };
    one(id('7', 8), id('7', 9), "a.pdf") + &one(id('7', 10), id('7', 11), "b.pdf")
}

async fn stage() -> (App, Staged) {
    let app = App::start().await;
    let user = Who::Patient(1).user();
    let sealed = |place: &str| {
        let sealed = keys().seal_text(place, user.parse().unwrap(), "patient.1@example.org");
        sealed.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (name, email) = (sealed("auth.account.name"), sealed("auth.account.email"));
    app.sql(&format!(
        "INSERT INTO auth.account (id, role, name, email, email_key, created_at, updated_at)
         VALUES ('{user}', 'patient', '\\x{name}', '\\x{email}', sha256('{user}'), '2027-01-01Z', '2027-01-01Z') ON CONFLICT DO NOTHING;
         -- Over since long, so that it opens nothing.
         INSERT INTO appointments.emergency_access
         VALUES ('{}', '{}', '{}', '{user}', '', '2027-01-01Z', '2027-01-01 01:00Z');
         INSERT INTO doctors.override_day VALUES ('{}', '2027-03-16', '[]');
         INSERT INTO doctors.resource (id, clinic_id, kind, name, created_at, updated_at)
         VALUES ('{room}', '{clinic}', 'room', 'Room 1', '2027-01-01Z', '2027-01-01Z');
         INSERT INTO doctors.calendar_change (id, doctor_id, clinic_id, made_at, made_by, reversal, visits) VALUES
         ('{}', '{}', '{clinic}', '2027-03-08 04:00Z', 'staff', '{{\"kind\": \"time_off\", \"id\": \"{}\"}}', '[]'),
         ('{}', NULL, '{clinic}', '2027-03-08 04:00Z', 'staff', '{{\"kind\": \"holidays\", \"dates\": []}}', '[]')",
        id('f', 4),
        id('b', 1),
        doctor(4),
        doctor(1),
        id('f', 8),
        doctor(1),
        id('f', 1),
        id('f', 9),
        clinic = id('c', 1),
        room = id('f', 30),
    ))
    .await;
    let calendar = id('7', 4).parse().unwrap();
    let address = keys().seal_text("calendars.external_calendar.address", calendar, "https://calendar.example/");
    let address: String = address.iter().map(|byte| format!("{byte:02x}")).collect();
    // Addresses for calendar programs: two of the patient's, since one is closed, and one of the doctor's.
    app.sql(&format!(
        "INSERT INTO calendars.feed (id, secret_digest, user_id, doctor_id, details, language, opened_by, created_at)
         VALUES ('{}', sha256('y'), '{user}', NULL, 'full', 'en', '{user}', '2027-01-01Z'),
                ('{}', sha256('{}'), '{user}', NULL, 'full', 'en', '{user}', '2027-01-01Z'),
                ('{}', sha256('x'), NULL, '{}', 'busy', 'en', '{user}', '2027-01-01Z');
         INSERT INTO calendars.external_calendar (id, doctor_id, address, time_zone, added_by, created_at, next_read_at)
         VALUES ('{}', '{}', '\\x{address}', 'America/New_York', '{user}', '2027-01-01Z', '2027-01-01Z')",
        id('7', 2),
        id('7', 3),
        "A".repeat(43),
        id('7', 1),
        doctor(1),
        id('7', 4),
        doctor(1),
    ))
    .await;
    app.sql(&waits_and_is_offered()).await;
    app.sql(&has_a_webhook()).await;
    app.sql(&has_files()).await;
    app.sql(&format!(
        "INSERT INTO appointments.series (id, clinic_id, doctor_id, patient_id, visit_type_id, rrule, first_at, time_zone, created_at)
         VALUES ('{series}', '{}', '{}', '{}', '{}', 'FREQ=DAILY;COUNT=1', '2027-03-08 14:00Z', 'America/New_York', '2027-01-01Z');
         UPDATE appointments.appointment SET series_id = '{series}', series_position = 1 WHERE id = '{}'",
        id('c', 1),
        doctor(1),
        id('b', 1),
        visit_type(1, 1),
        id('a', callers::VISIT),
        series = id('7', 5),
    ))
    .await;
    app.sql(&format!(
        "INSERT INTO reports.report (id, doctor_id, clinic_ids, first_day, last_day, asked_by, asked_at, state, object_key)
         VALUES ('{}', '{}', ARRAY['{}'::uuid], '2027-03-01', '2027-03-05', '{user}', '2027-03-08Z', 'waiting', 'reports/x')",
        id('7', 6),
        doctor(1),
        id('c', 1),
    ))
    .await;
    app.sql(&holds_a_time(&user)).await;
    // A job and a message that were given up.
    app.sql(&format!(
        "INSERT INTO jobs.job (id, queue, name, payload, created_at, available_at, failed_at)
         VALUES ('{job}', 'upkeep', 'forget', '{{}}', '2027-03-01Z', '2027-03-01Z', '2027-03-02Z');
         INSERT INTO journal.outbox (id, topic, subject, payload, created_at, available_at, failed_at, last_error)
         VALUES ('{job}', 'mail', '{job}', '{{}}', '2027-03-01Z', '2027-03-01Z', '2027-03-02Z', '')",
        job = id('7', 6),
    ))
    .await;
    let user = UserId::from_uuid(user.parse::<Uuid>().unwrap());
    let opened = open(&app, user, SessionKind::Bearer, SessionExtent::Full).await;
    let hash = "SELECT encode(signature, 'hex') FROM prescriptions.version ORDER BY id LIMIT 1";
    let hash = app.texts(hash).await.remove(0);
    (app, Staged { session: opened.session.to_string(), hash })
}

/// Sends what the row says; `unknown` asks for a record that there is not.
async fn asked(
    app: &App,
    staged: &Staged,
    operation: &Operation,
    rule: &Rule,
    caller: Caller,
    unknown: bool,
) -> Answer {
    let mut ask = (rule.ask)(staged, caller);
    match (unknown, ask.kind, ask.field, &mut ask.body) {
        (true, Some(kind), ..) => ask.id = id(kind, 99_999),
        (true, None, Some(field), Some(body)) => body[field] = id('0', 99_999).into(),
        _ => {}
    }
    let mut uri = operation.path.clone();
    if let (Some(start), Some(end)) = (uri.find('{'), uri.find('}')) {
        uri.replace_range(start..=end, &ask.id);
    }
    if let (Some(start), Some(end)) = (uri.find('{'), uri.find('}')) {
        uri.replace_range(start..=end, &ask.part);
    }
    if let (Some(start), Some(end)) = (uri.find('{'), uri.find('}')) {
        uri.replace_range(start..=end, &ask.rest);
    }
    let takes_links = operation.value["security"].to_string().contains("appointmentLink");
    let mut request = caller.sends(&uri, takes_links).method(Method::from_bytes(operation.method.as_bytes()).unwrap());
    if ["PUT", "PATCH"].contains(&operation.method.as_str()) {
        request = request.insert_header(("if-match", "\"v1\""));
    }
    request = match ask.body {
        // The one thing that is sent and is no JSON.
        Some(Value::String(calendar)) => request.insert_header(("content-type", "text/calendar")).set_payload(calendar),
        Some(body) => request.set_json(body),
        None => request,
    };
    app.send(request).await
}

fn rule(operation: &Operation) -> &'static Rule {
    RULES.iter().find(|rule| rule.operation == operation.id).unwrap_or_else(|| {
        panic!("{} has no row in tests/api/matrix/table.rs: who may do it, and who not?", operation.id)
    })
}

/// The answer's body without what differs from request to request.
fn told(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

#[test]
fn the_table_has_one_row_for_each_operation_and_no_other() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.operation).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let operations = operations();
    let known: BTreeSet<&str> = operations.iter().map(|operation| operation.id.as_str()).collect();
    let rows: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(rows.len(), ids.len());
    assert_eq!(known.difference(&rows).collect::<Vec<_>>(), Vec::<&&str>::new(), "operations without a row");
    assert_eq!(rows.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "rows without an operation");
}

#[actix_web::test]
async fn who_is_not_meant_is_turned_away_learns_nothing_and_changes_nothing() {
    let (app, staged) = stage().await;
    let mut before = app.tables().await;
    let mut wrong = Vec::new();
    for operation in operations() {
        let rule = rule(&operation);
        for (caller, cell) in rule.by(|cell| cell != Cell::Yes) {
            let Cell::Turned(status) = cell else { continue };
            let name = format!("{} by {}", operation.id, caller.name());
            let answer = asked(&app, &staged, &operation, rule, caller, false).await;
            if answer.status != status {
                wrong.push(format!("{name}: {} and not {status}", answer.status));
                continue;
            }
            let ask = (rule.ask)(&staged, caller);
            assert!([401, 403, 404].contains(&status) || status == 422 && ask.field.is_some(), "{name}: {status}");
            if status == 404 && ask.kind.is_some() || status == 422 {
                let unknown = asked(&app, &staged, &operation, rule, caller, true).await;
                if (unknown.status, told(&unknown)) != (status, told(&answer)) {
                    wrong.push(format!("{name}: told apart from what does not exist: {}", answer.text()));
                }
            }
        }
        let after = app.tables().await;
        for (table, _) in after.iter().filter(|(table, hash)| before.get(*table) != Some(hash)) {
            wrong.push(format!("{}: {table} was changed by one who is turned away", operation.id));
        }
        before = after;
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Is this one of the answers that somebody gets who may do it?
fn is_through(ask: &Ask, answer: &Answer) -> bool {
    if ask.hindered { ![401, 403, 404].contains(&answer.status) } else { (200..300).contains(&answer.status) }
}

#[actix_web::test]
async fn who_is_meant_gets_through() {
    let mut wrong = Vec::new();
    let operations = operations();
    for caller in CALLERS {
        let (app, staged) = stage().await;
        for operation in &operations {
            let rule = rule(operation);
            if !rule.cells().contains(&(caller, Cell::Yes)) {
                continue;
            }
            let mut answer = asked(&app, &staged, operation, rule, caller, false).await;
            if operation.writes() && !is_through(&(rule.ask)(&staged, caller), &answer) {
                // What the operations before it have done may stand in its way.
                let (app, staged) = stage().await;
                answer = asked(&app, &staged, operation, rule, caller, false).await;
            }
            if !is_through(&(rule.ask)(&staged, caller), &answer) {
                wrong.push(format!("{} by {}: {} {}", operation.id, caller.name(), answer.status, answer.text()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
