//! Signing up and in, passwords, second factors, one's own account.

use std::net::SocketAddr;

use actix_web::test::TestRequest;
use auth::infrastructure::totp_code;
use doktolib::seed::TEST_PASSWORD;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, Wishes};
use crate::letters::{all_to, code_to, last_to};

pub const AUTH: &str = "/api/v1/auth";
pub const ADMIN: &str = "ines.duarte@example.com";
const PATIENT: &str = "alice.baker@example.com";
const TOTP: &str = "MRXWW5DPNRUWELLUMVZXILLTMVRXEZLU";
pub const GOOD: &str = "vexing quilt over a lamp";

pub async fn real() -> App {
    App::with(Wishes { real_doors: true, ..Wishes::default() }).await
}

pub async fn auth(app: &App, step: &str, body: &Value) -> Answer {
    app.post(&format!("{AUTH}/{step}"), body).await
}

/// Asks for a code; gives the request.
async fn asked(app: &App, step: &str, body: &Value) -> Value {
    let answer = auth(app, step, body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["expires_in", "request_id"]);
    body["request_id"].clone()
}

fn registration(email: &str) -> Value {
    json!({"email": email, "name": "Ada  Example", "language": "fr", "consents": [{"document": "terms", "version": "1"}]})
}

pub async fn verify(app: &App, request: &Value, code: &str) -> Answer {
    auth(app, "otp/verify", &json!({"request_id": request, "code": code})).await
}

/// What the authenticator app of the fixed set shows.
pub fn totp_at(at: Timestamp) -> String {
    totp_code(TOTP, at).unwrap()
}

async fn login(app: &App, email: &str, password: &str) -> Answer {
    auth(app, "login", &json!({"email": email, "password": password})).await
}

pub async fn login_with(app: &App, email: &str, password: &str, field: &str, code: &str) -> Answer {
    auth(app, "login", &json!({"email": email, "password": password, field: code})).await
}

pub fn bearer(answer: &Answer) -> (&'static str, String) {
    let token = answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned();
    ("authorization", format!("Bearer {token}"))
}

pub async fn with_token(app: &App, token: &(&'static str, String), request: TestRequest) -> Answer {
    app.send(request.insert_header(token.clone())).await
}

async fn audited(app: &App, action: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM journal.audit_event WHERE action = '{action}'")).await
}

fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[actix_web::test]
async fn a_patient_signs_up_by_a_code_and_is_in() {
    let app = real().await;
    let request = asked(&app, "register", &registration("ada@example.org")).await;
    let letter = last_to(&app, "ada@example.org").await;
    assert_eq!((letter.template.as_str(), letter.language.as_str()), ("register-code", "fr"));
    let code = letter.values["code"].clone();
    assert_eq!(app.number("SELECT count(*) FROM auth.account WHERE language = 'fr'").await, 0, "too early");

    let entered = verify(&app, &request, &code).await;
    assert_eq!(entered.status, 200, "{}", entered.text());
    assert_eq!(entered.header("cache-control"), Some("no-store"));
    let body = entered.json();
    assert_eq!(
        (&body["token_type"], &body["user"]["name"], &body["user"]["role"]),
        (&json!("Bearer"), &json!("Ada Example"), &json!("patient"))
    );
    let me = with_token(&app, &bearer(&entered), TestRequest::get().uri("/api/v1/me")).await;
    assert_eq!((me.status, &me.json()["email_verified"]), (200, &json!(true)));
    assert_eq!(verify(&app, &request, &code).await.problem(), (401, "wrong-code".to_owned()), "once");
    assert_eq!(audited(&app, "account.registered").await, 1);

    // Once more: the answer is the same, the mail says that there is an account, and nothing of it changes.
    let again = json!({"email": "ADA@example.org", "name": "Mallory"});
    let request = asked(&app, "register", &again).await;
    let letter = last_to(&app, "ADA@example.org").await;
    assert_eq!(letter.template, "register-known");
    let entered = verify(&app, &request, &letter.values["code"]).await;
    assert_eq!(entered.json()["user"]["id"], body["user"]["id"]);
    assert_eq!(entered.json()["user"]["name"], "Ada Example");
    app.audited().await;
}

#[actix_web::test]
async fn known_unknown_and_staff_addresses_are_answered_alike_and_only_the_mail_differs() {
    let app = App::start().await;
    for (email, template) in [(PATIENT, "sign-in-code"), ("nobody@example.org", "no-account"), (ADMIN, "staff-sign-in")]
    {
        asked(&app, "otp/request", &json!({"email": email})).await;
        assert_eq!(last_to(&app, email).await.template, template);
    }
    for (email, template) in
        [(PATIENT, "password-reset"), ("nobody@example.org", "no-account"), (ADMIN, "password-reset")]
    {
        asked(&app, "password/forgot", &json!({"email": email})).await;
        assert_eq!(last_to(&app, email).await.template, template);
    }
    assert_eq!(app.number("SELECT count(*) FROM auth.code").await, 6);
    assert_eq!(audited(&app, "account.code_requested").await, 6);
    let rows = app.texts("SELECT convert_from(payload::text::bytea, 'UTF8') FROM journal.outbox").await;
    assert!(rows.iter().all(|row| !row.contains("example")), "{rows:?}");
}

#[actix_web::test]
async fn a_code_is_dead_after_five_wrong_tries_and_after_ten_minutes() {
    let app = App::start().await;
    let request = asked(&app, "otp/request", &json!({"email": PATIENT})).await;
    let code = code_to(&app, PATIENT).await;
    for _ in 0..5 {
        assert_eq!(verify(&app, &request, wrong(&code)).await.problem(), (401, "wrong-code".to_owned()));
    }
    assert_eq!(verify(&app, &request, &code).await.problem(), (401, "wrong-code".to_owned()));

    let request = asked(&app, "otp/request", &json!({"email": PATIENT})).await;
    let code = code_to(&app, PATIENT).await;
    app.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(verify(&app, &request, &code).await.problem(), (401, "wrong-code".to_owned()));
    let unknown = verify(&app, &json!("01900000-0000-7000-8000-000000000000"), &code).await;
    assert_eq!(unknown.problem(), (401, "wrong-code".to_owned()));
}

#[actix_web::test]
async fn of_twenty_who_show_one_code_at_once_one_is_let_in() {
    let app = App::start().await;
    let request = asked(&app, "otp/request", &json!({"email": PATIENT})).await;
    let code = code_to(&app, PATIENT).await;
    let answers = join_all((0..20).map(|_| verify(&app, &request, &code))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 401), "{statuses:?}");
}

