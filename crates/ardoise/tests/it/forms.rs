//! What people send with a form that has files, and files to send.

use crate::shop::{Answer, Browser};
use axum::body::Body;
use http::{Request, header};

const BOUNDARY: &str = "slate-and-chalk";

/// A form as browsers send it when it has files.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<u8>);

impl Form {
    /// The form “Sell a work” with a title and a fixed price.
    pub fn selling(title: &str, price: &str) -> Self {
        Self::default().text("title", title).text("pricing", "fixed").text("price", price)
    }

    pub fn text(self, name: &str, value: &str) -> Self {
        self.bytes(name, value.as_bytes())
    }

    pub fn bytes(self, name: &str, value: &[u8]) -> Self {
        self.part(format!("name=\"{name}\"").as_bytes(), value)
    }

    pub fn file(self, field: &str, name: &str, bytes: &[u8]) -> Self {
        self.part(format!("name=\"{field}\"; filename=\"{name}\"").as_bytes(), bytes)
    }

    /// A part with any words after `form-data;`.
    pub fn part(mut self, words: &[u8], bytes: &[u8]) -> Self {
        let start = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; ");
        for piece in [start.as_bytes(), words, b"\r\n\r\n", bytes, b"\r\n"] {
            self.0.extend_from_slice(piece);
        }
        self
    }

    /// What is sent: its type, and its bytes.
    pub fn body(self) -> (String, Vec<u8>) {
        let mut body = self.0;
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={BOUNDARY}"), body)
    }

    pub async fn send(self, browser: &mut Browser<'_>, path: &str) -> Answer {
        let (kind, body) = self.body();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, kind)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body));
        browser.send(request.expect("a request")).await
    }
}

/// A grey picture.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::GrayImage::from_pixel(width, height, image::Luma([120]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("written");
    bytes.into_inner()
}

/// A small file that claims to be a picture of 40 000 pixels on each side.
pub fn bomb() -> Vec<u8> {
    let mut bytes = png(1, 1);
    for at in [16, 20] {
        bytes[at..at + 4].copy_from_slice(&40_000_u32.to_be_bytes());
    }
    let sum = crc32fast::hash(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&sum);
    bytes
}

/// Sound of so many seconds, in eight bits at 8 kHz.
pub fn wav(seconds: u32) -> Vec<u8> {
    let length = seconds * 8_000;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((length + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data");
    bytes.extend(length.to_le_bytes());
    bytes.extend((0..length).map(|at| (at % 251) as u8));
    bytes
}

/// The id of a work that a redirect names.
pub fn work_in(answer: &Answer) -> String {
    let place = answer.location();
    let rest = place.strip_prefix("/works/").unwrap_or_else(|| panic!("{place} is no work"));
    rest.split(['/', '?']).next().expect("an id").to_owned()
}
