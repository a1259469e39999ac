//! Papers of the tests, and how they are handed in.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::test::TestRequest;
use async_trait::async_trait;
use files::application::{Scan, VirusScanner};
use kernel::{FailureKind, PortFailure};
use platform::jobs::{NewJob, Stop};
use platform::storage::Storage;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::app::{Answer, App, Who, Wishes, handling_in, objects_in};

pub const UPLOAD: &str = "/api/v1/files/upload";
/// What the scanner of the tests finds. Real ones are met in `crates/files/tests`.
pub const VIRUS: &str = "this is what the scanner of the tests calls a virus";

/// A scanner that can be away.
#[derive(Default)]
pub struct Scanner {
    away: AtomicBool,
}

impl Scanner {
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }
}

#[async_trait]
impl VirusScanner for Scanner {
    async fn scan(&self, file: &Path) -> Result<Scan, PortFailure> {
        if self.away.load(Ordering::SeqCst) {
            return Err(PortFailure::new("scan a file", "away").of_kind(FailureKind::Unavailable));
        }
        let content = std::fs::read(file).unwrap();
        let found = content.windows(VIRUS.len()).any(|window| window == VIRUS.as_bytes());
        Ok(if found { Scan::Infected("Tests.Virus".to_owned()) } else { Scan::Clean })
    }
}

/// An application with a storage, a spool and a scanner of its own.
pub struct House {
    pub app: App,
    pub scanner: Arc<Scanner>,
    folder: TempDir,
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = objects_in(&folder.path().join("objects"));
        Self::on(folder, storage).await
    }

    pub async fn on(folder: TempDir, storage: Storage) -> Self {
        let scanner = Arc::new(Scanner::default());
        let handling = handling_in(&folder.path().join("spool"), Some(scanner.clone()));
        let app = App::with(Wishes { storage, handling, ..Wishes::default() }).await;
        Self { app, scanner, folder }
    }

    /// Where the objects of patients lie.
    pub fn objects(&self) -> Vec<PathBuf> {
        below(&self.folder.path().join("objects").join("patients"))
    }

    /// What is left of uploads.
    pub fn spooled(&self) -> Vec<PathBuf> {
        let mut left = below(&self.folder.path().join("spool"));
        left.retain(|path| path.extension().is_none_or(|ending| ending != "lock"));
        left
    }

    /// Nothing of a refused upload is anywhere.
    pub async fn is_untouched(&self) {
        assert_eq!(self.app.number("SELECT count(*) FROM files.version").await, 0);
        assert_eq!(self.app.number("SELECT count(*) FROM files.file").await, 0);
        assert_eq!((self.objects(), self.spooled()), (vec![], vec![]));
    }

    pub async fn upload(&self, who: Who, parts: &[Part<'_>]) -> Answer {
        self.app.send_as(who, form(UPLOAD, parts)).await
    }

    /// Uploads for patient 1, and panics unless it works.
    pub async fn uploaded(&self, parts: &[Part<'_>]) -> Vec<Value> {
        let answer = self.upload(Who::Patient(1), parts).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json().as_array().unwrap().clone()
    }

    /// Does what is due.
    pub async fn work(&self) {
        let (_going, stop) = watch::channel(false);
        let stop = Stop::by(stop);
        while self.app.application.worker.step(&stop).await.unwrap() {}
    }

    pub async fn run(&self, name: &'static str) {
        let job = NewJob::new("files", name, &json!({})).unwrap();
        self.app.application.worker.jobs().add(&job, self.app.application.clock.now()).await.unwrap();
        self.work().await;
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

/// A part of a form.
pub struct Part<'a> {
    pub field: &'a str,
    /// Of a file.
    pub name: Option<&'a str>,
    pub content: Vec<u8>,
}

pub fn file<'a>(name: &'a str, content: impl Into<Vec<u8>>) -> Part<'a> {
    Part { field: "file", name: Some(name), content: content.into() }
}

pub fn says<'a>(field: &'a str, value: &str) -> Part<'a> {
    Part { field, name: None, content: value.into() }
}

pub const BOUNDARY: &str = "----a-boundary-of-the-tests";

pub fn body(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        let name = part.name.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"{name}\r\n\r\n", part.field);
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub fn form(uri: &str, parts: &[Part<'_>]) -> TestRequest {
    TestRequest::post()
        .uri(uri)
        .insert_header(("content-type", format!("multipart/form-data; boundary={BOUNDARY}")))
        .set_payload(body(parts))
}

/// A plain text of exactly so many octets.
pub fn text_of(size: usize) -> Vec<u8> {
    b"Nothing but words, line after line.\n".iter().copied().cycle().take(size).collect()
}
