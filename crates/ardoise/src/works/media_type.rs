//! What a file is, judged by its first bytes and its name, and what a browser may do with it.
//!
//! Anybody may sell a file, and it is served from the shop's own address. A file that the browser
//! would run there could tap buttons in the reader's name. So only formats that carry pixels and
//! sound are shown in place; everything else is saved, and a file that says two things about
//! itself is only bytes.

use std::str;

pub use super::file_name::{Disposition, content_disposition, safe_name};

/// How many bytes from a file's beginning [`MediaType::of`] can make use of.
pub const HEAD_BYTES: usize = 8 * 1024;

/// The type of bytes about which nothing is promised.
const BYTES: &str = "application/octet-stream";

/// What kind of thing a file is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A picture made of pixels.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// A PDF document.
    Pdf,
    /// Plain text in UTF-8, Markdown included.
    Text,
    /// Anything else.
    Other,
}

impl Kind {
    /// The word under which the kind is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Pdf => "pdf",
            Self::Text => "text",
            Self::Other => "other",
        }
    }

    /// The kind stored as `word`, if it is one.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Image, Self::Audio, Self::Video, Self::Pdf, Self::Text, Self::Other]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// The judgement on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    /// What it is to a reader.
    pub kind: Kind,
    /// The `Content-Type` to serve it with.
    pub content_type: &'static str,
    /// Whether it may be shown in place or only saved.
    pub disposition: Disposition,
}

impl MediaType {
    /// Judges a file by its first bytes (up to [`HEAD_BYTES`] are of use) and its name.
    pub fn of(head: &[u8], name: &str) -> Self {
        let sniffed = sniff(head);
        let guessed = mime_guess::from_path(name).first_raw();
        match (sniffed, guessed) {
            (Some(found), guess) if is_playable(found.kind) => {
                if guess.is_none_or(|guess| agrees(found.kind, guess)) {
                    found.named(guess)
                } else {
                    Self::BYTES
                }
            }
            (Some(found), Some(guess)) if found.content_type == guess => found,
            (None, Some(guess)) if is_plain_text(guess) && is_text(head) => Self::TEXT,
            _ => Self::BYTES,
        }
    }

    const BYTES: Self = saved(Kind::Other, BYTES);
    const TEXT: Self = saved(Kind::Text, "text/plain; charset=utf-8");

    /// Sound and moving pictures share containers; the name tells which of the two to expect.
    fn named(self, guess: Option<&str>) -> Self {
        let kind = match (self.kind, guess) {
            (Kind::Video, Some(guess)) if guess.starts_with("audio/") => Kind::Audio,
            (Kind::Audio, Some(guess)) if guess.starts_with("video/") => Kind::Video,
            (kind, _) => kind,
        };
        Self { kind, ..self }
    }
}

const fn shown(kind: Kind, content_type: &'static str) -> MediaType {
    MediaType { kind, content_type, disposition: Disposition::Inline }
}

const fn saved(kind: Kind, content_type: &'static str) -> MediaType {
    MediaType { kind, content_type, disposition: Disposition::Attachment }
}

/// What the bytes alone say. Formats that are not in this list are only bytes to us.
fn sniff(head: &[u8]) -> Option<MediaType> {
    let Some(found) = infer::get(head) else {
        return is_mpeg_layer_3(head).then_some(shown(Kind::Audio, "audio/mpeg"));
    };
    Some(match found.mime_type() {
        "image/jpeg" => shown(Kind::Image, "image/jpeg"),
        "image/png" => shown(Kind::Image, "image/png"),
        "image/gif" => shown(Kind::Image, "image/gif"),
        "image/webp" => shown(Kind::Image, "image/webp"),
        "image/avif" => shown(Kind::Image, "image/avif"),
        "audio/mpeg" => shown(Kind::Audio, "audio/mpeg"),
        "audio/m4a" => shown(Kind::Audio, "audio/mp4"),
        "audio/ogg" | "audio/opus" => shown(Kind::Audio, "audio/ogg"),
        "audio/x-flac" => shown(Kind::Audio, "audio/flac"),
        "audio/x-wav" => shown(Kind::Audio, "audio/wav"),
        "audio/aac" => shown(Kind::Audio, "audio/aac"),
        "video/mp4" | "video/x-m4v" => shown(Kind::Video, "video/mp4"),
        "video/webm" => shown(Kind::Video, "video/webm"),
        "video/quicktime" => shown(Kind::Video, "video/quicktime"),
        "application/pdf" => saved(Kind::Pdf, "application/pdf"),
        "application/epub+zip" => saved(Kind::Other, "application/epub+zip"),
        "application/zip" => saved(Kind::Other, "application/zip"),
        _ => MediaType::BYTES,
    })
}

/// The start of an MPEG layer III frame, with or without checksum, in all three MPEG versions.
fn is_mpeg_layer_3(head: &[u8]) -> bool {
    matches!(head, [0xff, second, ..] if second & 0xe6 == 0xe2 && second & 0x18 != 0x08)
}

