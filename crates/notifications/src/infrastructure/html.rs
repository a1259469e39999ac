//! A letter as HTML: whole in itself, nothing is loaded from anywhere.

use maud::{DOCTYPE, html};

use crate::domain::{Language, Part, Wording};

// Mail programs know no stylesheets, only attributes.
const BODY: &str = "margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif";
const SHEET: &str = "max-width:560px;margin:0 auto";
const CODE: &str = "font:600 28px/1.3 ui-monospace,monospace;letter-spacing:4px;padding:12px 16px;margin:16px 0;border:1px solid #8886;border-radius:8px;word-break:break-all";
const BUTTON: &str =
    "display:inline-block;padding:10px 18px;border-radius:8px;background:#0b5cad;color:#ffffff;text-decoration:none";
const SMALL: &str = "font-size:13px;color:#777777;border-top:1px solid #8886;margin-top:24px;padding-top:12px";
const ADDRESS: &str = "font-size:13px;color:#777777;word-break:break-all";

pub fn page(wording: &Wording, language: Language) -> String {
    let [who, answers] = wording.closing;
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (wording.subject) }
            }
            body style=(BODY) {
                div style=(SHEET) {
                    p { (wording.greeting) }
                    @for part in &wording.parts {
                        @match part {
                            Part::Say(sentence) => p { (sentence) },
                            Part::Code(code) => p style=(CODE) { (code) },
                            Part::Link { label, url } => {
                                p { a href=(url) style=(BUTTON) { (label) } }
                                p style=(ADDRESS) { (url) }
                            },
                            Part::List(lines) => {
                                ul {
                                    @for (line, url) in lines {
                                        li {
                                            @if let Some(url) = url { a href=(url) { (line) } } @else { (line) }
                                        }
                                    }
                                }
                            },
                            Part::Facts(facts) => {
                                ul {
                                    @for (name, value) in facts {
                                        li { (name) ": " strong { (value) } }
                                    }
                                }
                            },
                        }
                    }
                    p style=(SMALL) { (who) br; (answers) }
                }
            }
        }
    }
    .into_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Notice, TEMPLATES};

    const SITE: &str = "https://doktolib.example";

    #[test]
    fn hostile_values_of_every_template_stay_text() {
        let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>&lt;'";
        for (template, values) in TEMPLATES {
            let given = values
                .iter()
                .map(|(name, value)| {
                    let value = match *name {
                        "name" | "doctor" | "clinic" | "when" | "until" | "dates" | "reason_given" => {
                            hostile.to_owned()
                        }
                        "code" | "link_code" => "\"><b>1</b>".to_owned(),
                        _ => value.replace("{site}", SITE),
                    };
                    ((*name).to_owned(), value)
                })
                .collect();
            let notice = Notice::parse(template, &given, SITE).unwrap();
            for language in Language::ALL {
                let page = page(&Wording::of(&notice, language), language);
                for bad in ["<script", "<img", "<b>", "\">\"", "&lt;&lt;", "\"><"] {
                    let from_us = page.matches(bad).count();
                    let plain = self::page(&Wording::of(&Notice::sample(template, SITE).unwrap(), language), language);
                    assert_eq!(from_us, plain.matches(bad).count(), "{template}: {bad}\n{page}");
                }
            }
        }
    }

    #[test]
    fn nothing_is_loaded_from_anywhere_and_links_lead_home() {
        for (template, _) in TEMPLATES {
            let wording = Wording::of(&Notice::sample(template, SITE).unwrap(), Language::English);
            let page = page(&wording, Language::English);
            for loaded in ["src=", "<link", "<style", "<script", "url(", "@import", "<iframe", "<form", "<object"] {
                assert!(!page.contains(loaded), "{template}: {loaded}");
            }
            for link in page.split("href=\"").skip(1) {
                assert!(link.starts_with(SITE), "{template}: {link}");
            }
        }
    }
}
