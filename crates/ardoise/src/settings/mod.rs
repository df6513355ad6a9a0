//! The shop's settings: one list, from which the file, the environment and the manual are read.
//!
//! A value is looked for in `ARDOISE_…` variables first, then in `ardoise.toml`, then in the list.
//! A key that is not in the list is refused, with the nearest one that is.

mod list;
mod reading;

use crate::mail::MailSettings;
use crate::rails::Named;
use crate::rails::settings::RailSettings;
use crate::store::{Address, address};
use crate::till::Tariff;
use crate::works::storage::location::{self, BucketLocation, Location};
use ledger::{Currency, Money, Rules};
pub use list::{LIST, Setting};
use std::collections::BTreeMap;

/// The file of settings.
pub const FILE_NAME: &str = "ardoise.toml";

/// Says whether a seller is a large one.
const LARGE_SELLER: &str = "tab.large_seller";

/// The days of a tab, in order, and what they are for a large seller: its exemption from consumer credit ends after 14 days.
const LARGE_SELLERS_DAYS: [(&str, &str); 4] = [
    ("tab.due_days", "10"),
    ("tab.first_retry_days", "11"),
    ("tab.second_retry_days", "12"),
    ("tab.write_off_days", "14"),
];

/// What is wrong with a setting. It names the key and the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A key that is not in the list.
    #[error(
        "{place}: there is no setting `{key}`; did you mean `{nearest}`? (`ardoise settings` lists them all)"
    )]
    Unknown {
        /// Where it stands.
        place: String,
        /// The key.
        key: String,
        /// The nearest one that is in the list.
        nearest: &'static str,
    },
    /// A value that cannot be.
    #[error("setting `{key}`: `{value}` is not {wanted}")]
    Value {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A secret in the file of settings.
    #[error(
        "{path}: `{key}` is a secret; give it by the environment, or in a file that only you can read, named by `{key}_file`"
    )]
    SecretInFile {
        /// The file.
        path: String,
        /// The key.
        key: &'static str,
    },
    /// A file that should hold a secret.
    #[error("setting `{key}`: {path} is not {wanted}")]
    SecretFile {
        /// The key.
        key: &'static str,
        /// The file.
        path: String,
        /// What it should be.
        wanted: String,
    },
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
}

/// Whether fake money is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// Yes.
    On,
    /// No.
    Off,
}

/// What ways of being paid cost, for «you keep».
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// When they were looked up.
    pub as_of: String,
    /// Where.
    pub source: String,
    /// A card charge: basis points and a fixed sum.
    pub card: (i64, Money),
    /// A PayPal micropayment: basis points and a fixed sum.
    pub paypal: (i64, Money),
    /// The size of a tab that is settled by card.
    pub tab_total: Money,
}

/// The settings, read and checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the books are kept.
    pub store: Address,
    /// Where finished files are kept.
    pub files: Location,
    /// The shop's name.
    pub shop_name: String,
    /// One sentence about it; may be empty.
    pub about: String,
    /// The legal seller.
    pub seller: String,
    /// Where readers can write; may be empty.
    pub email: String,
    /// Where to listen.
    pub listen: String,
    /// What readers see, without a slash at the end.
    pub url: String,
    /// Whether a proxy tells the reader's network.
    pub behind_proxy: bool,
    /// Connections at the same time.
    pub connections_most: usize,
    /// What the till decides by.
    pub tariff: Tariff,
    /// What a tab owes when its reader is invited to bind a way to pay.
    pub invite_at: Money,
    /// New tabs per network and hour.
    pub new_tabs_per_hour: u32,
    /// The highest price.
    pub price_max: Money,
    /// The largest file, in bytes.
    pub upload_max_bytes: u64,
    /// Hours for which an unfinished upload waits.
    pub upload_keep_hours: i64,
    /// Whether fake money is accepted.
    pub sandbox: Sandbox,
    /// How to settle by transfer; may be empty.
    pub transfer: String,
    /// How to settle in cash; may be empty.
    pub cash: String,
    /// What the rails are told.
    pub rails: RailSettings,
    /// Through which server letters go; none where they are off.
    pub mail: Option<MailSettings>,
    /// For «you keep».
    pub rates: Rates,
    /// What is available to an author when everybody is paid.
    pub payout_minimum: Money,
    /// Whether webhooks may lead to private addresses.
    pub webhooks_to_private: bool,
    /// Seconds for which a webhook may let the shop wait.
    pub webhook_timeout_seconds: u32,
}

