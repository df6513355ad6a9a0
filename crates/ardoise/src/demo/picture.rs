//! Pictures, painted point by point: each is a function from a place to a colour.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder as _, ImageResult};

/// A colour: red, green and blue, from 0 to 1.
type Colour = [f32; 3];

const SLATE: Colour = [0.13, 0.16, 0.18];
const CHALK: Colour = [0.95, 0.93, 0.88];
const PAPER: Colour = [0.98, 0.96, 0.92];
const GOLD: Colour = [0.91, 0.73, 0.30];
const BRICK: Colour = [0.72, 0.33, 0.24];
const WATER: Colour = [0.25, 0.45, 0.52];
const MOSS: Colour = [0.36, 0.47, 0.34];
const NIGHT: Colour = [0.07, 0.09, 0.16];

/// A place in a picture: from 0 to 1 downwards, and to the right as far as the picture is wide for its height.
#[derive(Debug, Clone, Copy)]
struct Place {
    x: f32,
    y: f32,
}

impl Place {
    fn distance(self, x: f32, y: f32) -> f32 {
        (self.x - x).hypot(self.y - y)
    }
}

/// Width and height of a cover, in pixels.
const COVER: (u32, u32) = (780, 520);
/// Width and height of the picture that is for sale, in pixels.
const LARGE: (u32, u32) = (1_500, 1_000);
/// Points looked at for each pixel, along each side, so that edges are smooth. Debug builds are slow, and paint roughly.
const FINE: u32 = if cfg!(debug_assertions) { 1 } else { 2 };
/// JPEG quality of what is painted.
const QUALITY: u8 = 86;

/// Every picture that is painted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// A wheel.
    Wheel,
    /// Waves, and the moon.
    Tide,
    /// A bus at night.
    Bus,
    /// A cellar window in a dark street.
    Bakery,
    /// The gates of a lock.
    Lock,
    /// The sole of a shoe.
    Sole,
    /// Rings of sound.
    Bells,
    /// Rows of a garden.
    Garden,
    /// Tally marks in chalk.
    Tally,
    /// A wide shore in winter.
    Shore,
}

impl Picture {
    /// The picture as a cover, in PNG.
    ///
    /// # Errors
    /// Whatever the encoder says.
    pub fn cover(self) -> ImageResult<Vec<u8>> {
        let mut bytes = Vec::new();
        let pixels = self.paint(COVER);
        PngEncoder::new(&mut bytes).write_image(
            &pixels,
            COVER.0,
            COVER.1,
            ExtendedColorType::Rgb8,
        )?;
        Ok(bytes)
    }

    /// The picture at its full size, in JPEG.
    ///
    /// # Errors
    /// Whatever the encoder says.
    pub fn large(self) -> ImageResult<Vec<u8>> {
        let mut bytes = Vec::new();
        let pixels = self.paint(LARGE);
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        encoder.write_image(&pixels, LARGE.0, LARGE.1, ExtendedColorType::Rgb8)?;
        Ok(bytes)
    }

    fn paint(self, (width, height): (u32, u32)) -> Vec<u8> {
        let mut pixels = Vec::with_capacity((width * height * 3) as usize);
        for row in 0..height {
            for column in 0..width {
                for part in self.pixel(column, row, height) {
                    pixels.push((part.clamp(0.0, 1.0) * 255.0) as u8);
                }
            }
        }
        pixels
    }

    /// The mean of the points of a pixel.
    fn pixel(self, column: u32, row: u32, height: u32) -> Colour {
        let scale = 1.0 / (height * FINE) as f32;
        let mut sum = [0.0; 3];
        for down in 0..FINE {
            for across in 0..FINE {
                let x = (column * FINE + across) as f32 * scale;
                let y = (row * FINE + down) as f32 * scale;
                let [red, green, blue] = self.colour(Place { x, y });
                sum = [sum[0] + red, sum[1] + green, sum[2] + blue];
            }
        }
        let points = (FINE * FINE) as f32;
        [sum[0] / points, sum[1] / points, sum[2] / points]
    }

    fn colour(self, at: Place) -> Colour {
        match self {
            Self::Wheel => wheel(at),
            Self::Tide => tide(at),
            Self::Bus => bus(at),
            Self::Bakery => bakery(at),
            Self::Lock => lock(at),
            Self::Sole => sole(at),
            Self::Bells => bells(at),
            Self::Garden => garden(at),
            Self::Tally => tally(at),
            Self::Shore => shore(at),
        }
    }
}

