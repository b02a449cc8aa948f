//! `siraj serve`.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::web::Data;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tracing::Level;
use tracing_subscriber::{EnvFilter, filter::filter_fn, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use super::{Outcome, database::Database, demo, say, sentence};
use crate::{
    app::{self, Parts},
    attachments::Files,
    auth::{self, Accounts},
    config::{Config, Networks},
    db::Db,
    error::ApiError,
    http::{self, Proxies},
    keys::Keys,
    publishing::{self, Press},
    sessions, shared,
    webhooks::{self, Courier},
};

/// Connections of a worker: more than four per core buy nothing.
const POOL_SIZE: usize = 4;

/// Serves until told to stop; requests under way are finished, then the private database is stopped.
pub fn run(config: &Config, demo: bool) -> Outcome {
    start_log(config)?;
    let address = config.listen_address().map_err(sentence)?;
    let listener = TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let keys = Data::new(Keys::open(&config.key_path()).map_err(sentence)?);
    let networks = config.networks().map_err(sentence)?;
    let files = Data::new(Files::open(config).map_err(sentence)?);
    let database = Database::reach(config)?.migrated()?;
    if let Some(embedded) = &database.embedded {
        embedded.supervise();
    }
    let password = if demo { Some(demo::load_apart(config)?) } else { None };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let accounts = Arc::new(Accounts::default());
    let parts = Parts {
        database_url: database.service_url.clone(),
        pool_size: POOL_SIZE,
        workers,
        keys: keys.clone(),
        accounts: Arc::clone(&accounts),
        proxies: Proxies(config.proxies().map_err(sentence)?),
        allowed_origins: config.allowed_origins.clone(),
        files: files.clone(),
        press: Data::new(Press::with_fonts(config.fonts.clone())),
        networks: Data::new(networks.clone()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(sentence)?;
    let served = runtime.block_on(async {
        let server = app::server(parts, listener).map_err(sentence)?;
        let handle = server.handle();
        let (stop, stopped) = watch::channel(false);
        let courier = tokio::spawn(carry(database.service_url.clone(), keys.into_inner(), networks, stopped));
        tokio::spawn(auth::listen(database.service_url.clone(), accounts));
        tokio::spawn(sweep_daily(database.service_url.clone(), files));
        let told = stop.clone();
        tokio::spawn(async move {
            asked_to_stop().await;
            told.send_replace(true);
            handle.stop(true).await;
        });
        greet(&address.to_string(), password.as_deref());
        let ended = tokio::select! {
            ended = server => ended.map_err(sentence),
            () = keep_up_by_the_minute(database.service_url.clone(), config.share_freeze_days) => Ok(()),
        };
        stop.send_replace(true);
        // What is on its way to a webhook is recorded first: an attempt takes no longer than this.
        let _ = tokio::time::timeout(Duration::from_secs(20), courier).await;
        ended
    });
    database.close();
    served
}

/// Once at the start, then once a day; several nodes may do it at once.
async fn sweep_daily(url: String, files: Data<Files>) {
    loop {
        let swept = async {
            let db = Db::new(&url, 1).map_err(ApiError::internal)?;
            let mut conn = db.conn().await?;
            http::sweep(&mut conn).await?;
            sessions::sweep(&mut conn).await?;
            webhooks::sweep(&mut conn).await
        };
        if let Err(error) = swept.await {
            tracing::warn!("old answers, sign-ins and deliveries were not swept away: {}", error.cause.unwrap_or_default());
        }
        if let Err(error) = files.sweep().await {
            tracing::warn!("unfinished uploads were not swept away: {error}");
        }
        tokio::time::sleep(Duration::from_hours(24)).await;
    }
}

/// Freezes what partners are told of months that are over, seals the audit and drafts the reports of the month; several nodes may do it at once.
async fn keep_up_by_the_minute(url: String, freeze_days: i32) {
    let db = match Db::new(&url, 1) {
        Ok(db) => db,
        Err(error) => {
            tracing::error!("the audit will not be sealed: {error}");
            return std::future::pending().await;
        }
    };
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    // After a pause, once is enough.
    minutes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        if let Err(error) = shared::keep_up(&db, freeze_days).await {
            tracing::warn!("months were not frozen for partners: {}", error.cause.unwrap_or_default());
        }
        if let Err(error) = publishing::keep_up(&db).await {
            tracing::warn!("the audit was not sealed: {}", error.cause.unwrap_or_default());
        }
    }
}

/// Tells webhooks of what changes, until told to stop; several nodes may do it at once.
async fn carry(url: String, keys: Arc<Keys>, networks: Networks, stopped: watch::Receiver<bool>) {
    let courier = match Db::new(&url, 1) {
        Ok(db) => Courier::new(db, keys, networks),
        Err(error) => Err(error.to_string()),
    };
    match courier {
        Ok(courier) => courier.run(stopped).await,
        Err(error) => tracing::error!("nothing will be sent to webhooks: {error}"),
    }
}

async fn asked_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: requests under way are finished first");
}

fn start_log(config: &Config) -> Outcome {
    let filter = EnvFilter::builder().parse(&config.log).map_err(sentence)?;
    log_into(filter, io::stderr).init();
    Ok(())
}

/// What drivers and clients say below `info`: statements with all that is bound to them, headers, addresses. No filter turns it on.
const TALKATIVE: &[&str] = &["tokio_postgres", "postgres_protocol", "hyper", "hyper_util", "reqwest", "h2", "rustls"];

/// Whether something of this target and level may stand in a log at all.
fn may_be_logged(target: &str, level: Level) -> bool {
    let crate_name = target.split("::").next().unwrap_or(target);
    level <= Level::INFO || !TALKATIVE.contains(&crate_name)
}

/// Writes what the operator asks for, and may.
fn log_into<W>(filter: EnvFilter, writer: W) -> impl tracing::Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry()
        .with(filter_fn(|metadata| may_be_logged(metadata.target(), *metadata.level())))
        .with(filter)
        .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer))
}

fn greet(address: &str, demo_password: Option<&str>) {
    say(&format!(
        "siraj serves\n  API            http://{address}/api/v1\n  documentation  http://{address}/docs/\n  OpenAPI        http://{address}/openapi.json"
    ));
    if let Some(password) = demo_password {
        say(&format!("  demo accounts  (password for all: {password})"));
        for (name, _) in demo::accounts() {
            say(&format!("                 {name}@demo.siraj.example"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Lines of a log that is held in memory.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("lines").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_filter_turns_on_what_a_driver_says_of_its_statements() {
        for filter in ["debug", "trace", "info,tokio_postgres=debug", "tokio_postgres::query=trace,reqwest=trace"] {
            let lines = Lines::default();
            let kept = lines.clone();
            let subscriber = log_into(EnvFilter::builder().parse(filter).expect("a filter"), move || kept.clone());
            tracing::subscriber::with_default(subscriber, || {
                tracing::debug!(target: "tokio_postgres::query", "executing with parameters: S-0101");
                tracing::trace!(target: "reqwest::connect", "S-0101");
                tracing::warn!(target: "tokio_postgres", "a notice");
                tracing::info!(target: "siraj", "a line");
            });
            let text = String::from_utf8(lines.0.lock().expect("lines").clone()).expect("text");
            assert!(!text.contains("S-0101"), "{filter}: {text}");
            assert!(filter.starts_with("tokio_postgres::") || text.contains("a line"), "{filter}: {text}");
        }
    }
}
