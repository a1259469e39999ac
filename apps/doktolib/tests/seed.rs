//! The seeder on a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

#[path = "seed/read.rs"]
mod read;

use doktolib::seed::{SeedError, SeedOptions, SeedOutcome, SeedReport, TEST_DATA_NOW, seed, seed_test_data};
use jiff::Timestamp;
use read::{count, fingerprint, keys, lines, opened, structure};
use testkit::TestDatabase;
use tokio_postgres::Client;

/// A Friday; it is past midnight of that day and before the next one in every zone of the catalogue.
const FRIDAY: &str = "2026-11-20T18:00:00Z";
/// A Sunday, on which nobody has weekly hours.
const SUNDAY: &str = "2026-11-22T18:00:00Z";
/// Nine days before the clocks of most states go forward.
const BEFORE_SPRING: &str = "2027-03-05T18:00:00Z";

async fn database() -> (TestDatabase, Client) {
    let database = testkit::database().await;
    let client = platform::pg::client(&database.settings).await.unwrap();
    (database, client)
}

fn options(now: &str, doctors: u32, appointments_per_doctor: u32) -> SeedOptions {
    SeedOptions { doctors, appointments_per_doctor, ..SeedOptions::new(now.parse::<Timestamp>().unwrap()) }
}

async fn seeded(client: &mut Client, options: &SeedOptions) -> SeedReport {
    match seed(client, &keys(), options).await.unwrap() {
        SeedOutcome::Seeded(report) => report,
        SeedOutcome::AlreadyThere => panic!("the database was not empty"),
    }
}

/// Which part of all visits lies on each side of the clinic's present day, in per cent.
async fn shares(client: &Client, now: &str) -> [f64; 3] {
    let select = format!(
        "SELECT avg((local < today)::int::float8), avg((local = today)::int::float8), avg((local > today)::int::float8)
           FROM (SELECT (starts_at AT TIME ZONE time_zone)::date AS local,
                        ('{now}'::timestamptz AT TIME ZONE time_zone)::date AS today
                   FROM appointments.appointment) a"
    );
    let row = client.query_one(&select, &[]).await.unwrap();
    [0, 1, 2].map(|column| row.get::<_, f64>(column) * 100.0)
}

/// Active visits that are not inside an opening of the date, on the grid of their type: read by PostgreSQL's
/// own idea of time zones, which knows nothing of the seeder's.
const MISPLACED: &str = "
    WITH visit AS (
        SELECT a.*, (a.starts_at AT TIME ZONE a.time_zone)::date AS on_date,
               (extract(hour FROM a.starts_at AT TIME ZONE a.time_zone) * 60
                + extract(minute FROM a.starts_at AT TIME ZONE a.time_zone))::int AS minute,
               v.duration_minutes, v.grid_minutes, v.buffer_before, v.buffer_after, v.doctor_id AS offered_by,
               v.mode AS offered_as, c.time_zone AS clinic_zone
          FROM appointments.appointment a
          JOIN doctors.visit_type v ON v.id = a.visit_type_id
          JOIN doctors.clinic c ON c.id = a.clinic_id
         WHERE a.status IN ('booked', 'arrived')
    ), opening AS (
        SELECT visit.id, o.from_minute, o.to_minute
          FROM visit JOIN doctors.override_day d USING (doctor_id, on_date),
               json_to_recordset(d.hours::json) AS o(clinic_id uuid, from_minute int, to_minute int)
         WHERE o.clinic_id = visit.clinic_id
         UNION ALL
        SELECT visit.id, w.from_minute, w.to_minute
          FROM visit JOIN doctors.weekly_hours w USING (doctor_id, clinic_id)
         WHERE w.weekday = extract(isodow FROM visit.on_date)
           AND (w.visit_type_ids IS NULL OR visit.visit_type_id = ANY (w.visit_type_ids))
           AND NOT EXISTS (SELECT FROM doctors.override_day d
                            WHERE d.doctor_id = visit.doctor_id AND d.on_date = visit.on_date)
    )
    SELECT visit.id, visit.starts_at, visit.time_zone FROM visit
     WHERE NOT EXISTS (SELECT FROM opening o
                        WHERE o.id = visit.id AND o.from_minute <= minute AND minute + duration_minutes <= o.to_minute
                          AND (minute - o.from_minute) % grid_minutes = 0)
        OR EXISTS (SELECT FROM doctors.time_off t
                    WHERE t.doctor_id = visit.doctor_id AND t.starts_at < visit.ends_at AND visit.starts_at < t.ends_at)
        OR EXISTS (SELECT FROM doctors.clinic_holiday h
                    WHERE h.clinic_id = visit.clinic_id AND h.on_date = visit.on_date)
        OR ends_at <> starts_at + make_interval(mins => duration_minutes)
        OR blocked_from <> starts_at - make_interval(mins => buffer_before)
        OR blocked_until <> ends_at + make_interval(mins => buffer_after)
        OR offered_by <> doctor_id OR offered_as <> mode OR clinic_zone <> time_zone";

