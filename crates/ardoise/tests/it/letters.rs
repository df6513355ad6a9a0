//! Letters to readers, through a real server: what arrives, and that nothing is lost, doubled or let out.

use crate::mail_server::{Mail, MailServer};
use crate::provider::PAYER;
use crate::rail_contract::{ScriptedBench, begin, ben, owes};
use crate::shop::{Browser, TestApp};
use crate::tabs_clock::{a_day, takes};
use ardoise::mail::letter;
use ardoise::mail::links::Purpose;
use ardoise::mail::post::{Outcome, Post};
use ardoise::mail::worker::{send, take_due, work_off};
use ardoise::notices::{Facts, Kind, Notice};
use ardoise::pages::Locale;
use ardoise::settings::Values;
use ardoise::store::mandate::{self, Bound};
use ardoise::store::{Db, letter as stored, mail_address};
use http::{Method, Request, StatusCode};
use ledger::{Money, TabId};

const BEN: &str = "ben@reader.example";

fn settings(port: u16) -> [(&'static str, String); 4] {
    [
        ("mail.server", format!("smtp://127.0.0.1:{port}")),
        ("mail.from", "shop@shop.example".into()),
        ("shop.name", "La Fabrique".into()),
        ("shop.email", "help@shop.example".into()),
    ]
}

fn pairs<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    settings.iter().map(|(key, value)| (*key, value.as_str())).collect()
}

/// A shop that writes to its readers, and the server through which it does.
fn shop() -> (TestApp, MailServer) {
    let server = MailServer::open();
    (TestApp::with(&pairs(&settings(server.port))), server)
}

async fn bench() -> (ScriptedBench, MailServer) {
    let server = MailServer::open();
    (ScriptedBench::with(&pairs(&settings(server.port))).await, server)
}

/// Ben settles with fake money, and says where his receipt goes.
async fn settles(ben: &mut Browser<'_>, shop: &TestApp, more: &[(&str, &str)]) -> StatusCode {
    let id = shop.app.mint.settlement().to_string();
    let fields = [&[("settlement", id.as_str())], more].concat();
    ben.post("/tab/settle/sandbox", &fields).await.status
}

fn tab_of(ben: &Browser<'_>) -> TabId {
    ben.cookies["ardoise_tab"].split('.').next().and_then(|id| id.parse().ok()).expect("a tab")
}

async fn binds(shop: &TestApp, ben: &Browser<'_>, reference: &str) {
    let (tab, now) = (tab_of(ben), shop.app.now());
    let bound = Bound {
        rail: ardoise::rails::SCRIPTED.number,
        reference: reference.into(),
        label: "Visa •••• 4242".into(),
        most: None,
        failed_at: None,
    };
    let bind = move |db: &dyn Db| mandate::bind(db, tab, &bound, now);
    shop.app.store.write(bind).await.expect("bound");
    ardoise::rails::mandates::follow(&shop.app, tab).await.expect("told");
}

async fn address(shop: &TestApp, ben: &Browser<'_>) -> Option<String> {
    let tab = tab_of(ben);
    let given = shop.app.store.read(|db| mail_address::of_tab(db, tab)).await.expect("read");
    given.and_then(|given| given.address)
}

/// How many letters wait.
async fn waiting(shop: &TestApp) -> usize {
    let far = shop.app.now().plus_days(1_000);
    shop.app.store.read(|db| stored::due(db, far, 100)).await.expect("read").len()
}

#[tokio::test]
async fn a_recipient_whom_the_server_refuses_is_given_up_and_shown_to_the_operator() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    server.will("550");
    assert_eq!(settles(&mut ben, &shop, &[("email", BEN)]).await, StatusCode::SEE_OTHER);
    assert_eq!(work_off(&shop.app).await.expect("tried"), 1);
    assert_eq!(waiting(&shop).await, 0, "nobody tries again");
    assert!(server.messages().is_empty());
    let mut olu = shop.olu().await;
    let desk = olu.get("/desk").await;
    assert!(desk.text().contains("<code>550</code>") && !desk.text().contains(BEN));
    let fields = [("tab", desk.hidden("tab")), ("notice", desk.hidden("notice"))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(olu.post("/desk/letters/seen", &fields).await.location(), "/desk");
    assert!(!olu.get("/desk").await.text().contains("<code>550</code>"));
    let page = ben.get("/tab").await.text();
    assert!(page.contains("You paid €0.20"), "the page of the tab has it all the same: {page}");
}

