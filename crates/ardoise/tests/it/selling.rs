//! Ada sells by form: with files and articles, at any price the shop allows; and Ben takes it.

use crate::forms::{Form, bomb, png, wav, work_in};
use crate::shop::{Answer, Browser, TestApp};
use ardoise::works::whole;
use http::{Request, StatusCode, header};
use std::io::Read as _;

/// Sends the form “Sell a work”; answers the work's id and the slug of its link.
pub async fn sell(shop: &TestApp, ada: &mut Browser<'_>, form: Form) -> (String, String) {
    let sent = form.text("publish", "yes").send(ada, "/works").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let work = work_in(&sent);
    let share = ada.get(&sent.location()).await;
    assert_eq!(share.status, StatusCode::OK, "{}", share.text());
    let link = format!("id=\"link\" readonly value=\"{}/l/", shop.app.settings.url);
    let rest = share.text();
    let rest = rest.split(&link).nth(1).expect("the link").split('"').next().expect("its end");
    (work, rest.to_owned())
}

/// Where the files of a page of a work that one has lead, in their order.
pub fn downloads(page: &Answer) -> Vec<String> {
    let text = page.text();
    let links = text.split("<li><a href=\"").skip(1);
    links.map(|rest| rest.split('"').next().expect("its end").to_owned()).collect()
}

/// Ben takes the work; answers its page.
pub async fn take(ben: &mut Browser<'_>, slug: &str) -> Answer {
    let tapped = ben.tap(slug).await;
    assert_eq!(tapped.status, StatusCode::SEE_OTHER, "{}", tapped.text());
    ben.get(&tapped.location()).await
}

pub async fn get_with(
    browser: &mut Browser<'_>,
    path: &str,
    (name, value): (header::HeaderName, &str),
) -> Answer {
    let request = Request::get(path).header(name, value).body(axum::body::Body::empty());
    browser.send(request.expect("a request")).await
}

#[tokio::test]
async fn a_form_with_a_file_is_on_sale_at_once() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let tides: Vec<u8> = (0..200_000_u32).map(|at| (at % 253) as u8).collect();
    let form = Form::selling("Atlas of the tides", "0,50").file("files", "atlas.bin", &tides);
    let (_, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let page = ben.get(&format!("/l/{slug}")).await.text();
    assert!(page.contains("Pay €0.50") && page.contains("atlas.bin"), "{page}");
    let place = downloads(&take(&mut ben, &slug).await).remove(0);
    let file = ben.get(&place).await;
    assert_eq!((file.status, file.body.len()), (StatusCode::OK, tides.len()));
    assert_eq!(file.body, tides);
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"atlas.bin\"");
    let part = get_with(&mut ben, &place, (header::RANGE, "bytes=100-199")).await;
    assert_eq!(
        (part.status, part.body.as_slice()),
        (StatusCode::PARTIAL_CONTENT, &tides[100..200])
    );
    assert_eq!(part.headers[header::CONTENT_RANGE], "bytes 100-199/200000");
    let beyond = get_with(&mut ben, &place, (header::RANGE, "bytes=200000-")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let etag = file.headers[header::ETAG].to_str().expect("text");
    let known = get_with(&mut ben, &place, (header::IF_NONE_MATCH, etag)).await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn several_files_also_come_as_one_archive_with_safe_names() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Album", "0.30")
        .file("files", "../../etc/passwd", b"one")
        .file("files", "C:\\\\windows\\\\evil.txt", b"two")
        .file("files", "été.txt", "trois".as_bytes())
        .part(b"name=\"files\"; filename=\"\"", b"");
    let (_, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let places = downloads(&take(&mut ben, &slug).await);
    assert_eq!(places.len(), 4, "three files and the archive: {places:?}");
    let archive = ben.get(&places[3]).await;
    assert_eq!(archive.headers[header::CONTENT_TYPE], "application/zip");
    assert_eq!(archive.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"Album.zip\"");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive.body)).expect("an archive");
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("read");
        let name = entry.name().expect("a name").into_owned();
        found.push((name, text));
    }
    let expected = [("passwd", "one"), ("evil.txt", "two"), ("été.txt", "trois")];
    assert_eq!(found, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    let part = get_with(&mut ben, &places[3], (header::RANGE, "bytes=0-3")).await;
    assert_eq!(part.body, b"PK\x03\x04");
}

