//! Mail by SMTP (RFC 5321), to a server that passes it on.

use std::error::Error as _;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{FailureKind, PortFailure};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::mime::{Letterhead, NoAddress, Sender};
use crate::application::{Mail, NotSent, Post};

const CONNECT: Duration = Duration::from_secs(10);
/// For the whole conversation; the worker gives a message half a minute.
const CONVERSATION: Duration = Duration::from_secs(20);
const CONNECTIONS: u32 = 4;

/// How the conversation is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS (RFC 3207); without it nothing is said.
    StartTls,
    /// Not at all.
    Nothing,
}

/// Where the mail server is: `smtps://user:password@host:465`, `smtp://user:password@host:587?tls=required`, or
/// `smtp://localhost:25` without TLS.
#[derive(Clone)]
pub struct SmtpSettings {
    host: String,
    port: u16,
    privacy: Privacy,
    login: Option<(String, SecretString)>,
    is_loopback: bool,
    /// PEM file with an authority to trust besides the well-known ones.
    pub root_cert: Option<PathBuf>,
    /// The longest a conversation may take.
    pub patience: Duration,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("privacy", &self.privacy)
            .field("signs_in", &self.login.is_some())
            .finish_non_exhaustive()
    }
}

/// What is wrong with the address of a mail server. Shows nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SmtpSettingsError {
    /// Of another form.
    #[error("must be smtps://user:password@host:465 or smtp://user:password@host:587?tls=required")]
    NoAddress,
    /// `tls=` with another word than `required`.
    #[error("has a ?tls= that is not required; for TLS from the first byte begin with smtps://")]
    Tls,
    /// A password that is not hidden.
    #[error("has a name and a password, and no TLS to hide them: add ?tls=required or begin with smtps://")]
    OpenPassword,
    /// A name without password or the other way round.
    #[error("needs both a name and a password, or neither")]
    HalfALogin,
}

impl FromStr for SmtpSettings {
    type Err = SmtpSettingsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| SmtpSettingsError::NoAddress)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SmtpSettingsError::NoAddress);
        }
        let mut tls = None;
        for (name, value) in url.query_pairs() {
            if name != "tls" || tls.is_some() {
                return Err(SmtpSettingsError::NoAddress);
            }
            tls = Some(value.into_owned());
        }
        let (privacy, usual) = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => (Privacy::Tls, 465),
            ("smtp", Some("required")) => (Privacy::StartTls, 587),
            ("smtp", None) => (Privacy::Nothing, 25),
            ("smtp" | "smtps", Some(_)) => return Err(SmtpSettingsError::Tls),
            _ => return Err(SmtpSettingsError::NoAddress),
        };
        // The brackets of an IPv6 address belong to the form of the text, not to the host.
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpSettingsError::NoAddress)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_loopback =
            host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(|text| text.into_owned());
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(SmtpSettingsError::HalfALogin),
            (name, Some(password)) => {
                let name = decoded(name).map_err(|_| SmtpSettingsError::NoAddress)?;
                let password = decoded(password).map_err(|_| SmtpSettingsError::NoAddress)?;
                Some((name, SecretString::from(password)))
            }
        };
        if login.is_some() && privacy == Privacy::Nothing && !is_loopback {
            return Err(SmtpSettingsError::OpenPassword);
        }
        let port = url.port().unwrap_or(usual);
        Ok(Self { host, port, privacy, login, is_loopback, root_cert: None, patience: CONVERSATION })
    }
}

impl SmtpSettings {
    /// Can others listen? So it is without TLS, unless the server is on this machine.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.privacy == Privacy::Nothing && !self.is_loopback
    }

    /// Host and port.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Why there is no way to the mail server, before anybody has tried.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSetupError {
    /// The file with the authority cannot be used.
    #[error("the certificate in {0} cannot be used")]
    Certificate(PathBuf),
    /// TLS cannot be set up for this host.
    #[error("TLS cannot be set up for the host {0}")]
    Tls(String),
}

/// What went wrong, without the server's own words: they often hold the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Trouble {
    #[error("the mail server does not answer in time")]
    Late,
    #[error("the mail server cannot be reached")]
    Away,
    #[error("no private connection to the mail server (TLS)")]
    Tls,
    #[error("the mail server refuses our name and password ({0})")]
    SignIn(u16),
    #[error("the mail server puts it off ({0})")]
    PutOff(u16),
    #[error("the mail server does not understand ({0})")]
    Protocol(u16),
    #[error("the mail server offers no STARTTLS, or no way to sign in that we know")]
    Unable,
    #[error("the mail server's answer is not SMTP")]
    NotSmtp,
}

/// Sends by SMTP, over connections that are kept for the next mail.
pub struct SmtpPost {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    head: Letterhead,
    patience: Duration,
}

impl SmtpPost {
    /// Nothing is connected before the first mail.
    ///
    /// # Errors
    /// See [`SmtpSetupError`].
    pub fn new(settings: &SmtpSettings, from: Sender, public_url: &str) -> Result<Self, SmtpSetupError> {
        let head = Letterhead::new(from, public_url);
        let tls = match settings.privacy {
            Privacy::Nothing => Tls::None,
            Privacy::StartTls => Tls::Required(tls(settings)?),
            Privacy::Tls => Tls::Wrapper(tls(settings)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(CONNECT))
            .hello_name(ClientId::Domain(head.host().to_owned()))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(Duration::from_secs(60)));
        if let Some((name, password)) = &settings.login {
            builder = builder.credentials(Credentials::new(name.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), head, patience: settings.patience })
    }
}

