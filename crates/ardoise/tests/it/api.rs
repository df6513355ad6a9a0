//! Ada's programs sell, share and count for her.

use crate::client::{Client, problem};
use crate::receiver::Receiver;
use crate::shop::{Browser, TestApp};
use ardoise::outbox::worker::Worker;
use ardoise::store::idempotency;
use ardoise::works::uploads;
use axum::body::Body;
use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use http::{Method, Request, StatusCode, header};
use ledger::{AuthorId, UploadId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::convert::Infallible;

/// Ada, and a program of hers.
async fn ada(shop: &TestApp) -> (AuthorId, Client<'_>) {
    let (id, mut browser) = shop.ada().await;
    (id, Client::of(shop, &mut browser).await)
}

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// An article for so much.
fn article(title: &str, amount: &str) -> Value {
    json!({
        "title": title,
        "price": { "kind": "fixed", "amount": euros(amount) },
        "article": "It was late.",
        "publish": true,
    })
}

/// An upload of `author` that is whole.
async fn uploaded(shop: &TestApp, author: AuthorId, name: &str, bytes: &[u8]) -> UploadId {
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::copy_from_slice(bytes))]);
    let most = shop.app.settings.upload_max_bytes;
    uploads::receive(&shop.app, author, name, most, chunks).await.expect("received").id
}

/// The slug in the address of a work or link.
fn slug(json: &Value) -> String {
    json["url"].as_str().and_then(|url| url.rsplit('/').next()).expect("an address").to_owned()
}

/// The ids of every item of a list, page by page.
async fn walk(program: &Client<'_>, path: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), path.to_owned());
    loop {
        let page = program.get(&next).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let page = page.json();
        let items = page["items"].as_array().expect("items");
        pages.push(items.iter().map(|item| item["id"].as_str().expect("an id").into()).collect());
        let Some(cursor) = page["next"].as_str() else { return pages };
        let joint = if path.contains('?') { '&' } else { '?' };
        next = format!("{path}{joint}cursor={cursor}");
    }
}

