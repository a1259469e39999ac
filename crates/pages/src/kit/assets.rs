//! What pages are dressed in: style, typeface, icons. All of it is in the binary.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest as _, Sha256};

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            content: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/dist/", $name)),
        }
    };
}

static ASSETS: [Asset; 5] = [
    asset!("app.css", "text/css; charset=utf-8"),
    asset!("icons.svg", "image/svg+xml"),
    asset!("logo.svg", "image/svg+xml"),
    asset!("atkinson-latin.woff2", "font/woff2"),
    asset!("atkinson-latin-ext.woff2", "font/woff2"),
];

/// Stands in every address, so that browsers keep what they have until something of it changes.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let digest = ASSETS.iter().fold(Sha256::new(), |digest, asset| digest.chain_update(asset.content)).finalize();
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// Where a file is.
pub(super) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// A file; of another version than ours it is sent as well, and not to be kept.
pub(super) async fn asset(request: HttpRequest) -> HttpResponse {
    let part = |name| request.match_info().get(name).unwrap_or_default();
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == part("file")) else {
        return HttpResponse::NotFound().finish();
    };
    let kept = if part("version") == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, kept))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(asset.media_type)
        .body(asset.content)
}

/// Browsers ask for it unbidden.
pub(super) async fn favicon() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, address("logo.svg"))).finish()
}
