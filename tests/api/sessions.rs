//! Sign-ins: how long they count, how they are renewed, and that their end counts at once everywhere.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use auth::application::{SessionOpener as _, Tokens};
use auth::domain::{SessionExtent, SessionKind};
use futures_util::future::join_all;
use jiff::SignedDuration;
use kernel::{Actor, Clock as _, Role, UserId};
use platform::letters::Letter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{App, all, doctor, id};
use crate::sign_ins::{
    ADDRESS, LOGOUT, Page, SESSIONS, USER_AGENT, account, app, looking, open, refresh, refreshed, sign_in,
    sign_in_on_a_page, status, with_token,
};

async fn audited(app: &App, action: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM journal.audit_event WHERE action = '{action}'")).await
}

#[actix_web::test]
async fn a_refresh_gives_new_tokens_and_the_user_and_nobody_keeps_the_answer() {
    let app = app().await;
    let user = account(&app, Role::Doctor).await;
    let held = sign_in(&app, user).await;
    app.clock.advance(SignedDuration::from_mins(10));
    let answer = refresh(&app, &held.refresh).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_ne!(body["refresh_token"], held.refresh);
    assert_eq!(
        body["user"],
        json!({"id": user.to_string(), "role": "doctor", "name": "Ada Example", "email": format!("{user}@example.org"),
            "language": "en", "doctor_id": doctor(1), "clinic_ids": [id('c', 1)]})
    );
    assert_eq!(status(&app, body["access_token"].as_str().unwrap()).await, 200);
    assert_eq!(status(&app, &held.access).await, 200, "the access token before it counts to its own end");
    assert_eq!(app.audited().await, 1, "a refresh changes nobody's rights and is no event");
}

#[actix_web::test]
async fn a_refresh_token_that_comes_back_ends_its_session_and_tells_its_owner() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let (held, elsewhere) = (sign_in(&app, user).await, sign_in(&app, user).await);
    let second = refreshed(&app, &held).await;
    let third = refreshed(&app, &second).await;
    assert_eq!(refresh(&app, &held.refresh).await.problem(), (401, "not-signed-in".into()));
    for access in [&held.access, &second.access, &third.access] {
        assert_eq!(status(&app, access).await, 401);
    }
    assert_eq!(refresh(&app, &third.refresh).await.status, 401, "the newest token is dead as well");
    assert_eq!(refresh(&app, &held.refresh).await.status, 401);
    assert_eq!(status(&app, &elsewhere.access).await, 200, "another sign-in of the same user is untouched");
    refreshed(&app, &elsewhere).await;

    assert_eq!(audited(&app, "session.reuse_detected").await, 1, "told once, however often it comes back");
    let letters = app.client().await;
    let rows = letters.query("SELECT id, sealed FROM journal.outbox WHERE topic = 'mail'", &[]).await.unwrap();
    assert_eq!(rows.len(), 1);
    let letter = Letter::open(&app.application.keys, rows[0].get::<_, Uuid>(0), &rows[0].get::<_, Vec<u8>>(1)).unwrap();
    assert_eq!((letter.template.as_str(), letter.to), ("sign-ins-ended", format!("{user}@example.org")));
    app.audited().await;
}

#[actix_web::test]
async fn of_twenty_parallel_uses_of_a_token_at_most_one_succeeds_and_the_session_ends() {
    let one = app().await;
    let other = one.beside(looking()).await;
    for _ in 0..3 {
        let user = account(&one, Role::Patient).await;
        let held = sign_in(&one, user).await;
        let tries = (0..20).map(|number| refresh(if number % 2 == 0 { &one } else { &other }, &held.refresh));
        let answers = join_all(tries).await;
        let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401)));
        assert_eq!(good.len(), 1, "the first is let through, whoever it is");
        let access = good[0].json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(status(&one, &access).await, 401, "and what it got is worth nothing by now");
        let used = format!("SELECT count(*) FROM auth.refresh_token WHERE session_id = '{}'", held.session);
        assert_eq!(one.number(&used).await, 2);
    }
    assert_eq!(audited(&one, "session.reuse_detected").await, 3);
}

#[actix_web::test]
async fn the_end_of_a_session_counts_at_once_on_another_server() {
    let here = app().await;
    let there = here.beside(looking()).await;
    let user = account(&here, Role::Patient).await;
    let both = async |access: &str| (status(&here, access).await, status(&there, access).await);

    let held = sign_in(&here, user).await;
    assert_eq!(both(&held.access).await, (200, 200));
    assert_eq!(with_token(&here, Method::POST, LOGOUT, &held.access).await.status, 204);
    assert_eq!(both(&held.access).await, (401, 401));
    assert_eq!(refresh(&there, &held.refresh).await.status, 401);

    let (a, b) = (sign_in(&here, user).await, sign_in(&there, user).await);
    assert_eq!(with_token(&here, Method::DELETE, SESSIONS, &a.access).await.status, 204);
    assert_eq!((both(&a.access).await, both(&b.access).await), ((401, 401), (401, 401)));

    let (kept, gone) = (sign_in(&here, user).await, sign_in(&there, user).await);
    let sessions = &here.application.sessions;
    let ended = sessions.end_all(user, Some(kept.session), "password_changed", Actor::Patient(user), here.clock.now());
    assert_eq!(ended.await.unwrap(), 1);
    assert_eq!((both(&kept.access).await, both(&gone.access).await), ((200, 200), (401, 401)));

    here.sql(&format!("UPDATE auth.account SET state = 'disabled' WHERE id = '{user}'")).await;
    assert_eq!(both(&kept.access).await, (401, 401));
    assert_eq!(refresh(&there, &kept.refresh).await.status, 401);
    assert_eq!(audited(&here, "session.ended").await, 1);
    assert_eq!(audited(&here, "session.all_ended").await, 2);
    here.audited().await;
}

