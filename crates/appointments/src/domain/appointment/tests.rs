use jiff::SignedDuration;
use kernel::DomainEvent as _;

use super::*;

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

fn offer(start: i64) -> Offer {
    let visit = Interval::new(at(start), at(start + 30)).unwrap();
    Offer {
        doctor: DoctorId::mint(),
        clinic: ClinicId::mint(),
        visit_type: VisitTypeId::mint(),
        mode: VisitMode::InPerson,
        price: Money::dollars(120),
        visit,
        blocked: visit.widened(5, 10),
        time_zone: "America/New_York".into(),
        open_to_new_patients: true,
        edition: 1,
        resources: Vec::new(),
        outside_hours: None,
    }
}

fn booked() -> Appointment {
    Appointment::book(offer(600), PatientId::mint(), Some("knee".into()), at(0)).0
}

#[test]
fn a_booking_takes_everything_over_from_the_offer() {
    let offer = offer(600);
    let (visit, event) = Appointment::book(offer.clone(), PatientId::mint(), None, at(1));
    assert_eq!(
        (visit.visit, visit.blocked, visit.status, visit.version),
        (offer.visit, offer.blocked, Status::Booked, 1)
    );
    assert_eq!(
        (event.name(), event.subject(), event.clinic()),
        ("appointment.booked", visit.id.as_uuid(), Some(offer.clinic.as_uuid()))
    );
}

#[test]
fn a_visit_is_cancelled_until_the_instant_it_starts() {
    let visit = booked();
    let (cancelled, event) = visit.cancel(Some("ill".into()), Side::Patient, at(599)).unwrap();
    assert_eq!((cancelled.status, cancelled.version, cancelled.updated_at), (Status::Cancelled, 2, at(599)));
    assert_eq!(event.name(), "appointment.cancelled");
    assert_eq!(visit.cancel(None, Side::Patient, at(600)).unwrap_err(), CancelRefusal::Started);
}

#[test]
fn nothing_leaves_completed_cancelled_and_no_show() {
    for over in [Status::Completed, Status::Cancelled, Status::NoShow] {
        let visit = Appointment { status: over, ..booked() };
        assert_eq!(visit.cancel(None, Side::Team, at(0)).unwrap_err(), CancelRefusal::Over(over));
        assert_eq!(visit.reschedule(&offer(700), at(0)).unwrap_err(), RescheduleRefusal::NotBooked(over));
    }
}

#[test]
fn a_move_keeps_id_and_patient_and_forgets_the_reminder() {
    let visit = Appointment { reminder_sent: true, ..booked() };
    let (moved, event) = visit.reschedule(&offer(700), at(10)).unwrap();
    assert_eq!((moved.id, moved.patient, moved.status), (visit.id, visit.patient, Status::Booked));
    assert_eq!((moved.visit.start, moved.reminder_sent, moved.version), (at(700), false, 2));
    let AppointmentEvent::Rescheduled { from, to, .. } = event else { panic!("{event:?}") };
    assert_eq!((from, to), (at(600), at(700)));
}

#[test]
fn a_visit_that_has_started_is_not_moved() {
    assert_eq!(booked().reschedule(&offer(700), at(600)).unwrap_err(), RescheduleRefusal::Started);
}

#[test]
fn those_who_run_the_calendar_cancel_what_has_begun() {
    for status in [Status::Booked, Status::Arrived] {
        let visit = Appointment { status, ..booked() };
        assert_eq!(visit.cancel(None, Side::Team, at(700)).unwrap().0.status, Status::Cancelled);
        assert_eq!(visit.cancel(None, Side::Patient, at(700)).unwrap_err(), CancelRefusal::Started);
    }
}

#[test]
fn a_visit_is_marked_in_its_order_and_at_its_time() {
    // In New York the day of the visit begins 300 minutes later than in Greenwich.
    let visit = booked();
    let marked = |status, mark, minute| Appointment { status, ..visit.clone() }.mark(mark, at(minute));
    assert_eq!(marked(Status::Booked, Mark::Arrived, 300).unwrap().0.status, Status::Arrived);
    assert_eq!(marked(Status::Booked, Mark::Arrived, 299).unwrap_err(), MarkRefusal::NotToday);
    for mark in [Mark::Completed, Mark::NoShow] {
        assert_eq!(marked(Status::Booked, mark, 599).unwrap_err(), MarkRefusal::NotStarted);
        assert_eq!(marked(Status::Booked, mark, 600).unwrap().0.status, mark.leads_to());
    }
    assert_eq!(marked(Status::Arrived, Mark::Completed, 400).unwrap().1.name(), "appointment.completed");
    assert_eq!(marked(Status::Arrived, Mark::NoShow, 700).unwrap_err(), MarkRefusal::Not(Status::Arrived));
    for over in [Status::Completed, Status::Cancelled, Status::NoShow] {
        for mark in [Mark::Arrived, Mark::Completed, Mark::NoShow] {
            assert_eq!(marked(over, mark, 700).unwrap_err(), MarkRefusal::Not(over));
        }
    }
}

#[test]
fn every_status_is_found_by_its_word() {
    for status in [Status::Booked, Status::Arrived, Status::Completed, Status::Cancelled, Status::NoShow] {
        assert_eq!(Status::from_word(status.word()), Some(status));
    }
    assert_eq!(Status::from_word("gone"), None);
}