#[tokio::test]
async fn a_program_sells_an_article_from_nothing_to_a_sale() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let made = program.post("/api/v1/works", article("Night bus", "0.20")).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let location = made.location();
    let work = made.json();
    assert_eq!(location, format!("/api/v1/works/{}", work["id"].as_str().expect("an id")));
    assert_eq!(work["state"], "published");
    assert_eq!(work["kind"], "article");
    assert_eq!(work["price"], json!({ "kind": "fixed", "amount": euros("0.200000") }));
    assert_eq!(work["published_at"], "2026-11-22T12:00:00Z");
    assert_eq!(program.get(&location).await.json(), work);
    let tapped = shop.program().tap(&slug(&work)).await.json();
    assert_eq!(tapped["price"], euros("0.200000"));
    let sales = program.get("/api/v1/sales").await.json();
    assert_eq!(sales["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(sales["items"][0]["id"], tapped["line"]);
    assert_eq!(sales["items"][0]["work"], work["id"]);
    assert_eq!(sales["items"][0]["state"], "open");
    let path = format!("/api/v1/sales/{}", tapped["line"].as_str().expect("a line"));
    assert_eq!(program.get(&path).await.json(), sales["items"][0]);
}

#[tokio::test]
async fn a_program_sells_files_it_has_uploaded() {
    let shop = TestApp::open();
    let (id, program) = ada(&shop).await;
    let song = uploaded(&shop, id, "song.txt", b"la la").await;
    let made = json!({
        "title": "Song", "price": { "kind": "free" }, "uploads": [song.to_string()], "publish": true,
    });
    let work = program.post("/api/v1/works", made).await.json();
    assert_eq!(work["kind"], "files");
    assert_eq!(work["article"], Value::Null);
    assert_eq!(work["files"][0]["name"], "song.txt");
    assert_eq!(work["files"][0]["size"], 5);
    let sha256 = "9a9e0a33c99f975bdce3ec7c95c0b702bfef280b48ec4a3f1194e6b9d041efcd";
    assert_eq!(work["files"][0]["sha256"], sha256);
    let path = format!("/api/v1/works/{}", work["id"].as_str().expect("an id"));
    let more = uploaded(&shop, id, "words.txt", b"la").await;
    let changed = program.patch(&path, json!({ "uploads": [more.to_string()] })).await.json();
    assert_eq!(changed["files"].as_array().map(Vec::len), Some(2));
    assert_eq!(changed["version"], 2);
    // An upload is taken by one work, and only by whose it is.
    let (zoe, _) = shop.author("Zoe").await;
    let foreign = uploaded(&shop, zoe, "hers.txt", b"x").await;
    for upload in [more, foreign] {
        let make = json!({ "title": "Tune", "price": { "kind": "free" }, "uploads": [upload.to_string()] });
        let refused = program.post("/api/v1/works", make).await;
        assert_eq!(problem(&refused), (422, "field.invalid".into()));
        assert_eq!(refused.json()["field"], "uploads");
    }
}

#[tokio::test]
async fn a_program_sends_a_file_in_pieces_with_its_key_and_sells_it() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let send = async |browser: &Browser<'_>,
                      method: &str,
                      path: &str,
                      headers: &[(&str, &str)],
                      body: &str| {
        let mut request =
            Request::builder().method(method).uri(path).header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        browser.clone().send(request.body(Body::from(body.to_owned())).expect("a request")).await
    };
    let key = format!("Bearer {}", program.key);
    let key = ("authorization", key.as_str());
    // The name is song.txt in Base64.
    let announced = [key, ("upload-length", "5"), ("upload-metadata", "filename c29uZy50eHQ=")];
    let begun = send(&program.browser, "POST", "/uploads", &announced, "").await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    let place = begun.location();
    let piece = ("content-type", "application/offset+octet-stream");
    for (offset, bytes) in [("0", "la"), ("2", " la")] {
        let headers = [key, piece, ("upload-offset", offset)];
        let sent = send(&program.browser, "PATCH", &place, &headers, bytes).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT, "{}", sent.text());
    }
    let upload = place.rsplit('/').next().expect("an id");
    let make = json!({ "title": "Song", "price": { "kind": "free" }, "uploads": [upload], "publish": true });
    let work = program.post("/api/v1/works", make).await.json();
    assert_eq!(
        (&work["files"][0]["name"], &work["files"][0]["size"]),
        (&json!("song.txt"), &json!(5))
    );
    // A key that does not open the shop is not made good by a browser that is signed in.
    let (_, signed_in) = shop.ada().await;
    let forged = [("authorization", "Bearer ardoise_key_x"), ("upload-length", "5")];
    let refused = send(&signed_in, "POST", "/uploads", &forged, "").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        send(&signed_in, "POST", "/uploads", &forged[1..], "").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn what_a_change_leaves_out_stays_as_it_is() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let made = program.post("/api/v1/works", article("Night bus", "0.20")).await;
    let (path, before) = (made.location(), made.json());
    let chosen = json!({ "kind": "chosen", "minimum": euros("0.1"), "suggestion": euros("0.3") });
    let after = program.patch(&path, json!({ "price": chosen })).await.json();
    assert_eq!(after["price"]["minimum"], euros("0.100000"));
    for member in ["id", "title", "description", "article", "version", "state", "url", "files"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let after = program.patch(&path, json!({ "title": "Day bus" })).await.json();
    assert_eq!((&after["title"], &after["version"]), (&json!("Day bus"), &json!(2)));
    assert_eq!(after["price"]["suggestion"], euros("0.300000"));
    // Nothing would be left to sell.
    let empty = program.patch(&path, json!({ "article": null })).await;
    assert_eq!(problem(&empty), (422, "work.empty".into()));
    let off = program.post(&format!("{path}/unpublish"), json!({})).await.json();
    assert_eq!(off["state"], "unpublished");
    let empty = program.patch(&path, json!({ "article": null })).await.json();
    assert_eq!(empty["article"], Value::Null);
    let refused = program.post(&format!("{path}/publish"), json!({})).await;
    assert_eq!(problem(&refused), (422, "work.empty".into()));
    program.patch(&path, json!({ "article": "It was early." })).await;
    let on = program.send(Method::POST, &format!("{path}/publish"), &[], None).await;
    assert_eq!(on.json()["state"], "published");
}