fn mix(one: Colour, other: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    let part = |part: usize| one[part] + (other[part] - one[part]) * share;
    [part(0), part(1), part(2)]
}

/// From 0 to 1 as `value` goes from one edge to the other.
fn step(from: f32, to: f32, value: f32) -> f32 {
    let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// A number between 0 and 1 for each point of a grid, always the same.
fn grain(x: i32, y: i32) -> f32 {
    let mut mixed = (x as u32).wrapping_mul(0x9e37_79b9) ^ (y as u32).wrapping_mul(0x85eb_ca6b);
    mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
    ((mixed ^ (mixed >> 13)) & 0xffff) as f32 / 65_535.0
}

/// The same, smooth in between.
fn cloud(x: f32, y: f32) -> f32 {
    let (column, row) = (x.floor() as i32, y.floor() as i32);
    let (across, down) = (step(0.0, 1.0, x - x.floor()), step(0.0, 1.0, y - y.floor()));
    let top = grain(column, row) * (1.0 - across) + grain(column + 1, row) * across;
    let bottom = grain(column, row + 1) * (1.0 - across) + grain(column + 1, row + 1) * across;
    top * (1.0 - down) + bottom * down
}

/// How far `at` is from the line between two places.
fn from_line(at: Place, (x1, y1): (f32, f32), (x2, y2): (f32, f32)) -> f32 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let along = ((at.x - x1) * dx + (at.y - y1) * dy) / (dx * dx + dy * dy);
    let along = along.clamp(0.0, 1.0);
    at.distance(x1 + dx * along, y1 + dy * along)
}

fn wheel(at: Place) -> Colour {
    let (x, y) = (0.75, 0.5);
    let radius = at.distance(x, y);
    let around = (at.y - y).atan2(at.x - x) / std::f32::consts::TAU * 32.0;
    let spoke = (around - around.round()).abs() * radius;
    // One spoke is slack: the rim leans there.
    let slack = step(0.35, 0.0, (around - 11.0).abs() / 8.0) * 0.012;
    let rim = (radius - 0.36 - slack).abs();
    let mut colour = mix([0.80, 0.86, 0.86], [0.62, 0.72, 0.74], at.y);
    if radius < 0.36 && radius > 0.05 {
        let line = if around.round() as i32 == 11 { GOLD } else { CHALK };
        colour = mix(colour, line, step(0.035, 0.02, spoke));
    }
    colour = mix(colour, SLATE, step(0.016, 0.012, rim));
    colour = mix(colour, [0.3, 0.3, 0.3], step(0.03, 0.026, (radius - 0.40).abs()));
    mix(colour, SLATE, step(0.06, 0.054, radius))
}

fn tide(at: Place) -> Colour {
    let mut colour = mix([0.93, 0.89, 0.80], [0.80, 0.84, 0.82], at.y * 1.6);
    colour = mix(colour, CHALK, step(0.102, 0.098, at.distance(1.1, 0.22)));
    colour = mix(colour, [0.93, 0.90, 0.82], step(0.095, 0.09, at.distance(1.07, 0.20)));
    for layer in 0..6 {
        let depth = layer as f32;
        let wave = (at.x * (9.0 - depth) + depth * 1.7).sin() * (0.012 + 0.006 * depth);
        let level = 0.46 + 0.095 * depth + wave;
        let water = mix([0.62, 0.75, 0.76], [0.10, 0.26, 0.33], depth / 5.0);
        colour = mix(colour, water, step(level - 0.002, level + 0.002, at.y));
    }
    colour
}

