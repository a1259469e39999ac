use kernel::ClinicId;

use super::fault::{Fault, Faults};
use super::resource::is_resource_kind;

/// A room or device as its clinic keeps it, retired or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceCard {
    /// Where it is; never changes.
    pub clinic: ClinicId,
    /// What visit types ask for; never changes.
    pub kind: String,
    /// What people call it, 1 to 80 characters.
    pub name: String,
    /// May new visits take it?
    pub active: bool,
}

/// What somebody wants of a room or device; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceDraft {
    /// See [`ResourceCard::kind`]; of a new one alone.
    pub kind: Option<String>,
    /// See [`ResourceCard::name`].
    pub name: Option<String>,
    /// See [`ResourceCard::active`].
    pub active: Option<bool>,
}

impl ResourceCard {
    /// A new room or device.
    ///
    /// # Errors
    /// Everything that is missing or wrong.
    pub fn create(clinic: ClinicId, draft: &ResourceDraft) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let given = [("kind", draft.kind.is_some()), ("name", draft.name.is_some())];
        faults.0.extend(given.into_iter().filter(|(_, there)| !there).map(|(field, _)| Fault::required(field)));
        let kind = draft.kind.clone().unwrap_or_default();
        if draft.kind.is_some() && !is_resource_kind(&kind) {
            let says = "has to be 1 to 40 small letters, digits and dashes, a letter first";
            faults.0.push(Fault::new("kind", "slug", says));
        }
        let name = draft.name.as_ref().map(|name| faults.line("name", name, 1, 80)).unwrap_or_default();
        faults.or(Self { clinic, kind, name, active: true })
    }

    /// The same with what the draft names.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn changed_by(&self, draft: &ResourceDraft) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let name = draft.name.as_ref().map(|name| faults.line("name", name, 1, 80));
        let next = Self {
            name: name.unwrap_or_else(|| self.name.clone()),
            active: draft.active.unwrap_or(self.active),
            ..self.clone()
        };
        faults.or(next)
    }

    /// The names of the fields in which `next` differs, as clients know them.
    #[must_use]
    pub fn differences(&self, next: &Self) -> Vec<&'static str> {
        let compared = [("name", self.name == next.name), ("active", self.active == next.active)];
        compared.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(made: Result<ResourceCard, Vec<Fault>>) -> Vec<String> {
        made.err().unwrap_or_default().into_iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_the_kind_never_changes() {
        let clinic = ClinicId::mint();
        assert_eq!(told(ResourceCard::create(clinic, &ResourceDraft::default())), ["kind:required", "name:required"]);
        let bad = ResourceDraft { kind: Some("Room 1".into()), name: Some(" ".into()), active: None };
        assert_eq!(told(ResourceCard::create(clinic, &bad)), ["kind:slug", "name:length"]);
        let good = ResourceDraft { kind: Some("room".into()), name: Some("  Room   2 ".into()), active: None };
        let room = ResourceCard::create(clinic, &good).unwrap();
        assert_eq!((room.name.as_str(), room.active), ("Room 2", true));
        let retired = ResourceDraft { kind: Some("device".into()), name: None, active: Some(false) };
        let after = room.changed_by(&retired).unwrap();
        assert_eq!((after.kind.as_str(), room.differences(&after)), ("room", vec!["active"]));
    }
}
