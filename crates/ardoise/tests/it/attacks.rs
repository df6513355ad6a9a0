//! Mallory tries what should not work: each is refused with a clear answer, and nothing is charged.

use crate::shop::{Answer, Browser, TestApp, buy};
use crate::street::Street;
use ardoise::routes;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Method, Request, StatusCode, header};
use ledger::{Money, Price};
use std::net::SocketAddr;

/// The code of a problem told to a program.
fn code(answer: &Answer) -> String {
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
    answer.json()["code"].as_str().expect("a code").to_owned()
}

/// What Ben's tab shows that he owes.
async fn owed(ben: &mut Browser<'_>) -> String {
    let mut reader = ben.clone();
    reader.html = true;
    let page = reader.get("/tab").await.text();
    let amount = page.split("class=\"owed\"").nth(1).unwrap_or(&page);
    let amount = amount.split('€').nth(1).unwrap_or_else(|| panic!("no amount in {page}"));
    amount.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect()
}

#[tokio::test]
async fn posts_from_other_sites_are_refused_everywhere() {
    let shop = TestApp::open();
    let mut street = Street::new(&shop).await;
    let unsafe_methods = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let from_elsewhere: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://mallory.example"), ("host", "shop.example")],
        &[("origin", "null"), ("host", "shop.example")],
    ];
    let mut asked = 0;
    for address in routes::addresses().list() {
        if !unsafe_methods.contains(&address.method) || address.path.starts_with("/api/") {
            continue;
        }
        let path = street.fill(&address.path);
        for headers in from_elsewhere {
            for person in &mut street.people[..5] {
                let mut request = Request::builder().method(address.method.clone()).uri(&path);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                request = request.header(header::ACCEPT, "application/json");
                let answer = person.browser.send(request.body(Body::empty()).expect("sent")).await;
                assert_eq!(code(&answer), "request.cross_site", "{} {path}", address.method);
                asked += 1;
            }
        }
    }
    assert!(asked > 400, "only {asked} were asked");
}

#[tokio::test]
async fn a_post_from_the_shops_own_pages_is_let_in() {
    let shop = TestApp::open();
    let mut ben = shop.program();
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://shop.example"), ("host", "shop.example")],
        &[],
    ] {
        let mut request = Request::post("/sign-out");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = ben.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{headers:?}");
    }
}

#[tokio::test]
async fn a_forged_cookie_opens_no_tab_and_is_taken_away() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    ben.tap(&slug).await;
    let (id, secret) = ben.cookies["ardoise_tab"].split_once('.').expect("a claim");
    let other_secret = shop.app.mint.secret().reveal();
    let garbled = [format!("{id}."), "x".repeat(3_000), format!("{id}.{secret}x"), "\"".into()];
    let foreign = [format!("{id}.{other_secret}"), format!("tab_0000000000001.{secret}")];
    for cookie in garbled.into_iter().chain(foreign) {
        let mut mallory = shop.program();
        mallory.cookies.insert("ardoise_tab".into(), cookie.clone());
        let purchase = shop.app.mint.purchase().to_string();
        let fields = [("purchase", purchase.as_str()), ("price", "0.20")];
        let refused = mallory.post(&format!("/l/{slug}/buy"), &fields).await;
        assert_eq!((refused.status.as_u16(), code(&refused).as_str()), (401, "tab.unknown"));
        assert!(!mallory.cookies.contains_key("ardoise_tab"), "{cookie} is kept");
        mallory.cookies.insert("ardoise_tab".into(), cookie);
        assert_eq!(owed(&mut mallory).await, "0.00");
    }
    assert_eq!(owed(&mut ben).await, "0.20");
}

