//! The ways to settle: does each provider know the shop, and will it tell it what happens?

use super::{Finding, Findings};
use crate::clock::Clock;
use crate::rails::port::{Rail, RailError};
use crate::rails::secret::Secret;
use crate::rails::{Named, Rails};
use crate::settings::Settings;

/// Asks every provider that the settings turn on; nothing moves.
pub(super) async fn look(settings: &Settings, clock: &Clock) -> Vec<Finding> {
    let mut found = Vec::new();
    // Nothing is made up here, so that any secret will do.
    for rail in Rails::of(settings, clock, &Secret::new("")).iter() {
        found.extend(look_at(&**rail, settings).await);
    }
    found
}

async fn look_at(rail: &dyn Rail, settings: &Settings) -> Vec<Finding> {
    let terms = rail.terms();
    let (name, mut findings) = (terms.name, Findings::about("rails"));
    let webhook = settings.webhook_of(Named { number: terms.number, name });
    match rail.check(webhook.as_deref()).await {
        Ok(None) => return Vec::new(),
        Ok(Some(flaws)) => {
            for flaw in flaws {
                let what = format!("{name}: {}", flaw.what);
                if flaw.is_grave {
                    findings.fail(what, flaw.next);
                } else {
                    findings.warn(what, flaw.next);
                }
            }
        }
        Err(error) => {
            let next = match error {
                RailError::NotReached(_) | RailError::Lost(_) => {
                    "try again later; if it stays so, look at the network and the address of the provider"
                }
                _ => "look at its keys",
            };
            let manual = format!("{next} (docs/rails/{name}.md)");
            findings.fail(format!("{name}: {error}"), manual);
        }
    }
    findings.or_well(format!("{name}: the provider knows the shop"))
}
