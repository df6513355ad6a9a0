//! A bare HTTP/1.1 client: one kept-alive connection, one request at a time, no allocation once its
//! buffers have grown. An ordinary client library costs more than the shop it would measure.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fault::Fault;

/// Room kept free before each read; an answer of the shop's JSON fits in one.
const READ_BYTES: usize = 8 * 1024;
/// An answer longer than this is a fault of the shop's, not something to keep in memory.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An answer, borrowed from the connection's buffers.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The status line and the header lines.
    pub head: &'a [u8],
    /// The body, with any chunked coding taken off.
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The first value of the header `name` (any letter case).
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }

    /// The body's beginning, for a message to a person.
    pub fn excerpt(&self) -> String {
        let shown = &self.body[..self.body.len().min(300)];
        format!("{} {}", self.status, String::from_utf8_lossy(shown).replace(['\r', '\n'], " "))
    }
}

/// A connection to the shop.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    unchunked: Vec<u8>,
}

impl Connection {
    /// Connects; small requests leave at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// [`Fault::Lost`] when nobody listens.
    pub async fn open(address: SocketAddr) -> Result<Self, Fault> {
        let stream = TcpStream::connect(address).await.map_err(Fault::Lost)?;
        stream.set_nodelay(true).map_err(Fault::Lost)?;
        Ok(Self { stream, received: Vec::with_capacity(2 * READ_BYTES), unchunked: Vec::new() })
    }

    /// Sends `request` and waits for the whole answer.
    ///
    /// # Errors
    /// [`Fault::Lost`] when the connection ends first, [`Fault::Answer`] when it is not HTTP/1.1.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Fault> {
        self.stream.write_all(request).await.map_err(Fault::Lost)?;
        self.received.clear();
        let head = loop {
            self.receive().await?;
            if let Some(head) = Head::parse(&self.received)? {
                break head;
            }
        };
        match head.framing {
            Framing::Length(length) => self.with_length(head, length).await,
            Framing::Chunked => self.with_chunks(head).await,
        }
    }

    async fn with_length(&mut self, head: Head, length: usize) -> Result<Answer<'_>, Fault> {
        let end = head.length + length;
        while self.received.len() < end {
            self.receive().await?;
        }
        if self.received.len() > end {
            return Err(Fault::Answer("there is more after the answer's end".into()));
        }
        let (head_bytes, body) = self.received.split_at(head.length);
        Ok(Answer { status: head.status, head: head_bytes, body })
    }

    async fn with_chunks(&mut self, head: Head) -> Result<Answer<'_>, Fault> {
        while !unchunk(&self.received[head.length..], &mut self.unchunked)? {
            self.receive().await?;
        }
        let head_bytes = &self.received[..head.length];
        Ok(Answer { status: head.status, head: head_bytes, body: &self.unchunked })
    }

    async fn receive(&mut self) -> Result<(), Fault> {
        if self.received.len() > ANSWER_BYTES_MAX {
            return Err(Fault::Answer(format!("it is longer than {ANSWER_BYTES_MAX} bytes")));
        }
        self.received.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.received).await {
            Ok(0) => Err(Fault::Lost(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::Lost(error)),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    Length(usize),
    Chunked,
}

/// What the head of an answer says about the rest.
#[derive(Debug, Clone, Copy)]
struct Head {
    status: u16,
    length: usize,
    framing: Framing,
}

impl Head {
    /// `None` while the head has not arrived whole.
    fn parse(received: &[u8]) -> Result<Option<Self>, Fault> {
        let Some(blank) = position_of(received, b"\r\n\r\n") else { return Ok(None) };
        let head = &received[..blank + 4];
        let status = status_of(head)
            .ok_or_else(|| Fault::Answer("it does not begin with an HTTP/1.1 status".into()))?;
        let framing = if let Some(length) = header(head, "content-length") {
            let length = length.parse().ok().filter(|&length| length <= ANSWER_BYTES_MAX);
            Framing::Length(length.ok_or_else(|| Fault::Answer("a bad Content-Length".into()))?)
        } else if header(head, "transfer-encoding").is_some() {
            Framing::Chunked
        } else {
            Framing::Length(0)
        };
        Ok(Some(Self { status, length: head.len(), framing }))
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    let digits = head.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let lines = head.split(|&byte| byte == b'\n').skip(1);
    let value = lines.filter_map(|line| {
        let (label, rest) = line.split_at_checked(name.len())?;
        if !label.eq_ignore_ascii_case(name.as_bytes()) {
            return None;
        }
        rest.strip_prefix(b":")
    });
    value.filter_map(|value| std::str::from_utf8(value).ok()).map(str::trim).next()
}

/// Where `needle` begins in `haystack`.
pub fn position_of(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Takes the chunked coding off into `body`; false while the last chunk has not arrived.
fn unchunk(mut coded: &[u8], body: &mut Vec<u8>) -> Result<bool, Fault> {
    body.clear();
    loop {
        let Some(line_end) = position_of(coded, b"\r\n") else { return Ok(false) };
        let size = std::str::from_utf8(&coded[..line_end]).unwrap_or_default();
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).ok().filter(|&size| size <= ANSWER_BYTES_MAX);
        let size = size.ok_or_else(|| Fault::Answer("a bad chunk size".into()))?;
        let chunk = &coded[line_end + 2..];
        if chunk.len() < size + 2 {
            return Ok(false);
        }
        if size == 0 {
            return Ok(true);
        }
        body.extend_from_slice(&chunk[..size]);
        coded = &chunk[size + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_in_any_letter_case_and_only_whole() {
        let head = b"HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nCONTENT-length:  7 \r\n\r\n";
        assert_eq!(header(head, "content-length"), Some("7"));
        assert_eq!(header(head, "content"), None);
        assert_eq!(status_of(head), Some(200));
    }

    #[test]
    fn chunks_are_joined_once_the_last_has_come() {
        let coded = b"4;x=1\r\nWiki\r\n5\r\npedia\r\n0\r\n\r\n";
        let mut body = Vec::new();
        for cut in 0..coded.len() {
            assert!(!unchunk(&coded[..cut], &mut body).unwrap(), "{cut}");
        }
        assert!(unchunk(coded, &mut body).unwrap());
        assert_eq!(body, b"Wikipedia");
        assert!(unchunk(b"zz\r\n", &mut body).is_err());
    }
}