#[actix_web::test]
async fn two_sign_ups_of_one_address_that_race_make_one_account() {
    let app = App::start().await;
    let mut requests = Vec::new();
    for _ in 0..3 {
        let request = asked(&app, "register", &registration("ada@example.org")).await;
        requests.push((request, code_to(&app, "ada@example.org").await));
    }
    let answers = join_all(requests.iter().map(|(request, code)| verify(&app, request, code))).await;
    let users: Vec<Value> = answers.iter().map(|answer| answer.json()["user"]["id"].clone()).collect();
    assert!(users.iter().all(|user| user.is_string() && *user == users[0]), "{users:?}");
    assert_eq!(audited(&app, "account.registered").await, 1);
}

#[actix_web::test]
async fn whoever_sees_other_people_s_data_shows_a_second_factor_and_each_code_of_it_once() {
    let app = App::start().await;
    let without = login(&app, ADMIN, TEST_PASSWORD).await;
    assert_eq!(without.problem(), (401, "second-factor-required".to_owned()));
    let code = totp_at(app.clock.now());
    let entered = login_with(&app, ADMIN, TEST_PASSWORD, "totp", &code).await;
    assert_eq!((entered.status, &entered.json()["user"]["role"]), (200, &json!("admin")));
    assert!(entered.json()["refresh_token"].is_string());
    let again = login_with(&app, ADMIN, TEST_PASSWORD, "totp", &code).await;
    assert_eq!(again.problem(), (401, "wrong-credentials".to_owned()), "a code is taken once");
    app.clock.advance(SignedDuration::from_secs(30));
    let codes = [totp_at(app.clock.now()), totp_at(app.clock.now())];
    let racing = join_all(codes.iter().map(|code| login_with(&app, ADMIN, TEST_PASSWORD, "totp", code))).await;
    let mut statuses: Vec<u16> = racing.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    assert_eq!(audited(&app, "account.proved").await, 2);
}

#[actix_web::test]
async fn what_is_wrong_about_a_sign_in_is_not_told() {
    let app = App::start().await;
    for (email, password) in [
        (ADMIN, "not the password"),
        (PATIENT, TEST_PASSWORD),
        ("nobody@example.org", TEST_PASSWORD),
        ("no address", TEST_PASSWORD),
        ("ruth.cohen@example.net", &"x".repeat(300)),
    ] {
        let answer = login(&app, email, password).await;
        assert_eq!(answer.problem(), (401, "wrong-credentials".to_owned()), "{email}");
        assert!(answer.header("www-authenticate").is_some());
    }
}

/// A wrong sign-in from that address.
async fn fail_from(app: &App, address: &str, password: &str) -> Answer {
    let peer: SocketAddr = format!("{address}:4711").parse().unwrap();
    let body = json!({"email": "nora.blake@example.com", "password": password, "totp": totp_at(app.clock.now())});
    app.send(TestRequest::post().uri(&format!("{AUTH}/login")).peer_addr(peer).set_json(body)).await
}

