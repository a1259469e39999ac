//! The pages as a browser without scripts gets them.

use actix_web::test::TestRequest;
use appointments::application::GuestBooking;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::app::{App, PUBLIC_URL, Wishes, ada, doctor, id, visit_type};

/// What stands in the attribute of that name, the first time after `before`.
fn attribute<'a>(page: &'a str, before: &str, name: &str) -> &'a str {
    let at = page.find(before).unwrap_or_else(|| panic!("{before} is not in {page}"));
    let rest = &page[at..];
    let from = rest.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
    rest[from..].split('"').next().unwrap()
}

async fn get(app: &App, address: &str, language: &str) -> Answer {
    app.send(TestRequest::get().uri(&address.replace("&amp;", "&")).insert_header(("accept-language", language))).await
}

async fn post(app: &App, address: &str, fields: &[(&str, &str)]) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = TestRequest::post()
        .uri(address)
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("sec-fetch-site", "same-origin"));
    app.send(request.set_payload(body)).await
}

/// The form of a doctor's first free time.
struct Form {
    address: String,
    slot: String,
    key: String,
    visit_type: String,
}

async fn form(app: &App) -> Form {
    let profile = get(app, &format!("/doctor/{}", doctor(1)), "en").await.text();
    let link = attribute(&profile, "class=\"slot\"", "href").to_owned();
    let page = get(app, &link, "en").await.text();
    let value = |name: &str| attribute(&page, &format!("name=\"{name}\""), "value").to_owned();
    let (slot, key, visit_type) = (value("slot"), value("key"), value("visit_type"));
    Form { address: format!("/doctor/{}/book", doctor(1)), slot, key, visit_type }
}

impl Form {
    async fn send(&self, app: &App, name: &str, email: &str) -> Answer {
        self.again(app, &self.key, name, email).await
    }

    async fn again(&self, app: &App, key: &str, name: &str, email: &str) -> Answer {
        let fields = [
            ("slot", self.slot.as_str()),
            ("visit_type", &self.visit_type),
            ("key", key),
            ("name", name),
            ("email", email),
            ("notes", "a cough"),
        ];
        post(app, &self.address, &fields).await
    }
}

#[actix_web::test]
async fn the_search_shows_doctors_with_times_in_both_languages() {
    let app = App::reading().await;
    for (language, title, specialty) in
        [("en", "Find a doctor and book your visit", "Cardiology"), ("fr-FR", "Trouvez un médecin", "Cardiologie")]
    {
        let answer = get(&app, "/", language).await;
        let page = answer.text();
        assert_eq!(answer.status, 200);
        for expected in [title, specialty, "data-testid=\"doctors-card-item\"", "class=\"slot\"", "<!DOCTYPE html>"] {
            assert!(page.contains(expected), "{language}: {expected}");
        }
        assert_eq!(answer.header("content-language"), Some(&language[..2]));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe") && !page.contains("<script"),
            "{policy}"
        );
    }
    let nobody = get(&app, "/?q=nobodyiscalledthis", "en").await;
    assert!(nobody.status == 200 && nobody.text().contains("Nobody fits this search"));
    let odd = get(&app, "/?specialty=%27%3E%3Cb%3E&when=x&sort=y&after=z", "en").await;
    assert!(odd.status == 200 && !odd.text().contains("'><b>"), "{}", odd.status);
}

