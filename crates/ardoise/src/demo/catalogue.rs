//! What is for sale in the made-up shop, and by whom.

use super::leaflet::Leaflet;
use super::picture::Picture;
use super::sound;
use crate::pages::author::Pricing;
use image::ImageResult;

/// The authors.
pub const AUTHORS: [&str; 6] = [
    "Inès Maréchal",
    "Tomasz Wilk",
    "Nora Haddad",
    "Yann Kerdraon",
    "Edith Okafor",
    "Bruno Vasseur",
];

/// A work that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// Its author, among [`AUTHORS`].
    pub author: usize,
    /// Its title.
    pub title: &'static str,
    /// A few words about it.
    pub description: &'static str,
    /// How it is priced, and the price or the suggestion.
    pub price: (Pricing, &'static str),
    /// What it is.
    pub content: Content,
    /// What is on its cover.
    pub cover: Option<Picture>,
    /// Days after the shop opened on which it is published.
    pub day: i64,
    /// How many readers come for it, compared with the others.
    pub appeal: u32,
    /// Whether its readers speak French.
    pub is_french: bool,
}

/// What a work is.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// An article.
    Article(&'static str),
    /// A picture, under this name.
    Picture(Picture, &'static str),
    /// The peals of bells, under this name.
    Peals(&'static str),
    /// The leaflet, under this name.
    Leaflet(&'static str),
}

impl Content {
    /// The name and the bytes of its file; nothing for an article.
    ///
    /// # Errors
    /// Whatever the encoder of pictures says.
    pub fn file(self) -> ImageResult<Option<(&'static str, Vec<u8>)>> {
        Ok(match self {
            Self::Article(_) => None,
            Self::Picture(picture, name) => Some((name, picture.large()?)),
            Self::Peals(name) => Some((name, sound::peals())),
            Self::Leaflet(name) => Some((name, SOWING.pdf())),
        })
    }

    /// The text of an article; nothing for a file.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Article(text) => text,
            Self::Picture(..) | Self::Peals(_) | Self::Leaflet(_) => "",
        }
    }
}

/// Every work, in the order in which they are published.
pub const WORKS: &[Planned] = &[
    Planned {
        author: 2,
        title: "How this shop works",
        description: "Read this first: it is free, and takes a minute. *En français à la fin.*",
        price: (Pricing::Free, ""),
        content: Content::Article(include_str!("texts/welcome.en.md")),
        cover: Some(Picture::Tally),
        day: 0,
        appeal: 9,
        is_french: false,
    },
    Planned {
        author: 0,
        title: "Quatre heures, au fournil",
        description: "Une nuit dans une cave où l’on attend : le pointage, l’apprêt, et la croûte qui chante.",
        price: (Pricing::Fixed, "0.20"),
        content: Content::Article(include_str!("texts/fournil.fr.md")),
        cover: Some(Picture::Bakery),
        day: 0,
        appeal: 13,
        is_french: true,
    },
    Planned {
        author: 1,
        title: "Truing a wheel by ear",
        description: "No stand, no meter: pluck the spokes, find the one that is out of the choir, turn a quarter.",
        price: (Pricing::Fixed, "0.25"),
        content: Content::Article(include_str!("texts/wheel.en.md")),
        cover: Some(Picture::Wheel),
        day: 1,
        appeal: 16,
        is_french: false,
    },
    Planned {
        author: 3,
        title: "Marée basse, janvier",
        description: "Une grève d’hiver à contre-jour, et quelqu’un qui marche. 1 500 × 1 000 pixels, à imprimer pour soi.",
        price: (Pricing::Fixed, "0.80"),
        content: Content::Picture(Picture::Shore, "maree-basse-janvier.jpg"),
        cover: None,
        day: 2,
        appeal: 6,
        is_french: true,
    },
    Planned {
        author: 4,
        title: "How to read a tide table",
        description: "Four times, four heights, and the rule of twelfths, before you walk out over the sand.",
        price: (Pricing::Fixed, "0.15"),
        content: Content::Article(include_str!("texts/tide.en.md")),
        cover: Some(Picture::Tide),
        day: 4,
        appeal: 11,
        is_french: false,
    },
    Planned {
        author: 2,
        title: "Three peals for six bells",
        description: "Plain hunt on six, three times, each lower than the one before. A minute of bells and no tune at all.",
        price: (Pricing::Choose, "0.50"),
        content: Content::Peals("three-peals.wav"),
        cover: Some(Picture::Bells),
        day: 6,
        appeal: 5,
        is_french: false,
    },
    Planned {
        author: 5,
        title: "Ce que dit une semelle",
        description: "Un cordonnier retourne les chaussures avant de dire bonjour. Voici ce qu’il y lit.",
        price: (Pricing::Fixed, "0.25"),
        content: Content::Article(include_str!("texts/semelle.fr.md")),
        cover: Some(Picture::Sole),
        day: 9,
        appeal: 10,
        is_french: true,
    },
    Planned {
        author: 4,
        title: "A sowing calendar for a shady yard",
        description: "Twelve months for whoever has four hours of sun. A leaflet of a few pages, to print and pin up.",
        price: (Pricing::Choose, "0.60"),
        content: Content::Leaflet("sowing-calendar.pdf"),
        cover: Some(Picture::Garden),
        day: 12,
        appeal: 7,
        is_french: false,
    },
    Planned {
        author: 0,
        title: "Pourquoi une écluse a deux portes",
        description: "Une boîte entre deux niveaux, et une porte qui fait la moue depuis cinq cents ans.",
        price: (Pricing::Fixed, "0.20"),
        content: Content::Article(include_str!("texts/ecluse.fr.md")),
        cover: Some(Picture::Lock),
        day: 16,
        appeal: 12,
        is_french: true,
    },
    Planned {
        author: 2,
        title: "What the night bus carries",
        description: "Nine years on the N3: knives, a cello, a jar of rice, and a stop that is on no map.",
        price: (Pricing::Fixed, "0.20"),
        content: Content::Article(include_str!("texts/bus.en.md")),
        cover: Some(Picture::Bus),
        day: 21,
        appeal: 17,
        is_french: false,
    },
];

const SOWING: Leaflet = Leaflet {
    title: "A sowing calendar for a shady yard",
    author: "Edith Okafor",
    parts: &[
        (
            "Before you begin",
            "Count the hours of sun in May, not in July. With four of them you will have leaves, roots if you are patient, \
             and no tomatoes. Everything here was sown in one yard of five metres by seven, between two brick walls.",
        ),
        (
            "January",
            "Nothing. Order seed, sharpen the hoe, look where the frost stays longest: sow there last.",
        ),
        (
            "February",
            "Broad beans in pots on the window sill. Parsley beside them; it takes four weeks to show, so do not dig it over.",
        ),
        (
            "March",
            "Peas along the brighter wall, spinach in between. If the soil sticks to your boots, wait a week.",
        ),
        (
            "April",
            "Lettuce, rocket, radishes, and a row of chard. A short row every ten days, not a long one once.",
        ),
        (
            "May",
            "Beetroot for its leaves, kale in a tray. Runner beans in the last week, where the sun comes at noon.",
        ),
        (
            "June",
            "Plant out the kale. Sow lettuce again, in the shade this time: it bolts less than your neighbour’s.",
        ),
        (
            "July",
            "Chard for the winter. Water in the evening, at the root, or the slugs will thank you.",
        ),
        (
            "August",
            "Lamb’s lettuce and winter purslane. They will stand in the snow and be eaten in February.",
        ),
        (
            "September",
            "Spinach once more, spring onions, rocket that will not run to seed until spring.",
        ),
        (
            "October",
            "Garlic, pointed end up, a hand apart. Leaves from the street over everything that is empty.",
        ),
        (
            "November",
            "Broad beans where it does not flood. Then put the hoe away, clean, and mean it.",
        ),
        ("December", "Nothing. Eat the lamb’s lettuce."),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_author_has_a_work_and_every_text_is_worth_its_price() {
        for (author, name) in AUTHORS.iter().enumerate() {
            assert!(WORKS.iter().any(|work| work.author == author), "{name}");
        }
        for work in WORKS {
            let words = work.content.text().split_whitespace().count();
            let is_welcome = matches!(work.price, (Pricing::Free, _));
            assert!(
                words == 0 || is_welcome || (300..=600).contains(&words),
                "{}: {words}",
                work.title
            );
        }
        assert!(WORKS.is_sorted_by_key(|work| work.day));
    }

    #[test]
    fn french_texts_keep_their_signs_beside_their_words() {
        for work in WORKS.iter().filter(|work| work.is_french) {
            let text = [work.title, work.description, work.content.text()].concat();
            for slip in [" ;", " :", " !", " ?", "« ", " »", "'"] {
                assert!(!text.contains(slip), "{:?} in {}", slip, work.title);
            }
        }
    }
}
