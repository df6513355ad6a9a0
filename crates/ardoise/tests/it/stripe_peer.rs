//! [`Peer`]: Stripe, as far as the shop talks to it, made up. It keeps what it is told, forgets keys when asked to, loses
//! answers, and holds every request and every answer of its own against the official description, where that is at hand.

use crate::specs::{Description, decode};
use ardoise::clock::Clock;
use ardoise::outbox::address::Reach;
use ardoise::rails::stripe::{Stripe, StripeSettings};
use ardoise::rails::wire::Wire;
use ardoise::settings::Values;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use ledger::{Currency, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// When everything here happens.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);
/// The key of the account.
pub const KEY: &str = "sk_test_hush";
/// What signs messages.
pub const WEBHOOK_SECRET: &str = "whsec_hush";

/// The official description.
pub fn description() -> Option<Description> {
    let made = [
        "api_errors",
        "balance_transaction",
        "charge",
        "checkout.session",
        "dispute",
        "payment_intent",
        "payment_method",
        "payment_method_details",
        "payment_method_details_bancontact",
        "payment_method_details_card",
        "payment_method_details_ideal",
        "payment_method_details_sepa_debit",
        "payment_pages_checkout_session_customer_details",
        "refund",
        "setup_intent",
        "webhook_endpoint",
    ];
    Description::open("stripe-spec3-2023-08-16.json", &made)
}

/// What happens to the next request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is done, and the answer breaks off.
    Lost,
    /// It is not done: this status, and no word.
    Status(u16),
}

/// An answer: its status and its JSON.
type Answer = (u16, Value);

#[derive(Default)]
struct Desk {
    clock: Option<Clock>,
    /// Objects by identifier, with those they name by identifier alone.
    objects: BTreeMap<String, Value>,
    /// What was asked for with a session.
    asked: BTreeMap<String, Value>,
    /// Keys of idempotency: the request and its answer.
    keys: BTreeMap<String, (String, Answer)>,
    /// Ways to pay that are declined: by which code.
    declines: BTreeMap<String, String>,
    /// Ways to pay that take days.
    slow: Vec<String>,
    /// Sessions whose readers pay as soon as somebody asks, and with what.
    willing: BTreeMap<String, Value>,
    faults: VecDeque<Fault>,
    loses_answers: bool,
    /// Cents of its fee that it gives back with each refund.
    gives_back: i64,
    requests: Vec<String>,
    made: usize,
}

struct Room {
    desk: Mutex<Desk>,
    description: Option<Description>,
    complaints: Mutex<Vec<String>>,
    url: String,
}

/// Stripe.
pub struct Peer {
    room: Arc<Room>,
}

impl Peer {
    pub async fn open() -> Self {
        Self::at(Clock::standing_at(NOW)).await
    }