fn is_playable(kind: Kind) -> bool {
    matches!(kind, Kind::Image | Kind::Audio | Kind::Video)
}

/// Whether a name's type `guess` fits pixels or sound. SVG calls itself an image and is a program.
fn agrees(kind: Kind, guess: &str) -> bool {
    let class = guess.split('/').next().unwrap_or_default();
    match kind {
        Kind::Image => class == "image" && guess != "image/svg+xml",
        Kind::Audio | Kind::Video => class == "audio" || class == "video",
        Kind::Pdf | Kind::Text | Kind::Other => false,
    }
}

/// Text that no browser runs, served as plain text whatever its finer type.
fn is_plain_text(guess: &str) -> bool {
    matches!(guess, "text/plain" | "text/markdown" | "text/csv" | "text/x-markdown")
}

fn is_text(head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let complete = match str::from_utf8(head) {
        Ok(_) => true,
        // The last character may be cut in two where the head ends.
        Err(error) => error.error_len().is_none(),
    };
    complete && !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";
    const PDF: &[u8] = b"%PDF-1.7\n";
    const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt ";

    #[test]
    fn pixels_and_sound_are_shown() {
        let png = MediaType::of(PNG, "slate.PNG");
        assert_eq!(png, shown(Kind::Image, "image/png"));
        assert_eq!(MediaType::of(JPEG, "slate.jpeg").kind, Kind::Image);
        assert_eq!(MediaType::of(WAV, "song.wav"), shown(Kind::Audio, "audio/wav"));
        assert_eq!(MediaType::of(b"fLaC\0\0\0\x22", "song.flac").content_type, "audio/flac");
        assert_eq!(MediaType::of(&[0xff, 0xfa, 0x90, 0], "song.mp3").kind, Kind::Audio);
        assert_eq!(MediaType::of(PNG, "no ending").disposition, Disposition::Inline);
    }

    #[test]
    fn the_name_tells_sound_from_moving_pictures() {
        let mp4 = b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41";
        assert_eq!(MediaType::of(mp4, "film.mp4"), shown(Kind::Video, "video/mp4"));
        assert_eq!(MediaType::of(mp4, "song.m4a").kind, Kind::Audio);
    }

    #[test]
    fn programs_for_browsers_are_only_bytes() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        let cases: [(&[u8], &str); 8] = [
            (svg, "drawing.svg"),
            (b"<?xml version='1.0'?><svg/>", "drawing.svg"),
            (b"<!DOCTYPE html><script>", "page.html"),
            (b"<!DOCTYPE html><script>", "page.txt"),
            (b"alert(1)", "script.js"),
            (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "page.xhtml"),
            (b"#!/bin/sh\n", "run.sh"),
            (b"body{}", "style.css"),
        ];
        for (head, name) in cases {
            assert_eq!(MediaType::of(head, name), MediaType::BYTES, "{name}");
        }
    }

    #[test]
    fn a_file_that_says_two_things_about_itself_is_only_bytes() {
        for (head, name) in
            [(PNG, "page.html"), (PNG, "drawing.svg"), (PNG, "song.mp3"), (PDF, "photo.png")]
        {
            assert_eq!(MediaType::of(head, name), MediaType::BYTES, "{name}");
        }
        assert_eq!(MediaType::of(b"not pixels", "photo.png"), MediaType::BYTES);
    }

    #[test]
    fn documents_and_text_are_saved_under_their_own_type() {
        assert_eq!(MediaType::of(PDF, "book.pdf"), saved(Kind::Pdf, "application/pdf"));
        assert_eq!(MediaType::of("été".as_bytes(), "notes.md"), MediaType::TEXT);
        assert_eq!(MediaType::of(b"a,b\n", "table.csv"), MediaType::TEXT);
        assert_eq!(MediaType::of(b"", "empty.txt"), MediaType::TEXT);
        assert_eq!(MediaType::of(b"\xff\xfe\0", "notes.txt"), MediaType::BYTES);
        assert_eq!(MediaType::of(&"é".as_bytes()[..1], "cut.txt"), MediaType::TEXT);
    }

    #[test]
    fn a_kind_is_found_again_under_its_word() {
        for kind in [Kind::Image, Kind::Audio, Kind::Video, Kind::Pdf, Kind::Text, Kind::Other] {
            assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::from_word("program"), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_always_pixels_or_sound(
            head in proptest::collection::vec(any::<u8>(), 0..64),
            name in "[a-z]{1,4}\\.(html|svg|js|png|mp4|mp3|xml|pdf|txt|xhtml|wasm|swf)",
        ) {
            let judged = MediaType::of(&head, &name);
            if judged.disposition == Disposition::Inline {
                prop_assert!(is_playable(judged.kind));
                prop_assert!(!judged.content_type.contains("svg"));
            }
        }
    }
}
