use std::time::Duration;

use async_trait::async_trait;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use kernel::PortFailure;
use platform::outgoing::{NotReached, Outgoing, Reach, told};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use super::signature::signature;
use crate::application::{Posting, Receivers};
use crate::domain::{Outcome, Tried, Trouble};

/// Posts messages over HTTP, to addresses that are allowed.
pub struct WebReceivers {
    outgoing: Outgoing,
    patience: Duration,
}

impl WebReceivers {
    /// Asks what `reach` allows; a receiver has `patience` to answer.
    ///
    /// # Errors
    /// When there is no way to speak TLS.
    pub fn new(reach: Reach, patience: Duration) -> Result<Self, PortFailure> {
        Ok(Self { outgoing: Outgoing::new(reach, patience)?, patience })
    }

    /// Nothing of the answer's body is read.
    async fn answer(&self, posting: &Posting) -> Outcome {
        let Some(url) = self.outgoing.checked(&posting.url) else { return Outcome::NotReached(Trouble::Refused) };
        let (id, timestamp) = (posting.event_id.to_string(), posting.at.as_second());
        let request = self
            .outgoing
            .client()
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-signature", signature(&posting.secrets, &id, timestamp, &posting.payload))
            .header("webhook-timestamp", timestamp)
            .header("webhook-id", id)
            .body(posting.payload.clone());
        match tokio::time::timeout(self.patience, request.send()).await {
            Err(_elapsed) => Outcome::NotReached(Trouble::TooSlow),
            Ok(Err(error)) => Outcome::NotReached(match told(&error) {
                NotReached::Refused => Trouble::Refused,
                NotReached::TooSlow => Trouble::TooSlow,
                NotReached::Unreachable => Trouble::Unreachable,
            }),
            Ok(Ok(answer)) => Outcome::Answered {
                status: answer.status().as_u16(),
                retry_after: retry_after(answer.headers(), posting.at),
            },
        }
    }
}

/// What the receiver asks to wait: seconds, or until a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(until.duration_since(now))
}

#[async_trait]
impl Receivers for WebReceivers {
    fn allows(&self, url: &str) -> bool {
        self.outgoing.checked(url).is_some()
    }

    async fn post(&self, posting: &Posting) -> Tried {
        let begun = std::time::Instant::now();
        let outcome = self.answer(posting).await;
        Tried { outcome, took_ms: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_asks_to_wait_in_seconds_or_until_a_date() {
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, "2027-03-01T12:00:00Z".parse().unwrap()).map(|wait| wait.as_secs())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Mon, 01 Mar 2027 12:05:00 GMT"), Some(300));
        for nonsense in ["", "soon", "-5", "1.5", "99999999999"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }

    #[tokio::test]
    async fn an_address_inside_of_a_network_is_not_asked() {
        let receivers = WebReceivers::new(Reach::Public, Duration::from_secs(5)).unwrap();
        for url in ["https://127.0.0.1/", "http://clinic.example/", "https://10.0.0.1/", "https://localhost/"] {
            assert!(!receivers.allows(url));
            let posting = Posting {
                url: url.into(),
                secrets: Vec::new(),
                event_id: uuid::Uuid::nil(),
                at: Timestamp::UNIX_EPOCH,
                payload: "{}".into(),
            };
            assert_eq!(receivers.post(&posting).await.outcome, Outcome::NotReached(Trouble::Refused), "{url}");
        }
    }
}
