//! Links that open one version of a file for whoever has them, for a while.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::http::admission::{As, Readers};
use platform::http::{NoParams, Problem, ProblemBody, Query, from_text, in_zone, kinds};
use platform::signing::{derive, mac};
use secrecy::SecretString;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use utoipa::IntoParams;
use uuid::Uuid;
use validator::Validate;

use super::FilesApi;
use super::bodies::LinkBody;
use super::content::hand_out;
use super::problems::link_expired;
use crate::domain::VersionId;

/// Seconds for which a link is good when nobody says.
const USUAL: u32 = 60;
/// The method a link is good for.
const METHOD: &str = "GET";
const SIGNATURE: usize = 24;
const TOKEN: usize = 16 + 8 + SIGNATURE;

/// Signs links to versions of files: one version, one method, until one instant.
#[derive(Clone)]
pub struct FileLinks {
    key: [u8; 32],
    public_url: String,
}

/// What a token says.
#[derive(Debug, PartialEq, Eq)]
enum Opens {
    This(VersionId),
    Expired,
    Nothing,
}

impl FileLinks {
    /// Links of an installation with this secret, which clients reach at `public_url`, without a slash at the end.
    #[must_use]
    pub fn new(secret: &SecretString, public_url: &str) -> Self {
        Self { key: derive(secret, "link:file"), public_url: public_url.to_owned() }
    }

    /// The link that opens a version until then.
    #[must_use]
    pub fn link(&self, version: VersionId, until: Timestamp) -> String {
        format!("{}/api/v1/files/links/{}", self.public_url, self.token(version, until.as_second()))
    }

    fn token(&self, version: VersionId, until: i64) -> String {
        let (id, until) = (version.as_uuid(), until.to_be_bytes());
        let signature = self.signature(id, until);
        URL_SAFE_NO_PAD.encode([&id.as_bytes()[..], &until, &signature].concat())
    }

    fn signature(&self, version: Uuid, until: [u8; 8]) -> [u8; SIGNATURE] {
        let full = mac(&self.key, &[METHOD.as_bytes(), version.as_bytes(), &until]);
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&full[..SIGNATURE]);
        signature
    }

    /// Looks at the signature first, and takes the same time whatever it is.
    fn opens(&self, token: &str, now: Timestamp) -> Opens {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return Opens::Nothing };
        let Ok(bytes) = <[u8; TOKEN]>::try_from(bytes) else { return Opens::Nothing };
        let (mut id, mut until) = ([0; 16], [0; 8]);
        id.copy_from_slice(&bytes[..16]);
        until.copy_from_slice(&bytes[16..24]);
        let version = Uuid::from_bytes(id);
        if !bool::from(self.signature(version, until).ct_eq(&bytes[24..])) {
            return Opens::Nothing;
        }
        if now.as_second() >= i64::from_be_bytes(until) {
            return Opens::Expired;
        }
        Opens::This(VersionId::from_uuid(version))
    }
}

/// How long the link is to be good.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LinkParams {
    /// Seconds, 60 when left out, 3600 at most.
    #[serde(default, deserialize_with = "from_text")]
    #[validate(range(min = 1, max = 3600))]
    #[param(nullable = false, minimum = 1, maximum = 3600)]
    expires_in: Option<u32>,
}

