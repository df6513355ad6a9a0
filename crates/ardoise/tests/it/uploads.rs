//! Ada's files on their way in: resumed, refused, cleared away.

use crate::forms::Form;
use crate::shop::{Answer, Browser, TestApp};
use ardoise::store::upload;
use ardoise::works::{janitor, uploads};
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, StatusCode};
use ledger::UploadId;

/// A request of the protocol with these headers.
async fn tus(
    browser: &mut Browser<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("tus-resumable", "1.0.0");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request.body(body).expect("a request")).await
}

/// Announces a file called `name`; answers where it is sent.
async fn announce(ada: &mut Browser<'_>, name: &str, size: usize) -> String {
    use base64::Engine as _;
    let name = base64::engine::general_purpose::STANDARD.encode(name);
    let (length, metadata) = (size.to_string(), format!("filename {name},filetype dGV4dA=="));
    let headers = [("upload-length", length.as_str()), ("upload-metadata", metadata.as_str())];
    let made = tus(ada, Method::POST, "/uploads", &headers, Body::empty()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(made.headers["tus-resumable"], "1.0.0");
    made.location()
}

async fn send(ada: &mut Browser<'_>, place: &str, offset: usize, body: Body) -> Answer {
    let offset = offset.to_string();
    let headers =
        [("upload-offset", offset.as_str()), ("content-type", "application/offset+octet-stream")];
    tus(ada, Method::PATCH, place, &headers, body).await
}

async fn ask(ada: &mut Browser<'_>, place: &str) -> Answer {
    tus(ada, Method::HEAD, place, &[], Body::empty()).await
}

fn id(place: &str) -> UploadId {
    place.strip_prefix("/uploads/").expect("an upload").parse().expect("an id")
}

/// Files in the file store, whole or not.
fn files_on_disk(shop: &TestApp) -> usize {
    let mut folders = vec![shop.folder.path().join("files")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { count += 1 }
        }
    }
    count
}

#[tokio::test]
async fn a_file_sent_in_pieces_is_what_ben_gets() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let place = announce(&mut ada, "../tide\u{202e}s.bin", 10).await;
    let first = send(&mut ada, &place, 0, "high".into()).await;
    assert_eq!(
        (first.status, &first.headers["upload-offset"]),
        (StatusCode::NO_CONTENT, &"4".parse().expect("a header"))
    );
    let asked = ask(&mut ada, &place).await;
    assert_eq!(
        (asked.headers["upload-offset"].as_bytes(), asked.headers["upload-length"].as_bytes()),
        (&b"4"[..], &b"10"[..])
    );
    assert_eq!(asked.headers["cache-control"], "no-store");
    assert_eq!(asked.headers["upload-expires"], "Tue, 24 Nov 2026 12:00:00 GMT");
    assert!(asked.headers["upload-metadata"].to_str().expect("text").starts_with("filename "));
    let last = send(&mut ada, &place, 4, " + low".into()).await;
    assert_eq!(last.headers["upload-offset"], "10");
    assert_eq!(ask(&mut ada, &place).await.headers["upload-offset"], "10");
    let form = Form::selling("Tides", "0.20").text("upload", &id(&place).to_string());
    let sent = form.send(&mut ada, "/works").await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(ask(&mut ada, &place).await.status, StatusCode::NOT_FOUND, "a work has it now");
    let front = shop.browser().get("/").await.text();
    let slug = front.split("href=\"/l/").nth(1).expect("a link").split('"').next().expect("a slug");
    let mut ben = shop.browser();
    let content = ben.tap(slug).await.location();
    let page = ben.get(&content).await.text();
    assert!(page.contains("tides.bin"), "{page}");
    let file = page.split(&format!("{content}/files/")).nth(1).expect("a file").split('"').next();
    let file = ben.get(&format!("{content}/files/{}", file.expect("an id"))).await;
    assert_eq!(file.body, b"high + low");
}

