//! What the database holds of people: nothing that somebody who reads it could read.

use actix_web::test::TestRequest;
use serde_json::json;

use crate::app::{App, ada, guest, keys, with};

/// Every value of every text and bytea column, arrays and JSON too, as bytes, with table and column.
pub async fn stored(app: &App) -> Vec<(String, Vec<u8>)> {
    let client = app.client().await;
    let columns = "SELECT c.table_schema, c.table_name, c.column_name, c.udt_name FROM information_schema.columns c
          JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
           AND c.udt_name IN ('text', 'varchar', 'bpchar', 'name', 'bytea', 'json', 'jsonb', '_text', '_bytea', 'inet')";
    let mut values = Vec::new();
    for column in client.query(columns, &[]).await.unwrap() {
        let [schema, table, column, kind] = [0, 1, 2, 3].map(|place| column.get::<_, String>(place));
        let bytes =
            if kind == "bytea" { format!("\"{column}\"") } else { format!("convert_to(\"{column}\"::text, 'UTF8')") };
        let select = format!("SELECT {bytes} FROM {schema}.\"{table}\" WHERE \"{column}\" IS NOT NULL");
        let rows = client.query(&select, &[]).await.unwrap();
        values.extend(rows.iter().map(|row| (format!("{schema}.{table}.{column}"), row.get::<_, Vec<u8>>(0))));
    }
    values
}

/// Where one of the words stands in the clear, in any case.
pub fn in_the_clear(stored: &[(String, Vec<u8>)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (column, bytes) in stored {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        for word in words.iter().filter(|word| text.contains(&word.to_lowercase())) {
            found.push(format!("{word} in {column}"));
        }
    }
    found
}

#[actix_web::test]
async fn after_a_booking_its_move_and_its_cancellation_no_column_tells_who_it_was() {
    let app = App::start().await;
    let body = with(&ada(1, "2027-03-09T09:00:00-05:00"), "notes", "Migraine since Tuesday");
    let key = ("idempotency-key", "a-key");
    let booked = app.post_with("/api/v1/appointments", &body, key).await;
    assert_eq!(booked.status, 201, "{}", booked.text());
    let taken = with(&guest("Rosalind Franklin", 1, "2027-03-09T09:00:00-05:00"), "notes", "Crystals");
    let refused = app.post_with("/api/v1/appointments", &taken, ("idempotency-key", "another-key")).await;
    assert_eq!(refused.problem().1, "slot-taken");
    let moved = json!({"starts_at": "2027-03-09T10:00:00-05:00"});
    let request = TestRequest::post().uri(&booked.manage("/reschedule")).set_json(&moved);
    assert_eq!(app.send(request.insert_header(("idempotency-key", "b-key"))).await.status, 200);
    let why = json!({"reason": "Feeling better"});
    let request = TestRequest::post().uri(&booked.manage("/cancel")).set_json(&why);
    assert_eq!(app.send(request.insert_header(("idempotency-key", "c-key"))).await.status, 200);

    let stored = stored(&app).await;
    assert!(stored.len() > 500, "{} values", stored.len());
    let words =
        ["Ada Example", "example.org", "example.com", "Migraine", "Feeling better", "Rosalind", "Crystals", "Baker"];
    assert_eq!(in_the_clear(&stored, &words), [""; 0]);
    // That it would find them: the doctors' names are for all to read.
    assert!(!in_the_clear(&stored, &["Okafor"]).is_empty());

    let again = app.post_with("/api/v1/appointments", &body, key).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &booked.body));
}

#[actix_web::test]
async fn a_sealed_name_that_was_copied_to_another_patient_is_not_shown_as_that_patients() {
    let app = App::start().await;
    let booked = app.booked(&ada(1, "2027-03-09T09:00:00-05:00")).await;
    let id = booked.json()["patient_id"].as_str().unwrap().to_owned();
    let alice = crate::app::id('b', 1);
    app.sql(&format!(
        "UPDATE appointments.patient SET name = (SELECT name FROM appointments.patient WHERE id = '{alice}') WHERE id = '{id}'"
    ))
    .await;
    assert_eq!(app.get(&booked.manage("")).await.problem(), (500, "internal".to_owned()));
    // And is no secret to whoever has the keys.
    let sealed: Vec<u8> = {
        let client = app.client().await;
        client
            .query_one(&format!("SELECT name FROM appointments.patient WHERE id = '{alice}'"), &[])
            .await
            .unwrap()
            .get(0)
    };
    let name = keys().open_text("appointments.patient.name", alice.parse().unwrap(), &sealed).unwrap();
    assert_eq!(name, "Alice Baker");
}
