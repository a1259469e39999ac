//! Texts that go nowhere: they are kept in a folder, for development.

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::PortFailure;
use serde::{Deserialize, Serialize};
use tokio::fs;
use uuid::Uuid;

use super::folder::{newest, write};
use crate::application::{NotSent, OutgoingText, Texts};

/// Most texts that are listed.
const LISTED: usize = 100;

/// A text of the folder.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptText {
    /// Of its message.
    pub id: Uuid,
    /// When the change it tells of was made.
    pub at: Timestamp,
    /// Phone number.
    pub to: String,
    /// Name of the template.
    pub template: String,
    /// What it says.
    pub words: String,
}

/// A folder of texts, each a `.json` file.
#[derive(Debug, Clone)]
pub struct TextFolder {
    folder: PathBuf,
}

impl TextFolder {
    /// The folder need not exist before the first text.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The latest texts, the newest first, 100 at most; those to one number when it is named.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn latest(&self, to: Option<&str>) -> io::Result<Vec<KeptText>> {
        let mut texts = Vec::new();
        for id in newest(&self.folder).await? {
            if texts.len() == LISTED {
                break;
            }
            let file = fs::read(self.folder.join(format!("{id}.json"))).await?;
            let text: Option<KeptText> = serde_json::from_slice(&file).ok();
            // A plus sign in a query string means a space.
            texts.extend(text.filter(|text| {
                to.is_none_or(|to| text.to.trim_start_matches('+') == to.trim_start_matches([' ', '+']))
            }));
        }
        Ok(texts)
    }
}

#[async_trait]
impl Texts for TextFolder {
    async fn deliver(&self, text: &OutgoingText) -> Result<Option<String>, NotSent> {
        let OutgoingText { id, at, to, template, words } = text.clone();
        let kept = KeptText { id, at, to, template: template.to_owned(), words };
        let failed = |error: io::Error| PortFailure::new("write a text into a folder", error);
        let json = serde_json::to_vec(&kept).map_err(|error| failed(error.into()))?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).await.map_err(failed)?;
        write(&self.folder.join(format!("{id}.json")), &json).await.map_err(failed)?;
        tracing::info!(template, %id, "text written");
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn texts_are_found_again_by_their_number_and_a_second_delivery_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let texts = TextFolder::new(folder.path().join("texts"));
        assert!(texts.latest(None).await.unwrap().is_empty());
        let text = |to: &str, words: &str| OutgoingText {
            id: Uuid::now_v7(),
            at: "2027-03-01T12:00:00Z".parse().unwrap(),
            to: to.into(),
            template: "reminder",
            words: words.into(),
        };
        let first = text("+12125550100", "one");
        for text in [&first, &text("+33612345678", "two"), &first] {
            texts.deliver(text).await.unwrap();
        }
        let said = |kept: Vec<KeptText>| kept.into_iter().map(|text| text.words).collect::<Vec<_>>();
        assert_eq!(said(texts.latest(None).await.unwrap()), ["two", "one"]);
        for number in ["+12125550100", " 12125550100", "12125550100"] {
            assert_eq!(said(texts.latest(Some(number)).await.unwrap()), ["one"], "{number}");
        }
    }
}
