//! A copy of all that is stored about me, and the end of it.

use std::io::{Cursor, Write as _};

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get};
use platform::http::admission::{AnyRole, As, Patients};
use platform::http::{Kind, Problem, ProblemBody, context, kinds};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::application::{EraseAccount, EraseError, ExportRecords, RecordFile};

/// What the handlers need.
pub struct RecordsApi {
    /// Copies.
    pub export: ExportRecords,
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
/// A ZIP with JSON files and a README that explains each. Besides the account it holds the patients one looks after and
/// their visits. That it was taken stands in the audit trail.
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
    let copy = zipped(&files).map_err(|error| Problem::internal(&kernel::PortFailure::new("pack an export", error)))?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"doktolib-export.zip\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(copy))
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

fn zipped(files: &[RecordFile]) -> zip::result::ZipResult<Vec<u8>> {
    // JSON of this size is packed on the way by those who ask for it (Accept-Encoding).
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).unix_permissions(0o600);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("README.txt", options)?;
    zip.write_all(readme(files).as_bytes())?;
    for file in files {
        zip.start_file(file.name, options)?;
        zip.write_all(file.json.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn readme(files: &[RecordFile]) -> String {
    let mut text = String::from(
        "This is a copy of what Doktolib stores about you, and about the people you look after.\n\
         All files are JSON (UTF-8); instants are in UTC.\n\n",
    );
    for file in files {
        text.push_str(&format!("{}\n    {}\n\n", file.name, file.about));
    }
    text.push_str(
        "Not in it, because it says nothing that is not above, or opens something: hashes by which addresses are found \
         or tries are counted, hashes of passwords, codes and tokens, the secret of a second factor, and answers kept for \
         at most 48 hours in case a request is repeated.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_copy_is_a_zip_whose_readme_explains_every_file() {
        let file = |name, about| RecordFile { name, about, json: "[1]".into() };
        let bytes = zipped(&[file("one.json", "The first."), file("two.json", "The second.")]).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        zip.by_name("README.txt").unwrap().read_to_string(&mut text).unwrap();
        assert!(text.contains("one.json\n    The first.") && text.contains("two.json\n    The second."), "{text}");
        let mut json = String::new();
        zip.by_name("two.json").unwrap().read_to_string(&mut json).unwrap();
        assert_eq!((json.as_str(), zip.len()), ("[1]", 3));
    }
}
