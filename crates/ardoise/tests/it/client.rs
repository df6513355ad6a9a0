//! [`Client`]: a program of an author's, with its key.

use crate::shop::{Answer, Browser, TestApp};
use axum::body::Body;
use http::{Method, Request, header};
use serde_json::Value;

/// A program that shows a key, and no cookies.
#[derive(Clone)]
pub struct Client<'a> {
    pub browser: Browser<'a>,
    pub key: String,
}

/// The secret that the page of keys shows this once.
pub fn fresh(page: &Answer) -> String {
    let text = page.text();
    let rest = text.split("id=\"fresh\"").nth(1).unwrap_or_else(|| panic!("no secret in {text}"));
    let value = rest.split("value=\"").nth(1).expect("a value");
    value.split('"').next().expect("its end").to_owned()
}

impl<'a> Client<'a> {
    /// A program of the author in `browser`, with a key that they make for it.
    pub async fn of(shop: &'a TestApp, browser: &mut Browser<'_>) -> Self {
        let made = browser.post("/keys", &[("name", "books")]).await;
        Self { browser: shop.program(), key: fresh(&made) }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    pub async fn post(&self, path: &str, json: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(json)).await
    }

    pub async fn patch(&self, path: &str, json: Value) -> Answer {
        self.send(Method::PATCH, path, &[], Some(json)).await
    }

    /// Posts under an `Idempotency-Key`.
    pub async fn post_once(&self, key: &str, path: &str, json: Value) -> Answer {
        self.send(Method::POST, path, &[("idempotency-key", key)], Some(json)).await
    }

    /// Sends a request with the key and these headers.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        json: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        if json.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = json.map_or(Body::empty(), |json| Body::from(json.to_string()));
        self.browser.clone().send(request.body(body).expect("a request")).await
    }
}

/// The status and the code of a problem.
pub fn problem(answer: &Answer) -> (u16, String) {
    let json = answer.json();
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json", "{json}");
    assert_eq!(json["status"], answer.status.as_u16());
    (answer.status.as_u16(), json["code"].as_str().expect("a code").to_owned())
}
