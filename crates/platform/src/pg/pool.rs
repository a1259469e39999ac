//! Sharing connections.
//!
//! A connection is driven by one runtime, and each answer that another one waits for costs two threads a
//! wake-up, more than the statement itself. So every HTTP worker, which has a runtime of its own, can have a
//! lane: its share of the connections, driven by itself, of which one is shared by all that only read.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::ConnectionError;
use diesel::result::Error;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use futures_util::FutureExt;
use kernel::{FailureKind, PortFailure};
use tokio::runtime::{self, Handle, RuntimeFlavor};
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::dial::{PoolError, open, spelled_out};
use super::failure::{connection_is_gone, failure};
use super::settings::PgSettings;
use super::tls;
use super::transaction::Work;

/// A connection on loan from a [`PgPool`]; goes back when it is dropped.
pub type PooledConn = Object<AsyncPgConnection>;

/// The whole wait for a connection. A database that is away shows sooner, while a connection is opened; this long
/// waits who stands behind others in a rush, and still hears before the request is given up.
const PATIENCE: Duration = Duration::from_secs(4);

/// Fewer connections for each worker are better shared by all.
const LEAST_PER_LANE: usize = 4;

/// Connections to share. Cheap to clone.
#[derive(Clone)]
pub struct PgPool {
    shared: Arc<Shared>,
}

struct Shared {
    number: u64,
    settings: PgSettings,
    tls: MakeRustlsConnect,
    /// For whoever has no lane: the main runtime, or everybody.
    main: Pool<AsyncPgConnection>,
    lanes: Mutex<Vec<Arc<Lane>>>,
    /// Connections of each lane; 0 when there are none.
    per_lane: usize,
}

/// The connections of one thread.
struct Lane {
    pool: Pool<AsyncPgConnection>,
    reader: Mutex<Option<Arc<AsyncPgConnection>>>,
    /// Held while the reader is opened, so that one is.
    opening: tokio::sync::Mutex<()>,
}

thread_local! {
    /// This thread's lanes, by the number of the pool and the runtime that drives them.
    static LANES: RefCell<Vec<(u64, runtime::Id, Weak<Lane>)>> = const { RefCell::new(Vec::new()) };
}

/// How many connections there are, and how many are in use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Open.
    pub size: usize,
    /// Open and idle.
    pub available: usize,
    /// Tasks that wait for one.
    pub waiting: usize,
    /// The most there may be.
    pub max_size: usize,
}

/// Makes a pool; no connection is opened before it is wanted.
///
/// With [`PgSettings::workers`], each thread with a current-thread runtime gets its own share. All other
/// connections are driven by the calling runtime, whichever thread asks for them: a worker thread busy with
/// something else must not hold up the answers other workers wait for. So call it from the main
/// multi-thread runtime.
///
/// # Errors
/// [`PoolError::NoRuntime`] outside of a runtime, [`PoolError::Tls`] when the certificates cannot be read.
pub fn pool(settings: &PgSettings) -> Result<PgPool, PoolError> {
    static POOLS: AtomicU64 = AtomicU64::new(0);
    let runtime = Handle::try_current().map_err(|_| PoolError::NoRuntime)?;
    let tls = tls::connector(settings)?;
    let most = settings.max_connections.max(1);
    let per_lane = most.checked_div(settings.workers).filter(|share| *share >= LEAST_PER_LANE).unwrap_or(0);
    let for_main = if per_lane == 0 { most } else { settings.workers };
    let shared = Shared {
        number: POOLS.fetch_add(1, Ordering::Relaxed),
        settings: settings.clone(),
        tls: tls.clone(),
        main: deadpool(settings, &tls, for_main, Some(runtime))?,
        lanes: Mutex::default(),
        per_lane,
    };
    Ok(PgPool { shared: Arc::new(shared) })
}

/// `runtime` drives the connections, or whichever opens one.
fn deadpool(
    settings: &PgSettings,
    tls: &MakeRustlsConnect,
    size: usize,
    runtime: Option<Handle>,
) -> Result<Pool<AsyncPgConnection>, PoolError> {
    let (settings, tls) = (settings.clone(), tls.clone());
    let mut config = ManagerConfig::<AsyncPgConnection>::default();
    // The fast method asks the client whether its socket is gone, without a round trip. After a restart
    // of PostgreSQL the drivers have seen the end of every idle connection long before the next loan.
    config.recycling_method = RecyclingMethod::Fast;
    config.custom_setup = Box::new(move |_| {
        let opening = open(settings.clone(), tls.clone(), true);
        let runtime = runtime.clone();
        async move {
            let opened = match runtime {
                Some(runtime) => {
                    runtime.spawn(opening).await.map_err(|lost| ConnectionError::BadConnection(lost.to_string()))?
                }
                None => opening.await,
            };
            opened.map_err(|error| ConnectionError::BadConnection(spelled_out(&error)))
        }
        .boxed()
    });
    // The address lives in the closure above, password and all, and nowhere else.
    let connections = AsyncDieselConnectionManager::new_with_config(String::new(), config);
    Pool::builder(connections).max_size(size).build().map_err(|error| PoolError::Build(error.to_string()))
}

