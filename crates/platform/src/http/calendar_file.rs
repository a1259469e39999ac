//! A calendar file as a body.

use std::future::Future;
use std::pin::Pin;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use sha2::{Digest, Sha256};

use super::input::{media_type, read};
use super::problem::{Problem, kinds};

/// The largest calendar file: 256 KiB.
pub const MAX_CALENDAR_BYTES: usize = 256 * 1024;

/// A body of the type `text/calendar` (RFC 5545, section 8.1) in UTF-8; what it says is not looked at here.
///
/// Fails with 400 (not UTF-8, or with the character NUL), 408 (does not arrive), 413 or 415.
#[derive(Debug)]
pub struct CalendarFile {
    /// What was sent.
    pub text: String,
    /// SHA-256 over method, path, query and file: equal for a retry.
    pub fingerprint: [u8; 32],
}

impl FromRequest for CalendarFile {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            if media_type(&request) != "text/calendar" {
                let detail = "Send the file as text/calendar and say so in Content-Type.";
                return Err(Problem::of(&kinds::UNSUPPORTED_MEDIA_TYPE).detail(detail));
            }
            let bytes = read(&request, payload, MAX_CALENDAR_BYTES).await?;
            let mut hash = Sha256::new();
            for part in [request.method().as_str(), request.path(), request.query_string()] {
                hash.update(part);
                hash.update(b"\n");
            }
            hash.update(&bytes);
            let text = String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.contains('\0'));
            let unreadable = || Problem::of(&kinds::UNREADABLE).detail("The file is not a text in UTF-8.");
            Ok(Self { text: text.ok_or_else(unreadable)?, fingerprint: hash.finalize().into() })
        })
    }
}
