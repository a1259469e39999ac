//! Messages to patients: what became of them, as the team sees it and as a provider tells it.

use actix_web::test::TestRequest;
use doktolib::texting::Texting;
use notifications::infrastructure::twilio_signature;
use platform::pg;
use platform::texts::{self, Text};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::watch;
use url::form_urlencoded::Serializer;
use uuid::Uuid;

use crate::answer::Answer;
use crate::app::{App, PUBLIC_URL, Who, Wishes, id, mail_into};

const NUMBER: &str = "+12125550100";
const STATUS: &str = "/api/v1/notifications/sms-status";

fn token() -> SecretString {
    SecretString::from("the token of the provider".to_owned())
}

/// Mail and texts lie in a folder of their own; a provider is believed that knows the token.
pub async fn with_folder() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let texting = Texting { token: Some(token()), ..Texting::into_folder(folder.path().join("texts")) };
    let wishes = Wishes { mailing: mail_into(folder.path().join("mail")), texting, ..Wishes::default() };
    (App::with(wishes).await, folder)
}

/// Hands out what lies in the outbox.
pub async fn hand_out(app: &App) {
    let (_stop, going) = watch::channel(false);
    while app.application.courier.round(&going).await.unwrap() > 0 {}
}

/// A text about that record, which is not handed out yet.
async fn text(app: &App, subject: &str) -> Uuid {
    let text = Text::new("reminder", NUMBER, "fr")
        .with("doctor", "Amara Okafor")
        .with("clinic", "Harbor")
        .with("when", "2027-03-09 09:00");
    let mut conn = pg::conn(&app.application.pool).await.unwrap();
    let at = kernel::Clock::now(&*app.clock);
    texts::post(&mut conn, &app.application.keys, &text, subject.parse().unwrap(), at).await.unwrap().as_uuid()
}

/// What the provider sends about a message of ours, signed with that token for that address.
async fn told(app: &App, signed: (&SecretString, &str), query: &str, fields: &[(&str, &str)]) -> Answer {
    let form: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let signature = twilio_signature(signed.0, &format!("{}{STATUS}{query}", signed.1), &form);
    let body = Serializer::new(String::new()).extend_pairs(&form).finish();
    let request = TestRequest::post()
        .uri(&format!("{STATUS}{query}"))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("x-twilio-signature", signature))
        .set_payload(body);
    app.send(request).await
}

