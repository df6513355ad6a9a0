//! The reader's pages with made-up data.

use serde_json::json;

use super::{Gallery, NOW, binding_samples, cents, charge_samples, page, pick};
use crate::notices::words::Telling;
use crate::notices::{Facts, Kind as News, Notice as Told};
use crate::pages::binding::BoundRail;
use crate::pages::desk_tab::RefundRow;
use crate::pages::letters::{LinkPage, LinkView};
use crate::pages::reader::*;
use crate::pages::work::*;
use crate::pages::{Locale, Meta, Notice};
use crate::rails::port::Says;
use crate::store::refund_order::State;
use ledger::{Currency, Money, ShopId as _, TabId};

const ARTICLE: &str = include_str!("article.html");

pub(super) fn add(gallery: &Gallery) {
    fronts(gallery);
    works(gallery);
    contents(gallery);
    tabs(gallery);
    settling(gallery);
    library(gallery);
    troubles(gallery);
}

fn title(locale: Locale) -> &'static str {
    let english = "Why the night bus always leaves three minutes early";
    pick(locale, english, "Pourquoi le bus de nuit passe toujours trois minutes trop tôt")
}

fn cards(locale: Locale) -> Vec<WorkCard> {
    let card = |slug: &str, title: &str, author: &str, kind, price, cover: bool| WorkCard {
        slug: slug.into(),
        title: title.into(),
        author: author.into(),
        kind,
        price,
        cover: cover.then(|| "/sample.svg".into()),
    };
    let choose = Price::Choose { minimum: cents(50), suggestion: cents(100) };
    vec![
        card(
            "bus",
            title(locale),
            "Ada Belkacem",
            Kind::Article { minutes: 7 },
            Price::Fixed(cents(20)),
            false,
        ),
        card(
            "atlas",
            pick(locale, "Atlas of tides, plate 12", "Atlas des marées, planche 12"),
            "Yann Ferrec",
            Kind::Image,
            Price::Fixed(cents(50)),
            true,
        ),
        card(
            "songs",
            pick(locale, "Three songs for November", "Trois chansons pour novembre"),
            "Les Anticonstitutionnellement-Vôtres",
            Kind::Audio { seconds: Some(547) },
            choose,
            true,
        ),
        card(
            "bread",
            pick(locale, "Rye bread, in detail", "Le pain de seigle, en détail"),
            "Ada Belkacem",
            Kind::Files { count: 3, bytes: 5_200_000 },
            Price::Free,
            false,
        ),
    ]
}

fn fronts(gallery: &Gallery) {
    let locale = gallery.locale;
    let about =
        pick(locale, "Small works, a few cents each.", "De petites œuvres, à quelques centimes.");
    let title = pick(locale, "On sale", "En vente");
    let front = ShopFront {
        page: page(locale, title, "/"),
        about: Some(about.into()),
        works: cards(locale),
        more: Some("/?before=x".into()),
    };
    gallery.add("front", &front);
    gallery.add("front-empty", &ShopFront { works: vec![], more: None, ..front });
}

fn work(locale: Locale) -> WorkPage {
    let mut page = page(locale, title(locale), "/l/bus");
    page.meta = Meta {
        canonical: Some("https://shop.example/l/bus".into()),
        description: Some("Onze personnes courent.".into()),
        author: Some("Ada Belkacem".into()),
        oembed: Some("https://shop.example/oembed?url=x&format=json".into()),
        json_ld: Some((&json!({ "@type": "Article", "name": "</script>" })).into()),
        ..Meta::default()
    };
    WorkPage {
        page,
        slug: "bus".into(),
        work: "wrk_1".into(),
        kind: Kind::Article { minutes: 7 },
        title: title(locale).into(),
        author: "Ada Belkacem".into(),
        description: None,
        preview: Preview::Article { html: ARTICLE.into(), words_left: 1_140 },
        files: vec![],
        price: Price::Fixed(cents(20)),
        offer: Offer::ForSale,
        purchase: "pur_1".into(),
        device: None,
        via: Some("bluesky".into()),
        undo_minutes: 30,
        seller: "La Fabrique SARL".into(),
        own: false,
    }
}

