//! Texts by Twilio's REST API, or whatever speaks like it
//! (<https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource>).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{FailureKind, PortFailure};
use metrics::counter;
use platform::texts::is_international;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::application::{NotSent, OutgoingText, Texts};

const CONNECT: Duration = Duration::from_secs(5);
/// For the whole conversation; the worker gives a message half a minute.
const CONVERSATION: Duration = Duration::from_secs(20);

/// Codes by which the number or the text is refused: no later try helps. The others of a 400 are about our own set-up,
/// such as a number to send from that is not ours (<https://www.twilio.com/docs/api/errors>).
const REFUSED: [u32; 16] =
    [21211, 21214, 21217, 21219, 21265, 21408, 21421, 21602, 21604, 21605, 21608, 21610, 21612, 21614, 21617, 21635];

/// Who texts come from: a number in international form, a messaging service (`MG…`), or up to eleven letters and
/// digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSender(String);

/// A text that is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number such as +12125550100, a messaging service (MG…), or a name of up to 11 letters and digits")]
pub struct TextSenderError;

impl FromStr for TextSender {
    type Err = TextSenderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = text.len() <= 11
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
            && text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if is_international(text) || is_service(text) || is_name {
            Ok(Self(text.to_owned()))
        } else {
            Err(TextSenderError)
        }
    }
}

fn is_service(text: &str) -> bool {
    text.len() == 34 && text.strip_prefix("MG").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Where Twilio's own API is.
pub const TWILIO_API: &str = "https://api.twilio.com";

/// Where the provider's API is: an https address without path and query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwilioApi(Url);

/// A text that is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an https address without path and query")]
pub struct TwilioApiError;

impl FromStr for TwilioApi {
    type Err = TwilioApiError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| TwilioApiError)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let nobody = url.username().is_empty() && url.password().is_none();
        let fits = matches!(url.scheme(), "https" | "http") && bare && nobody;
        fits.then_some(Self(url)).ok_or(TwilioApiError)
    }
}

impl fmt::Display for TwilioApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl TwilioApi {
    /// Can others listen? So it is without TLS, unless it is on this machine.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.scheme() == "http" && is_reachable(self.0.as_str())
    }
}

/// How the provider is reached.
#[derive(Clone)]
pub struct TwilioSettings {
    /// Where its API is.
    pub api: TwilioApi,
    /// `AC…`.
    pub account: String,
    /// Its password; it also signs what the provider tells us.
    pub token: SecretString,
    /// Who texts come from.
    pub from: TextSender,
    /// The longest a conversation may take.
    pub patience: Duration,
}

impl fmt::Debug for TwilioSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioSettings").field("api", &self.api).finish_non_exhaustive()
    }
}

impl TwilioSettings {
    /// With the usual patience.
    #[must_use]
    pub const fn new(api: TwilioApi, account: String, token: SecretString, from: TextSender) -> Self {
        Self { api, account, token, from, patience: CONVERSATION }
    }
}

/// Sends texts by that API.
pub struct TwilioTexts {
    client: Client,
    address: Url,
    settings: TwilioSettings,
    /// Where the provider tells what became of a text; not where it could not reach us.
    callback: Option<String>,
}

impl TwilioTexts {
    /// For an installation that clients reach at `public_url`. Nothing is connected before the first text.
    ///
    /// # Errors
    /// When there is no way to speak TLS, or the account's name makes no address.
    pub fn new(settings: TwilioSettings, public_url: &str) -> Result<Self, PortFailure> {
        // Somebody may have chosen one already; it is the same.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT.min(settings.patience))
            .timeout(settings.patience)
            .user_agent("Doktolib")
            .build()
            .map_err(|error| PortFailure::new("set up sending texts", error.without_url()))?;
        let path = format!("2010-04-01/Accounts/{}/Messages.json", settings.account);
        let address = settings.api.0.join(&path).map_err(|error| PortFailure::new("set up sending texts", error))?;
        let callback = is_reachable(public_url).then(|| callback_url(public_url));
        Ok(Self { client, address, settings, callback })
    }

    fn form(&self, text: &OutgoingText) -> String {
        let TextSender(from) = &self.settings.from;
        let mut form = Serializer::new(String::new());
        form.append_pair("To", &text.to);
        form.append_pair(if is_service(from) { "MessagingServiceSid" } else { "From" }, from);
        form.append_pair("Body", &text.words);
        if let Some(callback) = &self.callback {
            form.append_pair("StatusCallback", &format!("{callback}?message={}", text.id));
        }
        form.finish()
    }
}

