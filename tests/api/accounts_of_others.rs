//! Accounts that administrators make and change, from the invitation to the first full sign-in.

use actix_web::test::TestRequest;
use auth::infrastructure::totp_code;
use jiff::SignedDuration;
use kernel::Clock as _;
use serde_json::{Value, json};

use crate::accounts::{AUTH, GOOD, auth, bearer, login_with, with_token};
use crate::app::{App, Who, Wishes, doctor, id};
use crate::letters::last_to;

const USERS: &str = "/api/v1/users";

fn grace() -> Value {
    json!({"email": "grace@example.org", "name": "Grace Example", "role": "staff", "clinic_ids": [id('c', 1)]})
}

fn edit(user: &str, body: &Value) -> TestRequest {
    let uri = format!("{USERS}/{user}");
    TestRequest::patch().uri(&uri).insert_header(("if-match", "*")).set_json(body)
}

#[actix_web::test]
async fn an_invited_front_desk_sets_password_and_second_factor_and_is_in() {
    let app = App::start().await;
    let invited = app.post_as(Who::Admin, USERS, &grace()).await;
    assert_eq!(invited.status, 201, "{}", invited.text());
    assert_eq!((&invited.json()["has_password"], &invited.json()["state"]), (&json!(false), &json!("active")));
    let letter = last_to(&app, "grace@example.org").await;
    assert_eq!((letter.template.as_str(), letter.values["role"].as_str()), ("invitation", "staff"));
    let (_, parts) = letter.values["url"].split_once("#request_id=").unwrap();
    let (request, code) = parts.split_once("&code=").unwrap();

    let real = app.beside(Wishes { real_doors: true, ..Wishes::default() }).await;
    let reset = json!({"request_id": request, "code": code, "new_password": GOOD});
    assert_eq!(auth(&real, "password/reset", &reset).await.status, 204);
    let half = auth(&real, "login", &json!({"email": "grace@example.org", "password": GOOD})).await;
    assert_eq!((half.status, &half.json()["refresh_token"]), (200, &Value::Null));
    let half = bearer(&half);
    let me = || TestRequest::get().uri("/api/v1/me");
    assert_eq!(with_token(&real, &half, me()).await.problem(), (403, "second-factor-missing".to_owned()));

    let setup = with_token(&real, &half, TestRequest::post().uri(&format!("{AUTH}/totp/setup"))).await;
    let secret = setup.json()["secret"].as_str().unwrap().to_owned();
    assert!(setup.json()["otpauth_uri"].as_str().unwrap().starts_with("otpauth://totp/Doktolib:grace%40example.org?"));
    let confirm = |code: &str| TestRequest::post().uri("/api/v1/auth/totp/confirm").set_json(json!({"code": code}));
    assert_eq!(with_token(&real, &half, confirm("abc")).await.bad_fields(), ["code:wrong"]);
    let code = totp_code(&secret, real.clock.now()).unwrap();
    let confirmed = with_token(&real, &half, confirm(&code)).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text());
    let codes = confirmed.json()["recovery_codes"].as_array().unwrap().clone();
    assert_eq!(codes.len(), 10);
    let full = ("authorization", format!("Bearer {}", confirmed.json()["sign_in"]["access_token"].as_str().unwrap()));
    assert_eq!(with_token(&real, &full, me()).await.json()["has_second_factor"], true);
    assert_eq!(with_token(&real, &half, me()).await.status, 401, "the sign-in for setting up has ended");
    assert_eq!(with_token(&real, &full, confirm(&code)).await.problem(), (409, "second-factor-exists".to_owned()));

    let lost = codes[0].as_str().unwrap().to_uppercase();
    let by_recovery = async || login_with(&real, "grace@example.org", GOOD, "recovery_code", &lost).await;
    assert_eq!(by_recovery().await.status, 200);
    assert_eq!(by_recovery().await.problem(), (401, "wrong-credentials".to_owned()), "each is good for once");
    real.clock.advance(SignedDuration::from_secs(30));
    let fresh = totp_code(&secret, real.clock.now()).unwrap();
    let renew = TestRequest::post().uri("/api/v1/auth/recovery-codes").set_json(json!({"totp": fresh}));
    assert_eq!(with_token(&real, &full, renew).await.json()["recovery_codes"].as_array().unwrap().len(), 10);
    let old = codes[1].as_str().unwrap();
    let void = login_with(&real, "grace@example.org", GOOD, "recovery_code", old).await;
    assert_eq!(void.problem(), (401, "wrong-credentials".to_owned()));
    for action in ["invited", "password_changed", "second_factor_begun", "second_factor_set_up", "recovery_codes_made"]
    {
        let query = format!("SELECT count(*) FROM journal.audit_event WHERE action = 'account.{action}'");
        assert_eq!(app.number(&query).await, 1, "{action}");
    }
}

#[actix_web::test]
async fn patients_are_not_asked_for_a_second_factor_and_cannot_set_one_up() {
    let app = App::reading().await;
    for step in ["totp/setup", "totp/confirm", "recovery-codes"] {
        let answer = app.post_as(Who::Patient(1), &format!("{AUTH}/{step}"), &json!({"x": 1})).await;
        assert_eq!(answer.problem(), (403, "forbidden".to_owned()), "{step}");
    }
}