    /// With this clock.
    pub async fn at(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let description = description();
        let desk = Mutex::new(Desk { clock: Some(clock), ..Desk::default() });
        let complaints = Mutex::default();
        let room = Arc::new(Room { desk, description, complaints, url });
        let router = Router::new().fallback(answer).with_state(room.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { room }
    }

    pub fn url(&self) -> &str {
        &self.room.url
    }

    /// The rail, with this key.
    pub fn rail_with(&self, key: &str) -> Stripe {
        rail(self.url(), key, Clock::standing_at(NOW))
    }

    pub fn rail(&self) -> Stripe {
        self.rail_with(KEY)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.room.desk.lock().expect("no panic")
    }

    /// What happens to the next request, after what was said before.
    pub fn will(&self, fault: Fault) {
        self.desk().faults.push_back(fault);
    }

    /// From the second request on, answers break off.
    pub fn lose_from_the_second_on(&self) {
        self.desk().faults = [Fault::None, Fault::Lost, Fault::Lost, Fault::Lost].into();
    }

    /// From now on every answer breaks off, or none.
    pub fn loses_answers(&self, lost: bool) {
        self.desk().loses_answers = lost;
    }

    /// Somebody else pays for the charge of this name.
    pub fn crowd(&self, charge: &str) {
        self.desk().make(
            "pi",
            "payment_intent",
            json!({
                "status": "succeeded", "amount": 1, "amount_received": 1,
                "currency": "eur", "metadata": {"charge": charge},
            }),
        );
    }

    /// Stripe tells an address of these events, or has been told to stop.
    pub fn tells(&self, url: &str, status: &str, events: &[&str]) {
        let mut desk = self.desk();
        desk.objects.retain(|_, object| object["object"] != "webhook_endpoint");
        let endpoint = json!({
            "url": url, "status": status, "enabled_events": events, "livemode": false,
            "created": 0, "metadata": {},
        });
        desk.make("we", "webhook_endpoint", endpoint);
    }

    /// The only object of its kind.
    pub fn only(&self, kind: &str) -> String {
        let desk = self.desk();
        let mut all = desk.objects.iter().filter(|(_, object)| object["object"] == kind);
        let (id, _) = all.next().expect("one");
        assert!(all.next().is_none(), "more than one");
        id.clone()
    }

    /// A day passes.
    pub fn forget_keys(&self) {
        self.desk().keys.clear();
    }

    pub fn set(&self, id: &str, member: &str, value: Value) {
        self.desk().objects.get_mut(id).expect("known")[member] = value;
    }

    pub fn get(&self, id: &str) -> Value {
        self.desk().objects[id].clone()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.desk().objects.values().filter(|object| object["object"] == kind).count()
    }

    /// Pages on which somebody is to pay.
    pub fn count_to_pay(&self) -> usize {
        let is_to_pay =
            |object: &&Value| object["object"] == "checkout.session" && object["mode"] == "payment";
        self.desk().objects.values().filter(is_to_pay).count()
    }

    pub fn count_paid(&self) -> usize {
        let is_paid = |object: &&Value| {
            object["object"] == "payment_intent" && object["status"] == "succeeded"
        };
        self.desk().objects.values().filter(is_paid).count()
    }

    /// Methods and paths of what was asked, and how often.
    pub fn requests(&self) -> Vec<String> {
        self.desk().requests.clone()
    }

    pub fn decline(&self, method: &str, code: &str) {
        self.desk().declines.insert(method.into(), code.into());
    }

    pub fn is_slow(&self, method: &str) {
        self.desk().slow.push(method.into());
    }

    /// A reader pays on the page, with these means; answers the payment.
    pub fn pay(&self, session: &str, means: &Value) -> String {
        self.desk().pay(session, means)
    }

    /// A reader pays on the page as soon as somebody asks whether they did.
    pub fn will_pay(&self, session: &str, means: &Value) {
        self.desk().willing.insert(session.into(), means.clone());
    }

    /// A reader leaves a card on the page, and pays nothing; answers the way to pay.
    pub fn leave_card(&self, session: &str) -> String {
        self.desk().leave_card(session)
    }

    /// The bank of a reader who leaves a card says no.
    pub fn refuse_card(&self, session: &str, code: &str) {
        let mut desk = self.desk();
        desk.leave_card(session);
        let set_up = desk.objects[session]["setup_intent"].as_str().expect("text").to_owned();
        let set_up = desk.objects.get_mut(&set_up).expect("made");
        set_up["status"] = json!("requires_payment_method");
        set_up["last_setup_error"] = json!({"type": "card_error", "code": code});
    }

    /// A reader agrees to a debit that is under way for days; answers the payment.
    pub fn agree(&self, session: &str, means: &Value) -> String {
        self.desk().agree(session, means)
    }

    /// What was under way arrives.
    pub fn arrive(&self, intent: &str, means: &Value) {
        self.desk().succeed(intent, means);
    }

    /// What was under way fails.
    pub fn fail(&self, intent: &str, code: &str) {
        let error = json!({"type": "card_error", "code": code});
        self.set(intent, "status", json!("requires_payment_method"));
        self.set(intent, "last_payment_error", error);
    }

    /// From now on it gives so many cents of its fee back with each refund.
    pub fn gives_fee_back(&self, cents: i64) {
        self.desk().gives_back = cents;
    }

    /// Somebody sends so many cents of a payment back on Stripe's own page: nothing on it is the shop's.
    pub fn send_back_at_its_page(&self, intent: &str, cents: i64) -> String {
        let asked = json!({"payment_intent": intent, "amount": cents.to_string(), "metadata": {}});
        let (status, made) = self.desk().make_refund(&asked);
        assert_eq!(status, 200, "{made}");
        made["id"].as_str().expect("text").to_owned()
    }

    /// The newest object of its kind.
    pub fn newest(&self, kind: &str) -> String {
        let desk = self.desk();
        let mut all = desk.objects.iter().filter(|(_, object)| object["object"] == kind);
        all.next_back().expect("one").0.clone()
    }

    /// The reader's bank wants the money of a payment back; answers the dispute.
    pub fn dispute(&self, intent: &str, status: &str, fee: i64) -> String {
        let mut desk = self.desk();
        let amount = desk.objects[intent]["amount"].clone();
        let movement = json!({
            "id": "txn_d", "object": "balance_transaction", "fee": fee, "currency": "eur",
        });
        desk.make(
            "dp",
            "dispute",
            json!({
                "status": status, "amount": amount, "currency": "eur", "payment_intent": intent,
                "balance_transactions": [movement],
            }),
        )
    }
}

impl Drop for Peer {
    /// Every request was one that Stripe understands, and every answer one that Stripe gives.
    fn drop(&mut self) {
        let complaints = self.room.complaints.lock().expect("no panic");
        assert!(complaints.is_empty() || std::thread::panicking(), "{complaints:#?}");
    }
}

/// The rail at `url`, with this key and this clock.
pub fn rail(url: &str, key: &str, clock: Clock) -> Stripe {
    let mut values = Values::default();
    for (name, value) in
        [("stripe.secret", key), ("stripe.webhook_secret", WEBHOOK_SECRET), ("stripe.base", url)]
    {
        values.set("here", name, value.into()).expect("known");
    }
    let settings = StripeSettings::read(&values, Currency::Eur, Reach::Private);
    let wire = Wire::new(Reach::Private, clock);
    Stripe::new(&settings.expect("sound").expect("on"), Currency::Eur, wire)
}

/// The headers of a message as Stripe signs it.
pub fn signed(event: &str, secret: &str, at: Timestamp) -> HeaderMap {
    let seconds = at.micros() / 1_000_000;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{seconds}.{event}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let value = format!("t={seconds},v1={hex}").parse().expect("a header");
    HeaderMap::from_iter([("stripe-signature".parse().expect("a name"), value)])
}

impl Desk {
    fn make(&mut self, start: &str, kind: &str, mut object: Value) -> String {
        self.made += 1;
        let id = format!("{start}_{:04}", self.made);
        object["id"] = json!(id);
        object["object"] = json!(kind);
        object["created"] = json!(self.now());
        self.objects.insert(id.clone(), object);
        id
    }

