//! The description of the API is what the handlers say, and is kept where a change of it is seen.

use crate::shop::TestApp;
use http::{StatusCode, header};
use serde_json::Value;
use std::path::Path;

fn description() -> Value {
    serde_json::from_str(&ardoise::api::description()).expect("JSON")
}

#[test]
fn a_change_of_the_api_is_a_change_of_a_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let written = std::fs::read_to_string(path).expect("docs/openapi.json");
    let now = ardoise::api::description();
    assert!(written == now, "write it anew: cargo run -- openapi > docs/openapi.json");
}

#[tokio::test]
async fn everybody_may_read_the_description() {
    let shop = TestApp::open();
    let shown = shop.program().get("/api/v1/openapi.json").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(shown.json(), description());
}

/// Every reference in `value`.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_operation_tells_its_key_its_problems_and_an_id_of_its_own() {
    let api = description();
    assert_eq!(api["openapi"], "3.1.0");
    let mut ids = Vec::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let name = format!("{method} {path}");
            ids.push(operation["operationId"].as_str().expect("an id"));
            assert!(operation["summary"].is_string(), "{name}");
            assert!(operation["responses"]["default"].is_object(), "{name}");
            if !path.starts_with("/api/") {
                continue;
            }
            assert!(operation["responses"]["401"].is_object(), "{name}");
            let names_key = operation["parameters"].to_string().contains("IdempotencyKey");
            assert_eq!(names_key, ["post", "patch"].contains(&method.as_str()), "{name}");
        }
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "two operations share an id");
}

#[test]
fn every_reference_leads_somewhere() {
    let api = description();
    let mut found = Vec::new();
    references(&api, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(api.pointer(pointer).is_some(), "{reference}");
    }
}
