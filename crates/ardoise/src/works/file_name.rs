//! Names of files as people see and save them. A name is shown, never used to find a file here.

use std::fmt::Write;

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Longest name, in bytes: file systems allow 255, and a browser adds " (1)" or ".part".
const MAX_NAME_BYTES: usize = 180;
/// Longest ending that survives when a name is cut, in bytes with its dot.
const MAX_ENDING_BYTES: usize = 16;
/// What a file without any usable name is called.
const NAMELESS: &str = "file";

/// Names that Windows gives to devices, whatever their ending.
/// Source: "Naming Files, Paths, and Namespaces", Microsoft Learn.
const DEVICE_NAMES: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Everything but the `attr-char` of RFC 8187 §3.2.1.
const EXTENDED_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// How a browser should treat a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Show it, if it can.
    Inline,
    /// Save it.
    Attachment,
}

impl Disposition {
    fn as_str(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Attachment => "attachment",
        }
    }
}

/// The last part of `name` as it may be shown and saved anywhere: no folders, no control or
/// direction-changing characters, no `..`, no name that an operating system keeps for itself, at
/// most 180 bytes, never empty. A safe name is left as it is.
pub fn safe_name(name: &str) -> String {
    let parts = name.rsplit(['/', '\\']);
    let last = parts.map(without_tricks).find(|part| !part.is_empty()).unwrap_or_default();
    let mut safe = if last.is_empty() { NAMELESS.to_owned() } else { last };
    if is_device(&safe) {
        safe.insert(0, '_');
    }
    shortened(&safe)
}

/// The `Content-Disposition` of a file called `name`, for old and new browsers (RFC 6266).
pub fn content_disposition(name: &str, disposition: Disposition) -> HeaderValue {
    let name = safe_name(name);
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut value = format!("{}; filename=\"{plain}\"", disposition.as_str());
    if plain != name {
        let extended = utf8_percent_encode(&name, EXTENDED_VALUE);
        write!(value, "; filename*=UTF-8''{extended}").expect("a string takes any text");
    }
    HeaderValue::from_str(&value).expect("quoted and percent-encoded text is printable ASCII")
}

/// Some browsers decode `%` even in the plain form, so it is not plain.
fn is_plain(c: char) -> bool {
    (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%')
}

fn without_tricks(part: &str) -> String {
    let mut kept = String::with_capacity(part.len());
    for c in part.chars().filter(|c| !is_invisible_trick(*c)) {
        match c {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => kept.push('_'),
            '.' if kept.ends_with('.') => {}
            _ => kept.push(c),
        }
    }
    trimmed(&kept).to_owned()
}

/// Control characters, and those that make `gpj.exe` read as `exe.jpg`. The joiners U+200C and
/// U+200D stay: Persian and emoji are spelt with them.
fn is_invisible_trick(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
}

/// A leading dot hides a file; Windows drops dots and spaces at the end.
fn trimmed(name: &str) -> &str {
    let edge = |c: char| c == '.' || c.is_whitespace();
    name.trim_matches(edge)
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    DEVICE_NAMES.iter().any(|device| stem.eq_ignore_ascii_case(device))
}

/// Cuts the middle out of a long name, so that its ending still tells what it is.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let ending = match name.rfind('.') {
        Some(dot) if name.len() - dot <= MAX_ENDING_BYTES => &name[dot..],
        _ => "",
    };
    let stem = &name[..name.floor_char_boundary(MAX_NAME_BYTES - ending.len())];
    format!("{}{ending}", trimmed(stem))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_last_part_of_a_path_is_a_name() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\Users\\Ada\\story.pdf"), "story.pdf");
        assert_eq!(safe_name("album/"), "album");
        assert_eq!(safe_name("a..b...txt"), "a.b.txt");
    }

    #[test]
    fn a_name_without_anything_usable_gets_one() {
        for name in ["", ".", "..", "///", " . ", "\u{202e}", "\0"] {
            assert_eq!(safe_name(name), "file", "{name:?}");
        }
    }

    #[test]
    fn names_that_windows_keeps_for_itself_are_changed() {
        assert_eq!(safe_name("CON"), "_CON");
        assert_eq!(safe_name("nul.tar.gz"), "_nul.tar.gz");
        assert_eq!(safe_name("console.txt"), "console.txt");
    }

    #[test]
    fn a_name_cannot_be_read_backwards() {
        assert_eq!(safe_name("photo\u{202e}gpj.exe"), "photogpj.exe");
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = safe_name(&format!("{}.flac", "é".repeat(200)));
        assert!(name.len() <= 180 && name.ends_with("é.flac"), "{name}");
    }

    #[test]
    fn the_header_speaks_to_old_and_new_browsers() {
        let ascii = content_disposition("story.pdf", Disposition::Attachment);
        assert_eq!(ascii, "attachment; filename=\"story.pdf\"");
        let accented = content_disposition("été 100 %.pdf", Disposition::Inline);
        let expected =
            "inline; filename=\"_t_ 100 _.pdf\"; filename*=UTF-8''%C3%A9t%C3%A9%20100%20%25.pdf";
        assert_eq!(accented, expected);
    }

    proptest! {
        #[test]
        fn every_name_becomes_safe_and_stays_so(
            name in "[a-z./\\\\ \u{202e}\u{0}éCON:\"*]{0,12}|.{0,300}",
        ) {
            let safe = safe_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= 180);
            prop_assert!(!safe.contains("..") && !safe.contains(['/', '\\', '"']));
            prop_assert!(!safe.chars().any(is_invisible_trick));
            prop_assert!(!is_device(&safe));
            prop_assert_eq!(safe_name(&safe), safe);
        }

        #[test]
        fn every_name_fits_in_the_header(name in any::<String>()) {
            content_disposition(&name, Disposition::Attachment);
        }
    }
}
