//! Accounts and sign-ins for tests that look at real sessions.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use auth::application::{OpenedSession, SessionOpener as _, Tokens};
use auth::domain::{Account, AccountState, Client, Email, SessionExtent, SessionKind};
use kernel::{Actor, ClinicId, Clock as _, DoctorId, Role, SessionId, UserId};
use serde_json::json;
use uuid::Uuid;

use crate::app::{Answer, App, Wishes, doctor, id};
use crate::logs;

pub const SESSIONS: &str = "/api/v1/auth/sessions";
pub const REFRESH: &str = "/api/v1/auth/refresh";
pub const LOGOUT: &str = "/api/v1/auth/logout";
pub const USER_AGENT: &str = "Rumpelstiltskin/7";
pub const ADDRESS: &str = "203.0.113.77";

/// What a program holds.
#[derive(Debug, Clone)]
pub struct Held {
    pub session: SessionId,
    pub access: String,
    pub refresh: String,
}

/// What a page holds.
#[derive(Debug, Clone)]
pub struct Page {
    pub session: SessionId,
    pub cookie: String,
    pub csrf: String,
}

/// An application that looks at sessions.
pub async fn app() -> App {
    App::with(looking()).await
}

pub fn looking() -> Wishes {
    Wishes { real_doors: true, ..Wishes::default() }
}

/// An account of that role; a doctor is the first of the fixed set, a front desk that of the first clinic.
pub async fn account(app: &App, role: Role) -> UserId {
    let user = UserId::mint();
    let clinic = ClinicId::from_uuid(id('c', 1).parse::<Uuid>().unwrap());
    let profile = DoctorId::from_uuid(doctor(1).parse::<Uuid>().unwrap());
    let now = app.clock.now();
    let account = Account {
        id: user,
        role,
        state: AccountState::Active,
        name: "Ada Example".into(),
        email: Email::parse(&format!("{user}@example.org")).unwrap(),
        email_verified_at: Some(now),
        language: "en".into(),
        doctor: (role == Role::Doctor).then_some(profile),
        clinics: if matches!(role, Role::Doctor | Role::Staff) { vec![clinic] } else { Vec::new() },
        password_hash: None,
        totp: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    // The fixed set may have an account with that profile.
    app.sql(&format!("UPDATE auth.account SET doctor_id = NULL WHERE doctor_id = '{profile}'")).await;
    assert_eq!(app.application.users.load(&[account]).await.unwrap(), 1);
    user
}

pub async fn open(app: &App, user: UserId, kind: SessionKind, extent: SessionExtent) -> OpenedSession {
    let client = Client { user_agent: Some(USER_AGENT.into()), address: Some(ADDRESS.into()) };
    app.application.sessions.open(user, kind, extent, client, Actor::Patient(user), app.clock.now()).await.unwrap()
}

pub async fn sign_in(app: &App, user: UserId) -> Held {
    let opened = open(app, user, SessionKind::Bearer, SessionExtent::Full).await;
    let Tokens::Bearer { access, refresh } = &opened.tokens else { panic!("tokens") };
    let refresh = refresh.as_ref().unwrap().expose().to_owned();
    logs::private(&refresh);
    logs::private(access.expose());
    Held { session: opened.session, access: access.expose().to_owned(), refresh }
}

pub async fn sign_in_on_a_page(app: &App, user: UserId) -> Page {
    let opened = open(app, user, SessionKind::Cookie, SessionExtent::Full).await;
    let Tokens::Cookie { value, csrf } = &opened.tokens else { panic!("a cookie") };
    logs::private(value.expose());
    logs::private(csrf.expose());
    Page { session: opened.session, cookie: value.expose().to_owned(), csrf: csrf.expose().to_owned() }
}

pub async fn with_token(app: &App, method: Method, uri: &str, access: &str) -> Answer {
    let bearer = ("authorization", format!("Bearer {access}"));
    app.send(TestRequest::with_uri(uri).method(method).insert_header(bearer)).await
}

/// What the list of sessions answers: 200 for who is signed in.
pub async fn status(app: &App, access: &str) -> u16 {
    with_token(app, Method::GET, SESSIONS, access).await.status
}

pub async fn refresh(app: &App, token: &str) -> Answer {
    app.post(REFRESH, &json!({"refresh_token": token})).await
}

/// Refreshes, and panics unless it works.
pub async fn refreshed(app: &App, held: &Held) -> Held {
    let answer = refresh(app, &held.refresh).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body = answer.json();
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    Held { session: held.session, access: text("access_token"), refresh: text("refresh_token") }
}
