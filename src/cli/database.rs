//! The database that a command works on: the operator's, or a private one under the data folder.

use super::{Outcome, sentence};
use crate::{
    config::Config,
    db::{self, SERVICE_ROLE},
    postgres::{Embedded, EmbeddedError, Settings},
};

/// A database, and the private server behind it if it is ours.
pub struct Database {
    /// As the owner: migrations only.
    pub owner_url: String,
    /// As the service.
    pub service_url: String,
    /// Whether the operator gave the owner's account apart, which lets the service's in.
    admits: bool,
    /// Ours, stopped when the last holder lets go.
    pub embedded: Option<Embedded>,
}

impl Database {
    /// Brings the database to this version.
    pub fn migrated(self) -> Outcome<Self> {
        let database = self;
        let done = db::migrate(&database.owner_url).map_err(sentence)?;
        if !done.is_empty() {
            tracing::info!("migrated: {}", done.join(", "));
        }
        if database.admits {
            db::admit(&database.owner_url, &database.service_url).map_err(sentence)?;
        }
        Ok(database)
    }

    /// Reaches or starts the database as it is.
    pub fn reach(config: &Config) -> Outcome<Self> {
        if let Some(url) = &config.database_url {
            let owner_url = config.owner_url.as_ref().unwrap_or(url).clone();
            return Ok(Self { owner_url, service_url: url.clone(), admits: config.owner_url.is_some(), embedded: None });
        }
        let embedded = Embedded::start(settings(config)).map_err(sentence)?;
        Ok(Self { owner_url: embedded.owner_url(), service_url: embedded.service_url(), admits: false, embedded: Some(embedded) })
    }

    /// The same for a command that may run beside the service: a private server that is running is used as it is.
    pub fn join(config: &Config) -> Outcome<Self> {
        if config.database_url.is_some() {
            return Self::reach(config);
        }
        match Embedded::start(settings(config)) {
            Ok(embedded) => Ok(Self {
                owner_url: embedded.owner_url(),
                service_url: embedded.service_url(),
                admits: false,
                embedded: Some(embedded),
            }),
            Err(EmbeddedError::InUse { .. }) => {
                let (owner_url, service_url) = Embedded::visit(settings(config)).map_err(sentence)?;
                Ok(Self { owner_url, service_url, admits: false, embedded: None })
            }
            Err(error) => Err(sentence(error)),
        }
    }

    /// Stops a private server in good order.
    pub fn close(self) {
        if let Some(embedded) = self.embedded {
            embedded.stop();
        }
    }
}

/// The private cluster of a data folder.
fn settings(config: &Config) -> Settings {
    Settings {
        data_dir: config.data_dir.clone(),
        owner_role: "siraj_owner".to_owned(),
        service_role: SERVICE_ROLE.to_owned(),
        database: "siraj".to_owned(),
        disposable: false,
    }
}
