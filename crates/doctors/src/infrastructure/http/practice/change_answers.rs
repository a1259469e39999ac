//! Changes of hours with their visits, as they are shown.

use jiff::tz::TimeZone;
use platform::http::in_zone;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::{PlannedVisit, Preview};
use crate::domain::{CalendarChange, ChangedVisit, Fate, VisitTrouble};

/// A free time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposedTime)]
pub struct ProposalBody {
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    clinic_id: Uuid,
}

/// A visit that a change would leave outside of the hours.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlannedVisit)]
pub struct PlannedVisitBody {
    id: Uuid,
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    visit_type_id: Uuid,
    clinic_id: Uuid,
    /// Null where it is not yours to see.
    patient_name: Option<String>,
    /// Up to three times under the new hours; no two of the whole list get in each other's way.
    proposals: Vec<ProposalBody>,
}

impl From<&PlannedVisit> for PlannedVisitBody {
    fn from(planned: &PlannedVisit) -> Self {
        let (visit, zone) = (&planned.affected.visit, &planned.affected.time_zone);
        let proposal = |(slot, zone): &(crate::domain::Slot, TimeZone)| ProposalBody {
            starts_at: in_zone(slot.starts_at, zone),
            ends_at: in_zone(slot.ends_at, zone),
            clinic_id: slot.clinic.as_uuid(),
        };
        Self {
            id: visit.id.as_uuid(),
            starts_at: in_zone(visit.visit.start, zone),
            ends_at: in_zone(visit.visit.end, zone),
            visit_type_id: visit.visit_type.as_uuid(),
            clinic_id: visit.clinic.as_uuid(),
            patient_name: planned.patient.clone(),
            proposals: planned.proposals.iter().map(proposal).collect(),
        }
    }
}

/// What a change would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangePreview)]
pub struct PreviewedBody {
    /// Send it with the change, so that only what you have seen is changed.
    plan: String,
    total: usize,
    /// By start.
    appointments: Vec<PlannedVisitBody>,
}

impl From<&Preview> for PreviewedBody {
    fn from(preview: &Preview) -> Self {
        let appointments: Vec<PlannedVisitBody> = preview.visits.iter().map(Into::into).collect();
        Self { plan: preview.plan.clone(), total: appointments.len(), appointments }
    }
}

/// A visit that cannot be changed, or was not put back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedVisit)]
pub struct RefusedVisitBody {
    id: Uuid,
    #[schema(example = "slot-taken")]
    reason: &'static str,
    /// Where the new hours refuse the time: the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "weekly-hours")]
    rule: Option<&'static str>,
}

impl From<&VisitTrouble> for RefusedVisitBody {
    fn from(trouble: &VisitTrouble) -> Self {
        let rule = trouble.refusal.map(|refusal| refusal.rule());
        Self { id: trouble.id.as_uuid(), reason: trouble.trouble.word(), rule }
    }
}

/// What became of a visit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedVisit)]
pub struct ChangedVisitBody {
    id: Uuid,
    /// `moved`, `cancelled` or `kept`.
    #[schema(example = "moved")]
    action: &'static str,
    /// Before the change.
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
    /// With `moved`: the start since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    moved_to: Option<String>,
}

impl From<&ChangedVisit> for ChangedVisitBody {
    fn from(visit: &ChangedVisit) -> Self {
        let zone = TimeZone::get(&visit.time_zone).unwrap_or(TimeZone::UTC);
        let (action, moved_to) = match visit.fate {
            Fate::Moved { to } => ("moved", Some(in_zone(to.start, &zone))),
            Fate::Cancelled => ("cancelled", None),
            Fate::Kept => ("kept", None),
        };
        let (starts_at, ends_at) = (in_zone(visit.was.start, &zone), in_zone(visit.was.end, &zone));
        Self { id: visit.id.as_uuid(), action, starts_at, ends_at, moved_to }
    }
}

/// A change of hours that was made with its visits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarChange)]
pub struct CalendarChangeBody {
    id: Uuid,
    /// `time_off`, `override`, `weekly_hours`, `breaks`, `retire_visit_type`, `deactivate` or `holidays`.
    #[schema(example = "time_off")]
    kind: &'static str,
    #[schema(format = DateTime)]
    made_at: String,
    /// In which role.
    #[schema(example = "staff")]
    made_by: String,
    #[schema(format = DateTime)]
    undo_until: String,
    /// Null while it holds.
    #[schema(format = DateTime)]
    undone_at: Option<String>,
    /// By old start.
    appointments: Vec<ChangedVisitBody>,
    /// When it is undone: the visits that could not be put back.
    not_restored: Vec<RefusedVisitBody>,
}

impl From<&CalendarChange> for CalendarChangeBody {
    fn from(change: &CalendarChange) -> Self {
        let at = |at| in_zone(at, &TimeZone::UTC);
        Self {
            id: change.id.as_uuid(),
            kind: change.reversal.word(),
            made_at: at(change.made_at),
            made_by: change.made_by.clone(),
            undo_until: at(change.undo_until()),
            undone_at: change.undone.as_ref().map(|undone| at(undone.at)),
            appointments: change.visits.iter().map(Into::into).collect(),
            not_restored: change.undone.iter().flat_map(|undone| &undone.left).map(Into::into).collect(),
        }
    }
}
