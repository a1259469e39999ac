use std::error::Error;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

use platform::pg::{self, PgPool, PgSettings, migrations_fingerprint};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::server::server;

type Failure = Box<dyn Error + Send + Sync>;

/// Connections of a test's pool; few, because many tests share one server.
const CONNECTIONS: usize = 5;

/// Any number; it keeps two test programs from making the template at once.
const LOCK: &str = "SELECT pg_advisory_lock(7263548902)";

/// A database of one's own, which is dropped with this value.
pub struct TestDatabase {
    /// Connections to it.
    pub pool: PgPool,
    /// Its address, for more pools or clients.
    pub settings: PgSettings,
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.pool.close();
        let (done, answer) = mpsc::channel();
        if dropper().send((self.settings.database().to_owned(), done)).is_ok() {
            // A program that ends at once would leave its last databases behind.
            let _ = answer.recv_timeout(Duration::from_secs(5));
        }
    }
}

/// A database with all tables and catalogues, and a pool of five connections.
///
/// # Panics
/// When there is no PostgreSQL, or the migrations fail.
pub async fn database() -> TestDatabase {
    database_with(CONNECTIONS).await
}

/// [`database`] with another number of connections in its pool.
///
/// # Panics
/// As [`database`].
pub async fn database_with(connections: usize) -> TestDatabase {
    let made = async {
        let server = server()?;
        let template = TEMPLATE.get_or_try_init(|| template(server)).await?;
        clone_of(server, template, connections).await
    };
    or_panic(made.await)
}

/// A database with nothing in it, for tests of the migrations themselves.
///
/// # Panics
/// When there is no PostgreSQL.
pub async fn empty_database() -> TestDatabase {
    let made = async { clone_of(server()?, "template0", CONNECTIONS).await };
    or_panic(made.await)
}

fn or_panic(made: Result<TestDatabase, Failure>) -> TestDatabase {
    made.unwrap_or_else(|error| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        panic!("no database for the test: {error} {cause}")
    })
}

static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Makes sure that there is a database with the present migrations to copy from; returns its name.
async fn template(server: &PgSettings) -> Result<String, Failure> {
    let name = format!("doktolib_template_{}", migrations_fingerprint());
    let admin = admin(server).await?;
    admin.batch_execute(LOCK).await?;
    // It is marked when it is whole; what bears no mark is the rest of a program that was stopped.
    let whole = admin.query_opt("SELECT datistemplate FROM pg_database WHERE datname = $1", &[&name]).await?;
    if whole.is_some_and(|row| row.get(0)) {
        return Ok(name);
    }
    admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await?;
    pg::migrate(&server.with_database(&name)).await?;
    admin.batch_execute(&format!("ALTER DATABASE {name} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")).await?;
    Ok(name)
}

async fn clone_of(server: &PgSettings, template: &str, connections: usize) -> Result<TestDatabase, Failure> {
    let name = format!("test_{}", Uuid::now_v7().simple());
    admin(server).await?.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
    let mut settings = server.with_database(&name);
    settings.max_connections = connections;
    // Machines that run tests are busy ones.
    settings.statement_timeout = Duration::from_secs(15);
    settings.connect_timeout = Duration::from_secs(15);
    settings.application_name = std::thread::current().name().unwrap_or("test").chars().take(60).collect();
    let pool = pg::pool(&settings)?;
    Ok(TestDatabase { pool, settings })
}

/// A connection beside the databases that come and go.
async fn admin(server: &PgSettings) -> Result<tokio_postgres::Client, Failure> {
    let mut settings = server.with_database("postgres");
    settings.connect_timeout = Duration::from_secs(15);
    Ok(pg::client(&settings).await?)
}

type Order = (String, Sender<()>);

/// The thread that drops databases: a test's own runtime is on its way out by then.
fn dropper() -> &'static Sender<Order> {
    static DROPPER: OnceLock<Sender<Order>> = OnceLock::new();
    DROPPER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            for (name, done) in orders {
                let dropped: Result<(), Failure> = runtime.block_on(async {
                    let admin = admin(server()?).await?;
                    Ok(admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?)
                });
                if let Err(error) = dropped {
                    eprintln!("could not drop {name}: {error}");
                }
                let _ = done.send(());
            }
        });
        sender
    })
}
