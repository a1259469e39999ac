use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kernel::PortFailure;
use uuid::Uuid;

use super::ports::{CalendarFile, Mail, NotSent, Post};
use crate::domain::{Language, Notice, NoticeError, Wording};

/// A letter as it was posted with a change.
#[derive(Clone)]
pub struct Posted {
    /// Of its message.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Name of the template.
    pub template: String,
    /// E-mail address.
    pub to: String,
    /// BCP 47 tag.
    pub language: String,
    /// What the template shows, by name.
    pub values: BTreeMap<String, String>,
    /// A file for the reader's calendar.
    pub calendar: Option<CalendarFile>,
}

/// Why a letter was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Template and values do not fit.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// The address or the mail is refused for good.
    #[error("{0}")]
    Refused(String),
    /// It may work later.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Makes mail of a letter and hands it to the post.
pub struct SendLetter {
    /// How mail gets away.
    pub post: Arc<dyn Post>,
    /// Where clients reach this installation; links in mail lead there and nowhere else.
    pub public_url: String,
}

impl SendLetter {
    /// Sends it; nobody's rights are asked for, because the change that posted it was allowed. Gives the name of the
    /// template.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn run(&self, letter: Posted) -> Result<&'static str, SendError> {
        let notice = Notice::parse(&letter.template, &letter.values, &self.public_url)?;
        let language = Language::of_tag(&letter.language);
        let template = notice.template();
        let wording = Wording::of(&notice, language);
        let mail = Mail {
            id: letter.id,
            at: letter.at,
            to: letter.to,
            template,
            language,
            wording,
            calendar: letter.calendar,
        };
        match self.post.deliver(&mail).await {
            Ok(()) => Ok(template),
            Err(NotSent::Refused(why)) => Err(SendError::Refused(why)),
            Err(NotSent::Failed(failure)) => Err(SendError::Failed(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ports::MockPost;
    use super::*;

    fn letter(template: &str) -> Posted {
        let values = [("code", "123456"), ("minutes", "10")];
        Posted {
            id: Uuid::nil(),
            at: "2027-03-01T12:00:00Z".parse().unwrap(),
            template: template.into(),
            to: "ada@example.org".into(),
            language: "fr-CA".into(),
            values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            calendar: None,
        }
    }

    fn use_case(post: MockPost) -> SendLetter {
        SendLetter { post: Arc::new(post), public_url: "https://doktolib.example".into() }
    }

    #[tokio::test]
    async fn a_letter_goes_out_in_the_readers_language_under_the_id_of_its_message() {
        let mut post = MockPost::new();
        post.expect_deliver().once().returning(|mail| {
            assert_eq!((mail.id, mail.to.as_str(), mail.language), (Uuid::nil(), "ada@example.org", Language::French));
            assert_eq!(mail.wording.code(), Some("123456"));
            Ok(())
        });
        assert_eq!(use_case(post).run(letter("sign-in-code")).await.unwrap(), "sign-in-code");
    }

    #[tokio::test]
    async fn a_letter_that_cannot_be_written_is_not_handed_over() {
        let mut post = MockPost::new();
        post.expect_deliver().never();
        let refused = use_case(post).run(letter("nonsense")).await;
        assert!(matches!(refused, Err(SendError::Notice(NoticeError::UnknownTemplate))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_refusal_for_good_is_told_from_a_failure_that_may_pass() {
        let mut post = MockPost::new();
        post.expect_deliver().returning(|_| Err(NotSent::Refused("refused with 550".into())));
        let refused = use_case(post).run(letter("sign-in-code")).await;
        assert!(matches!(&refused, Err(SendError::Refused(why)) if why == "refused with 550"), "{refused:?}");
        let mut post = MockPost::new();
        post.expect_deliver().returning(|_| Err(PortFailure::new("send mail", "away").into()));
        assert!(matches!(use_case(post).run(letter("sign-in-code")).await, Err(SendError::Failed(_))));
    }
}
