//! Nobody gets in without a key unless it says so here, and whoever changes something leaves a trace.

use std::collections::BTreeSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::app::{App, ada, id};
use crate::schema::operations;

/// What is open to everybody, or to whom it is meant for by a signature of their own.
const PUBLIC: [&str; 34] = [
    "bookAppointment",
    "checkPrescription",
    "checkPrescriptionHash",
    "confirmAppointment",
    "explainSlot",
    "forgotPassword",
    "getClinic",
    "getDoctor",
    "getFeedFile",
    "getVisitType",
    "holdTime",
    "listBreaks",
    "listCities",
    "listClinics",
    "listDoctors",
    "listHolidays",
    "listSlots",
    "listSlotsOfDoctors",
    "listSpecialties",
    "listVisitTypes",
    "listWeeklyHours",
    "live",
    "login",
    "metrics",
    "openFileLink",
    "ready",
    "refreshSession",
    "register",
    "requestCode",
    "resetPassword",
    "streamSlots",
    "streamSlotsOfDoctors",
    "takeTextStatus",
    "verifyCode",
];

/// Writing operations whose traces other tests look for: those on sessions are in `sessions.rs`, those on accounts in
/// `accounts.rs`, those on records of patients in `records.rs` and `desk_patients.rs`, those on doctors, clinics and
/// hours in `practice_reach.rs` and `calendar_changes.rs`, those on holds in `guest_code.rs` and
/// `holds.rs`, walk-ins in `walk_ins.rs`, those on the
/// waitlist in `waitlist.rs`, those on series in `series.rs`, those on webhooks in `webhook_desk.rs`,
/// those on reports in `doctor_reports.rs`, those on prescriptions in `prescriptions.rs`, those on files in `files.rs`, those on jobs and messages in `jobs_by_admins.rs`, those on messages to patients in `notifications.rs`,
/// `clinic_messages.rs` and `text_reminders.rs`.
const TRIED_ELSEWHERE: &[&str] = &[
    "acceptWaitlistOffer",
    "addExternalCalendar",
    "addFileVersion",
    "addHoliday",
    "addRelative",
    "addResource",
    "addTimeOff",
    "addVisitType",
    "addWebhook",
    "applyClinicChange",
    "applyDoctorChange",
    "bookSeries",
    "cancelSeries",
    "changeClinic",
    "changeDoctor",
    "changeMyEmail",
    "changePassword",
    "changePrescription",
    "changeRelative",
    "changeResource",
    "changeVisitType",
    "changeWebhook",
    "checkIn",
    "checkPrescriptionHash",
    "closeFeed",
    "closeMyFeed",
    "confirmAppointment",
    "confirmMyEmail",
    "confirmSecondFactor",
    "correctAppointment",
    "correctPatient",
    "createClinic",
    "createDoctor",
    "createUser",
    "deactivateDoctor",
    "deleteFile",
    "editFile",
    "editMe",
    "editUser",
    "endAllSessions",
    "endEmergencyAccess",
    "endHold",
    "endSession",
    "eraseMe",
    "forgotPassword",
    "holdTime",
    "importHolidays",
    "joinWaitlist",
    "leaveWaitlist",
    "login",
    "makeRecoveryCodes",
    "markArrived",
    "markCompleted",
    "markNoShow",
    "openEmergencyAccess",
    "openFeed",
    "openMyFeed",
    "pauseQueue",
    "previewClinicChange",
    "previewDoctorChange",
    "previewSeries",
    "putMyConsents",
    "putMyNotificationPreferences",
    "receiveWalkIn",
    "refreshSession",
    "refuseWaitlistOffer",
    "register",
    "releaseRelative",
    "removeExternalCalendar",
    "removeHoliday",
    "removeOverride",
    "removeTimeOff",
    "removeWebhook",
    "replaceBreaks",
    "replaceWeeklyHours",
    "replayWebhookDelivery",
    "requestCode",
    "requestReport",
    "resetPassword",
    "resumeQueue",
    "retireVisitType",
    "retryJob",
    "retryJobs",
    "retryMessage",
    "retryMessages",
    "rotateWebhookSecret",
    "runSchedule",
    "searchPatients",
    "sendNotification",
    "setOverride",
    "setUpSecondFactor",
    "signOut",
    "takeDownPatient",
    "takeTextStatus",
    "testWebhook",
    "undoClinicChange",
    "undoDoctorChange",
    "uploadFiles",
    "verifyCode",
    "withdrawPrescription",
    "writePrescription",
];

