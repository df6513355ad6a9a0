//! Ada’s works change: one transaction for each verb, one version for each content.

use crate::shop::TestApp;
use ardoise::pages::author::{Draft as Typed, Pricing};
use ardoise::store::work::{Kind, State};
use ardoise::store::{upload, work};
use ardoise::works::draft::Draft;
use ardoise::works::parts::Parts;
use ardoise::works::publishing::{self, New};
use ardoise::works::{storage::StorageError, uploads, whole};
use bytes::Bytes;
use futures_util::stream;
use ledger::{AuthorId, UploadId};
use std::convert::Infallible;

/// An upload of `author` that is whole.
async fn uploaded(shop: &TestApp, author: AuthorId, name: &str, bytes: &[u8]) -> UploadId {
    let chunks = stream::iter([Ok::<_, Infallible>(Bytes::copy_from_slice(bytes))]);
    let most = shop.app.settings.upload_max_bytes;
    uploads::receive(&shop.app, author, name, most, chunks).await.expect("received").id
}

fn draft(shop: &TestApp, title: &str, article: &str) -> Draft {
    let typed = Typed {
        title: title.into(),
        pricing: Pricing::Fixed,
        price: "0.20".into(),
        article: article.into(),
        ..Typed::default()
    };
    Draft::read(&typed, &shop.app.settings).expect("a sound draft")
}

fn new(shop: &TestApp, draft: Draft, uploads: &[UploadId]) -> New {
    let parts = Parts { uploads: uploads.to_vec(), ..Parts::default() };
    New { id: shop.app.mint.id(), draft, parts, publish: true }
}

#[tokio::test]
async fn the_same_request_twice_makes_one_work_and_another_one_makes_another() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let song = uploaded(&shop, ada, "song.txt", b"la la").await;
    let asked = new(&shop, draft(&shop, "Song", ""), &[song]);
    let first = publishing::create(&shop.app, ada, asked.clone()).await.expect("made");
    let again = publishing::create(&shop.app, ada, asked.clone()).await.expect("made before");
    assert_eq!(first, again);
    let other = New { draft: draft(&shop, "Poem", "la la"), parts: Parts::default(), ..asked };
    let other = publishing::create(&shop.app, ada, other).await.expect("another");
    assert_ne!(first.work.id, other.work.id);
}

#[tokio::test]
async fn a_version_moves_with_title_article_and_files_and_with_nothing_else() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let made = new(&shop, draft(&shop, "Tides", "High and low."), &[]);
    let made = publishing::create(&shop.app, ada, made).await.expect("made").work;
    assert_eq!((made.version, made.kind), (1, Kind::Article));
    let change = async |draft, uploads: &[UploadId]| {
        let parts = Parts { uploads: uploads.to_vec(), ..Parts::default() };
        publishing::change(&shop.app, ada, made.id, draft, &parts).await.expect("changed")
    };
    let cheaper = Typed {
        title: "Tides".into(),
        pricing: Pricing::Free,
        article: "High and low.".into(),
        description: "About the sea.".into(),
        ..Typed::default()
    };
    let cheaper = Draft::read(&cheaper, &shop.app.settings).expect("sound");
    assert_eq!(change(cheaper, &[]).await.version, 1);
    assert_eq!(change(draft(&shop, "Tides, again", "High and low."), &[]).await.version, 2);
    assert_eq!(change(draft(&shop, "Tides, again", "High."), &[]).await.version, 3);
    let chart = uploaded(&shop, ada, "chart.txt", b"1").await;
    assert_eq!(change(draft(&shop, "Tides, again", "High."), &[chart]).await.version, 4);
    let now = change(draft(&shop, "Tides, again", ""), &[]).await;
    assert_eq!((now.version, now.kind), (5, Kind::Files));
    let kept = |version| shop.app.store.read(move |db| work::version(db, made.id, version));
    for version in 1..=5 {
        let version = kept(version).await.expect("read").expect("kept");
        assert!(!version.parts.is_empty());
    }
    assert_eq!(kept(6).await, Ok(None));
}