fn tls(settings: &SmtpSettings) -> Result<TlsParameters, SmtpSetupError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.root_cert {
        builder = builder.add_root_certificate(certificate(path)?);
    }
    builder.build_rustls().map_err(|_| SmtpSetupError::Tls(settings.host.clone()))
}

fn certificate(path: &Path) -> Result<Certificate, SmtpSetupError> {
    let unusable = || SmtpSetupError::Certificate(path.to_owned());
    let pem = std::fs::read(path).map_err(|_| unusable())?;
    Certificate::from_pem(&pem).map_err(|_| unusable())
}

#[async_trait]
impl Post for SmtpPost {
    async fn deliver(&self, mail: &Mail) -> Result<(), NotSent> {
        let refused = |NoAddress| NotSent::Refused("the address cannot be written to".to_owned());
        let message = self.head.message(mail).map_err(refused)?;
        match tokio::time::timeout(self.patience, self.transport.send(message)).await {
            Ok(Ok(_accepted)) => Ok(()),
            Ok(Err(error)) => Err(judge(&error, &mail.to)),
            Err(_elapsed) => Err(failed(Trouble::Late)),
        }
    }
}

fn failed(trouble: Trouble) -> NotSent {
    NotSent::Failed(PortFailure::new("send mail", trouble).of_kind(FailureKind::Unavailable))
}

fn judge(error: &Error, to: &str) -> NotSent {
    if let Some(code) = error.status() {
        return judge_code(code.into());
    }
    // Our side gives up before it has said anything of the mail. All in it but the address is ASCII.
    if error.is_client() && !to.is_ascii() {
        return NotSent::Refused("the address cannot be written to".to_owned());
    }
    failed(if error.is_timeout() {
        Trouble::Late
    } else if error.is_tls() || handshake_failed(error) {
        Trouble::Tls
    } else if error.is_client() {
        Trouble::Unable
    } else if error.is_response() {
        Trouble::NotSmtp
    } else {
        Trouble::Away
    })
}

/// The library tells a broken handshake as a broken connection.
fn handshake_failed(error: &Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        next = cause.source();
    }
    false
}

/// What a reply code means (RFC 5321, section 4.2.3; RFC 4954, section 6; RFC 7504). What is said about us or our
/// way of speaking may be mended by the operator, so such mail is kept.
fn judge_code(code: u16) -> NotSent {
    match code {
        530 | 534 | 535 | 538 => failed(Trouble::SignIn(code)),
        500 | 502..=504 | 521 => failed(Trouble::Protocol(code)),
        500..=599 => NotSent::Refused(format!("refused by the mail server ({code})")),
        _ => failed(Trouble::PutOff(code)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<SmtpSettings, SmtpSettingsError> {
        text.parse()
    }

    #[test]
    fn an_address_tells_host_port_and_privacy() {
        for (text, target, privacy, open) in [
            ("smtps://u:p@mail.example", "mail.example:465", Privacy::Tls, false),
            ("smtps://mail.example:4650", "mail.example:4650", Privacy::Tls, false),
            ("smtp://u:p@mail.example?tls=required", "mail.example:587", Privacy::StartTls, false),
            ("smtp://mail.example:2525/?tls=required", "mail.example:2525", Privacy::StartTls, false),
            ("smtp://mail.example", "mail.example:25", Privacy::Nothing, true),
            ("smtp://u:p@localhost:1025", "localhost:1025", Privacy::Nothing, false),
            ("smtp://127.0.0.1:1025", "127.0.0.1:1025", Privacy::Nothing, false),
            ("smtp://[::1]:1025", "::1:1025", Privacy::Nothing, false),
        ] {
            let settings = parsed(text).unwrap();
            assert_eq!((settings.target().as_str(), settings.privacy, settings.is_open()), (target, privacy, open));
        }
    }

    #[test]
    fn what_could_be_misunderstood_is_refused() {
        use SmtpSettingsError::{HalfALogin, NoAddress, OpenPassword, Tls};
        for (text, expected) in [
            ("", NoAddress),
            ("mail.example", NoAddress),
            ("https://mail.example", NoAddress),
            ("smtp://", NoAddress),
            ("smtps://mail.example/path", NoAddress),
            ("smtp://mail.example?tls=required&tls=none", NoAddress),
            ("smtp://mail.example?ssl=true", NoAddress),
            ("smtp://mail.example?tls=opportunistic", Tls),
            ("smtps://mail.example?tls=none", Tls),
            ("smtp://u:p@mail.example", OpenPassword),
            ("smtps://u@mail.example", HalfALogin),
            ("smtps://:p@mail.example", HalfALogin),
        ] {
            assert_eq!(parsed(text).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn name_and_password_are_decoded_and_never_shown() {
        let settings = parsed("smtps://no-reply%40clinic.example:p%2Bq+r%26s%3D%C3%A4%25&=@mail.example").unwrap();
        let (name, password) = settings.login.clone().unwrap();
        assert_eq!((name.as_str(), password.expose_secret()), ("no-reply@clinic.example", "p+q+r&s=ä%&="));
        let shown = format!("{settings:?}");
        assert!(!shown.contains("p+q") && !shown.contains("no-reply"), "{shown}");
    }

    #[test]
    fn a_refused_reader_is_told_from_an_installation_that_is_set_up_wrongly() {
        for code in [501, 550, 551, 552, 553, 554, 555, 556] {
            assert!(matches!(judge_code(code), NotSent::Refused(_)), "{code}");
        }
        for code in [421, 450, 451, 452, 454, 500, 502, 503, 504, 521, 530, 534, 535, 538] {
            assert!(matches!(judge_code(code), NotSent::Failed(_)), "{code}");
        }
    }
}