#[tokio::test]
async fn what_came_before_the_connection_broke_is_kept() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let place = announce(&mut ada, "a.txt", 8).await;
    let broken = stream::iter([
        Ok(Bytes::from_static(b"half")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    let broken = send(&mut ada, &place, 0, Body::from_stream(broken)).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert_eq!(ask(&mut ada, &place).await.headers["upload-offset"], "4");
    let elsewhere = send(&mut ada, &place, 0, "whole...".into()).await;
    assert_eq!(elsewhere.status, StatusCode::CONFLICT);
    assert_eq!(elsewhere.headers["tus-resumable"], "1.0.0");
    assert_eq!(send(&mut ada, &place, 4, "half".into()).await.headers["upload-offset"], "8");
    let again = send(&mut ada, &place, 8, Body::empty()).await;
    assert_eq!(again.headers["upload-offset"], "8", "asked again, answered again");
}

#[tokio::test]
async fn an_upload_whose_last_piece_came_before_a_crash_is_finished_when_asked_for() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    for finished_file in [false, true] {
        let place = announce(&mut ada, "a.txt", 4).await;
        let key = id(&place).to_string();
        let bytes = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from_static(b"text"))]);
        shop.app.files.append(&key, 0, bytes, 4).await.expect("appended");
        if finished_file {
            shop.app.files.finish(&key).await.expect("moved");
        }
        assert_eq!(ask(&mut ada, &place).await.headers["upload-offset"], "4");
        let stored = shop.app.store.read(|db| upload::by_id(db, id(&place))).await.expect("read");
        assert!(stored.expect("there").stored.is_some());
    }
}

