//! `/dev/texts`: texts that were written into the folder, for people and scripts that develop. Mounted in the
//! development tier alone.

use std::io;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Query};
use kernel::PortFailure;
use maud::html;
use platform::http::{Problem, kinds};
use serde::Deserialize;

use super::dev_mail::page;
use crate::infrastructure::text_folder::{KeptText, TextFolder};

/// Mounts the pages.
pub fn dev_texts(config: &mut web::ServiceConfig, folder: TextFolder) {
    config.service(
        web::scope("/dev/texts")
            .app_data(Data::new(folder))
            .route("", web::get().to(list))
            .route("/latest.txt", web::get().to(latest)),
    );
}

/// Which texts.
#[derive(Debug, Deserialize)]
struct Wanted {
    /// To this number alone.
    to: Option<String>,
    /// Of this template alone.
    template: Option<String>,
}

impl Wanted {
    async fn of(&self, folder: &TextFolder) -> Result<Vec<KeptText>, Problem> {
        let broken = |error: io::Error| {
            Problem::internal(&PortFailure::new("read the folder of texts", error.kind().to_string()))
        };
        let mut texts = folder.latest(self.to.as_deref()).await.map_err(broken)?;
        texts.retain(|text| self.template.as_ref().is_none_or(|template| *template == text.template));
        Ok(texts)
    }
}

async fn list(folder: Data<TextFolder>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let texts = wanted.of(&folder).await?;
    let content = html! {
        h1 { "Texts" }
        p { "In development texts go nowhere: they are kept in a folder and shown here, the newest first. "
            "For scripts: " code { "/dev/texts/latest.txt?to=number" } ". " a href="/dev/mail" { "Mail" } }
        @if texts.is_empty() { p { "There is none yet." } }
        dl {
            @for text in &texts {
                dt { (text.words) }
                dd { (text.to) " · " (text.at.strftime("%Y-%m-%d %H:%M:%S UTC")) " · " code { (text.template) } }
            }
        }
    };
    Ok(page(HttpResponse::Ok(), "Texts", &content))
}

/// The newest text, with its head before it.
async fn latest(folder: Data<TextFolder>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let text = wanted.of(&folder).await?.into_iter().next().ok_or_else(|| Problem::of(&kinds::NOT_FOUND))?;
    let said =
        format!("Id: {}\nTime: {}\nTo: {}\nTemplate: {}\n\n{}\n", text.id, text.at, text.to, text.template, text.words);
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(said))
}
