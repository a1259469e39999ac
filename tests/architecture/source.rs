//! The files the rules read, and the paths they name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tokens::{Token, tokens, without_tests};

/// A file of the repository: its path from the root, and its text.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// A broken rule; printed as `path:line: what`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    pub path: String,
    pub line: usize,
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    pub fn broken(&self, line: usize, what: impl Into<String>) -> Broken {
        Broken { path: self.path.clone(), line, what: what.into() }
    }

    /// `doctors` of `crates/doctors/src/domain/day.rs`.
    pub fn package(&self) -> Option<&str> {
        let mut parts = self.path.split('/');
        matches!(parts.next(), Some("crates" | "apps")).then(|| parts.next()).flatten()
    }

    /// Path within `src` without the ending: `["domain", "day"]`.
    pub fn modules(&self) -> Vec<&str> {
        let inside = self.path.split_once("/src/").map_or("", |(_, inside)| inside);
        let mut parts: Vec<&str> = inside.strip_suffix(".rs").unwrap_or(inside).split('/').collect();
        if matches!(parts.last(), Some(&("mod" | "lib" | "main"))) {
            parts.pop();
        }
        parts
    }

    /// `domain`, `application`, `infrastructure` or what else lies first under `src`.
    pub fn layer(&self) -> &str {
        self.modules().first().copied().unwrap_or("")
    }

    /// Is it Rust that ships, going by its place alone?
    pub fn is_product(&self) -> bool {
        self.path.ends_with(".rs") && self.package().is_some() && self.path.contains("/src/")
    }
}

/// A path that a source names, spelled from the root: `crate::domain::Slot`, `diesel::prelude`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
}

/// The product's Rust files with their tokens, test code cut out.
pub fn product(files: &[File]) -> Vec<(&File, Vec<Token>)> {
    let mut tests = BTreeSet::new();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_product()) {
        let (code, modules) = without_tests(tokens(&file.text));
        let stem = file.path.strip_suffix(".rs").unwrap_or(&file.path);
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let own = if matches!(name, "mod" | "lib" | "main") { folder } else { stem };
        for module in modules {
            // `#[path]` puts a module beside its parent.
            tests.extend([format!("{own}/{module}"), format!("{folder}/{name}_{module}")]);
        }
        found.push((file, code));
    }
    let is_test =
        |path: &str| tests.iter().any(|test| path == format!("{test}.rs") || path.starts_with(&format!("{test}/")));
    found.retain(|(file, _)| !is_test(&file.path));
    found
}

/// Every path in the code, with `use` trees spread out and `self` and `super` resolved.
pub fn named(file: &File, code: &[Token]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut here: Vec<String> = file.modules().into_iter().map(str::to_owned).collect();
    let (mut depth, mut opened) = (0_usize, Vec::new());
    let mut at = 0;
    while at < code.len() {
        let token = &code[at];
        if token.is('{') {
            depth += 1;
        } else if token.is('}') {
            depth = depth.saturating_sub(1);
            if opened.last() == Some(&depth) {
                opened.pop();
                here.pop();
            }
        } else if token.is_word("mod") && code.get(at + 2).is_some_and(|brace| brace.is('{')) {
            opened.push(depth);
            here.extend(code[at + 1].word().map(str::to_owned));
        } else if token.is_word("use") && !code.get(at + 1).is_some_and(|captures| captures.is('<')) {
            let (paths, end) = tree(code, at + 1, &[]);
            found.extend(paths.into_iter().map(|path| resolved(path, &here)));
            at = end;
            continue;
        } else if token.word().is_some() && code.get(at + 1).is_some_and(Token::is_path_separator) {
            let mut segments = Vec::new();
            let line = token.line;
            while let Some(word) = code.get(at).and_then(Token::word) {
                segments.push(word.to_owned());
                at += 1;
                if !code.get(at).is_some_and(Token::is_path_separator) {
                    break;
                }
                at += 1;
            }
            found.push(resolved(Named { segments, line }, &here));
            continue;
        }
        at += 1;
    }
    found
}

/// Reads `a::b::{c, d::*}` from `at`; gives the spread paths and where it ends.
fn tree(code: &[Token], mut at: usize, before: &[String]) -> (Vec<Named>, usize) {
    let mut path = before.to_vec();
    let mut found = Vec::new();
    let line = code.get(at).map_or(0, |token| token.line);
    while let Some(token) = code.get(at) {
        if let Some(word) = token.word() {
            if word == "as" {
                at += 2;
                continue;
            }
            path.push(word.to_owned());
        } else if token.is('{') {
            at += 1;
            while code.get(at).is_some_and(|token| !token.is('}')) {
                if code[at].is(',') {
                    at += 1;
                    continue;
                }
                let (inner, end) = tree(code, at, &path);
                found.extend(inner);
                at = end.max(at + 1);
            }
            return (found, at + 1);
        } else if !token.is_path_separator() && !token.is('*') {
            break;
        }
        at += 1;
    }
    found.push(Named { segments: path, line });
    (found, at)
}

fn resolved(mut path: Named, here: &[String]) -> Named {
    let up = path.segments.iter().take_while(|segment| *segment == "super").count();
    let relative = up > 0 || path.segments.first().is_some_and(|segment| segment == "self");
    if relative {
        let base = here.iter().take(here.len().saturating_sub(up)).cloned();
        let rest = path.segments.iter().skip_while(|segment| matches!(segment.as_str(), "self" | "super")).cloned();
        path.segments = std::iter::once("crate".to_owned()).chain(base).chain(rest).collect();
    }
    path
}

/// Every source, manifest and migration of the repository.
pub fn repository() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["apps", "crates", "migrations", "tests"] {
        collect(&root.join(folder), root, &mut files);
    }
    files.push(read(&root.join("Cargo.toml"), root).unwrap());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(folder: &Path, root: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path: PathBuf = entry.path();
        if path.is_dir() {
            if !matches!(entry.file_name().to_str(), Some("target" | "node_modules")) {
                collect(&path, root, files);
            }
        } else if matches!(path.extension().and_then(|ending| ending.to_str()), Some("rs" | "toml" | "sql")) {
            files.extend(read(&path, root));
        }
    }
}

/// `None` for a file that has gone since it was listed.
fn read(path: &Path, root: &Path) -> Option<File> {
    let text = fs::read_to_string(path).ok()?;
    Some(File { path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), text })
}
