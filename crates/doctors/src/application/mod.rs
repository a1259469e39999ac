//! What one can ask of doctors, and what that needs from outside.

mod list_free_slots;
mod list_slots_of_many;
mod next_free_slots;
mod offer_slot;
mod ports;
mod practice;
#[cfg(test)]
mod test_data;

pub use list_free_slots::{FreeSlots, ListFreeSlots, SlotsError, SlotsQuery};
pub use list_slots_of_many::ListSlotsOfMany;
pub use next_free_slots::NextFreeSlots;
pub use offer_slot::{OfferError, OfferQuestion, OfferSlot, Offered, RequestedStart};
pub use ports::{
    Agendas, BusyTimes, City, Clinic, Criteria, DoctorDirectory, Listing, Page, Position, Sort, SortKey, Specialty,
    WeeklyHoursView,
};
pub use practice::{
    AddHoliday, AddTimeOff, AddVisitType, Affected, Asked, ChangeClinic, ChangeDoctor, ChangeError, ChangeVisitType,
    ClinicRecord, CreateClinic, CreateDoctor, DeactivateDoctor, DoctorRecord, OnConflict, Practice, PracticeChange,
    PracticeError, PracticeParts, ReadCalendar, RemoveHoliday, RemoveOverride, RemoveTimeOff, ReplaceWeeklyHours,
    RetireVisitType, SetOverride, Step, Subject, VisitTypeRecord,
};
