//! What must never be, held by reading the source tree. The same list, in words, is in ARCHITECTURE.md.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const COMPONENT_LINES_MAX: usize = 150;

#[test]
fn tauri_is_in_no_crate_but_the_app() {
    let manifests = tree().into_iter().filter(|file| file.name() == "Cargo.toml" && file.path != "Cargo.toml");
    let is_tauri = |line: &str| line.trim_start_matches("[dependencies.").starts_with("tauri");
    hold("only the app's own crate may depend on tauri", manifests.flat_map(|file| file.lines_where(is_tauri)));
}

#[test]
fn the_app_s_edge_holds_no_logic() {
    let words = ["sqlx", "rusqlite", "reqwest", "std::fs", "tokio::fs"];
    let edge = rust().filter(|file| file.path.starts_with("src-tauri/ipc/"));
    hold("ipc/ hands over and does nothing itself", edge.flat_map(|file| file.code_with(&words)));
}

#[test]
fn rusqlite_is_in_the_catalogue_and_the_upload_journal_only() {
    let at_home = |path: &str| {
        path.starts_with("src-tauri/engine/src/catalogue/")
            || path.starts_with("src-tauri/engine/src/catalogue.rs")
            || path.starts_with("src-tauri/engine/src/uploads/journal")
    };
    let others = rust().filter(|file| !file.is_test() && !at_home(&file.path));
    hold(
        "rusqlite stays in engine/catalogue and the upload journal",
        others.flat_map(|file| file.code_with(&["rusqlite"])),
    );
}

#[test]
fn the_aws_sdk_is_in_the_object_store_only() {
    let words = ["aws_sdk_", "aws_config", "aws_smithy", "aws_credential", "aws_types"];
    let others = rust().filter(|file| !file.is_test() && !file.path.starts_with("server/src/object_store"));
    hold("the AWS SDK stays in server/object_store", others.flat_map(|file| file.code_with(&words)));
}

#[test]
fn b2_mode_is_for_tests_alone() {
    let app = rust().filter(|file| !file.is_test() && !file.path.starts_with("server/src/object_store/local/"));
    hold("nothing but tests starts a store as B2", app.flat_map(|file| file.code_with(&["start_as_b2", "local::b2"])));
}

#[test]
fn the_window_reaches_the_host_through_backend_only() {
    let others = window().filter(|file| !file.path.starts_with("ui/src/backend/"));
    hold(
        "@tauri-apps is imported in ui/src/backend only",
        others.flat_map(|file| file.imports_where(|_, from| from.starts_with("@tauri-apps"))),
    );
}

#[test]
fn no_feature_imports_another() {
    let features = window().filter(|file| feature_of(&file.path).is_some());
    hold("features never import each other", features.flat_map(|file| file.imports_where(reaches_another_feature)));
}

#[test]
fn the_design_knows_neither_queries_nor_routes() {
    let design = window().filter(|file| file.path.starts_with("ui/src/design/"));
    let foreign = |_: &str, from: &str| from.contains("react-query") || from.contains("react-router");
    hold("ui/src/design has no Query and no Router", design.flat_map(|file| file.imports_where(foreign)));
}

#[test]
fn no_error_is_a_string() {
    hold("an error is a type, never a String", rust().flat_map(|file| file.string_errors()));
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    let product = rust().filter(|file| !file.is_test());
    hold("no unwrap outside tests", product.flat_map(|file| file.code_with(&[".unwrap()", ".unwrap_err()"])));
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let long = |file: Source| {
        let lines = file.code_lines().count();
        (lines > FILE_LINES_MAX).then(|| format!("{}:{lines}", file.path))
    };
    hold("a file has 500 lines at most", rust().chain(window()).filter_map(long));
}

#[test]
fn no_function_of_the_window_is_too_long() {
    // Rust's are held by Clippy (clippy.toml).
    hold("a function has 70 lines at most, a component 150", window().flat_map(|file| file.long_functions()));
}

#[test]
fn nothing_is_named_for_doing_everything() {
    hold("no Manager, Service, Helper or utils", rust().chain(window()).flat_map(|file| file.vague_names()));
}

#[test]
fn every_rust_file_says_first_why_it_exists() {
    let silent = |file: Source| (!file.text.starts_with("//! ")).then(|| format!("{}:1", file.path));
    hold("the first line is `//!` and says why the file exists", rust().filter_map(silent));
}

#[test]
fn a_debug_build_shows_the_built_window() {
    let configuration = tree().into_iter().filter(|file| file.path == "tauri.conf.json");
    let lines = configuration.flat_map(|file| file.lines_where(|line| line.contains("\"devUrl\"")));
    hold("with a devUrl a debug build would wait for a development server: name it on the command line", lines);
}

#[test]
fn bindings_are_what_the_types_say() {
    let folder = tempfile::tempdir().unwrap();
    lectern_shared::command::export_bindings(folder.path()).unwrap();
    let (wanted, found) = (contents(folder.path()), contents(&root().join("ui/src/backend/bindings")));
    let names = wanted.keys().chain(found.keys().filter(|name| !wanted.contains_key(*name)));
    let differing = names.filter(|name| wanted.get(*name) != found.get(*name));
    let lines = differing.map(|name| format!("ui/src/backend/bindings/{name}:1"));
    hold("bindings are generated: run `cargo xtask bindings`", lines);
}

