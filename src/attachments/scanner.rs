//! The hook for a scanner: a program that is given the bytes and says by its exit whether they are clean.

use std::{process::Stdio, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::timeout,
};

use super::types::AttachmentScan;

/// A scanner that has not said anything by then has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program and its arguments.
#[derive(Debug, Clone)]
pub struct Scanner {
    program: String,
    arguments: Vec<String>,
}

impl Scanner {
    /// Reads `clamdscan --no-summary -`: words between spaces, no shell. `None` for no words.
    pub fn parse(command: &str) -> Option<Self> {
        let mut words = command.split_whitespace().map(ToOwned::to_owned);
        Some(Self { program: words.next()?, arguments: words.collect() })
    }

    /// Gives the bytes to the program: exit 0 is clean, 1 infected; anything else, or no answer in time, leaves them unscanned.
    pub async fn scan(&self, bytes: impl Stream<Item = object_store::Result<Bytes>> + Unpin) -> AttachmentScan {
        let started = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let child = match started {
            Ok(child) => child,
            Err(error) => {
                tracing::warn!("the scanner could not be started: {error}");
                return AttachmentScan::Unscanned;
            }
        };
        let code = timeout(PATIENCE, feed(child, bytes)).await.ok().flatten();
        match code {
            Some(0) => AttachmentScan::Clean,
            Some(1) => AttachmentScan::Infected,
            _ => {
                tracing::warn!(exit = code, "the scanner gave no answer; the attachment stays unscanned");
                AttachmentScan::Unscanned
            }
        }
    }
}

/// The program's exit, if it was given everything it wanted to read.
async fn feed(mut child: Child, mut bytes: impl Stream<Item = object_store::Result<Bytes>> + Unpin) -> Option<i32> {
    if let Some(mut input) = child.stdin.take() {
        while let Some(part) = bytes.next().await {
            // A program that has seen enough reads no further; its exit says what it thinks.
            if input.write_all(&part.ok()?).await.is_err() {
                break;
            }
        }
        drop(input.shutdown().await);
    }
    child.wait().await.ok()?.code()
}
