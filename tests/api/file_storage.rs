//! Files on an S3 server that refuses what is signed wrongly, and through a line that breaks.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;

use platform::storage::{S3Settings, Storage, StorageSettings};
use secrecy::SecretString;
use testkit::ObjectServer;

use crate::app::Who;
use crate::papers::{BOUNDARY, House, UPLOAD, file, text_of};

fn on_server(server: &ObjectServer) -> Storage {
    Storage::open(&StorageSettings::S3(S3Settings {
        bucket: ObjectServer::BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(server.url()),
        credentials: Some((
            ObjectServer::ACCESS_KEY.to_owned(),
            SecretString::from(ObjectServer::SECRET_KEY.to_owned()),
        )),
    }))
    .unwrap()
}

fn objects(folder: &PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { objects(&path) } else { vec![path] }).collect()
}

#[actix_web::test]
async fn on_a_server_files_are_sealed_read_in_stretches_and_purged() {
    let server = ObjectServer::start();
    let house = House::on(tempfile::tempdir().unwrap(), on_server(&server)).await;
    let content = text_of(7 * 1024 * 1024);
    let files = house.uploaded(&[file("large.txt", content.clone()), file("small.txt", "small")]).await;
    let stored = objects(&server.bucket().join("patients"));
    assert_eq!(stored.len(), 2, "{stored:?}");
    assert!(stored.iter().all(|path| !std::fs::read(path).unwrap().windows(12).any(|part| part == b"Nothing but ")));
    let uri = format!("/api/v1/files/{}", files[0]["id"].as_str().unwrap());
    let read = house.app.get_as(Who::Patient(1), &format!("{uri}/content")).await;
    assert!(read.status == 200 && read.body == content);
    let range = actix_web::test::TestRequest::get()
        .uri(&format!("{uri}/content"))
        .insert_header(("range", "bytes=6000000-6000009"));
    assert_eq!(house.app.send_as(Who::Patient(1), range).await.body.as_ref(), &content[6_000_000..6_000_010]);
    let key = files[0]["key"].as_str().unwrap();
    let link = house.app.get_as(Who::Patient(1), &format!("/api/v1/files/presigned-url/{key}")).await.json();
    let link = link["url"].as_str().unwrap().strip_prefix(crate::app::PUBLIC_URL).unwrap().to_owned();
    assert_eq!(house.app.get(&link).await.body.len(), content.len());

    assert_eq!(house.app.send_as(Who::Patient(1), actix_web::test::TestRequest::delete().uri(&uri)).await.status, 204);
    house.app.set_clock("2034-04-01T00:00:00Z");
    house.run("files.purge").await;
    assert_eq!(objects(&server.bucket().join("patients")).len(), 1);
}

#[actix_web::test]
async fn while_the_server_is_away_nothing_is_taken_and_nothing_is_left() {
    let mut server = ObjectServer::start();
    let house = House::on(tempfile::tempdir().unwrap(), on_server(&server)).await;
    let files = house.uploaded(&[file("a.txt", "before")]).await;
    server.stop();
    let refused = house.upload(Who::Patient(1), &[file("b.txt", "meanwhile")]).await;
    assert_eq!(refused.problem(), (503, "unavailable".to_owned()));
    assert_eq!((house.app.number("SELECT count(*) FROM files.file").await, house.spooled()), (1, vec![]));
    let content = format!("/api/v1/files/{}/content", files[0]["id"].as_str().unwrap());
    assert_eq!(house.app.get_as(Who::Patient(1), &content).await.status, 503);
    server.start_again();
    assert_eq!(house.app.get_as(Who::Patient(1), &content).await.text(), "before");
    assert_eq!(house.uploaded(&[file("b.txt", "again")]).await.len(), 1);
}

#[actix_web::test]
async fn a_sender_who_is_cut_off_leaves_nothing_behind() {
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let application = house.app.application.clone();
    let server = actix_web::HttpServer::new(move || doktolib::app(&application))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
    let handle = server.handle();
    let running = actix_web::rt::spawn(server);
    let (name, badge) = Who::Patient(1).bearer();
    let head = format!(
        "POST {UPLOAD} HTTP/1.1\r\nhost: localhost\r\n{name}: {badge}\r\ncontent-length: 5000000\r\n\
         content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n--{BOUNDARY}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
    );
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(head.as_bytes()).unwrap();
    client.write_all(&text_of(1_000_000)).unwrap();
    let mut tries = 0;
    while house.spooled().is_empty() {
        tries += 1;
        assert!(tries < 1000, "nothing has come to the spool");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    drop(client);
    while !house.spooled().is_empty() {
        tries += 1;
        assert!(tries < 2000, "what was cut off is still there");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    house.is_untouched().await;
    // And others are served.
    let mut other = TcpStream::connect(address).unwrap();
    other.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        other.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 200"));
    handle.stop(false).await;
    running.await.unwrap().unwrap();
}
