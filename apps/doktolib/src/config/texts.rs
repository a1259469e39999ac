//! The variables of text messages.

use notifications::infrastructure::{TWILIO_API, TextSender, TwilioApi, TwilioSettings};
use secrecy::SecretString;

use super::{Reader, Tier};

const NAMES: [&str; 3] = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"];

/// `SMS_PROVIDER` and what the provider needs.
pub(super) fn twilio(read: &mut Reader<'_>, tier: Tier) -> Option<TwilioSettings> {
    match read.text("SMS_PROVIDER").as_deref() {
        Some("twilio") => {}
        None | Some("none") => return None,
        Some(_) => {
            read.fault("SMS_PROVIDER", "must be none or twilio");
            return None;
        }
    }
    for name in NAMES {
        if read.text(name).is_none() {
            read.fault(name, "is needed with SMS_PROVIDER=twilio");
        }
    }
    let account = read.text("TWILIO_ACCOUNT_SID")?;
    if account.len() != 34 || !account.starts_with("AC") || !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        read.fault("TWILIO_ACCOUNT_SID", "must be AC and 32 letters and digits");
    }
    let from = match read.text("TWILIO_FROM")?.parse::<TextSender>() {
        Ok(from) => from,
        Err(error) => {
            read.fault("TWILIO_FROM", error);
            return None;
        }
    };
    let token = SecretString::from(read.text("TWILIO_AUTH_TOKEN")?);
    let api = match read.text("SMS_API_URL").unwrap_or_else(|| TWILIO_API.to_owned()).parse::<TwilioApi>() {
        Ok(api) => api,
        Err(error) => {
            read.fault("SMS_API_URL", error);
            return None;
        }
    };
    if api.is_open() && tier != Tier::Development {
        read.fault("SMS_API_URL", "must begin with https:// (only this machine may do without)");
    }
    Some(TwilioSettings::new(api, account, token, from))
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError};

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from(&|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    const ALL: [(&str, &str); 4] = [
        ("SMS_PROVIDER", "twilio"),
        ("TWILIO_ACCOUNT_SID", "AC0123456789abcdef0123456789abcdef"),
        ("TWILIO_AUTH_TOKEN", "a token that is hidden"),
        ("TWILIO_FROM", "+12125550100"),
    ];

    #[test]
    fn without_a_provider_nothing_is_needed_and_with_one_everything() {
        assert!(read(&[]).unwrap().twilio.is_none());
        assert!(read(&[("SMS_PROVIDER", "none")]).unwrap().twilio.is_none());
        let faults = read(&ALL[..1]).unwrap_err();
        assert_eq!(faults.0.len(), 3, "{faults}");
        let settings = read(&ALL).unwrap().twilio.unwrap();
        assert_eq!(settings.api.to_string(), "https://api.twilio.com/");
        let shown = format!("{settings:?}");
        assert!(!shown.contains("hidden") && !shown.contains("AC0123"), "{shown}");
    }

    #[test]
    fn what_cannot_be_used_is_told_by_name() {
        for (name, value) in [
            ("SMS_PROVIDER", "pigeon"),
            ("TWILIO_ACCOUNT_SID", "AC1"),
            ("TWILIO_FROM", "212 555 0100"),
            ("SMS_API_URL", "ftp://texts.example"),
            ("SMS_API_URL", "https://texts.example/path"),
        ] {
            let mut variables = ALL.to_vec();
            variables.retain(|(other, _)| *other != name);
            variables.push((name, value));
            let faults = read(&variables).unwrap_err();
            assert!(faults.0.len() == 1 && faults.0[0].starts_with(name), "{name}={value}: {faults}");
        }
        let open = [&ALL[..], &[("SMS_API_URL", "http://texts.example")]].concat();
        assert!(read(&open).is_ok(), "in development");
        let production = [
            ("DOKTOLIB_TIER", "production"),
            ("DOKTOLIB_SECRET", "a secret that is longer than 32 characters"),
            ("SMTP_URL", "smtps://u:p@mail.example"),
            ("MAIL_FROM", "no-reply@clinic.example"),
            ("VIRUS_SCAN", "off"),
        ];
        let faults = read(&[&open[..], &production].concat()).unwrap_err();
        assert!(faults.0.len() == 1 && faults.0[0].starts_with("SMS_API_URL"), "{faults}");
        let here = [&ALL[..], &[("SMS_API_URL", "http://127.0.0.1:9000")], &production].concat();
        assert!(read(&here).is_ok());
    }
}
