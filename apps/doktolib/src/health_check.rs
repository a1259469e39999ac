//! `doktolib health`: asks the server on this machine, for container and service managers.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(3);

/// The readiness answer of the server on `port` of this machine: its status code and body.
///
/// One request and one answer over a plain socket; a whole HTTP client would double the binary's weight.
///
/// # Errors
/// When nothing answers within three seconds, or not in HTTP.
pub async fn ask(host: &str, port: u16) -> std::io::Result<(u16, String)> {
    let host = if host == "0.0.0.0" || host == "::" { "127.0.0.1" } else { host };
    let asked = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        stream.write_all(b"GET /api/v1/health HTTP/1.0\r\nhost: localhost\r\n\r\n").await?;
        let mut answer = String::new();
        stream.take(64 * 1024).read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        status.map(|status| (status, body)).ok_or_else(|| std::io::Error::other("the answer is not HTTP"))
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
