//! [`Street`]: a shop in which everything is there once, and everybody who may come by.

use crate::client::Client;
use crate::forms::{Form, png};
use crate::shop::{Browser, TestApp};
use ardoise::addresses::Address;
use ardoise::mail::links::Purpose;
use ardoise::store::people::Role;
use ardoise::store::{file, link};
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use ledger::WorkId;
use std::collections::BTreeMap;

/// What comes with each piece of an upload; this one is empty.
const PIECE: [(&str, &str); 4] = [
    ("tus-resumable", "1.0.0"),
    ("upload-length", "9"),
    ("upload-offset", "0"),
    ("content-type", "application/offset+octet-stream"),
];

/// A shop in which every parameter of an address has something to stand for.
pub struct Street<'a> {
    /// What stands for a parameter, by what comes before it in the path: `/l/`, `/w/{work}/files/`.
    named: BTreeMap<&'static str, String>,
    /// A visitor; Ben, who reads and has a tab; Ada, who made the work; Zoe, who makes others; Olu, who operates; a program
    /// with Ada's key; one with Zoe's.
    pub people: Vec<Person<'a>>,
}

/// Somebody who asks: by cookies, or with a key.
pub struct Person<'a> {
    pub browser: Browser<'a>,
    pub key: Option<String>,
}

impl<'a> Street<'a> {
    pub async fn new(shop: &'a TestApp) -> Self {
        Self::where_all_are_called(shop, ["Ada", "Zoe", "Night bus", "Tides"]).await
    }

    /// A street on which the authors and their works have these names.
    pub async fn where_all_are_called(shop: &'a TestApp, names: [&str; 4]) -> Self {
        let [ada_name, zoe_name, work_name, poem_name] = names;
        let (_, mut ada) = shop.author(ada_name).await;
        let (zoe_id, mut zoe) = shop.author(zoe_name).await;
        let olu = shop.olu().await;
        let mut ben = shop.browser();
        let poem = shop.article(zoe_id, poem_name, 20).await;
        let made = Form::selling(work_name, "0.20").file("files", "bus.png", &png(8, 8));
        let made = made.send(&mut ada, "/works").await;
        assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text());
        let work = made.location().split('/').nth(2).expect("a work").to_owned();
        let mut named = BTreeMap::from([("/problems/", "tab.due".to_owned())]);
        settle(&mut ben, &poem, &mut named).await;
        shop.pass_minutes(1);
        name_the_work(shop, &work, &mut named).await;
        buy(&mut ben, &mut named).await;
        name_what_ada_keeps(shop, &mut ada, &mut named).await;
        name_what_olu_sees(shop, zoe_id, &ben, &mut named).await;
        let keys = [Client::of(shop, &mut ada).await.key, Client::of(shop, &mut zoe).await.key];
        let with_cookies = [shop.browser(), ben, ada, zoe, olu];
        let with_cookies = with_cookies.map(|browser| Person { browser, key: None });
        let with_key = keys.map(|key| Person { browser: shop.program(), key: Some(key) });
        Self { named, people: with_cookies.into_iter().chain(with_key).collect() }
    }

    /// The address with something in place of each parameter.
    pub fn fill(&self, path: &str) -> String {
        let mut filled = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('{') {
            let (_, after) = after.split_once('}').expect("an end");
            filled.push_str(before);
            let so_far = &path[..path.len() - rest.len() + before.len()];
            let value = self.named.get(so_far);
            filled.push_str(value.unwrap_or_else(|| panic!("nothing for {so_far}")));
            rest = after;
        }
        filled + rest
    }

    /// What everybody is answered, from left to right. Not read to its end: the live gains have none.
    pub async fn ask(&mut self, address: &Address) -> Vec<Response<Body>> {
        let mut answers = Vec::new();
        let path = self.fill(&address.path);
        for person in &mut self.people {
            let mut request = Request::builder().method(address.method.clone()).uri(&path);
            request = request.header("sec-fetch-site", "same-origin");
            if path.starts_with("/uploads") {
                for (name, value) in PIECE {
                    request = request.header(name, value);
                }
            }
            if let Some(key) = &person.key {
                request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
            }
            let request = request.body(Body::empty()).expect("a request");
            answers.push(person.browser.begin(request).await);
        }
        answers
    }
}

/// Ben settles what he owes for one work.
async fn settle(ben: &mut Browser<'_>, slug: &str, named: &mut BTreeMap<&'static str, String>) {
    ben.tap(slug).await;
    let page = ben.get("/tab/settle").await;
    let id = page.hidden("settlement");
    let fields = [("settlement", id.as_str()), ("amount", "0.20")];
    assert_eq!(ben.post("/tab/settle/sandbox", &fields).await.status, StatusCode::SEE_OTHER);
    named.insert("/tab/settled/", id.clone());
    named.insert("/tab/charges/", id.clone());
    named.insert("/desk/charges/", id);
    for before in ["/tab/settle/", "/tab/bind/", "/tab/mandates/", "/rails/"] {
        named.insert(before, "sandbox".into());
    }
}

