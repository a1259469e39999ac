use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// How a connection to PostgreSQL is protected; the words are those of `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Plain text.
    Disable,
    /// Encrypted, whoever answers: keeps out listeners, not impostors. As with libpq, a given root
    /// certificate makes it the same as [`SslMode::VerifyCa`].
    Require,
    /// Encrypted, with a certificate of a trusted authority, whatever name it bears.
    VerifyCa,
    /// Encrypted, with a certificate of a trusted authority for the very host; the one for production.
    VerifyFull,
}

impl FromStr for SslMode {
    type Err = PgSettingsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "disable" => Ok(Self::Disable),
            "require" => Ok(Self::Require),
            "verify-ca" => Ok(Self::VerifyCa),
            "verify-full" => Ok(Self::VerifyFull),
            _ => Err(PgSettingsError::SslMode),
        }
    }
}

/// Why a text is no address of a database. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PgSettingsError {
    /// Neither form could be read.
    #[error(
        "is neither a postgres:// URL nor a list of key=value pairs (in a URL, special characters of the \
         password have to be percent-encoded)"
    )]
    Unreadable,
    /// There is no host in it.
    #[error("names no host; a Unix socket is named by its folder, e.g. host=/var/run/postgresql")]
    NoHost,
    /// Unknown `sslmode`.
    #[error("has an unknown sslmode; it is one of disable, require, verify-ca, verify-full")]
    SslMode,
}

/// Where PostgreSQL is and how it is talked to.
///
/// Read from text by [`FromStr`]: a `postgres://` URL or `key=value` pairs, as libpq takes them,
/// `sslmode` and `sslrootcert` included. `sslmode=prefer` and `allow` stand for the default:
/// [`SslMode::Disable`] on Unix sockets and loopback addresses, [`SslMode::Require`] elsewhere.
///
/// The limits travel as start-up options; behind PgBouncer set `ignore_startup_parameters = options`
/// there and give the limits to the database role instead.
#[derive(Clone, PartialEq, Eq)]
pub struct PgSettings {
    pub(super) config: Config,
    /// How connections are protected.
    pub ssl_mode: SslMode,
    /// PEM file with the authorities to trust; the system's when `None`.
    pub ssl_root_cert: Option<PathBuf>,
    /// Most connections the pool opens.
    pub max_connections: usize,
    /// HTTP workers that are to have their own share of them; 0 when all share all.
    pub workers: usize,
    /// A statement of the pool that runs longer is cancelled by the server; zero is no limit.
    pub statement_timeout: Duration,
    /// Opening a connection takes at most this long.
    pub connect_timeout: Duration,
    /// The name under which PostgreSQL lists the connections.
    pub application_name: String,
}

impl FromStr for PgSettings {
    type Err = PgSettingsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rest, tls) = without_tls(text.trim()).ok_or(PgSettingsError::Unreadable)?;
        // The parser's own message may repeat a piece of the password.
        let mut config = rest.parse::<Config>().map_err(|_| PgSettingsError::Unreadable)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(PgSettingsError::NoHost);
        }
        let ssl_mode = match tls.mode.as_deref() {
            None | Some("prefer" | "allow") => default_ssl_mode(&config),
            Some(mode) => mode.parse()?,
        };
        let connect_timeout = config.get_connect_timeout().copied().unwrap_or(Duration::from_millis(1500));
        config.connect_timeout(connect_timeout);
        let application_name = config.get_application_name().unwrap_or("doktolib").to_owned();
        Ok(Self {
            config,
            ssl_mode,
            ssl_root_cert: tls.root_cert.map(PathBuf::from),
            max_connections: 10,
            workers: 0,
            statement_timeout: Duration::from_secs(5),
            connect_timeout,
            application_name,
        })
    }
}

impl PgSettings {
    /// The name of the database; PostgreSQL takes the user's when none is given.
    #[must_use]
    pub fn database(&self) -> &str {
        self.config.get_dbname().or(self.config.get_user()).unwrap_or_default()
    }