impl Settings {
    /// Where a rail's provider can tell the shop something; `None` where it can surely not reach the shop.
    pub fn webhook_of(&self, rail: Named) -> Option<String> {
        let is_reached = self.url.starts_with("https://") || self.rails.to_private;
        is_reached.then(|| format!("{}/rails/{}/webhook", self.url, rail.name))
    }

    /// Takes over the port that the machine chose, where port 0 asked for any and no address for readers is set.
    pub fn listens_at(&mut self, port: u16) {
        if self.url == "http://localhost:0" {
            self.url = format!("http://localhost:{port}");
        }
    }
}

/// Whether the value of a setting is shown to nobody.
fn is_secret(key: &str) -> bool {
    key == "s3.secret" || LIST.iter().any(|setting| setting.key == key && setting.is_secret)
}

/// Values by key, before they are checked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<&'static str, String>);

impl std::fmt::Debug for Values {
    /// Without secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.0.keys().map(|&key| (key, self.shown(key)))).finish()
    }
}

impl Values {
    /// Sets one value.
    ///
    /// # Errors
    /// [`SettingsError::Unknown`].
    pub fn set(&mut self, place: &str, key: &str, value: String) -> Result<(), SettingsError> {
        let known = LIST.iter().find(|setting| setting.key == key);
        let setting = known.ok_or_else(|| reading::unknown(place, key))?;
        self.0.insert(setting.key, value);
        Ok(())
    }

    /// Takes a value back: the default holds again.
    pub fn forget(&mut self, key: &'static str) {
        self.0.remove(key);
    }

    /// Whether a setting was set, by the file or by the environment.
    pub fn sets(&self, key: &'static str) -> bool {
        self.0.contains_key(key)
    }

    /// The value of a setting that is in the list.
    pub fn get(&self, key: &'static str) -> &str {
        self.0.get(key).map_or_else(|| self.default_of(key), String::as_str)
    }

