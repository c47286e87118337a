//! A small mail server (RFC 5321) on loopback that does as it is told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with the next mail.
#[derive(Clone, Copy, Debug)]
pub enum Mood {
    /// Answers the recipient with this code.
    Refuses(u16),
    /// Hangs up in the middle.
    HangsUp,
}

/// A mail as it came in.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
}

#[derive(Default)]
struct State {
    moods: VecDeque<Mood>,
    taken: Vec<Taken>,
    seen: usize,
}

/// The running server; ends with the test's runtime.
#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let state = server.state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, state.clone()));
            }
        });
        server
    }

    /// Puts the server in a mood for the next mails, one each.
    pub fn moods(&self, moods: impl IntoIterator<Item = Mood>) {
        self.state.lock().unwrap().moods.extend(moods);
    }

    /// Mails that were taken.
    pub fn taken(&self) -> Vec<Taken> {
        self.state.lock().unwrap().taken.clone()
    }

    /// Mails that were offered.
    pub fn seen(&self) -> usize {
        self.state.lock().unwrap().seen
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    let mut mail = Taken { from: String::new(), to: Vec::new(), data: String::new() };
    let mut mood = None;
    let mut say = String::from("220 mail.test ESMTP\r\n");
    loop {
        if stream.get_mut().write_all(say.as_bytes()).await.is_err() {
            return;
        }
        let mut line = String::new();
        match stream.read_line(&mut line).await {
            Ok(1..) => {}
            _ => return,
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().trim().to_ascii_uppercase();
        say = match verb.as_str() {
            "EHLO" => "250-mail.test\r\n250 8BITMIME\r\n".into(),
            "MAIL" => {
                let mut state = state.lock().unwrap();
                state.seen += 1;
                mood = state.moods.pop_front();
                mail = Taken { from: line.trim().to_owned(), to: Vec::new(), data: String::new() };
                "250 ok\r\n".into()
            }
            "RCPT" => match mood {
                Some(Mood::Refuses(code)) => format!("{code} not now\r\n"),
                Some(Mood::HangsUp) => return,
                None => {
                    mail.to.push(line.trim().to_owned());
                    "250 ok\r\n".into()
                }
            },
            "DATA" => {
                if stream.get_mut().write_all(b"354 go on\r\n").await.is_err() {
                    return;
                }
                loop {
                    let mut line = String::new();
                    match stream.read_line(&mut line).await {
                        Ok(1..) if line == ".\r\n" => break,
                        Ok(1..) => mail.data.push_str(&line),
                        _ => return,
                    }
                }
                state.lock().unwrap().taken.push(mail.clone());
                "250 taken\r\n".into()
            }
            "QUIT" => "221 bye\r\n".into(),
            "RSET" | "NOOP" => "250 ok\r\n".into(),
            _ => "502 what\r\n".into(),
        };
    }
}
