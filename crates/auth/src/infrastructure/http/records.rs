//! A copy of all that is stored about me, and the end of it.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, delete, get};
use futures_util::stream::{Stream, try_unfold};
use kernel::PortFailure;
use platform::http::admission::{AnyRole, As, Patients};
use platform::http::{Kind, Problem, ProblemBody, context, kinds};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::application::{Attached, Attachments, EraseAccount, EraseError, ExportRecords, Pieces, RecordFile};

/// What the handlers need.
pub struct RecordsApi {
    /// Copies.
    pub export: ExportRecords,
    /// What goes into a copy as it is.
    pub attachments: Arc<dyn Attachments>,
    /// Erases.
    pub erase: EraseAccount,
}

static SIGN_IN_AGAIN: Kind = Kind {
    code: "sign-in-again",
    status: 409,
    title: "This needs a fresh sign-in",
    help: "What cannot be undone needs a sign-in of the last 15 minutes, so that a found device is not enough. Sign in once more and repeat the request.",
};
/// Problems that only these operations answer.
pub static RECORDS_PROBLEMS: &[&Kind] = &[&SIGN_IN_AGAIN];

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::NotAPatient => Self::of(&kinds::FORBIDDEN),
            EraseError::SignInAgain => Self::of(&SIGN_IN_AGAIN),
            EraseError::VisitsAhead(_) => Self::of(&kinds::VISITS_AHEAD),
            EraseError::Failed(failure) => Self::internal(&failure),
        }
    }
}

/// Copy all that is stored about me
///
/// A ZIP with JSON files and a README that explains each. Besides the account it holds the patients one looks after, their
/// visits and their files. That it was taken stands in the audit trail.
#[utoipa::path(
    tag = "Privacy",
    operation_id = "exportMe",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 200, description = "The copy", body = Vec<u8>, content_type = "application/zip", headers(
            ("content-disposition" = String, description = "A name for the file"),
        )),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`second-factor-missing`", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/me/export")]
pub(super) async fn export_me(who: As<AnyRole>, api: Data<RecordsApi>) -> Result<HttpResponse, Problem> {
    let files = api.export.run(&who.caller, context::request_id()).await?;
    let attached = match who.caller.user() {
        Some(user) => api.attachments.of(user).await?,
        None => Vec::new(),
    };
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"doktolib-export.zip\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(packed(files, attached, Arc::clone(&api.attachments))))
}