fn bus(at: Place) -> Colour {
    let stars = if grain((at.x * 160.0) as i32, (at.y * 160.0) as i32) > 0.993 { 0.7 } else { 0.0 };
    let mut colour = mix(NIGHT, [0.16, 0.18, 0.30], at.y);
    colour = mix(colour, CHALK, stars * step(0.5, 0.1, at.y));
    let road = step(0.80, 0.803, at.y);
    colour = mix(colour, [0.05, 0.05, 0.07], road);
    let body = (0.17..1.33).contains(&at.x) && (0.36..0.77).contains(&at.y);
    if body {
        colour = mix(BRICK, [0.50, 0.20, 0.16], (at.y - 0.36) * 2.0);
        let window = ((at.x - 0.20) / 0.142, (at.y - 0.41) / 0.17);
        let inside = (0.06..0.94).contains(&window.0.fract());
        if inside && (0.0..1.0).contains(&window.1) && (0.0..8.0).contains(&window.0) {
            colour = mix([1.0, 0.88, 0.55], [0.95, 0.72, 0.38], window.1);
            // Eleven people, some of them two to a window.
            let seat = window.0.floor() as i32;
            for (head, shown) in [(0.34, seat != 5), (0.70, seat % 3 == 1)] {
                let head = Place { x: window.0.fract() * 0.142, y: window.1 * 0.17 }
                    .distance(head * 0.142, 0.085);
                let body = (window.0.fract() * 0.142 - 0.05).abs() < 0.03 && window.1 > 0.72;
                if shown && (head < 0.022 || (body && seat != 5)) {
                    colour = [0.20, 0.12, 0.12];
                }
            }
        }
    }
    for wheel in [0.38, 1.12] {
        let from = at.distance(wheel, 0.78);
        colour = mix(colour, [0.04, 0.04, 0.05], step(0.072, 0.068, from));
        colour = mix(colour, [0.4, 0.4, 0.42], step(0.034, 0.03, from));
    }
    colour
}

fn bakery(at: Place) -> Colour {
    let brick = (
        (at.y * 18.0) as i32,
        (at.x * 9.0 + if (at.y * 18.0) as i32 % 2 == 0 { 0.5 } else { 0.0 }) as i32,
    );
    let mortar = (at.y * 18.0).fract() < 0.08
        || (at.x * 9.0 + if brick.0 % 2 == 0 { 0.5 } else { 0.0 }).fract() < 0.04;
    let wall = mix([0.13, 0.12, 0.15], [0.20, 0.17, 0.18], grain(brick.1, brick.0));
    let mut colour = if mortar { [0.10, 0.09, 0.12] } else { wall };
    let glow = step(0.75, 0.1, Place { x: at.x, y: at.y * 1.3 }.distance(0.75, 0.86));
    colour = mix(colour, [0.55, 0.30, 0.12], glow * 0.6);
    if at.y > 0.86 {
        colour = mix([0.22, 0.20, 0.20], [0.95, 0.65, 0.28], glow * 0.55);
    }
    let (across, down) = ((at.x - 0.75) / 0.30, (at.y - 0.80) / 0.24);
    let arch =
        across.abs() < 1.0 && down < 0.22 && across * across * 0.5 + (down.min(0.0)).powi(2) < 0.75;
    if arch {
        let bars = (across * 4.0).fract().abs() < 0.07 || (down + 0.32).abs() < 0.035;
        let steam = cloud(at.x * 14.0, at.y * 14.0) * 0.25;
        colour = if bars { [0.12, 0.08, 0.06] } else { mix([1.0, 0.80, 0.42], CHALK, steam) };
    }
    colour
}

fn lock(at: Place) -> Colour {
    let (upper, lower) = (0.30, 0.66);
    let mut colour = mix([0.86, 0.90, 0.90], [0.95, 0.93, 0.86], at.y * 1.5);
    let trees = 0.24 + 0.05 * cloud(at.x * 9.0, 2.0) + 0.02 * cloud(at.x * 40.0, 5.0);
    colour =
        mix(colour, MOSS, step(trees + 0.004, trees, 0.36 - at.y + 0.2) * step(0.35, 0.30, at.y));
    // Seen from above the wall: high water on the left, low water on the right.
    let gate = 0.75;
    let level = if at.x < gate { upper } else { lower };
    if at.y > level {
        let ripple = (at.y * 130.0 + cloud(at.x * 6.0, at.y * 10.0) * 6.0).sin() * 0.03;
        colour = mix(WATER, [0.10, 0.22, 0.27], (at.y - level) * 1.4);
        colour = colour.map(|part| part + ripple);
    } else if at.x > gate && at.y > upper - 0.06 {
        let stone = grain((at.x * 12.0) as i32, (at.y * 22.0) as i32);
        colour = mix([0.44, 0.46, 0.42], [0.56, 0.57, 0.52], stone);
        colour = mix(colour, MOSS, step(lower - 0.22, lower, at.y) * 0.6);
    }
    let leaf = (at.x - gate).abs() < 0.035 && at.y > upper - 0.09;
    if leaf {
        colour = if (at.y * 26.0).fract() < 0.1 { SLATE } else { [0.40, 0.28, 0.18] };
    }
    let beam = from_line(at, (gate, upper - 0.07), (gate + 0.48, upper - 0.15));
    mix(colour, CHALK, step(0.020, 0.017, beam))
}

