//! A client of the API over real sockets.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

/// An answer that has arrived as a whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn id(&self) -> Uuid {
        self.json()["id"].as_str().unwrap().parse().unwrap()
    }

    /// Path and query of an operation on the appointment of this answer.
    pub fn manage(&self, operation: &str) -> String {
        let url = self.json()["manage_url"].as_str().unwrap().to_owned();
        let (path, token) = url.split_once('?').unwrap();
        let path = path.split_once("/api/").unwrap().1;
        format!("/api/{path}{operation}?{token}")
    }

    /// All that a replay has to give back.
    pub fn essence(&self) -> (u16, Option<&str>, Option<&str>, Option<&str>, &[u8]) {
        (self.status, self.header("location"), self.header("etag"), self.header("content-type"), &self.body)
    }
}

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

impl Client {
    pub fn new(base: String) -> Self {
        // The client wants to know whose cryptography it would use, although it never will.
        let _already_installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Self { http, base }
    }

    pub async fn get(&self, path: &str) -> Result<Answer, reqwest::Error> {
        arrived(self.http.get(format!("{}{path}", self.base))).await
    }

    /// An error means that no whole answer came.
    pub async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<Answer, reqwest::Error> {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        arrived(match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        })
        .await
    }

    pub async fn book(&self, body: &Value, key: Option<&str>) -> Result<Answer, reqwest::Error> {
        self.post("/api/v1/appointments", body, key).await
    }
}

async fn arrived(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await?.to_vec() })
}

/// A booking of a guest by name.
pub fn booking(doctor: &str, starts_at: &str, name: &str) -> Value {
    let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
    json!({"doctor_id": doctor, "starts_at": starts_at, "patient_name": name, "patient_email": email})
}
