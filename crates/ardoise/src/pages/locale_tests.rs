use std::collections::{BTreeMap, BTreeSet};

use super::*;

const TEXTS: [(Locale, &str); 2] = [
    (
        Locale::En,
        concat!(
            include_str!("texts/en.ftl"),
            include_str!("texts/notices.en.ftl"),
            include_str!("texts/problems.en.ftl")
        ),
    ),
    (
        Locale::Fr,
        concat!(
            include_str!("texts/fr.ftl"),
            include_str!("texts/notices.fr.ftl"),
            include_str!("texts/problems.fr.ftl")
        ),
    ),
];

/// Keys with the names of their variables.
fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines() {
        if let Some((key, _)) = line.split_once(" =")
            && key.starts_with(|first: char| first.is_ascii_lowercase())
        {
            current = key.to_owned();
            let twice = keys.insert(current.clone(), BTreeSet::new());
            assert!(twice.is_none(), "{key} is there twice");
        }
        let names = line.split("{ $").skip(1).filter_map(|rest| rest.split([' ', '}']).next());
        if let Some(known) = keys.get_mut(&current) {
            known.extend(names.map(str::to_owned));
        }
    }
    keys
}

/// The text of every template and of every Rust file but the tests.
fn sources() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder of the pages is readable") {
            let path = entry.expect("its entries too").path();
            let name = path.file_name().expect("entries have names").to_string_lossy().into_owned();
            let wanted = name.ends_with(".html") || name.ends_with(".rs");
            if path.is_dir() {
                folders.push(path);
            } else if wanted && !name.contains("_tests") {
                all += &std::fs::read_to_string(path).expect("sources are UTF-8");
            }
        }
    }
    all
}

#[test]
fn both_languages_have_the_same_keys_with_the_same_variables() {
    assert_eq!(keys(TEXTS[0].1), keys(TEXTS[1].1));
}

#[test]
fn every_text_parses() {
    for (locale, source) in TEXTS {
        let parsed = FluentResource::try_new(source.to_owned());
        assert!(parsed.is_ok(), "{locale:?}: {:?}", parsed.err().map(|(_, slips)| slips));
    }
}

#[test]
fn every_key_that_is_used_exists() {
    let known = keys(TEXTS[0].1);
    let sources = sources();
    for door in ["text(\"", "say(\"", "say2(\"", "text_with(\""] {
        for rest in sources.split(door).skip(1) {
            let key = rest.split('"').next().unwrap_or_default();
            assert!(known.contains_key(key), "{key} has no text");
        }
    }
}

#[test]
fn no_text_is_unused() {
    let sources = sources();
    // Pages say a rail by its name, and none of them knows which.
    let names = crate::rails::ALL.iter().map(|rail| format!("rail-{}", rail.name));
    let rails: Vec<String> = names.collect();
    for key in keys(TEXTS[0].1).keys() {
        let is_said = rails.contains(key) || sources.contains(&format!("\"{key}\""));
        assert!(is_said, "nobody says {key}");
    }
}

#[test]
fn every_rail_that_a_reader_can_choose_has_a_name() {
    // What no reader chooses, and numbers that are kept for later.
    let unsaid = ["credit", "open-payments", "x402", "google-pay", "scripted"];
    let known = keys(TEXTS[0].1);
    for rail in crate::rails::ALL {
        let is_said = known.contains_key(&format!("rail-{}", rail.name));
        assert_eq!(is_said, !unsaid.contains(&rail.name), "{}", rail.name);
    }
}

#[test]
fn the_typography_is_right() {
    for (locale, source) in TEXTS {
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            assert!(!line.contains('\''), "{locale:?}: a straight apostrophe in {line}");
            if locale == Locale::Fr {
                for wrong in [" :", " ;", " !", " ?", "« ", " »", " €"] {
                    assert!(!line.contains(wrong), "a breaking space in {line}");
                }
            }
        }
    }
}

#[test]
fn the_switch_wins_over_the_browser() {
    assert_eq!(Locale::negotiate(Some("fr"), Some("en")), Locale::En);
    assert_eq!(Locale::negotiate(Some("fr"), Some("klingon")), Locale::Fr);
}

#[test]
fn the_browser_is_understood_by_quality() {
    let cases = [
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", Locale::Fr),
        ("en;q=0.4, fr;q=0.6", Locale::Fr),
        ("de, en;q=0.9, fr;q=0.95", Locale::Fr),
        ("fr;q=0, en;q=0.1", Locale::En),
        ("de", Locale::En),
        ("fr;q=abc", Locale::En),
        ("", Locale::En),
    ];
    for (header, expected) in cases {
        assert_eq!(Locale::negotiate(Some(header), None), expected, "{header}");
    }
    assert_eq!(Locale::negotiate(None, None), Locale::En);
}

#[test]
fn a_missing_key_is_shown_rather_than_a_panic() {
    assert_eq!(Locale::Fr.text("no-such-key"), "no-such-key");
}

#[test]
fn counts_are_grouped_and_choose_the_plural() {
    let say = |locale: Locale, count| {
        locale.text_with("words-left", &[("count", Arg::Count(count))]).into_owned()
    };
    assert_eq!(say(Locale::En, 1_200), "1,200\u{a0}words follow.");
    assert_eq!(say(Locale::Fr, 1), "Encore 1\u{a0}mot à lire.");
    assert_eq!(say(Locale::Fr, 1_200), "Encore 1\u{202f}200\u{a0}mots à lire.");
}
