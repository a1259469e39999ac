//! What operators do about mail and messages.

use clap::Subcommand;
use notifications::domain::{Language, Notice, TEMPLATES, TEXT_TEMPLATES, TextNotice, Wording, segments};
use uuid::Uuid;

use crate::application::Application;
use crate::server::Failure;

/// Commands about mail.
#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Print a letter as text, with sample values
    Preview {
        /// Name of a template; all when left out
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(TEMPLATES.map(|(name, _)| name)))]
        template: Option<String>,
        /// en or fr
        #[arg(long, default_value = "en", value_parser = ["en", "fr"])]
        language: String,
    },
    /// Print text messages, with sample values, and in how many parts they are sent
    Texts {
        /// Name of a template; all when left out
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(TEXT_TEMPLATES.map(|(name, _)| name)))]
        template: Option<String>,
        /// en or fr
        #[arg(long, default_value = "en", value_parser = ["en", "fr"])]
        language: String,
    },
}

/// Commands about the outbox.
#[derive(Debug, Subcommand)]
pub enum OutboxCommand {
    /// List the messages that were given up, the newest first
    Failed,
    /// Let messages that were given up be tried again; exit code 1 when there is none
    Retry {
        /// Id of the message
        #[arg(required_unless_present = "all")]
        id: Option<Uuid>,
        /// All of them
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

impl MailCommand {
    /// The text to print. Needs no configuration.
    ///
    /// # Errors
    /// None that the command line lets through.
    pub fn text(&self) -> Result<String, Failure> {
        let (template, language) = match self {
            Self::Texts { template, language } => {
                return texts(template.as_deref(), Language::of_tag(language));
            }
            Self::Preview { template, language } => (template, Language::of_tag(language)),
        };
        let mut text = String::new();
        for (name, _) in TEMPLATES.iter().filter(|(name, _)| template.as_deref().is_none_or(|wanted| wanted == *name)) {
            let wording = Wording::of(&Notice::sample(name, "https://doktolib.example")?, language);
            if template.is_none() {
                text.push_str(&format!("==== {name}\n"));
            }
            text.push_str(&format!("Subject: {}\n\n{}", wording.subject, wording.text()));
        }
        Ok(text)
    }
}

fn texts(wanted: Option<&str>, language: Language) -> Result<String, Failure> {
    let mut text = String::new();
    for (name, _) in TEXT_TEMPLATES.iter().filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name)) {
        let words = TextNotice::sample(name)?.words(language).ok_or("a sample does not fit into a text")?;
        text.push_str(&format!("==== {name} ({} parts)\n{words}\n", segments(&words)));
    }
    Ok(text)
}

impl OutboxCommand {
    /// Does it; false when there was nothing to do it to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn run(&self, application: &Application) -> Result<bool, Failure> {
        match self {
            Self::Failed => {
                let failed = application.courier.outbox().failed().await?;
                println!("{} messages were given up", failed.len());
                for message in &failed {
                    println!(
                        "{}  {}  {}  after {} tries: {}",
                        message.id, message.failed_at, message.topic, message.attempts, message.last_error
                    );
                }
                Ok(true)
            }
            Self::Retry { id, .. } => {
                let count = application.steps.retry_messages(*id, application.clock.now()).await?;
                println!("{count} messages are tried again");
                Ok(count > 0)
            }
        }
    }
}
