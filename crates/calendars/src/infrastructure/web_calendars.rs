//! Fetching calendars that somebody else names.

use std::time::Duration;

use async_trait::async_trait;
use kernel::PortFailure;
use platform::outgoing::{NotReached, Outgoing, Reach, told};
use reqwest::header::{CONTENT_ENCODING, ETAG, HeaderMap, IF_NONE_MATCH, LOCATION};
use reqwest::{Response, StatusCode};

use crate::application::{CalendarSource, FetchError, Fetched};

/// The most octets of a calendar.
const LARGEST: usize = 5 * 1024 * 1024;
/// How many addresses one may be sent on to.
const MOST_HOPS: usize = 3;

/// Calendars on the web.
pub struct WebCalendars {
    outgoing: Outgoing,
    patience: Duration,
}

impl WebCalendars {
    /// Asks what `reach` allows; a calendar has `patience` for all of it.
    ///
    /// # Errors
    /// When there is no way to speak TLS.
    pub fn new(reach: Reach, patience: Duration) -> Result<Self, PortFailure> {
        Ok(Self { outgoing: Outgoing::new(reach, patience)?, patience })
    }

    async fn follow(&self, address: &str, etag: Option<&str>) -> Result<Fetched, FetchError> {
        let mut url = self.outgoing.checked(address).ok_or(FetchError::Refused)?;
        for _ in 0..=MOST_HOPS {
            let mut request = self.outgoing.client().get(url.clone());
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            let answer = request.send().await.map_err(|error| FetchError::from(told(&error)))?;
            if answer.status() == StatusCode::NOT_MODIFIED && etag.is_some() {
                return Ok(Fetched::Unchanged);
            }
            if !answer.status().is_redirection() {
                return text_of(answer).await;
            }
            let next = field(answer.headers(), LOCATION.as_str()).and_then(|next| url.join(next).ok());
            url = self.outgoing.checked(next.ok_or(FetchError::BadStatus)?.as_str()).ok_or(FetchError::Refused)?;
        }
        Err(FetchError::BadStatus)
    }
}

#[async_trait]
impl CalendarSource for WebCalendars {
    fn allows(&self, address: &str) -> bool {
        self.outgoing.checked(address).is_some()
    }

    async fn fetch<'a>(&self, address: &'a str, etag: Option<&'a str>) -> Result<Fetched, FetchError> {
        match tokio::time::timeout(self.patience, self.follow(address, etag)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(FetchError::TooSlow),
        }
    }
}

async fn text_of(mut answer: Response) -> Result<Fetched, FetchError> {
    if answer.status() != StatusCode::OK {
        return Err(FetchError::BadStatus);
    }
    // We have not asked for anything packed; what is packed could unfold without end.
    if field(answer.headers(), CONTENT_ENCODING.as_str()).is_some_and(|packing| packing != "identity") {
        return Err(FetchError::Unreadable);
    }
    let etag = field(answer.headers(), ETAG.as_str()).filter(|tag| tag.len() <= 200).map(str::to_owned);
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| FetchError::from(told(&error)))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(bytes).map_err(|_| FetchError::Unreadable)?;
    Ok(Fetched::Text { text, etag })
}

fn field<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl From<NotReached> for FetchError {
    fn from(why: NotReached) -> Self {
        match why {
            NotReached::Refused => Self::Refused,
            NotReached::TooSlow => Self::TooSlow,
            NotReached::Unreachable => Self::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests;
