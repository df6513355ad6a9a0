//! Letters: is there a server that takes them?

use super::{Finding, Findings};
use crate::mail::post::Post;
use crate::settings::Settings;

/// Connects to the server and signs in; nothing is sent.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = Findings::about("letters");
    let Some(mail) = &settings.mail else {
        return findings.or_well(
            "off: readers are told on the page of their tab alone (mail.server turns letters on)",
        );
    };
    let checked = match Post::new(mail, &settings.url) {
        Ok(post) => post.check().await,
        Err(why) => Err(why),
    };
    let place = format!("{}:{}", mail.host, mail.port);
    match checked {
        Ok(()) => findings.or_well(format!("{place} lets the shop in")),
        Err(word) => {
            let next = match word.as_str() {
                "530" | "534" | "535" | "538" => "look at mail.user and mail.password",
                "tls" => {
                    "look at the certificate of the server, at the scheme of mail.server and at mail.certificates"
                }
                _ => "look at mail.server, the name server and the firewall",
            };
            findings.fail(format!("{place} takes no letters: {word}"), next);
            findings.found
        }
    }
}