#[actix_web::test]
async fn a_guest_books_from_the_first_page_and_a_form_that_is_sent_twice_books_once() {
    let app = App::start().await;
    let form = form(&app).await;
    let booked = form.send(&app, "Ada Example", "ada@example.org").await;
    let to = booked.header("location").unwrap_or_else(|| panic!("{}", booked.text())).to_owned();
    assert_eq!(booked.status, 303);
    assert_eq!(form.send(&app, "Ada Example", "ada@example.org").await.header("location"), Some(to.as_str()));
    let visits = format!(
        "SELECT count(*) FROM appointments.appointment WHERE starts_at = '{}' AND doctor_id = '{}'",
        form.slot,
        doctor(1)
    );
    assert_eq!(app.number(&visits).await, 1);

    let seen = get(&app, &to, "en").await;
    assert_eq!((seen.status, seen.header("cache-control")), (200, Some("no-store")));
    let page = seen.text();
    assert!(page.contains("Your visit is booked") && !page.contains("a cough"), "{page}");
    // Without its token, with another, with a form of another site: nothing.
    let (path, token) = to.split_once("?token=").unwrap();
    let token = token.split('&').next().unwrap();
    assert_eq!(get(&app, path, "en").await.status, 404);
    assert_eq!(get(&app, &format!("{path}?token=x{token}"), "en").await.status, 404);
    let cancel = format!("{path}/cancel");
    let foreign = TestRequest::post()
        .uri(&cancel)
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .insert_header(("sec-fetch-site", "cross-site"))
        .set_payload(format!("token={token}"));
    assert_eq!(app.send(foreign).await.status, 403);
    assert!(get(&app, &format!("{path}?token={token}"), "en").await.text().contains("Booked"));

    let gone = post(&app, &cancel, &[("token", token), ("reason", "")]).await;
    assert_eq!((gone.status, gone.header("location").is_some()), (303, true), "{}", gone.text());
    assert!(get(&app, gone.header("location").unwrap(), "fr").await.text().contains("Annulé"));
    app.audited().await;
}

#[actix_web::test]
async fn a_time_that_somebody_was_faster_at_leaves_the_answers_and_offers_others() {
    let app = App::start().await;
    let form = form(&app).await;
    assert_eq!(form.send(&app, "Ada Example", "ada@example.org").await.status, 303);
    let late = form.again(&app, &uuid::Uuid::now_v7().to_string(), "Ben <Sample>", "ben@example.org").await;
    let page = late.text();
    assert_eq!(late.status, 409);
    assert!(page.contains("Nothing was booked") && page.contains("Ben &lt;Sample&gt;"), "{page}");
    let other = attribute(&page, "appointments-gone-form", "value");
    assert_eq!(other, form.visit_type);
    let chosen = attribute(&page, "name=\"slot\"", "value");
    assert_ne!(chosen, form.slot);
}

#[actix_web::test]
async fn what_is_missing_is_told_by_its_field_and_nothing_is_booked() {
    let app = App::start().await;
    let form = form(&app).await;
    let before = app.tables().await;
    let answer = form.send(&app, " ", "nowhere").await;
    let page = answer.text();
    assert_eq!(answer.status, 422);
    for expected in
        ["href=\"#name\"", "href=\"#email\"", "id=\"name-wrong\"", "aria-invalid=\"true\"", "value=\"nowhere\""]
    {
        assert!(page.contains(expected), "{expected}");
    }
    let mut after = app.tables().await;
    // Reading pages mends first free times and nothing else.
    after.retain(|table, hash| before.get(table) != Some(hash));
    assert!(after.is_empty(), "{after:?}");
}

#[actix_web::test]
async fn where_addresses_are_proven_the_code_from_the_mail_books() {
    let app = App::with(Wishes { guests: GuestBooking::Code, ..Wishes::default() }).await;
    let form = form(&app).await;
    let held = form.send(&app, "Ada Example", "ada@example.org").await;
    let to = held.header("location").unwrap().to_owned();
    assert!(held.status == 303 && to.starts_with("/bookings/"), "{to}");
    assert_eq!(form.send(&app, "Ada Example", "ada@example.org").await.header("location"), Some(to.as_str()));
    let page = get(&app, &to, "en").await;
    assert!(page.status == 200 && page.text().contains("one-time-code"));
    let wrong = post(&app, &to, &[("code", "000000"), ("key", "")]).await;
    assert!(wrong.status == 422 && wrong.text().contains("This code is not right"), "{}", wrong.status);
    let client = app.client().await;
    let row = client
        .query_one("SELECT id, sealed FROM journal.outbox WHERE topic = 'mail' ORDER BY created_at DESC LIMIT 1", &[])
        .await
        .unwrap();
    let letter = platform::letters::Letter::open(&crate::app::keys(), row.get(0), &row.get::<_, Vec<u8>>(1)).unwrap();
    let key = uuid::Uuid::now_v7().to_string();
    for _ in 0..2 {
        let booked = post(&app, &to, &[("code", &letter.values["code"]), ("key", &key)]).await;
        assert_eq!(booked.status, 303, "{}", booked.text());
        assert!(booked.header("location").unwrap().starts_with("/appointments/"));
    }
}

