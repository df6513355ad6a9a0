//! What the house style forbids, by name, with what to use instead; and that the documentation leads somewhere.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that may stand in some files only.
struct Ban {
    words: &'static [&'static str],
    /// Where they are looked for: beginnings of paths.
    places: &'static [&'static str],
    /// Where they may stand all the same, and why.
    except: &'static [(&'static str, &'static str)],
    instead: &'static str,
}

const PRODUCT: &[&str] = &["crates/ledger/src", "crates/ardoise/src"];
const TEMPLATES: &[&str] = &["crates/ardoise/src/pages/templates"];

const BANS: &[Ban] = &[
    Ban {
        words: &["SystemTime::now", "OffsetDateTime::now", "Utc::now"],
        places: PRODUCT,
        except: &[("crates/ardoise/src/clock.rs", "the one clock")],
        instead: "`app.now()`, or an instant as an argument",
    },
    Ban {
        words: &["Instant::now"],
        places: PRODUCT,
        except: &[
            ("crates/ardoise/src/till/mod.rs", "how often followers catch up, not when"),
            ("crates/ardoise/src/till/writer.rs", "how often followers catch up, not when"),
            ("crates/ardoise/src/store/postgres/waiting.rs", "how long a server may be silent"),
        ],
        instead: "`app.now()`, or an instant as an argument",
    },
    Ban {
        words: &["rand::fill", "rand::random", "OsRng", "SystemRandom", "thread_rng", "getrandom"],
        places: PRODUCT,
        except: &[
            ("crates/ardoise/src/ids.rs", "the one source of chance"),
            (
                "crates/ardoise/src/rails/paypal/tests.rs",
                "signing as PayPal does asks for a source",
            ),
        ],
        instead: "`app.mint` or a `Chance` as an argument",
    },
    Ban {
        words: &["f32", "f64"],
        places: &["crates/ledger/src"],
        except: &[],
        instead: "`Money` and its checked arithmetic",
    },
    Ban {
        words: &["\"select ", "\"insert into ", "\"update ", "\"delete from ", "\"create table "],
        places: PRODUCT,
        except: &[("crates/ardoise/src/store/", "SQL lives here")],
        instead: "a function of `store/`",
    },
    Ban {
        words: &["rusqlite"],
        places: PRODUCT,
        except: &[("crates/ardoise/src/store/", "SQL lives here")],
        instead: "a function of `store/`",
    },
    Ban {
        words: &[" style=", "<style", " onclick=", " onchange=", " onsubmit=", "javascript:"],
        places: TEMPLATES,
        except: &[(
            "crates/ardoise/src/pages/templates/mail.html",
            "a letter is read in mail programs, which ask for no other file",
        )],
        instead: "a file in `pages/styles/` or `pages/scripts/`: the policy refuses what is inline",
    },
    Ban {
        words: &["src=\"http", "href=\"http"],
        places: TEMPLATES,
        except: &[],
        instead: "a file that the shop serves itself",
    },
];

/// Lines without tests above which a file says why it is not two.
const LINES_MOST: usize = 500;
/// Files that may be longer, with the reason.
const LONG: &[(&str, &str)] =
    &[("crates/simulator/src/reader.rs", "what a reader of pages does, in one sitting")];

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace has a root")
}