#[tokio::test]
async fn a_forged_session_opens_nothing() {
    let shop = TestApp::open();
    let (_, ada) = shop.ada().await;
    let (id, _) = ada.cookies["ardoise_session"].split_once('.').expect("a claim");
    let other = shop.app.mint.secret().reveal();
    for cookie in [format!("{id}.{other}"), format!("{id}."), "ses_1.x".into(), String::new()] {
        let mut mallory = shop.browser();
        mallory.cookies.insert("ardoise_session".into(), cookie.clone());
        assert_eq!(mallory.get("/works").await.status, StatusCode::UNAUTHORIZED, "{cookie}");
        assert_eq!(mallory.get("/desk").await.status, StatusCode::UNAUTHORIZED, "{cookie}");
    }
}

#[tokio::test]
async fn a_purchase_id_used_for_something_else_is_a_named_conflict() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let (bus, tides) =
        (shop.article(ada, "Night bus", 20).await, shop.article(ada, "Tides", 20).await);
    let chosen = Price::Chosen {
        minimum: Money::zero(shop.app.currency()),
        suggestion: Money::from_cents(20, shop.app.currency()).expect("a price"),
    };
    let gift = shop.article_for(ada, "A gift", chosen).await;
    let mut ben = shop.program();
    let purchase = shop.app.mint.purchase().to_string();
    let buy = async |who: &mut Browser<'_>, slug: &str, price: &str| {
        let fields = [("purchase", purchase.as_str()), ("price", price)];
        who.post(&format!("/l/{slug}/buy"), &fields).await
    };
    assert_eq!(buy(&mut ben, &gift, "0.20").await.json()["status"], "bought");
    let others = [(&bus, "0.20"), (&tides, "0.20"), (&gift, "0.21"), (&gift, "0")];
    for (slug, price) in others {
        let refused = buy(&mut ben, slug, price).await;
        assert_eq!((refused.status.as_u16(), code(&refused).as_str()), (409, "purchase.conflict"));
    }
    assert_eq!(owed(&mut ben).await, "0.20");
}

#[tokio::test]
async fn a_purchase_id_names_a_line_of_its_own_on_each_tab() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let purchase = shop.app.mint.purchase().to_string();
    let (mut ben, mut cleo) = (shop.program(), shop.program());
    let mut lines = Vec::new();
    for who in [&mut ben, &mut cleo] {
        let bought = buy(who, &slug, &purchase).await.json();
        assert_eq!(
            (&bought["status"], &bought["total"]["amount"]),
            (&"bought".into(), &"0.200000".into())
        );
        let line = bought["line"].as_str().expect("a line").to_owned();
        assert_ne!(line, purchase, "whoever names a purchase could name its line");
        assert_eq!(buy(who, &slug, &purchase).await.json()["line"], line.as_str());
        lines.push(line);
    }
    assert_ne!(lines[0], lines[1]);
    // What one of them does with it is nothing to the other.
    let undone = cleo.post(&format!("/lines/{}/undo", lines[1]), &[]).await;
    assert!(undone.status.is_success(), "{}", undone.text());
    assert_eq!((owed(&mut ben).await.as_str(), owed(&mut cleo).await.as_str()), ("0.20", "0.00"));
    assert_eq!(buy(&mut cleo, &slug, &purchase).await.json()["status"], "undone");
}

#[tokio::test]
async fn another_readers_line_cannot_be_undone() {
    let shop = TestApp::open();
    let (ada, mut ada_browser) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.program();
    let line = ben.tap(&slug).await.json()["line"].as_str().expect("a line").to_owned();
    let mut cleo = shop.program();
    cleo.tap(&slug).await;
    ada_browser.html = false;
    for mallory in [&mut cleo, &mut ada_browser, &mut shop.program()] {
        let refused = mallory.post(&format!("/lines/{line}/undo"), &[]).await;
        assert_eq!((refused.status.as_u16(), code(&refused).as_str()), (404, "line.unknown"));
    }
    assert_eq!(owed(&mut ben).await, "0.20");
}