#[test]
fn the_rules_find_what_they_forbid() {
    let bad = Source::of(
        "src/bad.rs",
        "fn f() -> Result<\n    (u8, u8),\n    String,\n> {\n    x.unwrap() // y\n}\nstruct JobManager;\n",
    );
    assert_eq!(bad.string_errors(), ["src/bad.rs:1"]);
    assert_eq!(bad.code_with(&[".unwrap()"]), ["src/bad.rs:5"]);
    assert_eq!(bad.vague_names(), ["src/bad.rs:7: JobManager"]);
    let fine = "// a.unwrap()\nfn f() -> Result<String, Error> {}\nimpl tower::Service<R> for X {}\n#[cfg(test)]\nmod tests { x.unwrap() }\n";
    let fine = Source::of("src/fine.rs", fine);
    assert!(
        fine.string_errors().is_empty() && fine.code_with(&[".unwrap()"]).is_empty() && fine.vague_names().is_empty()
    );

    let view = "import {\n  a,\n} from \"../uploads/panel\";\nimport { b } from \"./list\";\nconst c = import(\"../../features/settings\");\n";
    let view = Source::of("ui/src/features/courses/view.tsx", view);
    assert_eq!(
        view.imports_where(reaches_another_feature),
        ["ui/src/features/courses/view.tsx:3", "ui/src/features/courses/view.tsx:5"]
    );
    let body = "  x();\n".repeat(75);
    let long = Source::of(
        "ui/src/a.tsx",
        &format!("export function List({{\n  a,\n}}: Props) {{\n{body}}}\nconst run = () => {{\n{body}}};\n"),
    );
    assert_eq!(long.long_functions(), ["ui/src/a.tsx:80: 77 lines"]);
}

/// Fails with every place that breaks the rule.
#[track_caller]
fn hold(rule: &str, broken: impl Iterator<Item = String>) {
    let broken: Vec<String> = broken.collect();
    assert!(broken.is_empty(), "{rule}\n  {}\n", broken.join("\n  "));
}

/// A file of the tree, its path from the top with `/`.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Any crate's tests, and ours at the top.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.name() == "tests.rs"
    }

    /// `path:line` of every line, from 1.
    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    fn lines_where(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.text.lines().enumerate();
        lines.filter(|(_, line)| wanted(line.trim())).map(|(index, _)| self.at(index + 1)).collect()
    }

    /// Lines without comments, up to the tests at the end of a Rust file.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("\n#[cfg(test)]\nmod ").filter(|_| self.path.ends_with(".rs"));
        let code = &self.text[..tests.map_or(self.text.len(), |at| at + 1)];
        code.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
    }

    fn code_with(&self, words: &[&str]) -> Vec<String> {
        let found = self.code_lines().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        found.map(|(line, _)| self.at(line)).collect()
    }

    /// Where a `Result<…, String>` begins.
    fn string_errors(&self) -> Vec<String> {
        let code = self.code_lines().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
        let is_string = |at: &usize| last_argument(&code[at + "Result<".len()..]).is_some_and(|last| last == "String");
        let found = code.match_indices("Result<").map(|(at, _)| at).filter(is_string);
        found.map(|at| self.at(code[..at].matches('\n').count() + 1)).collect()
    }

    /// Lines whose import, static or dynamic, is one that `wanted` names: it gets our path and the module's name.
    fn imports_where(&self, wanted: impl Fn(&str, &str) -> bool) -> Vec<String> {
        let module = |line: &str| {
            let (_, rest) = ["from \"", "import \"", "import(\""].iter().find_map(|start| line.split_once(start))?;
            rest.split('"').next().map(str::to_owned)
        };
        let names = self.text.lines().enumerate().filter_map(|(index, line)| Some((index + 1, module(line)?)));
        names.filter(|(_, from)| wanted(&self.path, from)).map(|(line, _)| self.at(line)).collect()
    }

    /// Functions over their length, by indentation: the formatter sees to it that the end stands where the start does.
    fn long_functions(&self) -> Vec<String> {
        if self.name().contains(".test.") {
            return Vec::new();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let starts = lines.iter().enumerate().filter(|(_, line)| starts_function(line));
        let long = starts.filter_map(|(start, line)| {
            let length = 1 + lines[start + 1..].iter().position(|end| ends_function(line, end))? + 1;
            (length > length_max(line)).then(|| format!("{}: {length} lines", self.at(start + 1)))
        });
        long.collect()
    }

    /// Names we define, and files, that say nothing.
    fn vague_names(&self) -> Vec<String> {
        let file = self.name().split('.').next().unwrap_or_default();
        let in_file = is_vague(file).then(|| format!("{}: the file's name", self.at(1)));
        let defined = self.code_lines().filter_map(|(line, text)| {
            let name = defined_name(text)?;
            is_vague(name).then(|| format!("{}: {name}", self.at(line)))
        });
        in_file.into_iter().chain(defined).collect()
    }
}