#[tokio::test]
async fn a_hundred_doctors_have_their_clinics_patients_and_visits_in_the_described_shares() {
    let (_database, mut client) = database().await;
    let report = seeded(&mut client, &options(FRIDAY, 100, 50)).await;
    assert_eq!((report.doctors, report.clinics, report.appointments), (100, 20, 5000));
    assert!((950..1050).contains(&report.patients), "{report:?}");
    for (table, reported) in [
        ("doctors.doctor", report.doctors),
        ("doctors.soonest", report.doctors),
        ("doctors.clinic", report.clinics),
        ("appointments.patient", report.patients),
        ("appointments.appointment", report.appointments),
    ] {
        assert_eq!(count(&client, table).await, i64::try_from(reported).unwrap(), "{table}");
    }
    assert_eq!(shares(&client, FRIDAY).await, [30.0, 10.0, 60.0]);
    assert_eq!(count(&client, "(SELECT DISTINCT specialty FROM doctors.doctor) s").await, 49);
    assert_eq!(count(&client, "(SELECT DISTINCT city FROM doctors.clinic) s").await, 20);

    let over = "appointments.appointment WHERE starts_at < '2026-11-19'";
    let all = count(&client, over).await;
    let (completed, cancelled) = (
        count(&client, &format!("{over} AND status = 'completed'")).await,
        count(&client, &format!("{over} AND status = 'cancelled'")).await,
    );
    let no_show = count(&client, &format!("{over} AND status = 'no_show'")).await;
    assert_eq!(completed + cancelled + no_show, all);
    assert!((77..83).contains(&(completed * 100 / (completed + cancelled))), "{completed} {cancelled}");
    assert!((1..6).contains(&(no_show * 100 / all)), "{no_show} of {all}");

    let held = count(&client, "appointments.appointment WHERE status = 'completed'").await;
    let prescribed = count(&client, "prescriptions.prescription").await;
    assert!((67..74).contains(&(prescribed * 100 / held)), "{prescribed} of {held}");
    let elsewhere = "prescriptions.prescription p LEFT JOIN appointments.appointment a ON a.id = p.appointment_id
            AND (a.doctor_id, a.patient_id, a.clinic_id, a.time_zone)
              = (p.doctor_id, p.patient_id, p.clinic_id, p.time_zone)
            AND a.status = 'completed' AND a.ends_at = p.created_at WHERE a.id IS NULL";
    assert_eq!(count(&client, elsewhere).await, 0, "each stands at a visit that took place, with its sides");
    let whole =
        "prescriptions.prescription p JOIN prescriptions.version v ON v.prescription_id = p.id AND v.number = p.newest";
    assert_eq!(count(&client, whole).await, prescribed);
}

#[tokio::test]
async fn the_visits_of_the_day_stand_where_the_hour_has_brought_them() {
    let (_database, mut client) = database().await;
    seeded(&mut client, &options(FRIDAY, 50, 50)).await;
    let wrong = format!(
        "SELECT id, status FROM appointments.appointment
          WHERE ends_at <= '{FRIDAY}' AND status IN ('booked', 'arrived')
             OR starts_at > '{FRIDAY}' AND status NOT IN ('booked', 'cancelled')
             OR status = 'arrived' AND NOT (starts_at <= '{FRIDAY}' AND '{FRIDAY}' < ends_at)"
    );
    assert_eq!(lines(&client, &wrong).await, [""; 0]);
    for status in ["completed", "arrived", "booked"] {
        let of_today = format!(
            "appointments.appointment WHERE status = '{status}'
                AND (starts_at AT TIME ZONE time_zone)::date = '2026-11-20'"
        );
        assert!(count(&client, &of_today).await > 0, "{status}");
    }
}