#[tokio::test]
async fn what_is_not_known_or_not_right_is_named_and_nothing_is_done() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let with = |name: &str, value: Value| {
        let mut json = article("Night bus", "0.20");
        json[name] = value;
        json
    };
    let fixed = |amount: Value| json!({ "kind": "fixed", "amount": amount });
    for (json, code, field) in [
        (with("titel", json!("x")), "field.unknown", "titel"),
        (with("title", json!(5)), "field.mistyped", "title"),
        (with("title", json!(null)), "field.mistyped", "title"),
        (with("title", json!(" ")), "field.invalid", "title"),
        (with("title", json!("é".repeat(201))), "field.invalid", "title"),
        (with("description", json!("é".repeat(5_001))), "field.invalid", "description"),
        (with("vat_class", json!("none")), "field.invalid", "vat_class"),
        (with("publish", json!("yes")), "field.mistyped", "publish"),
        (with("uploads", json!(["upl_x"])), "field.mistyped", "uploads[0]"),
        (with("uploads", json!(["upl_0000000000001"])), "field.invalid", "uploads"),
        (with("price", json!(0.2)), "field.mistyped", "price"),
        (with("price", json!({ "kind": "fixed" })), "field.missing", "price.amount"),
        (with("price", fixed(json!("0.20"))), "field.mistyped", "price"),
        (
            with("price", fixed(json!({ "amount": 0.2, "currency": "EUR" }))),
            "field.mistyped",
            "price",
        ),
        (
            with("price", fixed(json!({ "amount": "0,20", "currency": "EUR" }))),
            "amount.invalid",
            "price.amount",
        ),
        (
            with("price", fixed(json!({ "amount": "-1", "currency": "EUR" }))),
            "amount.invalid",
            "price.amount",
        ),
        (
            with("price", fixed(json!({ "amount": "1e2", "currency": "EUR" }))),
            "amount.invalid",
            "price.amount",
        ),
        (
            with("price", fixed(json!({ "amount": "0.20", "currency": "USD" }))),
            "field.invalid",
            "price.amount",
        ),
        (with("price", fixed(euros("0.001"))), "price.too_low", "price.amount"),
        (with("price", fixed(euros("1001"))), "price.too_high", "price.amount"),
    ] {
        let refused = program.post("/api/v1/works", json.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{json}: {}", refused.text());
        let told = refused.json();
        assert_eq!(
            (told["code"].as_str(), told["field"].as_str()),
            (Some(code), Some(field)),
            "{json}"
        );
    }
    assert_eq!(program.get("/api/v1/works").await.json()["items"], json!([]));
    let mut french = program.clone();
    french.browser.language = "fr";
    let refused = french.post("/api/v1/works", with("titel", json!("x"))).await.json();
    assert_eq!(refused["title"], "La demande contient quelque chose d’inconnu");
}

