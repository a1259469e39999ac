//! The database of this installation: the configured one, or a private server.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use platform::pg::{self, PgSettings, PoolError, PrivateServer, PrivateServerError, PrivateServerOptions};

use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The private server does not start.
    #[error(transparent)]
    Private(#[from] PrivateServerError),
    /// The configured one cannot be reached.
    #[error("no connection to {target} within {} seconds", PATIENCE.as_secs())]
    Away {
        /// Host, port and database.
        target: String,
        /// The last try's error.
        source: PoolError,
    },
}

/// Where the tables are.
pub struct Database {
    /// How to connect.
    pub settings: PgSettings,
    server: Option<PrivateServer>,
}

impl Database {
    /// Reaches the configured database, waiting up to a minute for it, or starts the private one.
    pub async fn open(config: &Config) -> Result<Self, DatabaseError> {
        if let Some(mut settings) = config.database.clone() {
            settings.workers = config.http_workers;
            tracing::info!(database = settings.target(), "using the configured database");
            wait_for(&settings).await?;
            return Ok(Self { settings, server: None });
        }
        let folder: PathBuf = config.data_dir.clone();
        let server = PrivateServer::start(&folder, PrivateServerOptions::default()).await?;
        let mut settings = server.settings().clone();
        settings.max_connections = config.pool_size;
        settings.workers = config.http_workers;
        tracing::info!(folder = %folder.display(), major = server.major(), started = server.is_owner(), "using the private PostgreSQL");
        Ok(Self { settings, server: Some(server) })
    }

    /// Stops the private server, if this process has started it.
    pub async fn close(self) {
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}

async fn wait_for(settings: &PgSettings) -> Result<(), DatabaseError> {
    let began = Instant::now();
    loop {
        match pg::client(settings).await {
            Ok(_) => return Ok(()),
            Err(source) if began.elapsed() > PATIENCE => {
                return Err(DatabaseError::Away { target: settings.target(), source });
            }
            Err(error) => {
                tracing::info!(%error, "waiting for the database");
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
        }
    }
}
