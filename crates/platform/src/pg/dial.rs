//! Opening connections.

use std::time::Duration;

use diesel_async::AsyncPgConnection;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::PgSettings;
use super::tls;

/// Why connections cannot be had at all, or a single one could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The settings for TLS cannot be met.
    #[error("TLS to PostgreSQL: {0}")]
    Tls(String),
    /// Not called from within a Tokio runtime.
    #[error("connections need a running Tokio runtime")]
    NoRuntime,
    /// The pool itself refused its settings.
    #[error("the pool of connections could not be made: {0}")]
    Build(String),
    /// PostgreSQL did not answer in time.
    #[error("no connection to PostgreSQL within {0:?}")]
    TimedOut(Duration),
    /// PostgreSQL refused, or could not be reached.
    #[error("no connection to PostgreSQL")]
    Connect(#[source] tokio_postgres::Error),
}

/// A plain client outside of any pool, for `COPY` and administration. It has no statement or lock timeout.
///
/// # Errors
/// [`PoolError::Connect`] and [`PoolError::TimedOut`] when PostgreSQL is away, [`PoolError::Tls`].
pub async fn client(settings: &PgSettings) -> Result<tokio_postgres::Client, PoolError> {
    let tls = tls::connector(settings)?;
    let (client, connection) = dial(settings, tls, false).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a plain connection ended");
        }
    });
    Ok(client)
}

/// A connection outside of any pool and without limits, driven by the calling runtime.
pub(super) async fn unlimited(settings: &PgSettings) -> Result<AsyncPgConnection, PoolError> {
    open(settings.clone(), tls::connector(settings)?, false).await
}

pub(super) async fn open(
    settings: PgSettings,
    tls: MakeRustlsConnect,
    limits: bool,
) -> Result<AsyncPgConnection, PoolError> {
    let patience = settings.connect_timeout;
    let opening = async {
        let (client, connection) = dial(&settings, tls, limits).await?;
        AsyncPgConnection::try_from_client_and_connection(client, connection)
            .await
            .map_err(|error| PoolError::Build(error.to_string()))
    };
    timeout(patience, opening).await.unwrap_or(Err(PoolError::TimedOut(patience)))
}

type Connection = tokio_postgres::Connection<
    tokio_postgres::Socket,
    <MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>>::Stream,
>;

async fn dial(
    settings: &PgSettings,
    tls: MakeRustlsConnect,
    limits: bool,
) -> Result<(tokio_postgres::Client, Connection), PoolError> {
    let patience = settings.connect_timeout;
    timeout(patience, settings.session(limits).connect(tls))
        .await
        .map_err(|_| PoolError::TimedOut(patience))?
        .map_err(PoolError::Connect)
}

/// Diesel keeps only a text of what went wrong while connecting, so the causes go into it.
pub(super) fn spelled_out(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
