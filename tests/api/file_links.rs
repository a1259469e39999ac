//! Stretches of files, and links to them.

use crate::app::{App, PUBLIC_URL, Who, Wishes, id};
use crate::papers::{House, file};

async fn with_file(content: &str) -> (House, String, String) {
    let house = House::new().await;
    let files = house.uploaded(&[file("a.txt", content)]).await;
    let key = files[0]["key"].as_str().unwrap().to_owned();
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    (house, uri, key)
}

async fn link(app: &App, key: &str, query: &str) -> String {
    let made = app.get_as(Who::Patient(1), &format!("/api/v1/files/presigned-url/{key}{query}")).await;
    assert_eq!((made.status, made.json()["method"].as_str()), (200, Some("GET")), "{}", made.text());
    made.json()["url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

#[actix_web::test]
async fn a_stretch_is_sent_as_it_is_asked_for() {
    let (house, uri, _) = with_file("0123456789").await;
    let content = format!("{uri}/content");
    let ask = async |headers: &[(&'static str, &str)]| {
        let mut request = actix_web::test::TestRequest::get().uri(&content);
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        house.app.send_as(Who::Patient(1), request).await
    };
    let whole = ask(&[]).await;
    let tag = whole.header("etag").unwrap().to_owned();
    for (range, status, text, told) in [
        ("bytes=0-3", 206, "0123", Some("bytes 0-3/10")),
        ("bytes=8-", 206, "89", Some("bytes 8-9/10")),
        ("bytes=-2", 206, "89", Some("bytes 8-9/10")),
        ("bytes=0-1,4-5", 200, "0123456789", None),
        ("lines=1", 200, "0123456789", None),
    ] {
        let part = ask(&[("range", range)]).await;
        assert_eq!((part.status, part.text().as_str(), part.header("content-range")), (status, text, told), "{range}");
    }
    let beyond = ask(&[("range", "bytes=10-")]).await;
    assert_eq!((beyond.problem().0, beyond.header("content-range")), (416, Some("bytes */10")));
    assert_eq!(ask(&[("range", "bytes=0-0"), ("if-range", &tag)]).await.status, 206);
    assert_eq!(ask(&[("range", "bytes=0-0"), ("if-range", "\"another\"")]).await.status, 200);
    assert_eq!(ask(&[("if-none-match", &tag)]).await.status, 304);
}

#[actix_web::test]
async fn a_link_opens_one_file_for_a_minute_and_nothing_else() {
    let (house, uri, key) = with_file("by a link").await;
    let other = house.uploaded(&[file("b.txt", "another one")]).await;
    let address = link(&house.app, &key, "").await;
    let opened = house.app.get(&address).await;
    assert_eq!((opened.status, opened.text().as_str()), (200, "by a link"));
    assert_eq!(opened.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert_eq!(house.app.get_with(&address, ("range", "bytes=0-1")).await.status, 206);
    // One method.
    let posted = house.app.send(actix_web::test::TestRequest::post().uri(&address)).await;
    assert_eq!(posted.status, 405);
    // One object: neither the id nor the end of the signature can be another.
    for place in [address.len() - 1, address.len() - 40, address.rfind('/').unwrap() + 2] {
        let mut tampered = address.clone().into_bytes();
        tampered[place] = if tampered[place] == b'A' { b'B' } else { b'A' };
        let tampered = String::from_utf8(tampered).unwrap();
        assert_eq!(house.app.get(&tampered).await.problem(), (404, "not-found".to_owned()), "octet {place}");
    }
    let other_link = link(&house.app, other[0]["key"].as_str().unwrap(), "").await;
    assert_eq!(house.app.get(&other_link).await.text(), "another one");
    house.app.clock.advance(jiff::SignedDuration::from_secs(59));
    assert_eq!(house.app.get(&address).await.status, 200);
    house.app.clock.advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(house.app.get(&address).await.problem(), (410, "link-expired".to_owned()));

    let hour = link(&house.app, &key, "?expires_in=3600").await;
    let delete = actix_web::test::TestRequest::delete().uri(&uri);
    assert_eq!(house.app.send_as(Who::Patient(1), delete).await.status, 204);
    assert_eq!(house.app.get(&hour).await.status, 404, "of a file that was deleted");
}

#[actix_web::test]
async fn links_are_made_by_those_who_read_and_last_an_hour_at_most() {
    let (house, _, key) = with_file("text").await;
    let ask = |query: &str| format!("/api/v1/files/presigned-url/{key}{query}");
    for (who, status) in [
        (Who::Patient(1), 200),
        (Who::Doctor(1), 200),
        (Who::Patient(2), 404),
        (Who::Doctor(4), 404),
        (Who::Staff(1), 403),
        (Who::Admin, 403),
    ] {
        assert_eq!(house.app.get_as(who, &ask("")).await.status, status, "{who:?}");
    }
    for bad in ["?expires_in=3601", "?expires_in=0", "?expires_in=x"] {
        assert!(house.app.get_as(Who::Patient(1), &ask(bad)).await.bad_fields()[0].starts_with("expires_in:"), "{bad}");
    }
    for unknown in ["x", "patients/../patients", &format!("{key}x"), &format!("patients/{}/other/x", id('b', 1))] {
        let answer = house.app.get_as(Who::Patient(1), &format!("/api/v1/files/presigned-url/{unknown}")).await;
        assert_eq!(answer.status, 404, "{unknown}");
    }
    let log = "SELECT what FROM appointments.access_log ORDER BY at, id";
    assert_eq!(house.app.texts(log).await, ["file link"], "the doctor's, and no patient's");
}

#[actix_web::test]
async fn a_link_of_another_installation_opens_nothing() {
    let (house, _, key) = with_file("text").await;
    let address = link(&house.app, &key, "").await;
    let token = address.rsplit('/').next().unwrap();
    // Signed by the same program with another secret: the signature alone differs.
    let foreign = files::infrastructure::http::FileLinks::new(&secrecy::SecretString::from("another secret"), "");
    let version = house.app.texts("SELECT id::text FROM files.version").await[0].parse().unwrap();
    let until = "2027-03-08T06:00:00Z".parse().unwrap();
    let theirs = foreign.link(files::domain::VersionId::from_uuid(version), until);
    assert_eq!(house.app.get(&theirs).await.status, 404);
    let ours = files::infrastructure::http::FileLinks::new(&crate::app::secret(), "");
    assert_eq!(house.app.get(&ours.link(files::domain::VersionId::from_uuid(version), until)).await.status, 200);
    let beside = house.app.beside(Wishes::default()).await;
    // Another server of the same installation knows it; its storage is another one here.
    assert_eq!(beside.get(&format!("/api/v1/files/links/{token}")).await.status, 503);
}
