//! What the environment says, read once; a wrong value stops the start with one sentence.

mod networks;

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use clap::Args;
use thiserror::Error;

pub use networks::Networks;

/// Settings from the environment (or the same as options).
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The PostgreSQL server to use (15 or newer); without it, siraj runs a private one under its data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where to listen.
    #[arg(long, env = "SIRAJ_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Where the private PostgreSQL and the keys live.
    #[arg(long, env = "SIRAJ_DATA_DIR", default_value = "./data")]
    pub data_dir: PathBuf,
    /// The same database as its owner, who migrates it; then `DATABASE_URL` names an account that owns nothing.
    #[arg(long, env = "SIRAJ_OWNER_URL", hide_env_values = true)]
    pub owner_url: Option<String>,
    /// The signing and sealing keys (made in the data folder when absent).
    #[arg(long, env = "SIRAJ_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// Where attachments lie: a folder, or `s3://bucket/prefix` with the usual `AWS_…` variables; `attachments` in the data folder when absent.
    #[arg(long, env = "SIRAJ_ATTACHMENTS")]
    pub attachments: Option<String>,
    /// The most bytes of one attachment.
    #[arg(long, env = "SIRAJ_ATTACHMENT_LIMIT", default_value_t = 20 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub attachment_limit: u64,
    /// A program that scans an attachment given on its standard input: exit 0 clean, 1 infected.
    #[arg(long, env = "SIRAJ_SCAN_COMMAND")]
    pub scan_command: Option<String>,
    /// Give out only attachments that were scanned and found clean.
    #[arg(long, env = "SIRAJ_SCAN_REQUIRED", default_value_t = false, action = clap::ArgAction::Set)]
    pub scan_required: bool,
    /// The folder of the fonts that reports are set in as PDF, Arabic and Latin ones; used by a build with the feature `pdf`.
    #[arg(long, env = "SIRAJ_FONTS", default_value = "/usr/share/fonts/truetype/noto")]
    pub fonts: PathBuf,
    /// The demo accounts' password (made and printed when absent).
    #[arg(long, env = "SIRAJ_DEMO_PASSWORD", hide_env_values = true)]
    pub demo_password: Option<String>,
    /// What to log: `info`, `siraj=debug`, …
    #[arg(long, env = "SIRAJ_LOG", default_value = "info")]
    pub log: String,
    /// Web pages that may call the API (CORS), separated by commas.
    #[arg(long, env = "SIRAJ_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed, separated by commas.
    #[arg(long, env = "SIRAJ_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<String>,
    /// Networks such as 10.20.0.0/16 that webhooks may lead into although they are not public, separated by commas.
    #[arg(long, env = "SIRAJ_WEBHOOK_NETWORKS", value_delimiter = ',')]
    pub webhook_networks: Vec<String>,
    /// How many days after the end of a month its counts are frozen and told to partners, 0 to 60.
    #[arg(long, env = "SIRAJ_SHARE_FREEZE_DAYS", default_value_t = 15, value_parser = clap::value_parser!(i32).range(0..=60))]
    pub share_freeze_days: i32,
}

/// A value that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not an address and port.
    #[error("SIRAJ_LISTEN must be an address and a port such as 127.0.0.1:8080")]
    Listen,
    /// Not a PostgreSQL address.
    #[error("DATABASE_URL must be a PostgreSQL address such as postgres://siraj@localhost/siraj")]
    DatabaseUrl,
    /// An owner of no database.
    #[error("SIRAJ_OWNER_URL goes with DATABASE_URL: the same database, one as its owner, one as the service")]
    OwnerUrl,
    /// TLS to the database is asked for.
    #[error(
        "DATABASE_URL asks for TLS (sslmode), which siraj does not speak to a database; use a Unix socket, a private network or a TLS tunnel"
    )]
    DatabaseTls,
    /// Not an origin.
    #[error("SIRAJ_ALLOWED_ORIGINS must be origins such as https://app.example, separated by commas")]
    AllowedOrigins,
    /// Not an IP address.
    #[error("SIRAJ_TRUSTED_PROXIES must be IP addresses, separated by commas")]
    TrustedProxies,
    /// Not a network.
    #[error("SIRAJ_WEBHOOK_NETWORKS must be networks such as 10.20.0.0/16, separated by commas")]
    WebhookNetworks,
    /// Not a filter of the log.
    #[error("SIRAJ_LOG must be a log filter such as info or siraj=debug")]
    Log,
    /// Too easy to guess for an account that reads sealed fields.
    #[error("SIRAJ_DEMO_PASSWORD must have 12 characters or more")]
    DemoPassword,
}

impl Config {
    /// Checks every value before anything is started.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.listen_address()?;
        if self.owner_url.is_some() && self.database_url.is_none() {
            return Err(ConfigError::OwnerUrl);
        }
        for url in self.database_url.iter().chain(&self.owner_url) {
            let parsed = tokio_postgres::Config::from_str(url).map_err(|_| ConfigError::DatabaseUrl)?;
            if parsed.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
                return Err(ConfigError::DatabaseTls);
            }
        }
        let origin = |origin: &String| origin.starts_with("https://") || origin.starts_with("http://");
        if !self.allowed_origins.iter().all(origin) {
            return Err(ConfigError::AllowedOrigins);
        }
        self.proxies()?;
        self.networks()?;
        if tracing_subscriber::EnvFilter::builder().parse(&self.log).is_err() {
            return Err(ConfigError::Log);
        }
        if self.demo_password.as_ref().is_some_and(|password| password.chars().count() < 12) {
            return Err(ConfigError::DemoPassword);
        }
        Ok(())
    }

    /// The address to listen on.
    pub fn listen_address(&self) -> Result<SocketAddr, ConfigError> {
        self.listen.parse().map_err(|_| ConfigError::Listen)
    }

    /// The proxies whose word on the client's address counts.
    pub fn proxies(&self) -> Result<Vec<std::net::IpAddr>, ConfigError> {
        self.trusted_proxies.iter().map(|address| address.parse().map_err(|_| ConfigError::TrustedProxies)).collect()
    }

    /// The networks that webhooks may lead into although they are not public.
    pub fn networks(&self) -> Result<Networks, ConfigError> {
        Networks::parse(&self.webhook_networks).ok_or(ConfigError::WebhookNetworks)
    }

    /// Where the keys lie.
    pub fn key_path(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data_dir.join("keys.json"))
    }
}
