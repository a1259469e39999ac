//! What the process apart says, one line of JSON.

use serde::{Deserialize, Serialize};

use crate::application::Unfit;
use crate::domain::FileKind;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    /// The file is one of ours; `rewritten` when what is to be kept lies beside it.
    Fit {
        kind: String,
        pages: Option<u32>,
        rewritten: bool,
    },
    Unfit(Why),
    /// What stands in it, and how many pictures of pages were laid into the folder because nothing did.
    Read {
        text: String,
        pictures: usize,
    },
    /// Nothing here reads that kind.
    Unreadable,
}

/// [`Unfit`] on its way between processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    Empty,
    UnknownKind,
    Malformed,
    Protected,
    Active,
    TooLarge,
}

impl From<Unfit> for Why {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Empty => Self::Empty,
            Unfit::UnknownKind => Self::UnknownKind,
            Unfit::Malformed => Self::Malformed,
            Unfit::Protected => Self::Protected,
            Unfit::Active => Self::Active,
            Unfit::TooLarge => Self::TooLarge,
        }
    }
}

impl From<Why> for Unfit {
    fn from(why: Why) -> Self {
        match why {
            Why::Empty => Self::Empty,
            Why::UnknownKind => Self::UnknownKind,
            Why::Malformed => Self::Malformed,
            Why::Protected => Self::Protected,
            Why::Active => Self::Active,
            Why::TooLarge => Self::TooLarge,
        }
    }
}

/// The kind of that name.
pub(super) fn kind_named(name: &str) -> Option<FileKind> {
    FileKind::ALL.into_iter().find(|kind| kind.name() == name)
}
