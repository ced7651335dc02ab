//! Rust source cut into words: enough to see which module a path leads to, and whether it stands in test code.
//!
//! Comments, strings, character literals and lifetimes are dropped before anything is looked at. `use` trees are taken apart
//! to their leaves; `crate`, `self` and `super` are followed from the module in which they stand. Not a parser: macros that
//! build paths from pieces, and names made by `use … as …`, are not followed further.

use std::fs;
use std::path::Path;

/// One source file, cut into words.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
}

/// One name, number or mark, with the line it stands on.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) in_test: bool,
}

/// One path as written (`words`), and from the crate root when it leads inside the crate.
pub(crate) struct Use {
    pub(crate) words: Vec<String>,
    pub(crate) inside: Option<Vec<String>>,
    pub(crate) line: usize,
    pub(crate) in_test: bool,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut tokens = tokenise(text);
        let whole_file = path.ends_with("/tests.rs") || path.starts_with("src/") && path.contains("/tests/");
        mark_tests(&mut tokens, whole_file);
        Self { path: path.to_owned(), text: text.to_owned(), tokens }
    }

    /// The module path of the file itself: `src/verify/checks/page.rs` is `verify`, `checks`, `page`.
    fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inner.split('/').filter(|part| *part != "mod").map(str::to_owned).collect()
    }

    /// The first part of the module path: `verify`.
    pub(crate) fn room(&self) -> &str {
        self.path.trim_start_matches("src/").trim_end_matches(".rs").split('/').next().unwrap_or("")
    }

    /// Whether this is `lib.rs` or `main.rs`, which belong to no room.
    pub(crate) fn is_root(&self) -> bool {
        ["src/lib.rs", "src/main.rs"].contains(&self.path.as_str())
    }

    /// Every path in the file: the leaves of `use` trees, and `a::b` in expressions, types and attributes.
    pub(crate) fn uses(&self) -> Vec<Use> {
        let (mut found, mut module, mut braces) = (Vec::new(), self.module(), Vec::new());
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let start = at;
            let mut paths = Vec::new();
            match token.text.as_str() {
                "mod" if self.word(at + 2) == "{" => {
                    module.push(self.word(at + 1).to_owned());
                    braces.push(true);
                    at += 3;
                }
                "{" => {
                    braces.push(false);
                    at += 1;
                }
                "}" => {
                    if braces.pop() == Some(true) {
                        module.pop();
                    }
                    at += 1;
                }
                "use" if self.word(at + 1) != "<" => {
                    at += 1;
                    self.use_tree(&mut at, &[], &mut paths);
                }
                word if is_name(word) && self.word(at + 1) == "::" => {
                    let mut path = vec![word.to_owned()];
                    at += 1;
                    while self.word(at) == "::" && is_name(self.word(at + 1)) {
                        path.push(self.word(at + 1).to_owned());
                        at += 2;
                    }
                    paths.push((start, path));
                }
                _ => at += 1,
            }
            for (index, words) in paths {
                let inside = resolve(&words, &module);
                let Token { line, in_test, .. } = self.tokens[index];
                found.push(Use { words, inside, line, in_test });
            }
        }
        found
    }

    fn use_tree(&self, at: &mut usize, prefix: &[String], paths: &mut Vec<(usize, Vec<String>)>) {
        let (mut path, mut last) = (prefix.to_vec(), *at);
        loop {
            match self.word(*at) {
                "{" => {
                    *at += 1;
                    while !["}", ";", ""].contains(&self.word(*at)) {
                        self.use_tree(at, &path, paths);
                        *at += usize::from(self.word(*at) == ",");
                    }
                    *at += usize::from(self.word(*at) == "}");
                    return;
                }
                "::" => *at += 1,
                "as" => *at += 2,
                "" | "," | "}" | ";" => break,
                word => {
                    last = *at;
                    if word != "self" || path.is_empty() {
                        path.push(word.to_owned());
                    }
                    *at += 1;
                }
            }
        }
        paths.push((last, path));
    }

    fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text.as_str())
    }
}

/// Reads every `.rs` file below `folder`, in the order of their names.
pub(crate) fn tree(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut files) = (vec![root.join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder can be listed") {
            let path = entry.expect("a source folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is UTF-8");
                let inner = path.strip_prefix(root).expect("a source file lies below the manifest");
                files.push(File::new(&inner.display().to_string().replace('\\', "/"), &text));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!files.is_empty(), "no source file found below {folder}");
    files
}