#[tokio::test]
async fn a_seeding_on_a_sunday_has_visits_of_the_day_too() {
    let (_database, mut client) = database().await;
    seeded(&mut client, &options(SUNDAY, 20, 50)).await;
    assert_eq!(shares(&client, SUNDAY).await, [30.0, 10.0, 60.0]);
    assert_eq!(lines(&client, MISPLACED).await, [""; 0]);

    // The statement does see a visit that stands five minutes beside the grid.
    let a_little_later = "UPDATE appointments.appointment
        SET starts_at = starts_at + '5 min', ends_at = ends_at + '5 min', blocked_until = blocked_until + '5 min'
      WHERE id = (SELECT id FROM appointments.appointment WHERE status = 'booked' ORDER BY starts_at DESC LIMIT 1)";
    assert_eq!(client.execute(a_little_later, &[]).await.unwrap(), 1);
    assert_eq!(lines(&client, MISPLACED).await.len(), 1);
}

#[tokio::test]
async fn every_active_visit_lies_in_the_hours_and_on_the_grid_of_the_clinics_wall_clock_all_year() {
    for now in [FRIDAY, BEFORE_SPRING, "2027-10-29T18:00:00Z"] {
        let (_database, mut client) = database().await;
        seeded(&mut client, &options(now, 100, 50)).await;
        assert_eq!(lines(&client, MISPLACED).await, [""; 0], "{now}");
        let offsets = "(SELECT DISTINCT time_zone, starts_at - (starts_at AT TIME ZONE time_zone) AT TIME ZONE 'UTC'
                          FROM appointments.appointment WHERE status = 'booked') s";
        let zones = "(SELECT DISTINCT time_zone FROM appointments.appointment) s";
        let changes = count(&client, offsets).await > count(&client, zones).await;
        assert_eq!(changes, now != FRIDAY, "the clocks change in the two months after {now}");
    }
}

#[tokio::test]
async fn nobody_is_in_two_places_at_once() {
    let (_database, mut client) = database().await;
    seeded(&mut client, &options(FRIDAY, 100, 50)).await;
    // Of visits of any status, which is more than the constraints ask for.
    for (who, from, until) in [("doctor_id", "blocked_from", "blocked_until"), ("patient_id", "starts_at", "ends_at")] {
        let overlaps = format!(
            "SELECT a.id, b.id FROM appointments.appointment a JOIN appointments.appointment b
                 ON a.{who} = b.{who} AND a.id < b.id AND a.{from} < b.{until} AND b.{from} < a.{until}"
        );
        assert_eq!(lines(&client, &overlaps).await, [""; 0], "{who}");
    }
}

#[tokio::test]
async fn constraints_and_indexes_are_the_ones_of_the_migrations_before_and_after() {
    let (_database, mut client) = database().await;
    let before = structure(&client).await;
    assert!(before.iter().any(|line| line.contains("appointment_one_per_doctor")), "{before:?}");
    seeded(&mut client, &options(FRIDAY, 10, 20)).await;
    assert_eq!(structure(&client).await, before);
    seeded(&mut client, &SeedOptions { force: true, ..options(FRIDAY, 10, 20) }).await;
    assert_eq!(structure(&client).await, before);
    let twice = "INSERT INTO appointments.appointment
        SELECT (j).* FROM (SELECT jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid())) AS j
                             FROM appointments.appointment a WHERE status = 'booked' LIMIT 1) s";
    let refused = client.execute(twice, &[]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&tokio_postgres::error::SqlState::EXCLUSION_VIOLATION));
}

