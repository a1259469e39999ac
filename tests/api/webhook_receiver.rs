//! A clinic's own system, as webhooks meet it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use platform::jobs::Stop;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::app::{App, Who, id};

/// What it was sent.
#[derive(Debug, Clone)]
pub struct Heard {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// How many signatures there are, and whether one of them is by this secret; computed from the raw octets, without
    /// any of the code that signs.
    pub fn signed_by(&self, secret: &str) -> (usize, bool) {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(self.id().as_bytes());
        mac.update(b".");
        mac.update(self.headers["webhook-timestamp"].as_bytes());
        mac.update(b".");
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let given: Vec<&str> = self.headers["webhook-signature"].split(' ').collect();
        (given.len(), given.contains(&expected.as_str()))
    }
}

/// How it answers.
#[derive(Debug, Clone)]
pub enum Says {
    Status(u16),
    /// With header fields.
    Fields(u16, String),
    /// Nothing, until it is told to say something else.
    Nothing,
}

pub struct Receiver {
    pub url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    says: watch::Sender<Says>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks?key=7d1a", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (says, told) = watch::channel(Says::Status(204));
        let log = Arc::clone(&heard);
        actix_web::rt::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                actix_web::rt::spawn(answer(stream, Arc::clone(&log), told.clone()));
            }
        });
        Self { url, heard, says }
    }

    pub fn says(&self, says: Says) {
        self.says.send_replace(says);
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What it was sent, by type.
    pub fn kinds(&self) -> Vec<String> {
        self.heard().iter().map(Heard::kind).collect()
    }

    /// Waits until it has heard so many.
    pub async fn has_heard(&self, count: usize) {
        for _ in 0..6_000 {
            if self.heard().len() >= count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("heard {:?}", self.kinds());
    }
}

async fn answer(mut stream: TcpStream, log: Arc<Mutex<Vec<Heard>>>, mut told: watch::Receiver<Says>) {
    let mut bytes = Vec::new();
    let heard = loop {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece).await.unwrap_or(0);
        bytes.extend_from_slice(&piece[..length]);
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            if length == 0 {
                return;
            }
            continue;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        assert!(head.starts_with("POST /hooks?key=7d1a HTTP/1.1"), "{head}");
        let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: HashMap<String, String> =
            fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let wanted: usize = headers["content-length"].parse().unwrap();
        if bytes.len() == end + 4 + wanted {
            break Heard { headers, body: bytes[end + 4..].to_vec() };
        }
    };
    log.lock().unwrap().push(heard);
    let says = told.wait_for(|says| !matches!(says, Says::Nothing)).await.map(|says| says.clone());
    let (status, fields) = match says {
        Ok(Says::Status(status)) => (status, String::new()),
        Ok(Says::Fields(status, fields)) => (status, fields),
        Ok(Says::Nothing) | Err(_) => return,
    };
    let answer = format!("HTTP/1.1 {status} X\r\n{fields}content-length: 2\r\nconnection: close\r\n\r\nok");
    let _sent = stream.write_all(answer.as_bytes()).await;
}

/// The webhooks of a clinic.
pub fn webhooks(clinic: u32) -> String {
    format!("/api/v1/clinics/{}/webhooks", id('c', clinic))
}

/// A webhook, and its secret.
pub struct Added {
    pub uri: String,
    pub secret: String,
}

pub async fn add(app: &App, clinic: u32, url: &str, types: &[&str]) -> Added {
    let body = json!({"url": url, "event_types": types});
    let added = app.post_as(Who::Staff(clinic), &webhooks(clinic), &body).await;
    assert_eq!(added.status, 201, "{}", added.text());
    let text = |field: &str| added.json()[field].as_str().unwrap().to_owned();
    Added { uri: format!("{}/{}", webhooks(clinic), text("id")), secret: text("secret") }
}

pub fn going() -> Stop {
    let (sender, stop) = watch::channel(false);
    // Nobody stops it.
    std::mem::forget(sender);
    Stop::by(stop)
}

/// Hands out what the outbox holds; posts nothing yet.
pub async fn hand_out(app: &App) {
    let (_going, stop) = watch::channel(false);
    while app.application.courier.round(&stop).await.unwrap() > 0 {}
}

/// Hands out, and posts what is due, until nothing is.
pub async fn deliver(app: &App) {
    hand_out(app).await;
    while app.application.deliverer.step(&going()).await.unwrap() {}
}

/// The deliveries of a webhook, the newest first.
pub async fn deliveries(app: &App, added: &Added) -> Vec<Value> {
    app.get_as(Who::Admin, &format!("{}/deliveries", added.uri)).await.list()
}

/// The only one.
pub async fn delivery(app: &App, added: &Added) -> Value {
    let mut all = deliveries(app, added).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}
