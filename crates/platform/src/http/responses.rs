//! Refusals in the API's description.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// Describes what an operation refuses with: status and in which case, each with a problem as its body. For
/// `IntoResponses` of what several operations have in common.
#[must_use]
pub fn refusals(told: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let one = |(status, description): &(&str, &str)| {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new().description(*description).content("application/problem+json", problem);
        ((*status).to_owned(), response.build().into())
    };
    told.iter().map(one).collect()
}

/// What every operation on a record refuses with that only some may see.
pub enum Closed {}

impl IntoResponses for Closed {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[
            ("401", "Nobody is signed in"),
            ("403", "Not in this role"),
            ("404", "There is none, or it is not yours"),
            ("422", "Bad values, all of them at once"),
        ])
    }
}

/// What operations with a JSON body refuse with besides.
pub enum WithBody {}

impl IntoResponses for WithBody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        refusals(&[("400", "Not JSON"), ("413", "More than 64 KiB"), ("415", "Not `application/json`")])
    }
}