    fn now(&self) -> i64 {
        self.clock.as_ref().expect("a clock").now().micros() / 1_000_000
    }

    fn find(&self, id: &str) -> Option<Value> {
        self.objects.get(id).cloned()
    }

    /// The session is complete, and its payment under way.
    fn agree(&mut self, session: &str, means: &Value) -> String {
        let asked = self.asked[session].clone();
        let price = &asked["line_items"]["0"]["price_data"];
        let data = &asked["payment_intent_data"];
        let binds = data["setup_future_usage"] == "off_session";
        let customer = binds.then(|| self.make("cus", "customer", json!({})));
        let method = self.method(customer.as_deref(), means);
        let amount: i64 = price["unit_amount"].as_str().expect("text").parse().expect("cents");
        let intent = self.make(
            "pi",
            "payment_intent",
            json!({
                "status": "processing", "amount": amount, "amount_received": 0,
                "currency": price["currency"], "metadata": data["metadata"], "customer": customer,
                "payment_method": method, "latest_charge": null, "last_payment_error": null,
            }),
        );
        let session = self.objects.get_mut(session).expect("a session");
        session["status"] = json!("complete");
        session["url"] = Value::Null;
        session["payment_intent"] = json!(intent);
        session["customer_details"] = json!({"email": "ben@reader.example"});
        intent
    }

    fn pay(&mut self, session: &str, means: &Value) -> String {
        self.willing.remove(session);
        let intent = self.agree(session, means);
        self.succeed(&intent, means);
        self.objects.get_mut(session).expect("a session")["payment_status"] = json!("paid");
        intent
    }

    fn leave_card(&mut self, session: &str) -> String {
        let asked = self.asked[session].clone();
        let customer = self.make("cus", "customer", json!({}));
        let card = json!({"type": "card", "customer": customer, "card": {"brand": "visa", "last4": "4242"}});
        let method = self.make("pm", "payment_method", card);
        let set_up = json!({
            "status": "succeeded", "customer": customer, "payment_method": method,
            "metadata": asked["setup_intent_data"]["metadata"], "usage": "off_session",
            "last_setup_error": null,
        });
        let set_up = self.make("seti", "setup_intent", set_up);
        let session = self.objects.get_mut(session).expect("a session");
        session["status"] = json!("complete");
        session["url"] = Value::Null;
        session["setup_intent"] = json!(set_up);
        method
    }