#[tokio::test]
async fn who_bought_a_file_gets_the_one_that_took_its_place() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Notes", "0.20").file("files", "notes.txt", b"first");
    let (work, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let place = downloads(&take(&mut ben, &slug).await).remove(0);
    let first = ben.get(&place).await;
    let file = place.split('/').next_back().expect("an id");
    let replace = format!("/works/{work}/files/{file}/replace");
    let sent =
        Form::default().file("file", "notes-2.txt", b"second").send(&mut ada, &replace).await;
    assert_eq!(sent.location(), format!("/works/{work}?saved"));
    let now = ben.get(&place).await;
    assert_eq!(now.body, b"second");
    assert_eq!(now.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"notes-2.txt\"");
    assert_ne!(first.headers[header::ETAG], now.headers[header::ETAG]);
    let nothing = Form::default().part(b"name=\"file\"; filename=\"\"", b"");
    let refused = nothing.send(&mut ada, &replace).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("id=\"wrong-file\""), "{}", refused.text());
    let removed = ada.post(&format!("/works/{work}/files/{file}/remove"), &[]).await;
    assert_eq!(removed.status, StatusCode::UNPROCESSABLE_ENTITY, "it is the last one");
    assert_eq!(ben.get(&place).await.body, b"second");
}

#[tokio::test]
async fn who_has_a_work_keeps_it_when_it_goes_off_sale() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Notes", "0.20").file("files", "notes.txt", b"first");
    let (work, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let place = downloads(&take(&mut ben, &slug).await).remove(0);
    let off = ada.post(&format!("/works/{work}/unpublish"), &[]).await;
    assert_eq!(off.location(), format!("/works/{work}?unpublished"));
    assert_eq!(ben.get(&place).await.body, b"first");
    let mut cleo = shop.browser();
    let page = cleo.get(&format!("/l/{slug}")).await.text();
    assert!(page.contains("Not on sale") && !page.contains("/buy\""), "{page}");
    let purchase = shop.app.mint.purchase().to_string();
    let fields = [("purchase", purchase.as_str()), ("price", "0.20")];
    assert_eq!(cleo.post(&format!("/l/{slug}/buy"), &fields).await.status, StatusCode::GONE);
    assert!(!cleo.get("/").await.text().contains("Notes"));
    let on = ada.post(&format!("/works/{work}/publish"), &[]).await;
    assert_eq!(on.location(), format!("/works/{work}?published"));
    assert!(cleo.get("/").await.text().contains("Notes"));
}

#[tokio::test]
async fn a_refused_form_comes_back_with_everything_in_it() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let wrong = Form::selling("Night \"bus\"", "-1")
        .text("article", "It is <late>.")
        .file("files", "bus.txt", b"the bus")
        .file("cover", "cover.png", &png(40, 30))
        .text("publish", "yes");
    let refused = wrong.send(&mut ada, "/works").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text();
    for kept in [
        "value=\"Night &#34;bus&#34;\"",
        "It is &#60;late&#62;.",
        "id=\"wrong-price\"",
        "value=\"-1\" inputmode=\"decimal\" autocomplete=\"off\" aria-invalid=\"true\"",
        "bus.txt",
        "cover.png",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
    let (upload, cover) = (refused.hidden("upload"), refused.hidden("cover_upload"));
    let again = Form::selling("Night bus", "0.20").text("upload", &upload);
    let again = again.text("cover_upload", &cover).text("work", &refused.hidden("work"));
    let (work, slug) = sell(&shop, &mut ada, again).await;
    assert_eq!(work, refused.hidden("work"));
    let mut ben = shop.browser();
    let place = downloads(&take(&mut ben, &slug).await).remove(0);
    assert_eq!(ben.get(&place).await.body, b"the bus");
    assert!(ben.get("/").await.text().contains("class=\"cover\""));
}

