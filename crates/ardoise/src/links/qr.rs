//! A link as a QR code, for posters, slides and the back of a book.

use std::fmt::Write;

use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;

/// White modules that scanners need around the code. Source: ISO/IEC 18004.
const QUIET_MODULES: usize = 4;
/// Largest module, in pixels, so that the picture stays below 200 × 64 pixels wide.
const MAX_SCALE: u32 = 64;

/// The link is too long for a QR code: more than about 2 300 characters.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("link is too long for a QR code")]
pub struct TooLong;

/// The QR code of `url` as an SVG element, to stand in a page or in a file of its own. It carries
/// neither style nor script, and is black on white even on a dark page: scanners need it so.
///
/// # Errors
/// [`TooLong`].
pub fn svg(url: &str) -> Result<String, TooLong> {
    svg_named(url, url)
}

/// The same for a code that is not fit to be read aloud: with another name, or with none where the text around says it all.
///
/// # Errors
/// [`TooLong`].
pub fn svg_named(code: &str, name: &str) -> Result<String, TooLong> {
    let modules = Modules::of(code)?;
    let side = modules.side();
    let (role, title) = match escaped(name) {
        none if none.is_empty() => (r#"aria-hidden="true""#, String::new()),
        name => (r#"role="img""#, format!("<title>{name}</title>")),
    };
    let mut dark = String::new();
    for y in 0..side {
        modules.each_dark_run(y, |x, length| {
            write!(dark, "M{x} {y}h{length}v1h-{length}z").expect("a string takes any text");
        });
    }
    Ok(format!(
        concat!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" {role} viewBox="0 0 {side} {side}" "#,
            r##"shape-rendering="crispEdges">{title}"##,
            r##"<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{dark}"/></svg>"##,
        ),
        side = side,
        role = role,
        title = title,
        dark = dark
    ))
}

/// The QR code of `url` as a PNG file whose modules are `scale` pixels wide (1 to 64).
///
/// # Errors
/// [`TooLong`].
pub fn png(url: &str, scale: u32) -> Result<Vec<u8>, TooLong> {
    let modules = Modules::of(url)?;
    let scale = scale.clamp(1, MAX_SCALE) as usize;
    let side = modules.side() * scale;
    let mut luma = Vec::with_capacity(side * side);
    for y in 0..side {
        luma.extend((0..side).map(|x| modules.luma(x / scale, y / scale)));
    }
    let mut file = Vec::new();
    let pixels = u32::try_from(side).expect("a code has at most 185 × 64 pixels a side");
    PngEncoder::new(&mut file)
        .write_image(&luma, pixels, pixels, ExtendedColorType::L8)
        .expect("a grey square is written to memory");
    Ok(file)
}

/// The squares of a code, its quiet zone included.
struct Modules {
    colors: Vec<Color>,
    width: usize,
}

impl Modules {
    /// Medium error correction survives a fold or a stain; long links make do with less.
    fn of(url: &str) -> Result<Self, TooLong> {
        let code = QrCode::with_error_correction_level(url, EcLevel::M)
            .or_else(|_| QrCode::with_error_correction_level(url, EcLevel::L))
            .map_err(|_| TooLong)?;
        Ok(Self { width: code.width(), colors: code.into_colors() })
    }

    fn side(&self) -> usize {
        self.width + 2 * QUIET_MODULES
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = QUIET_MODULES..QUIET_MODULES + self.width;
        inside.contains(&x)
            && inside.contains(&y)
            && self.colors[(y - QUIET_MODULES) * self.width + x - QUIET_MODULES] == Color::Dark
    }

    fn luma(&self, x: usize, y: usize) -> u8 {
        if self.is_dark(x, y) { 0 } else { u8::MAX }
    }

    /// Calls `draw` with the start and the length of every dark run of row `y`.
    fn each_dark_run(&self, y: usize, mut draw: impl FnMut(usize, usize)) {
        let mut x = 0;
        while x < self.side() {
            let length = (x..self.side()).take_while(|x| self.is_dark(*x, y)).count();
            if length > 0 {
                draw(x, length);
            }
            x += length + 1;
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://ada.example/l/slate?via=poster&x=<1>";

    #[test]
    fn the_drawing_has_a_title_and_neither_style_nor_script() {
        let svg = svg(LINK).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
        assert!(svg.contains(r#"role="img""#));
        assert!(svg.contains("<title>https://ada.example/l/slate?via=poster&amp;x=&lt;1&gt;<"));
        for banned in ["style", "<script", "on="] {
            assert!(!svg.contains(banned), "{banned}");
        }
    }

    #[test]
    fn the_picture_shows_the_modules_of_the_code() {
        let code = QrCode::with_error_correction_level(LINK, EcLevel::M).unwrap();
        let picture = image::load_from_memory(&png(LINK, 3).unwrap()).unwrap().into_luma8();
        let side = (code.width() + 8) * 3;
        assert_eq!((picture.width() as usize, picture.height() as usize), (side, side));
        for (x, y, pixel) in picture.enumerate_pixels() {
            let (x, y) = (x as usize / 3, y as usize / 3);
            let quiet = x < 4 || y < 4 || x >= code.width() + 4 || y >= code.width() + 4;
            let dark = !quiet && code[(x - 4, y - 4)] == Color::Dark;
            assert_eq!(pixel.0[0] == 0, dark, "{x} {y}");
        }
    }

    #[test]
    fn the_drawing_covers_as_many_squares_as_the_code_has_dark_modules() {
        let svg = svg(LINK).unwrap();
        let path = svg.split("fill=\"#000\" d=\"").nth(1).unwrap();
        let runs = path.split('h').skip(1).filter(|run| !run.starts_with('-'));
        let drawn: usize =
            runs.map(|run| run.split('v').next().unwrap().parse::<usize>().unwrap_or(0)).sum();
        let code = QrCode::with_error_correction_level(LINK, EcLevel::M).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(drawn, dark);
    }

    #[test]
    fn a_link_that_no_code_can_hold_is_refused() {
        let long = format!("https://ada.example/{}", "x".repeat(3_000));
        assert_eq!(svg(&long), Err(TooLong));
        assert_eq!(png(&long, 4), Err(TooLong));
    }
}
