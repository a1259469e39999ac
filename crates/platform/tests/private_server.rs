//! The private server as a program on a bare machine meets it. Needs PostgreSQL's programs.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use platform::pg::{self, PrivateServer, PrivateServerError, PrivateServerOptions};

/// Open enough for the user the server runs as when the tests run as root.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

async fn run(server: &PrivateServer, sql: &str) -> Vec<String> {
    let client = pg::client(server.settings()).await.unwrap();
    let messages = client.simple_query(sql).await.unwrap();
    messages
        .iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or_default().to_owned()),
            _ => None,
        })
        .collect()
}

async fn start(folder: &Path) -> PrivateServer {
    PrivateServer::start(folder, PrivateServerOptions::default()).await.unwrap()
}

/// Where nothing has to survive, the tests need not wait for the disk.
async fn start_forgetful(folder: &Path) -> PrivateServer {
    let options = PrivateServerOptions { fsync: false, ..PrivateServerOptions::default() };
    PrivateServer::start(folder, options).await.unwrap()
}

#[tokio::test]
async fn what_is_stored_is_there_after_a_restart_and_a_second_program_shares_the_server() {
    let folder = folder();
    let data = folder.path().join("made/by/us");
    let first = start(&data).await;
    assert!(first.is_owner());
    run(&first, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)").await;

    let second = start(&data).await;
    assert!(!second.is_owner());
    assert_eq!(run(&second, "SELECT id FROM kept").await, ["7"]);
    assert_eq!(second.major(), first.major());
    second.stop().await;
    assert_eq!(run(&first, "SELECT id FROM kept").await, ["7"], "the second program must not stop the first one's");

    let settings = "SELECT name || '=' || setting FROM pg_settings WHERE name IN ('fsync', 'listen_addresses', \
        'data_checksums', 'server_encoding', 'TimeZone', 'synchronous_commit') ORDER BY name COLLATE \"C\"";
    let expected = [
        "TimeZone=UTC",
        "data_checksums=on",
        "fsync=on",
        "listen_addresses=",
        "server_encoding=UTF8",
        "synchronous_commit=on",
    ];
    assert_eq!(run(&first, settings).await, expected);
    assert_eq!(run(&first, "SELECT lower('ÄÖ') = 'äö'").await, ["t"], "letters beyond ASCII have cases too");

    first.stop().await;
    assert!(!data.join("postgres/postmaster.pid").exists());
    let again = start(&data).await;
    assert_eq!(run(&again, "SELECT id FROM kept").await, ["7"]);
    again.stop().await;
}

#[tokio::test]
async fn of_several_that_start_at_once_on_an_empty_folder_one_owns_the_server() {
    let folder = folder();
    let all = futures_util::future::join_all((0..5).map(|_| start_forgetful(folder.path()))).await;
    assert_eq!(all.iter().filter(|server| server.is_owner()).count(), 1);
    for server in &all {
        assert_eq!(run(server, "SELECT 1").await, ["1"]);
    }
    let (owners, guests): (Vec<_>, Vec<_>) = all.into_iter().partition(PrivateServer::is_owner);
    drop(guests);
    // Who comes while the owner stops waits for the end and takes its place.
    let (stopped, next) = futures_util::future::join(
        futures_util::future::join_all(owners.into_iter().map(PrivateServer::stop)),
        async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            start_forgetful(folder.path()).await
        },
    )
    .await;
    assert_eq!(stopped.len(), 1);
    assert_eq!(run(&next, "SELECT 1").await, ["1"]);
    next.stop().await;
}

#[tokio::test]
async fn a_server_that_is_killed_comes_back_by_itself() {
    let folder = folder();
    let server = start(folder.path()).await;
    run(&server, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)").await;
    let pid = fs::read_to_string(folder.path().join("postgres/postmaster.pid")).unwrap();
    let pid = rustix::process::Pid::from_raw(pid.lines().next().unwrap().parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let begun = Instant::now();
    let back = loop {
        match pg::client(server.settings()).await {
            Ok(client) if client.simple_query("SELECT id FROM kept").await.is_ok() => break begun.elapsed(),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "still away");
    };
    println!("back after {back:?}");
    server.stop().await;
}

#[tokio::test]
async fn what_a_killed_server_has_left_in_the_socket_s_folder_stops_nobody() {
    let folder = folder();
    start_forgetful(folder.path()).await.stop().await;
    // PostgreSQL does not start beside a file that names a process it cannot call dead, or that it cannot read.
    fs::write(folder.path().join("run/.s.PGSQL.5432.lock"), "no number\n").unwrap();
    let server = start_forgetful(folder.path()).await;
    assert_eq!(run(&server, "SELECT 1").await, ["1"]);
    server.stop().await;
}

#[tokio::test]
async fn data_of_another_major_are_left_alone() {
    let folder = folder();
    let server = start_forgetful(folder.path()).await;
    let major = server.major();
    server.stop().await;
    fs::write(folder.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let refused = PrivateServer::start(folder.path(), PrivateServerOptions::default()).await.unwrap_err().to_string();
    assert!(refused.contains("PostgreSQL 9") && refused.contains(&major.to_string()), "{refused}");
    fs::remove_dir_all(folder.path().join("postgres")).unwrap();
    let refused = PrivateServer::start(folder.path(), PrivateServerOptions::default()).await.unwrap_err();
    assert!(matches!(refused, PrivateServerError::Vanished { .. }), "{refused}");
}

#[tokio::test]
async fn after_kill_9_the_next_start_finds_all_that_was_committed() {
    // The program that is killed is this one, started once more.
    if let Some(data) = std::env::var_os("DOKTOLIB_TEST_DATA") {
        be_the_helper(Path::new(&data)).await;
    }
    let folder = folder();
    survives_kill_9(folder.path(), None).await;
}

#[tokio::test]
async fn an_ordinary_user_has_a_server_too() {
    if !rustix::process::geteuid().is_root() {
        return; // then all the other tests have shown it
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    survives_kill_9(folder.path(), Some(65_534)).await;
}

async fn survives_kill_9(folder: &Path, user: Option<u32>) {
    let data = folder.join("data");
    // Where the tests are built, another user may not be able to go. Copied by another program, because
    // a file we write cannot be executed while any of our children still holds it open.
    let program = folder.join("program");
    let copied = Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap();
    assert!(copied.success());
    for round in 1..=3 {
        let mut helper = helper(&program, &data, user);
        let begun = Instant::now();
        // The helper counts the rows of all rounds, so it gets there only when none was lost.
        while !data.join(format!("rows-{round}")).exists() {
            assert!(helper.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(30), "round {round}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        println!("round {round}: {:?}", begun.elapsed());
        helper.kill().unwrap();
        helper.wait().unwrap();
    }
}

fn helper(program: &Path, data: &Path, user: Option<u32>) -> Child {
    let mut command = Command::new(program);
    command
        .args(["--exact", "after_kill_9_the_next_start_finds_all_that_was_committed"])
        .env("DOKTOLIB_TEST_DATA", data)
        .current_dir("/");
    command.stdout(Stdio::null());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command.spawn().unwrap()
}

/// Works on the data until it is killed.
async fn be_the_helper(data: &Path) {
    let server = start(data).await;
    run(&server, "CREATE TABLE IF NOT EXISTS kept (id serial); INSERT INTO kept DEFAULT VALUES").await;
    let rows = run(&server, "SELECT id FROM kept").await.len();
    fs::write(data.join(format!("rows-{rows}")), "").unwrap();
    std::future::pending::<()>().await;
}
