//! Starts the private PostgreSQL, says so, and holds it until its input ends. For the tests.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to the test that started it")]

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use siraj::postgres::{Embedded, Settings, share_disposable};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(kind), Some(folder)) = (words.next(), words.next()) else {
        eprintln!("usage: hold start|supervise|disposable|share <folder>");
        return ExitCode::FAILURE;
    };
    let folder = Path::new(&folder);
    let outcome = if kind == "share" {
        share_disposable(folder).map(|shared| {
            say(&shared.url("siraj_service", "siraj"));
        })
    } else {
        Embedded::start(Settings {
            data_dir: folder.to_owned(),
            owner_role: "siraj_owner".to_owned(),
            service_role: "siraj_service".to_owned(),
            database: "siraj".to_owned(),
            disposable: kind == "disposable",
        })
        .map(|embedded| {
            if kind == "supervise" {
                embedded.supervise();
            }
            say(&embedded.service_url());
        })
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the connection string and waits for the end of the input.
fn say(url: &str) {
    println!("{url}");
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
