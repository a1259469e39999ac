//! A copy of all that is stored about me, and its end.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use actix_web::http::Method;
use doktolib::keys::SEALED;
use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, Role, UserId};
use platform::letters::Letter;
use uuid::Uuid;

use crate::app::{Answer, App, id, keys};
use crate::sign_ins::{account, app, refreshed, sign_in, status, with_token};

const EXPORT: &str = "/api/v1/me/export";
const ME: &str = "/api/v1/me";

/// What an export leaves out, with the reason.
const LEFT_OUT: [(&str, &str); 9] = [
    ("doctors.override_day.reason", "a note of the team about a day of a calendar, which those who run it read"),
    ("calendars.external_calendar.address", "opens the calendar; the copy tells its host"),
    ("auth.account.totp_secret", "opens the account"),
    ("files.version.data_key", "opens a content, which is in the copy as it is"),
    ("prescriptions.version.code", "opens the check of a paper for whoever has it"),
    ("webhooks.endpoint.url", "a clinic's own system"),
    ("webhooks.endpoint.secret", "signs what a clinic's own system is told"),
    ("webhooks.endpoint.previous_secret", "the same"),
    ("platform.idempotency_key.body", "repeats for 48 hours what stands in the other files"),
];

/// Somebody of a front desk: the patient is told of the clinic, not of the person.
const STAFF: &str = "01900000-0000-7000-8000-900000000099";

/// Patients of the fixed set: one with visits before and after today, and another whom the same user looks after.
const SELF: u32 = 1;
const RELATIVE: u32 = 4;

async fn looks_after(app: &App, user: UserId, patient: &str, relation: &str) {
    app.sql(&format!("INSERT INTO appointments.caretaker VALUES ('{user}', '{patient}', '{relation}', now())")).await;
}

/// Ends whatever care the fixed set may know of these patients.
async fn patient_account(app: &App) -> UserId {
    let user = account(app, Role::Patient).await;
    let (own, relative) = (id('b', SELF), id('b', RELATIVE));
    app.sql(&format!("DELETE FROM appointments.caretaker WHERE patient_id IN ('{own}', '{relative}')")).await;
    looks_after(app, user, &own, "self").await;
    looks_after(app, user, &relative, "child").await;
    user
}

fn unpacked(answer: &Answer) -> BTreeMap<String, String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let mut zip = zip::ZipArchive::new(Cursor::new(answer.body.to_vec())).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let name = file.name().unwrap().into_owned();
        files.insert(name, text);
    }
    files
}

async fn set(app: &App, table: &str, column: &str, row: Uuid, plain: &str) {
    let sealed = keys().seal_text(&format!("{table}.{column}"), row, plain);
    let sql = format!("UPDATE {table} SET {column} = $2 WHERE id = $1");
    assert_eq!(app.client().await.execute(&sql, &[&row, &sealed]).await.unwrap(), 1, "{table}.{column}");
}

/// Every sealed value there is, opened, with its place.
async fn opened(app: &App) -> Vec<(String, String)> {
    let client = app.client().await;
    let mut all = Vec::new();
    for sealed in SEALED {
        for column in sealed.columns {
            let (table, place) = (sealed.table, format!("{}.{column}", sealed.table));
            let sql = format!("SELECT id, {column} FROM {table} WHERE octet_length({column}) > 0");
            for row in client.query(&sql, &[]).await.unwrap() {
                let plain = keys().open(&place, row.get(0), &row.get::<_, Vec<u8>>(1)).unwrap();
                all.push((place.clone(), String::from_utf8_lossy(&plain).into_owned()));
            }
        }
    }
    all
}