#[tokio::test]
async fn a_request_that_is_not_json_or_too_large_is_refused() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let send = async |kind: &str, body: Vec<u8>| {
        let request = Request::post("/api/v1/works")
            .header(header::AUTHORIZATION, format!("Bearer {}", program.key))
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body));
        problem(&program.browser.clone().send(request.expect("a request")).await)
    };
    let json = "application/json; charset=utf-8";
    assert_eq!(send("text/plain", b"{}".to_vec()).await, (415, "request.media_type".into()));
    assert_eq!(send("application/x-www-form-urlencoded", b"a=b".to_vec()).await.0, 415);
    assert_eq!(send(json, b"{".to_vec()).await, (400, "request.malformed".into()));
    assert_eq!(
        send(json, b"{\"title\": \"\xff\"}".to_vec()).await,
        (400, "request.malformed".into())
    );
    assert_eq!(send(json, "[".repeat(1_000).into()).await, (422, "field.mistyped".into()));
    let deep = format!("{{\"title\": {}", "[".repeat(100_000));
    assert!((400..500).contains(&send(json, deep.into()).await.0));
    let large = json!({ "article": "x".repeat(1 << 20) }).to_string();
    assert_eq!(send(json, large.into()).await, (413, "request.too_large".into()));
}

#[tokio::test]
async fn parameters_are_known_and_right_or_refused_by_name() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    for (path, status, code, field) in [
        ("/api/v1/works?limit=0", 422, "field.mistyped", "limit"),
        ("/api/v1/works?limit=101", 422, "field.mistyped", "limit"),
        ("/api/v1/works?limit=ten", 422, "field.mistyped", "limit"),
        ("/api/v1/works?limit=1&limit=2", 422, "field.mistyped", "limit"),
        ("/api/v1/works?cursor=garbage", 422, "field.mistyped", "cursor"),
        ("/api/v1/works?cursor=bAAAAAAAAAAB", 422, "field.mistyped", "cursor"),
        ("/api/v1/works?page=2", 422, "field.unknown", "page"),
        ("/api/v1/sales?work=lnk_01vgz93hs0v2x", 422, "field.mistyped", "work"),
        ("/api/v1/sales?since=yesterday", 422, "field.mistyped", "since"),
        ("/api/v1/gains?period=90", 422, "field.mistyped", "period"),
        ("/api/v1/works/nothing", 404, "work.unknown", ""),
        ("/api/v1/works/%ff", 404, "work.unknown", ""),
        ("/api/v1/sales/0134tk8d8w7mcsskwkw6s8njtx", 404, "sale.unknown", ""),
        ("/api/v1/webhooks/whk_0000000000001", 404, "webhook.unknown", ""),
        ("/api/v1/nothing", 404, "page.missing", ""),
        ("/api/v2/works", 404, "page.missing", ""),
    ] {
        let refused = program.get(path).await;
        assert_eq!(problem(&refused), (status, code.into()), "{path}");
        assert_eq!(refused.json()["field"].as_str().unwrap_or(""), field, "{path}");
    }
    let refused = program.delete("/api/v1/works").await;
    assert_eq!(problem(&refused), (405, "page.method".into()));
    let allowed = refused.headers[header::ALLOW].to_str().expect("text");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
}