#[actix_web::test]
async fn fifty_guesses_at_once_are_five_and_a_stranger_locks_nobody_else_out() {
    let app = App::start().await;
    let answers = join_all((0..50).map(|_| fail_from(&app, "192.0.2.1", "a wrong guess"))).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 401).collect();
    let locked: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!((refused.len(), locked.len()), (5, 45));
    assert_eq!(locked[0].problem(), (429, "too-many-tries".to_owned()));
    let wait: u64 = locked[0].header("retry-after").unwrap().parse().unwrap();
    assert!((1..=900).contains(&wait), "{wait}");
    assert_eq!(fail_from(&app, "192.0.2.1", TEST_PASSWORD).await.status, 429, "locked, right or wrong");
    assert_eq!(fail_from(&app, "198.51.100.7", TEST_PASSWORD).await.status, 200, "the owner elsewhere");
    app.clock.advance(SignedDuration::from_mins(16));
    assert_eq!(fail_from(&app, "192.0.2.1", TEST_PASSWORD).await.status, 200, "after a quarter of an hour");
}

#[actix_web::test]
async fn codes_and_sign_ups_have_limits() {
    let app = App::start().await;
    for _ in 0..5 {
        asked(&app, "otp/request", &json!({"email": PATIENT})).await;
    }
    let sixth = auth(&app, "otp/request", &json!({"email": PATIENT.to_uppercase()})).await;
    assert_eq!(sixth.problem(), (429, "too-many-tries".to_owned()));
    assert!(sixth.header("retry-after").is_some());
    for number in 0..3 {
        asked(&app, "register", &registration(&format!("ada{number}@example.org"))).await;
    }
    assert_eq!(auth(&app, "register", &registration("ada3@example.org")).await.status, 429);
    assert_eq!(all_to(&app, "ada3@example.org").await.len(), 0);
}

#[actix_web::test]
async fn bad_fields_of_a_sign_up_are_told_together() {
    let app = App::reading().await;
    let body = json!({"email": "nobody", "name": "", "password": "short", "role": "admin"});
    let mut fields = auth(&app, "register", &body).await.bad_fields();
    assert_eq!(fields.iter().filter(|field| field.starts_with("role:")).count(), 1, "{fields:?}");
    fields.retain(|field| !field.starts_with("role:"));
    let common = json!({"email": "ada@example.org", "name": "Ada Example", "password": "doktolib-doktolib"});
    assert_eq!(auth(&app, "register", &common).await.bad_fields(), ["password:common"]);
}

#[actix_web::test]
async fn a_forgotten_password_is_set_anew_and_ends_every_session() {
    let app = real().await;
    let session = login_with(&app, ADMIN, TEST_PASSWORD, "totp", &totp_at(app.clock.now())).await;
    let request = asked(&app, "password/forgot", &json!({"email": ADMIN})).await;
    let code = code_to(&app, ADMIN).await;
    let reset = |new: &str| json!({"request_id": request, "code": code, "new_password": new});
    let weak = auth(&app, "password/reset", &reset("InesDuarteInesDuarte")).await;
    assert_eq!(weak.bad_fields(), ["new_password:common"]);
    assert_eq!(auth(&app, "password/reset", &reset(GOOD)).await.status, 204, "the code is still good");
    assert_eq!(auth(&app, "password/reset", &reset(GOOD)).await.problem(), (401, "wrong-code".to_owned()));
    let me = with_token(&app, &bearer(&session), TestRequest::get().uri("/api/v1/me")).await;
    assert_eq!(me.status, 401, "sessions have ended");
    assert_eq!(last_to(&app, ADMIN).await.template, "password-changed");
    assert_eq!(login(&app, ADMIN, TEST_PASSWORD).await.problem(), (401, "wrong-credentials".to_owned()));
    assert_eq!(login(&app, ADMIN, GOOD).await.problem(), (401, "second-factor-required".to_owned()));
    assert_eq!(audited(&app, "account.password_changed").await, 1);
}

