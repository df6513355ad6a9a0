//! A disk that is full or slow under the real program: nothing is charged, reading goes on, and it sells again by itself.

use crate::commands::stock;
use crate::forms::{Form, png};
use crate::program::{Program, Reader, Serving};
use ardoise::store::sqlite::FILE_NAME;
use rusqlite::Connection;

/// A shop on whose disk, from some moment on, there is no more room. A file may be as large as a process is allowed to make
/// it; what is told of one that would be larger is told of a full disk. Others can be allowed more, without being root.
fn on_a_small_disk(program: &Program) -> Serving {
    let mut command = std::process::Command::new("sh");
    let shop = program.command(&["serve", "--listen", "127.0.0.1:0"]);
    // Without this the signal that comes with it would end the program.
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(shop.get_program());
    command.args(shop.get_args()).env_clear().current_dir(program.folder.path());
    Serving::start(command)
}

async fn owes(ben: &Reader<'_>, amount: &str) {
    let tab = ben.get("/tab").await;
    assert!(tab.contains(amount), "no {amount} in {tab}");
}

#[tokio::test]
async fn a_full_disk_charges_nothing_and_the_shop_sells_again_once_there_is_room() {
    let (program, seeded) = stock(Program::embedded());
    let shop = on_a_small_disk(&program);
    let mut ben = shop.reader().await;
    assert_eq!(ben.tap(&seeded.slugs[0]).await, 200);
    let invited = program.run(&["invite", "author", "Ada"]).well();
    let link = invited.split("/invite/").nth(1).and_then(|rest| rest.split_whitespace().next());
    let ada = shop.enter(&format!("{}/invite/{}", shop.url, link.expect("a link"))).await;
    owes(&ben, "€0.24").await;
    shop.allow_files_of(Some(1));
    for _ in 0..3 {
        let told = ben.tap(&seeded.slugs[1]).await;
        assert!([503, 507].contains(&told), "{told}");
        // Reading goes on.
        owes(&ben, "€0.24").await;
    }
    let form = || {
        let form = Form::selling("Tides", "0.20").text("publish", "yes");
        form.file("files", "tides.png", &png(300, 200))
    };
    let sent = shop.send(form(), "/works", &ada).await;
    assert!([503, 507].contains(&sent), "{sent}");
    shop.allow_files_of(None);
    assert_eq!(ben.tap(&seeded.slugs[1]).await, 200);
    owes(&ben, "€0.48").await;
    assert_eq!(shop.send(form(), "/works", &ada).await, 201);
    drop(shop);
    program.run(&["check-books"]).well();
}

#[tokio::test]
async fn a_store_that_is_held_for_a_moment_keeps_readers_waiting_and_loses_nothing() {
    let (program, seeded) = stock(Program::embedded());
    let shop = program.serve();
    let mut ben = shop.reader().await;
    assert_eq!(ben.tap(&seeded.slugs[0]).await, 200);
    let other = Connection::open(program.path("data").join(FILE_NAME)).expect("opens");
    other.execute_batch("begin immediate").expect("held");
    let held = ben.cookie.clone();
    let mut waiting = shop.reader().await;
    waiting.cookie = held;
    let tap = waiting.tap(&seeded.slugs[1]);
    let mut tap = Box::pin(tap);
    tokio::select! {
        biased;
        told = &mut tap => panic!("told {told} while the store was held"),
        // Pages go on; by then the till has long been waiting.
        () = reads_on(&ben) => {}
    }
    other.execute_batch("rollback").expect("let go");
    assert_eq!(tap.await, 200);
    owes(&ben, "€0.48").await;
}

async fn reads_on(ben: &Reader<'_>) {
    for _ in 0..50 {
        owes(ben, "€0.24").await;
    }
}