fn sole(at: Place) -> Colour {
    let mut colour = mix([0.90, 0.84, 0.74], [0.80, 0.72, 0.60], cloud(at.x * 2.0, at.y * 40.0));
    for (side, mirror) in [(0.52, 1.0), (0.98, -1.0)] {
        let x = (at.x - side) * mirror;
        let ball = (x - 0.015).hypot((at.y - 0.33) * 0.72) / 0.155;
        let heel = x.hypot((at.y - 0.80) * 0.9) / 0.105;
        let waist = if (0.36..0.80).contains(&at.y) {
            (x - 0.01).abs() / (0.075 + 0.09 * (at.y - 0.60).abs())
        } else {
            2.0
        };
        let inside = ball.min(heel).min(waist);
        colour = mix(colour, [0.24, 0.16, 0.11], step(1.02, 0.99, inside));
        colour = mix(colour, [0.42, 0.29, 0.19], step(0.95, 0.92, inside));
        // Where it is worn: the outer edge of the heel, and a coin under the foot.
        let worn = step(0.07, 0.03, (x + 0.05).hypot(at.y - 0.875)) * step(1.0, 0.9, inside);
        let coin = step(0.055, 0.05, (x - 0.02).hypot(at.y - 0.30));
        colour = mix(colour, [0.66, 0.52, 0.38], worn.max(coin * 0.9));
        let seam = (inside - 0.84).abs() < 0.012 && ((at.y + x) * 60.0).fract() < 0.55;
        if seam {
            colour = CHALK;
        }
    }
    colour
}

fn bells(at: Place) -> Colour {
    let mut colour = mix(SLATE, NIGHT, at.y);
    for (bell, (x, y)) in [(0.36, 0.62), (0.78, 0.40), (1.18, 0.66)].into_iter().enumerate() {
        let from = at.distance(x, y);
        let ring = ((from * (46.0 - 9.0 * bell as f32)).sin() * 0.5 + 0.5).powi(6);
        let tone = [GOLD, CHALK, BRICK][bell];
        colour = mix(colour, tone, ring * step(0.52, 0.02, from) * 0.75);
        colour = mix(colour, tone, step(0.03, 0.026, from));
    }
    colour
}

fn garden(at: Place) -> Colour {
    let row = (at.y * 9.0).floor();
    let earth = mix([0.36, 0.26, 0.19], [0.28, 0.20, 0.15], cloud(at.x * 60.0, at.y * 60.0));
    let furrow = ((at.y * 9.0).fract() - 0.5).abs();
    let mut colour = mix(earth, [0.20, 0.14, 0.10], step(0.35, 0.5, furrow));
    let apart = 6.0 + grain(row as i32, 3) * 8.0;
    let column = (at.x * apart).floor();
    let near = Place { x: (at.x * apart).fract() / apart, y: (at.y * 9.0).fract() / 9.0 };
    let (x, y) = (0.5 / apart, 0.5 / 9.0);
    let size = 0.014 + 0.028 * grain(column as i32, row as i32);
    let leaf = near.distance(x, y) / size;
    let turn = ((near.y - y).atan2(near.x - x) * 3.0).sin() * 0.22;
    let green = mix([0.42, 0.58, 0.26], [0.62, 0.74, 0.40], grain(row as i32, 9));
    // The further down, the later in the year.
    if grain(column as i32 + 7, row as i32) > 0.15 {
        colour = mix(colour, green, step(1.0, 0.85, leaf + turn));
    }
    mix(colour, PAPER, step(0.0, 0.5, 0.1 - at.y) * 0.3)
}

