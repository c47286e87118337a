//! HTTP/1.1 over one kept-alive connection, just enough of it and cheap, because it shares the cores with the server.

use std::net::SocketAddr;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection and the last answer on it.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: Range<usize>,
    chunked: Vec<u8>,
}

impl Connection {
    /// Connects without delay on small writes.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(256 * 1024), body: 0..0, chunked: Vec::new() })
    }

    /// Sends a whole request, reads the whole answer, returns its status; [`Connection::body`] is valid until the next.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        self.chunked.clear();
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            self.read_more().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head]).context("the head of an answer is not text")?;
        let status =
            text.get(9..12).and_then(|code| code.parse().ok()).context("an answer without a status")?;
        if let Some(length) = header(text, "content-length") {
            let end = head + length.parse::<usize>()?;
            while self.buffer.len() < end {
                self.read_more().await?;
            }
            self.body = head..end;
        } else if header(text, "transfer-encoding").is_some() {
            self.read_chunks(head).await?;
        } else {
            self.body = head..head;
        }
        Ok(status)
    }

    /// What the last answer carried.
    pub fn body(&self) -> &[u8] {
        if self.chunked.is_empty() { &self.buffer[self.body.clone()] } else { &self.chunked }
    }

    async fn read_chunks(&mut self, mut at: usize) -> Result<()> {
        loop {
            let line = loop {
                if let Some(end) = find(&self.buffer[at..], b"\r\n") {
                    break at + end;
                }
                self.read_more().await?;
            };
            let size = std::str::from_utf8(&self.buffer[at..line])?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16)?;
            let (start, end) = (line + 2, line + 2 + size);
            while self.buffer.len() < end + 2 {
                self.read_more().await?;
            }
            if size == 0 {
                return Ok(());
            }
            self.chunked.extend_from_slice(&self.buffer[start..end]);
            at = end + 2;
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection in the middle of an answer");
        }
        Ok(())
    }
}

/// A request as bytes, ready to be sent again and again.
pub fn get(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Encoding: br, gzip\r\n\r\n"
    )
    .into_bytes()
}

/// A GraphQL request as bytes.
pub fn graphql(body: &str) -> Vec<u8> {
    format!(
        "POST /api/graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Position of `needle`, which begins with a byte that is rare in what is searched.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::{Connection, get};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn reads_answers_with_a_length_and_in_chunks() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut scratch = [0; 1024];
            for answer in [
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
                "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n\r\n",
            ] {
                assert!(stream.read(&mut scratch).await.unwrap() > 0);
                for half in [&answer[..answer.len() / 2], &answer[answer.len() / 2..]] {
                    stream.write_all(half.as_bytes()).await.unwrap();
                    stream.flush().await.unwrap();
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        assert_eq!(connection.exchange(&get("/")).await.unwrap(), 200);
        assert_eq!(connection.body(), b"hello");
        assert_eq!(connection.exchange(&get("/")).await.unwrap(), 404);
        assert_eq!(connection.body(), b"abc0123456789");
        assert_eq!(connection.exchange(&get("/")).await.unwrap(), 303);
        assert_eq!(connection.body(), b"");
    }
}
