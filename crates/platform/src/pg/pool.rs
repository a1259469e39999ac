use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use futures_util::FutureExt;
use kernel::{FailureKind, PortFailure};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::PgSettings;
use super::tls;

/// Connections to share.
pub type PgPool = Pool<AsyncPgConnection>;

/// A connection on loan from a [`PgPool`]; goes back when it is dropped.
pub type PooledConn = Object<AsyncPgConnection>;

/// The whole wait for a connection, opening one included, so that an answer of 503 comes within two seconds.
const PATIENCE: Duration = Duration::from_millis(1500);

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

/// Makes a pool; no connection is opened before it is wanted.
///
/// The calling runtime drives all of its connections, whichever thread asks for them: a worker thread
/// busy with something else must not hold up the answers other workers wait for. So call it from the
/// main multi-thread runtime.
///
/// # Errors
/// [`PoolError::NoRuntime`] outside of a runtime, [`PoolError::Tls`] when the certificates cannot be read.
pub fn pool(settings: &PgSettings) -> Result<PgPool, PoolError> {
    let runtime = Handle::try_current().map_err(|_| PoolError::NoRuntime)?;
    let tls = tls::connector(settings)?;
    let shared = settings.clone();
    let mut config = ManagerConfig::<AsyncPgConnection>::default();
    // The fast method asks the client whether its socket is gone, without a round trip. After a restart
    // of PostgreSQL the drivers have seen the end of every idle connection long before the next loan.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let opening = runtime.spawn(open(shared.clone(), tls.clone(), true));
        async move {
            match opening.await {
                Ok(opened) => opened.map_err(|error| ConnectionError::BadConnection(spelled_out(&error))),
                Err(lost) => Err(ConnectionError::BadConnection(lost.to_string())),
            }
        }
        .boxed()
    });
    // The address lives in the closure above, password and all, and nowhere else.
    let connections = AsyncDieselConnectionManager::new_with_config(String::new(), config);
    Pool::builder(connections)
        .max_size(settings.max_connections.max(1))
        .build()
        .map_err(|error| PoolError::Build(error.to_string()))
}

/// Borrows a connection.
///
/// # Errors
/// [`FailureKind::Unavailable`] when there is none within 1.5 s.
pub async fn conn(pool: &PgPool) -> Result<PooledConn, PortFailure> {
    let away = |source: Box<dyn std::error::Error + Send + Sync>| {
        PortFailure::new("get a connection to the database", source).of_kind(FailureKind::Unavailable)
    };
    match timeout(PATIENCE, pool.get()).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(error)) => Err(away(error.into())),
        Err(_) => Err(away(PoolError::TimedOut(PATIENCE).into())),
    }
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

async fn open(settings: PgSettings, tls: MakeRustlsConnect, limits: bool) -> Result<AsyncPgConnection, PoolError> {
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
fn spelled_out(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
