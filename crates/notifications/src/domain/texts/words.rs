//! The words of texts. French keeps to the letters that phones have of their own: no ê, ç or typographic signs.

use jiff::civil::{DateTime, Weekday};

use super::{Seen, TextNotice};
use crate::domain::Language;

/// The text, with no name of a visit longer than `most` characters; without them where that is 0.
pub fn of(notice: &TextNotice, language: Language, most: usize) -> String {
    match language {
        Language::English => english(notice, most),
        Language::French => french(notice, most),
    }
}

fn english(notice: &TextNotice, most: usize) -> String {
    let end = "If you cannot come, please use the link in your mail or call us.";
    match notice {
        TextNotice::Reminder(seen) => format!("Reminder: {}. {end}", visit(seen, Language::English, most)),
        TextNotice::ReminderSeveral(seen) => {
            format!("Reminder of {} appointments: {}. {end}", seen.len(), visits(seen, Language::English, most))
        }
        TextNotice::BookingConfirmed(seen) => format!("Booked: {}. {end}", visit(seen, Language::English, most)),
        TextNotice::ClinicMessage { clinic, message } => {
            format!("{} writes: {} (Please do not reply.)", short(clinic, most.max(9)), plain(message))
        }
    }
}

fn french(notice: &TextNotice, most: usize) -> String {
    let end = "Si vous ne venez pas, utilisez le lien de votre e-mail ou appelez-nous.";
    match notice {
        TextNotice::Reminder(seen) => format!("Rappel : {}. {end}", visit(seen, Language::French, most)),
        TextNotice::ReminderSeveral(seen) => {
            format!("Rappel de {} rendez-vous : {}. {end}", seen.len(), visits(seen, Language::French, most))
        }
        TextNotice::BookingConfirmed(seen) => {
            format!("Rendez-vous pris : {}. {end}", visit(seen, Language::French, most))
        }
        TextNotice::ClinicMessage { clinic, message } => {
            format!("{} vous écrit : {} (Merci de ne pas répondre.)", short(clinic, most.max(9)), plain(message))
        }
    }
}

fn visit(seen: &Seen, language: Language, most: usize) -> String {
    let Seen { doctor, clinic, when } = seen;
    let (date, time) = (date(*when, language), when.strftime("%H:%M"));
    if most == 0 {
        return format!("{date} {time}");
    }
    format!("{date} {time}, {}, {}", short(doctor, most), short(clinic, most))
}

/// The visits of a day; where they take place does not fit.
fn visits(all: &[Seen], language: Language, most: usize) -> String {
    let day = all.first().map(|first| date(first.when, language)).unwrap_or_default();
    let each = |seen: &Seen| match (seen.when.strftime("%H:%M"), most) {
        (time, 0) => time.to_string(),
        (time, _) => format!("{time} {}", short(&seen.doctor, most)),
    };
    let each: Vec<String> = all.iter().map(each).collect();
    format!("{day}, {}", each.join("; "))
}

/// Day of the week and of the year: `Mon 1 Mar 2027`. The year would be missed where clocks and calendars differ.
fn date(when: DateTime, language: Language) -> String {
    let month = usize::from(when.month().unsigned_abs()).saturating_sub(1);
    let (day, month) = match language {
        Language::English => (english_day(when.weekday()), ENGLISH_MONTHS.get(month)),
        Language::French => (french_day(when.weekday()), FRENCH_MONTHS.get(month)),
    };
    format!("{day} {} {} {}", when.day(), month.copied().unwrap_or_default(), when.year())
}

const ENGLISH_MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FRENCH_MONTHS: [&str; 12] =
    ["janv.", "févr.", "mars", "avril", "mai", "juin", "juil.", "aout", "sept.", "oct.", "nov.", "déc."];

const fn english_day(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

const fn french_day(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "lun.",
        Weekday::Tuesday => "mar.",
        Weekday::Wednesday => "mer.",
        Weekday::Thursday => "jeu.",
        Weekday::Friday => "ven.",
        Weekday::Saturday => "sam.",
        Weekday::Sunday => "dim.",
    }
}

/// At most `most` characters of a name.
fn short(name: &str, most: usize) -> String {
    let name = plain(name);
    if name.chars().count() <= most {
        return name;
    }
    let cut: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{}.", cut.trim_end())
}

/// With the plain forms of signs that phones have no letters for.
fn plain(text: &str) -> String {
    let plain = |c: char| match c {
        '’' | '‘' | '`' => '\'',
        '“' | '”' | '«' | '»' => '"',
        '–' | '—' | '‐' | '‑' => '-',
        '\u{a0}' | '\u{202f}' | '\t' => ' ',
        other => other,
    };
    text.replace('…', "...").chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{TEXT_TEMPLATES, segments};
    use super::*;

    #[test]
    fn texts_read_like_this() {
        let said = |template: &str, language| of(&TextNotice::sample(template).unwrap(), language, 60);
        assert_eq!(
            said("reminder", Language::English),
            "Reminder: Mon 1 Mar 2027 09:00, Dr. Mona Sample, Riverside Clinic. If you cannot come, please use the link in your mail or call us."
        );
        assert_eq!(
            said("reminder-several", Language::French),
            "Rappel de 2 rendez-vous : lun. 1 mars 2027, 09:00 Dr. Mona Sample; 14:30 Dr. Emil Model. Si vous ne venez pas, utilisez le lien de votre e-mail ou appelez-nous."
        );
        assert_eq!(plain("l’été – « oui »…"), "l'été - \" oui \"...");
    }

    #[test]
    fn our_own_words_need_no_wide_letters_in_any_month() {
        for (template, _) in TEXT_TEMPLATES {
            for month in 1..=12 {
                let mut notice = TextNotice::sample(template).unwrap();
                if let TextNotice::Reminder(seen) | TextNotice::BookingConfirmed(seen) = &mut notice {
                    seen.when = DateTime::new(2027, month, 28, 9, 0, 0, 0).unwrap();
                }
                for language in Language::ALL {
                    let text = of(&notice, language, 60);
                    assert!(segments(&text) <= 2 && !text.contains(['ê', 'ç', 'û', '’']), "{text}");
                    assert!(text.chars().count() <= 70 || segments(&text.chars().take(150).collect::<String>()) == 1);
                }
            }
        }
    }
}
