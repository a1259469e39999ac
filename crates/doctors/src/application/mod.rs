//! What one can ask of doctors, and what that needs from outside.

mod desk_times;
mod explain_slot;
mod list_free_slots;
mod list_slots_of_many;
mod measure_offer;
mod next_free_slots;
mod occupied;
mod offer_slot;
mod ports;
mod practice;
#[cfg(test)]
mod test_data;
mod weigh_times;

pub use desk_times::{DeskTimes, FARTHEST_DAYS, GapQuestion};
pub use explain_slot::{Detail, ExplainError, ExplainSlot, Explained};
pub use list_free_slots::{FreeSlots, ListFreeSlots, SlotsError, SlotsQuery};
pub use list_slots_of_many::ListSlotsOfMany;
pub use measure_offer::{MeasureOffer, MeasuredOffer};
pub use next_free_slots::NextFreeSlots;
pub use offer_slot::{OfferError, OfferQuestion, OfferSlot, Offered, RequestedStart};
pub use ports::{
    Agendas, BusyTimes, City, Clinic, Criteria, DoctorDirectory, Listing, Page, Position, Sort, SortKey, Specialty,
    TakenOfMany, WeeklyHoursView,
};
pub use practice::{
    AddHoliday, AddResource, AddTimeOff, AddVisitType, Affected, ApplyChange, ApplyError, Asked, CalendarChanges,
    ChangeClinic, ChangeDoctor, ChangeError, ChangeOrder, ChangeParts, ChangeResource, ChangeVisitType, Changing,
    ClinicRecord, CreateClinic, CreateDoctor, DeactivateDoctor, Decision, DoctorRecord, HolidayList, HolidayLists,
    Impact, ImportHolidays, Importing, ListResources, ListedDay, MOST_HOLIDAYS, OnConflict, OverrideDraft, PROPOSALS,
    PatientNames, PlannedVisit, Practice, PracticeChange, PracticeError, PracticeParts, Preview, PreviewChange,
    ReadCalendar, RemoveHoliday, RemoveOverride, RemoveTimeOff, ReplaceBreaks, ReplaceWeeklyHours, ResourceRecord,
    RetireVisitType, SetOverride, Skipped, Sorted, Step, Subject, UndoChange, UndoOrder, UnreadableList, VisitAtStake,
    VisitOrder, VisitTypeRecord, Wanted, WantedHoliday,
};
pub use weigh_times::{Hurdle, TimesError, TimesQuestion, WeighTimes, WeighedTime};