#[actix_web::test]
async fn whatever_is_sealed_about_somebody_is_in_the_copy_and_nothing_of_others() {
    let app = app().await;
    let user = patient_account(&app).await;
    let held = sign_in(&app, user).await;
    let (account_id, visit) = (user.as_uuid(), id('a', 11109).parse::<Uuid>().unwrap());
    let code = Uuid::now_v7();
    let client = app.client().await;
    let address = "planted.auth.account.email@example.org";
    let letter = Letter::new("account-locked", address, "en")
        .with("name", "planted journal.outbox.sealed")
        .with("code", "918273");
    let mut conn = platform::pg::conn(&app.application.pool).await.unwrap();
    platform::letters::post(&mut conn, &keys(), &letter, account_id, app.clock.now()).await.unwrap();
    drop(conn);
    let new_code = "INSERT INTO auth.code (id, purpose, account_id, email_key, digest, created_at, expires_at)
                    VALUES ($1, 'sign_in', $2, sha256('x'), sha256('x'), now(), now())";
    client.execute(new_code, &[&code, &account_id]).await.unwrap();
    client
        .execute(
            "INSERT INTO auth.consent (id, account_id, document, version, given_at) VALUES ($1, $1, 'terms', 'planted-1', now())",
            &[&account_id],
        )
        .await
        .unwrap();
    let visits = format!("UPDATE appointments.appointment SET patient_id = '{}' WHERE id = '{visit}'", id('b', SELF));
    client.batch_execute(&visits).await.unwrap();

    let emergency = Uuid::now_v7();
    client
        .execute(
            "INSERT INTO appointments.emergency_access VALUES ($1, $2, $1, $1, '', now(), now())",
            &[&emergency, &id('b', RELATIVE).parse::<Uuid>().unwrap()],
        )
        .await
        .unwrap();

    client
        .execute(
            "INSERT INTO appointments.access_log (id, patient_id, at, actor_kind, actor_id, clinic_id, what)
             VALUES ($1, $2, now(), 'staff', $3, $4, 'planted-read')",
            &[
                &emergency,
                &id('b', RELATIVE).parse::<Uuid>().unwrap(),
                &STAFF.parse::<Uuid>().unwrap(),
                &id('c', 1).parse::<Uuid>().unwrap(),
            ],
        )
        .await
        .unwrap();

    let hold = Uuid::now_v7();
    app.sql(&format!(
        "INSERT INTO appointments.appointment (id, clinic_id, doctor_id, visit_type_id, mode, starts_at, ends_at, blocked_from,
                blocked_until, time_zone, price_cents, status, held_until, created_at, updated_at)
         VALUES ('{hold}', '{hold}', '{hold}', '{hold}', 'video', '2027-04-01Z', '2027-04-02Z', '2027-04-01Z', '2027-04-02Z',
                 'UTC', 0, 'held', '2027-04-01Z', now(), now());
         INSERT INTO appointments.hold (id, kind, user_id) VALUES ('{hold}', 'form', '{account_id}')"
    ))
    .await;

    let paper = Uuid::now_v7();
    let details = r#"{"name": "a.pdf", "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "pages": null, "dates": []}"#;
    app.sql(&format!(
        "INSERT INTO files.file (id, patient_id, category, category_told, newest_version, revision, created_at, updated_at)
         VALUES ('{paper}', '{}', 'other', 'content', 1, 1, now(), now());
         INSERT INTO files.version (id, file_id, number, state, details, kind, size, object_key, data_key, name_keys, uploaded_at,
                                    uploaded_by, uploader)
         VALUES ('{paper}', '{paper}', 1, 'infected', '', 'pdf', 1, 'patients/a', '', '{{}}', now(), '{account_id}', 'patient')",
        id('b', RELATIVE)
    ))
    .await;
    set(&app, "files.version", "details", paper, details).await;
    app.sql(&format!(
        "UPDATE prescriptions.prescription SET withdrawn_at = now(), withdraw_reason = '' WHERE id = '{}'",
        id('6', 11_109)
    ))
    .await;

    let mut planted = vec!["planted-1".to_owned(), "planted-read".to_owned()];
    for sealed in SEALED {
        for column in sealed.columns {
            let place = format!("{}.{column}", sealed.table);
            if LEFT_OUT.iter().any(|(left_out, _)| *left_out == place) {
                continue;
            }
            let word = format!("planted {place}");
            let row = match sealed.table {
                "auth.account" => account_id,
                "auth.session" => held.session.as_uuid(),
                "auth.code" => code,
                "appointments.patient" => id('b', RELATIVE).parse().unwrap(),
                "appointments.appointment" => visit,
                "appointments.emergency_access" => emergency,
                "appointments.hold" => hold,
                "files.version" => paper,
                "prescriptions.prescription" => id('6', 11_109).parse().unwrap(),
                "prescriptions.version" => id('3', 11_109).parse().unwrap(),
                "journal.outbox" => {
                    planted.push(word);
                    continue;
                }
                other => panic!("{other}: say here which row of it is about somebody, and export it"),
            };
            let plain = match place.as_str() {
                "auth.account.email" => address.to_owned(),
                "auth.session.client" => format!("{{\"user_agent\":\"{word}\",\"address\":null}}"),
                "auth.code.details" => format!("{{\"name\":\"{word}\",\"password_hash\":\"never-shown\"}}"),
                "files.version.details" => details.replace("a.pdf", &word),
                _ => word.clone(),
            };
            set(&app, sealed.table, column, row, &plain).await;
            planted.push(if place == "auth.account.email" { address.to_owned() } else { word });
        }
    }

    let files = unpacked(&with_token(&app, Method::GET, EXPORT, &held.access).await);
    let everything: String = files.values().map(String::as_str).collect::<Vec<_>>().join("\n");
    for word in &planted {
        assert!(everything.contains(word), "{word} is not in the copy");
    }
    for strange in ["Omar Haddad", "omar.haddad", "never-shown", "918273", "\\x", STAFF] {
        assert!(!everything.contains(strange), "{strange} is in the copy");
    }
    assert!(files["patients.json"].contains("Alice Baker"), "{:?}", files.keys());
    for name in files.keys().filter(|name| *name != "README.txt") {
        assert!(files["README.txt"].contains(&format!("{name}\n")), "{name} is not explained");
        assert!(serde_json::from_str::<serde_json::Value>(&files[name]).unwrap().is_array(), "{name}");
    }
    let events = format!(
        "SELECT count(*) FROM journal.audit_event WHERE action = 'user.exported' AND subject = '{user}' AND actor_id = '{user}'"
    );
    assert_eq!(app.number(&events).await, 1);
    // The next copy tells of this one.
    let files = unpacked(&with_token(&app, Method::GET, EXPORT, &held.access).await);
    assert!(files["events.json"].contains("user.exported"));
}

