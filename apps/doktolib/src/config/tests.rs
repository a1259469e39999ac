use std::collections::HashMap;

use platform::limits::Rate;

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let map: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::from(&|name| map.get(name).cloned())
}

#[test]
fn nothing_set_is_a_laptop() {
    let config = read(&[]).unwrap();
    assert_eq!((config.tier, config.port, config.guests), (Tier::Development, 8080, GuestBooking::Immediate));
    assert_eq!((config.host.as_str(), config.public_url.as_str()), ("127.0.0.1", "http://localhost:8080"));
    assert!(config.database.is_none() && config.secret.is_none());
}

#[test]
fn every_fault_is_told_at_once_with_its_variable() {
    let faults = read(&[
        ("DOKTOLIB_TIER", "prod"),
        ("PORT", "eighty"),
        ("DATABASE_URL", "mysql://x"),
        ("DB_SSL_MODE", "maybe"),
        ("DB_POOL_SIZE", "0"),
        ("DOKTOLIB_SECRET", "short"),
        ("JWT_SECRET", "short"),
        ("JWT_KEYS_FILE", "/nowhere/keys"),
        ("PUBLIC_URL", "clinic.example"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example,clinic"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"),
        ("RATE_LIMIT", "1000"),
        ("RATE_LIMIT_AUTH", "0/15m"),
        ("REDIS_URL", "localhost"),
        ("GUEST_BOOKING", "maybe"),
        ("WAITLIST_ANSWER_MINUTES", "14"),
        ("REMINDER_HOURS", "2"),
        ("JOB_TRIES", "0"),
        ("JOB_HANDS", "many"),
        ("SEED_NUM_DOCTORS", "10001"),
        ("SEED_FORCE", "maybe"),
        ("LOG_FORMAT", "xml"),
    ])
    .unwrap_err();
    for name in [
        "DOKTOLIB_TIER",
        "PORT",
        "DATABASE_URL",
        "DB_SSL_MODE",
        "DB_POOL_SIZE",
        "DOKTOLIB_SECRET",
        "JWT_SECRET",
        "JWT_KEYS_FILE",
        "PUBLIC_URL",
        "CORS_ALLOWED_ORIGINS",
        "TRUSTED_PROXIES",
        "RATE_LIMIT",
        "RATE_LIMIT_AUTH",
        "REDIS_URL",
        "GUEST_BOOKING",
        "WAITLIST_ANSWER_MINUTES",
        "REMINDER_HOURS",
        "JOB_TRIES",
        "JOB_HANDS",
        "SEED_NUM_DOCTORS",
        "SEED_FORCE",
        "LOG_FORMAT",
    ] {
        assert!(faults.0.iter().any(|fault| fault.starts_with(name)), "{name} is missing in {faults}");
    }
}

#[test]
fn production_wants_a_secret_and_has_guests_prove_their_address() {
    assert!(read(&[("DOKTOLIB_TIER", "production")]).unwrap_err().to_string().contains("DOKTOLIB_SECRET"));
    let mail = [("SMTP_URL", "smtps://u:p@mail.example"), ("MAIL_FROM", "no-reply@clinic.example")];
    let production = [("DOKTOLIB_TIER", "production"), ("DOKTOLIB_SECRET", &"x".repeat(32))];
    let scanner = [("CLAMD_ADDRESS", "tcp://clamd:3310")];
    let config = read(&[&production[..], &mail, &scanner].concat()).unwrap();
    assert_eq!(
        (config.guests, config.host.as_str(), config.log_format),
        (GuestBooking::Code, "0.0.0.0", LogFormat::Json)
    );
}

#[test]
fn neither_secret_nor_password_stands_in_the_debug_output() {
    let secret = "s".repeat(32);
    let config = read(&[("DOKTOLIB_SECRET", &secret), ("DATABASE_URL", "postgres://u:hunter22@localhost/d")]).unwrap();
    let text = format!("{config:?}");
    assert!(!text.contains(&secret) && !text.contains("hunter22"), "{text}");
}

#[test]
fn calendars_elsewhere_are_read_every_quarter_of_an_hour_or_as_often_as_it_says() {
    let every = |minutes: &str| read(&[("EXTERNAL_CALENDARS_MINUTES", minutes)]);
    assert_eq!(every("").unwrap().external_calendars_every.as_mins(), 15);
    assert_eq!(every("60").unwrap().external_calendars_every.as_mins(), 60);
    for wrong in ["4", "1441", "often"] {
        assert!(every(wrong).unwrap_err().to_string().contains("EXTERNAL_CALENDARS_MINUTES"), "{wrong}");
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    assert_eq!(read(&[("PORT", ""), ("DATABASE_URL", " ")]).unwrap().port, 8080);
}

#[test]
fn requests_are_limited_unless_it_says_off() {
    let rates = |variables: &[(&str, &str)]| read(variables).unwrap().rates;
    assert_eq!((rates(&[]).default, rates(&[]).auth), (Rate::new(1000, 900).ok(), Rate::new(60, 900).ok()));
    let mut staging = Reader { get: &|_| None, faults: Vec::new() };
    assert_eq!(super::clients::rates(&mut staging, Tier::Staging).default, Rate::new(500, 900).ok());
    let off = rates(&[("RATE_LIMIT", "off"), ("RATE_LIMIT_AUTH", "5/1m")]);
    assert_eq!((off.default, off.auth), (None, Rate::new(5, 60).ok()));
}
