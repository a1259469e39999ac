//! Tables for spreadsheets: CSV (RFC 4180).

use csv::{Terminator, WriterBuilder};
use kernel::PortFailure;

/// Spreadsheets take a file without it for one of their own country's character set.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A table in UTF-8, its first line the names of the columns. No cell of it is a formula.
///
/// # Errors
/// When a line has another number of cells than `head`.
pub fn table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    lines: impl IntoIterator<Item = [String; COLUMNS]>,
) -> Result<Vec<u8>, PortFailure> {
    let failed = |error: csv::Error| PortFailure::new("write a table", error);
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BYTE_ORDER_MARK.to_vec());
    table.write_record(head).map_err(failed)?;
    for line in lines {
        table.write_record(line.map(harmless)).map_err(failed)?;
    }
    table.into_inner().map_err(|error| PortFailure::new("write a table", error.to_string()))
}

/// A cell that a spreadsheet would take for a formula is made a text by an apostrophe in front (OWASP, CSV injection).
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_what_is_harmless_stays_as_it_is() {
        for bad in ["=1+1", "+12125550100", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(harmless(bad.to_owned()), format!("'{bad}"));
        }
        for good in ["", "Ada", "1-2", "a=b", " =1"] {
            assert_eq!(harmless(good.to_owned()), good);
        }
    }

    #[test]
    fn a_table_says_its_character_set_and_ends_lines_as_the_standard_does() {
        let written = table(["a", "b"], [["1".to_owned(), "x, \"y\"".to_owned()]]).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "\u{feff}a,b\r\n1,\"x, \"\"y\"\"\"\r\n");
    }
}
