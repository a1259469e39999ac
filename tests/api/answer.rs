//! What came back.

use actix_web::body::{BoxBody, MessageBody as _, to_bytes};
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use serde_json::Value;

use crate::app::PUBLIC_URL;

/// What the application answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// An answer whose body is still to come.
pub struct Opened {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: BoxBody,
}

impl Opened {
    /// The next piece of the body, when there is one.
    pub async fn piece(&mut self) -> Option<Bytes> {
        std::future::poll_fn(|cx| std::pin::Pin::new(&mut self.body).poll_next(cx)).await.map(Result::unwrap)
    }

    /// The whole of it, or of a stream that never ends its first piece.
    pub async fn whole(mut self) -> Answer {
        let endless = self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let first = if endless { self.piece().await.unwrap() } else { Bytes::new() };
        let body = if endless { first } else { to_bytes(self.body).await.unwrap() };
        Answer { status: self.status, headers: self.headers, body }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The answer as a list.
    pub fn list(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json().as_array().unwrap().clone()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and `code` of a problem, after a look at the form that every problem has.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let body = self.json();
        let code = body["code"].as_str().unwrap().to_owned();
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert_eq!(body["status"], self.status);
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        (self.status, code)
    }

    /// `field:code` of every bad field of a 422 `invalid`, in order.
    pub fn bad_fields(&self) -> Vec<String> {
        assert_eq!(self.problem(), (422, "invalid".to_owned()), "{}", self.text());
        self.fields()
    }

    /// `field:code` of every entry of `errors`, in order.
    pub fn fields(&self) -> Vec<String> {
        let body = self.json();
        let told = body["errors"].as_array().cloned().unwrap_or_default();
        let mut fields: Vec<String> = told
            .iter()
            .map(|error| format!("{}:{}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        fields.sort();
        fields
    }

    /// Where `Link: <…>; rel="next"` leads.
    pub fn next(&self) -> Option<String> {
        let link = self.header("link")?;
        let (address, rest) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        Some(address.to_owned())
    }

    /// Path and query of the link in `manage_url`, with `step` between them.
    pub fn manage(&self, step: &str) -> String {
        let body = self.json();
        let path = body["manage_url"].as_str().unwrap().strip_prefix(PUBLIC_URL).unwrap();
        let (path, query) = path.split_once('?').unwrap();
        format!("{path}{step}?{query}")
    }
}
