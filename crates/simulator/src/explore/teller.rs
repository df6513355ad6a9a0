//! [`Teller`]: works the list of deliveries off as the outbox's worker does, and listens at the other end: every event of
//! an author who listens is told exactly once, however often its message is sent.

use super::faults::{Trouble, complaint};
use super::finding::Wrong;
use super::naive::{Event, Naive};
use super::scene::Scene;
use super::stand::{Ended, Stand};
use crate::chance::Chance;
use ardoise::store::delivery::{self, Delivery, Load};
use ardoise::store::{Db, StoreError, webhook};
use ardoise::till::Durable;
use ledger::{AuthorId, Timestamp, WebhookId};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Minutes for which a delivery that was taken up is left alone.
const TAKEN_MINUTES: i64 = 3;
/// Deliveries taken up at once.
const LOAD: Load = Load { most: 64, most_to_one: 16 };
/// When everything that was put off is due.
const END_OF_DAYS: Timestamp = Timestamp::from_micros(i64::MAX / 2);

/// Tells, and listens.
pub struct Teller {
    chance: Chance,
    scene: Scene,
    listening: BTreeMap<AuthorId, WebhookId>,
    /// What is still to be heard, by the name of its message.
    to_hear: BTreeMap<String, Event>,
    /// What was heard.
    heard: BTreeSet<String>,
    /// What was heard while the shop was not told so: it may come again.
    may_come_again: BTreeSet<String>,
    /// Messages heard, repeated ones left out.
    pub told: u64,
}

impl Teller {
    /// A teller of the events of authors who listen.
    pub fn new(chance: Chance, scene: &Scene) -> Self {
        let listening = scene.authors.iter().filter_map(|&(author, hook)| Some((author, hook?)));
        Self {
            chance,
            scene: scene.clone(),
            listening: listening.collect(),
            to_hear: BTreeMap::new(),
            heard: BTreeSet::new(),
            may_come_again: BTreeSet::new(),
            told: 0,
        }
    }

    /// Takes up what is due and tells it. Some of it is not heard, and some of what is heard is not written down.
    ///
    /// # Errors
    /// [`Wrong`] for a message that says something else than what happened, or comes again without a reason.
    pub fn work(
        &mut self,
        stand: &mut Stand,
        naive: &mut Naive,
        now: Timestamp,
    ) -> Result<(), Wrong> {
        self.expect(naive);
        let due = stand.read(|db| delivery::due(db, now, LOAD)).map_err(Wrong::store)?;
        if due.is_empty() {
            return Ok(());
        }
        let until = now.plus_minutes(TAKEN_MINUTES);
        let mut taken = Vec::new();
        let ended = self.write(stand, &mut |db| {
            taken.clear();
            for delivery in &due {
                if delivery::take(db, delivery, now, until)? {
                    taken.push(delivery.clone());
                }
            }
            Ok(())
        })?;
        if let Ended::Heard(()) = ended {
            self.send(stand, &taken, now)?;
        }
        Ok(())
    }

