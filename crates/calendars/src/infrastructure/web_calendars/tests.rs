use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const CALENDAR: &str = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n";

/// What a server answers to one request; it says nothing more, and keeps the connection open after `Some`.
type Behaviour = fn(&str) -> (String, Option<Vec<u8>>);

/// A server on this machine, and what it was asked.
async fn server(behaviour: Behaviour) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let (head, endless) = behaviour(&request);
                seen.lock().unwrap().push(request);
                let _sent = stream.write_all(head.as_bytes()).await;
                if let Some(more) = endless {
                    while !more.is_empty() && stream.write_all(&more).await.is_ok() {}
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
            });
        }
    });
    (address, asked)
}

fn whole(status: &str, fields: &str, body: &str) -> (String, Option<Vec<u8>>) {
    let length = body.len();
    (format!("HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\nconnection: close\r\n\r\n{body}"), None)
}

fn here() -> WebCalendars {
    WebCalendars::new(Reach::Loopback, Duration::from_secs(20)).unwrap()
}

#[tokio::test]
async fn an_address_that_may_not_be_asked_is_told_as_such() {
    let public = WebCalendars::new(Reach::Public, Duration::from_secs(5)).unwrap();
    assert!(public.allows("https://calendar.example/private/a.ics") && !public.allows("https://127.0.0.1/"));
    assert!(public.fetch("https://127.0.0.1/", None).await == Err(FetchError::Refused));
}

#[tokio::test]
async fn a_calendar_is_read_with_its_tag_and_told_unchanged_the_next_time() {
    let (address, asked) = server(|request| {
        if request.contains("if-none-match: \"7\"") {
            whole("304 Not Modified", "", "")
        } else {
            whole("200 OK", "etag: \"7\"\r\n", CALENDAR)
        }
    })
    .await;
    let read = here().fetch(&address, None).await;
    assert!(read == Ok(Fetched::Text { text: CALENDAR.into(), etag: Some("\"7\"".into()) }));
    assert!(here().fetch(&address, Some("\"7\"")).await == Ok(Fetched::Unchanged));
    let asked = asked.lock().unwrap().clone();
    assert!(asked.len() == 2 && !asked[0].to_lowercase().contains("accept-encoding"), "{asked:?}");
}

#[tokio::test]
async fn nobody_is_sent_on_into_a_private_network_nor_for_ever() {
    for (behaviour, refused) in [
        (
            (|_| whole("302 Found", "location: http://169.254.169.254/latest/meta-data/\r\n", "")) as Behaviour,
            FetchError::Refused,
        ),
        (|_| whole("301 Moved", "location: https://user:x@calendar.example/\r\n", ""), FetchError::Refused),
        (|_| whole("302 Found", "location: file:///etc/passwd\r\n", ""), FetchError::Refused),
        (|_| whole("307 Moved", "location: /again\r\n", ""), FetchError::BadStatus),
        (|_| whole("302 Found", "", ""), FetchError::BadStatus),
        (|_| whole("401 Unauthorized", "", ""), FetchError::BadStatus),
        (|_| whole("200 OK", "content-encoding: gzip\r\n", "x"), FetchError::Unreadable),
    ] {
        let (address, asked) = server(behaviour).await;
        let outcome = here().fetch(&address, None).await;
        assert!(outcome == Err(refused), "{refused}");
        assert!(asked.lock().unwrap().len() <= MOST_HOPS + 1);
    }
}

#[tokio::test]
async fn a_calendar_without_end_is_given_up_at_five_megabytes_and_a_slow_one_in_time() {
    let (endless, _) =
        server(|_| ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".into(), Some(vec![b'x'; 65_536]))).await;
    assert!(here().fetch(&endless, None).await == Err(FetchError::TooLarge));
    let (silent, _) = server(|_| ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nBEGIN".into(), Some(Vec::new()))).await;
    let hasty = WebCalendars::new(Reach::Loopback, Duration::from_millis(300)).unwrap();
    assert!(hasty.fetch(&silent, None).await == Err(FetchError::TooSlow));
    // A port where nobody listens.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert!(here().fetch(&format!("http://{closed}/"), None).await == Err(FetchError::Unreachable));
}