#[actix_web::test]
async fn whatever_is_not_public_answers_401_without_a_key_before_anything_else() {
    let app = App::reading().await;
    let before = app.tables().await;
    let mut closed = BTreeSet::new();
    for operation in operations() {
        if PUBLIC.contains(&operation.id.as_str()) {
            continue;
        }
        closed.insert(operation.id.clone());
        assert!(operation.value["responses"].get("401").is_some(), "{} does not announce 401", operation.id);
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        // A visit that is there, one that is not, and a body that is none: all are told the same.
        for number in [12109, 99999] {
            let uri = operation.path.replace("{id}", &id('a', number)).replace("{patient_id}", &id('b', number));
            let request = || TestRequest::with_uri(&uri).method(method.clone());
            for request in [
                request(),
                request().set_json(json!({})),
                request().set_payload("{"),
                request().set_json(json!({"role": 1})),
            ] {
                let answer = app.send(request).await;
                assert_eq!(answer.problem(), (401, "not-signed-in".to_owned()), "{} {uri}", operation.id);
                assert!(answer.header("www-authenticate").is_some());
            }
        }
    }
    assert_eq!(
        closed.into_iter().collect::<Vec<_>>(),
        [
            "acceptWaitlistOffer",
            "addExternalCalendar",
            "addFileVersion",
            "addHoliday",
            "addRelative",
            "addResource",
            "addTimeOff",
            "addVisitType",
            "addWebhook",
            "applyClinicChange",
            "applyDoctorChange",
            "bookSeries",
            "cancelAppointment",
            "cancelSeries",
            "changeClinic",
            "changeDoctor",
            "changeMyEmail",
            "changePassword",
            "changePrescription",
            "changeRelative",
            "changeResource",
            "changeVisitType",
            "changeWebhook",
            "checkIn",
            "closeFeed",
            "closeMyFeed",
            "confirmMyEmail",
            "confirmSecondFactor",
            "correctAppointment",
            "correctPatient",
            "createClinic",
            "createDoctor",
            "createUser",
            "deactivateDoctor",
            "deleteFile",
            "editFile",
            "editMe",
            "editUser",
            "endAllSessions",
            "endEmergencyAccess",
            "endHold",
            "endSession",
            "eraseMe",
            "exportMe",
            "getAppointment",
            "getAppointmentFile",
            "getAppointmentHistory",
            "getCalendar",
            "getCheckInPoster",
            "getClinicDay",
            "getClinicWeek",
            "getDaySheet",
            "getDayTable",
            "getFile",
            "getFileContent",
            "getMe",
            "getMyConsents",
            "getMyNotificationPreferences",
            "getNotification",
            "getOutbox",
            "getOverride",
            "getPatient",
            "getPrescription",
            "getPrescriptionFigures",
            "getPrescriptionPaper",
            "getQueue",
            "getRelative",
            "getReport",
            "getReportFile",
            "getSeries",
            "getUser",
            "getWaitlistOffer",
            "getWebhook",
            "getWebhookDelivery",
            "importHolidays",
            "joinWaitlist",
            "leaveWaitlist",
            "linkFile",
            "listAccesses",
            "listAppointments",
            "listClinicChanges",
            "listDoctorChanges",
            "listExternalCalendars",
            "listFeeds",
            "listFigures",
            "listFileVersions",
            "listFiles",
            "listJobRuns",
            "listJobs",
            "listMyFeeds",
            "listOverrides",
            "listPrescriptionVersions",
            "listPrescriptions",
            "listQueues",
            "listRelatives",
            "listReports",
            "listResources",
            "listSchedules",
            "listSessions",
            "listTimeOff",
            "listUsers",
            "listVisitNotifications",
            "listWaitlist",
            "listWebhookDeliveries",
            "listWebhookEventTypes",
            "listWebhooks",
            "makeRecoveryCodes",
            "markArrived",
            "markCompleted",
            "markNoShow",
            "openEmergencyAccess",
            "openFeed",
            "openMyFeed",
            "pauseQueue",
            "previewClinicChange",
            "previewDoctorChange",
            "previewSeries",
            "putMyConsents",
            "putMyNotificationPreferences",
            "receiveWalkIn",
            "refuseWaitlistOffer",
            "releaseRelative",
            "removeExternalCalendar",
            "removeHoliday",
            "removeOverride",
            "removeTimeOff",
            "removeWebhook",
            "replaceBreaks",
            "replaceWeeklyHours",
            "replayWebhookDelivery",
            "requestReport",
            "rescheduleAppointment",
            "resumeQueue",
            "retireVisitType",
            "retryJob",
            "retryJobs",
            "retryMessage",
            "retryMessages",
            "rotateWebhookSecret",
            "runSchedule",
            "searchPatients",
            "sendNotification",
            "setOverride",
            "setUpSecondFactor",
            "signOut",
            "takeDownPatient",
            "testWebhook",
            "undoClinicChange",
            "undoDoctorChange",
            "uploadFiles",
            "withdrawPrescription",
            "writePrescription",
        ]
    );
    assert_eq!(app.tables().await, before);
}

#[test]
fn the_list_of_public_operations_names_only_what_there_is() {
    let all: BTreeSet<String> = operations().into_iter().map(|operation| operation.id).collect();
    for listed in PUBLIC {
        assert!(all.contains(listed), "{listed}");
    }
    assert!(PUBLIC.is_sorted());
}

#[actix_web::test]
async fn every_writing_operation_leaves_an_audit_event_and_a_message() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, "2027-03-09T09:00:00-05:00")).await;
    let visit = booked.json()["id"].as_str().unwrap().to_owned();
    let reschedule = (booked.manage("/reschedule"), json!({"starts_at": "2027-03-09T10:00:00-05:00"}));
    let cancel = (booked.manage("/cancel"), json!({}));
    let how = [
        ("bookAppointment", "appointment.booked", None),
        ("rescheduleAppointment", "appointment.rescheduled", Some(reschedule)),
        ("cancelAppointment", "appointment.cancelled", Some(cancel)),
    ];
    for operation in operations().into_iter().filter(|operation| operation.writes()) {
        let tried = how.iter().map(|(id, ..)| *id).chain(TRIED_ELSEWHERE.iter().copied()).any(|id| id == operation.id);
        assert!(tried, "nobody has tried what {} leaves behind", operation.id);
    }
    for (id, action, request) in how {
        if let Some((uri, body)) = request {
            assert_eq!(app.post(&uri, &body).await.status, 200, "{id}");
        }
        for table in ["audit_event WHERE action", "outbox WHERE topic"] {
            let query = format!("SELECT count(*) FROM journal.{table} = '{action}' AND subject = '{visit}'");
            assert_eq!(app.number(&query).await, 1, "{id}: {table}");
        }
    }
    assert_eq!(app.audited().await, 4);
}