    fn send(&mut self, stand: &mut Stand, taken: &[Delivery], now: Timestamp) -> Result<(), Wrong> {
        let mut outcomes = Vec::new();
        for delivery in taken {
            let hears = !self.chance.percent(self.scene.temper.deaf);
            // One that was heard, of which the shop hears nothing.
            let is_cut_off = self.chance.percent(self.scene.temper.deaf / 8);
            if hears || is_cut_off {
                self.hear(delivery)?;
            }
            outcomes.push((delivery, hears && !is_cut_off));
        }
        let then = now.plus_minutes(1 + self.chance.below(5) as i64);
        let ended = self.write(stand, &mut |db| {
            outcomes
                .iter()
                .try_for_each(|&(delivery, heard)| put_down(db, delivery, heard, now, then))
        })?;
        let is_written = !matches!(ended, Ended::Failed(_));
        for (delivery, heard) in outcomes {
            let name = name(delivery.webhook, &delivery.message);
            if is_written && heard {
                self.may_come_again.remove(&name);
            } else if self.heard.contains(&name) {
                self.may_come_again.insert(name);
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        stand: &mut Stand,
        work: &mut dyn FnMut(&dyn Db) -> Result<(), StoreError>,
    ) -> Result<Ended<()>, Wrong> {
        let trouble = Trouble::drawn(&mut self.chance, &self.scene.temper, 40);
        let error = complaint(&mut self.chance);
        let ended = stand.write(Durable::AtOnce, trouble.fault, &error, work);
        trouble.explains(ended)
    }

    fn expect(&mut self, naive: &mut Naive) {
        for event in naive.events.drain(..) {
            if let Some(&hook) = self.listening.get(&event.line.author) {
                let message = format!("{}_{}", event.kind, event.line.id);
                self.to_hear.insert(name(hook, &message), event);
            }
        }
    }

    fn hear(&mut self, delivery: &Delivery) -> Result<(), Wrong> {
        let name = name(delivery.webhook, &delivery.message);
        if self.heard.contains(&name) {
            let again = self.may_come_again.contains(&name);
            return if again {
                Ok(())
            } else {
                Err(Wrong::outbox(format!("{name} is told twice")))
            };
        }
        let Some(event) = self.to_hear.remove(&name) else {
            return Err(Wrong::outbox(format!("{name} is told and never happened")));
        };
        let said: Json = serde_json::from_str(&delivery.body)
            .map_err(|error| Wrong::outbox(format!("{name}: {error}")))?;
        if let Some(what) = differs(&said, &event) {
            return Err(Wrong::outbox(format!("{name} says another {what}: {said}")));
        }
        self.told += 1;
        self.heard.insert(name);
        Ok(())
    }

    /// Looks whether everything that is still to be told is on the list of deliveries, once the followers have caught up.
    ///
    /// # Errors
    /// [`Wrong`] for an event of which nobody will be told.
    pub fn look(&mut self, stand: &Stand, naive: &mut Naive) -> Result<(), Wrong> {
        self.expect(naive);
        let all = Load { most: i64::MAX, most_to_one: i64::MAX };
        let listed = stand.read(|db| delivery::due(db, END_OF_DAYS, all)).map_err(Wrong::store)?;
        let listed = listed.iter().map(|delivery| name(delivery.webhook, &delivery.message));
        let listed: BTreeSet<String> = listed.collect();
        match self.to_hear.keys().find(|&name| !listed.contains(name)) {
            Some(untold) => Err(Wrong::outbox(format!("{untold} is on no list"))),
            None => Ok(()),
        }
    }

    /// What is still to be heard, for the first time and again.
    fn to_come(&self) -> (usize, usize) {
        (self.to_hear.len(), self.may_come_again.len())
    }

    /// Tells everything that is left, with nothing in the way, and looks whether it was everything.
    ///
    /// # Errors
    /// [`Wrong`] as above, and for events of which nobody was told.
    pub fn finish(&mut self, stand: &mut Stand, naive: &mut Naive) -> Result<(), Wrong> {
        self.scene.temper.failing = 0;
        self.scene.temper.deaf = 0;
        let left = |stand: &Stand| stand.read(delivery::next).map_err(Wrong::store);
        while left(stand)?.is_some() {
            let before = self.to_come();
            self.work(stand, naive, END_OF_DAYS)?;
            if self.to_come() == before {
                break;
            }
        }
        match self.to_hear.keys().next() {
            Some(untold) => Err(Wrong::outbox(format!("{untold} is never told"))),
            None => Ok(()),
        }
    }
}

fn name(hook: WebhookId, message: &str) -> String {
    format!("{hook} {message}")
}

/// In the order in which the outbox's worker writes it down.
fn put_down(
    db: &dyn Db,
    delivery: &Delivery,
    heard: bool,
    now: Timestamp,
    then: Timestamp,
) -> Result<(), StoreError> {
    if heard {
        delivery::remove(db, delivery)?;
        return webhook::heard(db, delivery.webhook, now);
    }
    webhook::failed(db, delivery.webhook, "timeout")?;
    delivery::put_off(db, delivery, then)
}

/// The first thing that a message says otherwise than it happened.
fn differs(said: &Json, event: &Event) -> Option<&'static str> {
    let line = &event.line;
    let data = &said["data"];
    let state = match event.kind {
        "bought" => "open",
        other => other,
    };
    let micros = |part: &str| {
        let decimal = data[part]["amount"].as_str()?.replace('.', "");
        decimal.parse::<i64>().ok()
    };
    let is = |member: &Json, text: &str| member.as_str() == Some(text);
    let checks = [
        ("type", is(&said["type"], &format!("line.{}", event.kind))),
        ("line", is(&data["id"], &line.id.to_string())),
        ("work", is(&data["work"], &line.work.to_string())),
        ("state", is(&data["state"], state)),
        ("price", micros("gross") == Some(line.shares.gross.micros())),
        ("tax", micros("vat") == Some(line.shares.vat.micros())),
        ("fee", micros("fee") == Some(line.shares.fee.micros())),
        ("share", micros("share") == Some(line.shares.author.micros())),
        ("currency", is(&data["gross"]["currency"], line.shares.gross.currency().code())),
        ("time", is(&said["timestamp"], &ardoise::api::wire::instant(event.at))),
    ];
    checks.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}
