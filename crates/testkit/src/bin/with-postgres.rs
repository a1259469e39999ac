//! Runs a command with a throwaway PostgreSQL: `with-postgres cargo test --workspace`.
//!
//! The command finds the server by `DOKTOLIB_TEST_SERVER`; its exit code is ours. The server and its
//! files are gone afterwards, whether the command ends by itself or we are told to stop.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run()));
    done.unwrap_or_else(|error: Box<dyn Error + Send + Sync>| {
        eprintln!("with-postgres: {error}");
        ExitCode::FAILURE
    })
}

async fn run() -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let mut words = std::env::args_os().skip(1).skip_while(|word| word == "--");
    let Some(program) = words.next() else { return Err("say which command to run".into()) };
    // Before the server is there, or a signal in between would leave its files behind.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let given = std::env::var_os("DOKTOLIB_TEST_SERVER").is_some_and(|value| !value.is_empty());
    let server = if given { None } else { Some(tokio::task::spawn_blocking(testkit::throwaway).await??) };

    let mut command = Command::new(program);
    command.args(words);
    if let Some(server) = &server {
        command.env("DOKTOLIB_TEST_SERVER", server.url());
    }
    let mut child = command.spawn()?;
    let mut told_to_stop = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            _ = interrupt.recv() => pass_on(&child, Signal::INT),
            _ = terminate.recv() => pass_on(&child, Signal::TERM),
            () = tokio::time::sleep(Duration::from_secs(10)), if told_to_stop => child.start_kill()?,
        }
        told_to_stop = true;
    };
    drop(server);
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

fn pass_on(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended already.
        let _ = kill_process(pid, signal);
    }
}
