//! The shop's HTTP as this crate speaks it: requests as bytes, answers as facts.

use ledger::{Currency, LineId, Money};
use serde_json::Value;

use crate::fault::Fault;
use crate::http::{Answer, position_of};
use crate::purchase_id::PurchaseId;

/// The cookie that says whose tab it is.
pub const TAB_COOKIE: &str = "ardoise_tab";

/// A request to be written again and again into one buffer, which soon no longer grows.
#[derive(Debug, Clone, Copy)]
pub struct BuyRequest<'a> {
    /// The link that was followed.
    pub slug: &'a str,
    /// The tab's token; without one the shop opens a tab.
    pub tab: Option<&'a str>,
    /// The id the page minted.
    pub purchase: PurchaseId,
    /// The price seen, in decimals: `0.010000`.
    pub price: &'a str,
    /// The tab that the page offers to a device without one.
    pub device: Option<&'a str>,
}

impl BuyRequest<'_> {
    /// Replaces what is in `request`.
    pub fn write(&self, request: &mut Vec<u8>) {
        request.clear();
        push(request, &["POST /l/", self.slug, "/buy HTTP/1.1\r\nHost: localhost\r\n"]);
        if let Some(tab) = self.tab {
            push(request, &["Cookie: ", TAB_COOKIE, "=", tab, "\r\n"]);
        }
        push_json(request, self.purchase, self.price, self.device);
    }
}

/// The bench's ceiling: the same JSON, parsed and written back by a route that does nothing else.
pub fn write_echo(request: &mut Vec<u8>, purchase: PurchaseId, price: &str) {
    request.clear();
    push(request, &["POST /bench/echo HTTP/1.1\r\nHost: localhost\r\n"]);
    push_json(request, purchase, price, None);
}

/// The request that takes `line` back.
pub fn write_undo(request: &mut Vec<u8>, tab: &str, line: &str) {
    request.clear();
    push(request, &["POST /lines/", line, "/undo HTTP/1.1\r\nHost: localhost\r\nCookie: "]);
    push(request, &[TAB_COOKIE, "=", tab, "\r\nAccept: application/json\r\n"]);
    push(request, &["Content-Length: 0\r\n\r\n"]);
}

/// The request for the page of a work, as a browser sends it.
pub fn write_page(request: &mut Vec<u8>, slug: &str) {
    request.clear();
    push(request, &["GET /l/", slug, " HTTP/1.1\r\nHost: localhost\r\n"]);
    push(request, &["Accept: text/html\r\n\r\n"]);
}

/// The request for what was bought, by whoever has the tab.
pub fn content(work: &str, tab: &str) -> Vec<u8> {
    format!(
        "GET /w/{work} HTTP/1.1\r\nHost: localhost\r\nCookie: {TAB_COOKIE}={tab}\r\n\
         Accept: text/html\r\n\r\n"
    )
    .into_bytes()
}

/// The tab that a work's page offers to a device without one.
pub fn device(page: &Answer<'_>) -> Option<String> {
    const BEFORE: &[u8] = br#"name="device" value=""#;
    let start = position_of(page.body, BEFORE)? + BEFORE.len();
    let length = page.body[start..].iter().position(|&byte| byte == b'"')?;
    String::from_utf8(page.body[start..start + length].to_vec()).ok()
}

/// A request for a page such as `/health`.
pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n").into_bytes()
}

fn push(request: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        request.extend_from_slice(part.as_bytes());
    }
}

/// Everything of a JSON post after its own headers.
fn push_json(request: &mut Vec<u8>, purchase: PurchaseId, price: &str, device: Option<&str>) {
    const BEFORE: &str = r#"{"purchase":""#;
    const BETWEEN: &str = r#"","price":""#;
    const DEVICE: &str = r#"","device":""#;
    const AFTER: &str = r#""}"#;
    let text = purchase.text();
    let more = device.map_or(0, |device| DEVICE.len() + device.len());
    let length = BEFORE.len() + text.len() + BETWEEN.len() + price.len() + more + AFTER.len();
    push(request, &["Content-Type: application/json\r\nAccept: application/json\r\n"]);
    push(request, &["Content-Length: "]);
    push_number(request, length);
    push(request, &["\r\n\r\n", BEFORE]);
    request.extend_from_slice(&text);
    push(request, &[BETWEEN, price]);
    if let Some(device) = device {
        push(request, &[DEVICE, device]);
    }
    push(request, &[AFTER]);
}

/// A body's length: one to four digits, without a detour through a `String`.
fn push_number(request: &mut Vec<u8>, number: usize) {
    for unit in [1_000, 100, 10, 1] {
        if number >= unit || unit == 1 {
            request.push(b'0' + (number / unit % 10) as u8);
        }
    }
}

/// What the shop says about a purchase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyAnswer {
    /// The line on the tab.
    pub line: LineId,
    /// The work that can now be read.
    pub work: String,
    /// True when it was charged by this request, false when the reader had it before.
    pub bought: bool,
    /// What the line costs, in micro-units.
    pub price_micros: i64,
    /// What the tab owes in all, in micro-units.
    pub total_micros: i64,
    /// The token of the tab that the shop opened, if it did.
    pub new_tab: Option<String>,
}

