//! The address: does it lead readers to this very shop, safely?

use super::choices::is_local;
use super::{Chosen, Finding, Findings};
use crate::receipts::http::Published;
use crate::receipts::key::ReceiptKey;
use crate::store::shop::Served;
use std::path::Path;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of an answer that are read: a shop says less about itself.
const ANSWER_MOST: usize = 64 * 1024;

/// Who answers at an address.
enum Answer {
    /// This shop.
    We,
    /// Another shop, or something else.
    Others(String),
    /// Nobody.
    Nobody(String),
}

/// Asks the address who answers there. Whether the shop is open at all is asked where it listens.
pub(super) async fn look(
    data: &Path,
    last: Option<Served>,
    (settings, values): Chosen<'_>,
) -> Vec<Finding> {
    let mut findings = Findings::about("address");
    let (seen, listen) = last.map_or((None, None), |last| (Some(last.url), Some(last.listen)));
    let seen = seen.filter(|_| !values.sets("serve.url"));
    let url = seen.unwrap_or_else(|| settings.url.clone());
    if url.starts_with("http://") && !is_local(&url) {
        findings.warn(
            format!("{url} is not https: tabs and sign-ins travel in the clear"),
            "put a proxy with TLS in front (docs/operating.md shows how), and set serve.url",
        );
    }
    let key = ReceiptKey::read(data).ok().map(|key| key.public().kid);
    let here = listen.unwrap_or_else(|| settings.listen.clone());
    let here = here.replacen("0.0.0.0", "127.0.0.1", 1).replacen("[::]", "[::1]", 1);
    let here = format!("http://{here}");
    let open = matches!(ask(&here, key.as_deref()).await, Answer::We);
    match ask(&url, key.as_deref()).await {
        Answer::We => findings.or_well(format!("{url} leads to this shop, which is open")),
        Answer::Others(what) => {
            findings.fail(
                format!("at {url} somebody else answers: {what}"),
                "look at the proxy and the name server, or at serve.url and serve.listen",
            );
            findings.found
        }
        Answer::Nobody(why) if open => {
            findings.fail(
                format!("the shop is open at {here}, but {url} does not lead to it: {why}"),
                "look at the proxy, the name server and the firewall; if only this machine cannot go that way, \
                 name the address in /etc/hosts",
            );
            findings.found
        }
        Answer::Nobody(_) => findings.or_well(format!("{url}; the shop is not open now")),
    }
}

async fn ask(url: &str, key: Option<&str>) -> Answer {
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    let client = match client {
        Ok(client) => client,
        Err(error) => return Answer::Nobody(error.to_string()),
    };
    let mut answer = match client.get(format!("{url}/.well-known/ardoise")).send().await {
        Ok(answer) => answer,
        Err(error) => return Answer::Nobody(short(&error)),
    };
    let status = answer.status();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await
        && body.len() < ANSWER_MOST
    {
        body.extend_from_slice(&chunk);
    }
    match serde_json::from_slice::<Published>(&body) {
        Ok(shop) if shop.keys.iter().any(|found| Some(found.kid.as_str()) == key) => Answer::We,
        Ok(shop) => Answer::Others(format!("the shop {}", shop.name)),
        Err(_) => Answer::Others(format!("status {status}, and not a shop's own words")),
    }
}

/// The last cause says what happened; what stands before it says where.
fn short(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
