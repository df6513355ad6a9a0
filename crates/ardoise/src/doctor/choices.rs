//! The settings: can each be read, and do they go together?

use super::{Chosen, Finding, Findings, Level, Patient};
use crate::clock::Clock;
use crate::rails::Rails;
use crate::rails::secret::Secret;
use crate::settings::{Sandbox, Settings, SettingsError, Values};

/// Reads every setting, and tells each that cannot be: one slip does not hide the next.
pub(super) fn read(patient: &Patient) -> (Values, Findings) {
    let mut findings = Findings::about("settings");
    let mut values = Values::default();
    let told = |findings: &mut Findings, error: SettingsError| {
        findings.fail(error.to_string(), "put it right; the shop does not start before");
    };
    let entries = match &patient.settings_file {
        Ok(Some(path)) => Values::entries(path),
        Ok(None) => Ok(Vec::new()),
        Err(error) => {
            findings.fail(error.clone(), "put it right; the shop does not start before");
            Ok(Vec::new())
        }
    };
    let place = patient.settings_file.as_ref().ok().and_then(|path| *path);
    let place = place.map_or_else(String::new, |path| path.display().to_string());
    match entries {
        Err(error) => told(&mut findings, error),
        Ok(entries) => {
            for (key, value) in entries {
                if let Err(error) = values.set_in_file(&place, &key, value) {
                    told(&mut findings, error);
                }
            }
        }
    }
    for variable in &patient.environment {
        if let Err(error) = values.read_environment(std::iter::once(variable.clone())) {
            told(&mut findings, error);
        }
    }
    while let Err(error) = values.check() {
        let (SettingsError::Value { key, .. } | SettingsError::SecretFile { key, .. }) = error
        else {
            told(&mut findings, error);
            return (Values::default(), findings);
        };
        told(&mut findings, error);
        values.forget(key);
    }
    (values, findings)
}

/// The settings, where what cannot be is as if nobody had set it.
pub(super) fn sound(values: &Values) -> Settings {
    let sound = values.check().or_else(|_| Values::default().check());
    sound.expect("the defaults are sound: a test says so")
}

/// Do they go together, and is anything missing that a shop should say?
pub(super) fn look(settings: &Settings, values: &Values, mut findings: Findings) -> Vec<Finding> {
    let chosen = (settings, values);
    look_at_seller(&mut findings, chosen);
    look_at_rails(&mut findings, settings);
    look_at_proxy(&mut findings, settings);
    let wrong = findings.found.iter().any(|finding| finding.level == Level::Fail);
    if !wrong && !findings.found.is_empty() {
        return findings.found;
    }
    findings.or_well("each can be read, and they go together")
}

fn look_at_seller(findings: &mut Findings, (_, values): Chosen) {
    if values.get("shop.seller").trim().is_empty() {
        findings.warn(
            "no legal seller is named, as receipts and the withdrawal page must",
            "set shop.seller to a name and an address",
        );
    }
    if values.get("shop.email").trim().is_empty() {
        findings.warn("readers have no address to write to about withdrawals", "set shop.email");
    }
}

fn look_at_rails(findings: &mut Findings, settings: &Settings) {
    let fake = settings.sandbox == Sandbox::On;
    if fake && !is_local(&settings.url) {
        findings.warn(
            format!("tabs can be settled with fake money at {}", settings.url),
            "set rail.sandbox = \"off\" before you sell for real",
        );
    }
    let pays_authors =
        settings.rails.paypal.as_ref().is_some_and(|on| on.payouts.is_some() && !on.is_fake);
    if fake && pays_authors {
        findings.fail(
            "gains that were paid with fake money can be sent to authors by PayPal, in real money",
            "set rail.sandbox = \"off\", or paypal.payouts = false",
        );
    }
    // They are looked at, and asked nothing.
    let rails = Rails::of(settings, &Clock::System, &Secret::new(""));
    let own = settings.rails.transfer.is_some() || settings.rails.voucher.is_some();
    let brings_money = own || rails.iter().any(|rail| !rail.terms().is_fake);
    if !fake && !brings_money && settings.transfer.is_empty() && settings.cash.is_empty() {
        findings.warn(
            "readers have no way to settle their tabs",
            "set rail.transfer or rail.cash to what they should do",
        );
    }
    if settings.rails.to_private && !is_local(&settings.url) {
        findings.warn(
            "rails may be at private addresses, which is for tests",
            "set rails.to_private = false",
        );
    }
    if brings_money && !settings.url.starts_with("https://") && !is_local(&settings.url) {
        findings.warn(
            "readers come back from paying over an address without TLS",
            "put a proxy with a certificate in front, and set serve.url to https://…",
        );
    }
}

