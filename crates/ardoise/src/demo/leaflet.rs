//! A leaflet of a few pages as a PDF file, set in the fonts that every reader has.
//!
//! Layout and words of the format: ISO 32000-1, sections 7 to 9. Text is in WinAnsi, which has the accents of French.

use std::fmt::Write as _;

/// Width and height of a page in points: A5.
const PAGE: (u32, u32) = (420, 595);
/// Where text begins, from the left, and the first line, from below.
const MARGIN: (u32, u32) = (48, 520);
/// Points from one line to the next.
const LEADING: u32 = 17;
/// Lines on a page.
const LINES: usize = 27;
/// Characters on a line of the text's size.
const WIDTH: usize = 58;

/// A title, a line under it, and paragraphs of a heading and a text.
#[derive(Debug, Clone, Copy)]
pub struct Leaflet {
    /// The title, on the first page.
    pub title: &'static str,
    /// Whose it is.
    pub author: &'static str,
    /// Headings with their texts.
    pub parts: &'static [(&'static str, &'static str)],
}

impl Leaflet {
    /// The file.
    pub fn pdf(&self) -> Vec<u8> {
        let mut pages = vec![self.first_page()];
        pages.extend(self.lines().chunks(LINES).map(page));
        let mut objects = vec![
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            kids(pages.len()).into_bytes(),
            font("Times-Roman"),
            font("Times-Bold"),
            self.information(),
        ];
        for (number, content) in pages.iter().enumerate() {
            let size = format!("0 0 {} {}", PAGE.0, PAGE.1);
            let fonts = "/Font << /R 3 0 R /B 4 0 R >>";
            let content_at = 7 + 2 * number;
            objects.push(
                format!(
                    "<< /Type /Page /Parent 2 0 R /MediaBox [{size}] /Resources << {fonts} >> /Contents {content_at} 0 R >>"
                )
                .into_bytes(),
            );
            let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
            stream.extend(content);
            stream.extend(b"\nendstream");
            objects.push(stream);
        }
        file(&objects)
    }

    fn information(&self) -> Vec<u8> {
        let mut words = b"<< /Title (".to_vec();
        words.extend(win_ansi(self.title));
        words.extend(b") /Author (");
        words.extend(win_ansi(self.author));
        words.extend(b") >>");
        words
    }

    /// Twelve beds in a ring, and the title below.
    fn first_page(&self) -> Vec<u8> {
        let mut content = String::from("0.36 0.47 0.34 rg\n");
        for bed in 0..12_u32 {
            let (column, row) = (bed % 4, bed / 4);
            let _ = writeln!(
                content,
                "{} {} 66 {} re f",
                60 + column * 78,
                460 - row * 62,
                14 + bed % 5 * 8
            );
        }
        let mut content = content.into_bytes();
        content.extend(b"0.13 0.16 0.18 rg\nBT /B 22 Tf 48 200 Td (");
        content.extend(win_ansi(self.title));
        content.extend(b") Tj /R 13 Tf 0 -26 Td (");
        content.extend(win_ansi(self.author));
        content.extend(b") Tj ET");
        content
    }

    /// Every line, with whether it is a heading.
    fn lines(&self) -> Vec<(bool, String)> {
        let mut lines = Vec::new();
        for (heading, words) in self.parts {
            lines.push((true, (*heading).to_owned()));
            lines.extend(wrapped(words).into_iter().map(|line| (false, line)));
            lines.push((false, String::new()));
        }
        lines
    }
}

fn wrapped(words: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let last =
            lines.last_mut().filter(|line| line.chars().count() + word.chars().count() < WIDTH);
        match last {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn page(lines: &[(bool, String)]) -> Vec<u8> {
    let start = format!("0.13 0.16 0.18 rg\nBT {LEADING} TL {} {} Td\n", MARGIN.0, MARGIN.1);
    let mut content = start.into_bytes();
    for (is_heading, line) in lines {
        content.extend(if *is_heading { &b"/B 13 Tf ("[..] } else { b"/R 12 Tf (" });
        content.extend(win_ansi(line));
        content.extend(b") Tj T*\n");
    }
    content.extend(b"ET");
    content
}

/// A text in WinAnsi, with what means something in PDF escaped; what is not in it becomes a question mark.
fn win_ansi(words: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '(' | ')' | '\\' => bytes.extend([b'\\', letter as u8]),
            '’' => bytes.push(0x92),
            '–' => bytes.push(0x96),
            ' '..='~' | '\u{a0}'..='ÿ' => bytes.push(letter as u8),
            _ => bytes.push(b'?'),
        }
    }
    bytes
}

fn kids(pages: usize) -> String {
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 6 + 2 * page)).collect();
    format!("<< /Type /Pages /Count {pages} /Kids [{}] >>", kids.join(" "))
}

fn font(name: &str) -> Vec<u8> {
    format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>")
        .into_bytes()
}

/// The objects one after the other, and the table that says where each begins.
fn file(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", index + 1).as_bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    let mut end = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for place in places {
        let _ = writeln!(end, "{place:010} 00000 n ");
    }
    let _ = write!(
        end,
        "trailer\n<< /Size {} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    bytes.extend(end.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAFLET: Leaflet = Leaflet {
        title: "Semis (au nord)",
        author: "Édith",
        parts: &[(
            "Août",
            "de la mâche, dans l’ombre, et rien d’autre que de la mâche, mois après mois",
        )],
    };

    fn find(bytes: &[u8], words: &[u8]) -> Option<usize> {
        bytes.windows(words.len()).position(|window| window == words)
    }

    #[test]
    fn every_object_begins_where_the_table_says() {
        let pdf = LEAFLET.pdf();
        let table = find(&pdf, b"xref\n0 ").expect("a table");
        let lines = String::from_utf8(pdf[table..].to_vec()).expect("ASCII");
        let places: Vec<usize> = lines
            .lines()
            .filter(|line| line.ends_with(" n "))
            .map(|line| line[..10].parse().expect("a place"))
            .collect();
        assert_eq!(places.len(), 9);
        for (index, place) in places.iter().enumerate() {
            let start = format!("{} 0 obj\n", index + 1);
            assert!(pdf[*place..].starts_with(start.as_bytes()), "object {}", index + 1);
        }
        let start = format!("startxref\n{table}\n%%EOF\n");
        assert!(pdf.ends_with(start.as_bytes()));
    }

    #[test]
    fn accents_and_brackets_are_written_as_pdf_wants_them() {
        assert_eq!(win_ansi("Août (1) l’été"), b"Ao\xfbt \\(1\\) l\x92\xe9t\xe9");
        assert!(wrapped(LEAFLET.parts[0].1).iter().all(|line| line.chars().count() < WIDTH));
    }
}