#[actix_web::test]
async fn an_invitation_is_made_once_and_names_what_there_is() {
    let app = App::start().await;
    let key = ("idempotency-key", "k-1");
    let send = || TestRequest::post().uri(USERS).set_json(grace()).insert_header(key);
    let first = app.send_as(Who::Admin, send()).await;
    let again = app.send_as(Who::Admin, send()).await;
    assert_eq!((first.status, first.body == again.body), (201, true));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let taken = app.post_as(Who::Admin, USERS, &grace()).await;
    assert_eq!(taken.problem(), (409, "email-taken".to_owned()));
    for (field, value, told) in [
        ("clinic_ids", json!([id('c', 9)]), "clinic_ids:unknown"),
        ("clinic_ids", json!([]), "clinic_ids:required"),
        ("role", json!("patient"), "role:role"),
        ("role", json!("doctor"), "doctor_id:required"),
        ("doctor_id", json!(doctor(1)), "doctor_id:role"),
    ] {
        let body = crate::app::with(&grace(), field, value);
        let body = crate::app::with(&body, "email", "other@example.org");
        assert_eq!(app.post_as(Who::Admin, USERS, &body).await.bad_fields(), [told]);
    }
    let profile = json!({"email": "x@example.org", "name": "X", "role": "doctor", "doctor_id": doctor(1)});
    let taken = app.post_as(Who::Admin, USERS, &profile).await;
    assert_eq!(taken.problem(), (409, "profile-taken".to_owned()));
}

#[actix_web::test]
async fn the_list_of_accounts_comes_in_pages_and_is_for_administrators() {
    let app = App::reading().await;
    let mut seen = Vec::new();
    let mut next = Some(format!("{USERS}?limit=10"));
    while let Some(uri) = next {
        let page = app.get_as(Who::Admin, &uri).await;
        seen.extend(page.list().iter().map(|user| user["id"].as_str().unwrap().to_owned()));
        next = page.next();
    }
    assert_eq!(seen.len(), 27);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 27, "nobody twice");
    let staff = app.get_as(Who::Admin, &format!("{USERS}?role=staff&clinic_id={}", id('c', 2))).await.list();
    assert_eq!(staff.len(), 1);
    for who in [Who::Patient(1), Who::Doctor(1), Who::Staff(1)] {
        assert_eq!(app.get_as(who, USERS).await.problem(), (403, "forbidden".to_owned()));
        let one = format!("{USERS}/{}", who.user());
        assert_eq!(app.get_as(who, &one).await.problem(), (403, "forbidden".to_owned()));
    }
}

#[actix_web::test]
async fn the_last_administrator_stays_one_also_when_two_are_taken_away_at_once() {
    let app = App::start().await;
    let admin = Who::Admin.user();
    for body in [json!({"state": "disabled"}), json!({"role": "staff", "clinic_ids": [id('c', 1)]})] {
        let refused = app.send_as(Who::Admin, edit(&admin, &body)).await;
        assert_eq!(refused.problem(), (409, "last-admin".to_owned()));
    }
    let second = json!({"email": "second@example.org", "name": "Second Example", "role": "admin"});
    let second = app.post_as(Who::Admin, USERS, &second).await.json()["id"].as_str().unwrap().to_owned();
    let close = json!({"state": "disabled"});
    let (one, two) = futures_util::join!(
        app.send_as(Who::Admin, edit(&admin, &close)),
        app.send_as(Who::Admin, edit(&second, &close)),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[actix_web::test]
async fn a_closed_account_is_out_at_once_and_another_role_as_well() {
    let app = App::start().await;
    let real = app.beside(Wishes { real_doors: true, ..Wishes::default() }).await;
    let totp = crate::accounts::totp_at(real.clock.now());
    let password = doktolib::seed::TEST_PASSWORD;
    let nora = bearer(&login_with(&real, "nora.blake@example.com", password, "totp", &totp).await);
    let theo = bearer(&login_with(&real, "theo.marsh@example.com", password, "totp", &totp).await);
    let me = || TestRequest::get().uri("/api/v1/me");
    let closed = app.send_as(Who::Admin, edit(&Who::Staff(1).user(), &json!({"state": "disabled"}))).await;
    assert_eq!((closed.status, &closed.json()["state"]), (200, &json!("disabled")), "{}", closed.text());
    assert_eq!(with_token(&real, &nora, me()).await.status, 401);
    assert_eq!(with_token(&real, &theo, me()).await.status, 200);
    real.clock.advance(SignedDuration::from_secs(30));
    let totp = crate::accounts::totp_at(real.clock.now());
    let refused = login_with(&real, "nora.blake@example.com", password, "totp", &totp).await;
    assert_eq!(refused.problem(), (401, "wrong-credentials".to_owned()));
    let promoted = app.send_as(Who::Admin, edit(&Who::Staff(2).user(), &json!({"role": "admin"}))).await;
    assert_eq!((&promoted.json()["role"], &promoted.json()["clinic_ids"]), (&json!("admin"), &json!([])));
    assert_eq!(with_token(&real, &theo, me()).await.status, 401, "what he had was for another role");
    let lost = app.send_as(Who::Admin, edit(&Who::Doctor(1).user(), &json!({"reset_second_factor": true}))).await;
    assert_eq!(lost.json()["has_second_factor"], false);
    let nobody = app.send_as(Who::Admin, edit(&id('9', 999), &json!({"state": "active"}))).await;
    assert_eq!(nobody.problem(), (404, "not-found".to_owned()));
}