fn look_at_proxy(findings: &mut Findings, settings: &Settings) {
    let public = settings.url.starts_with("https://");
    if public && !settings.behind_proxy {
        findings.warn(
            "the address is https, so a proxy stands in front, but its word about readers' networks is not taken",
            "set serve.behind_proxy = true, else all readers share one network's allowance of new tabs",
        );
    }
    let loopback = ["127.", "localhost", "[::1]"];
    if settings.behind_proxy && !loopback.iter().any(|start| settings.listen.starts_with(start)) {
        findings.warn(
            format!(
                "{} can be reached past the proxy, by whoever claims any network",
                settings.listen
            ),
            "listen on 127.0.0.1, or let a firewall pass only the proxy",
        );
    }
}

/// Whether only this machine reaches an address.
pub(super) fn is_local(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    let host = if host.starts_with('[') {
        host.split_inclusive(']').next()
    } else {
        host.split(':').next()
    };
    matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::path::Path;

    fn examined(file: Option<&Path>, environment: &[(&str, &str)]) -> Vec<Finding> {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let patient = Patient {
            data: Path::new("data"),
            settings_file: Ok(file),
            environment: environment.iter().map(pair).collect(),
            clock: Clock::System,
        };
        let (values, findings) = read(&patient);
        look(&sound(&values), &values, findings)
    }

    const COMPLETE: [(&str, &str); 2] =
        [("ARDOISE_SHOP_SELLER", "Ada, Lyon"), ("ARDOISE_SHOP_EMAIL", "ada@shop.example")];

    #[test]
    fn every_slip_is_told_with_the_nearest_word() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ardoise.toml");
        let text = "[tab]\nundo_minuts = 5\nlimit_device = \"-1\"\n[vat]\nstandard = \"much\"\n";
        std::fs::write(&file, text).expect("written");
        let found = examined(Some(&file), &[("ARDOISE_SHOP_NAM", "x")]);
        let failed: Vec<&str> = found
            .iter()
            .filter(|finding| finding.level == Level::Fail)
            .map(|finding| finding.what.as_str())
            .collect();
        assert_eq!(failed.len(), 4, "{failed:#?}");
        for (slip, word) in failed.iter().zip(["undo_minutes", "shop.name"]) {
            assert!(slip.contains(word), "{slip}");
        }
        assert!(failed[2].contains("tab.limit_device") && failed[3].contains("vat.standard"));
    }

    #[test]
    fn a_complete_shop_is_well() {
        let found = examined(None, &COMPLETE);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].level, Level::Ok);
        assert_eq!(examined(None, &[]).len(), 2, "seller and address are missing");
    }

    #[test]
    fn what_does_not_go_together_is_told() {
        let public = ("ARDOISE_SERVE_URL", "https://shop.example");
        let cash = ("ARDOISE_RAIL_CASH", "At the desk.");
        for (settings, word) in [
            (
                vec![
                    public,
                    ("ARDOISE_RAIL_SANDBOX", "on"),
                    ("ARDOISE_SERVE_BEHIND_PROXY", "true"),
                ],
                "fake money",
            ),
            (vec![public, ("ARDOISE_SERVE_BEHIND_PROXY", "true")], "no way to settle"),
            (vec![public, cash], "behind_proxy"),
            (
                vec![
                    public,
                    cash,
                    ("ARDOISE_SERVE_BEHIND_PROXY", "true"),
                    ("ARDOISE_SERVE_LISTEN", "0.0.0.0:80"),
                ],
                "past the proxy",
            ),
        ] {
            let found = examined(None, &[&COMPLETE[..], &settings].concat());
            assert_eq!(found.len(), 1, "{word}: {found:#?}");
            let said = format!("{} {}", found[0].what, found[0].next);
            assert!(found[0].level == Level::Warn && said.contains(word), "{said}");
        }
    }

    #[test]
    fn gains_of_fake_money_are_not_paid_in_real_money() {
        let real = [
            ("ARDOISE_RAIL_SANDBOX", "on"),
            ("ARDOISE_PAYPAL_CLIENT_ID", "shop"),
            ("ARDOISE_PAYPAL_SECRET", "hush"),
            ("ARDOISE_PAYPAL_PAYOUTS", "true"),
        ];
        let found = examined(None, &[&COMPLETE[..], &real].concat());
        assert_eq!((found.len(), found[0].level), (1, Level::Fail), "{found:#?}");
        assert!(found[0].what.contains("in real money"), "{found:#?}");
        let fake = [&COMPLETE[..], &real, &[("ARDOISE_PAYPAL_PLACE", "sandbox")]].concat();
        assert_eq!(examined(None, &fake)[0].level, Level::Ok);
    }

    #[test]
    fn local_addresses_are_told_from_public_ones() {
        for url in
            ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80", "https://localhost"]
        {
            assert!(is_local(url), "{url}");
        }
        for url in
            ["https://shop.example", "http://localhost.example", "http://127.0.0.1.example:80"]
        {
            assert!(!is_local(url), "{url}");
        }
    }
}