#[tokio::test]
async fn the_same_number_gives_the_same_rows_whatever_the_size_of_the_batch() {
    let (_one, mut one) = database().await;
    let (_other, mut other) = database().await;
    let options = options(FRIDAY, 60, 30);
    seeded(&mut one, &options).await;
    seeded(&mut other, &SeedOptions { batch: 7, ..options.clone() }).await;
    let rows = fingerprint(&one).await;
    assert_eq!(rows, fingerprint(&other).await);
    // What is sealed differs; its signature does not.
    let prescribed = "SELECT p.id, p.appointment_id, p.search_keys, p.medicine_keys, v.id, v.valid_until, v.signature
                        FROM prescriptions.prescription p JOIN prescriptions.version v ON v.prescription_id = p.id";
    assert_eq!(lines(&one, prescribed).await, lines(&other, prescribed).await);

    // Another hour of the same day changes what has become of visits, but neither people nor times.
    let evening = SeedOptions { now: "2026-11-20T23:30:00Z".parse().unwrap(), force: true, ..options.clone() };
    let times = "SELECT id, doctor_id, patient_id, visit_type_id, starts_at, created_at FROM appointments.appointment";
    seeded(&mut other, &evening).await;
    assert_eq!(lines(&one, times).await, lines(&other, times).await);
    let later = fingerprint(&other).await;
    assert_eq!(rows[..10], later[..10]);
    assert_ne!(rows[10], later[10]);

    seeded(&mut other, &SeedOptions { seed: 1, force: true, ..options }).await;
    for (row, other) in rows.iter().zip(fingerprint(&other).await) {
        assert_ne!(*row, other);
    }
}

#[tokio::test]
async fn what_is_there_stays_unless_force_is_asked_for() {
    let (_database, mut client) = database().await;
    let first = options(FRIDAY, 20, 10);
    seeded(&mut client, &first).await;
    let rows = fingerprint(&client).await;
    assert_eq!(
        seed(&mut client, &keys(), &SeedOptions { seed: 1, ..first.clone() }).await.unwrap(),
        SeedOutcome::AlreadyThere
    );
    assert_eq!(seed_test_data(&mut client, &keys()).await.unwrap(), SeedOutcome::AlreadyThere);
    assert_eq!(fingerprint(&client).await, rows);

    let report = seeded(&mut client, &SeedOptions { doctors: 7, force: true, ..first }).await;
    assert_eq!((report.doctors, count(&client, "doctors.doctor").await), (7, 7));
    assert_eq!(count(&client, "appointments.appointment").await, 70);
    assert_eq!(count(&client, "doctors.city").await, 48);
}

#[tokio::test]
async fn a_seeding_that_fails_leaves_everything_as_it_was() {
    let (_database, mut client) = database().await;
    let rows = fingerprint(&client).await;
    let structure_before = structure(&client).await;
    for doctors in [0, 10_001] {
        let refused = seed(&mut client, &keys(), &options(FRIDAY, doctors, 5)).await;
        assert!(matches!(refused, Err(SeedError::Doctors(number)) if number == doctors), "{refused:?}");
    }
    let refused = seed(&mut client, &keys(), &SeedOptions { batch: 0, ..options(FRIDAY, 5, 5) }).await;
    assert!(matches!(refused, Err(SeedError::EmptyBatch)), "{refused:?}");

    client.execute("ALTER TABLE doctors.soonest ADD CONSTRAINT never CHECK (false)", &[]).await.unwrap();
    let refused = seed(&mut client, &keys(), &options(FRIDAY, 5, 5)).await;
    assert!(matches!(refused, Err(SeedError::Database { .. })), "{refused:?}");
    client.execute("ALTER TABLE doctors.soonest DROP CONSTRAINT never", &[]).await.unwrap();

    client.execute("INSERT INTO doctors.city VALUES ('olympus', 'Olympus', 'XX', 'Mars/Olympus')", &[]).await.unwrap();
    let refused = seed(&mut client, &keys(), &options(FRIDAY, 5, 5)).await;
    assert!(matches!(&refused, Err(SeedError::Zone { name, .. }) if name == "Mars/Olympus"), "{refused:?}");
    assert_eq!(fingerprint(&client).await, rows);
    assert_eq!(structure(&client).await, structure_before);
}