#[actix_web::test]
async fn everybody_gets_a_copy_of_their_own() {
    let app = app().await;
    for role in [Role::Doctor, Role::Staff, Role::Admin] {
        let user = account(&app, role).await;
        let held = sign_in(&app, user).await;
        let files = unpacked(&with_token(&app, Method::GET, EXPORT, &held.access).await);
        assert!(files["account.json"].contains(&user.to_string()));
        assert_eq!((files["patients.json"].as_str(), files["appointments.json"].as_str()), ("[]", "[]"), "{role}");
    }
}

#[actix_web::test]
async fn who_was_erased_is_found_nowhere_and_the_visits_stay_until_their_time_is_over() {
    let app = app().await;
    let user = patient_account(&app).await;
    let (own, relative, without_visits) = (id('b', SELF), id('b', RELATIVE), Uuid::now_v7());
    let other = account(&app, Role::Patient).await;
    looks_after(&app, other, &relative, "child").await;
    let client = app.client().await;
    let name = keys().seal_text("appointments.patient.name", without_visits, "Carla Unvisited");
    let patient = "INSERT INTO appointments.patient (id, name, email, created_at) VALUES ($1, $2, '', now())";
    client.execute(patient, &[&without_visits, &name]).await.unwrap();
    looks_after(&app, user, &without_visits.to_string(), "parent").await;
    // A name that no account of the fixed set has.
    let record = own.parse().unwrap();
    set(&app, "appointments.patient", "name", record, "Erasmus Erasable").await;
    set(&app, "appointments.patient", "email", record, "erasmus@example.net").await;
    let held = sign_in(&app, user).await;

    let before = app.tables().await;
    let refused = with_token(&app, Method::DELETE, ME, &held.access).await;
    assert_eq!(refused.problem(), (409, "visits-ahead".to_owned()));
    assert_eq!(app.tables().await, before);

    let ahead = format!(
        "UPDATE appointments.appointment SET status = 'cancelled' WHERE patient_id = '{own}' AND status IN ('booked', 'arrived')"
    );
    app.sql(&ahead).await;
    let address = format!("{user}@example.org");
    let erased = with_token(&app, Method::DELETE, ME, &held.access).await;
    assert_eq!(erased.status, 204, "{}", erased.text());
    assert_eq!(status(&app, &held.access).await, 401);
    assert_eq!(with_token(&app, Method::DELETE, ME, &held.access).await.status, 401);

    // Of all that is sealed, only the letter that goes out tells who it was.
    let tells: Vec<_> = opened(&app)
        .await
        .into_iter()
        .filter(|(_, plain)| ["Erasmus", "erasmus@", "Carla", address.as_str()].iter().any(|word| plain.contains(word)))
        .collect();
    assert_eq!(tells.len(), 1, "{tells:?}");
    let letter: Letter = serde_json::from_str(&tells[0].1).unwrap();
    assert_eq!((tells[0].0.as_str(), letter.template.as_str()), ("journal.outbox.sealed", "account-erased"));
    let gone = format!("SELECT count(*) FROM appointments.patient WHERE id = '{without_visits}'");
    assert_eq!(app.number(&gone).await, 0);
    let nobody = format!(
        "SELECT count(*) FROM appointments.patient WHERE id = '{own}' AND email_key IS NULL AND name_key IS NULL
            AND purge_after = (SELECT max(ends_at) + interval '7 years' FROM appointments.appointment WHERE patient_id = '{own}')"
    );
    assert_eq!(app.number(&nobody).await, 1);
    let kept = format!("SELECT count(*) FROM appointments.patient WHERE id = '{relative}' AND purge_after IS NULL");
    assert_eq!(app.number(&kept).await, 1, "somebody else looks after this one");
    let left = format!(
        "SELECT count(*) FROM auth.account WHERE id = '{user}' AND state = 'erased' AND email_key IS NULL AND password_hash IS NULL"
    );
    assert_eq!(app.number(&left).await, 1);
    for table in ["auth.session", "auth.recovery_code", "auth.code"] {
        assert_eq!(app.number(&format!("SELECT count(*) FROM {table} WHERE account_id = '{user}'")).await, 0);
    }
    let care = format!("SELECT count(*) FROM appointments.caretaker WHERE user_id = '{user}'");
    assert_eq!(app.number(&care).await, 0);
    let told = format!(
        "SELECT string_agg(DISTINCT action, ' ' ORDER BY action) FROM journal.audit_event WHERE actor_id = '{user}'
            AND action LIKE '%erased'"
    );
    assert_eq!(app.texts(&told).await, ["patient.erased user.erased"]);

    // The time of the visits is over seven years after the last.
    let records = &app.application.visit_records;
    let last: Timestamp = app.clock.now() + SignedDuration::from_hours(24 * 365);
    assert_eq!(records.purge(last).await.unwrap(), 0);
    let late = app.clock.now() + SignedDuration::from_hours(24 * 366 * 8);
    assert_eq!((records.purge(late).await.unwrap(), records.purge(late).await.unwrap()), (1, 0));
    let visits = format!("SELECT count(*) FROM appointments.appointment WHERE patient_id = '{own}'");
    assert_eq!(app.number(&visits).await, 0);
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event WHERE action = 'patient.purged'").await, 1);
    app.audited().await;
}

