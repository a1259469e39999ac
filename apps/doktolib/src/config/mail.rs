//! The variables of mail.

use std::path::PathBuf;

use notifications::infrastructure::{Sender, SmtpSettings};

use super::{Reader, Tier};

/// `SMTP_URL` and `SMTP_SSL_ROOT_CERT`.
pub(super) fn smtp(read: &mut Reader<'_>, tier: Tier) -> Option<SmtpSettings> {
    let root_cert = read.text("SMTP_SSL_ROOT_CERT").map(PathBuf::from);
    if let Some(path) = root_cert.as_ref().filter(|path| !path.is_file()) {
        let what = format!("names {}, which is not a file", path.display());
        read.fault("SMTP_SSL_ROOT_CERT", what);
    }
    let Some(url) = read.text("SMTP_URL") else {
        if tier != Tier::Development {
            read.fault("SMTP_URL", "is needed outside development: the server that passes mail on");
        }
        return None;
    };
    match url.parse::<SmtpSettings>() {
        Ok(settings) if settings.is_open() && tier != Tier::Development => {
            read.fault(
                "SMTP_URL",
                "has no TLS: add ?tls=required or begin with smtps:// (only this machine may do without)",
            );
            None
        }
        Ok(mut settings) => {
            settings.root_cert = root_cert;
            Some(settings)
        }
        Err(error) => {
            read.fault("SMTP_URL", error);
            None
        }
    }
}

/// `MAIL_FROM`.
pub(super) fn sender(read: &mut Reader<'_>, tier: Tier) -> Sender {
    match read.text("MAIL_FROM").map(|text| text.parse()) {
        Some(Ok(sender)) => return sender,
        Some(Err(error)) => read.fault("MAIL_FROM", error),
        None if tier == Tier::Development => {}
        None => read.fault("MAIL_FROM", "is needed outside development: the address that mail comes from"),
    }
    Sender::default()
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError};

    const PRODUCTION: [(&str, &str); 3] = [
        ("DOKTOLIB_TIER", "production"),
        ("DOKTOLIB_SECRET", "a secret that is longer than 32 characters"),
        ("VIRUS_SCAN", "off"),
    ];

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from(&|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    fn in_production(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        read(&[&PRODUCTION, variables].concat())
    }

    #[test]
    fn development_keeps_mail_and_every_other_tier_wants_a_server_and_a_sender() {
        let config = read(&[]).unwrap();
        assert!(config.smtp.is_none());
        assert_eq!(config.mail_from.to_string(), "Doktolib <doktolib@localhost>");
        for tier in ["staging", "production"] {
            let faults = in_production(&[]).unwrap_err().to_string();
            assert!(
                faults.contains("\n  SMTP_URL is needed") && faults.contains("\n  MAIL_FROM is needed"),
                "{tier}: {faults}"
            );
        }
        let url = "smtps://u:p@mail.example";
        let config = in_production(&[("SMTP_URL", url), ("MAIL_FROM", "no-reply@clinic.example")]).unwrap();
        assert_eq!(config.smtp.unwrap().target(), "mail.example:465");
    }

    #[test]
    fn mail_goes_out_in_the_clear_only_in_development_or_to_this_machine() {
        let from = ("MAIL_FROM", "no-reply@clinic.example");
        assert!(read(&[("SMTP_URL", "smtp://mail.example")]).is_ok());
        assert!(in_production(&[("SMTP_URL", "smtp://127.0.0.1:2525"), from]).is_ok());
        assert!(in_production(&[("SMTP_URL", "smtp://mail.example?tls=required"), from]).is_ok());
        let faults = in_production(&[("SMTP_URL", "smtp://mail.example"), from]).unwrap_err();
        assert_eq!(faults.0.len(), 1);
        assert!(faults.0[0].starts_with("SMTP_URL has no TLS"), "{faults}");
    }

    #[test]
    fn what_cannot_be_used_is_told_without_its_password_which_is_nowhere_shown() {
        let faults = read(&[
            ("SMTP_URL", "smtp://u:hunter22@mail.example?tls=never"),
            ("MAIL_FROM", "the clinic"),
            ("SMTP_SSL_ROOT_CERT", "/does/not/exist.pem"),
        ])
        .unwrap_err();
        for name in ["SMTP_URL", "MAIL_FROM", "SMTP_SSL_ROOT_CERT"] {
            assert!(faults.0.iter().any(|fault| fault.starts_with(name)), "{name} is missing in {faults}");
        }
        assert!(!faults.to_string().contains("hunter22"), "{faults}");
        let config = read(&[("SMTP_URL", "smtps://user-name:hunter22@mail.example")]).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter22") && !shown.contains("user-name"), "{shown}");
    }
}
