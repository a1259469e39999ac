//! Two server processes on one database: what one does, the other knows.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/client.rs"]
mod client;
#[expect(dead_code, reason = "other test programs use the rest")]
#[path = "support/process.rs"]
mod process;

use std::time::Duration;

use client::{Client, booking};
use kernel::{Clock as _, SystemClock};
use process::Installation;
use serde_json::{Value, json};

const ADDRESS: &str = "ada.two@example.org";

/// Registers and signs in by the mailed code; gives the access token.
async fn signed_in(base: &str, client: &Client) -> String {
    let asked = client.post("/api/v1/auth/register", &json!({"email": ADDRESS, "name": "Ada Example"}), None).await;
    let request_id = asked.unwrap().json()["request_id"].clone();
    let latest = format!("/dev/mail/latest.txt?to={ADDRESS}&template=register-code");
    let code = loop {
        let mail = client.get(&latest).await.unwrap();
        let text = String::from_utf8(mail.body).unwrap();
        if let Some(code) = text.lines().find_map(|line| line.strip_prefix("Code: ").map(str::to_owned)) {
            break code;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let verify = json!({"request_id": request_id, "code": code});
    let session = client.post("/api/v1/auth/otp/verify", &verify, None).await.unwrap();
    assert_eq!(session.status, 200, "{base}: {session:?}");
    session.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_counts_at_once_and_a_booking_is_told_on_the_other_process() {
    let installation = Installation::new();
    let (one, other) = (installation.start(&["all"]).await, installation.start(&["serve"]).await);
    let client = Client::new(one.base());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    let token = signed_in(&one.base(), &client).await;
    let me = async |base: String| {
        http.get(format!("{base}/api/v1/me")).bearer_auth(&token).send().await.unwrap().status().as_u16()
    };
    assert_eq!((me(one.base()).await, me(other.base()).await), (200, 200));
    let everywhere = http.delete(format!("{}/api/v1/auth/sessions", one.base())).bearer_auth(&token).send().await;
    assert_eq!(everywhere.unwrap().status().as_u16(), 204);
    assert_eq!((me(other.base()).await, me(one.base()).await), (401, 401), "no wait in between");

    let doctors = client.get("/api/v1/doctors").await.unwrap().json();
    let doctor = doctors[0]["id"].as_str().unwrap();
    let until = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::ToSpan::days(21);
    let stream = format!("{}/api/v1/doctors/{doctor}/slots/stream?to={until}", other.base());
    let mut listening = http.get(stream).send().await.unwrap();
    let mut heard = String::new();
    while !heard.contains("id: ") {
        heard.push_str(std::str::from_utf8(&listening.chunk().await.unwrap().unwrap()).unwrap());
    }
    let first = heard.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let slots: Value = serde_json::from_str(first).unwrap();
    let starts_at = slots["slots"][0]["starts_at"].as_str().unwrap().to_owned();
    let booked = client.book(&booking(doctor, &starts_at, "Ben Example"), None).await.unwrap();
    assert_eq!(booked.status, 201, "{booked:?}");
    heard.clear();
    while !heard.contains("event: changed") || !heard.ends_with("\n\n") {
        heard.push_str(std::str::from_utf8(&listening.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(heard.split_once("\"taken\"").unwrap().1.contains(&starts_at), "{heard}");
}