#[tokio::test]
async fn only_who_began_an_upload_goes_on_with_it() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let (_, mut zoe) = shop.author("Zoe").await;
    let place = announce(&mut ada, "a.txt", 4).await;
    let forged = ["upl_0000000000001", "upl_zzzzzzzzzzzzz", "..%2f..%2fetc", "tab_0000000000001"];
    let places = forged.iter().map(|id| format!("/uploads/{id}"));
    for path in places.chain([place.clone()]) {
        assert_eq!(ask(&mut zoe, &path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(send(&mut zoe, &path, 0, "evil".into()).await.status, StatusCode::NOT_FOUND);
        let gone = tus(&mut zoe, Method::DELETE, &path, &[], Body::empty()).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        assert_eq!(ask(&mut shop.browser(), &path).await.status, StatusCode::UNAUTHORIZED);
    }
    let mut olu = shop.olu().await;
    assert_eq!(ask(&mut olu, &place).await.status, StatusCode::FORBIDDEN);
    send(&mut ada, &place, 0, "mine".into()).await;
    for upload in [id(&place).to_string(), "upl_0000000000001".into(), "nonsense".into()] {
        let stolen = Form::selling("Stolen", "0.20").text("article", "A.").text("upload", &upload);
        let refused = stolen.send(&mut zoe, "/works").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{upload}");
        assert!(refused.text().contains("id=\"wrong-files\""), "{}", refused.text());
    }
    assert_eq!(ask(&mut ada, &place).await.headers["upload-offset"], "4");
}

#[tokio::test]
async fn a_request_that_does_not_keep_the_protocol_is_refused() {
    let shop = TestApp::with(&[("upload.max_bytes", "1000")]);
    let (_, mut ada) = shop.ada().await;
    ada.html = false;
    let described = tus(&mut ada, Method::OPTIONS, "/uploads", &[], Body::empty()).await;
    assert_eq!(described.status, StatusCode::NO_CONTENT);
    assert_eq!(described.headers["tus-version"], "1.0.0");
    assert_eq!(described.headers["tus-max-size"], "1000");
    let extensions = described.headers["tus-extension"].to_str().expect("text").to_owned();
    assert_eq!(extensions, "creation,creation-with-upload,expiration,termination");
    for (headers, code) in [
        (vec![], "request.malformed"),
        (vec![("upload-length", "-1")], "request.malformed"),
        (vec![("upload-length", "+1")], "request.malformed"),
        (vec![("upload-length", "99999999999999999999")], "request.malformed"),
        (vec![("upload-length", "1001")], "upload.too_large"),
        (vec![("upload-length", "1"), ("upload-metadata", "filename ???")], "request.malformed"),
    ] {
        let refused = tus(&mut ada, Method::POST, "/uploads", &headers, Body::empty()).await;
        assert_eq!(refused.json()["code"], code, "{headers:?}");
    }
    let old =
        Request::post("/uploads").header("tus-resumable", "0.2.2").header("upload-length", "1");
    let old = ada.send(old.body(Body::empty()).expect("a request")).await;
    assert_eq!(
        (old.status, &old.headers["tus-version"]),
        (StatusCode::PRECONDITION_FAILED, &"1.0.0".parse().expect("a header"))
    );
    let place = announce(&mut ada, "a.txt", 4).await;
    let plain = [("upload-offset", "0"), ("content-type", "text/plain")];
    let plain = tus(&mut ada, Method::PATCH, &place, &plain, "text".into()).await;
    assert_eq!(plain.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let more = send(&mut ada, &place, 0, "too long".into()).await;
    assert_eq!(more.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(ask(&mut ada, &place).await.headers["upload-offset"], "0");
    let instead = [
        ("x-http-method-override", "PATCH"),
        ("upload-offset", "0"),
        ("content-type", "application/offset+octet-stream"),
    ];
    let instead = tus(&mut ada, Method::POST, &place, &instead, "text".into()).await;
    assert_eq!(instead.headers["upload-offset"], "4");
}

#[tokio::test]
async fn an_empty_file_and_one_that_comes_with_its_announcement_are_whole_at_once() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let empty = announce(&mut ada, "empty.txt", 0).await;
    assert_eq!(ask(&mut ada, &empty).await.headers["upload-offset"], "0");
    let headers = [("upload-length", "4"), ("content-type", "application/offset+octet-stream")];
    let made = tus(&mut ada, Method::POST, "/uploads", &headers, "text".into()).await;
    assert_eq!(
        (made.status, &made.headers["upload-offset"]),
        (StatusCode::CREATED, &"4".parse().expect("a header"))
    );
    let form = Form::selling("Both", "0.20").text("upload", &id(&empty).to_string());
    let form = form.text("upload", &id(&made.location()).to_string());
    assert_eq!(form.send(&mut ada, "/works").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_upload_that_nobody_goes_on_with_is_cleared_away() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let half = announce(&mut ada, "half.txt", 8).await;
    send(&mut ada, &half, 0, "half".into()).await;
    let whole = announce(&mut ada, "whole.txt", 4).await;
    send(&mut ada, &whole, 0, "text".into()).await;
    let removed = announce(&mut ada, "removed.txt", 4).await;
    let gone = tus(&mut ada, Method::DELETE, &removed, &[], Body::empty()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(ask(&mut ada, &removed).await.status, StatusCode::NOT_FOUND);
    assert_eq!(files_on_disk(&shop), 2);
    shop.pass_minutes(47 * 60);
    send(&mut ada, &half, 4, "er".into()).await;
    shop.pass_minutes(2 * 60);
    janitor::clear(&shop.app).await.expect("cleared");
    assert_eq!(ask(&mut ada, &half).await.headers["upload-offset"], "6", "it went on lately");
    assert_eq!(ask(&mut ada, &whole).await.status, StatusCode::NOT_FOUND);
    assert_eq!(files_on_disk(&shop), 1);
    shop.pass_days(2);
    assert_eq!(ask(&mut ada, &half).await.status, StatusCode::NOT_FOUND, "its time is over");
    janitor::clear(&shop.app).await.expect("cleared");
    assert_eq!(files_on_disk(&shop), 0);
}

#[tokio::test]
async fn a_refused_file_of_a_form_leaves_nothing_behind() {
    let shop = TestApp::with(&[("upload.max_bytes", "1000")]);
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("A", "0.20").file("files", "long.bin", &[7; 5_000]);
    let form = form.file("files", "short.txt", b"kept").text("article", "A.");
    let refused = form.send(&mut ada, "/works").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("short.txt") && !refused.text().contains("long.bin"));
    assert_eq!(files_on_disk(&shop), 1);
}

#[tokio::test]
async fn a_form_that_breaks_off_leaves_nothing_behind() {
    let shop = TestApp::open();
    let (_, mut ada) = shop.ada().await;
    let start = "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.bin\"\r\n\r\nhalf a file";
    let broken = stream::iter([
        Ok(Bytes::from_static(start.as_bytes())),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    let request = Request::post("/works")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Body::from_stream(broken));
    let answer = ada.send(request.expect("a request")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(files_on_disk(&shop), 0);
}

#[tokio::test]
async fn an_author_has_only_so_many_uploads_waiting() {
    let shop = TestApp::open();
    let (author, mut ada) = shop.ada().await;
    let one = uploads::Announced { name: "a".into(), size: 1, ..Default::default() };
    let begun = uploads::begin(&shop.app, author, one).await.expect("begun");
    let mint = shop.app.mint.clone();
    let crowd = shop.app.store.write(move |db| {
        (1..uploads::WAITING_MOST).try_for_each(|_| {
            let id: UploadId = mint.id();
            upload::insert(db, &upload::Upload { id, storage_key: id.to_string(), ..begun.clone() })
        })
    });
    crowd.await.expect("written");
    ada.html = false;
    let refused =
        tus(&mut ada, Method::POST, "/uploads", &[("upload-length", "1")], Body::empty()).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (StatusCode::TOO_MANY_REQUESTS, &"upload.too_many".into())
    );
    shop.pass_days(3);
    janitor::clear(&shop.app).await.expect("cleared");
    announce(&mut ada, "a.txt", 1).await;
}