#[tokio::test]
async fn every_address_asks_for_a_key_before_it_says_anything_else() {
    let shop = TestApp::open();
    let description: Value = serde_json::from_str(&ardoise::api::description()).expect("JSON");
    let stranger = Client { browser: shop.program(), key: String::new() };
    let mut asked = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("operations").keys() {
            if !path.starts_with("/api/") {
                continue;
            }
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            for id in ["wrk_0000000000001", "nothing"] {
                let path =
                    path.replace("{work}", id).replace("{sale}", id).replace("{webhook}", id);
                let refused =
                    stranger.send(method.clone(), &path, &[], Some(json!({ "x": 1 }))).await;
                assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{method} {path}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 34, "{asked}");
}

#[tokio::test]
async fn another_authors_works_and_sales_are_out_of_reach() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let (_, mut zoe) = shop.author("Zoe").await;
    let zoe = Client::of(&shop, &mut zoe).await;
    let made = program.post("/api/v1/works", article("Night bus", "0.20")).await;
    let (path, work) = (made.location(), made.json());
    let line =
        shop.program().tap(&slug(&work)).await.json()["line"].as_str().expect("a line").to_owned();
    for answer in [
        zoe.get(&path).await,
        zoe.patch(&path, json!({ "title": "Mine" })).await,
        zoe.post(&format!("{path}/publish"), json!({})).await,
        zoe.post(&format!("{path}/unpublish"), json!({})).await,
        zoe.get(&format!("{path}/links")).await,
        zoe.post(&format!("{path}/links"), json!({ "channel": "mine" })).await,
    ] {
        assert_eq!(problem(&answer), (403, "work.foreign".into()));
    }
    assert_eq!(
        problem(&zoe.get(&format!("/api/v1/sales/{line}")).await),
        (404, "sale.unknown".into())
    );
    for list in ["works", "links", "sales", "webhooks"] {
        assert_eq!(zoe.get(&format!("/api/v1/{list}")).await.json()["items"], json!([]), "{list}");
    }
    assert_eq!(zoe.get("/api/v1/gains?period=all").await.json()["pending"], euros("0.000000"));
    assert_eq!(program.get(&path).await.json(), work);
    let hook = json!({ "url": "https://ada.example/heard" });
    let hook = program.post("/api/v1/webhooks", hook).await.location();
    for answer in [
        zoe.get(&hook).await,
        zoe.delete(&hook).await,
        zoe.post(&format!("{hook}/test"), json!({})).await,
    ] {
        assert_eq!(problem(&answer), (404, "webhook.unknown".into()));
    }
}

#[tokio::test]
async fn lists_are_walked_page_by_page_without_a_gap_or_a_repeat() {
    let shop = TestApp::open();
    let (id, program) = ada(&shop).await;
    for place in 0..105 {
        shop.article(id, &format!("Night bus {place}"), 20).await;
    }
    for (path, sizes) in [
        ("/api/v1/works", vec![50, 50, 5]),
        ("/api/v1/works?limit=100", vec![100, 5]),
        ("/api/v1/works?limit=35", vec![35, 35, 35]),
        ("/api/v1/links?limit=100", vec![100, 5]),
    ] {
        let pages = walk(&program, path).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{path}");
        let ids: Vec<String> = pages.concat();
        assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "{path}: not newest first");
    }
}

#[tokio::test]
async fn sales_are_walked_newest_first_by_work_and_since() {
    let shop = TestApp::with(&[("tab.new_per_hour", "1000")]);
    let (id, program) = ada(&shop).await;
    let (bus, tram) = (shop.article(id, "Night bus", 20).await, shop.article(id, "Tram", 0).await);
    let mut lines = Vec::new();
    for place in 0..110 {
        let slug = if place % 10 == 0 { &tram } else { &bus };
        let sold = shop.program().tap(slug).await.json();
        lines.push((sold["line"].as_str().expect("a line").to_owned(), place));
        shop.pass_seconds(i64::from(place % 2));
    }
    let pages = walk(&program, "/api/v1/sales?limit=40").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [40, 40, 30]);
    let sold: BTreeSet<&String> = lines.iter().map(|(line, _)| line).collect();
    assert_eq!(pages.concat().iter().collect::<BTreeSet<_>>(), sold);
    let works = program.get("/api/v1/works").await.json();
    let trams = works["items"].as_array().expect("items").iter();
    let trams = trams.filter(|work| work["title"] == "Tram").map(|work| work["id"].as_str());
    let trams = trams.flatten().next().expect("the tram");
    let of_tram = walk(&program, &format!("/api/v1/sales?limit=4&work={trams}")).await;
    assert_eq!(of_tram.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 3]);
    let since = |text: &str| format!("/api/v1/sales?limit=100&since={text}");
    // Fifty-five seconds passed in all; the last two sales share the last of them.
    assert_eq!(walk(&program, &since("2026-11-22T12:00:54Z")).await.concat().len(), 2);
    assert_eq!(walk(&program, &since("2026-11-22T13:00:54%2B01:00")).await.concat().len(), 2);
    assert_eq!(walk(&program, &since("2027-01-01T00:00:00Z")).await.concat().len(), 0);
}