    /// The same server, another database on it.
    #[must_use]
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// Host, port and database for a log line, e.g. `db.example:5432/doktolib`.
    #[must_use]
    pub fn target(&self) -> String {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        });
        let addresses = self.config.get_hostaddrs().iter().map(ToString::to_string);
        let all = hosts.chain(addresses).collect::<Vec<_>>().join(",");
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        format!("{all}:{port}/{}", self.database())
    }

    /// Hosts, port, user and database as `key=value` pairs that [`FromStr`] reads; no password, no TLS.
    pub(super) fn without_secrets(&self) -> String {
        let quoted = |value: &str| format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"));
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(folder) => folder.display().to_string(),
        });
        let host = hosts.collect::<Vec<_>>().join(",");
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let user = self.config.get_user().unwrap_or_default();
        format!("host={} port={port} user={} dbname={}", quoted(&host), quoted(user), quoted(self.database()))
    }

    /// The parts PostgreSQL needs to begin a session; `limits` are those of the pool.
    pub(super) fn session(&self, limits: bool) -> Config {
        let mut config = self.config.clone();
        let mut options = String::from("-c TimeZone=UTC");
        if limits {
            let statement = self.statement_timeout.as_millis();
            // A statement that waits for a row is of no use to anybody after two seconds, and a
            // transaction that has gone silent holds rows others want.
            let lock = self.statement_timeout.min(Duration::from_secs(2)).as_millis();
            options.push_str(&format!(
                " -c statement_timeout={statement} -c lock_timeout={lock} -c idle_in_transaction_session_timeout=10000"
            ));
            // Every statement is prepared, and planned once for all values: planning a search costs more than
            // making it. Statements whose best plan depends on a value ask for one, see `plan_by_value`. The plan
            // lives on while tables grow, so it must not be the one that is best while they are empty.
            options.push_str(" -c plan_cache_mode=force_generic_plan -c enable_seqscan=off");
        }
        if let Some(own) = self.config.get_options() {
            options.push(' ');
            options.push_str(own);
        }
        config.options(options).application_name(&self.application_name).connect_timeout(self.connect_timeout);
        config.ssl_mode(match self.ssl_mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        });
        config
    }
}

impl fmt::Debug for PgSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgSettings")
            .field("target", &self.target())
            .field("user", &self.config.get_user())
            .field("ssl_mode", &self.ssl_mode)
            .field("ssl_root_cert", &self.ssl_root_cert)
            .field("max_connections", &self.max_connections)
            .field("workers", &self.workers)
            .field("statement_timeout", &self.statement_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("application_name", &self.application_name)
            .finish_non_exhaustive()
    }
}

fn default_ssl_mode(config: &Config) -> SslMode {
    let hosts_near = config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    });
    // With addresses given, these are dialled and the names only say what certificate to expect.
    let near = match config.get_hostaddrs() {
        [] => hosts_near,
        addresses => addresses.iter().all(IpAddr::is_loopback),
    };
    if near { SslMode::Disable } else { SslMode::Require }
}

#[derive(Default)]
struct TlsWords {
    mode: Option<String>,
    root_cert: Option<String>,
}

impl TlsWords {
    fn takes(&mut self, key: &str, value: &str) -> bool {
        match key {
            "sslmode" => self.mode = Some(value.to_owned()),
            "sslrootcert" => self.root_cert = Some(value.to_owned()),
            _ => return false,
        }
        true
    }
}

/// Takes `sslmode` and `sslrootcert` out, because the client library knows neither `verify-*` nor the latter.
fn without_tls(text: &str) -> Option<(String, TlsWords)> {
    let mut tls = TlsWords::default();
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        let mut kept = String::new();
        for (key, value) in pairs(text)? {
            if !tls.takes(&key, &value) {
                let value = value.replace('\\', r"\\").replace('\'', r"\'");
                kept.push_str(&format!("{key}='{value}' "));
            }
        }
        return Some((kept, tls));
    }
    // A question mark before the first @ belongs to the password, as the parser sees it.
    let credentials = text.find('@').unwrap_or(0);
    let Some(mark) = text[credentials..].find('?').map(|at| credentials + at) else {
        return Some((text.to_owned(), tls));
    };
    let (address, query) = (&text[..mark], &text[mark + 1..]);
    let mut kept = Vec::new();
    for part in query.split('&') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if !tls.takes(key, &decoded(value)?) {
            kept.push(part);
        }
    }
    Some((format!("{address}?{}", kept.join("&")), tls))
}

fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// `key=value` pairs; values may stand in single quotes, a backslash takes the next character as it is.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quoted = after.starts_with('\'');
        let mut chars = after.char_indices().skip(usize::from(quoted));
        let mut value = String::new();
        let end = loop {
            match chars.next() {
                None if quoted => return None,
                None => break after.len(),
                Some((_, '\\')) => value.push(chars.next()?.1),
                Some((at, '\'')) if quoted => break at + 1,
                Some((at, c)) if !quoted && c.is_whitespace() => break at,
                Some((_, c)) => value.push(c),
            }
        };
        found.push((key.trim().to_owned(), value));
        rest = after[end..].trim_start();
    }
    Some(found)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
