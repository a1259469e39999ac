//! What one can do with figures and reports, and what that needs from outside.

mod count_days;
mod list_figures;
mod policy;
mod ports;

pub use count_days::{CountDays, Counted};
pub use list_figures::ListFigures;
pub use policy::Reach;
pub use ports::{
    Catalogue, DailyFiles, DailyQuery, DailyStore, DoctorOffer, NamedClinic, NamedDoctor, Position, Visits,
};