/// Where the provider tells what became of texts.
pub(super) fn callback_url(public_url: &str) -> String {
    format!("{public_url}/api/v1/notifications/sms-status")
}

/// Is it an address that somebody else's machine could reach?
fn is_reachable(public_url: &str) -> bool {
    let host = Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    !host.is_empty() && host != "localhost" && !bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[derive(Deserialize)]
struct Made {
    sid: String,
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}

#[async_trait]
impl Texts for TwilioTexts {
    async fn deliver(&self, text: &OutgoingText) -> Result<Option<String>, NotSent> {
        if !is_international(&text.to) {
            return Err(NotSent::Refused("the number is not in international form".to_owned()));
        }
        let asked = self
            .client
            .post(self.address.clone())
            .basic_auth(&self.settings.account, Some(self.settings.token.expose_secret()))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(self.form(text));
        let answer = asked.send().await.map_err(|error| judge_error(&error))?;
        let status = answer.status();
        // The answer says what was asked, number and words included: nothing of it is kept but a name and a code.
        let body = answer.bytes().await;
        if status.is_success() {
            // It was taken, whatever can be read of the answer.
            let made = body.ok().and_then(|body| serde_json::from_slice::<Made>(&body).ok());
            return Ok(made.map(|made| made.sid).filter(|sid| sid.len() <= 100));
        }
        let refusal = body.ok().and_then(|body| serde_json::from_slice::<Refusal>(&body).ok());
        Err(judge(status, refusal.and_then(|refusal| refusal.code)))
    }
}

/// What went wrong, without the provider's own words: they often hold the number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Trouble {
    #[error("the provider of texts does not answer in time")]
    Late,
    #[error("the provider of texts cannot be reached")]
    Away,
    #[error("the provider of texts refuses our account ({0})")]
    SignIn(u16),
    #[error("the provider of texts puts it off ({0})")]
    PutOff(u16),
    #[error("the provider of texts refuses our set-up ({0})")]
    SetUp(u32),
}

fn failed(trouble: Trouble) -> NotSent {
    NotSent::Failed(PortFailure::new("send a text", trouble).of_kind(FailureKind::Unavailable))
}

fn judge_error(error: &reqwest::Error) -> NotSent {
    if error.is_connect() {
        return failed(Trouble::Away);
    }
    // The request was on its way: it may have been taken. What the provider tells of it afterwards says so.
    counter!("messages_doubtful_total", "channel" => "sms").increment(1);
    failed(if error.is_timeout() { Trouble::Late } else { Trouble::Away })
}

fn judge(status: StatusCode, code: Option<u32>) -> NotSent {
    match (status.as_u16(), code) {
        (400, Some(code)) if REFUSED.contains(&code) => {
            NotSent::Refused(format!("refused by the provider of texts ({code})"))
        }
        (400, code) => failed(Trouble::SetUp(code.unwrap_or(400))),
        (status @ (401 | 403 | 404), _) => failed(Trouble::SignIn(status)),
        (status, _) => failed(Trouble::PutOff(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_reader_is_told_from_our_own_set_up_and_from_a_provider_in_trouble() {
        for code in [21211, 21610, 21614] {
            assert!(matches!(judge(StatusCode::BAD_REQUEST, Some(code)), NotSent::Refused(_)), "{code}");
        }
        for (status, code) in [
            (400, Some(21606)),
            (400, None),
            (401, Some(20003)),
            (404, None),
            (429, Some(20429)),
            (500, None),
            (503, None),
        ] {
            let judged = judge(StatusCode::from_u16(status).unwrap(), code);
            assert!(matches!(judged, NotSent::Failed(_)), "{status}");
        }
    }

    #[test]
    fn a_sender_is_a_number_a_service_or_a_short_name() {
        for good in ["+12125550100", "MG0123456789abcdef0123456789abcdef", "Riverside", "Clinic 24"] {
            assert!(good.parse::<TextSender>().is_ok(), "{good}");
        }
        for bad in ["", "2125550100", "MG0123456789abcdef", "A name that is long", "Kl\u{e4}r", "+1 212 555 0100"] {
            assert_eq!(bad.parse::<TextSender>(), Err(TextSenderError), "{bad}");
        }
    }

    #[test]
    fn the_provider_is_told_where_to_report_only_where_it_could_reach_us() {
        for (url, reachable) in [
            ("https://doktolib.example", true),
            ("https://doktolib.example:8443/app", true),
            ("http://localhost:8080", false),
            ("http://127.0.0.1:8080", false),
            ("http://[::1]:8080", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_reachable(url), reachable, "{url}");
        }
    }
}