    /// What holds when nobody sets it; some days are others for a large seller.
    fn default_of(&self, key: &'static str) -> &'static str {
        let is_large = self.0.get(LARGE_SELLER).is_some_and(|value| value.trim() == "true");
        if is_large && let Some((_, days)) = LARGE_SELLERS_DAYS.iter().find(|(of, _)| *of == key) {
            return days;
        }
        LIST.iter().find(|setting| setting.key == key).map_or("", |found| found.default)
    }

    /// The value of a setting as anybody may see it: without a password in it.
    pub fn shown(&self, key: &'static str) -> String {
        let value = self.get(key);
        match key {
            "store" => address::shown(value),
            _ if !value.is_empty() && is_secret(key) => address::HIDDEN.to_owned(),
            _ => value.to_owned(),
        }
    }

    fn store(&self) -> Result<Address, SettingsError> {
        let wanted =
            "postgres://user:secret@host/database, or nothing for a file in the data folder";
        Address::parse(self.get("store")).ok_or_else(|| self.wrong("store", wanted))
    }

    fn files(&self) -> Result<Location, SettingsError> {
        if self.words("files").is_empty() {
            return Ok(Location::Folder);
        }
        let wanted = "s3://bucket/folder in plain small letters, or nothing for the data folder";
        let read = location::read(self.get("files"));
        let (bucket, prefix) = read.ok_or_else(|| self.wrong("files", wanted))?;
        let region = self.needed("s3.region", "a region such as eu-west-3")?;
        let base = location::base(self.get("s3.endpoint"), &region, &bucket);
        let wanted = "an address such as https://s3.example, without a path";
        let base = base.ok_or_else(|| self.wrong("s3.endpoint", wanted))?;
        let key_id = self.needed("s3.key_id", "set; the bucket in `files` needs an access key")?;
        let secret = self.needed("s3.secret", "set; the bucket in `files` needs an access key")?;
        let place = BucketLocation { bucket, prefix, base, region, key_id, secret };
        Ok(Location::Bucket(Box::new(place)))
    }

    /// Words that are one header's worth of plain signs, and not none.
    pub(crate) fn needed(
        &self,
        key: &'static str,
        wanted: &'static str,
    ) -> Result<String, SettingsError> {
        let words = self.words(key);
        let is_plain = !words.is_empty() && words.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain { Ok(words) } else { Err(self.wrong(key, wanted)) }
    }

    pub(crate) fn words(&self, key: &'static str) -> String {
        self.get(key).trim().to_owned()
    }

    pub(crate) fn wrong(&self, key: &'static str, wanted: &'static str) -> SettingsError {
        SettingsError::Value { key, value: self.shown(key), wanted }
    }

    pub(crate) fn number<T: std::str::FromStr>(
        &self,
        key: &'static str,
    ) -> Result<T, SettingsError> {
        self.get(key).trim().parse().map_err(|_| self.wrong(key, "a whole number"))
    }

    pub(crate) fn rate(&self, key: &'static str) -> Result<i64, SettingsError> {
        let rate: i64 = self.number(key)?;
        let sensible = (0..=10_000).contains(&rate);
        if sensible {
            Ok(rate)
        } else {
            Err(self.wrong(key, "between 0 and 10000 hundredths of a percent"))
        }
    }

    pub(crate) fn truth(&self, key: &'static str) -> Result<bool, SettingsError> {
        self.get(key).trim().parse().map_err(|_| self.wrong(key, "true or false"))
    }

    pub(crate) fn money(
        &self,
        key: &'static str,
        currency: Currency,
    ) -> Result<Money, SettingsError> {
        Money::parse(self.get(key), currency).map_err(|_| self.wrong(key, "an amount such as 0.20"))
    }

    fn whole_positive(&self, key: &'static str) -> Result<i64, SettingsError> {
        let number = self.number(key)?;
        if number > 0 { Ok(number) } else { Err(self.wrong(key, "a whole number above zero")) }
    }

    /// Checks every value.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn check(&self) -> Result<Settings, SettingsError> {
        let currency: Currency = self
            .get("shop.currency")
            .parse()
            .map_err(|_| self.wrong("shop.currency", "one of EUR, USD, GBP, CHF"))?;
        let listen = self.words("serve.listen");
        let url = self.url(&listen)?;
        let shop_name = self.words("shop.name");
        let seller = self.words("shop.seller");
        Ok(Settings {
            seller: if seller.is_empty() { shop_name.clone() } else { seller },
            store: self.store()?,
            files: self.files()?,
            mail: MailSettings::read(self, &shop_name)?,
            shop_name,
            about: self.words("shop.about"),
            email: self.words("shop.email"),
            behind_proxy: self.truth("serve.behind_proxy")?,
            connections_most: usize::try_from(self.whole_positive("serve.connections")?)
                .map_err(|_| self.wrong("serve.connections", "a smaller number"))?,
            tariff: self.tariff(currency)?,
            invite_at: self.money("tab.invite_at", currency)?,
            new_tabs_per_hour: u32::try_from(self.whole_positive("tab.new_per_hour")?)
                .map_err(|_| self.wrong("tab.new_per_hour", "a smaller number"))?,
            price_max: self.money("work.price_max", currency)?,
            upload_max_bytes: self.number("upload.max_bytes")?,
            upload_keep_hours: self.whole_positive("upload.keep_hours")?,
            sandbox: self.sandbox(&url)?,
            transfer: self.words("rail.transfer"),
            cash: self.words("rail.cash"),
            rails: RailSettings::read(self, currency)?,
            rates: self.rates(currency)?,
            payout_minimum: self.money("payout.minimum", currency)?,
            webhooks_to_private: self.truth("webhook.private_addresses")?,
            webhook_timeout_seconds: self.webhook_timeout_seconds()?,
            listen,
            url,
        })
    }

    /// Below the time for which a delivery that was taken up is left alone.
    fn webhook_timeout_seconds(&self) -> Result<u32, SettingsError> {
        let seconds = self.number("webhook.timeout_seconds")?;
        let wrong = || self.wrong("webhook.timeout_seconds", "between 1 and 60 seconds");
        if (1..=60).contains(&seconds) { Ok(seconds) } else { Err(wrong()) }
    }

    fn url(&self, listen: &str) -> Result<String, SettingsError> {
        let url = self.words("serve.url");
        if url.is_empty() {
            let port = listen.rsplit_once(':').map_or("8080", |(_, port)| port);
            return Ok(format!("http://localhost:{port}"));
        }
        let wanted = "an address such as https://shop.example, without a path";
        let uri: http::Uri = url.parse().map_err(|_| self.wrong("serve.url", wanted))?;
        let plain = matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.authority().is_some()
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none();
        if plain {
            Ok(url.trim_end_matches('/').to_owned())
        } else {
            Err(self.wrong("serve.url", wanted))
        }
    }

    /// The days of a tab: due, tried again twice, written off. Each comes after the one before.
    fn days(&self) -> Result<[i64; 4], SettingsError> {
        self.truth(LARGE_SELLER)?;
        let mut days = [0; 4];
        for (place, (key, _)) in LARGE_SELLERS_DAYS.into_iter().enumerate() {
            days[place] = self.whole_positive(key)?;
            let before = place.checked_sub(1).map_or(0, |before| days[before]);
            if days[place] <= before {
                // Whoever set one of the two is told which: the defaults go together.
                let of_before = LARGE_SELLERS_DAYS[place - 1].0;
                let key = if self.sets(key) { key } else { of_before };
                let order = "due, first_retry, second_retry and write_off, each after the other";
                return Err(self.wrong(key, order));
            }
        }
        Ok(days)
    }

