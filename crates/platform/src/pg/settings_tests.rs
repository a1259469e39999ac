use super::*;

fn settings(text: &str) -> PgSettings {
    text.parse().unwrap()
}

#[test]
fn without_a_word_on_tls_only_near_servers_are_talked_to_in_plain_text() {
    for (text, expected) in [
        ("postgres://doktolib@localhost/doktolib", SslMode::Disable),
        ("postgres://doktolib@127.0.0.1:5433/doktolib", SslMode::Disable),
        ("postgres://doktolib@[::1]/doktolib", SslMode::Disable),
        ("postgres://doktolib@%2Frun%2Fpostgresql/doktolib", SslMode::Disable),
        ("host=/run/postgresql user=doktolib", SslMode::Disable),
        ("postgres://doktolib@db.example/doktolib", SslMode::Require),
        ("postgres://doktolib@localhost,db.example/doktolib", SslMode::Require),
        ("host=localhost hostaddr=192.0.2.7 user=doktolib", SslMode::Require),
        ("postgres://doktolib@db.example/doktolib?sslmode=prefer", SslMode::Require),
    ] {
        assert_eq!(settings(text).ssl_mode, expected, "{text}");
    }
}

#[test]
fn an_explicit_sslmode_wins_in_both_forms() {
    for (word, expected) in [
        ("disable", SslMode::Disable),
        ("require", SslMode::Require),
        ("verify-ca", SslMode::VerifyCa),
        ("verify-full", SslMode::VerifyFull),
    ] {
        let url =
            settings(&format!("postgres://a@db.example/d?sslmode={word}&connect_timeout=3&sslrootcert=%2Fca%2Epem"));
        assert_eq!(url.ssl_mode, expected);
        assert_eq!(url.ssl_root_cert, Some(PathBuf::from("/ca.pem")));
        assert_eq!(url.connect_timeout, Duration::from_secs(3));
        let list = settings(&format!("host=localhost user=a sslrootcert='/my ca.pem' sslmode = {word} dbname=d"));
        assert_eq!(list.ssl_mode, expected);
        assert_eq!(list.ssl_root_cert, Some(PathBuf::from("/my ca.pem")));
        assert_eq!(list.target(), "localhost:5432/d");
    }
    assert_eq!("postgres://a@b/c?sslmode=never".parse::<PgSettings>(), Err(PgSettingsError::SslMode));
}

#[test]
fn quotes_and_backslashes_of_a_list_reach_the_server_as_they_were_meant() {
    let list = settings(r"host=localhost user=a password='it\'s \\ = here' dbname=d");
    assert_eq!(list.config.get_password(), Some(br"it's \ = here".as_slice()));
}

#[test]
fn no_text_that_we_show_holds_the_password() {
    let secret = "s3cr3t";
    for good in [
        format!("postgres://a:{secret}@db.example/d"),
        format!("postgres://a:pa?{secret}=x&sslmode=y@db.example/d?sslmode=verify-ca"),
        format!("host=h user=a password={secret}"),
    ] {
        let shown = settings(&good);
        assert!(!format!("{shown:?} {}", shown.target()).contains(secret), "{shown:?}");
    }
    for bad in [
        format!("postgres://a:pa/{secret}/d"),
        format!("host=h user=a password='{secret}"),
        format!("host=h {secret}=1"),
        format!("postgres://a:{secret}@/d"),
        secret.to_owned(),
        String::new(),
    ] {
        let refused = bad.parse::<PgSettings>().unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains(secret), "{refused:?}");
    }
}

#[test]
fn another_database_on_the_same_server_keeps_everything_else() {
    let one = settings("postgres://a@db.example:6000/one?sslmode=verify-full");
    let two = one.with_database("two");
    assert_eq!(two.target(), "db.example:6000/two");
    assert_eq!(two.ssl_mode, SslMode::VerifyFull);
    assert_eq!(two.with_database("one"), one);
}

#[test]
fn what_the_operator_says_in_options_comes_last_and_so_wins() {
    let session = settings("host=localhost user=a options='-c statement_timeout=7'").session(true);
    let options = session.get_options().unwrap();
    assert!(options.starts_with("-c TimeZone=UTC -c statement_timeout=5000 "), "{options}");
    assert!(options.ends_with(" -c statement_timeout=7"), "{options}");
    assert!(!settings("host=localhost").session(false).get_options().unwrap().contains("timeout"));
}