/// Follows `crate`, `self` and `super` from `module`; `None` when the path leads to another crate or a child.
fn resolve(words: &[String], module: &[String]) -> Option<Vec<String>> {
    let mut place = match words.first()?.as_str() {
        "crate" => Vec::new(),
        "self" | "super" => module.to_vec(),
        _ => return None,
    };
    for word in words {
        match word.as_str() {
            "crate" | "self" => {}
            "super" => drop(place.pop()),
            name => place.push(name.to_owned()),
        }
    }
    Some(place)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Splits Rust source into names, numbers, `::` and single marks; comments, strings, characters and lifetimes are dropped.
fn tokenise(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    let mut tokens: Vec<Token> = Vec::new();
    let (mut at, mut counted, mut line) = (0, 0, 1);
    while at < chars.len() {
        line += chars[counted..at].iter().filter(|c| **c == '\n').count();
        counted = at;
        let mut push = |text: String| tokens.push(Token { text, line, in_test: false });
        match (peek(at), peek(at + 1)) {
            ('/', '/') => at = find(&chars, at, &['\n']),
            ('/', '*') => at = after_block_comment(&chars, at),
            ('"', _) => at = after_string(&chars, at),
            ('\'', next) => {
                if next == '\\' {
                    at = find(&chars, at + 3, &['\'']) + 1;
                } else if peek(at + 2) == '\'' {
                    at += 3;
                } else {
                    at += 1;
                    while peek(at).is_alphanumeric() || peek(at) == '_' {
                        at += 1;
                    }
                }
            }
            (':', ':') => {
                push("::".to_owned());
                at += 2;
            }
            (c, _) if c.is_alphanumeric() || c == '_' => {
                let start = at;
                while peek(at).is_alphanumeric() || peek(at) == '_' {
                    at += 1;
                }
                let word: String = chars[start..at].iter().collect();
                let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
                let raw = matches!(word.as_str(), "r" | "br" | "cr");
                if raw && peek(at + hashes) == '"' {
                    at = after_raw_string(&chars, at + hashes + 1, hashes);
                } else if word == "r" && hashes == 1 {
                    at += 1; // a raw name, `r#type`: the name follows
                } else if !(matches!(word.as_str(), "b" | "c") && peek(at) == '"') {
                    push(word);
                }
            }
            (c, _) => {
                if !c.is_whitespace() {
                    push(c.to_string());
                }
                at += 1;
            }
        }
    }
    tokens
}

fn find(chars: &[char], from: usize, wanted: &[char]) -> usize {
    (from..chars.len()).find(|at| wanted.contains(&chars[*at])).unwrap_or(chars.len())
}

fn after_string(chars: &[char], quote: usize) -> usize {
    let mut at = quote + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn after_raw_string(chars: &[char], from: usize, hashes: usize) -> usize {
    let closes = |at: usize| chars[at] == '"' && chars[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (from..chars.len()).find(|at| closes(*at)).map_or(chars.len(), |at| at + 1 + hashes)
}

fn after_block_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

/// Marks the items under `#[cfg(test)]`, or every token when the whole file is test code.
fn mark_tests(tokens: &mut [Token], whole_file: bool) {
    let mut at = 0;
    while at < tokens.len() {
        let inner = word(tokens, at + 1) == "!";
        let open = at + 1 + usize::from(inner);
        if !(word(tokens, at) == "#" && word(tokens, open) == "[") {
            at += 1;
            continue;
        }
        let close = after_group(tokens, open);
        let attribute = &tokens[open..close];
        let says = |name: &str| attribute.iter().any(|token| token.text == name);
        let for_tests = word(tokens, open + 1) == "cfg" && says("test") && !says("not");
        let end = match (for_tests, inner) {
            (false, _) => close,
            (true, true) => tokens.len(),
            (true, false) => after_item(tokens, close),
        };
        if for_tests {
            for token in &mut tokens[at..end] {
                token.in_test = true;
            }
        }
        at = end;
    }
    if whole_file {
        for token in tokens {
            token.in_test = true;
        }
    }
}

/// The place after the item that starts at `from`: past its `;`, or past its body.
fn after_item(tokens: &[Token], from: usize) -> usize {
    let (mut at, mut is_use) = (from, false);
    while at < tokens.len() {
        match word(tokens, at) {
            ";" => return at + 1,
            "use" => (at, is_use) = (at + 1, true),
            "{" if !is_use => return after_group(tokens, at),
            "(" | "[" | "{" => at = after_group(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// The place after the bracket that closes the one at `open`.
fn after_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}