fn works(gallery: &Gallery) {
    let locale = gallery.locale;
    let sale = work(locale);
    gallery.add("work", &sale);
    gallery.add("work-resting", &WorkPage { offer: Offer::Resting, ..sale.clone() });
    gallery.add("work-owned", &WorkPage { offer: Offer::Owned, ..sale.clone() });
    for (name, limit_with) in [("work-full", None), ("work-full-open", Some(cents(600)))] {
        let offer = Offer::TabFull { owed: cents(190), limit_with };
        gallery.add(name, &WorkPage { offer, ..sale.clone() });
    }
    gallery.add(
        "work-unpublished",
        &WorkPage { offer: Offer::Unpublished, own: true, ..sale.clone() },
    );
    let picture = Preview::Picture { url: "/sample.svg".into(), width: 640, height: 420 };
    let files = vec![
        FileLine {
            name: "planche-12-haute-définition-quadrichromie-imprimable.tiff".into(),
            bytes: 48_000_000,
        },
        FileLine { name: "planche-12.pdf".into(), bytes: 5_200_000 },
    ];
    let choose = Price::Choose { minimum: cents(50), suggestion: cents(100) };
    let atlas =
        WorkPage { kind: Kind::Image, preview: picture, files, price: choose, ..sale.clone() };
    gallery.add(
        "work-choose",
        &WorkPage { description: Some("<p>Encre et aquarelle, 2026.</p>".into()), ..atlas },
    );
    let sound = Preview::Sound { url: "/w/x.mp3".into(), seconds: 30 };
    let kind = Kind::Audio { seconds: Some(187) };
    gallery
        .add("work-free", &WorkPage { kind, preview: sound, price: Price::Free, ..sale.clone() });
    let embed = EmbedCard {
        page: sale.page.clone(),
        title: sale.title.clone(),
        author: sale.author.clone(),
        kind: sale.kind.clone(),
        price: sale.price.clone(),
        url: "https://shop.example/l/bus?via=embed".into(),
    };
    gallery.add("embed", &embed);
}

fn contents(gallery: &Gallery) {
    let locale = gallery.locale;
    let standing =
        |undo_minutes| Standing::OnTab { line: "lin_1".into(), amount: cents(20), undo_minutes };
    let content = ContentPage {
        page: page(locale, title(locale), "/w/wrk_1"),
        work: "wrk_1".into(),
        kind: Kind::Article { minutes: 7 },
        title: title(locale).into(),
        author: "Ada Belkacem".into(),
        standing: standing(Some(29)),
        article: Some(ARTICLE.into()),
        files: vec![],
        invitation: None,
    };
    gallery.add("content", &content);
    let file = |name: &str, media| FileView {
        file: "fil_1".into(),
        name: name.into(),
        bytes: 3_456_789,
        media,
    };
    let files = vec![
        file("marée haute.jpg", Media::Image),
        file("01 – Novembre.mp3", Media::Audio),
        file("notes.pdf", Media::Other),
    ];
    let over = ContentPage { article: None, files, standing: standing(None), ..content.clone() };
    gallery.add("content-files", &over);
    let paid = Standing::Paid { line: "lin_1".into(), amount: cents(20) };
    gallery.add("content-paid", &ContentPage { standing: paid, ..content.clone() });
    gallery.add("content-own", &ContentPage { standing: Standing::Own, ..content });
}