    fn method(&mut self, customer: Option<&str>, means: &Value) -> String {
        let kind = json!({"type": means["type"], "customer": customer});
        self.make("pm", "payment_method", kind)
    }

    /// The money came: Stripe keeps 1.4 % and 25 cents, unlike its price list.
    fn succeed(&mut self, intent: &str, means: &Value) {
        let amount = self.objects[intent]["amount"].as_i64().expect("cents");
        let fee = amount.min(amount * 14 / 1_000 + 25);
        let movement =
            self.make("txn", "balance_transaction", json!({"fee": fee, "currency": "eur"}));
        let charge = self.make(
            "ch",
            "charge",
            json!({
                "balance_transaction": movement, "payment_method_details": means,
            }),
        );
        let intent = self.objects.get_mut(intent).expect("a payment");
        intent["status"] = json!("succeeded");
        intent["amount_received"] = json!(amount);
        intent["latest_charge"] = json!(charge);
    }

    /// Puts in the place of identifiers what they name, as far as `expand` asks for it.
    fn expand(&self, object: &mut Value, path: &str) {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let member = &mut object[first];
        let named = member.as_str().and_then(|id| self.find(id));
        if let Some(named) = named {
            *member = named;
        }
        match member {
            _ if rest.is_empty() => {}
            Value::Array(list) => list.iter_mut().for_each(|one| self.expand(one, rest)),
            Value::Object(_) => self.expand(member, rest),
            _ => {}
        }
    }

    fn one(&self, id: &str) -> Answer {
        self.find(id).map_or_else(|| missing("id"), |found| (200, found))
    }

    /// A part of a list: the newest first.
    fn list(&self, kind: &str, query: &Value, fits: impl Fn(&Value) -> bool) -> Answer {
        let all = self.objects.values().rev();
        let mut all: Vec<&Value> = all.filter(|one| one["object"] == kind && fits(one)).collect();
        if let Some(after) = query["starting_after"].as_str() {
            let at = all.iter().position(|one| one["id"] == after).expect("known");
            all.drain(..=at);
        }
        let limit: usize = query["limit"].as_str().map_or(10, |text| text.parse().expect("number"));
        let data: Vec<Value> = all.iter().take(limit).map(|one| (*one).clone()).collect();
        (200, json!({"object": "list", "data": data, "has_more": all.len() > limit}))
    }

    fn act(&mut self, url: &str, method: &str, path: &str, asked: &Value) -> Answer {
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let known = |desk: &Self, id: &str| desk.objects.contains_key(id);
        match (method, &parts[..]) {
            ("POST", ["checkout", "sessions"]) => self.make_session(url, asked),
            ("POST", ["checkout", "sessions", id, "expire"]) => self.expire(id),
            ("GET", ["checkout", "sessions", id]) => {
                if let Some(means) = self.willing.remove(*id) {
                    self.pay(id, &means);
                }
                self.one(id)
            }
            ("GET", ["payment_intents"]) => self.list("payment_intent", asked, |one| {
                let from = asked["created"]["gte"].as_str().expect("text").parse().expect("number");
                let is_theirs = asked["customer"].is_null() || one["customer"] == asked["customer"];
                one["created"].as_i64() >= Some(from) && is_theirs
            }),
            ("POST", ["payment_intents"]) => self.make_intent(asked),
            ("GET", ["payment_intents" | "disputes" | "payment_methods", id]) => self.one(id),
            ("GET", ["webhook_endpoints"]) => self.list("webhook_endpoint", asked, |_| true),
            ("GET", ["refunds"]) => {
                self.list("refund", asked, |one| one["payment_intent"] == asked["payment_intent"])
            }
            ("POST", ["refunds"]) => self.make_refund(asked),
            ("POST", ["payment_methods", id, "detach"]) if known(self, id) => {
                let method = self.objects.get_mut(*id).expect("known");
                if method["customer"].is_null() {
                    return (400, json!({"error": {"type": "invalid_request_error"}}));
                }
                method["customer"] = Value::Null;
                self.one(id)
            }
            _ => missing("path"),
        }
    }