#[actix_web::test]
async fn links_of_mails_open_the_page() {
    let app = App::start().await;
    assert_eq!(app.post("/api/v1/appointments", &ada(1, "2027-03-16T09:00:00-04:00")).await.status, 201);
    let client = app.client().await;
    let row = client
        .query_one("SELECT id, sealed FROM journal.outbox WHERE topic = 'mail' ORDER BY created_at DESC LIMIT 1", &[])
        .await
        .unwrap();
    let letter = platform::letters::Letter::open(&crate::app::keys(), row.get(0), &row.get::<_, Vec<u8>>(1)).unwrap();
    let path = letter.values["manage_url"].strip_prefix(PUBLIC_URL).unwrap();
    let page = get(&app, path, "en").await;
    assert!(page.status == 200 && page.text().contains("appointments-visit"), "{path}");
}

#[actix_web::test]
async fn language_and_theme_are_kept_and_lead_back_to_the_page_and_nowhere_else() {
    let app = App::reading().await;
    let chosen = |back: &'static str| [("language", "fr"), ("theme", "dark"), ("back", back)];
    for (back, to) in [
        ("/doctor/x?y=1", "/doctor/x?y=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("", "/"),
    ] {
        let answer = post(&app, "/preferences", &chosen(back)).await;
        assert_eq!((answer.status, answer.header("location")), (303, Some(to)), "{back}");
    }
    let request = TestRequest::get().uri("/").insert_header(("cookie", "dk_language=fr; dk_theme=dark"));
    let page = app.send(request).await.text();
    assert!(page.contains("<html lang=\"fr\" data-theme=\"dark\">"), "{}", &page[..200]);
}

#[actix_web::test]
async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let app = App::reading().await;
    for address in [
        "/nowhere".to_owned(),
        format!("/doctor/{}", id('d', 99)),
        "/doctor/x".to_owned(),
        format!("/doctor/{}/book?slot=x", doctor(1)),
        format!("/doctor/{}/book?slot=2027-03-16T13:00:00Z&visit_type={}", doctor(1), visit_type(2, 1)),
        "/bookings/x".to_owned(),
    ] {
        let request = TestRequest::get().uri(&address).insert_header(("accept", "text/html,*/*"));
        let answer = app.send(request).await;
        assert_eq!(answer.status, 404, "{address}");
        assert!(answer.text().contains("There is no such page"), "{address}");
    }
    assert_eq!(app.get("/nowhere").await.problem(), (404, "not-found".to_owned()));
    let api = TestRequest::get().uri("/api/v1/nowhere").insert_header(("accept", "text/html"));
    assert_eq!(app.send(api).await.problem(), (404, "not-found".to_owned()));
}

#[actix_web::test]
async fn assets_are_kept_for_ever_under_their_version_and_pages_name_it() {
    let app = App::reading().await;
    let page = get(&app, "/", "en").await.text();
    let style = attribute(&page, "rel=\"stylesheet\"", "href").to_owned();
    let answer = app.get(&style).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(answer.header("cache-control").unwrap().contains("immutable"));
    let old = app.get("/assets/000000000000/app.css").await;
    assert_eq!((old.status, old.header("cache-control")), (200, Some("no-cache")));
    assert_eq!(app.get("/assets/000000000000/../Cargo.toml").await.status, 404);
    for font in ["atkinson-latin.woff2", "icons.svg", "logo.svg"] {
        assert_eq!(app.get(&style.replace("app.css", font)).await.status, 200, "{font}");
    }
}
