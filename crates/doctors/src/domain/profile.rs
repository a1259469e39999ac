use kernel::ClinicId;

use super::fault::{Fault, Faults};
use super::search_text::{search_text, slug};

/// What a doctor says about oneself, and the rules of booking that are one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The clinic the doctor is listed under.
    pub clinic: ClinicId,
    /// Slug of the specialty.
    pub specialty: String,
    /// Given name, 1 to 100 characters.
    pub first_name: String,
    /// Family name, 1 to 100 characters.
    pub last_name: String,
    /// Street and number, 1 to 300 characters.
    pub address: String,
    /// Whole US dollars, up to 100,000.
    pub consultation_price: i32,
    /// A picture at an https address, where there is one.
    pub profile_image_url: Option<String>,
    /// In practice since so many years, up to 80.
    pub years_experience: i16,
    /// About the doctor, up to 4,000 characters.
    pub bio: String,
    /// Language tags (BCP 47), 1 to 20, each once.
    pub languages: Vec<String>,
    /// A visit starts at least so long after it is booked: up to 43,200 minutes, which is 30 days.
    pub minimum_notice_minutes: i32,
    /// A visit is booked at most so many days ahead, 1 to 730.
    pub horizon_days: i32,
    /// So many hours before a visit a patient must say why it is called off, and cannot move it any more: 0 to 168, which
    /// is a week; 0 means never.
    pub change_cutoff_hours: i32,
    /// Can the doctor be found and booked?
    pub active: bool,
}

/// What somebody wants of a profile; what is left out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileDraft {
    /// See [`Profile::clinic`].
    pub clinic: Option<ClinicId>,
    /// Name or slug of a specialty.
    pub specialty: Option<String>,
    /// See [`Profile::first_name`].
    pub first_name: Option<String>,
    /// See [`Profile::last_name`].
    pub last_name: Option<String>,
    /// See [`Profile::address`].
    pub address: Option<String>,
    /// See [`Profile::consultation_price`].
    pub consultation_price: Option<i32>,
    /// See [`Profile::profile_image_url`]; an empty text takes the picture away.
    pub profile_image_url: Option<String>,
    /// See [`Profile::years_experience`].
    pub years_experience: Option<i16>,
    /// See [`Profile::bio`].
    pub bio: Option<String>,
    /// See [`Profile::languages`].
    pub languages: Option<Vec<String>>,
    /// See [`Profile::minimum_notice_minutes`].
    pub minimum_notice_minutes: Option<i32>,
    /// See [`Profile::horizon_days`].
    pub horizon_days: Option<i32>,
    /// See [`Profile::change_cutoff_hours`].
    pub change_cutoff_hours: Option<i32>,
    /// See [`Profile::active`].
    pub active: Option<bool>,
}

impl Profile {
    /// A new doctor: 60 minutes of notice, 90 days of horizon and the address `at` of the clinic, unless something else
    /// is said.
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn create(draft: &ProfileDraft, at: &str) -> Result<Self, Vec<Fault>> {
        let mut missing = Vec::new();
        for (field, there) in [
            ("clinic_id", draft.clinic.is_some()),
            ("specialty", draft.specialty.is_some()),
            ("first_name", draft.first_name.is_some()),
            ("last_name", draft.last_name.is_some()),
            ("consultation_price", draft.consultation_price.is_some()),
            ("years_experience", draft.years_experience.is_some()),
            ("languages", draft.languages.is_some()),
        ] {
            if !there {
                missing.push(Fault::required(field));
            }
        }
        let blank = Self {
            clinic: draft.clinic.unwrap_or_else(|| ClinicId::from_uuid(uuid::Uuid::nil())),
            specialty: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            address: at.to_owned(),
            consultation_price: 0,
            profile_image_url: None,
            years_experience: 0,
            bio: String::new(),
            languages: Vec::new(),
            minimum_notice_minutes: 60,
            horizon_days: 90,
            change_cutoff_hours: 0,
            active: true,
        };
        match blank.changed_by(draft) {
            Ok(profile) if missing.is_empty() => Ok(profile),
            Ok(_) => Err(missing),
            Err(mut faults) => {
                faults.extend(missing);
                Err(faults)
            }
        }
    }