async fn name_the_work(shop: &TestApp, work: &str, named: &mut BTreeMap<&'static str, String>) {
    let id: WorkId = work.parse().expect("an id");
    let read = shop.app.store.read(|db| Ok((link::by_work(db, id, 1)?, file::by_work(db, id)?)));
    let (links, files) = read.await.expect("read");
    let (slug, file) = (links[0].slug.clone(), files[0].id.to_string());
    for before in ["/w/", "/works/", "/api/v1/works/"] {
        named.insert(before, work.to_owned());
    }
    for before in ["/w/{work}/files/", "/works/{work}/files/"] {
        named.insert(before, file.clone());
    }
    let preview = files[0].thumbnail_key.clone().expect("a picture has one");
    named.insert("/l/{slug}/preview/", preview);
    named.insert("/l/{slug}/", "qr.svg".into());
    named.insert("/l/", slug.clone());
    named.insert("/embed/", slug);
}

/// Ben has the work on his tab, open.
async fn buy(ben: &mut Browser<'_>, named: &mut BTreeMap<&'static str, String>) {
    assert_eq!(ben.tap(&named["/l/"]).await.status, StatusCode::SEE_OTHER);
    let tab = ben.get("/tab").await.text();
    let line = tab.split("/lines/").nth(1).and_then(|rest| rest.split('/').next());
    for before in ["/lines/", "/receipts/", "/api/v1/sales/"] {
        named.insert(before, line.expect("an undo").to_owned());
    }
}

async fn name_what_ada_keeps(
    shop: &TestApp,
    ada: &mut Browser<'_>,
    named: &mut BTreeMap<&'static str, String>,
) {
    Client::of(shop, ada).await;
    ada.post("/webhooks", &[("url", "https://ada.example/heard")]).await;
    let page = ada.get("/keys").await.text();
    let found = |start: &str| {
        let rest = page.split(&format!("{start}/")).nth(1).unwrap_or_else(|| panic!("{page}"));
        rest.split('/').next().expect("an id").to_owned()
    };
    named.insert("/keys/", found("action=\"/keys"));
    let webhook = found("action=\"/webhooks");
    named.insert("/webhooks/", webhook.clone());
    named.insert("/api/v1/webhooks/", webhook);
    let request = Request::post("/uploads").header("tus-resumable", "1.0.0");
    let request =
        request.header("upload-length", "9").header("upload-metadata", "filename dGlkZXM=");
    let begun = ada.send(request.body(Body::empty()).expect("a request")).await;
    named.insert("/uploads/", begun.location().replace("/uploads/", ""));
}

async fn name_what_olu_sees(
    shop: &TestApp,
    author: ledger::AuthorId,
    ben: &Browser<'_>,
    named: &mut BTreeMap<&'static str, String>,
) {
    let tab = ben.cookies["ardoise_tab"].split('.').next().expect("an id");
    named.insert("/desk/tabs/", tab.to_owned());
    let id = tab.parse().expect("a tab");
    for (before, purpose) in [
        ("/mail/pay/", Purpose::Pay),
        ("/mail/object/", Purpose::Object),
        ("/mail/stop/", Purpose::Stop),
    ] {
        let link = shop.app.mail_link(purpose, id, shop.app.now());
        named.insert(before, link.split(before).nth(1).expect("a token").to_owned());
    }
    named.insert("/mail/pay/{token}/", "sandbox".into());
    named.insert("/desk/tabs/{tab}/lines/", named["/lines/"].clone());
    named.insert("/desk/refunds/", shop.app.mint.refund().to_string());
    named.insert("/desk/payouts/", "pay_0000000000001".to_owned());
    named.insert("/desk/authors/", author.to_string());
    let (_, invited) = ardoise::people::invite_author(&shop.app, "Cleo").await.expect("invited");
    let door = ardoise::people::invite(&shop.app, Role::Operator).await.expect("invited");
    for (before, link) in [("/invite/", invited), ("/sign-in/", door)] {
        named.insert(before, link.split(before).nth(1).expect("a token").to_owned());
    }
    let nobody = ledger::LineId::from_bytes([7; 16]).to_string();
    named.insert("/desk/bank/", "stm_0000000000001".to_owned());
    named.insert("/desk/bank/entries/", nobody);
    named.insert("/desk/vouchers/", "vch_0000000000001".to_owned());
    named.insert("/voucher/", "0000".to_owned());
    let style = ardoise::pages::assets::asset_url("site.css");
    let mut parts = style.trim_start_matches("/static/").split('/');
    named.insert("/static/", parts.next().expect("a hash").to_owned());
    named.insert("/static/{hash}/", parts.next().expect("a name").to_owned());
}