    fn make_session(&mut self, url: &str, asked: &Value) -> Answer {
        let ends: Option<i64> = asked["expires_at"].as_str().and_then(|text| text.parse().ok());
        let open_for = ends.map_or(86_400, |ends| ends - self.now());
        if !(1_800..=86_400).contains(&open_for) {
            let error = json!({"type": "invalid_request_error", "param": "expires_at"});
            return (400, json!({ "error": error }));
        }
        // In setup mode the kinds are named, and a customer is made for what is left.
        let is_set_up = asked["mode"] == "setup";
        let names_kinds = asked["payment_method_types"].is_object();
        if is_set_up && !(names_kinds && asked["customer_creation"] == "always") {
            let error = json!({"type": "invalid_request_error", "code": "parameter_missing"});
            return (400, json!({ "error": error }));
        }
        let id = self.make(
            "cs_test",
            "checkout.session",
            json!({
                "status": "open", "payment_status": "unpaid", "metadata": asked["metadata"],
                "client_reference_id": asked["client_reference_id"], "payment_intent": null,
                "setup_intent": null, "mode": asked["mode"],
                "customer_details": null, "livemode": false,
            }),
        );
        self.objects.get_mut(&id).expect("made")["url"] = json!(format!("{url}/c/pay/{id}"));
        self.asked.insert(id.clone(), asked.clone());
        self.one(&id)
    }

    fn expire(&mut self, id: &str) -> Answer {
        let session = self.objects.get_mut(id).expect("a session");
        if session["status"] != "open" {
            return (400, json!({"error": {"type": "invalid_request_error"}}));
        }
        session["status"] = json!("expired");
        session["url"] = Value::Null;
        self.one(id)
    }

    fn make_intent(&mut self, asked: &Value) -> Answer {
        let method = asked["payment_method"].as_str().expect("text").to_owned();
        match self.find(&method) {
            None => return missing("payment_method"),
            Some(known) if known["customer"] != asked["customer"] => {
                let error = json!({"type": "invalid_request_error", "param": "payment_method"});
                return (400, json!({ "error": error }));
            }
            Some(_) => {}
        }
        let amount: i64 = asked["amount"].as_str().expect("text").parse().expect("cents");
        let intent = self.make(
            "pi",
            "payment_intent",
            json!({
                "status": "processing", "amount": amount, "amount_received": 0,
                "currency": asked["currency"], "metadata": asked["metadata"],
                "customer": asked["customer"], "payment_method": method, "latest_charge": null,
                "last_payment_error": null,
            }),
        );
        if let Some(code) = self.declines.get(&method).cloned() {
            return self.declined(&intent, &code);
        }
        if !self.slow.contains(&method) {
            let card = json!({"type": "card", "card": {"brand": "visa", "last4": "4242"}});
            self.succeed(&intent, &card);
        }
        self.one(&intent)
    }

    fn declined(&mut self, intent: &str, code: &str) -> Answer {
        let general = if code == "authentication_required" { code } else { "card_declined" };
        let error = json!({
            "type": "card_error", "code": general, "decline_code": code,
            "message": "Your card was declined.",
        });
        let failed = self.objects.get_mut(intent).expect("made");
        failed["status"] = json!("requires_payment_method");
        failed["last_payment_error"] = error.clone();
        let mut error = error;
        error["payment_intent"] = failed.clone();
        (402, json!({ "error": error }))
    }

    fn make_refund(&mut self, asked: &Value) -> Answer {
        let intent = asked["payment_intent"].as_str().expect("text");
        let Some(paid) = self.find(intent) else { return missing("payment_intent") };
        let amount: i64 = asked["amount"].as_str().expect("text").parse().expect("cents");
        let back = |one: &&Value| one["object"] == "refund" && one["payment_intent"] == intent;
        let before = self.objects.values().filter(back).filter_map(|one| one["amount"].as_i64());
        if before.sum::<i64>() + amount > paid["amount_received"].as_i64().expect("cents") {
            let error = json!({"type": "invalid_request_error", "code": "charge_already_refunded"});
            return (400, json!({ "error": error }));
        }
        let slow = paid["payment_method"]
            .as_str()
            .is_some_and(|id| self.slow.iter().any(|slow| slow == id));
        let movement = self.make(
            "txn",
            "balance_transaction",
            json!({"fee": -self.gives_back, "currency": "eur"}),
        );
        let id = self.make(
            "re",
            "refund",
            json!({
                "status": if slow { "pending" } else { "succeeded" }, "amount": amount,
                "currency": "eur", "payment_intent": intent, "metadata": asked["metadata"],
                "balance_transaction": movement,
            }),
        );
        self.one(&id)
    }