#[tokio::test]
async fn a_receipt_arrives_in_plain_text_and_in_html_in_the_readers_language() {
    let (shop, mut server) = shop();
    let words = [
        ("en", "You paid €0.20 · La Fabrique", "1\u{a0}line is paid.", "Your tab is clean."),
        (
            "fr",
            "Vous avez réglé 0,20\u{a0}€ · La Fabrique",
            "1\u{a0}ligne est réglée.",
            "Votre ardoise est vierge.",
        ),
    ];
    for (language, subject, lines, clean) in words {
        let mut ben = ben(&shop).await;
        ben.language = language;
        assert_eq!(settles(&mut ben, &shop, &[("email", BEN)]).await, StatusCode::SEE_OTHER);
        assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
        let mail = server.message();
        assert_eq!(mail.to(), [BEN]);
        assert_eq!(mail.says("sender"), "shop@shop.example");
        assert_eq!(mail.header("From"), "La Fabrique <shop@shop.example>");
        assert_eq!(mail.header("Reply-To"), "help@shop.example");
        assert_eq!(mail.header("Subject"), subject);
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        let stop = mail.header("List-Unsubscribe");
        assert!(
            stop.starts_with("<http://localhost:8080/mail/stop/") && stop.ends_with('>'),
            "{stop}"
        );
        assert!(mail.header("Date").starts_with("Sun, 22 Nov 2026 12:00:00"));
        assert!(mail.header("Message-ID").starts_with("<receipt."));
        let (text, html) = (mail.part("text/plain"), mail.part("text/html"));
        for part in [&text, &html] {
            assert!(part.contains(lines) && part.contains(clean), "{part}");
            let secret = ben.cookies["ardoise_tab"].split('.').nth(1).expect("a secret");
            assert!(!part.contains(secret), "the secret of the tab is nobody's");
        }
        assert!(html.contains(&format!("<html lang=\"{language}\"")));
        for remote in ["<img", "<link", "<script", "src=", "url("] {
            assert!(!html.contains(remote), "{remote} is asked for elsewhere");
        }
        assert_eq!(waiting(&shop).await, 0);
        assert_eq!(work_off(&shop.app).await.expect("nothing"), 0);
    }
}

#[tokio::test]
async fn what_could_be_more_than_an_address_is_refused_before_anything_is_charged() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    for text in [
        "ben",
        "ben@reader.example\r\nBcc: zoe@reader.example",
        "ben@reader.example, zoe@reader.example",
    ] {
        ben.html = false;
        let id = shop.app.mint.settlement().to_string();
        let fields = [("settlement", id.as_str()), ("email", text)];
        let refused = ben.post("/tab/settle/sandbox", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let body = refused.json();
        assert_eq!((&body["code"], &body["field"]), (&"address.invalid".into(), &"email".into()));
        assert_eq!(
            ben.post("/tab/address", &[("email", text)]).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        assert_eq!(owes(&mut ben).await, "0.20");
    }
    assert_eq!(address(&shop, &ben).await, None);
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn nothing_that_a_person_typed_adds_a_header_or_a_recipient() {
    let mut server = MailServer::open();
    let mut told = settings(server.port);
    told[2].1 = "La Fabrique\r\nBcc: zoe@reader.example\r\n\r\nHello".into();
    let shop = TestApp::with(&pairs(&told));
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    work_off(&shop.app).await.expect("sent");
    let mail = server.message();
    assert_eq!(mail.to(), [BEN]);
    assert!(mail.headers("Bcc").is_empty(), "{mail:?}");
    assert_eq!(mail.headers("Subject").len(), 1);
    assert!(mail.part("text/plain").contains("1\u{a0}line is paid."));
}

#[tokio::test]
async fn while_the_server_is_down_letters_wait_and_none_is_lost() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let shop = TestApp::with(&pairs(&settings(port)));
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    for minutes in [0, 1, 6] {
        shop.pass_minutes(minutes);
        assert_eq!(work_off(&shop.app).await.expect("tried"), 1, "after {minutes} minutes");
        assert_eq!(work_off(&shop.app).await.expect("waits"), 0);
        assert_eq!(waiting(&shop).await, 1);
    }
    let mut server = MailServer::open_at(port);
    server.will("451");
    shop.pass_minutes(40);
    assert_eq!(work_off(&shop.app).await.expect("tried"), 1);
    assert!(server.messages().is_empty());
    shop.pass_minutes(3 * 60);
    assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
    assert_eq!(server.message().to(), [BEN]);
    assert_eq!(waiting(&shop).await, 0);
}

#[tokio::test]
async fn a_server_that_stays_down_is_given_up_in_the_end() {
    let (shop, mut server) = shop();
    server.will("451");
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    let mut tried = 0;
    for _ in 0..100 {
        tried += work_off(&shop.app).await.expect("tried");
        shop.pass_minutes(60);
    }
    assert_eq!(tried, 10, "as often as a webhook");
    assert_eq!(waiting(&shop).await, 0);
    assert!(shop.olu().await.get("/desk").await.text().contains("<code>451</code>"));
}

#[tokio::test]
async fn whoever_stops_between_sending_and_striking_off_sends_the_same_letter_again() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    let post = Post::new(shop.app.settings.mail.as_ref().expect("on"), &shop.app.settings.url);
    let post = post.expect("a post");
    let taken = take_due(&shop.app).await.expect("taken");
    assert_eq!(taken.len(), 1);
    assert!(take_due(&shop.app).await.expect("read").is_empty(), "nobody else takes it meanwhile");
    assert_eq!(send(&shop.app, &post, &taken[0]).await, Ok(Outcome::Taken));
    let first = server.message();
    // The process dies here.
    shop.pass_minutes(31);
    assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
    let second = server.message();
    for header in ["Message-ID", "Date", "Subject", "List-Unsubscribe"] {
        assert_eq!(first.header(header), second.header(header), "{header}");
    }
    assert_eq!(waiting(&shop).await, 0);
}

