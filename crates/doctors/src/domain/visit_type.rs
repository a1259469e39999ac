use kernel::{ClinicId, Money, VisitTypeId};
use serde::{Deserialize, Serialize};

use super::resource::is_resource_kind;
use super::rules::RuleError;

/// How patient and doctor meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitMode {
    /// At the clinic.
    InPerson,
    /// By video call.
    Video,
}

/// Something one can book with a doctor.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "VisitTypeRow")]
pub struct VisitType {
    /// Which one.
    pub id: VisitTypeId,
    /// The clinic that keeps the offer; where the visit happens is said by the hours.
    pub clinic: ClinicId,
    /// What it is called, 1 to 120 characters.
    pub name: String,
    /// How patient and doctor meet.
    pub mode: VisitMode,
    /// Length of the visit in real minutes, 5 to 240.
    pub duration_minutes: u16,
    /// Visits start every so many minutes after the opening time, 5 to 240.
    pub grid_minutes: u16,
    /// Minutes kept free before a visit, 0 to 120.
    pub buffer_before: u16,
    /// Minutes kept free after a visit, 0 to 120.
    pub buffer_after: u16,
    /// What it costs, not below zero.
    pub price: Money,
    /// May somebody book it who has never been there?
    pub open_to_new_patients: bool,
    /// Is it the one that is meant when nobody names one?
    pub is_default: bool,
    /// The kind of room or device it takes, see [`is_resource_kind`]; none where the doctor's time is enough.
    pub resource_kind: Option<String>,
}

impl VisitType {
    /// The same visit type when every value is within its limits.
    ///
    /// # Errors
    /// The first value that is not, as a [`RuleError`].
    pub fn validated(self) -> Result<Self, RuleError> {
        let characters = self.name.chars().count();
        if !(1..=120).contains(&characters) {
            return Err(RuleError::NameLength { characters });
        }
        if !(5..=240).contains(&self.duration_minutes) {
            return Err(RuleError::DurationOutOfRange { minutes: self.duration_minutes });
        }
        if !(5..=240).contains(&self.grid_minutes) {
            return Err(RuleError::GridOutOfRange { minutes: self.grid_minutes });
        }
        for minutes in [self.buffer_before, self.buffer_after] {
            if minutes > 120 {
                return Err(RuleError::BufferOutOfRange { minutes });
            }
        }
        if self.price < Money::cents(0) {
            return Err(RuleError::NegativePrice { cents: self.price.as_cents() });
        }
        if let Some(text) = self.resource_kind.as_ref().filter(|kind| !is_resource_kind(kind)) {
            return Err(RuleError::NotAResourceKind { text: text.clone() });
        }
        Ok(self)
    }

    /// Length in seconds.
    pub(super) fn duration(&self) -> i64 {
        i64::from(self.duration_minutes) * 60
    }

    /// Grid in seconds; never zero, so that walking along it ends.
    pub(super) fn grid(&self) -> i64 {
        i64::from(self.grid_minutes.max(1)) * 60
    }
}

#[derive(Deserialize)]
struct VisitTypeRow {
    id: VisitTypeId,
    clinic_id: ClinicId,
    name: String,
    mode: VisitMode,
    duration_minutes: u16,
    grid_minutes: u16,
    buffer_before: u16,
    buffer_after: u16,
    price_cents: Money,
    open_to_new_patients: bool,
    is_default: bool,
    #[serde(default)]
    resource_kind: Option<String>,
}

impl TryFrom<VisitTypeRow> for VisitType {
    type Error = RuleError;

    fn try_from(row: VisitTypeRow) -> Result<Self, Self::Error> {
        Self {
            id: row.id,
            clinic: row.clinic_id,
            name: row.name,
            mode: row.mode,
            duration_minutes: row.duration_minutes,
            grid_minutes: row.grid_minutes,
            buffer_before: row.buffer_before,
            buffer_after: row.buffer_after,
            price: row.price_cents,
            open_to_new_patients: row.open_to_new_patients,
            is_default: row.is_default,
            resource_kind: row.resource_kind,
        }
        .validated()
    }
}

#[cfg(test)]
mod tests;