    /// Does it once for a key.
    fn once(
        &mut self,
        key: Option<&str>,
        request: &str,
        act: impl FnOnce(&mut Self) -> Answer,
    ) -> Answer {
        let Some(key) = key else { return act(self) };
        if let Some((known, answer)) = self.keys.get(key) {
            let error = json!({"error": {"type": "idempotency_error"}});
            return if known == request { answer.clone() } else { (400, error) };
        }
        let answer = act(self);
        self.keys.insert(key.into(), (request.into(), answer.clone()));
        answer
    }
}

fn missing(param: &str) -> Answer {
    let error =
        json!({"type": "invalid_request_error", "code": "resource_missing", "param": param});
    (404, json!({ "error": error }))
}

impl Room {
    fn hold(&self, method: &str, target: &str, form: &str) {
        let Some(description) = &self.description else { return };
        if let Err(why) = description.request(method, target, form) {
            self.complain(format!("{method} {target} {form}: {why}"));
        }
    }

    /// Holds what is answered against the description too, or the double could say what Stripe never does.
    fn hold_answer(&self, answer: &Value) {
        let Some(description) = &self.description else { return };
        let list = answer["data"].as_array().cloned();
        for one in list.unwrap_or_else(|| vec![answer.clone()]) {
            let kind = one["object"].as_str().unwrap_or("error").to_owned();
            if let Err(why) = description.answer(&kind, &one) {
                self.complain(format!("an answer: {one}: {why}"));
            }
        }
    }

    fn complain(&self, why: String) {
        self.complaints.lock().expect("no panic").push(why);
    }
}

fn is_let_in(headers: &HeaderMap) -> bool {
    let has = |name: &str, value: String| headers.get(name).is_some_and(|said| *said == value);
    has("authorization", format!("Bearer {KEY}")) && has("stripe-version", "2023-08-16".into())
}

async fn answer(State(room): State<Arc<Room>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let form = std::str::from_utf8(&body).expect("text");
    let target = head.uri.path_and_query().expect("a target").as_str();
    let method = head.method.as_str();
    room.hold(method, target, form);
    let (status, answer) = if is_let_in(&head.headers) {
        room.serve(&head.headers, (method, target), form)
    } else {
        (401, json!({"error": {"type": "invalid_request_error", "message": "hush"}}))
    };
    let status = StatusCode::from_u16(status).expect("a status");
    if answer.is_null() {
        let body = if status.is_success() { broken() } else { Body::empty() };
        return Response::builder().status(status).body(body).expect("an answer");
    }
    room.hold_answer(&answer);
    let body = Body::from(answer.to_string());
    Response::builder().status(status).body(body).expect("an answer")
}

/// A body that breaks off.
fn broken() -> Body {
    let pieces = [Ok("{\"id\":"), Err(std::io::Error::other("gone"))];
    Body::from_stream(futures_util::stream::iter(pieces))
}

impl Room {
    /// The answer; `null` where it does not arrive.
    fn serve(&self, headers: &HeaderMap, (method, target): (&str, &str), form: &str) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let asked = decode(if method == "GET" { query } else { form });
        let mut desk = self.desk.lock().expect("no panic");
        desk.requests.push(format!("{method} {path}"));
        let lost = desk.loses_answers.then_some(Fault::Lost);
        let fault = desk.faults.pop_front().or(lost);
        if let Some(Fault::Status(status)) = fault {
            return (status, Value::Null);
        }
        let key = headers.get("idempotency-key").map(|key| key.to_str().expect("text").to_owned());
        let request = format!("{method} {target} {form}");
        let (status, mut answer) =
            desk.once(key.as_deref(), &request, |desk| desk.act(&self.url, method, path, &asked));
        let expanded = asked["expand"].as_object().cloned().unwrap_or_default();
        for path in expanded.values().filter(|_| status == 200) {
            desk.expand(&mut answer, path.as_str().expect("text"));
        }
        if matches!(fault, Some(Fault::Lost)) { (200, Value::Null) } else { (status, answer) }
    }
}
