//! Calendars in the copy of what is stored about somebody.

use std::io::{Cursor, Read as _};

use actix_web::http::Method;
use kernel::Role;
use serde_json::Value;
use uuid::Uuid;

use crate::app::{doctor, keys};
use crate::sign_ins::{account, app, sign_in, with_token};

#[actix_web::test]
async fn the_copy_tells_of_feeds_and_of_calendars_elsewhere_and_gives_nobody_the_secrets_that_open_them() {
    let app = app().await;
    let user = account(&app, Role::Patient).await;
    let held = sign_in(&app, user).await;
    let (own, strange, elsewhere) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let address = "https://calendar.example/private-4711/basic.ics";
    let sealed = keys().seal_text("calendars.external_calendar.address", elsewhere, address);
    app.sql(&format!(
        "INSERT INTO calendars.feed (id, secret_digest, user_id, doctor_id, details, language, opened_by, created_at)
         VALUES ('{own}', sha256('planted'), '{user}', NULL, 'full', 'en', '{user}', '2027-01-01Z'),
                ('{strange}', sha256('other'), '{strange}', NULL, 'full', 'en', '{strange}', '2027-01-01Z')"
    ))
    .await;
    app.client()
        .await
        .execute(
            "INSERT INTO calendars.external_calendar (id, doctor_id, address, time_zone, added_by, created_at, next_read_at)
             VALUES ($1, $2, $3, 'America/New_York', $4, '2027-01-01Z', '2027-01-01Z')",
            &[&elsewhere, &doctor(1).parse::<Uuid>().unwrap(), &sealed, &user.as_uuid()],
        )
        .await
        .unwrap();
    let copy = with_token(&app, Method::GET, "/api/v1/me/export", &held.access).await;
    assert_eq!(copy.status, 200, "{}", copy.text());
    let mut zip = zip::ZipArchive::new(Cursor::new(copy.body.to_vec())).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let (feeds, externals) = (read("calendar-feeds.json"), read("external-calendars.json"));
    let listed = |text: &str| serde_json::from_str::<Vec<Value>>(text).unwrap();
    assert_eq!((listed(&feeds).len(), listed(&feeds)[0]["id"].as_str()), (1, Some(own.to_string().as_str())));
    assert_eq!(listed(&externals)[0]["host"], "calendar.example");
    for secret in ["4711", "address", "secret", "\\\\x"] {
        assert!(!feeds.contains(secret) && !externals.contains(secret), "{secret}: {feeds} {externals}");
    }
}
