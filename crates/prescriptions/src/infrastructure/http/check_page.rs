//! The page that the QR code on a paper leads to.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use maud::html;
use platform::http::{Problem, plain_page_in, preferred_language};

use super::PrescriptionsApi;
use crate::application::{Checked, Verdict};
use crate::domain::{CheckCode, State};

const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Mounts the page.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/prescriptions/check/{code}", web::get().to(page));
}

/// What the page says, in a language.
struct Words {
    tag: &'static str,
    title: &'static str,
    valid: (&'static str, &'static str),
    expired: (&'static str, &'static str),
    replaced: (&'static str, &'static str),
    withdrawn: (&'static str, &'static str),
    altered: (&'static str, &'static str),
    unknown: (&'static str, &'static str),
    issued_on: &'static str,
    valid_until: &'static str,
    version: &'static str,
    clinic: &'static str,
    hash: &'static str,
    compare: &'static str,
    nothing_else: &'static str,
}

static ENGLISH: Words = Words {
    tag: "en",
    title: "Check of a prescription",
    valid: ("Valid", "This prescription can be filled."),
    expired: ("Expired", "Its last valid day is over. Do not fill it."),
    replaced: (
        "Replaced",
        "There is a newer version of this prescription. Ask for that paper, and do not fill this one.",
    ),
    withdrawn: ("Withdrawn", "The doctor has withdrawn this prescription. Do not fill it."),
    altered: ("Not confirmed", "What is stored is not what was signed. Do not fill it, and call the clinic."),
    unknown: (
        "Unknown",
        "No prescription was issued under this code. Look for a typing mistake; otherwise do not fill it.",
    ),
    issued_on: "Issued on",
    valid_until: "Valid until",
    version: "Version",
    clinic: "Clinic",
    hash: "Document hash",
    compare: "It has to be the one that is printed at the foot of the paper.",
    nothing_else: "Patient and medicines are not shown here: they stand on the paper alone.",
};

static FRENCH: Words = Words {
    tag: "fr",
    title: "Vérification d’une ordonnance",
    valid: ("Valable", "Cette ordonnance peut être délivrée."),
    expired: ("Expirée", "Son dernier jour de validité est passé. Ne pas délivrer."),
    replaced: (
        "Remplacée",
        "Il existe une version plus récente de cette ordonnance. Demandez-la et ne délivrez pas celle-ci.",
    ),
    withdrawn: ("Annulée", "Le médecin a annulé cette ordonnance. Ne pas délivrer."),
    altered: (
        "Non confirmée",
        "Ce qui est enregistré n’est pas ce qui a été signé. Ne pas délivrer, et appeler la clinique.",
    ),
    unknown: (
        "Inconnue",
        "Aucune ordonnance n’a été émise sous ce code. Cherchez une faute de frappe ; sinon, ne pas délivrer.",
    ),
    issued_on: "Émise le",
    valid_until: "Valable jusqu’au",
    version: "Version",
    clinic: "Clinique",
    hash: "Empreinte du document",
    compare: "Elle doit être celle imprimée au bas de l’ordonnance.",
    nothing_else: "Ni le patient ni les médicaments ne sont montrés ici : ils figurent seulement sur l’ordonnance.",
};

/// In the reader's language; English where nothing of ours is preferred.
fn words(request: &HttpRequest) -> &'static Words {
    let asked = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let preferred = asked.and_then(|asked| preferred_language(asked, &[ENGLISH.tag, FRENCH.tag]));
    if preferred == Some(FRENCH.tag) { &FRENCH } else { &ENGLISH }
}

async fn page(request: HttpRequest, code: Path<String>, api: Data<PrescriptionsApi>) -> Result<HttpResponse, Problem> {
    let found = match code.parse::<CheckCode>() {
        Ok(code) => api.check.by_code(code).await.map_err(|failure| Problem::internal(&failure))?,
        Err(_) => None,
    };
    let words = words(&request);
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_LANGUAGE, words.tag))
        .insert_header((header::VARY, "accept-language"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header(("x-robots-tag", "noindex, nofollow"))
        .body(drawn(words, found.as_ref()).into_string()))
}

fn drawn(words: &Words, found: Option<&Checked>) -> maud::Markup {
    let (verdict, advice) = match found.map(|checked| checked.verdict) {
        None => words.unknown,
        Some(Verdict::Altered) => words.altered,
        Some(Verdict::Known(State::Valid)) => words.valid,
        Some(Verdict::Known(State::Expired)) => words.expired,
        Some(Verdict::Known(State::Replaced)) => words.replaced,
        Some(Verdict::Known(State::Withdrawn)) => words.withdrawn,
    };
    let content = html! {
        p { (words.title) }
        h1 data-testid="prescriptions-check-verdict" { (verdict) }
        p { (advice) }
        @if let Some(checked) = found {
            @let version = &checked.prescription.version;
            dl {
                dt { (words.valid_until) } dd { (version.valid_until) }
                dt { (words.issued_on) } dd { (version.issued_on) }
                dt { (words.version) } dd { (version.number) " / " (checked.prescription.newest) }
                dt { (words.clinic) } dd { (version.heads.clinic) }
                dt { (words.hash) } dd { code { (version.signature.grouped()) } }
            }
            p { (words.compare) }
            p { (words.nothing_else) }
        }
    };
    plain_page_in(words.tag, words.title, &content)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_page_speaks_french_to_those_who_ask_for_it_and_english_to_all_others() {
        for (asked, tag) in [
            ("", "en"),
            ("fr", "fr"),
            ("fr-CA, en;q=0.8", "fr"),
            ("de, en-GB;q=0.5, fr;q=0.9", "fr"),
            ("en, fr", "en"),
            ("fr;q=0", "en"),
            ("xx;q=nonsense", "en"),
        ] {
            let request = TestRequest::default().insert_header((header::ACCEPT_LANGUAGE, asked)).to_http_request();
            assert_eq!(words(&request).tag, tag, "{asked}");
        }
    }
}
