//! Every template, and values for a look at it.

use std::collections::BTreeMap;

use super::values::NoticeError;

/// Values for a look at a template.
pub type Sample = &'static [(&'static str, &'static str)];

const CODE: Sample = &[("code", "123456"), ("minutes", "10")];

/// Every template, with values for a look at it; `{site}` stands for the installation's public address.
pub const TEMPLATES: [(&str, Sample); 27] = [
    ("sign-in-code", CODE),
    ("register-code", &[("code", "123456"), ("minutes", "10"), ("name", "Ada Example")]),
    ("register-known", CODE),
    ("no-account", &[]),
    ("staff-sign-in", &[]),
    ("password-reset", &[("link_code", "Zm9vYmFy"), ("minutes", "30"), ("url", "{site}/password?code=Zm9vYmFy")]),
    ("password-changed", &[]),
    ("email-change-code", CODE),
    ("email-changed", &[]),
    ("sign-ins-ended", &[]),
    ("account-locked", &[]),
    (
        "invitation",
        &[
            ("name", "Ada Example"),
            ("role", "staff"),
            ("code", "Zm9vYmFy"),
            ("url", "{site}/invitation?code=Zm9vYmFy"),
            ("hours", "48"),
        ],
    ),
    (
        "guest-booking-code",
        &[
            ("name", "Ada Example"),
            ("code", "123456"),
            ("minutes", "10"),
            ("doctor", "Dr. Mona Sample"),
            ("when", "Monday, 1 March 2027, 9:00"),
        ],
    ),
    (
        "booking-confirmed",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("when", "Monday, 1 March 2027, 9:00"),
            ("clinic", "Riverside Clinic"),
            ("manage_url", "{site}/api/v1/appointments/01900000-0000-7000-8000-000000000001?token=abc"),
        ],
    ),
    (
        "booking-changed",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("when", "Tuesday, 2 March 2027, 10:30"),
            ("was", "Monday, 1 March 2027, 9:00"),
            ("clinic", "Riverside Clinic"),
            ("manage_url", "{site}/api/v1/appointments/01900000-0000-7000-8000-000000000001?token=abc"),
        ],
    ),
    (
        "booking-cancelled",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("when", "Monday, 1 March 2027, 9:00"),
            ("clinic", "Riverside Clinic"),
        ],
    ),
    (
        "series-confirmed",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("clinic", "Riverside Clinic"),
            ("dates", "Monday, 1 March 2027, 9:00"),
            ("urls", "{site}/api/v1/appointments/01900000-0000-7000-8000-000000000001?token=abc"),
        ],
    ),
    (
        "series-cancelled",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("clinic", "Riverside Clinic"),
            ("dates", "Monday, 8 March 2027, 9:00\nMonday, 15 March 2027, 9:00"),
        ],
    ),
    (
        "reminder",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("when", "Monday, 1 March 2027, 9:00"),
            ("clinic", "Riverside Clinic"),
            ("manage_url", "{site}/api/v1/appointments/01900000-0000-7000-8000-000000000001?token=abc"),
        ],
    ),
    (
        "reminder-several",
        &[
            ("name", "Ada Example"),
            ("visits", "2"),
            ("doctor_1", "Dr. Mona Sample"),
            ("when_1", "Monday, 1 March 2027, 9:00"),
            ("clinic_1", "Riverside Clinic"),
            ("manage_url_1", "{site}/api/v1/appointments/01900000-0000-7000-8000-000000000001?token=abc"),
            ("doctor_2", "Dr. Emil Model"),
            ("when_2", "Monday, 1 March 2027, 14:30"),
            ("clinic_2", "Harbor Clinic"),
            ("manage_url_2", "{site}/api/v1/appointments/01900000-0000-7000-8000-000000000002?token=def"),
        ],
    ),
    (
        "day-summary",
        &[
            ("name", "Mona Sample"),
            ("day", "2027-03-01 (America/New_York)"),
            ("times", "09:00–09:30\n09:30–10:00\n14:00–14:20"),
            ("modes", "in_person\nin_person\nvideo"),
            ("clinics", "Riverside Clinic\nRiverside Clinic\nHarbor Clinic"),
        ],
    ),
    (
        "waitlist-offer",
        &[
            ("name", "Ada Example"),
            ("doctor", "Dr. Mona Sample"),
            ("when", "Monday, 1 March 2027, 9:00"),
            ("clinic", "Riverside Clinic"),
            ("until", "Friday, 26 February 2027, 16:30"),
            ("url", "{site}/api/v1/waitlist/offers/01900000-0000-7000-8000-000000000001?token=abc"),
        ],
    ),
    (
        "emergency-access",
        &[("doctor", "Dr. Mona Sample"), ("reason_given", "not shown"), ("until", "1 March 2027, 13:00")],
    ),
    (
        "report-ready",
        &[
            ("doctor", "Dr. Mona Sample"),
            ("from", "2027-02-01"),
            ("to", "2027-02-28"),
            ("url", "{site}/api/v1/reports/01900000-0000-7000-8000-000000000001/file"),
        ],
    ),
    (
        "clinic-message",
        &[
            ("name", "Ada Example"),
            ("clinic", "Riverside Clinic"),
            ("message", "Please come ten minutes early on Monday.\nThe entrance is in Mill Lane now."),
        ],
    ),
    (
        "prescription-ready",
        &[
            ("doctor", "Dr. Mona Sample"),
            ("url", "{site}/api/v1/prescriptions/01900000-0000-7000-8000-000000000001/pdf"),
        ],
    ),
    ("account-erased", &[]),
];

pub(super) fn sample_values(template: &str, public_url: &str) -> Result<BTreeMap<String, String>, NoticeError> {
    let found = TEMPLATES.iter().find(|(name, _)| *name == template).ok_or(NoticeError::UnknownTemplate)?;
    Ok(found.1.iter().map(|(name, value)| ((*name).to_owned(), value.replace("{site}", public_url))).collect())
}
