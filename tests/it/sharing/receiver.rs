//! A partner's machine that listens for events: a small HTTP server that keeps what it hears and answers what it is told to.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use siraj::keys::digest_of;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// An event as it came.
#[derive(Debug, Clone)]
pub struct Heard {
    pub line: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

/// What is answered, and what is waited for before.
struct Reply {
    text: String,
    gate: Option<Arc<Notify>>,
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    replies: VecDeque<Reply>,
    usual: String,
}

pub struct Receiver {
    pub port: u16,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// One that takes whatever comes.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(hear(stream, Arc::clone(&shared)));
            }
        });
        let receiver = Self { port, state, task };
        receiver.always(204);
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// Answers everything from now on with this status.
    pub fn always(&self, status: u16) {
        self.always_with(status, "");
    }

    /// The same, with a header.
    pub fn always_with(&self, status: u16, header: &str) {
        self.state.lock().unwrap().usual = reply(status, header);
    }

    /// Answers the next event with this status, and not before the gate opens.
    pub fn once_behind(&self, gate: &Arc<Notify>, status: u16) {
        self.state.lock().unwrap().replies.push_back(Reply { text: reply(status, ""), gate: Some(Arc::clone(gate)) });
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.state.lock().unwrap().heard.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn reply(status: u16, header: &str) -> String {
    format!("HTTP/1.1 {status} As told\r\n{header}content-length: 4\r\n\r\ntext")
}

async fn hear(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut bytes = Vec::new();
    let (head, length) = loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap_or_default();
        bytes.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length: usize = header_of(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
            if body.len() >= length {
                break (head.to_owned(), length);
            }
        }
        // Whoever speaks TLS here is answered in words that are none.
        if bytes.first() == Some(&22) {
            let _ = stream.write_all(reply(400, "").as_bytes()).await;
            return;
        }
        if read == 0 {
            return;
        }
    };
    let body = String::from_utf8(bytes[head.len() + 4..head.len() + 4 + length].to_vec()).expect("text");
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let heard = Heard { line: head.lines().next().unwrap_or_default().to_owned(), headers, body };
    let answer = {
        let mut state = state.lock().unwrap();
        state.heard.push(heard);
        let usual = Reply { text: state.usual.clone(), gate: None };
        state.replies.pop_front().unwrap_or(usual)
    };
    if let Some(gate) = answer.gate {
        gate.notified().await;
    }
    // Whoever asked may be gone.
    let _ = stream.write_all(answer.text.as_bytes()).await;
}

fn header_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {:?}", self.headers))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The signatures that stand in the header.
    pub fn signatures(&self) -> Vec<&str> {
        self.header("webhook-signature").split(' ').collect()
    }

    /// The signature that belongs here, reckoned from nothing but SHA-256 (RFC 2104).
    pub fn signed_by(&self, secret: &str) -> String {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret of webhooks")).expect("base64");
        assert_eq!(key.len(), 32);
        let pad = |byte: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ byte).collect() };
        let content = format!("{}.{}.{}", self.header("webhook-id"), self.header("webhook-timestamp"), self.body);
        let inner = digest_of(&[pad(0x36), content.into_bytes()].concat());
        format!("v1,{}", BASE64_STANDARD.encode(digest_of(&[pad(0x5c), inner.to_vec()].concat())))
    }
}