#[actix_web::test]
async fn the_address_of_who_was_erased_may_come_again_and_finds_nothing() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let address = format!("{user}@example.org");
    let held = sign_in(&app, user).await;
    assert_eq!(with_token(&app, Method::DELETE, ME, &held.access).await.status, 204);
    let again = account(&app, Role::Patient).await;
    let key = keys().blind("auth.account.email", &address).to_vec();
    let sealed = keys().seal_text("auth.account.email", again.as_uuid(), &address);
    let sql = "UPDATE auth.account SET email = $2, email_key = $3 WHERE id = $1";
    assert_eq!(app.client().await.execute(sql, &[&again.as_uuid(), &sealed, &key]).await.unwrap(), 1);
    let held = sign_in(&app, again).await;
    let files = unpacked(&with_token(&app, Method::GET, EXPORT, &held.access).await);
    assert_eq!((files["patients.json"].as_str(), files["letters.json"].as_str()), ("[]", "[]"));
    assert!(!files["events.json"].contains("erased"));
}

#[actix_web::test]
async fn an_erasure_wants_a_fresh_sign_in_and_is_for_patients() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let held = sign_in(&app, user).await;
    app.clock.advance(SignedDuration::from_mins(14));
    let renewed = refreshed(&app, &held).await;
    app.clock.advance(SignedDuration::from_mins(2));
    let refused = with_token(&app, Method::DELETE, ME, &renewed.access).await;
    assert_eq!(refused.problem(), (409, "sign-in-again".to_owned()));
    for role in [Role::Doctor, Role::Staff, Role::Admin] {
        let held = sign_in(&app, account(&app, role).await).await;
        let refused = with_token(&app, Method::DELETE, ME, &held.access).await;
        assert_eq!(refused.problem(), (403, "forbidden".to_owned()), "{role}");
    }
    assert_eq!(app.number("SELECT count(*) FROM auth.account WHERE state = 'erased'").await, 0);
}
