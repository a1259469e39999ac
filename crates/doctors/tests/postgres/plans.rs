//! What the hot queries cost: the planner's choice is not asked for but seen, by what the database counts while they run.

use doctors::application::{Agendas as _, Criteria, DoctorDirectory as _};
use doctors::infrastructure::Rivals;
use platform::pg;

use super::house::{House, by, doctor_id};
use super::{SORTS, now};

#[tokio::test]
async fn no_search_page_reads_the_whole_table_of_doctors() {
    let house = House::with_connections(1).await;
    house.clinics().await;
    house.doctors(1, 2_000).await;
    while house.soonest.refresh_stale(500, now(), Rivals::Skip).await.unwrap() > 0 {}
    house
        .sql(
            "ANALYZE doctors.doctor; ANALYZE doctors.soonest; ANALYZE doctors.visit_type; ANALYZE doctors.weekly_hours",
        )
        .await;
    let flush = async || {
        let mut conn = pg::conn(&house.db.pool).await.unwrap();
        for sql in ["SELECT pg_stat_force_next_flush()", "SELECT 1"] {
            diesel_async::SimpleAsyncConnection::batch_execute(&mut *conn, sql).await.unwrap();
            house.sql(sql).await;
        }
    };
    let scans = async || -> Vec<(String, i64)> {
        let sql = "SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE schemaname = 'doctors' \
                   AND relname IN ('doctor', 'soonest', 'visit_type', 'weekly_hours') ORDER BY 1";
        house.owner.query(sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
    };
    // That the counters count: this reads the tables to their ends.
    house.sql("SELECT FROM doctors.doctor; SELECT FROM doctors.soonest").await;
    flush().await;
    let mut before = scans().await;
    assert!(before.iter().any(|(table, scans)| table == "doctor" && *scans > 0), "{before:?}");

    let text = |text: &str| Some(text.to_owned());
    let filters = [
        Criteria::default(),
        Criteria { specialty: text("cardiology"), ..Criteria::default() },
        Criteria { city: text("new-york"), ..Criteria::default() },
        Criteria { specialty: text("cardiology"), city: text("new-york"), ..Criteria::default() },
        Criteria { max_price: Some(130), ..Criteria::default() },
    ];
    let words = Criteria { words: vec!["last17".into()], ..Criteria::default() };
    for (more_doctors, filters) in [(false, &filters[..]), (true, &[words])] {
        if more_doctors {
            // Two thousand names are read faster from end to end than looked up among their trigrams.
            house.doctors(2_001, 20_000).await;
            house.sql("UPDATE doctors.soonest SET valid_until = '8000-01-01' WHERE valid_until < '2000-01-01'").await;
            house.sql("ANALYZE doctors.doctor; ANALYZE doctors.soonest; ANALYZE doctors.weekly_hours").await;
            flush().await;
            before = scans().await;
        }
        for (sort, filter) in SORTS.iter().flat_map(|sort| filters.iter().map(move |filter| (*sort, filter))) {
            // Often enough for the server to go over to a plan that does not look at the parameters.
            for _ in 0..7 {
                let first = Criteria { sort, limit: 20, ..filter.clone() };
                let page = house.directory.search(&first, now()).await.unwrap();
                assert_eq!(page.entries.len(), 20);
                let second = Criteria { after: page.next, ..first };
                assert_eq!(house.directory.search(&second, now()).await.unwrap().entries.len(), 20);
            }
            flush().await;
            let after = scans().await;
            assert_eq!(after, before, "{sort:?}: {filter:?}");
        }
    }
    for number in 1..=8 {
        house.directory.find(doctor_id(number), now()).await.unwrap().unwrap();
        house.agendas.rules(doctor_id(number)).await.unwrap().unwrap();
        house.rules("SELECT 1", number, now()).await.unwrap();
        house.directory.visit_types(doctor_id(number)).await.unwrap().unwrap();
        house.directory.weekly_hours(doctor_id(number)).await.unwrap().unwrap();
        house.directory.search(&by(SORTS[3]), now()).await.unwrap();
    }
    flush().await;
    assert_eq!(scans().await, before);
}