#[tokio::test]
async fn an_amount_that_cannot_be_charges_nothing() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let chosen = Price::Chosen {
        minimum: Money::from_cents(10, shop.app.currency()).expect("a price"),
        suggestion: Money::from_cents(20, shop.app.currency()).expect("a price"),
    };
    let slug = shop.article_for(ada, "A gift", chosen).await;
    let mut ben = shop.program();
    let absurd = [
        "-0.20",
        "-1",
        "NaN",
        "inf",
        "1e3",
        "0x10",
        "0.0000001",
        "0.2.0",
        "1 000",
        "",
        "€0.20",
        "99999999999999999999999999",
        "9223372036854775807",
        "٠٫٢٠",
        "0.20\0",
        "--",
        "+0.20",
        ".",
    ];
    for price in absurd {
        let purchase = shop.app.mint.purchase().to_string();
        let fields = [("purchase", purchase.as_str()), ("price", price)];
        let refused = ben.post(&format!("/l/{slug}/buy"), &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{price}");
        assert_eq!(refused.json()["field"], "price", "{price}");
    }
    for (price, expected) in [("0.09", "price.below_minimum"), ("1000000", "tab.too_small")] {
        let purchase = shop.app.mint.purchase().to_string();
        let fields = [("purchase", purchase.as_str()), ("price", price)];
        assert_eq!(code(&ben.post(&format!("/l/{slug}/buy"), &fields).await), expected);
    }
    assert!(ben.cookies.is_empty(), "a refused first tap opens no tab");
}

#[tokio::test]
async fn a_settlement_that_cannot_be_receives_nothing() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.program();
    ben.tap(&slug).await;
    let id = shop.app.mint.settlement().to_string();
    for (amount, expected) in [
        ("-0.20", "amount.invalid"),
        ("", "amount.invalid"),
        ("1e-1", "amount.invalid"),
        ("99999999999999999999", "amount.invalid"),
        ("0.200001", "settlement.too_much"),
        ("0", "settlement.nothing_owed"),
    ] {
        let fields = [("settlement", id.as_str()), ("amount", amount)];
        assert_eq!(code(&ben.post("/tab/settle/sandbox", &fields).await), expected, "{amount}");
    }
    let right = [("settlement", id.as_str()), ("amount", "0.20")];
    assert_eq!(ben.post("/tab/settle/sandbox", &right).await.status, StatusCode::OK);
    assert_eq!(ben.post("/tab/settle/sandbox", &right).await.status, StatusCode::OK);
    let other = [("settlement", id.as_str()), ("amount", "0.10")];
    assert_eq!(code(&ben.post("/tab/settle/sandbox", &other).await), "purchase.conflict");
    assert_eq!(owed(&mut ben).await, "0.00");
}

#[tokio::test]
async fn what_is_not_utf_8_is_refused() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let path = format!("/l/{slug}/buy");
    let bodies: [(&str, &[u8]); 5] = [
        ("application/x-www-form-urlencoded", b"purchase=%ff%fe&price=0.20"),
        ("application/x-www-form-urlencoded", b"pur\xffchase=1"),
        ("application/x-www-form-urlencoded", b"purchase=%c3%28"),
        ("application/json", b"{\"purchase\": \"\xff\"}"),
        ("application/json", b"{\"purchase\": \"\\ud800\"}"),
    ];
    let mut ben = shop.program();
    for (kind, body) in bodies {
        let request = Request::post(&path).header(header::CONTENT_TYPE, kind);
        let refused = ben.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!((refused.status.as_u16(), code(&refused).as_str()), (400, "request.malformed"));
    }
    for path in ["/l/%ff", "/w/%c3%28", "/receipts/%fe", "/problems/%80", "/l/%ff/buy"] {
        let refused = ben.get(path).await;
        assert!(refused.status.is_client_error(), "{path}: {}", refused.status);
    }
    for query in ["/?before=%ff", "/oembed?url=%ff", "/tab?undone=%ff", "/l/x?via=%ff"] {
        let answer = ben.get(query).await;
        assert!(!answer.status.is_server_error(), "{query}: {}", answer.status);
    }
    let request = Request::get("/tab").header(header::COOKIE, &b"ardoise_tab=\xff\xfe"[..]);
    let answer = ben.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.program();
    let most = ardoise::body::BODY_MOST;
    for body in ["via=".to_owned() + &"x".repeat(most), "&".repeat(most + 1)] {
        let request = Request::post(format!("/l/{slug}/buy"));
        let refused = ben.send(request.body(Body::from(body)).expect("a request")).await;
        assert_eq!((refused.status.as_u16(), code(&refused).as_str()), (413, "request.too_large"));
    }
    // A field as long as it may be is read, and is then no purchase.
    let fields = [("purchase", "x"), ("via", &"x".repeat(10_000))];
    assert_eq!(code(&ben.post(&format!("/l/{slug}/buy"), &fields).await), "request.malformed");
}

