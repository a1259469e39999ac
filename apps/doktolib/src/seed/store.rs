use futures_util::SinkExt;
use tokio_postgres::{Client, Transaction};

use super::SeedError;
use super::clinic::{Catalogue, City, Specialty};
use super::rows::Batch;

/// The one transaction of a seeding.
pub(super) struct Load<'a>(Transaction<'a>);

/// What was taken off the tables for the time of the load, as statements that put it back.
#[derive(Default)]
pub(super) struct Shelf(Vec<String>);

/// Tables that come with the migrations and stay.
const CATALOGUE: &str = "'doctors.specialty'::regclass, 'doctors.city'::regclass";

/// Where keeping the indexes up row by row is what a load spends its time on.
const LARGE: [&str; 2] = ["doctors.doctor", "appointments.appointment"];

/// Exclusion and foreign-key constraints of a table and the indexes behind no constraint: what takes each
/// off, and what puts it back, in the words of the database itself. Constraints come first.
const SHELVED: &str = "
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint
     WHERE conrelid = $1::text::regclass AND contype IN ('x', 'f')
     UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index i
     WHERE indrelid = $1::text::regclass
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)";

/// Any number will do; it keeps two seeders of one database apart.
const LOCK: i64 = 0x5eed_d0c5;

impl<'a> Load<'a> {
    /// Begins; `None` when there are doctors already and they shall stay.
    pub(super) async fn begin(client: &'a mut Client, force: bool) -> Result<Option<Self>, SeedError> {
        let transaction = client.transaction().await.map_err(failed("begin a transaction"))?;
        let load = Self(transaction);
        // A connection made for requests may give up after seconds; a load has to wait for its indexes.
        let patience = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
        load.0.batch_execute(patience).await.map_err(failed("begin a transaction"))?;
        load.0
            .execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK])
            .await
            .map_err(failed("wait for another seeder"))?;
        let row = load.0.query_one("SELECT EXISTS (SELECT FROM doctors.doctor)", &[]).await;
        let there: bool = row.map_err(failed("look for doctors"))?.get(0);
        if there && !force {
            return Ok(None);
        }
        if force {
            load.clear().await?;
        }
        Ok(Some(load))
    }

    /// Empties every table of the three schemas but the catalogue's. TRUNCATE, because deleting millions of
    /// rows one by one takes longer than making them.
    async fn clear(&self) -> Result<(), SeedError> {
        let doing = "delete what was there";
        let tables = self
            .0
            .query_one(
                &format!(
                    "SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid) FROM pg_class
              WHERE relkind IN ('r', 'p') AND relnamespace IN ('doctors'::regnamespace, 'appointments'::regnamespace,
                    'prescriptions'::regnamespace)
                AND oid NOT IN ({CATALOGUE})"
                ),
                &[],
            )
            .await
            .map_err(failed(doing))?;
        let tables: Option<String> = tables.get(0);
        let Some(tables) = tables else { return Ok(()) };
        self.0.batch_execute(&format!("TRUNCATE {tables}")).await.map_err(failed(doing))
    }

    pub(super) async fn catalogue(&self) -> Result<Catalogue, SeedError> {
        let doing = "read the catalogue";
        // In the order of bytes: that of a locale would make other rows on another machine.
        let specialties = self.0.query(r#"SELECT slug, name FROM doctors.specialty ORDER BY slug COLLATE "C""#, &[]);
        let specialties = specialties.await.map_err(failed(doing))?;
        let cities = r#"SELECT slug, name, state, time_zone FROM doctors.city ORDER BY slug COLLATE "C""#;
        let cities = self.0.query(cities, &[]).await.map_err(failed(doing))?;
        Ok(Catalogue {
            specialties: specialties.iter().map(|row| Specialty { slug: row.get(0), name: row.get(1) }).collect(),
            cities: cities
                .iter()
                .map(|row| City::new(row.get(0), row.get(1), row.get(2), row.get(3)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Sends the rows of the batch and leaves it empty.
    pub(super) async fn send(&self, batch: &mut Batch) -> Result<(), SeedError> {
        for rows in batch.tables().iter_mut().filter(|rows| !rows.text.is_empty()) {
            let doing = "load rows";
            // The text format has nothing that depends on the session but the meaning of dates, and those are ISO 8601.
            let copy = format!("COPY {} ({}) FROM STDIN", rows.table, rows.columns);
            let sink = self.0.copy_in(&copy).await.map_err(failed(doing))?;
            let mut sink = std::pin::pin!(sink);
            let text = std::mem::take(&mut rows.text).into_bytes();
            sink.send(std::io::Cursor::new(text)).await.map_err(failed(doing))?;
            sink.finish().await.map_err(failed(doing))?;
        }
        Ok(())
    }

    /// Takes constraints and indexes off the large tables, where those are still empty and ours to change:
    /// one pass over all rows at the end costs less than half of what looking after each row costs.
    /// Nothing is taken on trust: the statements that put them back check every row.
    pub(super) async fn shelve(&self) -> Result<Shelf, SeedError> {
        let doing = "take the indexes off";
        let mut shelf = Shelf::default();
        for table in LARGE {
            let row = self
                .0
                .query_one(
                    &format!(
                        "SELECT NOT EXISTS (SELECT FROM {table}) AND pg_has_role(relowner, 'USAGE')
                   FROM pg_class WHERE oid = '{table}'::regclass"
                    ),
                    &[],
                )
                .await
                .map_err(failed(doing))?;
            if !row.get::<_, bool>(0) {
                continue;
            }
            for row in self.0.query(SHELVED, &[&table]).await.map_err(failed(doing))? {
                self.0.batch_execute(row.get(0)).await.map_err(failed(doing))?;
                shelf.0.push(row.get(1));
            }
        }
        Ok(shelf)
    }

    /// Puts back what was shelved and tells the planner about the new rows.
    ///
    /// Fails when the rows break a constraint.
    pub(super) async fn restore(&self, shelf: Shelf, batch: &mut Batch) -> Result<(), SeedError> {
        for statement in shelf.0 {
            self.0.batch_execute(&statement).await.map_err(failed("put the indexes back"))?;
        }
        for rows in batch.tables() {
            let analyze = format!("ANALYZE {}", rows.table);
            self.0.batch_execute(&analyze).await.map_err(failed("analyze the tables"))?;
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> Result<(), SeedError> {
        self.0.commit().await.map_err(failed("commit"))
    }
}

fn failed(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> SeedError {
    move |source| SeedError::Database { doing, source }
}
