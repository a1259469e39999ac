//! What is left of sign-ins in tables and logs, and how it goes.

use actix_web::http::Method;
use jiff::SignedDuration;
use kernel::{Clock as _, Role};

use crate::logs::{heard, listen};
use crate::sign_ins::{
    ADDRESS, LOGOUT, SESSIONS, USER_AGENT, account, app, looking, refresh, refreshed, sign_in, sign_in_on_a_page,
    with_token,
};

#[actix_web::test]
async fn neither_tables_nor_logs_hold_what_would_let_somebody_in() {
    let app = app().await;
    listen();
    let user = account(&app, Role::Patient).await;
    let (held, page) = (sign_in(&app, user).await, sign_in_on_a_page(&app, user).await);
    let second = refreshed(&app, &held).await;
    with_token(&app, Method::GET, SESSIONS, &second.access).await;
    with_token(&app, Method::GET, SESSIONS, &second.refresh).await;
    refresh(&app, &second.access).await;
    app.get_with(SESSIONS, ("cookie", &format!("__Host-doktolib={}", page.cookie))).await;
    refresh(&app, &held.refresh).await;
    let third = sign_in(&app, user).await;
    with_token(&app, Method::POST, LOGOUT, &third.access).await;
    let (log, lines) = heard();
    assert!(lines.len() > 5, "{log}");

    let email = format!("{user}@example.org");
    let signature = |access: &str| access.rsplit('.').next().unwrap().to_owned();
    let signatures = [signature(&held.access), signature(&second.access), signature(&third.access)];
    let mut secrets = vec![&held.refresh, &second.refresh, &third.refresh, &page.cookie, &page.csrf, &email];
    secrets.extend(&signatures);
    let mut tables = String::new();
    for table in ["auth.session", "auth.refresh_token", "auth.account", "journal.outbox", "journal.audit_event"] {
        // Bytes as text would be hidden in hexadecimal digits.
        let readable = format!("SELECT encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t");
        tables.push_str(&app.texts(&readable).await.join("\n"));
    }
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    for secret in secrets.into_iter().map(String::as_str).chain([USER_AGENT, ADDRESS]) {
        assert!(!log.contains(secret), "{secret} in\n{log}");
        assert!(!tables.contains(secret) && !tables.contains(&hex(secret)), "{secret} is stored in clear");
    }
}

#[actix_web::test]
async fn the_worker_forgets_what_is_over_in_batches_and_nothing_else() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    for _ in 0..5 {
        sign_in(&app, user).await;
    }
    let page = sign_in_on_a_page(&app, user).await;
    app.clock.advance(SignedDuration::from_hours(20 * 24));
    let held = sign_in(&app, user).await;
    let lasting = refreshed(&app, &held).await;
    let forget =
        async |batch| auth::infrastructure::purge(&app.application.pool, batch, app.clock.now()).await.unwrap();
    assert_eq!(forget(500).await.sessions, 1, "the page's alone");
    app.clock.advance(SignedDuration::from_hours(12 * 24) - SignedDuration::from_secs(1));
    let lasting = refreshed(&app, &lasting).await;
    assert_eq!(forget(500).await.sessions, 0, "over for less than two days");
    app.clock.advance(SignedDuration::from_secs(2));
    let first = forget(3).await;
    assert_eq!((first.sessions, first.is_full(3)), (3, true));
    let second = forget(3).await;
    assert_eq!((second.sessions, second.is_full(3)), (2, false));
    assert_eq!(app.number("SELECT count(*) FROM auth.session").await, 1);
    app.clock.advance(SignedDuration::from_hours(21 * 24));
    assert_eq!(forget(500).await.tokens, 2, "used ones, when they would have ended");
    refreshed(&app, &lasting).await;
    drop(page);
}

#[actix_web::test]
async fn a_new_key_signs_and_the_old_one_verifies_until_it_is_taken_away() {
    use auth::infrastructure::TokenKeys;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let (first, second) = (format!("k1 {}\n", "a".repeat(40)), format!("k2 {}\n", "b".repeat(41)));
    let keys = || TokenKeys::new(None, Some(file.clone()), &crate::app::secret()).unwrap();
    let app = app().await;
    std::fs::write(&file, &first).unwrap();
    let wishes = || crate::app::Wishes { token_keys: Some(keys()), ..looking() };
    let (here, there) = (app.beside(wishes()).await, app.beside(wishes()).await);
    let user = account(&here, Role::Patient).await;
    let kid = |access: &str| {
        let header = URL_SAFE_NO_PAD.decode(access.split('.').next().unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&header).unwrap()["kid"].clone()
    };
    let status = async |access: &str| {
        let here = with_token(&here, Method::GET, SESSIONS, access).await.status;
        (here, with_token(&there, Method::GET, SESSIONS, access).await.status)
    };
    let old = sign_in(&here, user).await;
    assert_eq!((kid(&old.access), status(&old.access).await), ("k1".into(), (200, 200)));

    std::fs::write(&file, format!("{first}{second}")).unwrap();
    let new = sign_in(&here, user).await;
    assert_eq!((kid(&new.access), status(&new.access).await), ("k2".into(), (200, 200)));
    assert_eq!(status(&old.access).await, (200, 200));

    std::fs::write(&file, &second).unwrap();
    assert_eq!((status(&old.access).await, status(&new.access).await), ((401, 401), (200, 200)));
    let renewed = refreshed(&here, &old).await;
    assert_eq!(status(&renewed.access).await, (200, 200), "the session goes on");
    assert_eq!(with_token(&app, Method::GET, SESSIONS, &new.access).await.status, 401, "who has other keys");
}

#[actix_web::test]
async fn an_operator_gets_a_token_of_an_active_account_and_the_trail_tells_of_it() {
    use doktolib::token::hand_out;
    let app = app().await;
    let user = account(&app, Role::Admin).await;
    let address = format!("{}@EXAMPLE.org", user.to_string().to_uppercase());
    for name in [user.to_string(), address] {
        let handed = hand_out(&app.application, &name, 20).await.unwrap();
        assert_eq!((handed.account.id, handed.expires_in), (user, 1200));
        assert_eq!(with_token(&app, Method::GET, SESSIONS, &handed.access_token).await.status, 200);
        app.clock.advance(SignedDuration::from_mins(20));
        assert_eq!(with_token(&app, Method::GET, SESSIONS, &handed.access_token).await.status, 401);
    }
    let trail = "SELECT count(*) FROM journal.audit_event WHERE action = 'session.opened' AND actor_kind = 'system'";
    assert_eq!(app.number(trail).await, 2);
    assert_eq!(app.number("SELECT count(*) FROM auth.refresh_token").await, 0);

    app.sql(&format!("UPDATE auth.account SET state = 'disabled' WHERE id = '{user}'")).await;
    let stranger = kernel::UserId::mint().to_string();
    for name in [user.to_string(), stranger, "nobody@example.org".into(), "nobody".into(), String::new()] {
        assert!(hand_out(&app.application, &name, 20).await.is_err(), "{name}");
    }
    assert_eq!(app.number(trail).await, 2);
}
