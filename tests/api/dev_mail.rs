//! `/dev/mail`, where mail is read in development.

use platform::letters::{self, Letter};
use platform::pg;
use tokio::sync::watch;
use uuid::Uuid;

use crate::app::{App, Wishes, mail_into};

/// An application whose mail lies in a folder, with two letters posted and sent.
async fn with_mail() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let wishes = Wishes { mailing: mail_into(folder.path().join("mail")), ..Wishes::default() };
    let app = App::with(wishes).await;
    post(&app, Letter::new("sign-in-code", "ada@example.org", "en").with("code", "424242").with("minutes", "10")).await;
    let hostile = Letter::new("guest-booking-code", "ben@example.org", "fr")
        .with("name", "Ben Example")
        .with("code", "171717")
        .with("minutes", "10")
        .with("doctor", "<script>alert(1)</script>")
        .with("when", "lundi 1 mars 2027, 9:00");
    post(&app, hostile).await;
    (app, folder)
}

async fn post(app: &App, letter: Letter) {
    let mut conn = pg::conn(&app.application.pool).await.unwrap();
    let at = kernel::Clock::now(&*app.clock);
    letters::post(&mut conn, &app.application.keys, &letter, Uuid::now_v7(), at).await.unwrap();
    let (_stop, going) = watch::channel(false);
    while app.application.courier.round(&going).await.unwrap() > 0 {}
}

#[actix_web::test]
async fn a_script_reads_the_newest_code_by_address() {
    let (app, _folder) = with_mail().await;
    let newest = app.get("/dev/mail/latest.txt").await;
    assert_eq!((newest.status, newest.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let text = newest.text();
    assert!(text.contains("\nTo: ben@example.org\n") && text.contains("\nCode: 171717\n"), "{text}");
    for query in ["?to=ada@example.org", "?to=ADA%40example.org", "?template=sign-in-code"] {
        let text = app.get(&format!("/dev/mail/latest.txt{query}")).await.text();
        assert!(text.contains("\nCode: 424242\n") && text.contains("\n    424242\n"), "{query}: {text}");
        assert!(text.contains("\nSubject: Your code to sign in to Doktolib\n"), "{text}");
    }
    assert_eq!(app.get("/dev/mail/latest.txt?to=eve@example.org").await.problem(), (404, "not-found".into()));
}

#[actix_web::test]
async fn the_pages_show_mail_and_run_nothing_of_it() {
    let (app, _folder) = with_mail().await;
    let list = app.get("/dev/mail").await;
    assert_eq!(list.status, 200);
    let page = list.text();
    let (ben, ada) = (page.find("ben@example.org").unwrap(), page.find("ada@example.org").unwrap());
    assert!(ben < ada, "the newest first");
    let id = page.split("/dev/mail/").nth(2).unwrap().split('"').next().unwrap().to_owned();

    let one = app.get(&format!("/dev/mail/{id}")).await;
    assert!(one.text().contains("&lt;script&gt;") && !one.text().contains("<script"), "{}", one.text());
    assert!(one.text().contains(&format!("src=\"/dev/mail/{id}/html\"")) && one.text().contains("sandbox="));
    for page in [&list, &one] {
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("script-src"));
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
    }
    let framed = app.get(&format!("/dev/mail/{id}/html")).await;
    let policy = framed.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("sandbox") && !policy.contains("allow-scripts") && !policy.contains("allow-same-origin")
    );
    assert_eq!(framed.header("x-frame-options"), Some("SAMEORIGIN"));
    assert!(framed.text().contains("171717") && !framed.text().contains("<script"));

    for gone in [format!("/dev/mail/{}", Uuid::now_v7()), "/dev/mail/x".into(), "/dev/mail/..%2F..%2Fsecret".into()] {
        assert_eq!(app.get(&gone).await.problem(), (404, "not-found".into()), "{gone}");
    }
}

#[actix_web::test]
async fn outside_development_there_is_no_such_page_and_the_description_never_names_it() {
    let (app, folder) = with_mail().await;
    let id = app.get("/dev/mail/latest.txt").await.text().lines().next().unwrap().replace("Id: ", "");
    assert!(!app.get("/api/v1/openapi.json").await.text().contains("/dev/"));

    let mailing = doktolib::mailing::Mailing { mailbox: None, ..mail_into(folder.path().join("mail")) };
    let closed = App::reading_with(Wishes { mailing, ..Wishes::default() }).await;
    for path in ["/dev/mail", "/dev/mail/latest.txt", &format!("/dev/mail/{id}"), &format!("/dev/mail/{id}/html")] {
        assert_eq!(app.get(path).await.status, 200, "{path}");
        assert_eq!(closed.get(path).await.problem(), (404, "not-found".into()), "{path}");
    }
}
