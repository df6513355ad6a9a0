//! Ada sells what is kept in a bucket, and Ben reads it.

use crate::bucket::{self, settings};
use crate::forms::{Form, png, wav};
use crate::selling::{downloads, get_with, sell, take};
use crate::shop::{Browser, TestApp};
use ardoise::works::uploads;
use ardoise::works::whole;
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};
use std::convert::Infallible;

const STORY: &[u8] = b"once upon a time";

/// Ada sells one file; Ben has bought it. Answers where it is downloaded, and its key.
async fn bought<'a>(shop: &'a TestApp) -> (Browser<'a>, String, String) {
    let (_, mut ada) = shop.ada().await;
    let form = Form::selling("Story", "0.20").file("files", "story.txt", STORY);
    let (work, slug) = sell(shop, &mut ada, form).await;
    let mut ben = shop.browser();
    let place = downloads(&take(&mut ben, &slug).await).remove(0);
    let files = whole(&shop.app, work.parse().expect("an id")).await.expect("there").files;
    (ben, place, files[0].storage_key.clone())
}

#[tokio::test]
async fn what_is_in_a_bucket_is_sold_and_read_in_parts() {
    let (files, endpoint) = (bucket::fresh(), bucket::endpoint());
    let shop = TestApp::with(&settings(&files, &endpoint));
    let (mut ben, place, key) = bought(&shop).await;
    assert!(!shop.file_path(&key).exists(), "nothing stays on this machine");
    let all = ben.get(&place).await;
    assert_eq!((all.status, all.body.as_slice()), (StatusCode::OK, STORY));
    assert_eq!(all.headers[header::CONTENT_DISPOSITION], "attachment; filename=\"story.txt\"");
    let part = get_with(&mut ben, &place, (header::RANGE, "bytes=5-8")).await;
    assert_eq!((part.status, part.text().as_str()), (StatusCode::PARTIAL_CONTENT, "upon"));
    assert_eq!(part.headers[header::CONTENT_RANGE], "bytes 5-8/16");
    let beyond = get_with(&mut ben, &place, (header::RANGE, "bytes=16-")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let (work, _) = place.split_once("/files/").expect("a work");
    let archive = ben.get(&format!("{work}/zip")).await;
    assert_eq!(archive.status, StatusCode::OK);
    assert!(archive.body.windows(STORY.len()).any(|window| window == STORY));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_and_sound_in_a_bucket_are_seen_and_heard_before_they_are_bought() {
    let (files, endpoint) = (bucket::fresh(), bucket::endpoint());
    let shop = TestApp::with(&settings(&files, &endpoint));
    let (_, mut ada) = shop.ada().await;
    for (name, content, shown) in
        [("plate.png", png(1_600, 800), "image/jpeg"), ("song.wav", wav(40), "audio/wav")]
    {
        let form = Form::selling(name, "0.50").file("files", name, &content);
        let (_, slug) = sell(&shop, &mut ada, form).await;
        let mut ben = shop.browser();
        let page = ben.get(&format!("/l/{slug}")).await.text();
        let rest = page.split(&format!("\"/l/{slug}/preview/")).nth(1).expect("a preview");
        let key = rest.split('"').next().expect("its end");
        let preview = ben.get(&format!("/l/{slug}/preview/{key}")).await;
        assert_eq!(preview.status, StatusCode::OK, "{name}");
        assert_eq!(preview.headers[header::CONTENT_TYPE], shown);
    }
}

#[tokio::test]
async fn a_file_that_is_gone_from_the_bucket_undoes_its_line() {
    let (files, endpoint) = (bucket::fresh(), bucket::endpoint());
    let shop = TestApp::with(&settings(&files, &endpoint));
    let (mut ben, place, key) = bought(&shop).await;
    shop.app.files.remove(&key).await.expect("removed");
    let lost = ben.get(&place).await;
    assert_eq!(lost.status, StatusCode::SEE_OTHER, "{}", lost.text());
    let tab = ben.get(&lost.location()).await.text();
    assert!(tab.contains("A file of “Story” is missing, so we undid your line."), "{tab}");
}

#[tokio::test]
async fn while_the_bucket_is_out_of_reach_readers_are_told_to_wait_and_keep_their_lines() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    // A door in front of the real server, which is closed later.
    let door = open_door(listener);
    let files = bucket::fresh();
    let shop = TestApp::with(&settings(&files, &endpoint));
    let (mut ben, place, key) = bought(&shop).await;
    assert_eq!(ben.get(&place).await.status, StatusCode::OK);
    door.abort();
    assert!(door.await.expect_err("closed").is_cancelled());
    let (work, _) = place.split_once("/files/").expect("a work");
    for path in [place.clone(), format!("{work}/zip")] {
        ben.html = false;
        let answer = ben.get(&path).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.json()["code"], "file.unavailable");
        assert!(answer.headers.contains_key(header::RETRY_AFTER));
        ben.html = true;
        let page = ben.get(&path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(page.text().contains("Try again in a moment"), "{}", page.text());
    }
    let tab = ben.get("/tab").await.text();
    assert!(tab.contains("€0.20") && !tab.contains("is missing"), "{tab}");
    let (zoe, _) = shop.author("Zoe").await;
    let content = stream::iter([Ok::<_, Infallible>(Bytes::from_static(STORY))]);
    let refused = uploads::receive(&shop.app, zoe, "a.txt", u64::MAX, content).await;
    let refused = refused.expect_err("nobody can keep it");
    assert_eq!((refused.kind.code, refused.retry_after), ("file.unavailable", Some(5)));
    assert!(shop.app.files.has(&key).await.is_err());
}

#[tokio::test]
async fn a_shop_whose_files_are_elsewhere_does_not_open() {
    let (files, endpoint) = (bucket::fresh(), bucket::endpoint());
    let shop = TestApp::with(&settings(&files, &endpoint));
    shop.app.look_for_files().await.expect("a new shop has no files to look for");
    let (_, _, key) = bought(&shop).await;
    shop.app.look_for_files().await.expect("they are there");
    shop.app.files.remove(&key).await.expect("removed");
    let refused = shop.app.look_for_files().await.expect_err("none of them is there");
    assert!(refused.to_string().contains(&files), "{refused}");
}

/// Carries connections to the real server until it is aborted, and then those that are open, too, are gone.
fn open_door(listener: std::net::TcpListener) -> tokio::task::JoinHandle<()> {
    listener.set_nonblocking(true).expect("set");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let real = bucket::endpoint();
    let real = real.strip_prefix("http://").expect("an address").to_owned();
    tokio::spawn(async move {
        let mut carried = tokio::task::JoinSet::new();
        while let Ok((mut one, _)) = listener.accept().await {
            let real = real.clone();
            carried.spawn(async move {
                let mut other = tokio::net::TcpStream::connect(real).await.expect("connected");
                let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
            });
        }
    })
}
