//! Visits that are over for more than a year.

use crate::app::{App, Who, doctor, id};

#[actix_web::test]
async fn lists_leave_out_what_began_over_a_year_ago_unless_dates_are_asked_for() {
    let app = App::start().await;
    let (list, calendar) = ("/api/v1/appointments", format!("/api/v1/doctors/{}/appointments", doctor(1)));
    let now = app.get_as(Who::Patient(1), list).await.list();
    assert!(now.len() > 2, "{now:?}");
    let visit = format!("{list}/{}", now[0]["id"].as_str().unwrap());

    app.set_clock("2029-03-08T05:00:00Z");
    for (who, uri) in [
        (Who::Patient(1), list),
        (Who::Staff(1), list),
        (Who::Doctor(1), calendar.as_str()),
        (Who::Doctor(1), &format!("{calendar}?filter=past")),
        (Who::Patient(1), &format!("{list}?status=completed")),
    ] {
        assert!(app.get_as(who, uri).await.list().is_empty(), "{uri}");
    }
    for (who, uri) in [
        (Who::Patient(1), format!("{list}?from=2020-01-01T00:00:00Z")),
        (Who::Patient(1), format!("{list}?start_date=2020-01-01")),
        (Who::Staff(1), format!("{list}?to=2028-01-01T00:00:00Z&patient_id={}", id('b', 1))),
        (Who::Patient(1), format!("{list}?end_date=2028-01-01")),
        (Who::Doctor(1), format!("{calendar}?filter=past&from=2020-01-01T00:00:00Z")),
    ] {
        assert!(!app.get_as(who, &uri).await.list().is_empty(), "{uri}");
    }
    // By its id it is there as ever, and a page goes on where it ended.
    assert_eq!(app.get_as(Who::Patient(1), &visit).await.status, 200);
    let page = app.get_as(Who::Patient(1), &format!("{list}?start_date=2020-01-01&limit=1")).await;
    assert_eq!(app.get_as(Who::Patient(1), &page.next().unwrap()).await.list().len(), 1);

    app.set_clock("2027-09-08T05:00:00Z");
    assert_eq!(app.get_as(Who::Patient(1), list).await.list().len(), now.len(), "half a year is no year");
}
