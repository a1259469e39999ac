//! The binary: arguments and start, no logic.

use std::process::ExitCode;

use clap::Parser as _;
use doktolib::commands::Cli;

fn main() -> ExitCode {
    // Files are looked through in a process of its own, which is this program as well; it starts no thread.
    files::infrastructure::inspection::answer_if_asked().unwrap_or_else(start)
}

#[tokio::main]
async fn start() -> ExitCode {
    let cli = Cli::parse();
    // Every TLS connection uses ring; a second provider would have to be chosen between.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("doktolib: another TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    cli.run().await
}