/// A link to the content of a file
///
/// For a program that cannot sign in, such as a viewer or a browser's download. It opens this one version, by GET alone,
/// for a minute or as long as is asked for, an hour at most; whoever has it can read the file. That it was made stands in
/// the access log. The key is the `key` of the file, with its slashes.
#[utoipa::path(
    tag = "Files",
    operation_id = "linkFile",
    security(("bearer" = []), ("session" = [])),
    params(("key" = String, Path, description = "The `key` of a file; may hold slashes", max_length = 512), LinkParams),
    responses(
        (status = 200, description = "The link", body = LinkBody),
        (status = 401, description = "Not signed in", body = ProblemBody, content_type = "application/problem+json", headers(("www-authenticate" = String))),
        (status = 403, description = "An account of a front desk or an administrator", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "No such file, or not yours", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`file-quarantined`, `file-infected`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "Bad parameters", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/files/presigned-url/{key:.*}")]
pub(super) async fn link_file(
    who: As<Readers>,
    request: HttpRequest,
    Query(params): Query<LinkParams>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let key = request.match_info().get("key").unwrap_or_default();
    let version = api.read.to_link(&who.caller, key).await?;
    let length = SignedDuration::from_secs(i64::from(params.expires_in.unwrap_or(USUAL)));
    let until = api.clock.now().saturating_add(length).unwrap_or(Timestamp::MAX);
    let until = Timestamp::from_second(until.as_second()).unwrap_or(until);
    let body =
        LinkBody { url: api.links.link(version.id, until), method: METHOD, expires_at: in_zone(until, &TimeZone::UTC) };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

/// The content that a link opens
///
/// Needs no sign-in: the link proves itself. Answers like the content of the file, `Range` included, as long as the file
/// is there and can be read.
#[utoipa::path(
    tag = "Files",
    operation_id = "openFileLink",
    params(("token" = String, Path, description = "From the link", max_length = 100), ("Range" = Option<String>, Header, nullable = false, description = "One stretch, e.g. `bytes=0-65535`", max_length = 200)),
    responses(
        (status = 200, description = "All of it", body = Vec<u8>, content_type = "application/octet-stream", headers(("content-disposition" = String, description = "Its name"), ("etag" = String), ("repr-digest" = String, description = "SHA-256 of all of it (RFC 9530)"))),
        (status = 206, description = "The stretch", body = Vec<u8>, content_type = "application/octet-stream", headers(("content-range" = String))),
        (status = 304, description = "As it was (`If-None-Match`)"),
        (status = 404, description = "No link of this installation, or no file any more", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "`file-quarantined`, `file-infected`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 410, description = "`link-expired`", body = ProblemBody, content_type = "application/problem+json"),
        (status = 416, description = "No such stretch", body = ProblemBody, content_type = "application/problem+json", headers(("content-range" = String))),
        (status = 422, description = "A parameter that is not known", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/files/links/{token}")]
pub(super) async fn open_file_link(
    request: HttpRequest,
    _: Query<NoParams>,
    api: Data<FilesApi>,
) -> Result<HttpResponse, Problem> {
    let token = request.match_info().get("token").unwrap_or_default();
    match api.links.opens(token, api.clock.now()) {
        Opens::Nothing => Err(Problem::of(&kinds::NOT_FOUND)),
        Opens::Expired => Err(link_expired()),
        Opens::This(version) => {
            let version = api.read.linked(version).await?;
            hand_out(&request, &api.contents, &version).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(secret: &str) -> FileLinks {
        FileLinks::new(&SecretString::from(secret), "https://doktolib.example")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_link_opens_its_own_version_until_its_time_is_over() {
        let (version, until) = (VersionId::mint(), at("2027-03-01T12:01:00Z"));
        let link = links("a").link(version, until);
        let token = link.strip_prefix("https://doktolib.example/api/v1/files/links/").unwrap();
        assert_eq!(links("a").opens(token, at("2027-03-01T12:00:59Z")), Opens::This(version));
        assert_eq!(links("a").opens(token, until), Opens::Expired);
        assert_eq!(links("b").opens(token, at("2027-03-01T12:00:00Z")), Opens::Nothing);
    }

    #[test]
    fn no_octet_of_a_link_can_be_changed() {
        let now = at("2027-03-01T12:00:00Z");
        let token = links("a").token(VersionId::mint(), at("2027-03-01T12:01:00Z").as_second());
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for place in 0..bytes.len() {
            let mut other = bytes.clone();
            other[place] ^= 1;
            assert_eq!(links("a").opens(&URL_SAFE_NO_PAD.encode(&other), now), Opens::Nothing, "octet {place}");
        }
        for bad in ["", "x", &token[1..], &format!("{token}AA"), "é"] {
            assert_eq!(links("a").opens(bad, now), Opens::Nothing, "{bad}");
        }
    }
}
