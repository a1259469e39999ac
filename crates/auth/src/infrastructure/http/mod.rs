//! The slice's part of the REST API.
