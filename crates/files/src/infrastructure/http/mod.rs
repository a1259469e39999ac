//! The slice's part of the REST API.

mod bodies;
mod content;
mod disposition;
mod form;
mod links;
mod list;
mod problems;
mod ranges;
mod upload;

use std::sync::Arc;

use kernel::Clock;
use platform::idempotency::Answers;
use utoipa_actix_web::service_config::ServiceConfig;

use super::StoredContents;
use crate::application::{AddVersion, ChangeFile, ReadFiles, UploadFiles};

pub use links::FileLinks;
pub use problems::PROBLEMS;

/// Where uploads are sent to: the beginnings of their paths. They take longer than other requests may.
pub const UPLOAD_PATHS: &str = "/api/v1/files/";

/// What the handlers need.
pub struct FilesApi {
    /// Takes files.
    pub upload: UploadFiles,
    /// Takes newer versions.
    pub add_version: AddVersion,
    /// Shows files.
    pub read: ReadFiles,
    /// Changes and deletes them.
    pub change: ChangeFile,
    /// Where their contents are.
    pub contents: StoredContents,
    /// Signs links.
    pub links: FileLinks,
    /// First answers, kept.
    pub answers: Answers,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Mounts the operations under `/api/v1`; the state is [`FilesApi`].
pub fn routes(config: &mut ServiceConfig<'_>) {
    // What has a name of its own stands before what has an id in its place.
    config
        .service(upload::upload_files)
        .service(list::list_files)
        .service(links::link_file)
        .service(links::open_file_link)
        .service(upload::add_file_version)
        .service(list::list_file_versions)
        .service(content::get_file_content)
        .service(list::get_file)
        .service(list::edit_file)
        .service(list::delete_file);
}