/// `T, String` of `T, String> …`: what stands last before the bracket that closes.
fn last_argument(text: &str) -> Option<&str> {
    let (mut depth, mut start, mut several) = (0_i32, 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' if text[..at].ends_with('-') => {}
            '>' if depth == 0 => return several.then(|| text[start..at].trim().trim_end_matches(',').trim()),
            '>' | ')' | ']' => depth -= 1,
            // A comma before the bracket that closes ends the last argument and begins none.
            ',' if depth == 0 && !text[at + 1..].trim_start().starts_with('>') => (start, several) = (at + 1, true),
            ';' | '{' => return None,
            _ => {}
        }
    }
    None
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn starts_function(line: &str) -> bool {
    let text =
        line.trim_start().trim_start_matches("export ").trim_start_matches("default ").trim_start_matches("async ");
    text.starts_with("function ") || text.ends_with("=> {") || (text.ends_with(" => (") && text.starts_with("const "))
}

fn ends_function(start: &str, line: &str) -> bool {
    let text = line.trim_start();
    let closes = text.starts_with('}') || text.starts_with(')');
    closes && indentation(line) == indentation(start) && !text.ends_with(['{', '(']) && !text.ends_with("=>")
}

/// A component is a function with a capital letter.
fn length_max(line: &str) -> usize {
    let name = defined_name(line).unwrap_or_default();
    if name.starts_with(|letter: char| letter.is_uppercase()) { COMPONENT_LINES_MAX } else { FUNCTION_LINES_MAX }
}

/// What a line of Rust or TypeScript gives a name to.
fn defined_name(line: &str) -> Option<&str> {
    const BEFORE: &[&str] = &["pub", "export", "default", "async", "unsafe", "abstract", "declare"];
    const KINDS: &[&str] =
        &["struct", "enum", "trait", "type", "mod", "fn", "class", "interface", "function", "const", "union"];
    let mut words = line.split_whitespace().skip_while(|word| BEFORE.contains(word) || word.starts_with("pub("));
    let kind = words.next()?;
    let name = words.next().filter(|_| KINDS.contains(&kind))?;
    name.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().filter(|name| !name.is_empty())
}

fn is_vague(name: &str) -> bool {
    let is_word = |word: &str| {
        matches!(word, "manager" | "managers" | "service" | "services" | "helper" | "helpers" | "util" | "utils")
    };
    ["Manager", "Service", "Helper", "Utils"].iter().any(|word| name.contains(word)) || is_word(&name.to_lowercase())
}

/// `courses` of `ui/src/features/courses/…`.
fn feature_of(path: &str) -> Option<&str> {
    path.strip_prefix("ui/src/features/")?.split('/').next()
}

fn reaches_another_feature(path: &str, from: &str) -> bool {
    let target = if from.starts_with('.') {
        resolved(path, from)
    } else {
        from.split_once("features/").map(|(_, rest)| format!("ui/src/features/{rest}")).unwrap_or_default()
    };
    feature_of(&target).is_some_and(|other| feature_of(path) != Some(other))
}

/// A relative module name from the top of the tree.
fn resolved(path: &str, from: &str) -> String {
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    parts.pop();
    for component in Path::new(from).components() {
        match component {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            _ => {}
        }
    }
    parts.join("/")
}

fn root() -> PathBuf {
    lectern_backend_tests::support::repository()
}

fn rust() -> impl Iterator<Item = Source> {
    tree().into_iter().filter(|file| file.path.ends_with(".rs"))
}

/// The window's own sources.
fn window() -> impl Iterator<Item = Source> {
    let is_source =
        |file: &Source| file.path.starts_with("ui/src/") && (file.path.ends_with(".ts") || file.path.ends_with(".tsx"));
    tree().into_iter().filter(is_source)
}

/// Every file we wrote ourselves.
fn tree() -> Vec<Source> {
    const NOT_OURS: &[&str] = &["target", "node_modules", "dist", "gen", "bindings", "docs"];
    const READ: &[&str] = &["rs", "ts", "tsx", "toml", "json"];
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()) {
                folders.push(path);
            } else if path.is_file() && path.extension().is_some_and(|end| READ.iter().any(|read| end == *read)) {
                let relative = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                files.push(Source { path: relative, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn the_window_is_granted_every_command_of_the_list_and_nothing_else() {
    let text = std::fs::read_to_string(root().join("src-tauri/capabilities/main.json")).unwrap();
    let capability: serde_json::Value = serde_json::from_str(&text).unwrap();
    let granted: Vec<&str> =
        capability["permissions"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
    let commands = lectern_shared::command::NAMES.iter().copied().chain(["subscribe"]);
    let mut wanted: Vec<String> = commands.map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
    let mut granted: Vec<String> = granted.into_iter().map(str::to_owned).collect();
    wanted.sort();
    granted.sort();
    assert_eq!(granted, wanted);
}
