use kernel::{ClinicId, Money, VisitTypeId};

use super::fault::{Fault, Faults};
use super::resource::is_resource_kind;
use super::visit_type::{VisitMode, VisitType};

/// What somebody wants of a visit type; what is left out stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VisitTypeDraft {
    /// See [`VisitType::name`].
    pub name: Option<String>,
    /// See [`VisitType::mode`].
    pub mode: Option<VisitMode>,
    /// See [`VisitType::duration_minutes`].
    pub duration_minutes: Option<u16>,
    /// See [`VisitType::grid_minutes`]; a new type's is its duration.
    pub grid_minutes: Option<u16>,
    /// See [`VisitType::buffer_before`].
    pub buffer_before: Option<u16>,
    /// See [`VisitType::buffer_after`].
    pub buffer_after: Option<u16>,
    /// In cents, up to 10,000,000.
    pub price: Option<i64>,
    /// See [`VisitType::open_to_new_patients`].
    pub open_to_new_patients: Option<bool>,
    /// See [`VisitType::is_default`].
    pub is_default: Option<bool>,
    /// See [`VisitType::resource_kind`]; `Some(None)` is none.
    pub resource_kind: Option<Option<String>>,
}

impl VisitType {
    /// A new visit type; the first one a doctor offers is the default one, whatever is said.
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn create(draft: &VisitTypeDraft, clinic: ClinicId, is_first: bool) -> Result<Self, Vec<Fault>> {
        let given = [
            ("name", draft.name.is_some()),
            ("mode", draft.mode.is_some()),
            ("duration_minutes", draft.duration_minutes.is_some()),
            ("price", draft.price.is_some()),
        ];
        let missing: Vec<Fault> =
            given.into_iter().filter(|(_, there)| !there).map(|(field, _)| Fault::required(field)).collect();
        let duration = draft.duration_minutes.unwrap_or(30);
        let blank = Self {
            id: VisitTypeId::mint(),
            clinic,
            name: String::new(),
            mode: VisitMode::InPerson,
            duration_minutes: duration,
            grid_minutes: duration,
            buffer_before: 0,
            buffer_after: 0,
            price: Money::cents(0),
            open_to_new_patients: true,
            is_default: false,
            resource_kind: None,
        };
        match blank.changed_by(draft) {
            Ok(made) if missing.is_empty() => Ok(Self { is_default: made.is_default || is_first, ..made }),
            Ok(_) => Err(missing),
            Err(mut faults) => {
                faults.extend(missing);
                Err(faults)
            }
        }
    }

    /// The visit type as `draft` wants it. One is the default until another one is made it.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn changed_by(&self, draft: &VisitTypeDraft) -> Result<Self, Vec<Fault>> {
        let (mut next, mut faults) = (self.clone(), Faults::default());
        if let Some(name) = &draft.name {
            next.name = faults.line("name", name, 1, 120);
        }
        if let Some(mode) = draft.mode {
            next.mode = mode;
        }
        let minutes = [
            ("duration_minutes", draft.duration_minutes, 5, 240, &mut next.duration_minutes),
            ("grid_minutes", draft.grid_minutes, 5, 240, &mut next.grid_minutes),
            ("buffer_before", draft.buffer_before, 0, 120, &mut next.buffer_before),
            ("buffer_after", draft.buffer_after, 0, 120, &mut next.buffer_after),
        ];
        for (field, wish, least, most, target) in minutes {
            if let Some(minutes) = wish {
                faults.within(field, minutes, least, most);
                *target = minutes;
            }
        }
        if let Some(cents) = draft.price {
            faults.within("price.amount", cents, 0, 10_000_000);
            next.price = Money::cents(cents);
        }
        if let Some(open) = draft.open_to_new_patients {
            next.open_to_new_patients = open;
        }
        if let Some(kind) = &draft.resource_kind {
            if kind.as_deref().is_some_and(|kind| !is_resource_kind(kind)) {
                let says = "has to be 1 to 40 small letters, digits and dashes, a letter first";
                faults.0.push(Fault::new("resource_kind", "slug", says));
            }
            next.resource_kind.clone_from(kind);
        }
        match draft.is_default {
            Some(false) if self.is_default => {
                faults.0.push(Fault::new("is_default", "one-default", "make another visit type the default instead"));
            }
            Some(is_default) => next.is_default = is_default,
            None => {}
        }
        faults.or(next)
    }

    /// The names of the fields in which `next` differs, as clients know them.
    #[must_use]
    pub fn differences(&self, next: &Self) -> Vec<&'static str> {
        let compared = [
            ("name", self.name == next.name),
            ("mode", self.mode == next.mode),
            ("duration_minutes", self.duration_minutes == next.duration_minutes),
            ("grid_minutes", self.grid_minutes == next.grid_minutes),
            ("buffer_before", self.buffer_before == next.buffer_before),
            ("buffer_after", self.buffer_after == next.buffer_after),
            ("price", self.price == next.price),
            ("open_to_new_patients", self.open_to_new_patients == next.open_to_new_patients),
            ("is_default", self.is_default == next.is_default),
            ("resource_kind", self.resource_kind == next.resource_kind),
        ];
        compared.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> VisitTypeDraft {
        VisitTypeDraft {
            name: Some("Check-up".into()),
            mode: Some(VisitMode::Video),
            duration_minutes: Some(45),
            price: Some(9000),
            ..VisitTypeDraft::default()
        }
    }

    fn told(made: Result<VisitType, Vec<Fault>>) -> Vec<String> {
        let faults = made.err().unwrap_or_default();
        faults.into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
    }

    #[test]
    fn the_first_is_the_default_and_the_grid_is_the_duration() {
        let first = VisitType::create(&draft(), ClinicId::mint(), true).unwrap();
        assert!(first.is_default && first.clone().validated().is_ok());
        assert_eq!((first.grid_minutes, first.open_to_new_patients), (45, true));
        assert!(!VisitType::create(&draft(), ClinicId::mint(), false).unwrap().is_default);
        let no = VisitTypeDraft { is_default: Some(false), ..Default::default() };
        assert_eq!(told(first.changed_by(&no)), ["is_default:one-default"]);
    }

    #[test]
    fn every_bound_is_held_and_everything_is_told_at_once() {
        let bad = VisitTypeDraft {
            name: Some("\u{7}".into()),
            duration_minutes: Some(4),
            grid_minutes: Some(241),
            buffer_before: Some(121),
            price: Some(-1),
            ..VisitTypeDraft::default()
        };
        assert_eq!(
            told(VisitType::create(&bad, ClinicId::mint(), false)),
            [
                "name:characters",
                "duration_minutes:range",
                "grid_minutes:range",
                "buffer_before:range",
                "price.amount:range",
                "mode:required",
            ]
        );
        for minutes in [5, 240] {
            let edge = VisitTypeDraft { duration_minutes: Some(minutes), ..draft() };
            assert!(VisitType::create(&edge, ClinicId::mint(), false).is_ok(), "{minutes}");
        }
    }
}
