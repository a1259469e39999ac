//! A real mail server for tests of sending: aiosmtpd, which `scripts/setup.sh mail` brings.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde::Deserialize;
use tempfile::TempDir;

const SCRIPT: &str = include_str!("mail_server.py");
const MISSING: &str = "the mail server of the tests is missing: run `scripts/setup.sh mail` first \
                       (or set DOKTOLIB_TEST_PYTHON to a python that can import aiosmtpd)";

/// How a mail server protects what is said to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MailPrivacy {
    /// Not at all.
    #[default]
    Nothing,
    /// It insists on STARTTLS.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// What a mail server is like.
#[derive(Debug, Clone, Default)]
pub struct MailServerOptions {
    /// Its certificate is for `localhost`, by an authority of its own.
    pub privacy: MailPrivacy,
    /// It takes mail from this name and password alone.
    pub login: Option<(String, String)>,
    /// Readers it refuses for good (550).
    pub refuses: Vec<String>,
    /// Readers it puts off (451).
    pub defers: Vec<String>,
    /// It takes this long before it keeps a mail, and again before it says so.
    pub delay: Duration,
}

/// A mail that the server took.
#[derive(Debug, Clone, Deserialize)]
pub struct TakenMail {
    /// Who sends it, as told to the server.
    pub from: String,
    /// Who reads it, as told to the server.
    pub to: Vec<String>,
    /// Did it come over TLS?
    pub private: bool,
    /// How the sender introduced itself.
    pub hello: String,
    /// Head and body.
    pub content: String,
}

impl TakenMail {
    /// A field of its head, as it stands there.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let head = self.content.lines().take_while(|line| !line.is_empty());
        head.filter_map(|line| line.split_once(": "))
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|found| found.1)
    }
}

/// A mail server on a port of this machine. It goes when this is dropped.
pub struct MailServer {
    options: MailServerOptions,
    folder: TempDir,
    child: Option<Child>,
    port: u16,
}

impl MailServer {
    /// Starts one, and waits until it listens.
    ///
    /// # Panics
    /// With an instruction, when aiosmtpd is not there.
    #[must_use]
    pub fn start(options: MailServerOptions) -> Self {
        let made = tempfile::Builder::new().prefix("doktolib-mail-").tempdir();
        let folder = made.unwrap_or_else(|error| panic!("no folder for the mail server: {error}"));
        let mut server = Self { options, folder, child: None, port: 0 };
        if let Err(error) = certificates(server.folder.path()) {
            panic!("no certificate for the mail server: {error}");
        }
        server.come_back();
        server
    }

    /// Where it listens; the same after [`MailServer::come_back`].
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The authority of its certificate.
    #[must_use]
    pub fn root_cert(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    /// What it has taken so far, in order.
    ///
    /// # Panics
    /// When its folder cannot be read.
    #[must_use]
    pub fn taken(&self) -> Vec<TakenMail> {
        let entries = fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        let mut files: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "mail"))
            .collect();
        files.sort();
        let read = |path: &PathBuf| {
            let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
            serde_json::from_str(&text).map_err(|error| error.to_string())
        };
        files
            .iter()
            .map(|path| read(path).unwrap_or_else(|error: String| panic!("{}: {error}", path.display())))
            .collect()
    }

    /// Kills it; what it has taken stays.
    pub fn go_away(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _gone = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Changes what it is like, when it comes back.
    pub fn change(&mut self, change: impl FnOnce(&mut MailServerOptions)) {
        change(&mut self.options);
    }

    /// Starts it again on its old port.
    ///
    /// # Panics
    /// When it does not start.
    pub fn come_back(&mut self) {
        self.go_away();
        let path = |name: &str| self.folder.path().join(name);
        let wants = serde_json::json!({
            "port": self.port,
            "folder": self.folder.path(),
            "privacy": match self.options.privacy {
                MailPrivacy::Nothing => "nothing",
                MailPrivacy::StartTls => "starttls",
                MailPrivacy::Tls => "tls",
            },
            "certificate": path("server.pem"),
            "key": path("server.key"),
            "login": self.options.login,
            "refuses": self.options.refuses,
            "defers": self.options.defers,
            "delay": self.options.delay.as_secs_f64(),
        });
        let mut command = Command::new(python());
        command.arg("-c").arg(SCRIPT).arg(wants.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        let mut first = String::new();
        if let Some(out) = child.stdout.take() {
            // An error shows as a line that is no port.
            let _read = BufReader::new(out).read_line(&mut first);
        }
        self.child = Some(child);
        self.port = first.trim().parse().unwrap_or_else(|_| panic!("the mail server does not start, see above"));
    }

    /// Waits until it has taken so many mails, or a minute has passed.
    ///
    /// # Panics
    /// After a minute.
    pub async fn wait_for(&self, count: usize) -> Vec<TakenMail> {
        let begun = Instant::now();
        loop {
            let taken = self.taken();
            if taken.len() >= count {
                return taken;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {count} mails came", taken.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.go_away();
    }
}

/// The first Python that knows aiosmtpd; `scripts/setup.sh` looks in the same places.
fn python() -> PathBuf {
    let given = std::env::var_os("DOKTOLIB_TEST_PYTHON").filter(|given| !given.is_empty()).map(PathBuf::from);
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mail-server/bin/python");
    let places = given.into_iter().chain([fetched, "/usr/bin/python3".into(), "python3".into()]);
    let knows = |python: &PathBuf| {
        let mut command = Command::new(python);
        command.args(["-c", "import aiosmtpd"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    places.into_iter().find(knows).unwrap_or_else(|| panic!("{MISSING}"))
}

fn certificates(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(["localhost".to_owned()])?.signed_by(&key, &issuer)?;
    fs::write(folder.join("root.pem"), issuer.pem())?;
    fs::write(folder.join("server.pem"), certificate.pem())?;
    fs::write(folder.join("server.key"), key.serialize_pem())?;
    Ok(())
}
