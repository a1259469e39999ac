//! Rust sources as words: comments are dropped, strings are kept apart, test code is cut out.

/// A word of a source and the line it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Word(String),
    /// A string literal's content.
    Text(String),
    /// `::` in one piece, everything else sign by sign.
    Sign(&'static str),
    Other(char),
    /// A comment, doc comments included.
    Comment(String),
}

impl Token {
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(found) if found == word)
    }

    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub fn is(&self, sign: char) -> bool {
        self.kind == Kind::Other(sign)
    }

    pub fn is_path_separator(&self) -> bool {
        self.kind == Kind::Sign("::")
    }
}

/// Cuts a source into tokens.
pub fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(&c) = chars.get(at) {
        let (kind, end) = one(&chars, at, c);
        if let Some(kind) = kind {
            found.push(Token { kind, line });
        }
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

fn one(chars: &[char], at: usize, c: char) -> (Option<Kind>, usize) {
    let next = chars.get(at + 1).copied().unwrap_or('\0');
    let text = |from: usize, to: usize| chars[from.min(to)..to].iter().collect::<String>();
    match c {
        _ if c.is_whitespace() => (None, at + 1),
        '/' if next == '/' => {
            let end = (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len());
            (Some(Kind::Comment(text(at + 2, end))), end)
        }
        '/' if next == '*' => {
            let end = block_comment(chars, at);
            (Some(Kind::Comment(text(at + 2, end.saturating_sub(2)))), end)
        }
        '"' => {
            let end = quoted(chars, at + 1);
            (Some(Kind::Text(text(at + 1, end - 1))), end)
        }
        'b' | 'c' if next == '"' => {
            let end = quoted(chars, at + 2);
            (Some(Kind::Text(text(at + 2, end - 1))), end)
        }
        'r' | 'b' if raw_start(chars, at).is_some() => {
            let (from, hashes) = raw_start(chars, at).unwrap();
            let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let end = (from..chars.len()).find(|i| chars[*i..].starts_with(&close)).unwrap_or(chars.len());
            (Some(Kind::Text(text(from, end))), (end + close.len()).min(chars.len()))
        }
        '\'' => (None, after_quote(chars, at)),
        ':' if next == ':' => (Some(Kind::Sign("::")), at + 2),
        _ if c.is_alphanumeric() || c == '_' => {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let end = (at..chars.len()).find(|i| !is_part(chars[*i])).unwrap_or(chars.len());
            (Some(Kind::Word(text(at, end))), end)
        }
        _ => (Some(Kind::Other(c)), at + 1),
    }
}

fn block_comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// Behind the closing quote of a string whose content begins at `at`.
fn quoted(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// Where the content of `r"…"`, `r#"…"#` or `br"…"` begins, and how many `#` close it.
fn raw_start(chars: &[char], at: usize) -> Option<(usize, usize)> {
    let r = if chars[at] == 'b' && chars.get(at + 1) == Some(&'r') { at + 1 } else { at };
    if chars[r] != 'r' {
        return None;
    }
    let hashes = chars[r + 1..].iter().take_while(|c| **c == '#').count();
    (chars.get(r + 1 + hashes) == Some(&'"')).then_some((r + hashes + 2, hashes))
}

/// Behind a character literal, or behind the quote that begins a lifetime.
fn after_quote(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => (at + 3..chars.len()).find(|i| chars[*i] == '\'').map_or(chars.len(), |end| end + 1),
        (Some(_), Some('\'')) => at + 3,
        _ => at + 1,
    }
}

/// The tokens without items under `#[cfg(test)]` and without `#[cfg_attr(test, …)]`; and the names of the
/// modules `#[cfg(test)] mod name;` that lie in files of their own.
pub fn without_tests(all: Vec<Token>) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut test_files) = (Vec::new(), Vec::new());
    let code: Vec<Token> = all.into_iter().filter(|token| !matches!(token.kind, Kind::Comment(_))).collect();
    let mut at = 0;
    while at < code.len() {
        match attribute(&code, at) {
            Some((end, Tells::TestItem)) => {
                let mut item = end;
                while let Some((end, _)) = attribute(&code, item) {
                    item = end;
                }
                let end = item_end(&code, item);
                if let Some(name) = file_module(&code[item..end]) {
                    test_files.push(name);
                }
                at = end;
            }
            Some((end, Tells::TestAttribute)) => at = end,
            _ => {
                kept.push(code[at].clone());
                at += 1;
            }
        }
    }
    (kept, test_files)
}

enum Tells {
    TestItem,
    TestAttribute,
    Nothing,
}

fn attribute(code: &[Token], at: usize) -> Option<(usize, Tells)> {
    if !code.get(at)?.is('#') || !code.get(at + 1)?.is('[') {
        return None;
    }
    let mut depth = 0;
    let length = code[at + 1..].iter().position(|token| {
        depth += i32::from(token.is('[')) - i32::from(token.is(']'));
        depth == 0
    })?;
    let end = at + 2 + length;
    let words: Vec<&str> = code[at..end].iter().filter_map(Token::word).collect();
    let tells = match words.as_slice() {
        ["cfg", "test"] | ["cfg", "all", "test", ..] => Tells::TestItem,
        ["cfg_attr", "test", ..] => Tells::TestAttribute,
        _ => Tells::Nothing,
    };
    Some((end, tells))
}

fn item_end(code: &[Token], from: usize) -> usize {
    let ends_with_semicolon = code[from..]
        .iter()
        .take(3)
        .any(|token| ["use", "static", "const", "type"].iter().any(|word| token.is_word(word)));
    let mut depth = 0;
    for (at, token) in code.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Other('(' | '[' | '{') => depth += 1,
            Kind::Other(')' | ']') => depth -= 1,
            Kind::Other('}') => {
                depth -= 1;
                if depth == 0 && !ends_with_semicolon {
                    return at + 1;
                }
            }
            Kind::Other(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn file_module(item: &[Token]) -> Option<String> {
    let at = item.iter().position(|token| token.is_word("mod"))?;
    let name = item.get(at + 1)?.word()?;
    item.get(at + 2)?.is(';').then(|| name.to_owned())
}

/// The tokens of a source, test code included.
pub fn without_comments(source: &str) -> Vec<Token> {
    tokens(source).into_iter().filter(|token| !matches!(token.kind, Kind::Comment(_))).collect()
}
