//! Mail that goes nowhere: it is kept in a folder, for development.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::PortFailure;
use serde::{Deserialize, Serialize};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use super::html;
use super::mime::{Letterhead, NoAddress, Sender};
use crate::application::{Mail, NotSent, Post};

/// Most mails that are listed.
const LISTED: usize = 100;

/// A mail of the folder.
#[derive(Clone, Serialize, Deserialize)]
pub struct KeptMail {
    /// Of its message.
    pub id: Uuid,
    /// When the change it tells of was made.
    pub at: Timestamp,
    /// E-mail address.
    pub to: String,
    /// Name of the template.
    pub template: String,
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
    /// The code it carries.
    pub code: Option<String>,
}

/// A folder of mail. Each lies there twice: as `.eml` for mail programs, and as `.json` for the pages.
#[derive(Debug, Clone)]
pub struct Mailbox {
    folder: PathBuf,
}

impl Mailbox {
    /// The folder need not exist before the first mail.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The latest mails, the newest first, 100 at most; those to one address when it is named.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn latest(&self, to: Option<&str>) -> io::Result<Vec<KeptMail>> {
        let mut mails = Vec::new();
        for id in newest(&self.folder).await? {
            if mails.len() == LISTED {
                break;
            }
            let mail = self.find(id).await?;
            mails.extend(mail.filter(|mail| to.is_none_or(|to| mail.to.eq_ignore_ascii_case(to.trim()))));
        }
        Ok(mails)
    }

    /// One mail.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub async fn find(&self, id: Uuid) -> io::Result<Option<KeptMail>> {
        match fs::read(self.folder.join(format!("{id}.json"))).await {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn keep(&self, mail: &KeptMail, eml: &[u8]) -> io::Result<PathBuf> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).await?;
        let file = self.folder.join(format!("{}.eml", mail.id));
        write(&file, eml).await?;
        write(&self.folder.join(format!("{}.json", mail.id)), &serde_json::to_vec(mail)?).await?;
        Ok(file)
    }
}

/// Whole or not at all; a second time changes nothing.
pub(super) async fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.new", Uuid::now_v7().simple()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).await?;
    file.write_all(content).await?;
    file.flush().await?;
    drop(file);
    fs::rename(&beside, path).await
}

/// Puts mail into a folder.
pub struct FolderPost {
    mailbox: Mailbox,
    head: Letterhead,
}

impl FolderPost {
    /// Of an installation that clients reach at `public_url`.
    #[must_use]
    pub fn new(mailbox: Mailbox, from: Sender, public_url: &str) -> Self {
        Self { mailbox, head: Letterhead::new(from, public_url) }
    }
}

#[async_trait]
impl Post for FolderPost {
    async fn deliver(&self, mail: &Mail) -> Result<(), NotSent> {
        let refused = |NoAddress| NotSent::Refused("the address cannot be written to".to_owned());
        let message = self.head.message(mail).map_err(refused)?;
        let kept = KeptMail {
            id: mail.id,
            at: mail.at,
            to: mail.to.trim().to_owned(),
            template: mail.template.to_owned(),
            subject: mail.wording.subject.to_owned(),
            text: mail.wording.text(),
            html: html::page(&mail.wording, mail.language),
            code: mail.wording.code().map(str::to_owned),
        };
        let file = self.mailbox.keep(&kept, &message.formatted()).await;
        let file = file.map_err(|error| PortFailure::new("write mail into a folder", error))?;
        tracing::info!(template = mail.template, file = %file.display(), "mail written");
        Ok(())
    }
}

/// The ids of what lies in the folder, the newest first; none where there is no folder yet.
pub(super) async fn newest(folder: &Path) -> io::Result<Vec<Uuid>> {
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids: Vec<Uuid> = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        ids.extend(name.to_str().and_then(|name| name.strip_suffix(".json")?.parse::<Uuid>().ok()));
    }
    // Ids are of version 7: they begin with the time.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::domain::{Language, Notice, Wording};

    fn mail(template: &'static str, to: &str) -> Mail {
        let notice = Notice::sample(template, "http://localhost:8080").unwrap();
        let wording = Wording::of(&notice, Language::English);
        let at = "2027-03-01T12:00:00Z".parse().unwrap();
        Mail { id: Uuid::now_v7(), at, to: to.into(), template, language: Language::English, wording, calendar: None }
    }

    #[tokio::test]
    async fn mail_is_found_again_the_newest_first_and_a_second_delivery_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mailbox = Mailbox::new(folder.path().join("deep/mail"));
        assert_eq!(mailbox.latest(None).await.unwrap().len(), 0);
        let from: Sender = "doktolib@localhost".parse().unwrap();
        let post = FolderPost::new(mailbox.clone(), from, "http://localhost:8080");
        let first = mail("sign-in-code", "ada@example.org");
        for mail in [&first, &mail("password-changed", "ben@example.org"), &first] {
            post.deliver(mail).await.unwrap();
        }
        let kept = mailbox.latest(None).await.unwrap();
        assert_eq!(
            kept.iter().map(|mail| mail.template.as_str()).collect::<Vec<_>>(),
            ["password-changed", "sign-in-code"]
        );
        let kept = mailbox.latest(Some(" ADA@example.org")).await.unwrap();
        assert_eq!((kept.len(), kept[0].code.as_deref(), kept[0].id), (1, Some("123456"), first.id));
        assert!(
            mailbox.find(first.id).await.unwrap().is_some() && mailbox.find(Uuid::now_v7()).await.unwrap().is_none()
        );

        let eml = folder.path().join(format!("deep/mail/{}.eml", first.id));
        let text = std::fs::read_to_string(&eml).unwrap();
        assert!(text.contains(&format!("Message-ID: <{}@localhost>\r\n", first.id)), "{text}");
        assert_eq!(std::fs::metadata(&eml).unwrap().permissions().mode() & 0o777, 0o600);
        let files = std::fs::read_dir(eml.parent().unwrap()).unwrap().count();
        assert_eq!(files, 4, "nothing half-written is left");

        let refused = post.deliver(&mail("no-account", "nobody")).await;
        assert!(matches!(refused, Err(NotSent::Refused(_))), "{refused:?}");
    }
}
