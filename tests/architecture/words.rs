//! Schemas, names, sizes, and what is left undone.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Broken, File, product};
use crate::tokens::{Kind, Token, tokens};

const MOST_LINES: usize = 400;
/// Longer files, each with the reason why it is not cut.
const LONGER: [(&str, &str); 2] = [
    ("crates/appointments/tests/postgres.rs", "all that is promised of one store, its tools in a folder beside it"),
    ("crates/platform/tests/journal.rs", "half of it is one table of every way to tamper with a chain"),
];

const NOT_OUR_WORDS: [&str; 7] = ["Manager", "Helper", "Util", "Utils", "Impl", "Dto", "Service"];
/// Put together here, so that this file does not hold them.
const LEFT_UNDONE: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// What every migration makes with `CREATE SCHEMA`.
fn schemas(files: &[File]) -> BTreeSet<String> {
    let sql = files.iter().filter(|file| file.path.ends_with(".sql"));
    sql.flat_map(|file| {
        let words: Vec<String> = sql_words(&file.text).into_iter().map(|(_, word)| word).collect();
        let made = words.windows(3).filter(|three| three[0] == "create" && three[1] == "schema");
        made.map(|three| three[2].clone()).collect::<Vec<_>>()
    })
    .collect()
}

/// Lower-case words of an SQL text with their lines, `a.b` in one piece; comments and plain strings left out.
fn sql_words(sql: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut quoted = false;
    for (line, text) in (1..).zip(sql.lines()) {
        let text = if quoted { text } else { text.split("--").next().unwrap_or_default() };
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c == '\'' {
                quoted = !quoted;
            }
            if !quoted && (c.is_alphanumeric() || c == '_' || c == '.') {
                word.extend(c.to_lowercase());
            } else if !word.is_empty() {
                found.push((line, std::mem::take(&mut word)));
            }
        }
    }
    found
}

/// A migration touches the one schema its name tells.
pub fn one_schema_a_migration(files: &[File]) -> Vec<Broken> {
    let schemas = schemas(files);
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("migrations/") && file.path.ends_with(".sql")) {
        let folder = file.path.split('/').nth(1).unwrap_or_default();
        let own = folder.split('_').nth(1).unwrap_or_default();
        for (line, word) in sql_words(&file.text) {
            let schema = word.split_once('.').map_or("", |(schema, _)| schema);
            if schemas.contains(schema) && schema != own {
                broken.push(file.broken(line, format!("a migration of {own} touches {word}")));
            }
        }
    }
    broken
}

/// The SQL and the tables of a slice stay within its own schema.
pub fn one_schema_a_slice(files: &[File]) -> Vec<Broken> {
    let schemas = schemas(files);
    let mut broken = Vec::new();
    for (file, code) in product(files).into_iter().filter(|(file, _)| file.path.starts_with("crates/")) {
        let own: &[&str] = match file.package().unwrap_or_default() {
            "platform" => &["platform", "journal", "jobs"],
            "testkit" => continue,
            slice => &[slice],
        };
        let foreign = |schema: &str| schemas.contains(schema) && !own.contains(&schema);
        for (at, token) in code.iter().enumerate() {
            match &token.kind {
                Kind::Text(text) => {
                    let named = sql_words(text).into_iter().filter_map(|(_, word)| {
                        let (schema, _) = word.split_once('.')?;
                        foreign(schema).then(|| word.clone())
                    });
                    broken.extend(named.map(|word| file.broken(token.line, format!("an SQL text names {word}"))));
                }
                Kind::Word(word) if word == "table" => {
                    if let Some((line, schema)) = table(&code[at..])
                        && foreign(schema)
                    {
                        broken.push(file.broken(line, format!("a table of the schema {schema}")));
                    }
                }
                _ => {}
            }
        }
    }
    broken
}

/// Line and schema of what `table! { … schema.table (key) …` declares.
fn table(code: &[Token]) -> Option<(usize, &str)> {
    let [_, exclamation, open, inside @ ..] = code else { return None };
    if !exclamation.is('!') || !open.is('{') {
        return None;
    }
    inside
        .windows(3)
        .find(|three| three[1].is('.') || three[1].is('('))
        .and_then(|three| Some((three[0].line, three[0].word().filter(|_| three[1].is('.'))?)))
}

/// Words that say nothing are not used for types and modules.
pub fn names(files: &[File]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        if is_empty_word(name) {
            broken.push(file.broken(1, format!("a module called {name}")));
        }
        let code: Vec<Token> = crate::tokens::without_comments(&file.text);
        for pair in code.windows(2) {
            let declares = ["struct", "enum", "trait", "type", "union", "mod"].iter().any(|word| pair[0].is_word(word));
            let Some(name) = pair[1].word().filter(|_| declares) else { continue };
            let interface = pair[0].is_word("trait") && is_interface(name);
            if interface || is_empty_word(name) {
                broken.push(file.broken(pair[1].line, format!("something called {name}")));
            }
        }
    }
    broken
}

fn is_empty_word(name: &str) -> bool {
    let camel = name.chars().next().is_some_and(char::is_uppercase);
    NOT_OUR_WORDS.iter().any(|word| {
        let small = word.to_lowercase();
        if camel { name.ends_with(word) } else { name == small || name.ends_with(&format!("_{small}")) }
    })
}

/// `IClock`, but not `Interval`.
fn is_interface(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next() == Some('I') && chars.next().is_some_and(char::is_uppercase)
}

/// Nobody reads a long file.
pub fn lengths(files: &[File]) -> Vec<Broken> {
    let longer: BTreeMap<&str, &str> = LONGER.into_iter().collect();
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let lines = file.text.lines().count();
        if lines > MOST_LINES && !longer.contains_key(file.path.as_str()) {
            broken.push(file.broken(MOST_LINES + 1, format!("{lines} lines, more than {MOST_LINES}")));
        }
    }
    broken
}

/// What is left undone goes into the tracker, not into the code.
pub fn nothing_left_undone(files: &[File]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let found = tokens(&file.text);
        for (at, token) in found.iter().enumerate() {
            match &token.kind {
                Kind::Comment(text) => {
                    for (offset, line) in text.lines().enumerate() {
                        let mut words = line.split(|c: char| !c.is_alphanumeric());
                        if let Some(word) = words.find(|word| LEFT_UNDONE.contains(word)) {
                            broken.push(file.broken(token.line + offset, format!("a comment says {word}")));
                        }
                    }
                }
                Kind::Word(word)
                    if matches!(word.as_str(), "todo" | "unimplemented")
                        && found.get(at + 1).is_some_and(|next| next.is('!')) =>
                {
                    broken.push(file.broken(token.line, format!("{word}! is left")));
                }
                _ => {}
            }
        }
    }
    broken
}
