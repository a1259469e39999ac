use std::sync::Mutex;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A server on this machine that says yes to everybody, and how often it was asked.
async fn server() -> (u16, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let _read = stream.read(&mut request).await;
            *seen.lock().unwrap() += 1;
            let _sent = stream.write_all(b"HTTP/1.1 204 Yes\r\nconnection: close\r\n\r\n").await;
        }
    });
    (port, asked)
}

#[test]
fn only_https_to_public_addresses_without_a_password_may_be_asked() {
    let public = Outgoing::new(Reach::Public, CONNECT).unwrap();
    for address in ["https://calendar.example/private/a.ics?key=1", "https://8.8.8.8/x", "https://[2606:4700::1]/x"] {
        assert!(public.checked(address).is_some(), "{address}");
    }
    let long = format!("https://calendar.example/{}", "x".repeat(2_000));
    for address in [
        "http://calendar.example/a.ics",
        "ftp://calendar.example/a.ics",
        "file:///etc/passwd",
        "https://user:secret@calendar.example/a.ics",
        "https://user@calendar.example/a.ics",
        "https://localhost/a.ics",
        "https://intranet/a.ics",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.100.100.200/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "webcal://calendar.example/a.ics",
        "calendar.example",
        "",
        &long,
    ] {
        assert!(public.checked(address).is_none(), "{address}");
    }
    let here = Outgoing::new(Reach::Loopback, CONNECT).unwrap();
    for address in ["http://127.0.0.1:8080/a.ics", "http://localhost/a.ics"] {
        assert!(here.checked(address).is_some(), "{address}");
    }
    for address in ["http://10.0.0.1/", "http://169.254.169.254/"] {
        assert!(here.checked(address).is_none(), "{address}");
    }
}

/// A name that means something else each time it is asked for.
struct Rebinding(Mutex<Vec<&'static str>>);

#[async_trait]
impl Names for Rebinding {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<SocketAddr>> {
        let next = self.0.lock().unwrap().pop().unwrap_or("10.0.0.1,127.0.0.1");
        Ok(next.split(',').map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
    }
}

fn rebinding(reach: Reach, answers: &[&'static str]) -> Outgoing {
    let names = Rebinding(Mutex::new(answers.iter().rev().copied().collect()));
    Outgoing::resolving(reach, Duration::from_secs(20), Arc::new(names)).unwrap()
}

async fn asked(outgoing: &Outgoing, address: &str) -> Result<u16, NotReached> {
    let url = outgoing.checked(address).ok_or(NotReached::Refused)?;
    outgoing.client().get(url).send().await.map(|answer| answer.status().as_u16()).map_err(|error| told(&error))
}

#[tokio::test]
async fn what_a_name_means_is_looked_at_when_it_is_connected_to_each_time() {
    let (port, seen) = server().await;
    let outgoing = rebinding(Reach::Loopback, &["127.0.0.1", "10.0.0.1", "127.0.0.1,10.0.0.1"]);
    let named = format!("http://calendar.example:{port}/");
    assert_eq!(asked(&outgoing, &named).await, Ok(204));
    for _ in 0..3 {
        assert_eq!(asked(&outgoing, &named).await, Err(NotReached::Refused));
    }
    assert_eq!(*seen.lock().unwrap(), 1, "nobody was connected to after the name meant another machine");
    for private in ["127.0.0.1", "::1", "169.254.169.254", "192.168.0.1", "fd00::1", "::ffff:10.0.0.1"] {
        let outcome = asked(&rebinding(Reach::Public, &[private]), "https://calendar.example/").await;
        assert_eq!(outcome, Err(NotReached::Refused), "{private}");
    }
}

#[tokio::test]
async fn who_is_slow_and_who_is_away_are_told_apart() {
    let here = |patience| Outgoing::new(Reach::Loopback, patience).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", silent.local_addr().unwrap());
    assert_eq!(asked(&here(Duration::from_millis(200)), &address).await, Err(NotReached::TooSlow));
    drop(silent);
    assert_eq!(asked(&here(CONNECT), &address).await, Err(NotReached::Unreachable));
}