#[tokio::test]
async fn a_price_that_cannot_be_is_refused_with_its_field() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    ada.html = false;
    for (fields, field, code) in [
        ([("pricing", "fixed"), ("price", "-0.20")], "price", "amount.invalid"),
        ([("pricing", "fixed"), ("price", "0.009")], "price", "price.too_low"),
        ([("pricing", "fixed"), ("price", "1000.000001")], "price", "price.too_high"),
        ([("pricing", "fixed"), ("price", "9e9")], "price", "amount.invalid"),
        ([("pricing", "choose"), ("minimum", "-1")], "minimum", "amount.invalid"),
        ([("pricing", "choose"), ("suggestion", "x")], "suggestion", "amount.invalid"),
    ] {
        let [first, second] = fields;
        let sent = [("title", "A"), ("article", "Text."), ("publish", "yes"), first, second];
        let refused = ada.post("/works", &sent).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text());
        assert_eq!(
            (&refused.json()["field"], &refused.json()["code"]),
            (&field.into(), &code.into())
        );
    }
    let empty =
        ada.post("/works", &[("title", "A"), ("pricing", "free"), ("publish", "yes")]).await;
    assert_eq!(empty.json()["code"], "work.empty");
    assert!(shop.browser().get("/").await.text().contains("Nothing on the shelves yet"));
}

#[tokio::test]
async fn a_reader_chooses_the_price_or_takes_a_gift() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let chosen = Form::default().text("title", "Song").text("pricing", "choose");
    let chosen = chosen.text("minimum", "0,10").text("suggestion", "0,50").text("article", "La.");
    let (_, slug) = sell(&shop, &mut ada, chosen).await;
    let mut ben = shop.program();
    let page = ben.get(&format!("/l/{slug}")).await;
    for label in ["Pay €0.10", "Pay €0.50", "Pay €1.00"] {
        assert!(page.text().contains(label), "{}", page.text());
    }
    let purchase = page.hidden("purchase");
    let path = format!("/l/{slug}/buy");
    let less = [("purchase", purchase.as_str()), ("price", "0.10"), ("amount", "0.09")];
    assert_eq!(ben.post(&path, &less).await.json()["code"], "price.below_minimum");
    let more = [("purchase", purchase.as_str()), ("price", "0.10"), ("amount", "0,70")];
    assert_eq!(ben.post(&path, &more).await.json()["total"]["amount"], "0.700000");
    let gift = Form::default().text("title", "Poem").text("pricing", "free").text("article", "Lo.");
    let (_, slug) = sell(&shop, &mut ada, gift).await;
    let taken = ben.tap(&slug).await.json();
    assert_eq!(
        (&taken["status"], &taken["total"]["amount"]),
        (&"bought".into(), &"0.700000".into())
    );
}

#[tokio::test]
async fn malformed_text_is_refused_and_named() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    ada.html = false;
    let title = Form::default().bytes("title", b"Caf\xe9").send(&mut ada, "/works").await;
    assert_eq!((title.status, &title.json()["field"]), (StatusCode::BAD_REQUEST, &"title".into()));
    let name = Form::selling("A", "0.20").part(b"name=\"files\"; filename=\"caf\xe9.txt\"", b"x");
    let name = name.send(&mut ada, "/works").await;
    assert_eq!((name.status, &name.json()["field"]), (StatusCode::BAD_REQUEST, &"files".into()));
    let nameless = Form::default().part(b"x=\"y\"", b"z").send(&mut ada, "/works").await;
    assert_eq!(nameless.json()["code"], "request.malformed");
    let torn = Request::post("/works")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body("--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA".into());
    let torn = ada.send(torn.expect("a request")).await;
    assert_eq!(
        (torn.status, &torn.json()["code"]),
        (StatusCode::BAD_REQUEST, &"request.malformed".into())
    );
}

