//! Files: backups, pictures, sound.

use crate::backup::tar::{self, Broken};
use crate::works::media_type::{Disposition, Kind, MediaType};
use crate::works::sample::sample;
use crate::works::thumbnail::{Side, thumbnails};
use std::io::Cursor;

/// A backup is read to its end or refused, and what is read makes the same archive again.
pub(super) fn archive(bytes: &[u8]) {
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    let each: tar::EachMember<Broken> = &mut |name, size, content| {
        let mut kept = Vec::new();
        content.read_to_end(&mut kept)?;
        assert!(kept.len() as u64 <= size, "a member is longer than its header says");
        members.push((name.to_owned(), kept));
        Ok(())
    };
    if tar::read(bytes, each).is_err() {
        return;
    }
    let mut writer = tar::Writer::new(Vec::new());
    for (name, content) in &members {
        writer.add(name, content.len() as u64, &content[..]).expect("it was read");
    }
    assert_eq!(writer.finish().expect("written"), bytes, "another archive reads the same");
}

/// Only what browsers do not run is shown in place.
pub(super) fn media(bytes: &[u8]) {
    let (name, head) = bytes.split_at(bytes.iter().position(|&byte| byte == b'\n').unwrap_or(0));
    let found = MediaType::of(head.get(1..).unwrap_or_default(), &super::text(name));
    let shown = found.disposition == Disposition::Inline;
    let is_playable = matches!(found.kind, Kind::Image | Kind::Audio | Kind::Video);
    assert_eq!(shown, is_playable, "{found:?}");
    for program in ["html", "svg", "xml", "script"] {
        assert!(!found.content_type.contains(program), "{found:?}");
    }
}

/// A picture becomes two small ones or none, without taking more memory than it may.
pub(super) fn picture(bytes: &[u8]) {
    let sides = [Side::HalfAtMost(1_200), Side::AtMost(288)];
    let Ok([large, small]) = thumbnails(Cursor::new(bytes), sides) else { return };
    assert!(large.width.max(large.height) <= 1_200 && small.width.max(small.height) <= 288);
    for made in [large, small] {
        assert!(made.jpeg.starts_with(b"\xff\xd8\xff") && made.width * made.height > 0);
    }
}

/// The beginning of a piece of sound is a piece of sound, and no longer than the whole.
pub(super) fn sound(bytes: &[u8]) {
    let cut = |bytes: &[u8]| sample(Cursor::new(bytes.to_vec()), 1).expect("in memory");
    let Some(first) = cut(bytes) else { return };
    // A header of ours may be longer than the one that it replaces.
    assert!(first.bytes.len() <= bytes.len() + 64, "a sample is longer than the whole");
    assert!(first.media_type.starts_with("audio/"));
}
