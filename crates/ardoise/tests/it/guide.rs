//! The guide to the API is true: every request in it is made, as it stands there.

use crate::client::Client;
use crate::shop::{Answer, Browser, TestApp};
use axum::body::Body;
use http::Request;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The commands in the guide that call `curl`, each in words, but those that need a file of the reader's.
fn commands(variables: &BTreeMap<&str, String>, guide: &str) -> Vec<Vec<String>> {
    let blocks = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let blocks = blocks.filter(|block| !block.contains("$FILE"));
    let commands = blocks.flat_map(|block| words(&block.replace("\\\n", " "), variables));
    commands.filter(|words| words.first().is_some_and(|word| word == "curl")).collect()
}

/// Takes a script apart as a shell does, as far as the guide needs it: quotes, and variables outside of single ones.
fn words(script: &str, variables: &BTreeMap<&str, String>) -> Vec<Vec<String>> {
    let (mut commands, mut word, mut quote) = (vec![Vec::new()], None::<String>, None);
    let mut rest = script.chars().peekable();
    while let Some(letter) = rest.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '$') => {
                let mut name = String::new();
                while let Some(more) = rest.next_if(|more| more.is_ascii_uppercase()) {
                    name.push(more);
                }
                let value = variables.get(name.as_str()).unwrap_or_else(|| panic!("${name}"));
                word.get_or_insert_default().push_str(value);
            }
            (None, ' ' | '\n') => {
                commands.last_mut().expect("a command").extend(word.take());
                if letter == '\n' {
                    commands.push(Vec::new());
                }
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    commands
}

/// Does what `curl` would do.
async fn call(browser: &mut Browser<'_>, words: &[String]) -> Answer {
    let mut request = Request::builder();
    let (mut method, mut body) = (None, None);
    let mut words = words.iter().skip(1);
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("a value").clone();
        match word.as_str() {
            "-X" => method = Some(next()),
            "-d" => body = Some(next()),
            "-H" => {
                let header = next();
                let (name, value) = header.split_once(": ").expect("a header");
                request = request.header(name, value);
            }
            // The browser keeps cookies by itself.
            "-b" | "-c" => drop(next()),
            path => request = request.uri(path),
        }
    }
    let method = method.unwrap_or_else(|| if body.is_some() { "POST" } else { "GET" }.into());
    let request = request.method(method.as_str()).body(Body::from(body.unwrap_or_default()));
    browser.send(request.expect("a request")).await
}

/// Remembers what later commands of the guide speak of.
fn learn(variables: &mut BTreeMap<&str, String>, answer: &Answer) {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    for (name, start) in [("WORK", "wrk_"), ("WEBHOOK", "whk_")] {
        if let Some(id) = text("id").filter(|id| id.starts_with(start)) {
            variables.insert(name, id);
        }
    }
    if let Some(url) = text("url").filter(|url| url.contains("/l/")) {
        variables.insert("SLUG", url.rsplit('/').next().expect("a slug").to_owned());
    }
    variables.extend(text("line").map(|line| ("LINE", line)));
}

#[tokio::test]
async fn every_request_in_the_guide_is_made_as_it_stands_there() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let guide = std::fs::read_to_string(path).expect("docs/api.md");
    let guide = guide.replace("$(uuidgen)", "0190b5a4-7c1e-7d3f-9a2b-0123456789ab");
    let shop = TestApp::open();
    let (ada, mut browser) = shop.ada().await;
    let program = Client::of(&shop, &mut browser).await;
    let slug = shop.article(ada, "Tram", 5).await;
    for _ in 0..2 {
        shop.program().tap(&slug).await;
    }
    let sales = program.get("/api/v1/sales?limit=1").await.json();
    let next = sales["next"].as_str().expect("a second sale").to_owned();
    let mut variables = BTreeMap::from([
        ("SHOP", String::new()),
        ("KEY", program.key.clone()),
        ("NEXT", next),
        ("WORK", String::new()),
        ("WEBHOOK", String::new()),
        ("SLUG", String::new()),
        ("LINE", String::new()),
    ]);
    let (mut curl, count) = (shop.program(), commands(&variables, &guide).len());
    assert!(count >= 15, "the guide has {count} requests");
    for place in 0..count {
        // Read anew each time, with what has been learnt since.
        let words = &commands(&variables, &guide)[place];
        let answer = call(&mut curl, words).await;
        assert!(answer.status.is_success(), "{words:?}: {}", answer.text());
        learn(&mut variables, &answer);
    }
}

#[test]
fn every_answer_in_the_guide_is_json_and_its_problems_are_known() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let guide = std::fs::read_to_string(path).expect("docs/api.md");
    for block in guide.split("```json\n").skip(1) {
        let json: Value =
            serde_json::from_str(block.split("```").next().expect("its end")).expect("JSON");
        let known = ardoise::problem::ALL.iter().find(|kind| json["code"] == kind.code);
        let known = known.unwrap_or_else(|| panic!("no problem {}", json["code"]));
        assert_eq!(json["status"], known.status.as_u16());
    }
}
