//! `/dev/mail`: what was written into the folder, for people and scripts that develop. Mounted in the development
//! tier alone.

use std::io;

use actix_web::http::header;
use actix_web::web::{self, Data, Path, Query};
use actix_web::{HttpResponse, HttpResponseBuilder};
use kernel::PortFailure;
use maud::{Markup, html};
use platform::http::{Problem, kinds, plain_page};
use serde::Deserialize;
use uuid::Uuid;

use crate::infrastructure::folder::{KeptMail, Mailbox};

const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'; \
                           base-uri 'none'; form-action 'none'";
/// A mail carries its looks in attributes. It runs nothing, sends nothing, and belongs to no origin.
const MAIL_POLICY: &str = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; \
                           frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/// Mounts the pages.
pub fn dev_mail(config: &mut web::ServiceConfig, mailbox: Mailbox) {
    config.service(
        web::scope("/dev/mail")
            .app_data(Data::new(mailbox))
            .route("", web::get().to(list))
            .route("/latest.txt", web::get().to(latest))
            .route("/{id}", web::get().to(one))
            .route("/{id}/html", web::get().to(framed)),
    );
}

/// Which mails.
#[derive(Debug, Deserialize)]
struct Wanted {
    /// To this address alone.
    to: Option<String>,
    /// Of this template alone.
    template: Option<String>,
}

impl Wanted {
    async fn of(&self, mailbox: &Mailbox) -> Result<Vec<KeptMail>, Problem> {
        let mut mails = mailbox.latest(self.to.as_deref()).await.map_err(|error| broken(&error))?;
        mails.retain(|mail| self.template.as_ref().is_none_or(|template| *template == mail.template));
        Ok(mails)
    }
}

fn broken(error: &io::Error) -> Problem {
    Problem::internal(&PortFailure::new("read the folder of mail", error.kind().to_string()))
}

fn not_found() -> Problem {
    Problem::of(&kinds::NOT_FOUND)
}

pub(super) fn page(mut answer: HttpResponseBuilder, title: &str, content: &Markup) -> HttpResponse {
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .body(plain_page(title, content).into_string())
}

async fn list(mailbox: Data<Mailbox>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let mails = wanted.of(&mailbox).await?;
    let content = html! {
        h1 { "Mail" }
        p { "In development mail goes nowhere: it is kept in a folder and shown here, the newest first. "
            "For scripts: " code { "/dev/mail/latest.txt?to=address" } ". " a href="/dev/texts" { "Texts" } }
        @if mails.is_empty() { p { "There is none yet." } }
        dl {
            @for mail in &mails {
                dt { a href={ "/dev/mail/" (mail.id) } { (mail.subject) } }
                dd { (mail.to) " · " (mail.at.strftime("%Y-%m-%d %H:%M:%S UTC")) " · " code { (mail.template) } }
            }
        }
    };
    Ok(page(HttpResponse::Ok(), "Mail", &content))
}

async fn one(mailbox: Data<Mailbox>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let mail = found(&mailbox, &id).await?;
    let content = html! {
        h1 { (mail.subject) }
        dl {
            dt { "To" } dd { (mail.to) }
            dt { "Time" } dd { (mail.at.strftime("%Y-%m-%d %H:%M:%S UTC")) }
            dt { "Template" } dd { code { (mail.template) } }
            @if let Some(code) = &mail.code { dt { "Code" } dd { code { (code) } } }
        }
        h2 { "As text" }
        pre { (mail.text) }
        h2 { "As HTML" }
        iframe sandbox="allow-popups" title="The mail as HTML" width="100%" height="480" src={ "/dev/mail/" (mail.id) "/html" } {}
        p { a href="/dev/mail" { "All mail" } }
    };
    Ok(page(HttpResponse::Ok(), &mail.subject, &content))
}

async fn framed(mailbox: Data<Mailbox>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let mail = found(&mailbox, &id).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, MAIL_POLICY))
        .insert_header((header::X_FRAME_OPTIONS, "SAMEORIGIN"))
        .body(mail.html))
}

/// The newest mail as text, with its head before it: `curl -s …/dev/mail/latest.txt?to=… | sed -n 's/^Code: //p'`.
async fn latest(mailbox: Data<Mailbox>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let mail = wanted.of(&mailbox).await?.into_iter().next().ok_or_else(not_found)?;
    let code = mail.code.map_or_else(String::new, |code| format!("Code: {code}\n"));
    let text = format!(
        "Id: {}\nTime: {}\nTo: {}\nTemplate: {}\nSubject: {}\n{code}\n{}",
        mail.id, mail.at, mail.to, mail.template, mail.subject, mail.text
    );
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

async fn found(mailbox: &Mailbox, id: &str) -> Result<KeptMail, Problem> {
    let id: Uuid = id.parse().map_err(|_| not_found())?;
    mailbox.find(id).await.map_err(|error| broken(&error))?.ok_or_else(not_found)
}
