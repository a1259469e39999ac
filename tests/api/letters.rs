//! What lies in the outbox for people.

use platform::letters::Letter;
use uuid::Uuid;

use crate::app::{App, keys};

/// The last letter to this address.
pub async fn last_to(app: &App, address: &str) -> Letter {
    all_to(app, address).await.pop().unwrap_or_else(|| panic!("no letter to {address}"))
}

/// All letters to this address, the newest last.
pub async fn all_to(app: &App, address: &str) -> Vec<Letter> {
    let query = "SELECT id, sealed FROM journal.outbox WHERE topic = 'mail' AND sealed IS NOT NULL ORDER BY id";
    let rows = app.client().await.query(query, &[]).await.unwrap();
    let letters = rows.iter().map(|row| Letter::open(&keys(), row.get::<_, Uuid>(0), row.get(1)).unwrap());
    letters.filter(|letter| letter.to == address).collect()
}

/// The value of the last letter's code.
pub async fn code_to(app: &App, address: &str) -> String {
    let letter = last_to(app, address).await;
    letter.values.get("code").or_else(|| letter.values.get("link_code")).expect("a code").clone()
}
