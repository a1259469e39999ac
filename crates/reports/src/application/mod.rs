//! What one can do with figures and reports, and what that needs from outside.

mod clear_reports;
mod count_days;
mod list_figures;
mod make_report;
mod policy;
mod ports;
mod read_reports;
mod report_ports;
mod request_report;

pub use clear_reports::{ClearReports, Cleared};
pub use count_days::{CountDays, Counted};
pub use list_figures::ListFigures;
pub use make_report::MakeReport;
pub use policy::Reach;
pub use ports::{
    Catalogue, DailyFiles, DailyQuery, DailyStore, DoctorOffer, NamedClinic, NamedDoctor, Position, Visits,
};
pub use read_reports::{ReadReportError, ReadReports};
pub use report_ports::{Doctors, Reader, Readers, ReadyLetter, ReportFiles, ReportStore, StoreReportError};
pub use request_report::{RequestError, RequestReport};
