//! What a file is, what it is called and about, and what becomes of it.

mod category;
mod event;
mod file;
mod file_name;
mod kind;
mod words;

pub use category::{Category, ToldBy};
pub use event::FileEvent;
#[cfg(test)]
pub(crate) use file::test_data;
pub use file::{
    File, FileId, MOST_BYTES, MOST_FILES, MOST_VERSIONS, RETENTION_YEARS, TooManyVersions, Version, VersionId,
    VersionState, object_key, retention_ends_before,
};
pub use file_name::FileName;
pub use kind::FileKind;
pub use words::{Term, terms_asked, terms_of};