#[tokio::test]
async fn an_answer_of_the_server_that_is_lost_has_the_letter_sent_again_under_its_name() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    server.will("drop");
    assert_eq!(work_off(&shop.app).await.expect("tried"), 1);
    let first = server.message();
    assert_eq!(waiting(&shop).await, 1, "nobody knows that the server has it");
    shop.pass_minutes(1);
    assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
    assert_eq!(server.message().header("Message-ID"), first.header("Message-ID"));
    assert_eq!(waiting(&shop).await, 0);
}

async fn sent_by(
    server: &MailServer,
    host: &str,
    scheme: &str,
    password: &str,
    trusts: bool,
) -> Outcome {
    let mut values = Values::default();
    let certificate = server.certificate().display().to_string();
    for (key, value) in [
        ("mail.server", format!("{scheme}://{host}:{}", server.port)),
        ("mail.from", "shop@shop.example".into()),
        ("mail.user", "shop".into()),
        ("mail.password", password.into()),
        ("mail.certificates", if trusts { certificate } else { String::new() }),
    ] {
        values.set("test", key, value).expect("known");
    }
    let mut settings = values.check().expect("sound").mail.expect("on");
    if scheme == "smtp" {
        // On this machine it would go in the clear.
        settings.privacy = ardoise::mail::settings::Privacy::StartTls;
    }
    let post = Post::new(&settings, "https://shop.example").expect("a post");
    let shop = TestApp::with(&[]);
    let written = letter::test(&shop.app).expect("written");
    let sent = post.send(BEN.parse().expect("an address"), &written).await;
    assert_eq!(post.check().await.is_ok(), sent == Outcome::Taken, "what the doctor sees");
    sent
}

#[tokio::test]
async fn the_way_to_the_server_is_private_and_the_shop_signs_in() {
    for (way, scheme) in [("starttls", "smtp"), ("tls", "smtps")] {
        let mut server = MailServer::secure(way);
        let failed = |word: &str| Outcome::Failed(word.into());
        assert_eq!(
            sent_by(&server, "localhost", scheme, "guess", true).await,
            failed("535"),
            "{way}"
        );
        let unknown = sent_by(&server, "localhost", scheme, "hush", false).await;
        assert!(matches!(unknown, Outcome::Failed(_)), "nobody vouches for it: {unknown:?}");
        let other = sent_by(&server, "127.0.0.1", scheme, "hush", true).await;
        assert!(matches!(other, Outcome::Failed(_)), "it is somebody else's: {other:?}");
        assert!(server.messages().is_empty());
        assert_eq!(
            sent_by(&server, "localhost", scheme, "hush", true).await,
            Outcome::Taken,
            "{way}"
        );
        let mail = server.message();
        assert_eq!((mail.says("tls"), mail.says("signed_in")), (&true.into(), &true.into()));
        assert_eq!(mail.says("hello"), "shop.example");
    }
}

