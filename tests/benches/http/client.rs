//! One keep-alive connection, and as little work as possible on this side of it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer of the server may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    request: Vec<u8>,
}

/// Points into the connection's buffer until the next request.
pub struct Answer<'a> {
    pub status: u16,
    pub head: &'a str,
    pub body: &'a str,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::with_capacity(64 * 1024), request: Vec::with_capacity(1024) })
    }

    pub fn get(&mut self, target: &str) -> io::Result<Answer<'_>> {
        self.request.clear();
        write!(self.request, "GET {target} HTTP/1.1\r\nhost: bench\r\n\r\n")?;
        self.exchange()
    }

    pub fn get_as(&mut self, target: &str, access_token: &str) -> io::Result<Answer<'_>> {
        self.request.clear();
        write!(self.request, "GET {target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {access_token}\r\n\r\n")?;
        self.exchange()
    }

    pub fn post(&mut self, target: &str, key: &str, body: &str) -> io::Result<Answer<'_>> {
        self.request.clear();
        write!(
            self.request,
            "POST {target} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        self.exchange()
    }

    fn exchange(&mut self) -> io::Result<Answer<'_>> {
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        self.stream.write_all(&self.request)?;
        self.received.clear();
        let mut chunk = [0; 32 * 1024];
        let (mut head_length, mut whole) = (0, usize::MAX);
        while self.received.len() < whole {
            let count = self.stream.read(&mut chunk)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.received.extend_from_slice(&chunk[..count]);
            if whole == usize::MAX
                && let Some(end) = self.received.windows(4).position(|four| four == b"\r\n\r\n")
            {
                head_length = end + 4;
                let head = std::str::from_utf8(&self.received[..end]).map_err(|_| bad("a head that is not text"))?;
                let length = field(head, "content-length").and_then(|value| value.parse::<usize>().ok());
                whole = head_length + length.ok_or_else(|| bad("an answer without a length"))?;
            }
        }
        let text = std::str::from_utf8(&self.received).map_err(|_| bad("an answer that is not text"))?;
        let status = text.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(|| bad("no status"))?;
        Ok(Answer { status, head: &text[..head_length], body: &text[head_length..] })
    }
}

/// The value of a field of a head.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim())
}
