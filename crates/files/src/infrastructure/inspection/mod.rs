//! Looking through files that strangers hand in: what they are, whether they are harmless, what stands in them.
//!
//! Foreign content is read in a process of its own ([`Apart`]): libraries for PDF, pictures and archives are large and
//! meet what was made to break them. That process has a limit of memory and of time, an empty environment, and nothing
//! open but what it was given. Within it, [`look_through`] tells the kind by the content and refuses what
//! `docs/security/files.md` lists.

mod answers;
mod apart;
mod archive;
mod clamd;
mod dates;
mod doc;
mod docx;
mod docx_parts;
mod gif;
mod inspector;
mod jpeg;
mod look;
mod pdf;
mod pdf_text;
mod picture;
mod reader;
mod txt;
mod within;
mod words;

pub use apart::Apart;
pub use clamd::{BadClamdAddress, Clamd, ClamdAddress};
pub use dates::dates_in;
pub use inspector::ContentInspector;
pub use look::{LARGEST, Looked, look_through};
pub use reader::LocalTextReader;
pub use within::answer_if_asked;
pub use words::words_of;