    fn days_before_due(&self, key: &'static str, due_days: i64) -> Result<i64, SettingsError> {
        let days = self.number(key)?;
        let is_before = (0..=due_days).contains(&days);
        // Of a tab that is due after a day nobody needs to be told two days before.
        match self.sets(key) {
            true if !is_before => Err(self.wrong(key, "between 0 and tab.due_days")),
            _ => Ok(days.min(due_days)),
        }
    }

    fn tariff(&self, currency: Currency) -> Result<Tariff, SettingsError> {
        let [due_days, first, second, write_off_days] = self.days()?;
        let rules = Rules {
            limit_device: self.money("tab.limit_device", currency)?,
            limit_mandate: self.money("tab.limit_mandate", currency)?,
            limit_settled: self.money("tab.limit_settled", currency)?,
            limit_trusted: self.money("tab.limit_trusted", currency)?,
            undo_minutes: self.number("tab.undo_minutes")?,
            due_days,
            settle_at: self.money("tab.settle_at", currency)?,
            retry_days: [first, second],
            write_off_days,
            remind_days: self.days_before_due("tab.remind_days", due_days)?,
            notice_days: self.days_before_due("tab.notice_days", due_days)?,
            fee_basis_points: self.rate("fee.basis_points")?,
            undo_watch_from: self.number("tab.undo_watch_from")?,
        };
        let mut vat = BTreeMap::new();
        for (class, key) in
            [("standard", "vat.standard"), ("reduced", "vat.reduced"), ("press", "vat.press")]
        {
            vat.insert(class.to_owned(), self.rate(key)?);
        }
        Ok(Tariff { rules, currency, vat })
    }

    fn sandbox(&self, url: &str) -> Result<Sandbox, SettingsError> {
        let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        match self.get("rail.sandbox") {
            "on" => Ok(Sandbox::On),
            "off" => Ok(Sandbox::Off),
            "auto" if local.iter().any(|start| url.starts_with(start)) => Ok(Sandbox::On),
            "auto" => Ok(Sandbox::Off),
            _ => Err(self.wrong("rail.sandbox", "on, off or auto")),
        }
    }

    fn rates(&self, currency: Currency) -> Result<Rates, SettingsError> {
        Ok(Rates {
            as_of: self.words("rates.as_of"),
            source: self.words("rates.source"),
            card: (
                self.rate("rates.card_basis_points")?,
                self.money("rates.card_fixed", currency)?,
            ),
            paypal: (
                self.rate("rates.paypal_basis_points")?,
                self.money("rates.paypal_fixed", currency)?,
            ),
            tab_total: self.money("rates.tab_total", currency)?,
        })
    }
}

