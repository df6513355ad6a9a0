//! The author's and the operator's pages with made-up data.

use ledger::Currency;

use super::{Gallery, NOW, cents, page, pick};
use crate::pages::author::*;
use crate::pages::charts::{Bar, BarChart};
use crate::pages::desk::*;
use crate::pages::desk_tab::*;
use crate::pages::gains::*;
use crate::pages::payouts::{PayoutStand, SendBy, SendToAll};
use crate::pages::work::*;
use crate::pages::{Locale, Notice, Page, Visitor};
use crate::store::refund_order::State;

pub(super) fn add(gallery: &Gallery) {
    doors(gallery);
    selling(gallery);
    works(gallery);
    gains(gallery);
    keys(gallery);
    desk(gallery);
}

fn own(locale: Locale, title: &str, path: &str) -> Page {
    let who = Visitor::Author { name: "Ada Belkacem".into() };
    Page { who, meter: None, ..page(locale, title, path) }
}

fn title(locale: Locale) -> &'static str {
    let english = "Why the night bus always leaves three minutes early";
    pick(locale, english, "Pourquoi le bus de nuit passe toujours trois minutes trop tôt")
}

fn doors(gallery: &Gallery) {
    let locale = gallery.locale;
    let invite = InvitePage {
        page: page(locale, "Invitation", "/invite/t"),
        token: "t".into(),
        name: "Ada Belkacem".into(),
        errors: vec![],
    };
    gallery.add("invite", &invite);
    let door = SignInPage {
        page: page(locale, &locale.text("sign-in"), "/sign-in/t"),
        token: "t".into(),
        valid: true,
    };
    gallery.add("sign-in", &door);
    gallery.add("sign-in-over", &SignInPage { valid: false, ..door });
}

fn keep() -> KeepTable {
    let price = cents(20);
    let row = |way, rate, fixed| KeepRow::new(way, rate, cents(fixed), price);
    let rows = vec![
        row(KeepWay::CardAlone, 150, 25),
        row(KeepWay::PaypalAlone, 500, 5),
        row(KeepWay::Tab { of: cents(500) }, 150, 25),
    ];
    KeepTable { price, rows, source: "Stripe, PayPal, 2026-11-01.".into() }
}

fn taxes() -> Vec<TaxClass> {
    let class = |value: &str, basis_points| TaxClass { value: value.into(), basis_points };
    vec![class("standard", 2_000), class("reduced", 550), class("press", 210)]
}

fn upload(upload: &str, name: &str) -> UploadView {
    UploadView { upload: upload.into(), name: name.into(), bytes: 5_200_000 }
}

fn selling(gallery: &Gallery) {
    let locale = gallery.locale;
    let sell = SellPage {
        page: own(locale, &locale.text("nav-sell"), "/sell"),
        work: "wrk_1".into(),
        uploads: vec![],
        cover: None,
        taxes: taxes(),
        draft: Draft { price: "0,20".into(), ..Draft::default() },
        errors: vec![],
        currency: Currency::Eur,
        keep: keep(),
        most_bytes: 20_000_000_000,
    };
    gallery.add("sell", &sell);
    let draft = Draft {
        title: title(locale).into(),
        pricing: Pricing::Choose,
        minimum: "-1".into(),
        article: "# Corvisart".into(),
        ..Draft::default()
    };
    let message = pick(
        locale,
        "An amount is 0 or more, like 0.20.",
        "Un montant vaut 0 ou plus, par exemple 0,20.",
    );
    let errors = vec![FieldError { field: "minimum".into(), message: message.into() }];
    let uploads = vec![upload("upl_1", "planche-12.tiff"), upload("upl_2", "notes.pdf")];
    let cover = Some(upload("upl_3", "cover.jpg"));
    gallery.add("sell-wrong", &SellPage { draft, errors, uploads, cover, ..sell });
    let mut share = SharePage {
        page: own(locale, title(locale), "/works/wrk_1/share"),
        work: "wrk_1".into(),
        slug: "bus".into(),
        title: title(locale).into(),
        price: Price::Fixed(cents(20)),
        origin: "https://lafabrique.example".into(),
    };
    share.page.notice = Some(Notice::Published);
    gallery.add("share", &share);
}

