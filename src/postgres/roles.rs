//! Connection strings, and the role and database that every start makes sure of.

use std::io::Write;
use std::process::Stdio;

use super::error::EmbeddedError;
use super::files;
use super::server::Cluster;

impl Cluster {
    /// Makes the service's role and database, unless an earlier start has done so.
    pub fn prepare(&self) -> Result<(), EmbeddedError> {
        if files::is_prepared(&self.places, &self.settings) {
            return Ok(());
        }
        let refused = |reason: String| EmbeddedError::Preparation { reason };
        let mut child = self
            .programs
            .as_self("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"])
            .arg(self.url(&self.settings.owner_role, "postgres"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| EmbeddedError::Program { program: self.programs.path("psql"), source })?;
        if let Some(mut input) = child.stdin.take() {
            // psql says itself why it did not read to the end.
            let _ = input.write_all(self.preparation().as_bytes());
        }
        let answer = child.wait_with_output().map_err(|error| refused(error.to_string()))?;
        if !answer.status.success() {
            return Err(refused(files::complaint(&answer.stderr)));
        }
        files::mark_prepared(&self.places, &self.settings)
    }

    fn preparation(&self) -> String {
        let literal = |name: &str| format!("'{}'", name.replace('\'', "''"));
        let service = literal(&self.settings.service_role);
        let owner = literal(&self.settings.owner_role);
        let database = literal(&self.settings.database);
        format!(
            "SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', {service}) \
             WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {service}) \\gexec\n\
             SELECT format('CREATE DATABASE %I OWNER %I', {database}, {owner}) \
             WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {database}) \\gexec\n"
        )
    }

    /// A connection string for psql, libpq and tokio-postgres alike.
    pub fn url(&self, role: &str, database: &str) -> String {
        let quoted = |value: &str| {
            let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
            format!("'{escaped}'")
        };
        let value = |value: &str| {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
            if !value.is_empty() && value.chars().all(plain) { value.to_owned() } else { quoted(value) }
        };
        format!("host={} user={} dbname={}", value(&self.socket.to_string_lossy()), value(role), value(database))
    }
}
