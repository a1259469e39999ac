//! The binary: arguments and start, no logic.

use std::process::ExitCode;

use clap::Parser as _;
use doktolib::commands::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // Every TLS connection uses ring; a second provider would have to be chosen between.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("doktolib: another TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    cli.run().await
}