fn works(gallery: &Gallery) {
    let locale = gallery.locale;
    let row = |work: &str, title: &str, kind, price, published| WorkRow {
        work: work.into(),
        title: title.into(),
        kind,
        price,
        published,
        kept: 62,
        earned: cents(1_002),
    };
    let works = WorksPage {
        page: own(locale, &locale.text("works-title"), "/works"),
        works: vec![
            row("a", title(locale), Kind::Article { minutes: 7 }, Price::Fixed(cents(20)), true),
            row(
                "b",
                pick(locale, "A night at Rungis", "Une nuit à Rungis"),
                Kind::Image,
                Price::Free,
                false,
            ),
        ],
        more: None,
    };
    gallery.add("works", &works);
    gallery.add("works-empty", &WorksPage { works: vec![], ..works });
    let file = |file: &str, name: &str| FileView {
        file: file.into(),
        name: name.into(),
        bytes: 5_200_000,
        media: Media::Other,
    };
    let link = |channel: &str| ChannelLink {
        channel: channel.into(),
        url: format!("https://lafabrique.example/l/bus?via={channel}"),
        visits: 1_204,
        kept: 41,
    };
    let manage = ManagePage {
        page: own(locale, title(locale), "/works/wrk_1"),
        work: "wrk_1".into(),
        slug: "bus".into(),
        draft: Draft { title: title(locale).into(), price: "0,20".into(), ..Draft::default() },
        errors: vec![],
        uploads: vec![],
        cover: None,
        cover_now: Some("/sample.svg".into()),
        taxes: taxes(),
        currency: Currency::Eur,
        keep: keep(),
        most_bytes: 20_000_000_000,
        published: true,
        is_draft: false,
        files: vec![file("f1", "planche-12-haute-définition.tiff"), file("f2", "notes.pdf")],
        links: vec![link(""), link("bluesky")],
    };
    gallery.add("manage", &manage);
    let draft = ManagePage { published: false, is_draft: true, files: vec![], ..manage };
    gallery.add("manage-draft", &draft);
}

fn chart(locale: Locale) -> BarChart {
    let names = pick(locale, "Mo Tu We Th Fr Sa Su", "lu ma me je ve sa di").split(' ');
    let bars = names.zip([540, 720, 420, 890, 670, 1_020, 1_248]);
    let bar = |(label, value): (&str, i64)| Bar {
        label: label.into(),
        name: format!("{label} 16"),
        value: cents(value),
        now: value == 1_248,
    };
    BarChart {
        locale,
        title: pick(locale, "Gains of 7 days", "Gains de 7 jours").into(),
        name_heading: pick(locale, "Day", "Jour").into(),
        value_heading: "Gains".into(),
        bars: bars.map(bar).collect(),
    }
}

fn gains(gallery: &Gallery) {
    let locale = gallery.locale;
    let funnel = Funnel { visits: 1_204, taps: 64, kept: 62, undone: 2 };
    let work = |work: &str, title: &str, gross| WorkGain {
        work: work.into(),
        title: title.into(),
        gross: cents(gross),
        net: cents(gross * 4 / 5),
        funnel,
    };
    let channel = |channel: &str| ChannelGain { channel: channel.into(), net: cents(820), funnel };
    let payout = |days: i64, amount, words, has_returned| PayoutRow {
        at: NOW.plus_days(-days),
        amount: cents(amount),
        reference: String::new(),
        rail: Some("rail-paypal".into()),
        words,
        has_returned,
    };
    let gains = GainsPage {
        page: own(locale, &locale.text("gains-title"), "/gains"),
        period: Period::Week,
        today: cents(1_248),
        week: cents(9_610),
        bought_basis_points: 3_100,
        undone_basis_points: 180,
        pending: cents(4_210),
        available: cents(5_400),
        paid_out: cents(123_450),
        rail_fees: cents(9_412),
        under_way: cents(3_120),
        addresses: vec![
            AddressRow {
                rail: "paypal".into(),
                words: "rail-paypal".into(),
                address: Some("ada@author.example".into()),
                is_on: true,
            },
            AddressRow {
                rail: "sandbox".into(),
                words: "rail-sandbox".into(),
                address: Some("ada@author.example".into()),
                is_on: false,
            },
        ],
        payouts: vec![
            payout(1, 3_120, Some("payout-unclaimed"), false),
            payout(4, 2_050, Some("payout-back-late"), true),
            PayoutRow {
                reference: "SEPA 2026-11-17 4711".into(),
                rail: None,
                ..payout(5, 61_720, None, false)
            },
        ],
        chart: chart(locale),
        works: vec![
            work("a", title(locale), 1_240),
            work("b", pick(locale, "A night at Rungis", "Une nuit à Rungis"), 8),
        ],
        channels: vec![channel("bluesky"), channel(""), channel("newsletter-novembre")],
    };
    gallery.add("gains", &gains);
    let empty = BarChart { bars: vec![], ..chart(locale) };
    let nothing = GainsPage {
        works: vec![],
        channels: vec![],
        chart: empty,
        today: cents(0),
        week: cents(0),
        bought_basis_points: 0,
        undone_basis_points: 0,
        pending: cents(0),
        available: cents(0),
        paid_out: cents(0),
        rail_fees: cents(0),
        payouts: vec![],
        under_way: cents(0),
        addresses: vec![],
        ..gains
    };
    gallery.add("gains-empty", &nothing);
}

