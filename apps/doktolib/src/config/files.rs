use files::infrastructure::inspection::ClamdAddress;

use super::{Reader, Tier};

/// `CLAMD_ADDRESS` and `VIRUS_SCAN`: who looks for viruses in what is handed in; nobody where it is switched off, which an
/// installation for real patients has to say.
pub(super) fn scanner(read: &mut Reader<'_>, tier: Tier) -> Option<ClamdAddress> {
    let off = match read.text("VIRUS_SCAN").as_deref() {
        None | Some("on") => false,
        Some("off") => true,
        Some(_) => {
            read.fault("VIRUS_SCAN", "must be on or off");
            false
        }
    };
    let address = read.parsed("CLAMD_ADDRESS", "must be tcp://host:port or unix:///path of a socket");
    if off {
        return None;
    }
    if address.is_none() && tier != Tier::Development && read.text("CLAMD_ADDRESS").is_none() {
        read.fault("CLAMD_ADDRESS", "is needed: where clamd listens (or set VIRUS_SCAN=off to take files unscanned)");
    }
    address
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError};

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from(&|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned()))
    }

    const PRODUCTION: [(&str, &str); 4] = [
        ("DOKTOLIB_TIER", "production"),
        ("DOKTOLIB_SECRET", "a secret that is longer than 32 characters"),
        ("SMTP_URL", "smtps://mail.example"),
        ("MAIL_FROM", "no-reply@clinic.example"),
    ];

    fn production(more: &[(&'static str, &'static str)]) -> Result<Config, ConfigError> {
        read(&[&PRODUCTION, more].concat())
    }

    #[test]
    fn only_development_takes_files_unscanned_without_being_told_to() {
        assert!(read(&[]).unwrap().clamd.is_none());
        let faults = production(&[]).unwrap_err();
        assert!(faults.0.len() == 1 && faults.0[0].starts_with("CLAMD_ADDRESS is needed"), "{faults}");
        assert!(production(&[("VIRUS_SCAN", "off")]).unwrap().clamd.is_none());
        for address in ["tcp://clamd:3310", "unix:///run/clamav/clamd.ctl"] {
            assert!(production(&[("CLAMD_ADDRESS", address)]).unwrap().clamd.is_some(), "{address}");
        }
    }

    #[test]
    fn what_cannot_be_meant_names_its_variable_once() {
        for (name, bad) in [
            ("CLAMD_ADDRESS", "clamd:3310"),
            ("VIRUS_SCAN", "no"),
            ("RETENTION_YEARS", "6"),
            ("RETENTION_YEARS", "101"),
            ("RETENTION_YEARS", "many"),
        ] {
            let faults = read(&[(name, bad)]).unwrap_err();
            assert!(faults.0.len() == 1 && faults.0[0].starts_with(name), "{faults}");
        }
        assert_eq!(read(&[]).unwrap().retention.years(), 7);
        assert_eq!(read(&[("RETENTION_YEARS", "10")]).unwrap().retention.years(), 10);
    }
}