#[actix_web::test]
async fn a_changed_password_ends_the_other_sessions_and_keeps_this_one() {
    let app = real().await;
    let other = login_with(&app, ADMIN, TEST_PASSWORD, "totp", &totp_at(app.clock.now())).await;
    app.clock.advance(SignedDuration::from_secs(30));
    let this = login_with(&app, ADMIN, TEST_PASSWORD, "totp", &totp_at(app.clock.now())).await;
    let change = |current: &str| {
        let body = json!({"current_password": current, "new_password": GOOD});
        TestRequest::post().uri("/api/v1/auth/password/change").set_json(body)
    };
    let refused = with_token(&app, &bearer(&this), change("not the password")).await;
    assert_eq!(refused.bad_fields(), ["current_password:wrong"]);
    assert_eq!(with_token(&app, &bearer(&this), change(TEST_PASSWORD)).await.status, 204);
    let me = || TestRequest::get().uri("/api/v1/me");
    assert_eq!(with_token(&app, &bearer(&this), me()).await.status, 200);
    assert_eq!(with_token(&app, &bearer(&other), me()).await.status, 401);
    assert_eq!(last_to(&app, ADMIN).await.template, "password-changed");
}

#[actix_web::test]
async fn one_s_own_account_is_edited_by_the_version_that_was_read() {
    let app = App::start().await;
    let read = app.get_as(Who::Patient(1), "/api/v1/me").await;
    assert_eq!(read.json()["email"], PATIENT);
    let edit = |body: Value| TestRequest::patch().uri("/api/v1/me").set_json(body);
    let french = json!({"language": "fr", "name": "Alice B. Baker"});
    assert_eq!(app.send_as(Who::Patient(1), edit(french.clone())).await.problem().0, 428);
    let tag = read.header("etag").unwrap().to_owned();
    let edited = app.send_as(Who::Patient(1), edit(french.clone()).insert_header(("if-match", tag.as_str()))).await;
    assert_eq!((edited.status, &edited.json()["language"]), (200, &json!("fr")), "{}", edited.text());
    let stale = app.send_as(Who::Patient(1), edit(french).insert_header(("if-match", tag.as_str()))).await;
    assert_eq!(stale.problem(), (412, "precondition-failed".to_owned()));
    let role = edit(json!({"role": "admin"})).insert_header(("if-match", "*"));
    assert_eq!(app.send_as(Who::Patient(1), role).await.bad_fields(), ["role:unknown"]);
    assert_eq!(audited(&app, "account.edited").await, 1);
}

#[actix_web::test]
async fn consents_are_given_and_withdrawn_and_their_history_stays() {
    let app = App::start().await;
    let put = |version: &str, given: bool| {
        let consents = json!({"consents": [{"document": "reminders", "version": version, "given": given}]});
        TestRequest::put().uri("/api/v1/me/consents").insert_header(("if-match", "*")).set_json(consents)
    };
    for (version, given) in [("1", true), ("2", true), ("2", false)] {
        assert_eq!(app.send_as(Who::Patient(1), put(version, given)).await.status, 200);
        app.clock.advance(SignedDuration::from_secs(1));
    }
    let shown = app.get_as(Who::Patient(1), "/api/v1/me/consents").await.list();
    let told: Vec<(&Value, bool)> =
        shown.iter().map(|consent| (&consent["version"], consent["withdrawn_at"].is_string())).collect();
    assert_eq!(told, [(&json!("2"), true), (&json!("1"), true)]);
    assert_eq!(audited(&app, "account.consents_changed").await, 3);
}

#[actix_web::test]
async fn another_address_is_proved_before_it_counts_and_the_old_one_is_told() {
    let app = App::start().await;
    let request = asked(&app, "otp/request", &json!({"email": PATIENT})).await;
    let old_code = code_to(&app, PATIENT).await;
    let ask = json!({"email": "alice@example.net", "request_id": request, "code": old_code});
    let asked = app.post_as(Who::Patient(1), "/api/v1/me/email", &ask).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    assert_eq!(last_to(&app, "alice@example.net").await.template, "email-change-code");
    assert_eq!(app.get_as(Who::Patient(1), "/api/v1/me").await.json()["email"], PATIENT);
    let code = code_to(&app, "alice@example.net").await;
    let confirm = json!({"request_id": asked.json()["request_id"], "code": code});
    let stranger = app.post_as(Who::Patient(2), "/api/v1/me/email/confirm", &confirm).await;
    assert_eq!(stranger.bad_fields(), ["code:wrong"]);
    let confirmed = app.post_as(Who::Patient(1), "/api/v1/me/email/confirm", &confirm).await;
    assert_eq!(confirmed.json()["email"], "alice@example.net", "{}", confirmed.text());
    assert_eq!(last_to(&app, PATIENT).await.template, "email-changed");
    assert_eq!(audited(&app, "account.email_changed").await, 1);

    // An address that has an account: the same answer, and no code that works here.
    let taken = json!({"email": ADMIN, "password": TEST_PASSWORD});
    let asked = app.post_as(Who::Staff(1), "/api/v1/me/email", &taken).await;
    assert_eq!((asked.status, last_to(&app, ADMIN).await.template.as_str()), (202, "staff-sign-in"));
}