/// The manual's page of settings.
pub fn manual() -> String {
    let mut page = String::from(
        "# Settings\n\nEach can stand in `ardoise.toml` (`undo_minutes = 30` under `[tab]`) or in the environment \
         (`ARDOISE_TAB_UNDO_MINUTES=30`); the environment wins. An unknown key is refused.\n\n\
         `ardoise.toml` is looked for in the data folder, where `ardoise backup` keeps it with the rest, and in the \
         folder in which the program is started; `--config FILE` (or `ARDOISE_CONFIG`) names another. Two of them are \
         refused. `ardoise settings` prints what holds, in a form that can be saved as `ardoise.toml`. \
         `ARDOISE_DATA` stands for `--data`, and `ARDOISE_LOG` says how much is logged (`info`, `debug`).\n\n\
         | setting | default | what it is for |\n|---|---|---|\n",
    );
    for setting in LIST {
        let default = if setting.default.is_empty() {
            String::new()
        } else {
            format!("`{}`", setting.default)
        };
        page.push_str(&format!("| `{}` | {default} | {} |\n", setting.key, setting.about));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn environment(name: &str, value: &str) -> Result<Values, SettingsError> {
        let mut values = Values::default();
        values.read_environment(std::iter::once((name.to_owned(), value.to_owned())))?;
        Ok(values)
    }

    #[test]
    fn the_defaults_are_sound() {
        let settings = Values::default().check().expect("defaults");
        assert_eq!(settings.url, "http://localhost:8080");
        assert_eq!(settings.sandbox, Sandbox::On);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let refused = environment("ARDOISE_TAB_UNDO_MINUTE", "5").expect_err("a typo");
        assert!(matches!(refused, SettingsError::Unknown { nearest: "tab.undo_minutes", .. }));
    }

    #[test]
    fn a_bucket_needs_a_key_and_its_secret_is_shown_to_nobody() {
        let mut values = Values::default();
        let refused = |values: &Values| match values.check() {
            Err(SettingsError::Value { key, .. }) => key,
            other => panic!("{other:?}"),
        };
        values.set("here", "files", "s3://shop/files".into()).expect("known");
        assert_eq!(refused(&values), "s3.key_id");
        values.set("here", "s3.key_id", "ada".into()).expect("known");
        assert_eq!(refused(&values), "s3.secret");
        values.set("here", "s3.secret", "hush hush".into()).expect("known");
        assert!(!values.check().expect_err("a space").to_string().contains("hush"));
        values.set("here", "s3.secret", "hush".into()).expect("known");
        let checked = values.check().expect("sound");
        assert_eq!(checked.files.to_string(), "s3://shop/files");
        assert!(!format!("{values:?} {checked:?} {}", values.shown("s3.secret")).contains("hush"));
        values.set("here", "s3.endpoint", "store.example".into()).expect("known");
        assert_eq!(refused(&values), "s3.endpoint");
        values.set("here", "files", "shop".into()).expect("known");
        assert_eq!(refused(&values), "files");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ardoise.toml");
        std::fs::write(&path, "[tab]\nundo_minutes = 5\nlimit_device = \"3.00\"\n")
            .expect("written");
        let mut values = Values::default();
        values.read_file(&path).expect("read");
        values
            .read_environment(std::iter::once(("ARDOISE_TAB_UNDO_MINUTES".into(), "7".into())))
            .expect("read");
        let rules = values.check().expect("sound").tariff.rules;
        assert_eq!(rules.undo_minutes, 7);
        assert_eq!(rules.limit_device.to_string(), "3.00 EUR");
    }

    #[test]
    fn a_value_that_cannot_be_is_refused_by_its_key() {
        for (name, key) in [
            ("ARDOISE_TAB_LIMIT_DEVICE", "tab.limit_device"),
            ("ARDOISE_VAT_STANDARD", "vat.standard"),
            ("ARDOISE_SERVE_URL", "serve.url"),
            ("ARDOISE_RAIL_SANDBOX", "rail.sandbox"),
        ] {
            let refused = environment(name, "-3").expect("known").check().expect_err(name);
            assert!(matches!(refused, SettingsError::Value { key: found, .. } if found == key));
        }
    }

    fn checked(set: &[(&str, &str)]) -> Result<Rules, SettingsError> {
        let mut values = Values::default();
        for (key, value) in set {
            values.set("here", key, (*value).to_owned()).expect("known");
        }
        values.check().map(|settings| settings.tariff.rules)
    }

    fn days(set: &[(&str, &str)]) -> [i64; 4] {
        let rules = checked(set).expect("sound");
        let [first, second] = rules.retry_days;
        [rules.due_days, first, second, rules.write_off_days]
    }

    #[test]
    fn a_large_seller_has_other_days_unless_they_are_set() {
        assert_eq!(days(&[]), [40, 43, 46, 49]);
        assert_eq!(days(&[("tab.large_seller", "true")]), [10, 11, 12, 14]);
        let set = [("tab.large_seller", "true"), ("tab.due_days", "7")];
        assert_eq!(days(&set), [7, 11, 12, 14]);
        let mut values = Values::default();
        values.set("here", "tab.large_seller", "true".into()).expect("known");
        assert_eq!(values.shown("tab.write_off_days"), "14", "what is printed is what holds");
    }

    #[test]
    fn days_out_of_order_are_refused_by_a_key_that_was_set() {
        for (key, value) in [
            ("tab.due_days", "43"),
            ("tab.first_retry_days", "46"),
            ("tab.second_retry_days", "40"),
            ("tab.write_off_days", "46"),
            ("tab.remind_days", "41"),
            ("tab.notice_days", "-1"),
        ] {
            let refused = checked(&[(key, value)]).expect_err(key);
            assert!(matches!(refused, SettingsError::Value { key: found, .. } if found == key));
        }
        assert_eq!(checked(&[("tab.due_days", "1")]).expect("sound").remind_days, 1);
    }

    #[test]
    fn the_manual_lists_every_setting_as_it_is() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
        let written = std::fs::read_to_string(path).expect("docs/settings.md");
        assert_eq!(
            written,
            manual(),
            "write it anew: ardoise settings --markdown > docs/settings.md"
        );
    }
}
