//! The port [`VirusScanner`], answered by ClamAV's daemon.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{FailureKind, PortFailure};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::application::{Scan, VirusScanner};

const DOING: &str = "scan a file for viruses";
/// Who does not take a connection by then is away.
const CONNECT: Duration = Duration::from_secs(2);
/// For all of a scan; archives within archives take their time.
const SCAN: Duration = Duration::from_secs(30);
/// What is sent at once.
const PIECE: usize = 64 * 1024;
const LONGEST_ANSWER: u64 = 1024;
const LONGEST_NAME: usize = 200;

/// The text is no address of a scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no address of clamd: tcp://host:port or unix:///path")]
pub struct BadClamdAddress;

/// Where clamd listens: `tcp://host:port` or `unix:///path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    /// Host and port with a colon between them. What goes there is not encrypted: for the same machine, or a network
    /// that is trusted with patients' papers.
    Tcp(String),
    /// A socket of this machine.
    Unix(PathBuf),
}

impl FromStr for ClamdAddress {
    type Err = BadClamdAddress;

    fn from_str(text: &str) -> Result<Self, BadClamdAddress> {
        if let Some(path) = text.strip_prefix("unix://") {
            return if path.starts_with('/') && path.len() > 1 {
                Ok(Self::Unix(path.into()))
            } else {
                Err(BadClamdAddress)
            };
        }
        let address = text.strip_prefix("tcp://").ok_or(BadClamdAddress)?;
        let (host, port) = address.rsplit_once(':').ok_or(BadClamdAddress)?;
        let bare = !host.contains([':', '/', '@', ' ']) || (host.starts_with('[') && host.ends_with(']'));
        if host.is_empty() || !bare || port.parse::<u16>().map_or(true, |port| port == 0) {
            return Err(BadClamdAddress);
        }
        Ok(Self::Tcp(address.to_owned()))
    }
}

/// Sends files to clamd piece by piece (`INSTREAM`): it needs no way to our folders, and our memory holds one piece.
#[derive(Debug, Clone)]
pub struct Clamd {
    address: ClamdAddress,
    connect: Duration,
    scan: Duration,
}

impl Clamd {
    /// The one at that address. It is away when it does not take a connection within 2 seconds, or has not answered
    /// 30 seconds later.
    #[must_use]
    pub const fn new(address: ClamdAddress) -> Self {
        Self { address, connect: CONNECT, scan: SCAN }
    }

    /// The same with other limits.
    #[must_use]
    pub const fn with_patience(mut self, connect: Duration, scan: Duration) -> Self {
        self.connect = connect;
        self.scan = scan;
        self
    }

    async fn answer(&self, file: &Path) -> io::Result<Vec<u8>> {
        match &self.address {
            ClamdAddress::Tcp(address) => {
                let connection = timeout(self.connect, TcpStream::connect(address)).await??;
                timeout(self.scan, converse(connection, file)).await?
            }
            ClamdAddress::Unix(path) => {
                let connection = timeout(self.connect, UnixStream::connect(path)).await??;
                timeout(self.scan, converse(connection, file)).await?
            }
        }
    }
}

/// Pieces with their lengths before them, an empty one at the end; then its word.
async fn converse(mut clamd: impl AsyncRead + AsyncWrite + Unpin, file: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(file).await?;
    clamd.write_all(b"zINSTREAM\0").await?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).await?;
        let length = u32::try_from(read).map_err(io::Error::other)?;
        clamd.write_all(&length.to_be_bytes()).await?;
        if read == 0 {
            break;
        }
        clamd.write_all(&piece[..read]).await?;
    }
    clamd.flush().await?;
    let mut answer = Vec::new();
    clamd.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// `stream: OK` or `stream: NAME FOUND`; anything else is an error of its own, and nobody knows.
fn understood(answer: &[u8]) -> Option<Scan> {
    let answer = std::str::from_utf8(answer).ok()?.trim_end_matches(['\0', '\n']).strip_prefix("stream: ")?;
    if answer == "OK" {
        return Some(Scan::Clean);
    }
    let name = answer.strip_suffix(" FOUND")?;
    Some(Scan::Infected(name.chars().filter(char::is_ascii_graphic).take(LONGEST_NAME).collect()))
}

#[async_trait]
impl VirusScanner for Clamd {
    async fn scan(&self, file: &Path) -> Result<Scan, PortFailure> {
        let away = |error| PortFailure::new(DOING, error).of_kind(FailureKind::Unavailable);
        let answer = self.answer(file).await.map_err(away)?;
        // Its words may hold the name of a file, so they are not told.
        understood(&answer).ok_or_else(|| away(io::Error::other("clamd could not scan it")))
    }
}
