//! Chalk tally marks: four strokes and a slanting fifth, drawn a little unevenly, always the same
//! for the same count.

use std::fmt::Write;
use std::sync::OnceLock;

/// Marks that are drawn; beyond them a number says how many more there are.
pub const MOST_DRAWN: u32 = 25;

/// The drawing for `count` marks. It is hidden from screen readers: the count or the amount always
/// stands beside it in words. `stroke` and `fill` come from the class `tally`.
pub fn svg(count: u32) -> String {
    let drawn = count.min(MOST_DRAWN);
    let (path, end) = marks(drawn);
    let mut x = *end;
    let more = count - drawn;
    let mut text = String::new();
    if more > 0 {
        text = format!(r#"<text x="{}" y="20">+{more}</text>"#, x / 10);
        x += 140 + 100 * i32::try_from(more.to_string().len()).unwrap_or(10);
    }
    let width = x / 10;
    format!(
        r#"<svg class="tally" viewBox="0 0 {width} 28" width="{width}" height="28" aria-hidden="true" focusable="false"><path d="{path}"/>{text}</svg>"#
    )
}

/// The path of so many marks, and where the next one would stand, in tenths of a pixel. They are drawn when they are first
/// asked for, because a tab's marks stand on every page.
fn marks(drawn: u32) -> &'static (String, i32) {
    static DRAWN: [OnceLock<(String, i32)>; MOST_DRAWN as usize + 1] =
        [const { OnceLock::new() }; MOST_DRAWN as usize + 1];
    DRAWN[drawn as usize].get_or_init(|| draw(drawn))
}

fn draw(marks: u32) -> (String, i32) {
    let mut chalk = Chalk { seed: 0x9e37_79b9 };
    let mut path = String::new();
    let mut x = 40;
    for mark in 0..marks {
        if mark % 5 == 4 {
            chalk.slant(&mut path, x);
            x += 110;
        } else {
            chalk.stroke(&mut path, x);
            x += 80;
        }
    }
    (path, x)
}

/// A hand that is never quite steady: a small xorshift sequence, in tenths of a pixel.
struct Chalk {
    seed: u32,
}

impl Chalk {
    fn sway(&mut self, most: i32) -> i32 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 17;
        self.seed ^= self.seed << 5;
        let span = 2 * most + 1;
        i32::try_from(self.seed % span.unsigned_abs()).unwrap_or(0) - most
    }

    fn stroke(&mut self, path: &mut String, x: i32) {
        let from = (x + self.sway(10), 40 + self.sway(18));
        let bend = (x + self.sway(14), 140);
        let to = (x + self.sway(10), 240 + self.sway(18));
        curve(path, from, bend, to);
    }

    fn slant(&mut self, path: &mut String, x: i32) {
        let from = (x - 350 + self.sway(14), 220 + self.sway(16));
        let bend = (x - 160, 145 + self.sway(14));
        let to = (x + 30 + self.sway(14), 70 + self.sway(16));
        curve(path, from, bend, to);
    }
}

fn curve(path: &mut String, from: (i32, i32), bend: (i32, i32), to: (i32, i32)) {
    let points = [from.0, from.1, bend.0, bend.1, to.0, to.1].map(tenths);
    let [a, b, c, d, e, f] = points;
    // Writing to a String cannot fail.
    let _ = write!(path, "M{a} {b}Q{c} {d} {e} {f}");
}

fn tenths(value: i32) -> String {
    let value = value.max(0);
    match value % 10 {
        0 => (value / 10).to_string(),
        rest => format!("{}.{rest}", value / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_mark_for_each_line() {
        for count in 0..=MOST_DRAWN {
            assert_eq!(svg(count).matches('M').count(), count as usize);
        }
    }

    #[test]
    fn many_lines_end_in_a_number() {
        let drawing = svg(30);
        assert_eq!(drawing.matches('Q').count(), 25);
        assert!(drawing.contains("+5</text>"), "{drawing}");
        assert_eq!(svg(u32::MAX).matches('Q').count(), 25);
    }

    #[test]
    fn the_hand_is_the_same_each_time() {
        assert_eq!(svg(12), svg(12));
    }
}
