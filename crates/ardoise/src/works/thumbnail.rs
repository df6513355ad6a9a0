//! Small pictures of large ones, for a work's page.

use std::io::{self, BufRead, Seek};

use image::codecs::jpeg::JpegEncoder;
use image::error::LimitErrorKind;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, Rgb, RgbImage};
use thiserror::Error;

/// Longest side of a picture that is opened at all, in pixels; cameras stay below.
const MAX_SIDE_PIXELS: u32 = 16_384;
/// Memory that a picture may take once unpacked, in bytes: 64 million pixels in four channels. A
/// file of a few kilobytes can ask for far more.
const MAX_UNPACKED_BYTES: u64 = 256 * 1024 * 1024;
/// JPEG quality: below 80 edges of text start to blur, above it files grow fast.
const QUALITY: u8 = 80;

/// A small picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// A JPEG file, without the original's metadata.
    pub jpeg: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Why there is no small picture.
#[derive(Debug, Error)]
pub enum ThumbnailError {
    /// The picture would take more memory than one picture may.
    #[error("picture is too large to open")]
    TooLarge,
    /// The file is no JPEG, PNG, WebP or GIF, or is damaged.
    #[error("file is not a picture that can be opened")]
    Unreadable(#[source] ImageError),
    /// The file could not be read.
    #[error("file could not be read")]
    Io(#[from] io::Error),
}

impl From<ImageError> for ThumbnailError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(limit)
                if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) =>
            {
                Self::TooLarge
            }
            other => Self::Unreadable(other),
        }
    }
}

/// How long the longer side of a small picture is, in pixels. A picture is never enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At most so long.
    AtMost(u32),
    /// At most so long, and at most half of the original: what is sold is not given away.
    HalfAtMost(u32),
}

impl Side {
    fn of(self, original: u32) -> u32 {
        let longest = match self {
            Self::AtMost(longest) => longest.min(original),
            Self::HalfAtMost(longest) => longest.min(original / 2),
        };
        longest.clamp(1, MAX_SIDE_PIXELS)
    }
}

/// JPEGs of the picture in `file`, one for each of `sides`. The picture is turned the way its camera
/// was held; of an animation the first frame is taken; what is transparent becomes white.
///
/// Blocks the thread and may take hundreds of megabytes for a moment: run one at a time, on a
/// thread that may wait.
///
/// # Errors
/// [`ThumbnailError`].
pub fn thumbnails(
    file: impl BufRead + Seek,
    sides: [Side; 2],
) -> Result<[Thumbnail; 2], ThumbnailError> {
    let picture = open(file)?;
    let [first, second] = sides.map(|side| encoded(&shrunk(&picture, side)));
    Ok([first?, second?])
}

fn shrunk(picture: &DynamicImage, side: Side) -> RgbImage {
    let longer = picture.width().max(picture.height());
    let side = side.of(longer);
    on_white(if longer > side { picture.thumbnail(side, side) } else { picture.clone() })
}

fn encoded(flat: &RgbImage) -> Result<Thumbnail, ThumbnailError> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(flat)?;
    Ok(Thumbnail { jpeg, width: flat.width(), height: flat.height() })
}

fn open(file: impl BufRead + Seek) -> Result<DynamicImage, ThumbnailError> {
    let mut reader = ImageReader::new(file).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PIXELS);
    limits.max_image_height = Some(MAX_SIDE_PIXELS);
    limits.max_alloc = Some(MAX_UNPACKED_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // Not every decoder counts the picture itself among its allocations.
    if decoder.total_bytes() > MAX_UNPACKED_BYTES {
        return Err(ThumbnailError::TooLarge);
    }
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// JPEG has no transparency.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        let mix = |channel: u32| {
            let mixed = (channel * alpha + 255 * (255 - alpha)) / 255;
            u8::try_from(mixed).expect("a weighted mean of bytes is a byte")
        };
        Rgb([mix(red), mix(green), mix(blue)])
    })
}

#[cfg(test)]
mod tests {
    use image::{ImageFormat, Rgba, RgbaImage};

    use super::*;

    fn png(picture: &RgbaImage) -> Vec<u8> {
        let mut bytes = io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    fn thumbnail(file: &[u8], longest: u32) -> Result<Thumbnail, ThumbnailError> {
        Ok(thumbnails(io::Cursor::new(file), [Side::AtMost(longest), Side::AtMost(1)])?[0].clone())
    }

    #[test]
    fn a_picture_for_sale_is_shown_at_half_its_size_at_most() {
        let file = png(&RgbaImage::new(800, 400));
        let sides = |first, second| {
            let [first, second] = thumbnails(io::Cursor::new(&file), [first, second]).unwrap();
            [(first.width, first.height), (second.width, second.height)]
        };
        let shown = sides(Side::HalfAtMost(1_200), Side::AtMost(1_200));
        assert_eq!(shown, [(400, 200), (800, 400)]);
        assert_eq!(sides(Side::HalfAtMost(300), Side::AtMost(100)), [(300, 150), (100, 50)]);
    }

    fn opened(thumbnail: &Thumbnail) -> RgbImage {
        image::load_from_memory_with_format(&thumbnail.jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
    }

    #[test]
    fn a_large_picture_becomes_small_and_keeps_its_shape() {
        let picture = RgbaImage::from_pixel(800, 400, Rgba([200, 30, 30, 255]));
        let file = png(&picture);
        let small = thumbnail(&file, 100).unwrap();
        assert_eq!((small.width, small.height), (100, 50));
        assert_eq!(opened(&small).dimensions(), (100, 50));
    }

    #[test]
    fn a_small_picture_is_not_enlarged() {
        let file = png(&RgbaImage::new(10, 20));
        let small = thumbnail(&file, 100).unwrap();
        assert_eq!((small.width, small.height), (10, 20));
    }

    #[test]
    fn what_is_transparent_becomes_white() {
        let file = png(&RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0])));
        let small = thumbnail(&file, 16).unwrap();
        assert_eq!(opened(&small).get_pixel(8, 8).0, [255, 255, 255]);
    }

    /// A TIFF block that holds nothing but the orientation "turn right".
    fn turned_right_exif() -> Vec<u8> {
        let mut exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec();
        exif.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
        exif
    }

    #[test]
    fn a_picture_is_turned_the_way_its_camera_was_held() {
        let mut jpeg = io::Cursor::new(Vec::new());
        RgbImage::new(40, 20).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
        let mut jpeg = jpeg.into_inner();
        jpeg.splice(2..2, turned_right_exif());
        let file = jpeg;
        let small = thumbnail(&file, 100).unwrap();
        assert_eq!((small.width, small.height), (20, 40));
    }

    /// A PNG that claims `width` × `height` pixels and holds next to none.
    fn bomb(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = png(&RgbaImage::new(1, 1));
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32fast::hash(&bytes[12..29]).to_be_bytes();
        bytes[29..33].copy_from_slice(&crc);
        bytes
    }

    #[test]
    fn a_tiny_file_that_claims_to_be_huge_is_refused() {
        for (width, height) in [(1_000_000, 10), (10, 1_000_000), (16_000, 16_000)] {
            let file = bomb(width, height);
            assert!(matches!(thumbnail(&file, 100), Err(ThumbnailError::TooLarge)));
        }
    }

    #[test]
    fn what_is_no_picture_says_so() {
        let whole = png(&RgbaImage::new(64, 64));
        for bytes in [&b"not pixels"[..], b"", &whole[..whole.len() / 2], b"<svg/>"] {
            assert!(matches!(thumbnail(bytes, 100), Err(ThumbnailError::Unreadable(_))));
        }
    }
}
