//! Calendar programs of others: what they understand of a file. `scripts/setup.sh calendars` brings them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;

const PYTHON: &str = include_str!("calendar_reader.py");
const NODE: &str = include_str!("calendar_reader.mjs");
const MISSING: &str = "the calendar programs of the tests are missing: run `scripts/setup.sh calendars` first \
                       (or set DOKTOLIB_TEST_CALENDARS to the folder where it has put them)";

/// What a program understands of a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Understood {
    /// What it complains of.
    pub errors: Vec<String>,
    /// What is to be done with the file.
    pub method: String,
    /// The events, in the order of the file.
    pub events: Vec<UnderstoodEvent>,
}

/// What a program understands of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct UnderstoodEvent {
    /// Its identity.
    pub uid: String,
    /// Its edition.
    pub sequence: u32,
    /// Its start in UTC, to the second.
    pub start: String,
    /// Its end in UTC, to the second.
    pub end: String,
    /// What it is called.
    pub summary: String,
    /// `CONFIRMED` or `CANCELLED`.
    pub status: String,
}

/// A part of a mail that holds no other parts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MailPart {
    /// E.g. `text/calendar`.
    pub media_type: String,
    /// The parameter `method`; empty where there is none.
    pub method: String,
    /// The parameter `charset`.
    pub charset: String,
    /// The name of an attachment.
    pub file_name: String,
    /// What it holds, decoded.
    pub content: String,
}

/// A rule of repetition, to be worked out by somebody else.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Repetition {
    /// First local time, e.g. `2027-03-01T09:00:00`.
    pub start: String,
    /// The value of an RRULE, with UNTIL in local time.
    pub rule: String,
    /// From this local time on.
    pub from: String,
    /// To this local time, included.
    pub to: String,
}

/// What PyPI's `icalendar` and npm's `ical.js` understand of a file, each under its name.
///
/// # Panics
/// With an instruction, when they are not there.
#[must_use]
pub fn understood(file: &str) -> [(&'static str, Understood); 2] {
    [("icalendar", asked(python(), &["-c", PYTHON, "read"], file)), ("ical.js", asked_of_node(file))]
}

/// The parts of a mail as Python's mail parser reads them.
///
/// # Panics
/// With an instruction, when Python is not there.
#[must_use]
pub fn mail_parts(mail: &str) -> Vec<MailPart> {
    asked(python(), &["-c", PYTHON, "mail"], mail)
}

/// The local times of repetitions, worked out by `python-dateutil`.
///
/// # Panics
/// With an instruction, when it is not there.
#[must_use]
pub fn repeated(rules: &[Repetition]) -> Vec<Vec<String>> {
    let rules = serde_json::to_string(rules).unwrap_or_default();
    asked(python(), &["-c", PYTHON, "expand"], &rules)
}

fn folder() -> PathBuf {
    let given = std::env::var_os("DOKTOLIB_TEST_CALENDARS").filter(|given| !given.is_empty());
    given.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/calendar-parsers"), PathBuf::from)
}

fn python() -> PathBuf {
    folder().join("python/bin/python")
}

fn asked_of_node(file: &str) -> Understood {
    let library = folder().join("node_modules/ical.js/dist/ical.js");
    let Some(library) = library.to_str().filter(|_| library.exists()) else { panic!("{MISSING}") };
    // The marker keeps the path from being taken for one of node's own options.
    asked("node".into(), &["--input-type=module", "-e", NODE, "--", library], file)
}

fn asked<T: DeserializeOwned>(program: PathBuf, arguments: &[&str], input: &str) -> T {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{MISSING}: {error}"));
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).unwrap_or_else(|error| panic!("{MISSING}: {error}"));
    }
    let output = child.wait_with_output().unwrap_or_else(|error| panic!("{MISSING}: {error}"));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{MISSING}: {error}"))
}