async fn of_visit(app: &App, visit: &str) -> Vec<Value> {
    let answer = app.get_as(Who::Staff(1), &format!("/api/v1/appointments/{visit}/notifications")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.list()
}

fn brief(messages: &[Value]) -> Vec<String> {
    let word = |message: &Value, field: &str| message[field].as_str().unwrap().to_owned();
    let line = |message: &Value| ["channel", "template", "state"].map(|field| word(message, field)).join(" ");
    messages.iter().map(line).collect()
}

#[actix_web::test]
async fn the_team_sees_which_messages_went_out_about_a_visit_and_which_wait() {
    let (app, _folder) = with_folder().await;
    let body = json!({"doctor_id": id('d', 1), "starts_at": "2027-03-09T09:00:00-05:00"});
    let booked = app.post_as(Who::Patient(1), "/api/v1/appointments", &body).await.json();
    let visit = booked["id"].as_str().unwrap();
    assert_eq!(brief(&of_visit(&app, visit).await), ["email booking-confirmed queued"]);
    hand_out(&app).await;
    let sent = of_visit(&app, visit).await;
    assert_eq!((brief(&sent), &sent[0]["tries"]), (vec!["email booking-confirmed sent".to_owned()], &json!(1)));
    app.clock.advance(jiff::SignedDuration::from_mins(1));
    text(&app, visit).await;
    let both = of_visit(&app, visit).await;
    assert_eq!(brief(&both), ["email booking-confirmed sent", "sms reminder queued"]);
    let all = serde_json::to_string(&both).unwrap();
    assert!(!all.contains("@") && !all.contains("555") && !all.contains("Okafor"), "{all}");

    for (who, status) in
        [(Who::Doctor(1), 200), (Who::Admin, 200), (Who::Doctor(2), 404), (Who::Staff(2), 404), (Who::Patient(1), 403)]
    {
        let answer = app.get_as(who, &format!("/api/v1/appointments/{visit}/notifications")).await;
        assert_eq!(answer.status, status, "{who:?}");
    }
}

#[actix_web::test]
async fn a_reminder_of_several_visits_stands_with_each_of_them() {
    let (app, _folder) = with_folder().await;
    let letter = Uuid::now_v7();
    let (one, other) = (id('a', 12109), id('a', 12110));
    app.sql(&format!(
        "INSERT INTO appointments.reminder VALUES ('{one}', 24, '2027-03-09Z', '{letter}', '2027-03-08Z'),
                                                  ('{other}', 24, '2027-03-09Z', '{letter}', '2027-03-08Z');
         INSERT INTO notifications.message (id, channel, template, subject, created_at, state, tries, changed_at)
         VALUES ('{letter}', 'email', 'reminder-several', '{one}', '2027-03-08Z', 'sent', 1, '2027-03-08Z')"
    ))
    .await;
    for visit in [one, other] {
        let answer = app.get_as(Who::Admin, &format!("/api/v1/appointments/{visit}/notifications")).await;
        assert_eq!(brief(&answer.list()), ["email reminder-several sent"], "{visit}");
    }
}

#[actix_web::test]
async fn a_signed_word_of_the_provider_moves_a_text_forward_and_a_forged_one_changes_nothing() {
    let (app, _folder) = with_folder().await;
    let visit = id('a', 12109);
    let message = text(&app, &visit).await;
    hand_out(&app).await;
    let query = format!("?message={message}");
    let fields = |state: &'static str| [("MessageSid", "SM1"), ("MessageStatus", state), ("To", NUMBER)];
    let before = app.tables().await;
    let stranger = SecretString::from("another token".to_owned());
    for (signed, asked) in [
        ((&stranger, PUBLIC_URL), query.as_str()),
        ((&token(), "https://evil.example"), &query),
        ((&SecretString::from(String::new()), PUBLIC_URL), &query),
    ] {
        let answer = told(&app, signed, asked, &fields("delivered")).await;
        assert_eq!(answer.problem(), (403, "forbidden".to_owned()));
    }
    // A right signature, carried over to another message or another state.
    let form: Vec<(String, String)> =
        fields("sent").iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let signature = twilio_signature(&token(), &format!("{PUBLIC_URL}{STATUS}{query}"), &form);
    for (uri, body) in [
        (format!("{STATUS}?message={}", Uuid::now_v7()), "MessageSid=SM1&MessageStatus=sent&To=%2B12125550100"),
        (format!("{STATUS}{query}"), "MessageSid=SM1&MessageStatus=delivered&To=%2B12125550100"),
        (format!("{STATUS}{query}"), ""),
    ] {
        let request = TestRequest::post().uri(&uri).insert_header(("x-twilio-signature", signature.as_str()));
        assert_eq!(app.send(request.set_payload(body)).await.status, 403, "{uri} {body}");
    }
    assert_eq!(app.tables().await, before);

    let ours = (&token(), PUBLIC_URL);
    for (state, now) in [("sent", "sent"), ("delivered", "delivered"), ("sent", "delivered"), ("failed", "delivered")] {
        assert_eq!(told(&app, ours, &query, &fields(state)).await.status, 204, "{state}");
        assert_eq!(brief(&of_visit(&app, &visit).await), [format!("sms reminder {now}")], "{state}");
    }
    let unknown = format!("?message={}", Uuid::now_v7());
    assert_eq!(told(&app, ours, &unknown, &fields("sent")).await.status, 204, "nothing is told of what is not ours");
    assert_eq!(told(&app, ours, "", &fields("sent")).await.status, 422);
    assert_eq!(told(&app, ours, &query, &[("MessageStatus", "sent")]).await.status, 422);
}

#[actix_web::test]
async fn without_a_provider_nobody_is_believed() {
    let app = App::start().await;
    let answer = told(&app, (&SecretString::from(String::new()), PUBLIC_URL), "?message=x", &[]).await;
    assert_eq!(answer.status, 403);
}

#[actix_web::test]
async fn in_development_texts_are_read_on_a_page_and_by_scripts() {
    let (app, _folder) = with_folder().await;
    assert_eq!(app.get("/dev/texts/latest.txt").await.status, 404);
    text(&app, &id('a', 12109)).await;
    hand_out(&app).await;
    for number in ["%2B12125550100", "+12125550100", "12125550100"] {
        let answer = app.get(&format!("/dev/texts/latest.txt?to={number}")).await;
        assert_eq!(answer.status, 200, "{number}");
        assert!(answer.text().contains("Rappel : mar. 9 mars 2027 09:00, Amara Okafor, Harbor."), "{}", answer.text());
    }
    assert_eq!(app.get("/dev/texts/latest.txt?to=+4912345").await.status, 404);
    let page = app.get("/dev/texts").await;
    assert!(page.text().contains("Amara Okafor") && page.header("content-security-policy").is_some());
}
