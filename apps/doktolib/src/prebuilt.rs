//! Files of the binary in brotli (RFC 7932), compressed once at their first use.
//!
//! Answers that differ from request to request go out in gzip: brotli on the fly takes several megabytes
//! for each answer under way.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use platform::http::{etag_of, is_known};

const QUALITY: u32 = 6;
const WINDOW: u32 = 20;

static COMPRESSED: Mutex<Option<HashMap<String, Bytes>>> = Mutex::new(None);

/// Does the client take brotli? A `q=0` is a no.
pub fn takes_brotli(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("br") && !refused
    })
}

/// The file in brotli, or 304. `name` stands for the content: the same name always has the same bytes.
pub fn send(request: &HttpRequest, name: &str, content_type: &str, content: Vec<u8>) -> HttpResponse {
    let known =
        COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|files| files.get(name).cloned());
    let body = known.or_else(|| {
        let body = Bytes::from(compressed(&content)?);
        let mut files = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
        files.get_or_insert_default().insert(name.to_owned(), body.clone());
        Some(body)
    });
    let Some(body) = body else { return HttpResponse::Ok().content_type(content_type).body(content) };
    let tag = etag_of(&body);
    let known = is_known(request, &tag);
    let mut response = HttpResponse::build(if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::VARY, "accept-encoding"));
    if known {
        return response.finish();
    }
    response.content_type(content_type).insert_header(ContentEncoding::Brotli).body(body)
}

fn compressed(content: &[u8]) -> Option<Vec<u8>> {
    let mut writer = brotli::CompressorWriter::new(Vec::new(), 4096, QUALITY, WINDOW);
    writer.write_all(content).ok()?;
    Some(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        for (accepted, expected) in
            [("br", true), ("gzip, BR;q=0.5", true), ("gzip, br;q=0", false), ("gzip", false), ("*", false)]
        {
            let request = TestRequest::default().insert_header(("accept-encoding", accepted)).to_http_request();
            assert_eq!(takes_brotli(&request), expected, "{accepted}");
        }
    }

    #[test]
    fn what_is_compressed_is_smaller_and_reads_back() {
        let content = b"doktolib ".repeat(1000);
        let small = compressed(&content).unwrap();
        let mut back = Vec::new();
        std::io::copy(&mut brotli::Decompressor::new(small.as_slice(), 4096), &mut back).unwrap();
        assert!(small.len() < 200 && back == content);
    }
}
