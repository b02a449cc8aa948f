//! The command line: one binary, a subcommand for each thing an operator does.

mod database;
mod demo;
mod doctor;
mod serve;
mod story;
mod tasks;
mod verify;

use std::{path::PathBuf, process::ExitCode};

use chrono::NaiveDate;
use clap::{Parser, Subcommand};

use crate::config::Config;

/// Register and ledger of a medical-aid organisation.
#[derive(Debug, Parser)]
#[command(name = "siraj", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API.
    Serve {
        /// Load the demo campaign into an empty register and make one account per role.
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database to this version.
    Migrate,
    /// Print the OpenAPI document.
    Openapi,
    /// Make an account that may invite the others; asks for the password on standard input.
    CreateAdmin {
        /// The e-mail address to sign in with.
        #[arg(long)]
        email: String,
        /// The name that others see.
        #[arg(long)]
        name: String,
    },
    /// Load spreadsheets: a folder of CSV files, a .csv or an .xlsx file. Whole or nothing.
    Import {
        /// What to load.
        path: PathBuf,
        /// Check everything, write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Load the demo campaign into an empty register and make one account per role, as `serve --demo` does.
    LoadDemo,
    /// Print the figures as a table.
    Figures {
        /// The day they speak of; today when absent.
        #[arg(long)]
        as_of: Option<NaiveDate>,
    },
    /// Add up again what can be: the ledger of supplies, the totals behind the figures, the audit's chain, every published report; and
    /// tell every difference.
    Verify {
        /// Count the totals behind the figures anew first, as the owner; nobody writes posts meanwhile.
        #[arg(long)]
        rebuild_totals: bool,
        /// The envelope of a published report that was kept elsewhere: the audit must still hold what it was published over.
        #[arg(long)]
        against: Option<PathBuf>,
    },
    /// Check the envelope of a published report, without any service or database.
    VerifyReport {
        /// The envelope.
        file: PathBuf,
        /// The public keys to trust: an answer of /api/v1/public/signing-keys, or a key in hexadecimal on each line.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Say what is wrong with configuration, database, clock and disk.
    Doctor,
    /// Ask the service on this machine whether it is ready (for container health checks).
    Healthcheck,
}

/// Runs what was asked for. A failure is one sentence on standard error.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Openapi = cli.command {
        return tasks::openapi();
    }
    if let Command::VerifyReport { file, key } = &cli.command {
        return ended(verify::report(file, key.as_deref()));
    }
    if let Command::Doctor = cli.command {
        return doctor::run(&cli.config);
    }
    let done = cli.config.check().map_err(sentence).and_then(|()| match cli.command {
        Command::Serve { demo } => serve::run(&cli.config, demo),
        Command::Migrate => tasks::migrate(&cli.config),
        Command::CreateAdmin { email, name } => tasks::create_admin(&cli.config, &email, &name),
        Command::Import { path, dry_run } => tasks::import(&cli.config, &path, dry_run),
        Command::LoadDemo => tasks::load_demo(&cli.config),
        Command::Figures { as_of } => tasks::figures(&cli.config, as_of),
        Command::Verify { rebuild_totals, against } => verify::all(&cli.config, against.as_deref(), rebuild_totals),
        Command::Healthcheck => tasks::healthcheck(&cli.config),
        Command::Openapi | Command::Doctor | Command::VerifyReport { .. } => Ok(()),
    });
    ended(done)
}

fn ended(done: Outcome) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(told) => {
            complain(&told);
            ExitCode::FAILURE
        }
    }
}

/// What a command that failed says: one sentence.
type Outcome<T = ()> = Result<T, String>;

/// Any error as its sentence.
fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[expect(clippy::print_stderr, reason = "the command line speaks to a person")]
fn complain(sentence: &str) {
    eprintln!("siraj: {sentence}");
}

#[expect(clippy::print_stdout, reason = "the command line speaks to a person")]
fn say(text: &str) {
    println!("{text}");
}

/// A runtime for commands that are not the server.
fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(sentence)?.block_on(work)
}