#[tokio::test]
async fn a_channel_is_cut_to_what_a_channel_is() {
    let shop = TestApp::open();
    let (ada, mut browser) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let long = "<b>&".to_owned() + &"x".repeat(5_000);
    let purchase = shop.app.mint.purchase().to_string();
    let fields = [("purchase", purchase.as_str()), ("price", "0.20"), ("via", &long)];
    let bought = shop.program().post(&format!("/l/{slug}/buy"), &fields).await;
    assert_eq!(bought.status, StatusCode::OK);
    let page = browser.get("/gains?period=all").await.text();
    assert!(!page.contains("<b>&") && !page.contains(&"x".repeat(200)), "{page}");
}

/// Ways of writing a path that leads elsewhere, or nowhere.
const DETOURS: [&str; 9] = [
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e",
    "%2e%2e%2freceipt.key",
    "..%5c..%5cardoise.db",
    "%00",
    "ardoise.db%00.svg",
    "%252e%252e%252f",
    "-1",
    "%F0%9F%8F%B4",
];

/// What is answered whatever the parameter is: a button that posts it, and the words of a protocol.
const HARMLESS: [(&str, &str); 2] = [("GET", "/sign-in/{token}"), ("OPTIONS", "/uploads/{upload}")];

#[tokio::test]
async fn no_parameter_of_any_address_leads_elsewhere() {
    let shop = TestApp::open();
    let mut street = Street::new(&shop).await;
    let long = "x".repeat(5_000);
    let mut asked = 0;
    for address in routes::addresses().list() {
        let path = &address.path;
        for (start, _) in path.match_indices('{') {
            let end = start + path[start..].find('}').expect("an end");
            let (before, after) = (&path[..start], &path[end + 1..]);
            let before = if before.contains('{') { street.fill(before) } else { before.to_owned() };
            for detour in DETOURS.into_iter().chain([long.as_str()]) {
                let rest = after.replace('{', "x").replace('}', "");
                let path = format!("{before}{detour}{rest}");
                for person in [0, 2, 4] {
                    let request = Request::builder().method(address.method.clone()).uri(&path);
                    let request = request.header("sec-fetch-site", "same-origin");
                    let browser = &mut street.people[person].browser;
                    let answer = browser.send(request.body(Body::empty()).expect("sent")).await;
                    let status = answer.status;
                    let harmless = HARMLESS.contains(&(address.method.as_str(), &address.path));
                    assert!(status.is_client_error() || harmless, "{path}: {status}");
                    asked += 1;
                }
            }
        }
    }
    assert!(asked > 1_000, "only {asked} were asked");
}