#[tokio::test]
async fn the_rails_address_is_written_to_only_where_the_reader_asked_for_it() {
    let (bench, mut server) = bench().await;
    let shop = &bench.shop;
    let mut zoe = ben(shop).await;
    pays(&bench, &mut zoe, &[]).await;
    work_off(&shop.app).await.expect("nothing");
    assert!(server.messages().is_empty());
    assert_eq!(address(shop, &zoe).await, None, "and it is not kept");
    let mut ben = ben(shop).await;
    pays(&bench, &mut ben, &[("email_of_rail", "yes")]).await;
    assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
    let mail = server.message();
    assert_eq!(mail.to(), [PAYER]);
    assert!(mail.header("Subject").starts_with("You paid €0.20"));
    assert!(ben.get("/tab").await.text().contains(PAYER), "the reader sees where letters go");
    ben.post("/tab/address/remove", &[]).await;
    assert_eq!(address(shop, &ben).await, None);
}

/// Somebody settles by the scripted rail.
async fn pays(bench: &ScriptedBench, ben: &mut Browser<'_>, more: &[(&str, &str)]) {
    let id = bench.shop.app.mint.settlement();
    let text = id.to_string();
    let fields = [&[("settlement", text.as_str())], more].concat();
    ben.post("/tab/settle/scripted", &fields).await;
    let charge = crate::rail_contract::stored(&bench.shop, id).await.expect("a charge");
    bench.provider.change(&charge.reference, |order| order.agreed = true);
    ben.get(&format!("/tab/charges/{id}/return")).await;
    assert_eq!(owes(ben).await, "0.00");
}

/// Ben, who can be charged, whose address is known, and who owes €3.00 on the day on which he is told.
async fn told<'a>(bench: &'a ScriptedBench, server: &mut MailServer) -> (Browser<'a>, Mail) {
    let shop = &bench.shop;
    let mut ben = ben(shop).await;
    pays(bench, &mut ben, &[]).await;
    ben.post("/tab/address", &[("email", BEN)]).await;
    binds(shop, &ben, "MANDATE-1").await;
    let (zoe, _) = shop.author("Zoe").await;
    takes(shop, &mut ben, zoe, 300).await;
    shop.pass_days(38);
    assert_eq!(a_day(shop).await.told, 1);
    assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
    (ben, server.message())
}