impl PgPool {
    /// How it is doing, all lanes together.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let lanes = self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = lanes.iter().map(|lane| &lane.pool).chain([&self.shared.main]);
        pools.map(Pool::status).fold(PoolStatus::default(), |sum, one| PoolStatus {
            size: sum.size + one.size,
            available: sum.available + one.available,
            waiting: sum.waiting + one.waiting,
            max_size: sum.max_size + one.max_size,
        })
    }

    /// Closes every connection that is idle, and the others when they come back.
    pub fn close(&self) {
        self.shared.main.close();
        let lanes = self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        for lane in lanes.iter() {
            lane.pool.close();
            lane.set_reader(None);
        }
    }

    /// This thread's, where it may have one.
    fn lane(&self) -> Result<Option<Arc<Lane>>, PoolError> {
        let shared = &self.shared;
        if shared.per_lane == 0 {
            return Ok(None);
        }
        let runtime = Handle::try_current().map_err(|_| PoolError::NoRuntime)?;
        if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return Ok(None);
        }
        let runtime = runtime.id();
        LANES.with_borrow_mut(|lanes| {
            let known = lanes.iter().find(|(number, driver, _)| *number == shared.number && *driver == runtime);
            if let Some(lane) = known.and_then(|(.., lane)| lane.upgrade()) {
                return Ok(Some(lane));
            }
            lanes.retain(|(.., lane)| lane.strong_count() > 0);
            // One connection of each share is the reader, and one is for the main runtime.
            let lane = Arc::new(Lane {
                pool: deadpool(&shared.settings, &shared.tls, shared.per_lane - 2, None)?,
                reader: Mutex::default(),
                opening: tokio::sync::Mutex::default(),
            });
            lanes.push((shared.number, runtime, Arc::downgrade(&lane)));
            shared.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&lane));
            Ok(Some(lane))
        })
    }
}

impl Lane {
    fn set_reader(&self, reader: Option<Arc<AsyncPgConnection>>) {
        *self.reader.lock().unwrap_or_else(PoisonError::into_inner) = reader;
    }

    fn present_reader(&self) -> Option<Arc<AsyncPgConnection>> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection that reads share; another one than `broken`.
    async fn reader(
        &self,
        shared: &Shared,
        broken: Option<&Arc<AsyncPgConnection>>,
    ) -> Result<Arc<AsyncPgConnection>, PortFailure> {
        let usable = || self.present_reader().filter(|reader| broken.is_none_or(|broken| !Arc::ptr_eq(reader, broken)));
        if let Some(reader) = usable() {
            return Ok(reader);
        }
        let opening = async {
            let _alone = self.opening.lock().await;
            if let Some(reader) = usable() {
                return Ok(reader);
            }
            let reader = Arc::new(open(shared.settings.clone(), shared.tls.clone(), true).await.map_err(away)?);
            self.set_reader(Some(Arc::clone(&reader)));
            Ok(reader)
        };
        timeout(PATIENCE, opening).await.unwrap_or_else(|_| Err(away(PoolError::TimedOut(PATIENCE))))
    }
}

fn away(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortFailure {
    PortFailure::new("get a connection to the database", source).of_kind(FailureKind::Unavailable)
}

/// Borrows a connection.
///
/// # Errors
/// [`FailureKind::Unavailable`] when there is none within 4 s; opening one that is away takes 1.5 s at most.
pub async fn conn(pool: &PgPool) -> Result<PooledConn, PortFailure> {
    let lane = pool.lane().map_err(away)?;
    let from = lane.as_ref().map_or(&pool.shared.main, |lane| &lane.pool);
    match timeout(PATIENCE, from.get()).await {
        Ok(Ok(conn)) => Ok(conn),
        Ok(Err(error)) => Err(away(error)),
        Err(_) => Err(away(PoolError::TimedOut(PATIENCE))),
    }
}

/// Reads outside of any transaction, on a connection that others read on at the same time: statements are
/// sent without waiting for the answers to those before them.
///
/// `work` must only read, be quick, and take no locks. It runs once more when the connection turns out to be gone.
///
/// # Errors
/// A [`PortFailure`] while `doing`, see [`failure`].
pub async fn read<T, F>(pool: &PgPool, doing: &'static str, work: F) -> Result<T, PortFailure>
where
    for<'r> F: AsyncFn(&'r AsyncPgConnection) -> Result<T, Error>
        + Work<&'r AsyncPgConnection, Result<T, Error>, Fut: Send>
        + Send
        + Sync,
    T: Send,
{
    let Some(lane) = pool.lane().map_err(away)? else {
        let conn = conn(pool).await?;
        return work(&conn).await.map_err(|error| failure(doing, error));
    };
    let reader = lane.reader(&pool.shared, None).await?;
    match work(&reader).await {
        Err(error) if connection_is_gone(&error) => {
            let other = lane.reader(&pool.shared, Some(&reader)).await?;
            work(&other).await
        }
        outcome => outcome,
    }
    .map_err(|error| failure(doing, error))
}
