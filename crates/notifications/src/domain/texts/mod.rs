//! All that is told by text message: times, doctors and clinics, never what a visit is for.

mod length;
mod words;

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::samples::Sample;
use super::values::{NoticeError, Values};
use super::{Language, MOST_TEXT_CHARS};

pub use length::segments;

/// The most parts a text may have.
pub const MOST_SEGMENTS: usize = 2;
/// The most visits that a text names.
const MOST_VISITS: u32 = 6;

const SEEN: Sample = &[("doctor", "Dr. Mona Sample"), ("when", "2027-03-01 09:00"), ("clinic", "Riverside Clinic")];

/// Every template of texts, with values for a look at it.
pub const TEXT_TEMPLATES: [(&str, Sample); 4] = [
    ("reminder", SEEN),
    (
        "reminder-several",
        &[
            ("visits", "2"),
            ("doctor_1", "Dr. Mona Sample"),
            ("when_1", "2027-03-01 09:00"),
            ("clinic_1", "Riverside Clinic"),
            ("doctor_2", "Dr. Emil Model"),
            ("when_2", "2027-03-01 14:30"),
            ("clinic_2", "Harbor Clinic"),
        ],
    ),
    ("booking-confirmed", SEEN),
    ("clinic-message", &[("clinic", "Riverside Clinic"), ("message", "Please come ten minutes early tomorrow.")]),
];

/// A visit as a text names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whom they will see.
    pub doctor: String,
    /// Where.
    pub clinic: String,
    /// On the clinic's clock.
    pub when: DateTime,
}

/// A text that can be written: template and values fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextNotice {
    /// `reminder{doctor,when,clinic}`; `when` is `2027-03-01 09:00`.
    Reminder(Seen),
    /// `reminder-several{visits,doctor_1,when_1,clinic_1,…}`: two to six visits on a day.
    ReminderSeveral(Vec<Seen>),
    /// `booking-confirmed{doctor,when,clinic}`.
    BookingConfirmed(Seen),
    /// `clinic-message{clinic,message}`: somebody at the clinic has written it.
    ClinicMessage {
        /// Who writes.
        clinic: String,
        /// What.
        message: String,
    },
}

impl TextNotice {
    /// Reads template and values of a text.
    ///
    /// # Errors
    /// See [`NoticeError`].
    pub fn parse(template: &str, given: &BTreeMap<String, String>) -> Result<Self, NoticeError> {
        let found = TEXT_TEMPLATES.iter().find(|(name, _)| *name == template);
        let template = found.ok_or(NoticeError::UnknownTemplate)?.0;
        let values = Values { template, given, public_url: "" };
        Ok(match template {
            "reminder" => Self::Reminder(seen(&values, ["doctor", "when", "clinic"])?),
            "reminder-several" => {
                let visits = values.number("visits")?;
                if visits > MOST_VISITS {
                    return Err(NoticeError::Unusable { template, value: "visits" });
                }
                let names = NUMBERED.iter().take(usize::try_from(visits).unwrap_or(0));
                Self::ReminderSeveral(names.map(|names| seen(&values, *names)).collect::<Result<_, _>>()?)
            }
            "booking-confirmed" => Self::BookingConfirmed(seen(&values, ["doctor", "when", "clinic"])?),
            "clinic-message" => Self::ClinicMessage {
                clinic: values.text("clinic")?,
                message: values.message("message", MOST_TEXT_CHARS)?,
            },
            _ => return Err(NoticeError::UnknownTemplate),
        })
    }

    /// The name of its template.
    #[must_use]
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Reminder(_) => "reminder",
            Self::ReminderSeveral(_) => "reminder-several",
            Self::BookingConfirmed(_) => "booking-confirmed",
            Self::ClinicMessage { .. } => "clinic-message",
        }
    }

    /// The text in words of this language, of [`MOST_SEGMENTS`] parts at most: names are shortened until it is, and in the
    /// end left out. What
    /// somebody has written is not, so there may be no such text.
    #[must_use]
    pub fn words(&self, language: Language) -> Option<String> {
        [60, 40, 30, 20, 14, 9, 0].into_iter().map(|most| words::of(self, language, most)).find(|text| fits(text))
    }

    /// The text with the values of [`TEXT_TEMPLATES`].
    ///
    /// # Errors
    /// [`NoticeError::UnknownTemplate`].
    pub fn sample(template: &str) -> Result<Self, NoticeError> {
        let found = TEXT_TEMPLATES.iter().find(|(name, _)| *name == template).ok_or(NoticeError::UnknownTemplate)?;
        let given = found.1.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::parse(template, &given)
    }
}

