use kernel::ClinicId;

use super::fault::{Fault, Faults};
use super::rules::ClinicZone;
use super::search_text::slug;

/// What a clinic is called and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicCard {
    /// 1 to 200 characters.
    pub name: String,
    /// Street and number, 1 to 300 characters.
    pub address: String,
    /// Slug of a city of the catalogue.
    pub city: String,
    /// Two-letter state of the city.
    pub state: String,
    /// IANA zone of its clocks; the city's, unless another one is named.
    pub time_zone: String,
    /// Does it see patients?
    pub active: bool,
}

/// A city of the catalogue, as far as a clinic takes over from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CityFacts {
    /// Its slug.
    pub slug: String,
    /// Two-letter state.
    pub state: String,
    /// IANA zone.
    pub time_zone: String,
}

/// What somebody wants of a clinic; what is left out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClinicDraft {
    /// See [`ClinicCard::name`].
    pub name: Option<String>,
    /// See [`ClinicCard::address`].
    pub address: Option<String>,
    /// Name or slug of a city.
    pub city: Option<String>,
    /// See [`ClinicCard::time_zone`].
    pub time_zone: Option<String>,
    /// See [`ClinicCard::active`].
    pub active: Option<bool>,
}

impl ClinicDraft {
    /// The slug of the city that is meant.
    #[must_use]
    pub fn city_slug(&self) -> Option<String> {
        self.city.as_deref().map(slug)
    }
}

impl ClinicCard {
    /// A new clinic; `city` is what the catalogue has under [`ClinicDraft::city_slug`].
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn create(draft: &ClinicDraft, city: Option<&CityFacts>) -> Result<Self, Vec<Fault>> {
        let given =
            [("name", draft.name.is_some()), ("address", draft.address.is_some()), ("city", draft.city.is_some())];
        let missing: Vec<Fault> =
            given.into_iter().filter(|(_, there)| !there).map(|(field, _)| Fault::required(field)).collect();
        let blank = Self {
            name: String::new(),
            address: String::new(),
            city: String::new(),
            state: String::new(),
            time_zone: String::new(),
            active: true,
        };
        match blank.changed_by(draft, city) {
            Ok(card) if missing.is_empty() => Ok(card),
            Ok(_) => Err(missing),
            Err(mut faults) => {
                faults.extend(missing);
                Err(faults)
            }
        }
    }

    /// The clinic as `draft` wants it. A clinic that moves to another city takes over its zone.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn changed_by(&self, draft: &ClinicDraft, city: Option<&CityFacts>) -> Result<Self, Vec<Fault>> {
        let (mut next, mut faults) = (self.clone(), Faults::default());
        if let Some(name) = &draft.name {
            next.name = faults.line("name", name, 1, 200);
        }
        if let Some(address) = &draft.address {
            next.address = faults.line("address", address, 1, 300);
        }
        match (&draft.city, city) {
            (Some(_), Some(city)) if city.slug != self.city => {
                next.city.clone_from(&city.slug);
                next.state.clone_from(&city.state);
                next.time_zone.clone_from(&city.time_zone);
            }
            (Some(_), None) => faults.0.push(Fault::new("city", "unknown", "is no city of the catalogue")),
            (Some(_), Some(_)) | (None, _) => {}
        }
        if let Some(zone) = &draft.time_zone {
            // Any clinic will do: the name of the zone is what is tried.
            if zone.len() > 64 || ClinicZone::named(ClinicId::from_uuid(uuid::Uuid::nil()), zone).is_err() {
                let message = "must be a zone of the IANA time zone database such as America/New_York";
                faults.0.push(Fault::new("time_zone", "unknown", message));
            }
            next.time_zone.clone_from(zone);
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
            ("name", self.name == next.name),
            ("address", self.address == next.address),
            ("city", self.city == next.city),
            ("time_zone", self.time_zone == next.time_zone),
            ("active", self.active == next.active),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boston() -> CityFacts {
        CityFacts { slug: "boston".into(), state: "MA".into(), time_zone: "America/New_York".into() }
    }

    fn told(card: Result<ClinicCard, Vec<Fault>>) -> Vec<String> {
        let faults = card.err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
    }

    #[test]
    fn a_clinic_takes_state_and_zone_from_its_city_unless_it_names_a_zone() {
        let draft = ClinicDraft {
            name: Some("Harbor".into()),
            address: Some("1 Street".into()),
            city: Some("Boston".into()),
            ..ClinicDraft::default()
        };
        assert_eq!(draft.city_slug().as_deref(), Some("boston"));
        let card = ClinicCard::create(&draft, Some(&boston())).unwrap();
        assert_eq!((card.state.as_str(), card.time_zone.as_str(), card.active), ("MA", "America/New_York", true));
        let zoned = ClinicDraft { time_zone: Some("America/Detroit".into()), ..draft };
        assert_eq!(ClinicCard::create(&zoned, Some(&boston())).unwrap().time_zone, "America/Detroit");

        let elsewhere = CityFacts { slug: "chicago".into(), state: "IL".into(), time_zone: "America/Chicago".into() };
        let moved =
            card.changed_by(&ClinicDraft { city: Some("chicago".into()), ..Default::default() }, Some(&elsewhere));
        assert_eq!(card.differences(&moved.unwrap()), ["city", "time_zone"]);
    }

    #[test]
    fn all_that_is_missing_or_wrong_is_told_at_once() {
        assert_eq!(
            told(ClinicCard::create(&ClinicDraft::default(), None)),
            ["name:required", "address:required", "city:required"]
        );
        let bad = ClinicDraft {
            name: Some(String::new()),
            city: Some("Atlantis".into()),
            time_zone: Some("Mars/Olympus".into()),
            ..ClinicDraft::default()
        };
        assert_eq!(
            told(ClinicCard::create(&bad, None)),
            ["name:length", "city:unknown", "time_zone:unknown", "address:required"]
        );
    }
}