/// Erase what is stored about me
///
/// For patients, within 15 minutes of signing in. Nothing can bring it back. Name, address, sign-ins and everything that
/// proves them go at once, as do patients without visits. Visits that took place are kept, without a name, as long as
/// the law asks for medical records: seven years after the last one. The address may register anew, and finds nothing.
#[utoipa::path(
    tag = "Privacy",
    operation_id = "eraseMe",
    security(("bearer" = []), ("session" = [])),
    responses(
        (status = 204, description = "Erased; every sign-in is over"),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "`forbidden` for other roles, whose accounts administrators run; `csrf`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`visits-ahead`, `sign-in-again`: nothing was erased", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/me")]
pub(super) async fn erase_me(who: As<Patients>, api: Data<RecordsApi>) -> Result<HttpResponse, Problem> {
    api.erase.run(&who.caller, who.session, context::request_id()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What the packer has written and nobody has fetched yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Packs a copy piece by piece: files of people may be larger than what memory is left.
struct Packer {
    zip: Option<ZipWriter<StreamWriter<Written>>>,
    written: Written,
    files: VecDeque<(String, String)>,
    attached: VecDeque<Attached>,
    open: Option<Box<dyn Pieces>>,
    attachments: Arc<dyn Attachments>,
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortFailure {
    PortFailure::new("pack an export", error)
}

impl Packer {
    /// The next piece. A failure breaks the copy off, so that half of one is never taken for a whole one.
    async fn next(&mut self) -> Result<Option<Bytes>, PortFailure> {
        // JSON of this size is packed on the way by those who ask for it (Accept-Encoding).
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o600);
        loop {
            let Some(zip) = self.zip.as_mut() else { return Ok(None) };
            if let Some(open) = self.open.as_mut() {
                match open.next().await? {
                    Some(piece) => zip.write_all(&piece).map_err(failed)?,
                    None => self.open = None,
                }
            } else if let Some((name, text)) = self.files.pop_front() {
                zip.start_file(name, options).map_err(failed)?;
                zip.write_all(text.as_bytes()).map_err(failed)?;
            } else if let Some(next) = self.attached.pop_front() {
                // One that is lost is listed among the files all the same.
                if let Some(open) = self.attachments.open(&next).await? {
                    zip.start_file(next.path, options).map_err(failed)?;
                    self.open = Some(open);
                }
            } else if let Some(zip) = self.zip.take() {
                zip.finish().map_err(failed)?;
            }
            let written = self.written.take();
            if !written.is_empty() {
                return Ok(Some(written));
            }
        }
    }
}

fn packed(
    files: Vec<RecordFile>,
    attached: Vec<Attached>,
    attachments: Arc<dyn Attachments>,
) -> impl Stream<Item = Result<Bytes, PortFailure>> {
    let written = Written::default();
    let readme = ("README.txt".to_owned(), readme(&files));
    let files = files.into_iter().map(|file| (file.name.to_owned(), file.json));
    let packer = Packer {
        zip: Some(ZipWriter::new_stream(written.clone())),
        written,
        files: [readme].into_iter().chain(files).collect(),
        attached: attached.into(),
        open: None,
        attachments,
    };
    try_unfold(packer, async |mut packer| Ok(packer.next().await?.map(|piece| (piece, packer))))
}

fn readme(files: &[RecordFile]) -> String {
    let mut text = String::from(
        "This is a copy of what Doktolib stores about you, and about the people you look after.\n\
         All files are JSON (UTF-8); instants are in UTC.\n\n",
    );
    for file in files {
        text.push_str(&format!("{}\n    {}\n\n", file.name, file.about));
    }
    text.push_str("files/\n    What was uploaded, as it is kept; the list of files tells what each is.\n\n");
    text.push_str(
        "Not in it, because it says nothing that is not above, or opens something: hashes by which addresses are found \
         or tries are counted, hashes of passwords, codes and tokens, the secret of a second factor, and answers kept for \
         at most 48 hours in case a request is repeated.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

    use async_trait::async_trait;
    use futures_util::TryStreamExt as _;
    use kernel::UserId;
    use uuid::Uuid;

    use super::*;

    struct Two(Vec<Vec<u8>>);

    #[async_trait]
    impl Pieces for Two {
        async fn next(&mut self) -> Result<Option<Vec<u8>>, PortFailure> {
            Ok(self.0.pop())
        }
    }

    struct Shelf;

    #[async_trait]
    impl Attachments for Shelf {
        async fn of(&self, _: UserId) -> Result<Vec<Attached>, PortFailure> {
            Ok(Vec::new())
        }

        async fn open(&self, one: &Attached) -> Result<Option<Box<dyn Pieces>>, PortFailure> {
            match one.path.as_str() {
                "files/lost.pdf" => Ok(None),
                "files/away.pdf" => Err(PortFailure::new("open", "away")),
                _ => Ok(Some(Box::new(Two(vec![b"two".to_vec(), b"one ".to_vec()])))),
            }
        }
    }

    async fn pack(attached: &[&str]) -> Result<Vec<u8>, PortFailure> {
        let file = |name, about| RecordFile { name, about, json: "[1]".into() };
        let files = vec![file("one.json", "The first."), file("two.json", "The second.")];
        let attached = attached.iter().map(|path| Attached { id: Uuid::nil(), path: (*path).to_owned() }).collect();
        let pieces: Vec<Bytes> = Box::pin(packed(files, attached, Arc::new(Shelf))).try_collect().await?;
        Ok(pieces.concat())
    }

    #[tokio::test]
    async fn the_copy_is_a_zip_whose_readme_explains_every_file() {
        let bytes = pack(&["files/a.pdf", "files/lost.pdf"]).await.unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let text = read("README.txt");
        assert!(text.contains("one.json\n    The first.") && text.contains("two.json\n    The second."), "{text}");
        assert_eq!((read("two.json").as_str(), read("files/a.pdf").as_str()), ("[1]", "one two"));
        assert_eq!(zip.len(), 4);
    }

    #[tokio::test]
    async fn a_storage_that_is_away_breaks_the_copy_off() {
        assert!(pack(&["files/a.pdf", "files/away.pdf"]).await.is_err());
    }
}
