//! Who may do what. One row for each operation of the API, one word for each caller: `yes`, or the status that turns
//! the caller away.

use serde_json::json;

use super::asks::*;
use super::callers::{Caller, VISIT};
use super::cells::*;
use crate::app::{doctor, id};
use crate::prescriptions::{PRESCRIBED, VISIT as HELD, body, code_of};

/// One operation.
pub struct Rule {
    /// Its id in the API's description.
    pub operation: &'static str,
    /// Whose record is asked for, where there is one.
    pub record: &'static str,
    /// What each of [`super::callers::CALLERS`] is answered.
    pub cells: &'static str,
    /// What is sent.
    pub ask: fn(&Staged, Caller) -> Ask,
}

/// A list of public holidays.
const LIST_OF_HOLIDAYS: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VEVENT\r\nUID:1@example.org\r\n\
     DTSTAMP:20270101T000000Z\r\nDTSTART;VALUE=DATE:20270705\r\nSUMMARY:Day of rest\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

macro_rules! rules {
    ($($operation:literal $record:literal $cells:ident $ask:expr;)+) => {
        &[$(Rule { operation: $operation, record: $record, cells: $cells, ask: $ask }),+]
    };
}

/// Every operation, in the order of the ids.
pub const RULES: &[Rule] = rules! {
    "acceptWaitlistOffer" "offer to patient 1" WAITS waitlist_offer;
    "addExternalCalendar" "doctor 1" CALENDAR |staged, caller| a_doctor(staged, caller)
        .with(json!({"url": "https://calendar.example/busy.ics"}));
    "addFileVersion" "file of patient 1" RECORD |_, _| Ask { hindered: true, ..paper() };
    "addHoliday" "clinic 1" FRONT_DESK
        |staged, caller| clinic(staged, caller).with(json!({"date": "2027-07-05", "name": "Independence Day"}));
    "addRelative" "own" PATIENTS |_, _| Ask::default().with(json!({"name": "Nora Baker", "relation": "child"}));
    "addResource" "clinic 1" FRONT_DESK
        |staged, caller| clinic(staged, caller).with(json!({"kind": "room", "name": "Room 2"}));
    "addTimeOff" "doctor 1" CALENDAR |staged, caller| a_doctor(staged, caller)
        .with(json!({"starts_at": "2027-03-16T00:00:00-04:00", "ends_at": "2027-03-17T00:00:00-04:00"}));
    "addVisitType" "doctor 1" CALENDAR |staged, caller| a_doctor(staged, caller)
        .with(json!({"name": "Check", "mode": "video", "duration_minutes": 20, "price": {"amount": 100}}));
    "addWebhook" "clinic 1" FRONT_DESK
        |staged, caller| clinic(staged, caller).with(json!({"url": "https://clinic.example/hooks"}));
    "applyClinicChange" "clinic 1" FRONT_DESK |staged, caller| clinic(staged, caller)
        .with(json!({"change": {"holidays": [{"date": "2027-07-06", "name": "Day of rest"}]}}));
    "applyDoctorChange" "doctor 1" CALENDAR |staged, caller| a_doctor(staged, caller).with(json!({"change": {"time_off":
        {"starts_at": "2027-03-16T00:00:00-04:00", "ends_at": "2027-03-17T00:00:00-04:00"}}}));
    "bookAppointment" "with doctor 1, for patient 1" BOOKING booking;
    "bookSeries" "with doctor 1, for patient 1" JOINING series;
    "cancelAppointment" "visit" SIDES_OF_A_VISIT
        |staged, caller| visit(staged, caller).with(json!({"reason": "ill"}));
    "cancelSeries" "of patient 1 with doctor 1" WAITS |_, _| Ask::of(id('7', 5), '7')
        .with(json!({"from": id('a', VISIT), "reason": "ill"}));
    "changeClinic" "clinic 1" FRONT_DESK |staged, caller| clinic(staged, caller).with(json!({"name": "Harbour"}));
    "changeDoctor" "doctor 1" CALENDAR |staged, caller| a_doctor(staged, caller).with(json!({"bio": "New words"}));
    "changeMyEmail" "own" SIGNED_IN
        |_, _| hindered(json!({"email": "new@example.org", "password": "not the password"}));
    "changePassword" "own" SIGNED_IN
        |_, _| hindered(json!({"current_password": "not the password", "new_password": GOOD}));
    "changePrescription" "for patient 1 by doctor 1" AUTHOR
        |staged, caller| prescription(staged, caller).with(medicines());
    "changeRelative" "patient 1" PATIENT_OF_THE_RECORD
        |staged, caller| patient(staged, caller).with(json!({"phone": "+1 212 555 0100"}));
    "changeResource" "clinic 1" FRONT_DESK |staged, caller| Ask { part: id('f', 30), ..clinic(staged, caller) }
        .with(json!({"name": "Room 3"}));
    "changeVisitType" "doctor 1" CALENDAR |staged, caller| offer(staged, caller).with(json!({"name": "Second look"}));
    "changeWebhook" "clinic 1" FRONT_DESK
        |staged, caller| webhook(staged, caller).with(json!({"event_types": ["appointment.booked"]}));
    "checkIn" "visit" SIDES_OF_A_VISIT
        |staged, caller| Ask { hindered: true, ..visit(staged, caller).with(json!({"clinic_code": "x"})) };
    "checkPrescription" "by its code" ALL |_, _| Ask { id: code_of(PRESCRIBED), ..Ask::default() };
    "checkPrescriptionHash" "by its hash" ALL |staged, _| Ask::default().with(json!({"hash": staged.hash}));
    "closeFeed" "doctor 1" CALENDAR |staged, caller| Ask { part: id('7', 1), ..a_doctor(staged, caller) };
    "closeMyFeed" "address of patient 1" PATIENT_OF_THE_RECORD |_, _| Ask::of(id('7', 2), '7');
    "confirmAppointment" "by code" CODE_OF_A_HOLD |_, _| Ask::of(id('a', VISIT), 'a').with(json!({"code": "424242"}));
    "confirmMyEmail" "own" SIGNED_IN |_, _| hindered(json!({"request_id": id('0', 1), "code": "1"}));
    "confirmSecondFactor" "own" TEAM_OR_SETTING_UP |_, _| hindered(json!({"code": "1"}));
    "correctAppointment" "visit" THOSE_WHO_RUN_IT |staged, caller| {
        let right = json!({"to": "arrived", "reason": "Came late"});
        Ask { hindered: true, ..visit(staged, caller).with(right) }
    };
    "correctPatient" "patient 1" DESK
        |staged, caller| patient(staged, caller).with(json!({"phone": "+1 212 555 0101"}));
    "createClinic" "" ADMINS |_, _| Ask::default().with(json!({"name": "N", "address": "A", "city": "boston"}));
    "createDoctor" "at clinic 1" NEW_AT_CLINIC new_doctor;
    "createUser" "" ADMINS
        |_, _| Ask::default().with(json!({"email": "new@example.org", "name": "Nora Baker", "role": "admin"}));
    "deactivateDoctor" "doctor 1" FRONT_DESK |staged, caller| Ask { hindered: true, ..a_doctor(staged, caller) };
    "deleteFile" "file of patient 1" PATIENT_OF_THE_RECORD |_, _| Ask::of(id('7', 10), '7');
    "editFile" "file of patient 1" RECORD |_, _| paper().with(json!({"category": "other"}));
    "editMe" "own" SIGNED_IN |_, _| Ask::default().with(json!({"language": "fr"}));
    "editUser" "user of patient 1" ADMINS |_, _| user().with(json!({"state": "active"}));
    "endAllSessions" "own" SIGNED_IN nothing;
    "endEmergencyAccess" "of doctor 4 to patient 1" OPENED_BY_DOCTOR_ELSEWHERE patient;
    "endHold" "of patient 1" HELD_BY_PATIENT |_, _| Ask::of(id('8', 2), '8');
    "endSession" "sign-in of patient 1" PATIENT_S_OWN |staged, _| Ask::of(staged.session.clone(), '5');
    "eraseMe" "own" PATIENTS |_, _| Ask { hindered: true, ..Ask::default() };
    // The time stands in the query, which is not sent.
    "explainSlot" "" OPEN_TO_SIGN_INS |_, _| Ask { hindered: true, ..Ask::of(doctor(1), 'd') };
    "exportMe" "own" SIGNED_IN nothing;
    "forgotPassword" "" ALL |_, _| Ask::default().with(json!({"email": "alice.baker@example.com"}));
    "getAppointment" "visit" SIDES_OF_A_VISIT visit;
    "getAppointmentFile" "visit" SIDES_OF_A_VISIT visit;
    "getAppointmentHistory" "visit" SIDES_OF_A_VISIT visit;
    "getCalendar" "doctor 1" CALENDAR a_doctor;
    "getCheckInPoster" "clinic 1" FRONT_DESK clinic;
    "getClinic" "" ALL |_, _| Ask::of(id('c', 1), 'c');
    "getClinicDay" "clinic 1" CLINIC_S_TEAM clinic;
    "getClinicWeek" "clinic 1" CLINIC_S_TEAM clinic;
    "getDaySheet" "clinic 1" CLINIC_S_TEAM clinic;
    "getDayTable" "clinic 1" CLINIC_S_TEAM clinic;
    "getDoctor" "" ALL a_doctor;
    "getFeedFile" "by its secret" ALL |_, _| Ask { id: "A".repeat(43), ..Ask::default() };
    "getFile" "file of patient 1" RECORD |_, _| paper();
    // Its content is not in the storage.
    "getFileContent" "file of patient 1" PAPERS |_, _| Ask { hindered: true, ..paper() };
    "getMe" "own" SIGNED_IN nothing;
    "getMyConsents" "own" SIGNED_IN nothing;
    "getMyNotificationPreferences" "own" PATIENTS nothing;
    // One that is not there: whose it is, its own test shows.
    "getNotification" "" NO_MESSAGE |_, _| Ask::of(id('7', 9), '7');
    "getOutbox" "" ADMINS nothing;
    "getOverride" "doctor 1" CALENDAR day;
    "getPatient" "patient 1" RECORD patient;
    "getPrescription" "for patient 1 by doctor 1" PAPER prescription;
    "getPrescriptionFigures" "own" DOCTORS nothing;
    "getPrescriptionPaper" "for patient 1 by doctor 1" PAPER prescription;
    "getQueue" "clinic 1" CLINIC_S_TEAM clinic;
    "getRelative" "patient 1" PATIENT_OF_THE_RECORD patient;
    "getReport" "about doctor 1" CALENDAR |_, _| Ask::of(id('7', 6), '7');
    // It is still to be printed.
    "getReportFile" "about doctor 1" CALENDAR |_, _| Ask { hindered: true, ..Ask::of(id('7', 6), '7') };
    "getSeries" "of patient 1 with doctor 1" WAITS |_, _| Ask::of(id('7', 5), '7');
    "getUser" "user of patient 1" ADMINS |_, _| user();
    "getVisitType" "" ALL offer;
    "getWaitlistOffer" "offer to patient 1" WAITS waitlist_offer;
    "getWebhook" "clinic 1" FRONT_DESK webhook;
    "getWebhookDelivery" "clinic 1" FRONT_DESK webhook;
    "holdTime" "with doctor 1" HOLDING |_, _| Ask { field: Some("doctor_id"), ..Ask::default().with(
        json!({"doctor_id": doctor(1), "starts_at": "2027-03-10T09:30:00-05:00"})) };
    "importHolidays" "clinic 1" FRONT_DESK |staged, caller| clinic(staged, caller).with(json!(LIST_OF_HOLIDAYS));
    "joinWaitlist" "for doctor 1 and patient 1" JOINING joining;
    "leaveWaitlist" "of patient 1, for doctor 1" WAITS |_, _| Ask::of(id('7', 1), '7');
    "linkFile" "file of patient 1" PAPERS |_, _| Ask::of("patients/1/other/a.pdf".to_owned(), '7');
    "listAccesses" "own" PATIENTS nothing;
    "listAppointments" "own reach" SIGNED_IN nothing;
    "listBreaks" "" ALL a_doctor;
    "listCities" "" ALL nothing;
    "listClinicChanges" "clinic 1" FRONT_DESK clinic;
    "listClinics" "" ALL nothing;
    "listDoctorChanges" "doctor 1" CALENDAR a_doctor;
    "listDoctors" "" ALL nothing;
    "listExternalCalendars" "doctor 1" CALENDAR a_doctor;
    "listFeeds" "doctor 1" CALENDAR a_doctor;
    "listFigures" "own reach" TEAM nothing;
    "listFileVersions" "file of patient 1" RECORD |_, _| paper();
    // The patient stands in the query, which is not sent: who is none hears that it is missing.
    "listFiles" "own reach" CARERS |_, _| Ask { hindered: true, ..Ask::default() };
    "listHolidays" "" ALL clinic;
    "listJobRuns" "" ADMINS nothing;
    "listJobs" "" ADMINS nothing;
    "listMyFeeds" "own" PATIENTS nothing;
    "listOverrides" "doctor 1" CALENDAR a_doctor;
    "listPrescriptionVersions" "for patient 1 by doctor 1" PAPER prescription;
    "listPrescriptions" "own reach" PATIENTS_AND_DOCTORS nothing;
    "listQueues" "" ADMINS nothing;
    "listRelatives" "own" PATIENTS nothing;
    "listReports" "own reach" TEAM nothing;
    "listResources" "clinic 1" TEAM_OF_CLINIC clinic;
    "listSchedules" "" ADMINS nothing;
    "listSessions" "own" SIGNED_IN nothing;
    "listSlots" "" ALL a_doctor;
    // The doctors stand in the query, which is not sent: whoever gets through hears that they are missing.
    "listSlotsOfDoctors" "" ALL |_, _| Ask { hindered: true, ..Ask::default() };
    "listSpecialties" "" ALL nothing;
    "listTimeOff" "doctor 1" CALENDAR a_doctor;
    "listUsers" "" ADMINS nothing;
    "listVisitNotifications" "visit" THOSE_WHO_RUN_IT visit;
    "listVisitTypes" "" ALL a_doctor;
    "listWaitlist" "" SIGNED_IN nothing;
    "listWebhookDeliveries" "clinic 1" FRONT_DESK webhook;
    "listWebhookEventTypes" "" ANY_DESK nothing;
    "listWebhooks" "clinic 1" FRONT_DESK clinic;
    "listWeeklyHours" "" ALL a_doctor;
    "live" "" ALL nothing;
    "login" "by password" BY_PROOF
        |_, caller| Ask::default().with(json!({"email": format!("{caller:?}@example.org"), "password": "wrong"}));
    "makeRecoveryCodes" "own" TEAM |_, _| hindered(json!({"totp": "1"}));
    "markArrived" "visit" THOSE_WHO_RUN_IT visit;
    "markCompleted" "visit" THOSE_WHO_RUN_IT |staged, caller| Ask { hindered: true, ..visit(staged, caller) };
    "markNoShow" "visit" THOSE_WHO_RUN_IT |staged, caller| Ask { hindered: true, ..visit(staged, caller) };
    "metrics" "" ALL nothing;
    "openEmergencyAccess" "patient 1" DOCTORS |staged, caller| {
        let why = json!({"reason": "Unconscious on arrival"});
        Ask { hindered: caller == Caller::Doctor, ..patient(staged, caller).with(why) }
    };
    "openFeed" "doctor 1" CALENDAR a_doctor;
    "openFileLink" "by its signature" ALL |_, _| Ask { id: link_to_paper(), hindered: true, ..Ask::default() };
    "openMyFeed" "own" PATIENTS nothing;
    "pauseQueue" "" ADMINS |_, _| Ask { id: "upkeep".to_owned(), ..Ask::default() };
    "previewClinicChange" "clinic 1" FRONT_DESK |staged, caller| clinic(staged, caller)
        .with(json!({"change": {"holidays": [{"date": "2027-07-07", "name": "Day of rest"}]}}));
    "previewDoctorChange" "doctor 1" CALENDAR |staged, caller| a_doctor(staged, caller).with(json!({"change":
        {"time_off": {"starts_at": "2027-03-16T00:00:00-04:00", "ends_at": "2027-03-17T00:00:00-04:00"}}}));
    "previewSeries" "with doctor 1, for patient 1" JOINING series;
    "putMyConsents" "own" SIGNED_IN
        |_, _| Ask::default().with(json!({"consents": [{"document": "terms", "version": "1", "given": true}]}));
    "putMyNotificationPreferences" "own" PATIENTS |_, _| Ask { hindered: true, ..Ask::default().with(json!({
        "email_reminders": true, "sms_reminders": true, "quiet_from": "21:00", "quiet_until": "08:00"})) };
    "ready" "" ALL nothing;
    "receiveWalkIn" "by doctor 1 at clinic 1" WALK_INS |staged, caller| {
        let body = json!({"doctor_id": doctor(1), "patient_name": "Wanda Example", "outside_hours_reason": "Bleeding"});
        Ask { field: Some("doctor_id"), ..clinic(staged, caller).with(body) }
    };
    "refreshSession" "by token" BY_PROOF |_, _| Ask::default().with(json!({"refresh_token": "x".repeat(43)}));
    "refuseWaitlistOffer" "offer to patient 1" WAITS waitlist_offer;
    "register" "" ALL |_, _| Ask::default().with(json!({"email": "new@example.org", "name": "Nora Baker"}));
    "releaseRelative" "patient 1" PATIENT_OF_THE_RECORD
        |staged, caller| Ask { hindered: true, ..patient(staged, caller) };
    "removeExternalCalendar" "doctor 1" CALENDAR
        |staged, caller| Ask { part: id('7', 4), ..a_doctor(staged, caller) };
    "removeHoliday" "clinic 1" FRONT_DESK
        |staged, caller| Ask { part: "2027-05-31".to_owned(), ..clinic(staged, caller) };
    "removeOverride" "doctor 1" CALENDAR day;
    "removeTimeOff" "doctor 1" CALENDAR |staged, caller| Ask { part: id('f', 1), ..a_doctor(staged, caller) };
    "removeWebhook" "clinic 1" FRONT_DESK webhook;
    "replaceBreaks" "doctor 1" CALENDAR
        |staged, caller| Ask { hindered: true, ..a_doctor(staged, caller).with(json!({"breaks": []})) };
    "replaceWeeklyHours" "doctor 1" CALENDAR
        |staged, caller| Ask { hindered: true, ..a_doctor(staged, caller).with(json!({"hours": []})) };
    "replayWebhookDelivery" "clinic 1" FRONT_DESK webhook;
    "requestCode" "" ALL |_, _| Ask::default().with(json!({"email": "alice.baker@example.com"}));
    "requestReport" "doctor 1" CALENDAR
        |staged, caller| a_doctor(staged, caller).with(json!({"from": "2027-03-01", "to": "2027-03-05"}));
    "rescheduleAppointment" "visit" SIDES_OF_A_VISIT
        |staged, caller| visit(staged, caller).with(json!({"starts_at": "2027-03-09T10:00:00-05:00"}));
    "resetPassword" "by code" BY_PROOF
        |_, _| Ask::default().with(json!({"request_id": id('0', 1), "code": "1", "new_password": GOOD}));
    "resumeQueue" "" ADMINS |_, _| Ask { id: "upkeep".to_owned(), ..Ask::default() };
    "retireVisitType" "doctor 1" CALENDAR offer;
    "retryJob" "" ADMINS |_, _| Ask { id: id('7', 6), ..Ask::default() };
    "retryJobs" "" ADMINS nothing;
    "retryMessage" "" ADMINS |_, _| Ask { id: id('7', 6), ..Ask::default() };
    "retryMessages" "" ADMINS nothing;
    "rotateWebhookSecret" "clinic 1" FRONT_DESK webhook;
    "runSchedule" "" ADMINS |_, _| Ask { id: "forget".to_owned(), ..Ask::default() };
    "searchPatients" "own reach" PRACTICE |_, _| Ask::default().with(json!({"name": "Alice"}));
    "sendNotification" "patient 1" WRITING_TO |_, _| Ask {
        field: Some("patient_id"),
        ..Ask::default().with(json!({"patient_id": id('b', 1), "message": "Please come early."}))
    };
    "setOverride" "doctor 1" CALENDAR |staged, caller| day(staged, caller).with(json!({"hours": []}));
    "setUpSecondFactor" "own" TEAM_OR_SETTING_UP |_, _| Ask { hindered: true, ..Ask::default() };
    "signOut" "own" SIGNED_IN_OR_SETTING_UP nothing;
    "streamSlots" "" ALL a_doctor;
    "streamSlotsOfDoctors" "" ALL |_, _| Ask { hindered: true, ..Ask::default() };
    "takeDownPatient" "at clinic 1" NEW_PATIENT |_, _| {
        let body = json!({"clinic_id": id('c', 1), "name": "Nora Baker", "phone": "2125550100"});
        Ask { field: Some("clinic_id"), ..Ask::default().with(body) }
    };
    "takeTextStatus" "by its provider" BY_SIGNATURE nothing;
    "testWebhook" "clinic 1" FRONT_DESK webhook;
    "undoClinicChange" "clinic 1" FRONT_DESK |staged, caller| Ask { part: id('f', 9), ..clinic(staged, caller) };
    "undoDoctorChange" "doctor 1" CALENDAR |staged, caller| Ask { part: id('f', 8), ..a_doctor(staged, caller) };
    // What is sent is no form.
    "uploadFiles" "own reach" CARERS |_, _| Ask { hindered: true, ..Ask::default() };
    "verifyCode" "by code" BY_PROOF |_, _| Ask::default().with(json!({"request_id": id('0', 1), "code": "1"}));
    "withdrawPrescription" "for patient 1 by doctor 1" AUTHOR
        |staged, caller| prescription(staged, caller).with(json!({"reason": "Wrong dose"}));
    "writePrescription" "visit of patient 1 with doctor 1" AUTHOR_TO_BE
        |_, _| Ask { field: Some("appointment_id"), ..Ask::default().with(body(HELD)) };
};