fn tabs(gallery: &Gallery) {
    let locale = gallery.locale;
    let line = |title: &str, amount: i64, minutes: i64, state, undo_minutes| TabLine {
        line: format!("lin_{minutes}"),
        work: "wrk_1".into(),
        title: title.into(),
        amount: cents(amount),
        at: NOW.plus_minutes(-minutes),
        state,
        undo_minutes,
    };
    let lines = vec![
        line(title(locale), 20, 2, LineState::Open, Some(27)),
        line(
            pick(locale, "Atlas of tides, plate 12", "Atlas des marées, planche 12"),
            50,
            1_500,
            LineState::Open,
            None,
        ),
        line(
            pick(locale, "Three songs for November", "Trois chansons pour novembre"),
            70,
            4 * 1_440,
            LineState::Open,
            None,
        ),
        line(
            pick(locale, "Rye bread, in detail", "Le pain de seigle, en détail"),
            0,
            5 * 1_440,
            LineState::Free,
            None,
        ),
        line(
            pick(locale, "A night at Rungis", "Une nuit à Rungis"),
            8,
            6 * 1_440,
            LineState::Refunded,
            None,
        ),
        line(pick(locale, "The lamp", "La lampe"), 120, 60 * 1_440, LineState::Paid, None),
    ];
    let tab = TabPage {
        page: page(locale, &locale.text("tab-title"), "/tab"),
        owed: cents(140),
        open_lines: 7,
        limit: cents(200),
        left: cents(60),
        settles_at: cents(500),
        settles_by: Some(NOW.plus_days(40)),
        credit: cents(0),
        give_back: None,
        refunds: vec![],
        awaited: vec![Awaited {
            charge: "chg_1".into(),
            words: "awaited",
            rail: "rail-transfer".into(),
            amount: cents(140),
        }],
        closed: None,
        reopened: None,
        bound: Vec::new(),
        failed: None,
        invitation: None,
        lines,
        more: None,
        notices: News::ALL.map(|kind| told(locale, kind)).to_vec(),
        mail: MailView::To("ben@reader.example".into()),
    };
    binding_samples::tabs(gallery, &tab);
    let notice = Notice::LineUndone { title: title(locale).into(), amount: cents(20) };
    let mut undone = tab.clone();
    undone.page.notice = Some(notice);
    undone.open_lines = 33;
    undone.closed = Some(Closed::Due);
    gallery.add("tab", &tab);
    gallery.add("tab-undone", &undone);
    let mut lost = tab.clone();
    (lost.open_lines, lost.settles_by, lost.closed) = (0, None, Some(Closed::WrittenOff));
    lost.credit = cents(5);
    lost.give_back = Some(GiveBack {
        refund: "ref_1".into(),
        settlement: "set_1".into(),
        amount: cents(5),
        words: "rail-sandbox".into(),
    });
    let refund = |has_failed, state| RefundRow {
        words: "rail-sandbox".into(),
        amount: cents(20),
        at: NOW,
        has_failed,
        state: Some(state),
        elsewhere: false,
    };
    lost.refunds = vec![refund(false, State::Begun), refund(true, State::Declined)];
    let unpaid = lost.lines.iter_mut().filter(|line| line.state == LineState::Open);
    unpaid.for_each(|line| (line.state, line.undo_minutes) = (LineState::WrittenOff, None));
    gallery.add("tab-written-off", &lost);
    let mut empty = TabPage {
        owed: cents(0),
        open_lines: 0,
        left: cents(200),
        settles_by: None,
        lines: vec![],
        notices: vec![],
        mail: MailView::Off,
        ..tab
    };
    empty.page.meter = None;
    gallery.add("tab-empty", &empty);
}

fn settling(gallery: &Gallery) {
    let locale = gallery.locale;
    let settle = SettlePage {
        page: page(locale, &locale.text("settle-title"), "/tab/settle"),
        owed: cents(190),
        lines: 7,
        settlement: "set_1".into(),
        reference: "ARD-7K2M-9QXW".into(),
        awaited: vec![],
        bound: vec![BoundRail { name: "paypal", label: "ada@example.com".into(), most: None }],
        failed: None,
        rails: vec![
            online("sandbox", true),
            online("paypal", false),
            RailView::Online(OnlineRail {
                minimum: Some(cents(500)),
                ..online_rail("phone", false)
            }),
            RailView::Transfer {
                instructions: "La Fabrique SARL\nFR76 3000 4000 0312 3456 7890 143".into(),
            },
            RailView::Cash { instructions: "12, rue des Tanneurs, le samedi matin.".into() },
        ],
        to: "/tab/settle".into(),
        own: true,
        mail: MailView::Nowhere,
    };
    gallery.add("settle", &settle);
    let mail = MailView::To("ben@reader.example".into());
    gallery.add("settle-known", &SettlePage { mail, ..settle.clone() });
    let by_letter = SettlePage { own: false, bound: vec![], ..settle.clone() };
    gallery.add("settle-by-letter", &SettlePage { to: "/mail/pay/x".into(), ..by_letter });
    gallery.add("settle-none", &SettlePage { owed: cents(0), lines: 0, ..settle });
    let settled = SettledPage {
        page: page(locale, &locale.text("settled-title"), "/tab/settled/set_1"),
        amount: cents(190),
        lines: 7,
        at: NOW,
        left: cents(0),
        fake: true,
        to_take: None,
        own: true,
    };
    gallery.add("settled", &settled);
    let change = Says::new("ecash-change", [("sats", "111".into())]);
    let to_take = Some((change, format!("cashuB{}", "o2F0gaJhaUgB12WDacegEGFw".repeat(12))));
    gallery.add("settled-change", &SettledPage { to_take, fake: false, ..settled });
    charge_samples::add(gallery);
    letters(gallery);
}