/// Who the doorkeeper of a server takes the bearer of a token for.
async fn caller(app: &App, access: &str) -> kernel::Caller {
    use platform::http::admission::Shown;
    app.application.doorkeeper().admit(Shown::Bearer(access.to_owned())).await.unwrap().caller
}

#[actix_web::test]
async fn another_role_or_clinic_counts_at_once_and_is_never_taken_from_the_token() {
    let here = app().await;
    let there = here.beside(looking()).await;
    let user = account(&here, Role::Staff).await;
    let held = sign_in(&here, user).await;
    let clinics = |caller: &kernel::Caller| caller.clinics().iter().map(ToString::to_string).collect::<Vec<_>>();
    let before = caller(&there, &held.access).await;
    assert_eq!((before.role(), clinics(&before)), (Some(Role::Staff), vec![id('c', 1)]));

    here.sql(&format!("UPDATE auth.membership SET clinic_id = '{}' WHERE account_id = '{user}'", id('c', 2))).await;
    assert_eq!(clinics(&caller(&there, &held.access).await), [id('c', 2)]);
    here.sql(&format!("UPDATE auth.account SET role = 'patient' WHERE id = '{user}'")).await;
    assert_eq!(caller(&there, &held.access).await, kernel::Caller::patient(user));
    here.sql(&format!("UPDATE auth.account SET role = 'doctor' WHERE id = '{user}'")).await;
    let unbound = caller(&there, &held.access).await;
    assert!(unbound.profile().is_none() && unbound.clinics().is_empty(), "a doctor without a profile reaches nothing");
}

#[actix_web::test]
async fn one_sees_and_ends_one_s_own_sessions_and_nobody_else_s() {
    let app = app().await;
    let (user, stranger) = (account(&app, Role::Patient).await, account(&app, Role::Admin).await);
    let first = sign_in(&app, user).await;
    app.clock.advance(SignedDuration::from_mins(2));
    let (page, theirs) = (sign_in_on_a_page(&app, user).await, sign_in(&app, stranger).await);

    let list = with_token(&app, Method::GET, SESSIONS, &first.access).await.list();
    assert_eq!(all(&list, "id"), [page.session.to_string(), first.session.to_string()]);
    assert_eq!(all(&list, "kind"), ["cookie", "bearer"]);
    assert_eq!(list.iter().map(|one| one["current"].clone()).collect::<Vec<_>>(), [json!(false), json!(true)]);
    assert_eq!((all(&list, "user_agent"), all(&list, "address")), (vec![USER_AGENT; 2], vec![ADDRESS; 2]));
    let instant = |value: &Value| crate::app::instant(value);
    let now = app.clock.now();
    assert_eq!(instant(&list[1]["created_at"]), now - SignedDuration::from_mins(2));
    assert_eq!(instant(&list[1]["last_used_at"]), now, "its own question is a use");
    assert_eq!(instant(&list[0]["expires_at"]), now + SignedDuration::from_hours(12));

    let sessions = || app.texts("SELECT s::text FROM auth.session s ORDER BY id");
    let before = sessions().await;
    let nobody = UserId::mint().to_string();
    for other in [theirs.session.to_string(), nobody, "no-id".into(), "' OR true --".replace(' ', "%20")] {
        let refused = with_token(&app, Method::DELETE, &format!("{SESSIONS}/{other}"), &first.access).await;
        assert_eq!(refused.problem(), (404, "not-found".into()), "{other}");
    }
    assert_eq!(sessions().await, before);

    let uri = format!("{SESSIONS}/{}", page.session);
    assert_eq!(with_token(&app, Method::DELETE, &uri, &first.access).await.status, 204);
    assert_eq!(with_token(&app, Method::DELETE, &uri, &first.access).await.status, 404);
    assert_eq!(with_cookie(&app, Method::GET, &page, None).await, 401);
    assert_eq!(status(&app, &theirs.access).await, 200);
    let list = with_token(&app, Method::GET, SESSIONS, &first.access).await.list();
    assert_eq!(all(&list, "id"), [first.session.to_string()]);
}

