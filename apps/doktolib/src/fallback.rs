//! What happens to requests that no operation takes.

use actix_web::dev::ResourceDef;
use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use pages::kit::Asking;
use pages::kit::templates::not_found;
use platform::http::{Problem, kinds};
use utoipa::openapi::OpenApi;

/// The methods of every address, going by the API's description.
pub struct Offered {
    paths: Vec<(ResourceDef, String)>,
}

impl Offered {
    /// Those of the description, and the pages beside it.
    pub fn new(document: &OpenApi) -> Self {
        let described = document.paths.paths.iter().map(|(path, item)| {
            let methods = [
                ("GET, HEAD", item.get.is_some()),
                ("POST", item.post.is_some()),
                ("PUT", item.put.is_some()),
                ("PATCH", item.patch.is_some()),
                ("DELETE", item.delete.is_some()),
                ("OPTIONS", true),
            ];
            let offered: Vec<&str> =
                methods.into_iter().filter(|(_, offered)| *offered).map(|(method, _)| method).collect();
            (ResourceDef::new(path.as_str()), offered.join(", "))
        });
        let pages =
            ["/api/v1/openapi.json", "/docs", "/docs/{file:.*}", "/problems", "/problems.css", "/problems/{code}"];
        let pages = pages.into_iter().map(|path| (ResourceDef::new(path), "GET, HEAD, OPTIONS".to_owned()));
        Self { paths: described.chain(pages).collect() }
    }

    fn allow(&self, path: &str) -> Option<HeaderValue> {
        let (_, methods) = self.paths.iter().find(|(resource, _)| resource.is_match(path))?;
        HeaderValue::from_str(methods).ok()
    }

    /// 404, or 405 with every method that is offered (RFC 9110, section 15.5.6); OPTIONS lists them as well.
    pub fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let Some(allow) = self.allow(request.path()) else {
            // People get a page, programs a problem.
            return if wants_page(request) {
                not_found(&Asking::of(request))
            } else {
                Problem::of(&kinds::NOT_FOUND).error_response()
            };
        };
        if request.method() == Method::OPTIONS {
            return HttpResponse::build(StatusCode::NO_CONTENT).insert_header((header::ALLOW, allow)).finish();
        }
        Problem::of(&kinds::METHOD_NOT_ALLOWED).header(header::ALLOW, allow).error_response()
    }
}

/// Is this a browser that somebody has sent to an address outside the API?
fn wants_page(request: &HttpRequest) -> bool {
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    request.method() == Method::GET && !request.path().starts_with("/api/") && accepts.contains("text/html")
}
