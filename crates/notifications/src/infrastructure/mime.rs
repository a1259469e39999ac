//! Mail in the form it travels in (RFC 5322, MIME).

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::html;
use crate::application::{CalendarFile, Mail};

/// Who mail comes from: `Doktolib <no-reply@clinic.example>`, or the address alone.
/// The default is nobody on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(String);

impl Default for Sender {
    fn default() -> Self {
        Self("Doktolib <doktolib@localhost>".to_owned())
    }
}

/// A text that is no sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, or a name and an address: Doktolib <no-reply@clinic.example>")]
pub struct SenderError;

impl FromStr for Sender {
    type Err = SenderError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mailbox: Mailbox = text.parse().map_err(|_| SenderError)?;
        Ok(Self(mailbox.to_string()))
    }
}

impl std::fmt::Display for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands in the head of every mail.
#[derive(Debug, Clone)]
pub struct Letterhead {
    from: Sender,
    host: String,
}

/// The address cannot be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAddress;

impl Letterhead {
    /// Of an installation that clients reach at `public_url`.
    pub fn new(from: Sender, public_url: &str) -> Self {
        let host = url::Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Self { from, host: host.filter(|host| !host.is_empty()).unwrap_or_else(|| "localhost".to_owned()) }
    }

    /// The host of the public address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The mail as it travels; the same for every try.
    pub fn message(&self, mail: &Mail) -> Result<Message, NoAddress> {
        let from = self.from.0.parse().map_err(|_| NoAddress)?;
        let to = mail.to.trim().parse().map(|address| Mailbox::new(None, address)).map_err(|_| NoAddress)?;
        let made = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(mail.at.as_second()).unwrap_or(0));
        let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.wording.text());
        let html = html::page(&mail.wording, mail.language);
        let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html);
        let mut body = MultiPart::alternative().singlepart(text).singlepart(html);
        if let Some(file) = &mail.calendar {
            body = with_calendar(body, file)?;
        }
        Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.host)))
            .date(made)
            .from(from)
            .to(to)
            .subject(mail.wording.subject)
            // RFC 3834: no automatic answers, please.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Content-Language"),
                mail.language.tag().to_owned(),
            ))
            .multipart(body)
            .map_err(|_| NoAddress)
    }
}

/// The file stands twice: as one more form of the message, which calendar programs act upon (RFC 6047, section 2.4),
/// and as an attachment for those that do not know it.
fn with_calendar(body: MultiPart, file: &CalendarFile) -> Result<MultiPart, NoAddress> {
    let known = ["REQUEST", "CANCEL", "PUBLISH"].contains(&file.method.as_str());
    let media_type = format!("text/calendar; charset=utf-8; method={}", file.method);
    let media_type = ContentType::parse(&media_type).ok().filter(|_| known).ok_or(NoAddress)?;
    let form = SinglePart::builder().header(media_type).body(file.text.clone());
    let plain = ContentType::parse("application/ics").map_err(|_| NoAddress)?;
    let attached = Attachment::new("appointment.ics".to_owned()).body(file.text.clone(), plain);
    Ok(MultiPart::mixed().multipart(body.singlepart(form)).singlepart(attached))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Language, Notice, Wording};

    fn mail(to: &str) -> Mail {
        let notice = Notice::sample("sign-in-code", "https://doktolib.example").unwrap();
        let wording = Wording::of(&notice, Language::French);
        let id = "01900000-0000-7000-8000-000000000001".parse().unwrap();
        let at = "2027-03-01T12:00:00Z".parse().unwrap();
        Mail { id, at, to: to.into(), template: "sign-in-code", language: Language::French, wording, calendar: None }
    }

    fn head() -> Letterhead {
        Letterhead::new("Doktolib <no-reply@clinic.example>".parse().unwrap(), "https://doktolib.example:8443/app")
    }

    #[test]
    fn the_head_of_a_mail_is_the_same_at_every_try() {
        let formatted = || String::from_utf8(head().message(&mail("ada@example.org")).unwrap().formatted()).unwrap();
        let text = formatted();
        for line in [
            "Message-ID: <01900000-0000-7000-8000-000000000001@doktolib.example>\r\n",
            "Date: Mon, 01 Mar 2027 12:00:00 +0000\r\n",
            "From: Doktolib <no-reply@clinic.example>\r\n",
            "To: ada@example.org\r\n",
            "Subject: Votre code de connexion =?utf-8?",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Language: fr\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            let line = if line.starts_with("Subject") { "Subject: Votre code de connexion" } else { line };
            assert!(text.contains(line), "{line} is missing in {text}");
        }
        let ids = |text: &str| {
            text.lines().filter(|line| line.starts_with("Message-ID")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(ids(&text), ids(&formatted()));
    }

    #[test]
    fn an_address_cannot_bring_more_readers_or_lines() {
        for bad in [
            "",
            "ada",
            "a@b@c",
            "ada@example.org, eve@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "Ada <ada@example.org>",
        ] {
            assert_eq!(head().message(&mail(bad)).err(), Some(NoAddress), "{bad:?}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for good in ["no-reply@clinic.example", "Doktolib <no-reply@clinic.example>", "Doktolib <doktolib@localhost>"] {
            assert!(good.parse::<Sender>().is_ok(), "{good}");
        }
        assert_eq!("Doktolib <doktolib@localhost>".parse(), Ok(Sender::default()));
        for bad in ["", "Doktolib", "a@b, c@d", "x <y>"] {
            assert_eq!(bad.parse::<Sender>(), Err(SenderError), "{bad}");
        }
        assert_eq!(Letterhead::new("a@b.example".parse().unwrap(), "nonsense").host(), "localhost");
    }
}
