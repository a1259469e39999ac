//! The process apart on its own, for the tests of this crate; Doktolib has it built in.

use std::process::ExitCode;

fn main() -> ExitCode {
    files::infrastructure::inspection::answer_if_asked().unwrap_or(ExitCode::FAILURE)
}