    /// The profile as `draft` wants it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn changed_by(&self, draft: &ProfileDraft) -> Result<Self, Vec<Fault>> {
        let (mut next, mut faults) = (self.clone(), Faults::default());
        if let Some(clinic) = draft.clinic {
            next.clinic = clinic;
        }
        if let Some(specialty) = &draft.specialty {
            next.specialty = slug(&faults.line("specialty", specialty, 1, 100));
        }
        if let Some(name) = &draft.first_name {
            next.first_name = faults.line("first_name", name, 1, 100);
        }
        if let Some(name) = &draft.last_name {
            next.last_name = faults.line("last_name", name, 1, 100);
        }
        if let Some(address) = &draft.address {
            next.address = faults.line("address", address, 1, 300);
        }
        if let Some(price) = draft.consultation_price {
            faults.within("consultation_price", price, 0, 100_000);
            next.consultation_price = price;
        }
        if let Some(address) = &draft.profile_image_url {
            next.profile_image_url = picture(address, &mut faults);
        }
        if let Some(years) = draft.years_experience {
            faults.within("years_experience", years, 0, 80);
            next.years_experience = years;
        }
        if let Some(bio) = &draft.bio {
            next.bio = faults.lines("bio", bio, 4000);
        }
        if let Some(tags) = &draft.languages {
            next.languages = languages(tags, &mut faults);
        }
        if let Some(minutes) = draft.minimum_notice_minutes {
            faults.within("minimum_notice_minutes", minutes, 0, 43_200);
            next.minimum_notice_minutes = minutes;
        }
        if let Some(days) = draft.horizon_days {
            faults.within("horizon_days", days, 1, 730);
            next.horizon_days = days;
        }
        if let Some(hours) = draft.change_cutoff_hours {
            faults.within("change_cutoff_hours", hours, 0, 168);
            next.change_cutoff_hours = hours;
        }
        if let Some(active) = draft.active {
            next.active = active;
        }
        faults.or(next)
    }

    /// The names of the fields in which `next` differs, as clients know them.
    #[must_use]
    pub fn differences(&self, next: &Self) -> Vec<&'static str> {
        let compared = [
            ("clinic_id", self.clinic == next.clinic),
            ("specialty", self.specialty == next.specialty),
            ("first_name", self.first_name == next.first_name),
            ("last_name", self.last_name == next.last_name),
            ("address", self.address == next.address),
            ("consultation_price", self.consultation_price == next.consultation_price),
            ("profile_image_url", self.profile_image_url == next.profile_image_url),
            ("years_experience", self.years_experience == next.years_experience),
            ("bio", self.bio == next.bio),
            ("languages", self.languages == next.languages),
            ("minimum_notice_minutes", self.minimum_notice_minutes == next.minimum_notice_minutes),
            ("horizon_days", self.horizon_days == next.horizon_days),
            ("change_cutoff_hours", self.change_cutoff_hours == next.change_cutoff_hours),
            ("active", self.active == next.active),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }

    /// What a search finds the doctor by.
    #[must_use]
    pub fn search_text(&self) -> String {
        search_text(&format!("{} {} {}", self.first_name, self.last_name, self.bio))
    }
}

fn picture(address: &str, faults: &mut Faults) -> Option<String> {
    let address = address.trim();
    if address.is_empty() {
        return None;
    }
    let plain = address.len() <= 500 && address.bytes().all(|byte| byte.is_ascii_graphic());
    let host = address.strip_prefix("https://").and_then(|rest| rest.split(['/', '?', '#']).next());
    if !plain || host.is_none_or(|host| host.is_empty() || host.contains('@')) {
        faults.0.push(Fault::new("profile_image_url", "url", "must be an https address of at most 500 characters"));
    }
    Some(address.to_owned())
}

