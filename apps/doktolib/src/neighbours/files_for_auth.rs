use appointments::infrastructure::PgVisitRecords;
use async_trait::async_trait;
use auth::application::{Attached, Attachments, Found, PersonalRecords, Pieces, RecordFile};
use files::domain::VersionId;
use files::infrastructure::{CopiedFiles, FileCopies};
use futures_util::StreamExt as _;
use kernel::{PortFailure, UserId};
use platform::storage::Found as FoundContent;

/// Files are in the copy of what is stored about people, with their contents.
pub struct FilesForAuth {
    pub(crate) copies: FileCopies,
    pub(crate) patients: PgVisitRecords,
}

impl FilesForAuth {
    async fn copied(&self, user: UserId) -> Result<CopiedFiles, PortFailure> {
        self.copies.of(&self.patients.cared_for(user).await?).await
    }
}

#[async_trait]
impl PersonalRecords for FilesForAuth {
    async fn of(&self, user: UserId) -> Result<Found, PortFailure> {
        let copied = self.copied(user).await?;
        let about = "Files of yours and of the people you look after, each version with what was read in it; `content` \
                     tells where in this copy it lies. Deleted ones are kept for as long as the law asks.";
        let json = serde_json::to_string_pretty(&copied.rows).unwrap_or_default();
        Ok(Found { files: vec![RecordFile { name: "files.json", about, json }], subjects: copied.subjects })
    }
}

struct Content(FoundContent);

#[async_trait]
impl Pieces for Content {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, PortFailure> {
        Ok(self.0.body.next().await.transpose()?.map(|piece| piece.to_vec()))
    }
}

#[async_trait]
impl Attachments for FilesForAuth {
    async fn of(&self, user: UserId) -> Result<Vec<Attached>, PortFailure> {
        let copied = self.copied(user).await?;
        Ok(copied.contents.into_iter().map(|(id, path)| Attached { id: id.as_uuid(), path }).collect())
    }

    async fn open(&self, one: &Attached) -> Result<Option<Box<dyn Pieces>>, PortFailure> {
        let found = self.copies.open(VersionId::from_uuid(one.id)).await?;
        Ok(found.map(|found| Box::new(Content(found)) as Box<dyn Pieces>))
    }
}