#[tokio::test]
async fn a_refused_change_writes_nothing() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let (zoe, _) = shop.author("Zoe").await;
    let text = uploaded(&shop, ada, "a.txt", b"a").await;
    let made = publishing::create(&shop.app, ada, new(&shop, draft(&shop, "A", ""), &[text])).await;
    let made = made.expect("made").work;
    let before = whole(&shop.app, made.id).await.expect("there");
    let file = before.files[0].id;
    let refused = publishing::remove_file(&shop.app, ada, made.id, file).await;
    assert_eq!(refused.expect_err("nothing is left").kind.code, "work.empty");
    let refused = publishing::remove_file(&shop.app, zoe, made.id, file).await;
    assert_eq!(refused.expect_err("not hers").kind.code, "work.foreign");
    let refused = publishing::create(&shop.app, ada, new(&shop, draft(&shop, "B", ""), &[])).await;
    assert_eq!(refused.expect_err("empty").kind.code, "work.empty");
    let of_zoe = uploaded(&shop, zoe, "z.txt", b"z").await;
    let parts = Parts { uploads: vec![of_zoe], ..Parts::default() };
    let refused = publishing::change(&shop.app, ada, made.id, draft(&shop, "C", ""), &parts).await;
    assert_eq!(refused.expect_err("Zoe's").field, Some("files"));
    let after = whole(&shop.app, made.id).await.expect("there");
    assert_eq!((before.work, before.files), (after.work, after.files));
}

#[tokio::test]
async fn who_takes_a_work_off_sale_can_put_it_back() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let made = New { publish: false, ..new(&shop, draft(&shop, "A", "Text."), &[]) };
    let made = publishing::create(&shop.app, ada, made).await.expect("made").work;
    assert_eq!((made.state, made.published_at), (State::Draft, None));
    let id = made.id;
    let off = publishing::unpublish(&shop.app, ada, id).await.expect("nothing to do");
    assert_eq!(off.state, State::Draft);
    let on = publishing::publish(&shop.app, ada, id).await.expect("on sale");
    assert_eq!((on.state, on.published_at), (State::Published, Some(shop.app.now())));
    shop.pass_days(1);
    let off = publishing::unpublish(&shop.app, ada, id).await.expect("off sale");
    assert_eq!((off.state, off.published_at), (State::Unpublished, on.published_at));
    let again = publishing::publish(&shop.app, ada, id).await.expect("on sale");
    assert_eq!(again.published_at, on.published_at);
}

#[tokio::test]
async fn bytes_that_nobody_needs_go_after_their_time_and_no_others() {
    let shop = TestApp::open();
    let (ada, _) = shop.ada().await;
    let app = &shop.app;
    let keys: Vec<UploadId> = {
        let names = ["kept.txt", "replaced.txt", "removed.txt", "new.txt", "waiting.txt"];
        let mut ids = Vec::new();
        for name in names {
            ids.push(uploaded(&shop, ada, name, name.as_bytes()).await);
        }
        ids
    };
    let made = publishing::create(app, ada, new(&shop, draft(&shop, "A", ""), &keys[..3])).await;
    let id = made.expect("made").work.id;
    let files = whole(app, id).await.expect("there").files;
    let there = async |upload: UploadId| match app.files.read_head(&upload.to_string(), 1).await {
        Ok(_) => true,
        Err(StorageError::Missing) => false,
        Err(error) => panic!("{error}"),
    };
    publishing::replace_file(app, ada, id, files[1].id, keys[3]).await.expect("replaced");
    publishing::remove_file(app, ada, id, files[2].id).await.expect("removed");
    let now = whole(app, id).await.expect("there").files;
    assert_eq!(now.iter().map(|file| file.id).collect::<Vec<_>>(), [files[0].id, files[1].id]);
    assert_eq!(now[1].name, "new.txt");
    ardoise::works::janitor::clear(app).await.expect("cleared");
    assert!(there(keys[1]).await && there(keys[2]).await, "a backup may still want them");
    shop.pass_days(3);
    ardoise::works::janitor::clear(app).await.expect("cleared");
    let left = [there(keys[0]).await, there(keys[1]).await, there(keys[2]).await];
    assert_eq!(left, [true, false, false]);
    assert_eq!([there(keys[3]).await, there(keys[4]).await], [true, false]);
    for upload in keys {
        assert_eq!(app.store.read(|db| upload::by_id(db, upload)).await, Ok(None));
    }
}
