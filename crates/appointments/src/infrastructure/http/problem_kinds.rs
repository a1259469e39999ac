//! The kinds of problems that only this slice answers.

use platform::http::Kind;

macro_rules! kinds {
    ($($name:ident $status:literal $code:literal $title:literal $help:literal;)+) => {
        $(pub(super) static $name: Kind = Kind { code: $code, status: $status, title: $title, help: $help };)+
        /// Problems that only this slice answers.
        pub static PROBLEMS: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    SLOT_TAKEN 409 "slot-taken" "This time has just been taken"
        "Somebody was faster. The member alternatives lists the next free times of the same doctor and visit type; book one of them with a new idempotency key. For a series the member taken lists the times; none of it was booked.";
    DAY_FULL 409 "day-full" "Nothing is left of this day"
        "The doctor has no time left today that is long enough. The member alternatives lists the next free times; with outside_hours_reason the patient can be seen outside the hours.";
    PATIENT_BUSY 409 "patient-busy" "The patient has another visit at that time"
        "One patient cannot be in two places. Choose another time, or cancel the other visit first.";
    OUTSIDE_AVAILABILITY 422 "outside-availability" "The doctor does not offer this time"
        "A rule of the doctor or the clinic refuses it; the member rule names it: weekly-hours, override, visit-type, clinic-holiday, grid or time-off. Take a time from the list of slots.";
    SERIES_NOT_OFFERED 422 "series-not-offered" "Not all of these times are offered"
        "Rules of the doctor or the clinic refuse some of the times; the member refused lists them with the reason of each. Nothing was booked. Look at the preview, leave them out or take its alternatives.";
    IN_THE_PAST 422 "in-the-past" "This time has passed"
        "Only future times can be booked.";
    TOO_SOON 422 "too-soon" "This time is too close"
        "The doctor asks for a minimum notice; the member minimum_notice_minutes tells it.";
    TOO_FAR_AHEAD 422 "too-far-ahead" "This time is too far ahead"
        "The doctor's calendar is not open that far; the member horizon_days tells how far.";
    NONEXISTENT_LOCAL_TIME 422 "nonexistent-local-time" "The clinic's clocks never show this time"
        "The clocks are set forward over it. Send the time with an offset, or take one from the list of slots.";
    AMBIGUOUS_LOCAL_TIME 422 "ambiguous-local-time" "The clinic's clocks show this time twice"
        "The clocks are set back over it. Send the time with an offset to say which one is meant.";
    NOT_FOR_NEW_PATIENTS 422 "not-for-new-patients" "This visit type is for patients whom the doctor knows"
        "Book one of the doctor's visit types that are open to new patients.";
    GUEST_BOOKING_OFF 403 "guest-booking-off" "Guests cannot book here"
        "This installation books for people who are signed in.";
    TOO_MANY_HOLDS 429 "too-many-holds" "So many times are held already"
        "One address, and one client who is not signed in, hold at most three times at once. Book by the codes that were mailed, or wait for the seconds in Retry-After: a hold ends by itself.";
    VISIT_STARTED 409 "visit-started" "The visit has started"
        "A visit can be cancelled or moved until it starts. Ask the front desk.";
    VISIT_OVER 409 "visit-over" "The visit is over or was called off"
        "Nothing leaves the states completed, cancelled and no_show. Book a new visit.";
    NOT_TODAY 409 "not-today" "The visit is on another day"
        "Nobody arrives before the day of the visit or after it, on the clinic's wall clock.";
    VISIT_NOT_STARTED 409 "visit-not-started" "The visit has not started"
        "It can be completed, or missed, once it has begun.";
    REASON_REQUIRED 422 "reason-required" "So close to the visit a reason is needed"
        "Inside the doctor's cut-off, told by the member cutoff_hours, a patient says why a visit is called off. Send a reason.";
    TOO_LATE_TO_MOVE 409 "too-late-to-move" "The visit is too close to be moved"
        "Inside the doctor's cut-off, told by the member cutoff_hours, a patient does not move a visit. Cancel it with a reason, or ask the front desk.";
    TOO_EARLY_TO_CHECK_IN 422 "too-early-to-check-in" "It is too early to check in"
        "One checks in from 30 minutes before the visit on; the member opens_at tells when.";
    TOO_LATE_TO_CHECK_IN 422 "too-late-to-check-in" "It is too late to check in"
        "One checks in until 90 minutes after the visit has begun. Ask the front desk.";
    NOTHING_TO_CORRECT 409 "nothing-to-correct" "There is no mark to take back"
        "Only completed and no_show, marked by mistake, are corrected. A visit that was called off is booked anew.";
    TOO_LATE_TO_CORRECT 409 "too-late-to-correct" "The mark is too old to take back"
        "A mistaken mark is corrected within 24 hours after it was made.";
    TOO_MANY_RELATIVES 409 "too-many-relatives" "You look after as many people as one may"
        "One user looks after at most twenty others. Let go of somebody first.";
    CARE_LINK 409 "care-link" "You treat this patient"
        "The record is open to you by a visit of yours: read it without emergency access.";
    PERHAPS_KNOWN 409 "perhaps-known" "Somebody of this name and birth date is known"
        "The member patient_ids names up to five. Look at them; when it is somebody else, send the request again with somebody_else set to true.";
    ALREADY_WAITING 409 "already-waiting" "The patient waits for that already"
        "There is an open entry for the same doctor and visit type, or the same specialty and city. Take it off to wait with other days or times.";
    TOO_MANY_ENTRIES 409 "too-many-entries" "The patient waits for as much as one may"
        "One patient has at most ten open entries on the waitlist. Take one off first.";
    OFFER_OVER 409 "offer-over" "This offer is over"
        "It was answered before, the answer came too late, or the doctor's hours have changed. Who still waits is offered the next time that fits.";
    ONESELF_STAYS 409 "oneself-stays" "You always look after yourself"
        "Your own record goes with your account; erase the account to have it pseudonymised.";
}
