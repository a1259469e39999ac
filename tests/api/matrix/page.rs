//! The table as a document.

use std::fmt::Write as _;

use super::callers::CALLERS;
use super::cells::BY_PROOF;
use super::table::RULES;
use crate::schema::operations;

const HEAD: &str = "# Who may do what

Written by the test that holds the server to it (`tests/api/matrix`); after a change of its table run
`UPDATE_ACCESS=1 cargo test --workspace --test api matrix`. The test sends every operation as every caller: whoever is
turned away changes no table, and somebody else's record is answered exactly like one that does not exist.

The record asked for belongs to patient 1, doctor 1 and clinic 1 of the [test data](test-data.md). \"Staff\" is the front
desk of that clinic; a link is the one in the mail about a visit, tried as a sign-in where links are not taken;
\"setting up\" is a doctor whose second factor is still missing. A number is the status that turns the caller away; \"by
proof\" is open to all callers alike, who show a token, a code or a password in the body. 422 stands where the record is
named in the body: as for one that does not exist.

";

fn written() -> String {
    let mut page = HEAD.to_owned();
    let names: Vec<&str> = CALLERS.iter().map(|caller| caller.name()).collect();
    writeln!(page, "| operation | record | {} |", names.join(" | ")).unwrap();
    writeln!(page, "|---|---|{}", "---|".repeat(names.len())).unwrap();
    let operations = operations();
    for rule in RULES {
        let Some(operation) = operations.iter().find(|operation| operation.id == rule.operation) else { continue };
        let cells: Vec<&str> =
            rule.cells.split_whitespace().map(|cell| if rule.cells == BY_PROOF { "by proof" } else { cell }).collect();
        let path = operation.path.trim_start_matches("/api/v1");
        writeln!(page, "| `{} {path}` | {} | {} |", operation.method, rule.record, cells.join(" | ")).unwrap();
    }
    page
}

#[test]
fn the_document_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.md");
    if std::env::var_os("UPDATE_ACCESS").is_some() {
        std::fs::write(path, written()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(committed == written(), "docs/access.md is old; run with UPDATE_ACCESS=1");
}
