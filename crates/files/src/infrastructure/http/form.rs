//! Files as they come: read piece by piece into the spool, and cut off where they are too large.

use std::io;
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::web::Payload;
use actix_web::{HttpRequest, http::header};
use futures_util::StreamExt as _;
use kernel::{FailureKind, PatientId, PortFailure};
use platform::http::{FieldError, Problem, kinds};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::bodies::CategoryWord;
use crate::application::Incoming;
use crate::domain::{Category, MOST_BYTES, MOST_FILES};
use crate::infrastructure::{Spool, SpoolFolder};

/// The longest that a form may take to arrive: five files at about half a megabyte a second.
const FORM_DEADLINE: Duration = Duration::from_secs(120);
/// What is read of a form that is refused, so that its sender hears why.
const MOST_READ: u64 = (MOST_FILES as u64 + 2) * MOST_BYTES;
/// What stands between the parts of a form.
const AROUND: u64 = 64 * 1024;
const LONGEST_TEXT: usize = 200;
const MOST_PARTS: usize = 20;
const MOST_ERRORS: usize = 20;

/// A form that has come.
pub(super) struct Form {
    pub(super) patient: Option<PatientId>,
    pub(super) category: Option<Category>,
    pub(super) files: Vec<Incoming>,
    /// SHA-256 over all that was sent.
    pub(super) fingerprint: [u8; 32],
    /// The files are gone with it.
    pub(super) folder: SpoolFolder,
}

/// What a form may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Files, and what is said of them.
    Files,
    /// One file.
    OneFile,
}

enum Stop {
    Broken,
    TooLarge,
    Failed(PortFailure),
}

impl From<MultipartError> for Stop {
    fn from(_: MultipartError) -> Self {
        Self::Broken
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Failed(PortFailure::new("spool an upload", error).of_kind(FailureKind::Unavailable))
    }
}

fn too_large() -> Problem {
    Problem::of(&kinds::TOO_LARGE).detail(format!("A file has at most {MOST_BYTES} bytes."))
}

/// Reads the form into the spool.
///
/// # Errors
/// 400, 408, 413, 415 and 422, all bad fields at once; nothing is left in the spool then.
pub(super) async fn read_form(
    request: &HttpRequest,
    payload: Payload,
    spool: &Spool,
    takes: Takes,
) -> Result<Form, Problem> {
    let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(Problem::of(&kinds::UNSUPPORTED_MEDIA_TYPE).detail("Send files as multipart/form-data."));
    }
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > MOST_READ) {
        return Err(too_large());
    }
    let folder = spool.folder().map_err(|error| failed(error.into()))?;
    let mut reading = Reading {
        hash: Sha256::new(),
        read: 0,
        errors: Vec::new(),
        too_large: false,
        patient: None,
        category: None,
        files: Vec::new(),
        folder,
    };
    reading.hash.update(format!("{} {}\n", request.method(), request.path()));
    let form = Multipart::new(request.headers(), payload);
    match tokio::time::timeout(FORM_DEADLINE, reading.all(form, takes)).await {
        Ok(Ok(())) => reading.ended(),
        Ok(Err(stop)) => Err(failed(stop)),
        Err(_) => Err(Problem::of(&kinds::REQUEST_TIMEOUT)),
    }
}

fn failed(stop: Stop) -> Problem {
    match stop {
        Stop::Broken => Problem::of(&kinds::UNREADABLE).detail("The form is broken, or was cut off."),
        Stop::TooLarge => too_large(),
        Stop::Failed(failure) => Problem::internal(&failure),
    }
}

struct Reading {
    hash: Sha256,
    read: u64,
    errors: Vec<FieldError>,
    too_large: bool,
    patient: Option<PatientId>,
    category: Option<Category>,
    files: Vec<Incoming>,
    folder: SpoolFolder,
}