#[tokio::test]
async fn names_and_titles_are_words_and_never_markup() {
    let shop = TestApp::open();
    let hostile = [
        "<script>alert(1)</script>\"'&Ada",
        "Zoe</title><img src=x onerror=alert(2)>",
        "Bus</script><script>alert(3)</script>",
        "Tides\"><svg onload=alert(4)>",
    ];
    let mut street = Street::where_all_are_called(&shop, hostile).await;
    let mut seen = 0;
    for address in routes::addresses().list() {
        if address.method != Method::GET || address.path == "/gains/stream" {
            continue;
        }
        let path = street.fill(&address.path);
        for person in &mut street.people[..5] {
            let answer = person.browser.get(&path).await;
            let kind = answer.headers.get(header::CONTENT_TYPE).cloned();
            if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/html")) {
                continue;
            }
            let text = answer.text();
            for marked in ["<script>alert", "<img src=x", "<svg onload", "</title><"] {
                assert!(!text.contains(marked), "{path}: {marked}");
            }
            seen += usize::from(text.contains("alert"));
        }
    }
    assert!(seen > 20, "the names stand on {seen} pages only");
}

#[tokio::test]
async fn no_cell_of_a_table_is_a_formula() {
    let shop = TestApp::open();
    let (ada, mut browser) = shop.author("Ada").await;
    let slug = shop.article(ada, "=HYPERLINK(\"https://mallory.example\")", 20).await;
    shop.program().tap(&slug).await;
    let table = browser.get("/gains.csv?period=all").await.text();
    assert!(table.contains("HYPERLINK"), "{table}");
    for cell in table.lines().flat_map(|line| line.split([',', ';'])) {
        let first = cell.trim_start_matches('"').chars().next();
        let formula = matches!(first, Some('=' | '@' | '+'));
        assert!(!formula, "{cell} in {table}");
    }
}