fn tally(at: Place) -> Colour {
    let dust = cloud(at.x * 7.0, at.y * 9.0) * 0.06
        + grain((at.x * 900.0) as i32, (at.y * 900.0) as i32) * 0.02;
    let mut colour = SLATE.map(|part| part + dust);
    let chalk = 0.55 + 0.45 * grain((at.x * 420.0) as i32, (at.y * 420.0) as i32);
    let mut stroke = |from: (f32, f32), to: (f32, f32)| {
        colour = mix(colour, CHALK, step(0.014, 0.010, from_line(at, from, to)) * chalk);
    };
    for group in 0..2 {
        let left = 0.33 + 0.48 * group as f32;
        for mark in 0..4 {
            let x = left + 0.085 * mark as f32;
            let lean = 0.012 * grain(mark, group);
            stroke((x + lean, 0.30), (x - lean, 0.70));
        }
        if group == 0 {
            stroke((left - 0.05, 0.62), (left + 0.32, 0.37));
        }
    }
    colour
}

fn shore(at: Place) -> Colour {
    let horizon = 0.40;
    let sun = at.distance(0.98, 0.33);
    let warm = mix([0.98, 0.86, 0.68], [0.60, 0.71, 0.80], step(0.0, 0.75, sun));
    let veil = cloud(at.x * 3.0 + 4.0, at.y * 14.0) * 0.5 + cloud(at.x * 9.0, at.y * 40.0) * 0.25;
    let mut sky = mix(warm, [0.94, 0.90, 0.86], veil * 0.55);
    sky = mix(sky, [1.0, 0.96, 0.86], step(0.042, 0.038, sun));
    if at.y < horizon {
        let hills = horizon
            - 0.035 * step(0.2, 0.8, cloud(at.x * 2.2 + 9.0, 0.5))
            - 0.01 * cloud(at.x * 14.0, 7.0);
        return mix(sky, [0.42, 0.50, 0.57], step(hills - 0.001, hills + 0.001, at.y));
    }
    // Sand that the sea has just left: it mirrors the sky where it is wet, in bands that lie closer far away.
    let near = (at.y - horizon) / (1.0 - horizon);
    let far = 1.0 / (near + 0.06);
    let bend = cloud(at.x * 2.0, far * 0.6) * 2.4 + cloud(at.x * 5.0, far) * 0.7;
    let band = (far * 2.6 + bend + at.x * 0.6).sin() * 0.5 + 0.5;
    let ripple = ((at.x * 30.0 + bend * 9.0) + far * 26.0).sin() * 0.5 + 0.5;
    let glitter = step(0.55, 0.0, (at.x - 0.98).abs() / (0.3 + near));
    let wet = mix([0.55, 0.62, 0.66], [0.99, 0.88, 0.70], glitter * (0.9 - near * 0.4));
    let sand = mix([0.60, 0.52, 0.43], [0.40, 0.34, 0.29], near * 0.8 + ripple * 0.18 * near);
    let mut colour = mix(sand, wet, step(0.35, 0.75, band) * (1.0 - near * 0.25));
    colour = mix(colour, [0.30, 0.42, 0.50], step(0.05, 0.0, near));
    let walker = from_line(at, (0.52, 0.565), (0.52, 0.615)).min(at.distance(0.52, 0.552) * 1.1);
    let shadow = from_line(at, (0.515, 0.618), (0.44, 0.655));
    colour = mix(colour, [0.24, 0.22, 0.22], step(0.006, 0.003, shadow) * 0.5);
    mix(colour, [0.12, 0.12, 0.14], step(0.0085, 0.0065, walker))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Picture; 10] = [
        Picture::Wheel,
        Picture::Tide,
        Picture::Bus,
        Picture::Bakery,
        Picture::Lock,
        Picture::Sole,
        Picture::Bells,
        Picture::Garden,
        Picture::Tally,
        Picture::Shore,
    ];

    #[test]
    fn pictures_are_read_back_at_their_size() {
        let cover =
            image::load_from_memory(&Picture::Tally.cover().expect("painted")).expect("PNG");
        assert_eq!((cover.width(), cover.height()), COVER);
        let large =
            image::load_from_memory(&Picture::Shore.large().expect("painted")).expect("JPEG");
        assert_eq!((large.width(), large.height()), LARGE);
    }

    #[test]
    fn no_picture_is_like_another_or_of_one_colour() {
        let small: Vec<Vec<u8>> = ALL.iter().map(|picture| picture.paint((30, 20))).collect();
        for (index, pixels) in small.iter().enumerate() {
            assert!(small[..index].iter().all(|other| other != pixels));
            assert!(pixels.chunks(3).any(|pixel| pixel != &pixels[..3]), "{:?}", ALL[index]);
        }
    }
}