impl Reading {
    async fn all(&mut self, mut form: Multipart, takes: Takes) -> Result<(), Stop> {
        let mut parts = 0;
        let mut seen: Vec<&str> = Vec::new();
        while let Some(field) = form.next().await {
            let mut field = field?;
            parts += 1;
            if parts > MOST_PARTS {
                return Err(Stop::Broken);
            }
            let name = field.name().unwrap_or_default().to_owned();
            let known = ["patient_id", "category", "file"].into_iter().find(|known| *known == name);
            match (known, takes) {
                (Some("file"), _) => self.file(&mut field, takes).await?,
                (Some(known), Takes::Files) if seen.contains(&known) => {
                    self.wrong(known, "duplicate", "is given twice");
                    self.skip(&mut field).await?;
                }
                (Some(known), Takes::Files) => {
                    seen.push(known);
                    self.text(&mut field, known).await?;
                }
                (Some(_) | None, _) => {
                    let shown: String = name.chars().filter(char::is_ascii_graphic).take(64).collect();
                    self.wrong(shown, "unknown", "is not known here");
                    self.skip(&mut field).await?;
                }
            }
        }
        Ok(())
    }

    fn wrong(&mut self, field: impl Into<String>, code: &'static str, message: &'static str) {
        if self.errors.len() < MOST_ERRORS {
            self.errors.push(FieldError::new(field, code, message));
        }
    }

    /// The next piece of a part. What was read is counted whatever it is for.
    async fn piece(&mut self, field: &mut Field) -> Result<Option<actix_web::web::Bytes>, Stop> {
        let Some(piece) = field.next().await else { return Ok(None) };
        let piece = piece?;
        self.read += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if self.read > MOST_READ - AROUND { Err(Stop::TooLarge) } else { Ok(Some(piece)) }
    }

    async fn skip(&mut self, field: &mut Field) -> Result<(), Stop> {
        while self.piece(field).await?.is_some() {}
        Ok(())
    }

    async fn text(&mut self, field: &mut Field, name: &'static str) -> Result<(), Stop> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece(field).await? {
            if text.len() <= LONGEST_TEXT {
                text.extend_from_slice(&piece);
            }
        }
        self.hash.update(format!("{name}:{}:", text.len()));
        self.hash.update(&text);
        let text = String::from_utf8(text).unwrap_or_default();
        if name == "patient_id" {
            match text.trim().parse() {
                Ok(patient) => self.patient = Some(patient),
                Err(_) => self.wrong(name, "type", "must be the id of a patient"),
            }
        } else {
            match serde_json::from_value::<CategoryWord>(text.trim().into()) {
                Ok(category) => self.category = Some(category.into()),
                Err(_) => {
                    self.wrong(name, "type", "must be lab_results, insurance, prescriptions, medical_records or other")
                }
            }
        }
        Ok(())
    }

    async fn file(&mut self, field: &mut Field, takes: Takes) -> Result<(), Stop> {
        let most = if takes == Takes::OneFile { 1 } else { MOST_FILES };
        if self.files.len() >= most {
            if !self.errors.iter().any(|error| error.code == "too-many") {
                let message = if most == 1 { "has one file" } else { "has at most five files" };
                self.wrong("file", "too-many", message);
            }
            return self.skip(field).await;
        }
        let name = name_of(field);
        let (path, mut file) = self.folder.file(&self.files.len().to_string()).await?;
        self.files.push(Incoming { name: name.clone(), path });
        let (mut size, mut hash) = (0_u64, Sha256::new());
        while let Some(piece) = self.piece(field).await? {
            size += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            if size > MOST_BYTES {
                self.too_large = true;
            }
            // What is refused anyway is read to its end and not kept.
            if !self.too_large && self.errors.is_empty() {
                hash.update(&piece);
                file.write_all(&piece).await?;
            }
        }
        file.flush().await?;
        self.hash.update(format!("file:{}:{name}:", name.len()));
        self.hash.update(hash.finalize());
        Ok(())
    }

    fn ended(self) -> Result<Form, Problem> {
        let Self { hash, mut errors, too_large: cut, patient, category, files, folder, .. } = self;
        if cut {
            return Err(too_large());
        }
        if files.is_empty() {
            errors.push(FieldError::new("file", "required", "is required"));
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        Ok(Form { patient, category, files, fingerprint: hash.finalize().into(), folder })
    }
}

/// What the client calls the file: `filename*` before `filename` (RFC 6266, section 4.3).
fn name_of(field: &Field) -> String {
    let disposition = field.content_disposition();
    let extended = disposition.and_then(|told| told.get_filename_ext());
    let plain = || disposition.and_then(|told| told.get_filename()).unwrap_or_default().to_owned();
    extended.map_or_else(plain, |told| String::from_utf8_lossy(&told.value).into_owned())
}