fn languages(tags: &[String], faults: &mut Faults) -> Vec<String> {
    if !(1..=20).contains(&tags.len()) {
        faults.0.push(Fault::new("languages", "length", "must have 1 to 20 entries"));
        return Vec::new();
    }
    let mut known: Vec<String> = Vec::new();
    for (at, tag) in tags.iter().enumerate() {
        let field = format!("languages[{at}]");
        if !is_language_tag(tag) {
            faults.0.push(Fault::new(field, "language", "must be a language tag such as en"));
        } else if known.contains(tag) {
            faults.0.push(Fault::new(field, "duplicate", "is named twice"));
        } else {
            known.push(tag.clone());
        }
    }
    known
}

/// The form of RFC 5646: a language of two to eight letters, then parts of up to eight letters and digits.
fn is_language_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    tag.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> ProfileDraft {
        ProfileDraft {
            clinic: Some(ClinicId::mint()),
            specialty: Some("Internal Medicine".into()),
            first_name: Some("  José  María ".into()),
            last_name: Some("Álvarez".into()),
            consultation_price: Some(150),
            years_experience: Some(4),
            languages: Some(vec!["en".into(), "pt-BR".into()]),
            ..ProfileDraft::default()
        }
    }

    fn told(profile: Result<Profile, Vec<Fault>>) -> Vec<String> {
        let faults = profile.err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
    }

    #[test]
    fn a_new_doctor_has_the_usual_notice_and_horizon_and_is_found_without_accents() {
        let profile = Profile::create(&draft(), "1 Street").unwrap();
        assert_eq!((profile.minimum_notice_minutes, profile.horizon_days, profile.active), (60, 90, true));
        assert_eq!((profile.specialty.as_str(), profile.first_name.as_str()), ("internal-medicine", "José María"));
        assert_eq!(profile.search_text(), "jose maria alvarez");
    }

    #[test]
    fn all_that_is_missing_or_wrong_is_told_at_once() {
        let bad = ProfileDraft {
            first_name: Some(" ".into()),
            bio: Some("x".repeat(4001)),
            consultation_price: Some(-1),
            languages: Some(vec!["english please".into(), "fr".into(), "fr".into()]),
            profile_image_url: Some("javascript:alert(1)".into()),
            horizon_days: Some(0),
            change_cutoff_hours: Some(169),
            ..ProfileDraft::default()
        };
        assert_eq!(
            told(Profile::create(&bad, "1 Street")),
            [
                "first_name:length",
                "consultation_price:range",
                "profile_image_url:url",
                "bio:length",
                "languages[0]:language",
                "languages[2]:duplicate",
                "horizon_days:range",
                "change_cutoff_hours:range",
                "clinic_id:required",
                "specialty:required",
                "last_name:required",
                "years_experience:required",
            ]
        );
    }

    #[test]
    fn a_change_touches_what_it_names_and_nothing_else() {
        let before = Profile::create(&draft(), "1 Street").unwrap();
        let wish =
            ProfileDraft { bio: Some("Two\nlines".into()), last_name: Some("Álvarez".into()), ..Default::default() };
        let after = before.changed_by(&wish).unwrap();
        assert_eq!(before.differences(&after), ["bio"]);
        assert!(before.differences(&before.changed_by(&ProfileDraft::default()).unwrap()).is_empty());
        let none = ProfileDraft { profile_image_url: Some(String::new()), ..Default::default() };
        assert_eq!(after.changed_by(&none).unwrap().profile_image_url, None);
        let evil = ProfileDraft { profile_image_url: Some("https://a@b/x".into()), ..Default::default() };
        assert_eq!(told(after.changed_by(&evil)), ["profile_image_url:url"]);
    }
}
