//! A payment gateway by the protocol of CONTRACT that says yes to everything and takes payments in parts.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// Most bytes of a call.
const MAX_CALL: u64 = 64 * 1024;

/// A running gateway; it ends with the process.
pub struct Gateway {
    address: SocketAddr,
}

/// What it holds of one payment, minor units.
#[derive(Default)]
struct Books {
    authorised: i64,
    captured: i64,
    refunded: i64,
}

#[derive(Default)]
struct Inner {
    books: HashMap<String, Books>,
    /// Answers by step and key: the second time nothing is done.
    answers: HashMap<(String, String), Value>,
}

impl Gateway {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("the port");
        let inner = Arc::new(Mutex::new(Inner::default()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let inner = inner.clone();
                // A call that breaks off is the server's to make again.
                std::thread::spawn(move || answer(&stream, &inner));
            }
        });
        Self { address }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// One call for each connection.
fn answer(mut stream: &TcpStream, inner: &Mutex<Inner>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.take(MAX_CALL));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let step = line.split(' ').nth(1).unwrap_or_default().trim_matches('/').to_owned();
    let (mut key, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => key = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let call: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = inner.lock().unwrap_or_else(PoisonError::into_inner).answer(step, key, &call).to_string();
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{text}"
    )
}

impl Inner {
    fn answer(&mut self, step: String, key: String, call: &Value) -> Value {
        let books = self.books.entry(call["reference"].as_str().unwrap_or_default().to_owned()).or_default();
        if step == "status" {
            return json!({ "captured": books.captured, "refunded": books.refunded });
        }
        if let Some(known) = self.answers.get(&(step.clone(), key.clone())) {
            return known.clone();
        }
        let amount = call["amount"].as_i64().unwrap_or(0);
        let mut said = json!({ "id": format!("{step}-{}", self.answers.len()), "status": "succeeded" });
        match step.as_str() {
            "authorize" => books.authorised += amount,
            "capture" => {
                books.captured += amount;
                said["remaining"] = (books.authorised - books.captured).into();
            }
            "refund" => books.refunded += amount,
            _ => {}
        }
        self.answers.insert((step, key), said.clone());
        said
    }
}