/// What a reader is told, as a sample.
fn told(locale: Locale, kind: News) -> NoticeView {
    let facts = Facts {
        amount: 1_900_000,
        rest: 6_000_000,
        fee: 280_000,
        lines: 7,
        day: Some(NOW.plus_days(2).micros()),
        reason: if kind == News::Declined { "funds".into() } else { String::new() },
        rail: "stripe".into(),
        label: "Visa •••• 4242".into(),
    };
    let (tab, subject) = (TabId::from_raw(1), "1".to_owned());
    let notice = Told { tab, kind, subject, facts, told_at: NOW.plus_minutes(-90) };
    let telling = Telling { locale, currency: Currency::Eur, now: NOW, was_charged: false };
    NoticeView { key: notice.key(), at: notice.told_at, said: telling.say(&notice) }
}

/// The pages that links in letters lead to.
fn letters(gallery: &Gallery) {
    let locale = gallery.locale;
    for (name, title, view) in [
        ("object", "object-title", LinkView::Object),
        ("objected", "object-done", LinkView::Objected),
        ("nothing-bound", "object-title", LinkView::NothingBound),
        ("stop", "stop-title", LinkView::Stop),
        ("stopped", "stop-done", LinkView::Stopped),
    ] {
        let page = page(locale, &locale.text(title), "/mail/x/y");
        let shown = LinkPage { page, view, owed: cents(190), token: "y".into() };
        gallery.add(&format!("letter-{name}"), &shown);
    }
}

const fn online_rail(name: &'static str, fake: bool) -> OnlineRail {
    let (minimum, maximum) = (None, None);
    OnlineRail {
        name,
        amount: Money::zero(Currency::Eur),
        minimum,
        maximum,
        binds: true,
        fake,
        tells_address: !fake,
    }
}

fn online(name: &'static str, fake: bool) -> RailView {
    RailView::Online(OnlineRail { amount: cents(190), ..online_rail(name, fake) })
}

fn library(gallery: &Gallery) {
    let locale = gallery.locale;
    let item = |card: WorkCard| LibraryItem {
        work: card.slug.clone(),
        line: card.slug,
        title: card.title,
        author: card.author,
        kind: card.kind,
        at: NOW.plus_minutes(-200),
    };
    let library = LibraryPage {
        page: page(locale, &locale.text("library-title"), "/library"),
        items: cards(locale).into_iter().map(item).collect(),
        more: None,
    };
    gallery.add("library", &library);
    gallery.add("library-empty", &LibraryPage { items: vec![], ..library });
}

fn troubles(gallery: &Gallery) {
    let locale = gallery.locale;
    gallery.add("missing", &ProblemPage::not_found(page(locale, "", "/nowhere")));
    let detail = pick(
        locale,
        "The shop’s disk is full. Try again in a few minutes.",
        "Le disque de la boutique est plein. Réessayez dans quelques minutes.",
    );
    let problem = ProblemPage {
        page: page(
            locale,
            pick(locale, "The purchase could not be written", "L’achat n’a pas pu être inscrit"),
            "/l/bus",
        ),
        money: MoneyFate::NothingCharged,
        detail: detail.into(),
        next: Some(NextStep {
            label: pick(locale, "Back to the work", "Revenir à l’œuvre").into(),
            href: "/l/bus".into(),
        }),
        code: "store.full".into(),
        request_id: Some("01JD8Z5Y3V".into()),
        other: None,
    };
    gallery.add("problem", &problem);
    let withdrawal = WithdrawalPage {
        page: page(locale, &locale.text("withdrawal-title"), "/withdrawal"),
        seller: "La Fabrique SARL\n12, rue des Tanneurs\n75013 Paris".into(),
        email: Some("bonjour@lafabrique.example".into()),
        undo_minutes: 30,
    };
    gallery.add("withdrawal", &withdrawal);
}