impl BuyAnswer {
    /// Reads a 200.
    ///
    /// # Errors
    /// [`Fault::Answer`] when a promised field is missing or is not what it should be.
    pub fn read(answer: &Answer<'_>) -> Result<Self, Fault> {
        let unusable =
            |what: &str| Fault::Answer(format!("{what} is missing in {}", answer.excerpt()));
        let json: Value = serde_json::from_slice(answer.body).map_err(|_| unusable("JSON"))?;
        let text = |name: &str| json[name].as_str().map(str::to_owned).ok_or(unusable(name));
        let bought = match json["status"].as_str() {
            Some("bought") => true,
            Some("owned") => false,
            _ => return Err(unusable("status")),
        };
        Ok(Self {
            line: text("line")?.parse().map_err(|_| unusable("line"))?,
            work: text("work")?,
            bought,
            price_micros: micros(&json["price"]).ok_or_else(|| unusable("price"))?,
            total_micros: micros(&json["total"]).ok_or_else(|| unusable("total"))?,
            new_tab: answer.header("set-cookie").and_then(tab_of).map(str::to_owned),
        })
    }
}

/// The micro-units of `{"amount":"0.250000","currency":"EUR"}`.
pub fn micros(money: &Value) -> Option<i64> {
    let currency: Currency = money["currency"].as_str()?.parse().ok()?;
    Money::parse(money["amount"].as_str()?, currency).ok().map(Money::micros)
}

/// The decimal text of an amount of euros, as the shop's pages carry it.
///
/// # Errors
/// [`Fault::Run`] below zero.
pub fn decimal(price_micros: i64) -> Result<String, Fault> {
    let money = Money::from_micros(price_micros, Currency::Eur);
    money.map(Money::to_decimal).map_err(|error| Fault::Run(format!("the price: {error}")))
}

fn tab_of(set_cookie: &str) -> Option<&str> {
    let (name, value) = set_cookie.split(';').next()?.split_once('=')?;
    (name.trim() == TAB_COOKIE && !value.is_empty()).then_some(value)
}

/// The value of a counter in Prometheus text, labels or not; several series of one name are added
/// up.
pub fn counter(metrics: &str, name: &str) -> Option<f64> {
    let values = metrics.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?;
        let value = match rest.strip_prefix('{') {
            Some(labelled) => labelled.split_once('}')?.1,
            None => rest.strip_prefix(' ')?,
        };
        value.split_whitespace().next()?.parse::<f64>().ok()
    });
    values.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn a_purchase_is_one_whole_request() {
        let purchase = PurchaseId::mint(&mut Chance::new(1));
        let mut request = b"left over".to_vec();
        let (price, device) = ("0.010000", Some("d0"));
        let buy = BuyRequest { slug: "soup", tab: Some("t0"), purchase, price, device };
        buy.write(&mut request);
        let text = String::from_utf8(request).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /l/soup/buy HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nCookie: ardoise_tab=t0\r\n"), "{head}");
        assert!(head.ends_with(&format!("\r\nContent-Length: {}", body.len())), "{head}");
        let json: Value = serde_json::from_str(body).unwrap();
        assert_eq!(json["purchase"], purchase.to_string());
        assert_eq!((json["price"].as_str(), json["device"].as_str()), (Some(price), device));
    }

    #[test]
    fn the_answer_says_line_total_and_new_tab() {
        let answer = Answer {
            status: 200,
            head: b"HTTP/1.1 200 OK\r\nSet-Cookie: ardoise_tab=abc; HttpOnly\r\n\r\n",
            body: br#"{"line":"00000000000000000000000011","work":"wrk_1","status":"bought",
                "price":{"amount":"0.010000","currency":"EUR"},
                "total":{"amount":"1.250000","currency":"EUR"}}"#,
        };
        let read = BuyAnswer::read(&answer).unwrap();
        assert_eq!(read.new_tab.as_deref(), Some("abc"));
        assert_eq!((read.price_micros, read.total_micros), (10_000, 1_250_000));
        assert!(read.bought);
        let refused = Answer { body: b"{}", ..answer };
        assert!(BuyAnswer::read(&refused).is_err());
    }

    #[test]
    fn the_tab_that_a_page_offers_is_found() {
        let page = br#"<input name="price" value="1"><input name="device" value="tab_1.x">"#;
        let answer = |body| Answer { status: 200, head: b"", body };
        assert_eq!(device(&answer(page)).as_deref(), Some("tab_1.x"));
        assert_eq!(device(&answer(b"no form")), None);
    }

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let metrics =
            "# TYPE a counter\na_total 3\na_total_more 9\nb{x=\"1\"} 2 1700\nb{x=\"2\"} 5";
        assert_eq!(counter(metrics, "a_total"), Some(3.0));
        assert_eq!(counter(metrics, "b"), Some(7.0));
        assert_eq!(counter(metrics, "c"), None);
    }
}