fn keys(gallery: &Gallery) {
    let locale = gallery.locale;
    let hook = |webhook: &str, failure: Option<&str>| WebhookRow {
        webhook: webhook.into(),
        url: "https://ada.example/hooks/ardoise".into(),
        delivered: Some(NOW.plus_minutes(-12)),
        failure: failure.map(Into::into),
    };
    let keys = KeysPage {
        page: own(locale, &locale.text("keys-title"), "/keys"),
        fresh: Some("ard_live_5f2c9d0b7e6a4c1d8f3b".into()),
        keys: vec![KeyRow {
            key: "k".into(),
            name: "site".into(),
            made: NOW.plus_days(-40),
            used: None,
        }],
        webhooks: vec![hook("a", None), hook("b", Some("410"))],
        name: String::new(),
        url: String::new(),
        errors: vec![],
    };
    gallery.add("keys", &keys);
}

fn desk(gallery: &Gallery) {
    let locale = gallery.locale;
    let tab = |tab: &str, owed, days: i64| OwingTab {
        tab: tab.into(),
        reference: "ARD-7K2M-9QXW".into(),
        owed: cents(owed),
        lines: 7,
        oldest: NOW.plus_days(-days),
        closed: days > 40,
        written_off: days > 49,
        disputed: days > 49,
        settlement: "set_1".into(),
    };
    let sends = |has_address: bool| {
        let paypal = SendBy {
            rail: "paypal".into(),
            words: "rail-paypal".into(),
            address: "ada@author.example".into(),
            fee: cents(108),
        };
        has_address.then_some(paypal).into_iter().collect()
    };
    let author = |name: &str, works, available| AuthorRow {
        author: format!("aut_{works}"),
        name: name.into(),
        works,
        earned: cents(9_610),
        available: cents(available),
        sends: sends(works > 1),
        lacks_address: works == 1,
        payout: "pay_1".into(),
        invited: works == 0,
    };
    let rail = |name: &str, source: &str| RailRow {
        words: format!("rail-{name}"),
        keeps: vec![None, Some(cents(28)), Some(cents(33)), Some(cents(40))],
        as_of: "2026-11-28".into(),
        source: source.into(),
        hint: Some("ecash-hint").filter(|_| name == "ecash"),
    };
    let stand = |stand, failure: &str, has_returned| PayoutStand {
        payout: "pay_1".into(),
        author: "Ada Belkacem".into(),
        words: "rail-paypal".into(),
        reference: "CQMWKDQF5GFLL".into(),
        amount: cents(3_120),
        stand,
        failure: failure.into(),
        has_returned,
    };
    let mut page = page(locale, &locale.text("desk-title"), "/desk");
    page.who = Visitor::Operator { sells: true };
    page.meter = None;
    let desk = DeskPage {
        page,
        books: Some(BooksState {
            balanced: true,
            findings: vec![],
            checked: NOW.plus_minutes(-3),
            transfers: 12_480,
        }),
        owed: cents(690),
        tabs: vec![tab("c", 120, 60), tab("a", 190, 44), tab("b", 500, 3)],
        more: None,
        letters: vec![LostLetter {
            tab: "tab_1".into(),
            title: pick(locale, "You paid €1.90", "Vous avez réglé 1,90\u{a0}€").into(),
            key: "receipt.1".into(),
            failure: "550".into(),
            at: NOW.plus_minutes(-90),
        }],
        sizes: [100, 200, 500, 1_000].map(cents).to_vec(),
        rails: vec![rail("ecash", ""), rail("sandbox", "price list")],
        troubling: vec![TroublingCharge {
            charge: "chg_1".into(),
            words: "rail-sandbox".into(),
            reference: "5O190127TN364715T".into(),
            tab: "tab_a".into(),
            amount: cents(190),
            reason: Some("0.19 EUR came instead of 1.90 EUR".into()),
        }],
        returning: vec![TroublingRefund {
            refund: "ref_1".into(),
            words: "rail-sandbox".into(),
            tab: "tab_a".into(),
            amount: cents(190),
            is_declined: false,
            reason: "no answer: 502".into(),
        }],
        elsewhere: vec![ElsewhereRefund {
            words: "rail-sandbox".into(),
            tab: "tab_a".into(),
            amount: cents(190),
            at: NOW.plus_days(-2),
            borne: cents(120),
        }],
        credited: vec![CreditedTab { tab: "tab_a".into(), credit: cents(20) }],
        authors: vec![
            author("Ada Belkacem", 12, 4_205),
            author("Zoé Martin", 1, 2_000),
            author("Yann Ferrec", 0, 0),
        ],
        send_all: vec![SendToAll {
            rail: "paypal".into(),
            label: pick(
                locale,
                "Send one author €42.05 by PayPal",
                "Envoyer 42,05\u{a0}€ à un auteur par PayPal",
            )
            .into(),
            payouts: vec!["pay_1 aut_1 42.050000".into()],
        }],
        send_from: cents(1_000),
        payouts: vec![stand("payout-unclaimed", "", false), stand("payout-back-late", "", true)],
        fresh_invitation: Some("https://lafabrique.example/invite/5f2c9d0b7e6a4c1d8f3b".into()),
    };
    gallery.add("desk", &desk);
    desk_tab(gallery, desk.page.clone());
    let findings = vec!["account Vat: 0.330000 is remembered, the journal says 0.340000".into()];
    let broken = Some(BooksState { balanced: false, findings, checked: NOW, transfers: 12_480 });
    gallery.add(
        "desk-quiet",
        &DeskPage {
            books: broken,
            tabs: vec![],
            authors: vec![],
            send_all: vec![],
            payouts: vec![stand("desk-payout-doubt", "no answer: 502", false)],
            fresh_invitation: None,
            ..desk
        },
    );
}