#[tokio::test]
async fn a_field_that_is_too_long_is_refused_and_named() {
    let shop = TestApp::with(&[("upload.max_bytes", "1000")]);
    let (_, mut ada) = shop.ada().await;
    ada.html = false;
    let novel = "word ".repeat(600_000);
    let article = Form::selling("A", "0.20").text("article", &novel).send(&mut ada, "/works").await;
    assert_eq!(article.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(article.json()["field"], "article");
    let title = Form::selling(&"x".repeat(201), "0.20").text("article", "A.");
    assert_eq!(title.send(&mut ada, "/works").await.json()["field"], "title");
    let crowd = (0..1_100).fold(Form::default(), |form, _| form.text("upload", "x"));
    assert_eq!(crowd.send(&mut ada, "/works").await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let file = Form::selling("A", "0.20").file("files", "long.bin", &[7; 1_001]);
    let file = file.text("article", "A.").send(&mut ada, "/works").await.json();
    assert_eq!((&file["code"], &file["field"]), (&"upload.too_large".into(), &"files".into()));
    assert!(file["detail"].as_str().expect("text").contains("1\u{a0}kB"), "{file}");
}

#[tokio::test]
async fn nobody_else_sees_or_changes_a_work() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Notes", "0.20").file("files", "notes.txt", b"first");
    let (work, _) = sell(&shop, &mut ada, form).await;
    let id = work.parse().expect("an id");
    let before = whole(&shop.app, id).await.expect("there");
    let file = before.files[0].id;
    let (_, mut zoe) = shop.author("Zoe").await;
    let (mut olu, mut ben) = (shop.olu().await, shop.browser());
    for path in [
        format!("/works/{work}"),
        format!("/works/{work}/publish"),
        format!("/works/{work}/unpublish"),
        format!("/works/{work}/files/{file}/replace"),
        format!("/works/{work}/files/{file}/remove"),
        format!("/works/{work}/links"),
    ] {
        let change =
            || Form::selling("Mine", "0.20").text("channel", "mine").file("file", "a.txt", b"mine");
        let post = async |who: &mut Browser<'_>| {
            if path.ends_with("/links") {
                return who.post(&path, &[("channel", "mine")]).await.status;
            }
            change().send(who, &path).await.status
        };
        assert_eq!(post(&mut zoe).await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(post(&mut olu).await, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(post(&mut ben).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in [format!("/works/{work}"), format!("/works/{work}/share")] {
        assert_eq!(zoe.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(ben.get(&path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(zoe.get("/works/wrk_0000000000001").await.status, StatusCode::NOT_FOUND);
    assert_eq!(zoe.get("/works/nothing").await.status, StatusCode::NOT_FOUND);
    let after = whole(&shop.app, id).await.expect("there");
    assert_eq!((before.work, before.files), (after.work, after.files));
}

#[tokio::test]
async fn a_draft_is_for_its_author_alone() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Secret", "0.20").file("files", "grey.png", &png(900, 600));
    let kept = form.text("publish", "no").send(&mut ada, "/works").await;
    let work = work_in(&kept);
    assert_eq!(kept.location(), format!("/works/{work}?saved"));
    let managed = ada.get(&kept.location()).await.text();
    assert!(managed.contains("Draft: only you can see it"), "{managed}");
    let slug = managed.split("href=\"/l/").nth(1).expect("a link").split('"').next().expect("it");
    let page = ada.get(&format!("/l/{slug}")).await;
    assert!(page.text().contains("This is your work") && page.text().contains("Secret"));
    let picture = page.text().split("class=\"picture\" src=\"").nth(1).expect("it").to_owned();
    let picture = picture.split('"').next().expect("its end");
    let seen = ada.get(picture).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(seen.headers[header::CACHE_CONTROL], "private, no-cache, no-transform");
    let (_, mut zoe) = shop.author("Zoe").await;
    for path in [
        format!("/l/{slug}"),
        format!("/embed/{slug}"),
        format!("/oembed?url={}/l/{slug}", shop.app.settings.url),
        format!("/l/{slug}/qr.svg"),
        picture.to_owned(),
    ] {
        assert_eq!(zoe.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(shop.browser().get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!zoe.get("/").await.text().contains("Secret"));
    assert_eq!(ada.get(&format!("/works/{work}/share")).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_a_browser_would_run_is_only_saved() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let script: &[u8] = b"<!doctype html><script>alert(1)</script>";
    let drawing: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let pixels = png(20, 20);
    let form = Form::selling("Traps", "0.20")
        .file("files", "page.html", script)
        .file("files", "drawing.svg", drawing)
        .file("files", "page.txt", script)
        .file("files", "pixels.html", &pixels)
        .file("files", "code.js", b"alert(1)")
        .file("files", "pixels.png", &pixels);
    let (_, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let places = downloads(&take(&mut ben, &slug).await);
    for place in &places[..5] {
        let file = ben.get(place).await;
        let kind = file.headers[header::CONTENT_TYPE].to_str().expect("text").to_owned();
        let shown = ["application/octet-stream", "text/plain; charset=utf-8"];
        assert!(shown.contains(&kind.as_str()), "{place} is {kind}");
        let saved = file.headers[header::CONTENT_DISPOSITION].to_str().expect("text");
        assert!(saved.starts_with("attachment"), "{place}: {saved}");
        assert_eq!(file.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let policy = file.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
    }
    let picture = ben.get(&places[5]).await;
    assert_eq!(picture.headers[header::CONTENT_TYPE], "image/png");
    assert!(
        picture.headers[header::CONTENT_DISPOSITION].to_str().expect("text").starts_with("inline")
    );
    let saved = ben.get(&format!("{}?save", places[5])).await;
    assert!(
        saved.headers[header::CONTENT_DISPOSITION]
            .to_str()
            .expect("text")
            .starts_with("attachment")
    );
}

#[tokio::test]
async fn a_file_that_is_gone_undoes_the_line_and_the_reader_is_told() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Notes", "0.20").file("files", "notes.txt", b"first");
    let (work, slug) = sell(&shop, &mut ada, form).await;
    let (mut ben, mut cleo) = (shop.browser(), shop.browser());
    let place = downloads(&take(&mut ben, &slug).await).remove(0);
    take(&mut cleo, &slug).await;
    let files = whole(&shop.app, work.parse().expect("an id")).await.expect("there").files;
    let path = shop.file_path(&files[0].storage_key);
    std::fs::remove_file(path).expect("removed");
    let lost = ben.get(&place).await;
    assert_eq!(lost.status, StatusCode::SEE_OTHER, "{}", lost.text());
    let tab = ben.get(&lost.location()).await.text();
    assert!(tab.contains("A file of “Notes” is missing, so we undid your line."), "{tab}");
    assert!(tab.contains("€0.00"), "{tab}");
    assert_eq!(ben.get(&format!("/w/{work}")).await.status, StatusCode::FORBIDDEN);
    cleo.html = false;
    let lost = cleo.get(&place).await;
    assert_eq!((lost.status, &lost.json()["code"]), (StatusCode::GONE, &"file.lost".into()));
    let gains = ada.get("/gains?period=all").await.text();
    assert!(gains.contains("data-gain=\"pending\">€0.00"), "{gains}");
}

#[tokio::test]
async fn a_picture_is_seen_before_it_is_bought_and_never_whole() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Plate 12", "0.50").file("files", "plate.png", &png(1_600, 800));
    let (_, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let page = ben.get(&format!("/l/{slug}")).await.text();
    assert!(page.contains("width=\"800\" height=\"400\""), "{page}");
    let image = page.split("property=\"og:image\" content=\"").nth(1).expect("an image");
    let image = image.split('"').next().expect("its end");
    let place = image.strip_prefix(shop.app.settings.url.as_str()).expect("a path of the shop");
    let preview = ben.get(place).await;
    assert_eq!(preview.headers[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(preview.headers[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let front = ben.get("/").await.text();
    let small = front.split("class=\"cover\" src=\"").nth(1).expect("a cover");
    let small = ben.get(small.split('"').next().expect("its end")).await.body;
    let pixels = image::load_from_memory(&small).expect("a picture");
    assert_eq!((pixels.width(), pixels.height()), (288, 144));
}

#[tokio::test]
async fn a_picture_that_cannot_be_read_is_sold_all_the_same_but_is_no_cover() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let broken = &png(600, 600)[..200];
    let form = Form::selling("Broken", "0.20").file("files", "bomb.png", &bomb());
    let (_, slug) = sell(&shop, &mut ada, form.file("files", "broken.png", broken)).await;
    let mut ben = shop.browser();
    let page = ben.get(&format!("/l/{slug}")).await.text();
    assert!(page.contains("bomb.png") && !page.contains("class=\"picture\""), "{page}");
    let places = downloads(&take(&mut ben, &slug).await);
    assert_eq!(ben.get(&places[0]).await.body, bomb());
    for (name, bytes) in [("bomb.png", bomb()), ("text.png", b"no pixels".to_vec())] {
        let form =
            Form::selling("Covered", "0.20").text("article", "A.").file("cover", name, &bytes);
        let refused = form.send(&mut ada, "/works").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("id=\"wrong-cover\""), "{}", refused.text());
    }
}

#[tokio::test]
async fn a_cover_is_put_changed_and_taken_away() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Covered", "0.20").text("article", "A.");
    let (work, slug) = sell(&shop, &mut ada, form.file("cover", "a.png", &png(1_500, 900))).await;
    let id = work.parse().expect("an id");
    let cover = async || whole(&shop.app, id).await.expect("there").work.cover_key;
    let first = cover().await.expect("a cover");
    let path = format!("/works/{work}");
    let change = || Form::selling("Covered", "0.20").text("article", "A.");
    change().send(&mut ada, &path).await;
    assert_eq!(cover().await.as_deref(), Some(first.as_str()), "it stays when nothing is said");
    change().file("cover", "b.png", &png(700, 700)).send(&mut ada, &path).await;
    assert_ne!(cover().await.as_deref(), Some(first.as_str()));
    let old = shop.browser().get(&format!("/l/{slug}/preview/{first}")).await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
    change().text("cover_remove", "yes").send(&mut ada, &path).await;
    assert_eq!(cover().await, None);
    let version = whole(&shop.app, id).await.expect("there").work.version;
    assert_eq!(version, 1, "a cover is not what is sold");
}

#[tokio::test]
async fn the_first_half_minute_of_a_song_is_heard_before_it_is_bought() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Song", "0.40").file("files", "song.wav", &wav(187));
    let (_, slug) = sell(&shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let page = ben.get(&format!("/l/{slug}")).await.text();
    assert!(
        page.contains("Audio · 3:07") && page.contains("Listen to the first 30\u{a0}seconds"),
        "{page}"
    );
    let sample = page.split("<audio controls preload=\"none\" src=\"").nth(1).expect("a sample");
    let sample = ben.get(sample.split('"').next().expect("its end")).await;
    assert_eq!(sample.headers[header::CONTENT_TYPE], "audio/wav");
    assert_eq!(sample.body.len(), 44 + 30 * 8_000);
    let content = take(&mut ben, &slug).await;
    assert!(content.text().contains("<audio controls"), "{}", content.text());
    let song = downloads(&content).remove(0);
    let part = get_with(&mut ben, &song, (header::RANGE, "bytes=0-99")).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    let short = Form::selling("Jingle", "0.10").file("files", "jingle.wav", &wav(9));
    let (_, slug) = sell(&shop, &mut ada, short).await;
    let page = ben.get(&format!("/l/{slug}")).await.text();
    assert!(page.contains("Listen to the first 4\u{a0}seconds"), "never the whole of it: {page}");
}

#[tokio::test]
async fn a_link_for_a_channel_counts_as_that_channel() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let (work, _) =
        sell(&shop, &mut ada, Form::selling("Notes", "0.24").text("article", "A.")).await;
    let path = format!("/works/{work}/links");
    ada.html = false;
    let made = ada.post(&path, &[("channel", " Poster-2 ")]).await.json();
    assert_eq!(made["channel"], "poster-2");
    assert_eq!(ada.post(&path, &[("channel", "poster-2")]).await.json(), made);
    for wrong in ["", "à-côté", "a b", &"x".repeat(33)] {
        let refused = ada.post(&path, &[("channel", wrong)]).await.json();
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&"field.invalid".into(), &"channel".into())
        );
    }
    ada.html = true;
    let url = made["url"].as_str().expect("text");
    let slug = url.split("/l/").nth(1).expect("a slug");
    shop.browser().tap(slug).await;
    let gains = ada.get("/gains?period=all").await.text();
    let channels = gains.split("class=\"funnel\"").nth(1).unwrap_or(&gains);
    assert!(channels.contains("poster-2"), "{gains}");
    let managed = ada.get(&format!("/works/{work}")).await.text();
    let row = managed.split("<strong>poster-2</strong>").nth(1).expect("a row of its own");
    assert!(row.contains("1\u{a0}visit") && row.contains("1\u{a0}kept"), "{row}");
}

#[tokio::test]
async fn what_is_kept_of_a_price_is_told_before_publishing() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let page = ada.get("/sell?price=0.20").await.text();
    // By card: 20 − (0.30 + 25) cents is nothing; on a tab of €5: 20 − 0.3 − 1.
    for kept in
        ["<td class=\"sum\">€0.00</td>", "<td class=\"sum\">€0.187</td>", "22\u{a0}November 2026"]
    {
        assert!(page.contains(kept), "{kept} is not in {page}");
    }
    let form = Form::selling("Night bus", "2,00").text("article", "Late.").text("publish", "count");
    let counted = form.file("files", "bus.txt", b"the bus").send(&mut ada, "/works").await;
    assert_eq!(counted.status, StatusCode::OK);
    let text = counted.text();
    assert!(text.contains("<output>€2.00</output>") && text.contains("bus.txt"), "{text}");
    assert!(!text.contains("aria-invalid"), "{text}");
    assert!(!ada.get("/works").await.text().contains("Night bus"));
    let (work, _) =
        sell(&shop, &mut ada, Form::selling("Poem", "0.20").text("article", "A.")).await;
    let path = format!("/works/{work}");
    let form = Form::selling("Poem", "3.00").text("article", "B.").text("publish", "count");
    let counted = form.send(&mut ada, &path).await;
    assert!(counted.text().contains("<output>€3.00</output>"), "{}", counted.text());
    assert!(ada.get(&path).await.text().contains("<output>€0.20</output>"), "nothing was saved");
}

#[tokio::test]
async fn a_form_sent_twice_at_once_makes_one_work() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let id = ada.get("/sell").await.hidden("work");
    let form = || Form::selling("Once", "0.20").text("article", "A.").text("work", &id);
    let (mut one, mut two) = (ada.clone(), ada.clone());
    let (first, second) =
        tokio::join!(form().send(&mut one, "/works"), form().send(&mut two, "/works"));
    assert_eq!(first.location(), second.location());
    assert_eq!(ada.get("/works").await.text().matches(">Once</a>").count(), 1);
    let other = ada.get("/sell").await.hidden("work");
    let files = || Form::selling("Files", "0.20").text("work", &other).file("files", "a.txt", b"a");
    let (first_of_files, second_of_files) =
        tokio::join!(files().send(&mut one, "/works"), files().send(&mut two, "/works"));
    assert_eq!(first_of_files.location(), second_of_files.location(), "also when files came twice");
    let changed = Form::selling("Files", "0.20").text("work", &other).file("files", "a.txt", b"b");
    let changed = changed.send(&mut ada, "/works").await;
    assert_ne!(changed.location(), first_of_files.location(), "another file is another work");
    let (_, mut zoe) = shop.author("Zoe").await;
    let taken = form().send(&mut zoe, "/works").await;
    assert_ne!(taken.location(), first.location(), "an id of somebody else is not taken over");
    let old = Form::selling("Old", "0.20").text("article", "A.").text("work", "wrk_0000000000001");
    let old = old.send(&mut ada, "/works").await;
    assert!(!old.location().contains("wrk_0000000000001"), "an id from nowhere is not used");
}

#[tokio::test]
async fn a_name_that_cannot_be_comes_back_and_the_invitation_still_works() {
    let shop = TestApp::open();
    let (_, link) = ardoise::people::invite_author(&shop.app, "Ada").await.expect("invited");
    let path = link.strip_prefix(&shop.app.settings.url).expect("a link of the shop");
    let mut ada = shop.browser();
    for name in ["", "  ", &"x".repeat(121)] {
        let refused = ada.post(path, &[("name", name)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("id=\"wrong-name\">A name has 1 to 120 characters."));
    }
    assert_eq!(ada.post(path, &[("name", "Ada")]).await.location(), "/sell");
    assert_eq!(ada.post(path, &[("name", "")]).await.status, StatusCode::GONE, "once");
}
