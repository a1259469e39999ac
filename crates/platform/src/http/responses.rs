//! Refusals in the API's description.

use std::collections::BTreeMap;

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