fn desk_tab(gallery: &Gallery, page: Page) {
    let locale = gallery.locale;
    let came = |can_send, most| BroughtRow {
        settlement: "set_1".into(),
        words: "rail-sandbox".into(),
        at: NOW.plus_days(-12),
        received: cents(500),
        most: cents(most),
        can_send,
        refund: "ref_1".into(),
    };
    let line = |state| LineRow {
        line: "line_1".into(),
        title: title(locale).into(),
        amount: cents(20),
        at: NOW.plus_days(-14),
        state,
        refund: "ref_2".into(),
    };
    let refund = |has_failed, state| RefundRow {
        words: "rail-sandbox".into(),
        amount: cents(20),
        at: NOW,
        has_failed,
        state,
        elsewhere: false,
    };
    let payments = DeskTabPage {
        page,
        tab: "tab_03fh1ar8t9a6y".into(),
        owed: cents(0),
        credit: cents(40),
        borne: cents(120),
        is_closed_by_dispute: true,
        brought: vec![came(true, 40), came(false, 40), came(true, 0)],
        lines: [ledger::LineState::Open, ledger::LineState::Paid, ledger::LineState::WrittenOff]
            .map(line)
            .to_vec(),
        refunds: vec![
            refund(false, Some(State::Begun)),
            refund(false, Some(State::Done)),
            refund(true, Some(State::Declined)),
            refund(false, None),
            RefundRow { elsewhere: true, ..refund(false, None) },
        ],
    };
    gallery.add("desk-tab", &payments);
}