#[tokio::test]
async fn a_reader_is_told_two_days_before_and_after_and_does_nothing() {
    let (bench, mut server) = bench().await;
    let (mut ben, announced) = told(&bench, &mut server).await;
    let shop = &bench.shop;
    assert_eq!(
        announced.header("Subject"),
        "€3.00 will be charged on 1\u{a0}January 2027 · La Fabrique"
    );
    let text = announced.part("text/plain");
    assert!(text.contains("€10.00 at most") && text.contains("Visa •••• 4242"), "{text}");
    shop.pass_days(1);
    assert_eq!(a_day(shop).await.charged, 0);
    shop.pass_days(1);
    assert_eq!(a_day(shop).await.charged, 1);
    assert_eq!(work_off(&shop.app).await.expect("sent"), 1);
    let charged = server.message();
    assert!(charged.header("Subject").starts_with("Your tab was charged €3.00"));
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn whoever_objects_by_the_link_is_never_charged_and_pays_from_a_letter_on_any_device() {
    let (bench, mut server) = bench().await;
    let (mut ben, announced) = told(&bench, &mut server).await;
    let shop = &bench.shop;
    let mut phone = shop.browser();
    let link = announced.link("object");
    // A program that scans mail follows every link.
    assert!(phone.get(&link).await.text().contains("Object: charge nothing"));
    shop.pass_days(1);
    assert_eq!(a_day(shop).await.charged, 0);
    let done = phone.post(&link, &[]).await;
    assert!(done.text().contains("Nothing will be charged"), "{}", done.text());
    assert_eq!(phone.post(&link, &[]).await.status, StatusCode::OK, "twice is once");
    work_off(&shop.app).await.expect("sent");
    let objected = server.message();
    assert!(objected.header("Subject").starts_with("You are not charged any more"));
    for _ in 0..9 {
        shop.pass_days(1);
        assert_eq!(a_day(shop).await.charged, 0);
    }
    assert_eq!(bench.provider.captured(), 1, "the first settlement alone");
    assert_eq!(owes(&mut ben).await, "3.00", "it stays owed");
    pays_on_another_device(shop, &objected).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    work_off(&shop.app).await.expect("sent");
    let receipt = server.message();
    assert!(receipt.header("Subject").starts_with("You paid €3.00"));
    assert_eq!(receipt.to(), [BEN], "whoever has a letter does not say where the next one goes");
}

/// The link opens the settling page, and nothing of the tab besides.
async fn pays_on_another_device(shop: &TestApp, letter: &Mail) {
    let mut laptop = shop.browser();
    let pay = letter.link("pay");
    let page = laptop.get(&pay).await;
    assert!(
        page.text().contains("€3.00") && !page.text().contains("/tab/mandates"),
        "{}",
        page.text()
    );
    assert!(!page.text().contains("name=\"bind\""), "nothing is bound from a letter, nor offered");
    let id = page.hidden("settlement");
    let fields = [("settlement", id.as_str()), ("bind", "yes"), ("email", "zoe@reader.example")];
    let begun = laptop.post(&format!("{pay}/sandbox"), &fields).await;
    assert_eq!(begun.location(), format!("/tab/settled/{id}"));
    assert!(laptop.get(&begun.location()).await.text().contains("€3.00"));
    assert!(!laptop.cookies.contains_key("ardoise_tab"));
    for path in ["/receipts", "/tab/settled/0134tk8d8w7mcsskwkw6s8njtx"] {
        assert_ne!(laptop.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/tab", "/library"] {
        assert!(!laptop.get(path).await.text().contains("Tides"), "{path}");
    }
    let mut stranger = shop.browser();
    assert_eq!(stranger.get(&format!("/tab/settled/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_bank_that_wants_to_hear_it_from_the_reader_has_them_written_to() {
    let (bench, mut server) = bench().await;
    let (mut ben, _) = told(&bench, &mut server).await;
    let shop = &bench.shop;
    let tab = tab_of(&ben);
    let proof = move |db: &dyn Db| {
        let bound = mandate::by_tab(db, tab, ledger::Currency::Eur)?.remove(0);
        let bound_at = mandate::bound_at(db, tab)?.expect("bound");
        mandate::bind(db, tab, &Bound { reference: "MANDATE-PROOF".into(), ..bound }, bound_at)
    };
    shop.app.store.write(proof).await.expect("bound");
    shop.pass_days(2);
    assert_eq!(a_day(shop).await.charged, 1);
    work_off(&shop.app).await.expect("sent");
    let mail = server.message();
    assert!(mail.header("Subject").starts_with("Please confirm €3.00"), "{mail:?}");
    assert_eq!(owes(&mut ben).await, "3.00");
    pays_on_another_device(shop, &mail).await;
    assert_eq!(owes(&mut ben).await, "0.00");
    shop.pass_days(5);
    assert_eq!(a_day(shop).await.charged, 0);
}

#[tokio::test]
async fn one_click_stops_letters_and_the_shop_forgets_the_address() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    work_off(&shop.app).await.expect("sent");
    let mail = server.message();
    let link = mail.link("stop");
    assert!(mail.header("List-Unsubscribe").contains(&link));
    let mut program = shop.program();
    program.get(&link).await;
    assert_eq!(address(&shop, &ben).await.as_deref(), Some(BEN), "following it does nothing");
    // As RFC 8058 has it: by a server, without cookies, where it comes from or a language.
    let clicked = Request::builder().method(Method::POST).uri(&link);
    let clicked = clicked.header("content-type", "application/x-www-form-urlencoded");
    let clicked = clicked.body("List-Unsubscribe=One-Click".into()).expect("a request");
    assert_eq!(program.send(clicked).await.status, StatusCode::OK);
    assert_eq!(address(&shop, &ben).await, None);
    let (zoe, _) = shop.author("Zoe").await;
    takes(&shop, &mut ben, zoe, 30).await;
    settles(&mut ben, &shop, &[]).await;
    assert_eq!(work_off(&shop.app).await.expect("nothing"), 0);
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn an_address_that_is_taken_away_takes_its_letters_with_it() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    settles(&mut ben, &shop, &[("email", BEN)]).await;
    assert_eq!(waiting(&shop).await, 1);
    assert_eq!(ben.post("/tab/address/remove", &[]).await.location(), "/tab");
    assert_eq!((waiting(&shop).await, address(&shop, &ben).await), (0, None));
    assert_eq!(work_off(&shop.app).await.expect("nothing"), 0);
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_link_that_is_forged_or_old_or_for_something_else_opens_nothing() {
    let (shop, _server) = shop();
    let ben = ben(&shop).await;
    let tab = tab_of(&ben);
    let link = |purpose| {
        let link = shop.app.mail_link(purpose, tab, shop.app.now());
        link.strip_prefix(&shop.app.settings.url).expect("ours").to_owned()
    };
    let (pay, object, stop) = (link(Purpose::Pay), link(Purpose::Object), link(Purpose::Stop));
    let mut phone = shop.browser();
    for path in [
        pay.replace("/pay/", "/object/"),
        object.replace("/object/", "/pay/"),
        stop.replace("/stop/", "/pay/"),
        pay.replace(&tab.to_string(), "tab_0123456789abc"),
        format!("{pay}A"),
        "/mail/pay/nonsense".into(),
    ] {
        assert_eq!(phone.get(&path).await.status, StatusCode::GONE, "{path}");
        if !path.contains("/pay/") {
            assert_eq!(phone.post(&path, &[]).await.status, StatusCode::GONE, "{path}");
        }
    }
    phone.cookies.insert("ardoise_pay".into(), "tab_1.9999999999.forged".into());
    assert_eq!(
        phone.get("/tab/charges/0134tk8d8w7mcsskwkw6s8njtx").await.status,
        StatusCode::NOT_FOUND
    );
    phone.cookies.clear();
    assert_eq!(phone.get(&pay).await.status, StatusCode::OK);
    shop.pass_days(60);
    for path in [&pay, &object] {
        assert_eq!(phone.get(path).await.status, StatusCode::GONE, "{path}");
    }
    assert_eq!(phone.get(&stop).await.status, StatusCode::OK, "letters can be stopped for longer");
    shop.pass_days(340);
    assert_eq!(phone.get(&stop).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_letter_that_waited_too_long_is_not_sent_as_news() {
    let (shop, mut server) = shop();
    let mut ben = ben(&shop).await;
    ben.post("/tab/address", &[("email", BEN)]).await;
    let told_at = shop.app.now();
    let facts = Facts { day: Some(told_at.plus_days(2).micros()), ..Facts::default() };
    let subject = "1.0".to_owned();
    let told = Notice { tab: tab_of(&ben), kind: Kind::Announced, subject, facts, told_at };
    ardoise::notices::tell(&shop.app, told).await.expect("told");
    shop.pass_days(2);
    work_off(&shop.app).await.expect("looked");
    assert!(server.messages().is_empty(), "the charge it speaks of may be over");
    assert!(shop.olu().await.get("/desk").await.text().contains("<code>late</code>"));
}

#[tokio::test]
async fn every_kind_of_notice_is_a_letter_in_every_language() {
    let (shop, mut server) = shop();
    let ben = ben(&shop).await;
    let (tab, told_at) = (tab_of(&ben), shop.app.now());
    let post = Post::new(shop.app.settings.mail.as_ref().expect("on"), &shop.app.settings.url);
    let post = post.expect("a post");
    let owed = Money::from_cents(20, shop.app.currency()).expect("an amount");
    for locale in Locale::ALL {
        for kind in Kind::ALL {
            let day = Some(told_at.plus_days(2).micros());
            let facts =
                Facts { amount: 200_000, lines: 1, day, rail: "stripe".into(), ..Facts::default() };
            let notice = Notice { tab, kind, subject: "1".into(), facts, told_at };
            let written =
                letter::write(&shop.app, &notice, locale, (owed, false)).expect("written");
            assert_eq!(post.send(BEN.parse().expect("an address"), &written).await, Outcome::Taken);
            let mail = server.message();
            assert_eq!(mail.header("Subject"), written.subject, "{locale:?} {kind:?}");
            let text = mail.part("text/plain").replace("\r\n", "\n");
            assert_eq!(text.trim_end(), written.text.trim_end());
            let leads = mail.part("text/html").matches("/mail/").count();
            let expected = match kind {
                Kind::Receipt | Kind::Refunded => 1,
                _ => 2,
            };
            assert_eq!(leads, expected, "{locale:?} {kind:?}");
        }
    }
}

#[tokio::test]
async fn where_no_server_is_set_no_address_is_asked_for_or_kept() {
    let shop = TestApp::open();
    let mut ben = ben(&shop).await;
    let page = ben.get("/tab/settle").await.text();
    assert!(!page.contains("name=\"email\""), "{page}");
    assert_eq!(ben.post("/tab/address", &[("email", BEN)]).await.status, StatusCode::NOT_FOUND);
    let (_, charge) = begin(&mut ben, &shop, "sandbox", shop.app.mint.settlement()).await;
    assert!(charge.is_some());
    assert_eq!((address(&shop, &ben).await, waiting(&shop).await), (None, 0));
}