#[tokio::test]
async fn a_request_that_is_repeated_is_done_once_and_answered_alike() {
    let shop = TestApp::open();
    let (id, program) = ada(&shop).await;
    let song = uploaded(&shop, id, "song.txt", b"la la").await;
    let make = json!({
        "title": "Song", "price": { "kind": "free" }, "uploads": [song.to_string()], "publish": true,
    });
    let first = program.post_once("k-1", "/api/v1/works", make.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    assert!(!first.headers.contains_key("idempotency-replayed"));
    shop.pass_minutes(60);
    let again = program.post_once("k-1", "/api/v1/works", make.clone()).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.location(), first.location());
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(walk(&program, "/api/v1/works").await.concat().len(), 1);
    // The same content with its members in another order is the same request.
    let body = format!(
        "{{\"publish\":true,\"uploads\":[\"{song}\"],\"price\":{{\"kind\":\"free\"}},  \"title\":\"Song\"}}"
    );
    let request = Request::post("/api/v1/works")
        .header(header::AUTHORIZATION, format!("Bearer {}", program.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "k-1")
        .body(Body::from(body));
    let again = program.browser.clone().send(request.expect("a request")).await;
    assert_eq!(again.body, first.body);
    // Another key is another request, another author has keys of their own.
    let other = program.post_once("k-2", "/api/v1/works", article("Tides", "0.20")).await;
    assert_ne!(other.json()["id"], first.json()["id"]);
    let (_, mut zoe) = shop.author("Zoe").await;
    let zoe = Client::of(&shop, &mut zoe).await;
    let hers = zoe.post_once("k-1", "/api/v1/works", article("Hers", "0.20")).await;
    assert_eq!(hers.json()["title"], "Hers");
}

#[tokio::test]
async fn a_key_that_was_used_for_another_request_is_a_named_conflict() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let made = program.post_once("k", "/api/v1/works", article("Night bus", "0.20")).await;
    let path = made.location();
    for answer in [
        program.post_once("k", "/api/v1/works", article("Night bus", "0.30")).await,
        program.post_once("k", &format!("{path}/publish"), json!({})).await,
        program.post_once("k", "/api/v1/webhooks", json!({ "url": "https://ada.example/" })).await,
    ] {
        assert_eq!(problem(&answer), (409, "idempotency.conflict".into()));
        assert_eq!(answer.json()["field"], "Idempotency-Key");
    }
    assert_eq!(walk(&program, "/api/v1/works").await.concat().len(), 1);
    assert_eq!(walk(&program, "/api/v1/webhooks").await.concat().len(), 0);
    for key in ["", " ", "two words", "é", &"x".repeat(201)] {
        let refused = program.post_once(key, "/api/v1/works", article("Tram", "0.20")).await;
        assert_eq!(problem(&refused), (400, "request.malformed".into()), "{key}");
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept_so_the_request_can_be_put_right() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let refused = program.post_once("k", "/api/v1/works", article(" ", "0.20")).await;
    assert_eq!(problem(&refused), (422, "field.invalid".into()));
    let made = program.post_once("k", "/api/v1/works", article("Night bus", "0.20")).await;
    assert_eq!(made.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn repeats_that_come_at_once_are_done_once() {
    let shop = TestApp::open();
    let (id, program) = ada(&shop).await;
    let song = uploaded(&shop, id, "song.txt", b"la la").await;
    let make = json!({
        "title": "Song", "price": { "kind": "free" }, "uploads": [song.to_string()], "publish": true,
    });
    let answers =
        join_all((0..16).map(|_| program.post_once("k", "/api/v1/works", make.clone()))).await;
    let ids: BTreeSet<String> = answers.iter().map(crate::shop::Answer::text).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(answers.iter().all(|answer| answer.status == StatusCode::CREATED));
    let replayed =
        answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed"));
    assert_eq!(replayed.count(), 15);
    assert_eq!(walk(&program, "/api/v1/works").await.concat().len(), 1);
    let hook = json!({ "url": "https://ada.example/heard" });
    let answers =
        join_all((0..16).map(|_| program.post_once("h", "/api/v1/webhooks", hook.clone()))).await;
    let secrets: BTreeSet<String> =
        answers.iter().map(|answer| answer.json()["secret"].to_string()).collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(walk(&program, "/api/v1/webhooks").await.concat().len(), 1);
}

#[tokio::test]
async fn answers_are_remembered_for_a_day_and_then_cleared() {
    let shop = TestApp::open();
    let (id, program) = ada(&shop).await;
    let first = program.post_once("k", "/api/v1/works", article("Night bus", "0.20")).await;
    let kept = async || {
        ardoise::api::repeats::clear(&shop.app).await.expect("cleared");
        shop.app.store.read(|db| idempotency::given(db, id, "k")).await.expect("read").is_some()
    };
    shop.pass_minutes(24 * 60);
    assert!(kept().await);
    let again = program.post_once("k", "/api/v1/works", article("Night bus", "0.20")).await;
    assert_eq!(again.body, first.body);
    shop.pass_minutes(1);
    assert!(!kept().await);
}

#[tokio::test]
async fn a_link_stands_for_a_channel_and_its_sales_are_counted_there() {
    let shop = TestApp::open();
    let (_, program) = ada(&shop).await;
    let made = program.post("/api/v1/works", article("Night bus", "0.24")).await;
    let links = format!("{}/links", made.location());
    let first = program.post(&links, json!({ "channel": "newsletter" })).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let link = first.json();
    assert_eq!(link["channel"], "newsletter");
    assert_eq!(program.post(&links, json!({ "channel": "newsletter" })).await.json(), link);
    let listed = program.get(&links).await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(listed["items"][0]["channel"], "");
    assert_eq!(listed["items"][1], link);
    let refused = program.post(&links, json!({ "channel": "Ne w" })).await;
    assert_eq!(
        (problem(&refused).1.as_str(), &refused.json()["field"]),
        ("field.invalid", &json!("channel"))
    );
    shop.browser().tap(&slug(&link)).await;
    let gains = program.get("/api/v1/gains?period=today").await.json();
    assert_eq!(gains["links"].as_array().map(Vec::len), Some(1));
    assert_eq!(gains["links"][0]["link"], link["id"]);
    assert_eq!(gains["links"][0]["channel"], "newsletter");
    assert_eq!(gains["links"][0]["figures"]["visits"], 1);
    assert_eq!(gains["links"][0]["figures"]["kept"], 1);
}

#[tokio::test]
async fn gains_are_what_the_books_say_to_the_millionth() {
    let shop = TestApp::with(&[("fee.basis_points", "333")]);
    let (id, program) = ada(&shop).await;
    let slugs = [shop.article(id, "Night bus", 23).await, shop.article(id, "Tram", 31).await];
    let mut undone = String::new();
    for place in 0..9 {
        let mut reader = shop.program();
        let line =
            reader.tap(&slugs[place % 2]).await.json()["line"].as_str().expect("a line").to_owned();
        if place == 4 {
            assert!(reader.post(&format!("/lines/{line}/undo"), &[]).await.status.is_success());
            undone = line;
        } else if place == 5 {
            let settlement = shop.app.mint.settlement().to_string();
            let fields = [("settlement", settlement.as_str()), ("amount", "0.31")];
            assert!(reader.post("/tab/settle/sandbox", &fields).await.status.is_success());
        }
    }
    let micros = |json: &Value| -> i64 {
        let text = json["amount"].as_str().expect("an amount");
        assert_eq!(json["currency"], "EUR");
        let (whole, part) = text.split_once('.').expect("six decimals");
        assert_eq!(part.len(), 6);
        whole.parse::<i64>().expect("a number") * 1_000_000 + part.parse::<i64>().expect("a number")
    };
    let gains = program.get("/api/v1/gains?period=all").await.json();
    let sales = program.get("/api/v1/sales").await.json();
    let sales = sales["items"].as_array().expect("items");
    let sum = |state: &str, part: &str| -> i64 {
        let of = |sale: &&Value| sale["state"] == state;
        sales.iter().filter(of).map(|sale| micros(&sale[part])).sum()
    };
    let undone_sale =
        sales.iter().find(|sale| sale["id"] == undone.as_str()).expect("the undone one");
    assert_eq!(undone_sale["state"], "undone");
    for sale in sales {
        let parts = ["vat", "fee", "share"].map(|part| micros(&sale[part])).iter().sum::<i64>();
        assert_eq!(parts, micros(&sale["gross"]));
    }
    assert_eq!(micros(&gains["pending"]), sum("open", "share"));
    assert_eq!(micros(&gains["available"]), sum("paid", "share"));
    assert_eq!(micros(&gains["total"]["share"]), sum("open", "share") + sum("paid", "share"));
    assert_eq!(micros(&gains["total"]["gross"]), sum("open", "gross") + sum("paid", "gross"));
    assert_eq!(gains["total"]["taps"], 9);
    assert_eq!(gains["total"]["kept"], 8);
    let by_work = gains["works"].as_array().expect("works").iter();
    assert_eq!(
        by_work.map(|work| micros(&work["figures"]["share"])).sum::<i64>(),
        micros(&gains["total"]["share"])
    );
    let steps = gains["steps"].as_array().expect("steps").iter();
    assert_eq!(
        steps.map(|step| micros(&step["share"])).sum::<i64>(),
        micros(&gains["total"]["share"])
    );
    // The ledger's own accounts, which no figure above was read from.
    let pending = shop.app.store.read(|db| {
        let account = ledger::Account::Pending(id);
        Ok(ardoise::store::books::total(db, account)?.balance(account))
    });
    assert_eq!(pending.await, Ok(micros(&gains["pending"]).into()));
}

#[tokio::test]
async fn a_webhook_is_made_tested_and_removed_by_a_program() {
    let shop = TestApp::with(&[("webhook.private_addresses", "true")]);
    let (_, program) = ada(&shop).await;
    let mut receiver = Receiver::open().await;
    let made = program.post("/api/v1/webhooks", json!({ "url": receiver.url })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let (path, hook) = (made.location(), made.json());
    let secret =
        hook["secret"].as_str().expect("a secret").strip_prefix("whsec_").expect("a prefix");
    let secret = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, secret);
    assert!(program.get(&path).await.json().get("secret").is_none(), "the secret is told again");
    let test = program.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(test.status, StatusCode::ACCEPTED);
    Worker::new(shop.app.clone()).work_off().await.expect("worked off");
    let heard = receiver.heard().expect("told");
    assert!(crate::webhooks::is_signed(&heard, &secret.expect("base64")));
    assert_eq!(heard.header("webhook-id"), test.json()["message"]);
    assert_eq!(heard.json()["type"], "webhook.test");
    assert_eq!(heard.json()["data"]["webhook"], hook["id"]);
    assert_eq!(program.get(&path).await.json()["delivered_at"], "2026-11-22T12:00:00Z");
    let removed = program.delete(&path).await;
    assert_eq!((removed.status, removed.body.len()), (StatusCode::NO_CONTENT, 0));
    for answer in [program.get(&path).await, program.delete(&path).await] {
        assert_eq!(problem(&answer), (404, "webhook.unknown".into()));
    }
    let refused = program.post("/api/v1/webhooks", json!({ "url": "ada.example" })).await;
    assert_eq!(
        (problem(&refused).1.as_str(), &refused.json()["field"]),
        ("field.invalid", &json!("url"))
    );
}