#[tokio::test]
async fn doctors_offers_and_patients_are_plausible() {
    let (_database, mut client) = database().await;
    seeded(&mut client, &options(FRIDAY, 200, 20)).await;
    for nothing in [
        "SELECT d.id FROM doctors.doctor d JOIN doctors.clinic c ON c.id = d.clinic_id
          WHERE d.city <> c.city OR consultation_price NOT BETWEEN 80 AND 300 OR rating NOT BETWEEN 350 AND 500
             OR years_experience NOT BETWEEN 1 AND 40 OR cardinality(languages) NOT BETWEEN 1 AND 3
             OR array_to_string(languages, ',') !~ '^[a-z]{2}(,[a-z]{2})*$' OR profile_image_url IS NOT NULL
             OR bio = '' OR search_text <> lower(search_text) OR search_text ~ '[áéíóúüöñëčÁÉÍÓÚ]'
             OR d.created_at < c.created_at",
        "SELECT d.id FROM doctors.doctor d JOIN doctors.visit_type v ON v.doctor_id = d.id GROUP BY d.id
         HAVING count(*) FILTER (WHERE v.resource_kind IS NULL) NOT BETWEEN 2 AND 3 OR count(*) FILTER (WHERE is_default) <> 1
             OR bool_or(v.mode = 'video') <> offers_video OR bool_or(v.mode = 'in_person') <> offers_in_person
             OR bool_or(is_default AND price_cents <> consultation_price * 100)",
        "SELECT a.id FROM doctors.weekly_hours a JOIN doctors.weekly_hours b
             ON a.doctor_id = b.doctor_id AND a.weekday = b.weekday AND a.id < b.id
            AND a.from_minute < b.to_minute AND b.from_minute < a.to_minute",
        "SELECT a.id FROM appointments.appointment a JOIN appointments.patient p ON p.id = a.patient_id
           JOIN doctors.doctor d ON d.id = a.doctor_id JOIN doctors.visit_type v ON v.id = a.visit_type_id
          WHERE a.created_at >= a.starts_at OR a.created_at < p.created_at OR a.created_at < d.created_at
             OR a.updated_at < a.created_at OR a.price_cents <> v.price_cents OR a.created_at > '2026-11-20T18:00:00Z'
             OR (a.cancel_reason IS NOT NULL) <> (a.status = 'cancelled')",
        "SELECT id FROM (SELECT id, created_at FROM doctors.doctor UNION ALL SELECT id, created_at FROM doctors.clinic
               UNION ALL SELECT id, created_at FROM appointments.patient UNION ALL
               SELECT id, created_at FROM appointments.appointment) i
          WHERE id::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
             OR ('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint
                <> (extract(epoch FROM created_at) * 1000)::bigint",
        "SELECT doctor_id FROM doctors.soonest WHERE soonest_at <> '9000-01-01' AT TIME ZONE 'UTC' OR valid_until > now()",
        // Two clinics have ultrasounds, and all who see people there offer them; nothing else is in a room.
        "SELECT n FROM (SELECT count(DISTINCT clinic_id) AS n FROM doctors.resource WHERE kind = 'ultrasound') c WHERE n <> 2",
        "SELECT d.id FROM doctors.doctor d WHERE d.offers_in_person
            AND (d.clinic_id IN (SELECT clinic_id FROM doctors.resource))
             <> EXISTS (SELECT FROM doctors.visit_type v WHERE v.doctor_id = d.id AND v.resource_kind = 'ultrasound')",
        "SELECT clinic_id FROM doctors.clinic_holiday WHERE on_date NOT BETWEEN '2026-11-21' AND '2027-11-20'",
    ] {
        assert_eq!(lines(&client, nothing).await, [""; 0], "{nothing}");
    }
    let addresses = opened(&client, "appointments.patient", "email").await;
    assert!(addresses.len() > 100);
    for (id, address) in addresses {
        let (front, host) = address.split_once('@').unwrap();
        assert!(["example.com", "example.org", "example.net"].contains(&host), "{address}");
        assert!(front.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.'), "{address}");
        let key: Vec<u8> =
            client.query_one("SELECT email_key FROM appointments.patient WHERE id = $1", &[&id]).await.unwrap().get(0);
        assert_eq!(key, keys().blind("appointments.patient.email_key", &address));
    }
    for some in ["override_day WHERE hours = '[]'", "override_day WHERE hours <> '[]'", "time_off", "clinic_holiday"] {
        assert!(count(&client, &format!("doctors.{some}")).await > 0, "{some}");
    }
}

#[tokio::test]
async fn many_visits_are_placed_as_long_as_there_is_room_and_no_more() {
    let (_database, mut client) = database().await;
    assert_eq!(seeded(&mut client, &options(FRIDAY, 4, 500)).await.appointments, 2000);
    let everything = SeedOptions { force: true, ..options(FRIDAY, 1, u32::MAX) };
    let report = seeded(&mut client, &everything).await;
    assert!((3_000..20_000).contains(&report.appointments), "{report:?}");
    assert_eq!(lines(&client, MISPLACED).await, [""; 0]);
    let none = SeedOptions { force: true, ..options(FRIDAY, 1, 0) };
    let report = seeded(&mut client, &none).await;
    assert_eq!((report.doctors, report.clinics, report.patients, report.appointments), (1, 1, 0, 0));
}

#[tokio::test]
async fn the_fixed_set_is_the_one_that_the_document_describes() {
    let (_database, mut client) = database().await;
    let structure_before = structure(&client).await;
    let SeedOutcome::Seeded(report) = seed_test_data(&mut client, &keys()).await.unwrap() else { panic!("not empty") };
    assert_eq!((report.doctors, report.clinics, report.patients, report.appointments), (5, 2, 20, 240));
    assert_eq!(structure(&client).await, structure_before);

    let slots = "doctors.weekly_hours w
        JOIN doctors.visit_type v ON v.doctor_id = w.doctor_id AND v.is_default
        JOIN generate_series('2027-03-01'::timestamp, '2027-03-12', '1 day') d ON extract(isodow FROM d) = w.weekday,
        generate_series(w.from_minute::int, w.to_minute - v.duration_minutes, v.grid_minutes::int)";
    assert_eq!(count(&client, slots).await, 800);
    let status = "SELECT status, starts_at < '2027-03-08T05:00:00Z' AS over, count(*) FROM appointments.appointment GROUP BY 1, 2";
    assert_eq!(
        lines(&client, status).await,
        ["(booked,f,100)", "(cancelled,f,20)", "(cancelled,t,20)", "(completed,t,95)", "(no_show,t,5)"]
    );
    assert_eq!(TEST_DATA_NOW.to_string(), "2027-03-08T05:00:00Z");
    assert_eq!(lines(&client, MISPLACED).await, [""; 0]);
    let elsewhere = "appointments.appointment
        WHERE extract(isodow FROM starts_at AT TIME ZONE time_zone) = 2
           OR to_char(starts_at AT TIME ZONE time_zone, 'HH24:MI') NOT IN ('09:00', '10:00', '11:00', '13:00', '14:00', '15:00')
           OR (starts_at AT TIME ZONE time_zone)::date NOT BETWEEN '2027-03-01' AND '2027-03-12'";
    assert_eq!(count(&client, elsewhere).await, 0);

    // Ids can be worked out by hand: doctor 3, second week, Monday, ten o'clock.
    let row = "SELECT doctor_id, patient_id, starts_at AT TIME ZONE time_zone, status FROM appointments.appointment
                WHERE id = '01900000-0000-7000-8000-a00000032110'";
    let expected =
        "(01900000-0000-7000-8000-d00000000003,01900000-0000-7000-8000-b00000000010,\"2027-03-08 10:00:00\",booked)";
    assert_eq!(lines(&client, row).await, [expected]);
    let pairs = "(SELECT doctor_id, patient_id FROM appointments.appointment GROUP BY 1, 2 HAVING count(*) = 12) s";
    assert_eq!(count(&client, pairs).await, 20);

    let of_doctors = "SELECT doctor_id, count(*) FROM prescriptions.prescription GROUP BY 1 HAVING count(*) <> 13";
    assert_eq!(count(&client, "prescriptions.prescription").await, 65);
    assert_eq!(lines(&client, of_doctors).await, [""; 0]);
    let row = "SELECT p.appointment_id, v.id, v.valid_until FROM prescriptions.prescription p
                 JOIN prescriptions.version v ON v.prescription_id = p.id WHERE p.id = '01900000-0000-7000-8000-600000011109'";
    let expected = "(01900000-0000-7000-8000-a00000011109,01900000-0000-7000-8000-300000011109,2027-06-01)";
    assert_eq!(lines(&client, row).await, [expected]);
}