/// Every file below `place`, as a path from the root and its text.
fn texts(place: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(place)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() {
                let foreign = ["target", "node_modules", "data", "artefacts"];
                if !name.starts_with('.') && !foreign.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name.ends_with(extension) {
                let from_root = path.strip_prefix(root()).expect("below the root");
                let text = fs::read_to_string(&path).expect("readable");
                found.push((from_root.to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// A file's own lines: without its comments, and without the tests at its end.
fn own_lines(path: &str, text: &str) -> Vec<(usize, String)> {
    if path.ends_with("_tests.rs") || path.contains("/gallery/") {
        return Vec::new();
    }
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let numbered = before_tests.lines().enumerate().map(|(index, line)| (index + 1, line));
    let code = numbered.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.map(|(number, line)| (number, line.to_owned())).collect()
}

/// Whether `word` stands in `line` by itself and not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part);
        let after = line[at + word.len()..].chars().next().is_some_and(part);
        let inside = word.starts_with(part) && before || word.ends_with(part) && after;
        !inside
    })
}

fn breaches(ban: &Ban) -> Vec<String> {
    let mut found = Vec::new();
    for place in ban.places {
        let extension = if *place == TEMPLATES[0] { ".html" } else { ".rs" };
        for (path, text) in texts(place, extension) {
            if ban.except.iter().any(|(allowed, _)| path.starts_with(allowed)) {
                continue;
            }
            for (number, line) in own_lines(&path, &text) {
                if let Some(word) = ban.words.iter().find(|word| has_word(&line, word)) {
                    found.push(format!("{path}:{number}: no `{word}` here; use {}", ban.instead));
                }
            }
        }
    }
    found
}

#[test]
fn nothing_that_is_banned_stands_where_it_is_banned() {
    let found: Vec<String> = BANS.iter().flat_map(breaches).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_ban_tells_a_word_from_a_part_of_one() {
    assert!(has_word("let rate: f64 = 1;", "f64"));
    assert!(!has_word("let buf64 = 1;", "f64"));
    assert!(has_word("<p style=\"x\">", " style="));
}

#[test]
fn no_exception_outlives_its_reason() {
    let every: Vec<(String, String)> = PRODUCT
        .iter()
        .flat_map(|place| texts(place, ".rs"))
        .chain(texts(TEMPLATES[0], ".html"))
        .collect();
    for ban in BANS {
        for (allowed, reason) in ban.except {
            let needed =
                every.iter().filter(|(path, _)| path.starts_with(allowed)).any(|(path, text)| {
                    let lines = own_lines(path, text);
                    lines.iter().any(|(_, line)| ban.words.iter().any(|word| has_word(line, word)))
                });
            assert!(needed, "{allowed} ({reason}) no longer needs {:?}", ban.words);
        }
    }
}

#[test]
fn scripts_in_pages_have_an_address_except_data() {
    for (path, text) in texts(TEMPLATES[0], ".html") {
        for tag in text.split("<script").skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            let known = tag.contains(" src=") || tag.contains("application/ld+json");
            assert!(known, "{path}: <script{tag}> has no address; the policy refuses it");
        }
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    for (path, text) in texts("crates", ".rs") {
        if path.contains("/tests/") {
            continue;
        }
        let lines =
            text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().lines().count();
        let excused = LONG.iter().any(|(long, _)| *long == path);
        assert!(lines <= LINES_MOST || excused, "{path} has {lines} lines: split it, or say why");
        assert!(lines > LINES_MOST || !excused, "{path} is short again: take it off the list");
    }
    for (path, text) in texts(TEMPLATES[0], ".html") {
        assert!(text.lines().count() <= 60, "{path} has more than 60 lines");
    }
    let scripts = texts("crates/ardoise/src/pages/scripts", ".js");
    assert!(scripts.len() <= 10, "more than ten scripts");
    for (path, text) in scripts {
        assert!(text.lines().count() <= 90, "{path} has more than 90 lines");
    }
}

/// What a crate's manifest says that it is built on, without other crates of the project.
fn dependencies(crate_name: &str) -> Vec<String> {
    let manifest = root().join(format!("crates/{crate_name}/Cargo.toml"));
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    let sections = manifest.split("\n[").filter(|section| {
        section.lines().next().is_some_and(|title| title.ends_with("dependencies]"))
    });
    let names = sections.flat_map(|section| section.lines().skip(1)).filter_map(|line| {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        (!name.is_empty() && !name.starts_with('#')).then(|| name.to_owned())
    });
    names.filter(|name| !root().join("crates").join(name).exists()).collect()
}

#[test]
fn every_dependency_is_used_and_argued_for() {
    let arguments = fs::read_to_string(root().join("docs/dependencies.md")).expect("arguments");
    for crate_name in ["ledger", "ardoise", "simulator"] {
        let sources = texts(&format!("crates/{crate_name}"), ".rs");
        for name in dependencies(crate_name) {
            let path = format!("{}::", name.replace('-', "_"));
            let is_used = sources.iter().any(|(_, text)| has_word(text, &path));
            assert!(is_used, "{crate_name} does not use {name}: take it out of its manifest");
            // A name may be the end of its package's: `webpki` is `rustls-webpki`.
            let is_argued = arguments.contains(&format!("{name}](https://crates.io/crates/"));
            assert!(is_argued, "docs/dependencies.md does not say why {name} is there");
        }
    }
}

/// The addresses that a page of the documentation links to, without those of other sites.
fn relative_links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .map(|target| target.split(['#', ' ']).next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !target.starts_with("mailto:") && !target.starts_with('/'))
}

#[test]
fn links_in_the_documentation_lead_to_files() {
    for (path, text) in texts(".", ".md") {
        let folder = root().join(&path).parent().expect("a folder").to_owned();
        for link in relative_links(&text) {
            assert!(folder.join(link).exists(), "{path} links to {link}, which is not there");
        }
    }
}

/// The row of a problem in the index of the manual, from its own page.
fn index_row(kind: &ardoise::problem::Kind) -> String {
    let title = kind.manual.lines().next().and_then(|line| line.strip_prefix("# "));
    let title = title.unwrap_or_else(|| panic!("{} begins with a title", kind.code));
    let (code, status) = (kind.code, kind.status.as_u16());
    let head = format!("`{code}` · HTTP {status}");
    assert!(kind.manual.contains(&head), "docs/problems/{code}.md says {head}");
    format!("| [`{code}`]({code}.md) | {status} | {title} |")
}

#[test]
fn every_problem_stands_in_the_index_of_the_manual() {
    let index = fs::read_to_string(root().join("docs/problems/README.md")).expect("an index");
    let mut rows: Vec<String> = ardoise::problem::ALL.iter().map(|kind| index_row(kind)).collect();
    rows.sort();
    let found: Vec<&str> = index.lines().filter(|line| line.starts_with("| [")).collect();
    assert_eq!(found, rows, "the rows of docs/problems/README.md");
}