const NUMBERED: [[&str; 3]; 6] = [
    ["doctor_1", "when_1", "clinic_1"],
    ["doctor_2", "when_2", "clinic_2"],
    ["doctor_3", "when_3", "clinic_3"],
    ["doctor_4", "when_4", "clinic_4"],
    ["doctor_5", "when_5", "clinic_5"],
    ["doctor_6", "when_6", "clinic_6"],
];

fn fits(text: &str) -> bool {
    segments(text) <= MOST_SEGMENTS
}

fn seen(values: &Values<'_>, names: [&'static str; 3]) -> Result<Seen, NoticeError> {
    let [doctor, when, clinic] = names;
    let unusable = |_| NoticeError::Unusable { template: values.template, value: when };
    Ok(Seen {
        doctor: values.text(doctor)?,
        clinic: values.text(clinic)?,
        when: DateTime::strptime("%Y-%m-%d %H:%M", values.text(when)?).map_err(unusable)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_fits_two_parts_and_shows_its_values_in_every_language() {
        for (template, values) in TEXT_TEMPLATES {
            let notice = TextNotice::sample(template).unwrap();
            assert_eq!(notice.template(), template);
            for language in Language::ALL {
                let text = notice.words(language).unwrap();
                assert!(segments(&text) <= MOST_SEGMENTS, "{text}");
                assert!(text.is_ascii() || segments(&text.repeat(2)) <= 4, "only the phones' own letters: {text}");
                for (name, value) in
                    values.iter().filter(|(name, _)| !["visits", "clinic_1", "clinic_2"].contains(name))
                {
                    let shown = value.rsplit(' ').next().unwrap();
                    assert!(text.contains(shown), "{template} in {}: {name} in {text}", language.tag());
                }
            }
        }
    }

    #[test]
    fn the_longest_names_in_any_script_still_fit() {
        for letter in ["x", "é", "ł", "李", "😀"] {
            let name = letter.repeat(200);
            for visits in 1..=6 {
                let mut given = BTreeMap::from([("visits".to_owned(), visits.to_string())]);
                for number in 1..=visits {
                    given.insert(format!("doctor_{number}"), name.clone());
                    given.insert(format!("clinic_{number}"), name.clone());
                    given.insert(format!("when_{number}"), format!("2027-03-01 1{number}:00"));
                }
                let notice = TextNotice::parse("reminder-several", &given).unwrap();
                for language in Language::ALL {
                    let text = notice.words(language).unwrap_or_else(|| panic!("{visits} of {letter}"));
                    assert!(text.contains(&format!("1{visits}:00")), "{text}");
                }
            }
            let one = TextNotice::Reminder(Seen {
                doctor: name.clone(),
                clinic: name.clone(),
                when: "2027-03-01T09:00".parse().unwrap(),
            });
            assert!(Language::ALL.into_iter().all(|language| one.words(language).is_some()), "{letter}");
        }
    }

    #[test]
    fn what_somebody_has_written_is_whole_or_not_sent() {
        let written = |message: &str| TextNotice::ClinicMessage { clinic: "Riverside".into(), message: message.into() };
        let text = written(&"a".repeat(240)).words(Language::English).unwrap();
        assert!(text.contains(&"a".repeat(240)) && text.starts_with("Riverside"), "{text}");
        assert_eq!(written(&"a".repeat(300)).words(Language::English), None);
        assert_eq!(written(&"ł".repeat(130)).words(Language::French), None);
    }

    #[test]
    fn a_missing_value_and_a_time_that_is_none_are_told_by_name() {
        let given = |when: &str| {
            [("doctor", "A"), ("clinic", "B"), ("when", when)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        };
        let unusable = Err(NoticeError::Unusable { template: "reminder", value: "when" });
        assert_eq!(TextNotice::parse("reminder", &given("tomorrow")), unusable);
        let missing = Err(NoticeError::Missing { template: "reminder", value: "when" });
        assert_eq!(TextNotice::parse("reminder", &given("")), missing);
        assert_eq!(TextNotice::parse("sign-in-code", &BTreeMap::new()), Err(NoticeError::UnknownTemplate));
    }
}
