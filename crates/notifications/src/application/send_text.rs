use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::ports::NotSent;
use super::send_letter::SendError;
use crate::domain::{Language, NoticeError, TextNotice};

/// A text message that goes out.
#[derive(Clone, PartialEq, Eq)]
pub struct OutgoingText {
    /// Of the message in the outbox: the same text always has the same one.
    pub id: Uuid,
    /// When the change it tells of was made.
    pub at: Timestamp,
    /// Phone number in international form (E.164).
    pub to: String,
    /// Name of the template.
    pub template: &'static str,
    /// What it says.
    pub words: String,
}

impl std::fmt::Debug for OutgoingText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutgoingText").field("id", &self.id).field("template", &self.template).finish_non_exhaustive()
    }
}

/// Takes texts to phones. It may get the same text again after it was interrupted.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Texts: Send + Sync {
    /// Hands the text over; with `Ok` somebody else is answerable for it, who may call it by a name.
    async fn deliver(&self, text: &OutgoingText) -> Result<Option<String>, NotSent>;
}

/// A text as it was posted with a change.
#[derive(Clone)]
pub struct PostedText {
    /// Of its message.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Name of the template.
    pub template: String,
    /// Phone number in international form.
    pub to: String,
    /// BCP 47 tag.
    pub language: String,
    /// What the template shows, by name.
    pub values: BTreeMap<String, String>,
}

/// Puts a text into words and hands it over.
pub struct SendText {
    /// How texts get away.
    pub texts: Arc<dyn Texts>,
}

impl SendText {
    /// Sends it; nobody's rights are asked for, because the change that posted it was allowed. Gives what the other
    /// side calls it.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn run(&self, posted: PostedText) -> Result<Option<String>, SendError> {
        let notice = TextNotice::parse(&posted.template, &posted.values)?;
        let template = notice.template();
        let too_long = NoticeError::Unusable { template, value: "message" };
        let words = notice.words(Language::of_tag(&posted.language)).ok_or(too_long)?;
        let text = OutgoingText { id: posted.id, at: posted.at, to: posted.to, template, words };
        match self.texts.deliver(&text).await {
            Ok(name) => Ok(name),
            Err(NotSent::Refused(why)) => Err(SendError::Refused(why)),
            Err(NotSent::Failed(failure)) => Err(SendError::Failed(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::PortFailure;

    use super::*;

    fn posted(template: &str, message: &str) -> PostedText {
        let values = [("clinic", "Riverside"), ("message", message)];
        PostedText {
            id: Uuid::nil(),
            at: "2027-03-01T12:00:00Z".parse().unwrap(),
            template: template.into(),
            to: "+12125550100".into(),
            language: "fr-CA".into(),
            values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }

    #[tokio::test]
    async fn a_text_goes_out_in_the_readers_language_under_the_id_of_its_message() {
        let mut texts = MockTexts::new();
        texts.expect_deliver().once().returning(|text| {
            assert_eq!((text.id, text.to.as_str()), (Uuid::nil(), "+12125550100"));
            assert!(text.words.starts_with("Riverside vous écrit : Bonjour"), "{}", text.words);
            Ok(Some("SM1".into()))
        });
        let sent = SendText { texts: Arc::new(texts) }.run(posted("clinic-message", "Bonjour")).await;
        assert_eq!(sent.unwrap().as_deref(), Some("SM1"));
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_not_handed_over() {
        for (template, message) in [("nonsense", "x"), ("clinic-message", ""), ("clinic-message", &"x".repeat(350))] {
            let mut texts = MockTexts::new();
            texts.expect_deliver().never();
            let refused = SendText { texts: Arc::new(texts) }.run(posted(template, message)).await;
            assert!(matches!(refused, Err(SendError::Notice(_))), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_for_good_is_told_from_a_failure_that_may_pass() {
        let mut texts = MockTexts::new();
        texts.expect_deliver().once().returning(|_| Err(NotSent::Refused("no such number".into())));
        let refused = SendText { texts: Arc::new(texts) }.run(posted("clinic-message", "x")).await;
        assert!(matches!(&refused, Err(SendError::Refused(why)) if why == "no such number"), "{refused:?}");
        let mut texts = MockTexts::new();
        texts.expect_deliver().once().returning(|_| Err(PortFailure::new("send a text", "away").into()));
        let failed = SendText { texts: Arc::new(texts) }.run(posted("clinic-message", "x")).await;
        assert!(matches!(failed, Err(SendError::Failed(_))));
    }
}