/// What every answer says, whatever it is.
fn is_guarded(headers: &HeaderMap) -> Result<(), String> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let policy = said("content-security-policy").unwrap_or("");
    if !policy.contains("default-src 'none'") || policy.contains("unsafe-inline") {
        return Err(format!("the policy is {policy:?}"));
    }
    for (name, value) in [("x-content-type-options", "nosniff")] {
        if said(name) != Some(value) {
            return Err(format!("{name} is {:?}", said(name)));
        }
    }
    for name in ["referrer-policy", "permissions-policy", "cross-origin-opener-policy"] {
        said(name).ok_or_else(|| format!("there is no {name}"))?;
    }
    for cookie in headers.get_all(header::SET_COOKIE) {
        let cookie = cookie.to_str().map_err(|error| error.to_string())?;
        if !cookie.contains("SameSite=Lax") || !cookie.contains("Path=/") {
            return Err(format!("the cookie {cookie}"));
        }
        let private = ["ardoise_tab", "ardoise_session"];
        if private.iter().any(|name| cookie.starts_with(name)) && !cookie.contains("HttpOnly") {
            return Err(format!("scripts can read {cookie}"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let shop = TestApp::open();
    let mut street = Street::new(&shop).await;
    let mut kinds = std::collections::BTreeSet::new();
    for address in routes::addresses().list() {
        for answer in street.ask(address).await {
            let headers = answer.headers();
            is_guarded(headers).unwrap_or_else(|why| panic!("{address:?}: {why}"));
            if let Some(kind) = headers.get(header::CONTENT_TYPE) {
                kinds.insert(kind.to_str().expect("text").split(';').next().map(str::to_owned));
            }
        }
    }
    for kind in ["text/html", "application/problem+json", "text/css", "image/svg+xml", "text/csv"] {
        assert!(kinds.contains(&Some(kind.to_owned())), "no {kind} among {kinds:?}");
    }
    assert!(kinds.contains(&Some("text/event-stream".into())), "{kinds:?}");
    for path in ["/nothing", "/l/", "/api/v1/nothing"] {
        let answer = shop.browser().get(path).await;
        is_guarded(&answer.headers).unwrap_or_else(|why| panic!("{path}: {why}"));
    }
}

#[tokio::test]
async fn over_tls_cookies_are_kept_to_it() {
    let shop = TestApp::with(&[("serve.url", "https://shop.example")]);
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let tapped = shop.browser().tap(&slug).await;
    let cookie = tapped.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly"), "{cookie}");
}

#[tokio::test]
async fn the_policy_allows_nothing_inline_and_nobody_to_frame_the_shop() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let mut ben = shop.browser();
    let page = ben.get(&format!("/l/{slug}")).await;
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    // The card is made to be framed, and can do nothing but lead to the shop.
    let card = ben.get(&format!("/embed/{slug}")).await;
    let policy = card.headers["content-security-policy"].to_str().expect("text");
    assert!(!policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!card.text().contains("<form"), "{}", card.text());
}

/// A first tap from this address, with this header of a proxy.
async fn first_tap(shop: &TestApp, slug: &str, from: &str, forwarded: Option<&str>) -> StatusCode {
    let body = format!("purchase={}&price=0.20", shop.app.mint.purchase());
    let mut request = Request::post(format!("/l/{slug}/buy"));
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    let mut request = request.body(Body::from(body)).expect("a request");
    let peer: SocketAddr = from.parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    shop.program().send(request).await.status
}

#[tokio::test]
async fn a_network_opens_only_so_many_tabs() {
    let shop = TestApp::with(&[("tab.new_per_hour", "2")]);
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let (ok, many) = (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS);
    for (from, forwarded, expected) in [
        ("192.0.2.1:1", None, ok),
        ("192.0.2.200:1", None, ok),
        ("192.0.2.77:1", None, many),
        // Without a proxy of the operator's, anybody could write this.
        ("192.0.2.78:1", Some("203.0.113.5"), many),
        ("198.51.100.1:1", None, ok),
        ("[2001:db8:7:1::1]:1", None, ok),
        ("[2001:db8:7:2::1]:1", None, ok),
        ("[2001:db8:7:3::1]:1", None, many),
        ("[2001:db8:8::1]:1", None, ok),
    ] {
        assert_eq!(first_tap(&shop, &slug, from, forwarded).await, expected, "{from}");
    }
}

#[tokio::test]
async fn behind_a_proxy_the_last_address_it_wrote_down_counts() {
    let settings = [("tab.new_per_hour", "1"), ("serve.behind_proxy", "true")];
    let shop = TestApp::with(&settings);
    let (ada, _) = shop.ada().await;
    let slug = shop.article(ada, "Night bus", 20).await;
    let (ok, many) = (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS);
    for (forwarded, expected) in [
        (Some("203.0.113.5"), ok),
        (Some("203.0.113.6"), many),
        // What the reader wrote himself stands before what the proxy wrote.
        (Some("198.51.100.9, 203.0.113.7"), many),
        (Some("198.51.100.9"), ok),
        (Some("nonsense"), ok),
        (None, many),
    ] {
        let status = first_tap(&shop, &slug, "127.0.0.1:1", forwarded).await;
        assert_eq!(status, expected, "{forwarded:?}");
    }
}

#[tokio::test]
async fn a_tab_that_is_there_is_not_counted_as_new() {
    let shop = TestApp::with(&[("tab.new_per_hour", "1")]);
    let (ada, _) = shop.ada().await;
    let mut ben = shop.program();
    for title in ["One", "Two", "Three"] {
        let slug = shop.article(ada, title, 20).await;
        assert_eq!(ben.tap(&slug).await.json()["status"], "bought");
    }
}

#[tokio::test]
async fn how_much_is_sold_is_told_to_this_machine_only() {
    let shop = TestApp::open();
    for (from, expected) in [("127.0.0.1:1", 200), ("[::1]:1", 200), ("192.0.2.1:1", 404)] {
        let mut request = Request::get("/metrics").body(Body::empty()).expect("a request");
        let peer: SocketAddr = from.parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(peer));
        assert_eq!(shop.program().send(request).await.status.as_u16(), expected, "{from}");
    }
}