#[actix_web::test]
async fn tokens_count_for_fifteen_minutes_and_slide_to_ninety_days() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let mut held = sign_in(&app, user).await;
    app.clock.advance(SignedDuration::from_secs(15 * 60 - 1));
    assert_eq!(status(&app, &held.access).await, 200);
    app.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(status(&app, &held.access).await, 401);

    let idle = sign_in(&app, user).await;
    for _ in 0..3 {
        app.clock.advance(SignedDuration::from_hours(29 * 24));
        held = refreshed(&app, &held).await;
    }
    assert_eq!(refresh(&app, &idle.refresh).await.status, 401, "not used for thirty days");
    app.clock.advance(SignedDuration::from_hours(3 * 24) - SignedDuration::from_mins(16));
    held = refreshed(&app, &held).await;
    assert_eq!(status(&app, &held.access).await, 200);
    app.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(status(&app, &held.access).await, 401, "the token ends with the session");
    assert_eq!(refresh(&app, &held.refresh).await.status, 401);
    assert_eq!(audited(&app, "session.reuse_detected").await, 0, "what is over is no theft");
}

async fn with_cookie(app: &App, method: Method, page: &Page, csrf: Option<&str>) -> u16 {
    named_cookie(app, method, "__Host-doktolib", page, csrf).await
}

async fn named_cookie(app: &App, method: Method, name: &str, page: &Page, csrf: Option<&str>) -> u16 {
    let uri = if method == Method::POST { LOGOUT } else { SESSIONS };
    let request =
        TestRequest::with_uri(uri).method(method).insert_header(("cookie", format!("{name}={}", page.cookie)));
    let request = match csrf {
        Some(csrf) => request.insert_header(("x-csrf-token", csrf)),
        None => request,
    };
    app.send(request).await.status
}

#[actix_web::test]
async fn a_page_changes_something_only_with_its_own_token_against_forgery() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let (page, other) = (sign_in_on_a_page(&app, user).await, sign_in_on_a_page(&app, user).await);
    assert_eq!(with_cookie(&app, Method::GET, &page, None).await, 200);
    for wrong in [None, Some(""), Some("x"), Some(other.csrf.as_str()), Some(page.cookie.as_str())] {
        assert_eq!(with_cookie(&app, Method::POST, &page, wrong).await, 403, "{wrong:?}");
        assert_eq!(with_cookie(&app, Method::DELETE, &page, wrong).await, 403, "{wrong:?}");
    }
    assert_eq!(with_cookie(&app, Method::GET, &page, None).await, 200, "none of them did anything");
    assert_eq!(named_cookie(&app, Method::GET, "doktolib", &page, None).await, 401, "a neighbouring host can set this");

    let request = TestRequest::post().uri(LOGOUT).insert_header(("cookie", format!("__Host-doktolib={}", page.cookie)));
    let answer = app.send(request.insert_header(("x-csrf-token", page.csrf.as_str()))).await;
    let gone = "__Host-doktolib=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0";
    assert_eq!((answer.status, answer.header("set-cookie")), (204, Some(gone)));
    assert_eq!(with_cookie(&app, Method::GET, &page, None).await, 401);
    assert_eq!(with_cookie(&app, Method::GET, &other, None).await, 200);
}

#[actix_web::test]
async fn a_page_that_rests_for_twelve_hours_is_signed_out() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let (used, idle) = (sign_in_on_a_page(&app, user).await, sign_in_on_a_page(&app, user).await);
    for _ in 0..12 {
        app.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(with_cookie(&app, Method::GET, &used, None).await, 200);
    }
    assert_eq!(with_cookie(&app, Method::GET, &idle, None).await, 401);
    app.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(with_cookie(&app, Method::GET, &used, None).await, 401);
}

#[actix_web::test]
async fn half_a_sign_in_opens_nothing_but_the_way_out() {
    let app = app().await;
    let user = account(&app, Role::Admin).await;
    let opened = open(&app, user, SessionKind::Bearer, SessionExtent::SecondFactorSetup).await;
    let Tokens::Bearer { access, refresh: None } = &opened.tokens else { panic!("nothing renews it") };
    let access = access.expose();
    let refused = with_token(&app, Method::GET, SESSIONS, access).await;
    assert_eq!(refused.problem(), (403, "second-factor-missing".into()));
    assert_eq!(with_token(&app, Method::DELETE, SESSIONS, access).await.status, 403);
    assert_eq!(with_token(&app, Method::POST, LOGOUT, access).await.status, 204);
    assert_eq!(with_token(&app, Method::GET, SESSIONS, access).await.status, 401);
}

#[actix_web::test]
async fn the_fifty_first_session_ends_the_oldest() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let oldest = sign_in(&app, user).await;
    for _ in 0..50 {
        app.clock.advance(SignedDuration::from_secs(1));
        sign_in(&app, user).await;
    }
    assert_eq!(status(&app, &oldest.access).await, 401);
    let open = format!("SELECT count(*) FROM auth.session WHERE account_id = '{user}' AND revoked_at IS NULL");
    assert_eq!(app.number(&open).await, 50);
    assert_eq!(audited(&app, "session.ended").await, 1);
}
