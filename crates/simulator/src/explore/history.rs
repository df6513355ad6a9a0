//! [`History`]: one seed's shop, from its opening to its last check.

use super::Tally;
use super::checks;
use super::crowd::Crowd;
use super::faults::{Then, Trouble, complaint};
use super::finding::{Finding, Wrong};
use super::naive::{Effects, Naive};
use super::planted::Planted;
use super::scene::{NOON, Scene, as_kept, digest, pick, price};
use super::stand::{Ended, Stand, Stores};
use super::teller::Teller;
use crate::chance::Chance;
use crate::fault::Fault as Broken;
use ardoise::store::{StoreError, books, work};
use ardoise::till::command::{Command, Outcome};
use ardoise::till::{Applied, Durable, followers};
use ledger::time::{MICROS_PER_DAY, MICROS_PER_MINUTE};
use ledger::{LedgerRefusal, Timestamp};

/// Commands of a history. Short ones, because looking at everything takes longer the more there is.
pub const OPERATIONS: u64 = 8_000;
/// Commands between two looks at everything.
const EVERYTHING: u64 = 3_000;
/// About so many statements carry one command out.
const STATEMENTS: u64 = 12;

/// One seed's shop.
pub struct History {
    seed: u64,
    chance: Chance,
    scene: Scene,
    crowd: Crowd,
    naive: Naive,
    stand: Stand,
    teller: Teller,
    now: Timestamp,
    batch: u64,
    next_look: u64,
    tally: Tally,
}

impl History {
    /// Opens the shop of a seed.
    ///
    /// # Errors
    /// [`Broken`] when there is no room for its store.
    pub fn open(seed: u64, stores: &Stores, planted: Option<Planted>) -> Result<Self, Broken> {
        let mut chance = Chance::new(seed);
        let scene = Scene::drawn(&mut chance);
        let mut stand = Stand::new(stores, seed, scene.tariff.clone(), planted)?;
        let shop = |error: StoreError| Broken::Shop(format!("opening the store: {error}"));
        stand.start(NOON).map_err(shop)?;
        let nothing = super::faults::Fault::None;
        if let Ended::Failed(error) =
            stand.write(Durable::AtOnce, nothing, &StoreError::Closed, &mut |db| scene.fill(db))
        {
            return Err(shop(error));
        }
        let tariff = &scene.tariff;
        Ok(Self {
            seed,
            crowd: Crowd::new(chance.branch(), &scene),
            naive: Naive::new(tariff.currency, tariff.rules.clone(), scene.shelf.clone()),
            stand,
            teller: Teller::new(chance.branch(), &scene),
            chance,
            scene,
            now: NOON,
            batch: 0,
            next_look: EVERYTHING,
            tally: Tally::default(),
        })
    }

    /// Lives so many operations, and looks at everything at the end.
    ///
    /// # Errors
    /// [`Finding`]: what is wrong, and where.
    pub fn live(mut self, operations: u64) -> Result<Tally, Box<Finding>> {
        let lived = self.until(operations).and_then(|()| self.end());
        match lived {
            Ok(()) => {
                self.tally.told = self.teller.told;
                Ok(self.tally)
            }
            Err(wrong) => Err(Box::new(Finding {
                seed: self.seed,
                batch: self.batch,
                operations: self.tally.operations,
                wrong,
            })),
        }
    }

    fn until(&mut self, operations: u64) -> Result<(), Wrong> {
        while self.tally.operations < operations {
            self.turn()?;
        }
        Ok(())
    }

    /// One batch, and what happens between it and the next.
    fn turn(&mut self) -> Result<(), Wrong> {
        self.batch += 1;
        self.let_time_pass();
        let commands = self.crowd.batch(self.batch, &self.naive);
        self.serve(&commands)?;
        if self.chance.percent(self.scene.temper.following) {
            self.follow()?;
        }
        if self.chance.percent(self.scene.temper.following) {
            self.teller.work(&mut self.stand, &mut self.naive, self.now)?;
        }
        if self.chance.percent(3) {
            self.change_a_work()?;
        }
        if self.chance.percent(8) {
            checks::what_changed(&self.stand, &mut self.naive)?;
        }
        if self.tally.operations >= self.next_look {
            self.next_look += EVERYTHING;
            self.look_at_everything()?;
        }
        Ok(())
    }

    /// As a rule a little; sometimes much, sometimes backwards, and sometimes to the very edge of a time that matters.
    fn let_time_pass(&mut self) {
        let rules = &self.scene.tariff.rules;
        let edges = [
            rules.undo_minutes * MICROS_PER_MINUTE,
            rules.due_days * MICROS_PER_DAY,
            rules.write_off_days * MICROS_PER_DAY,
        ];
        let between = |chance: &mut Chance, minutes: u64| {
            chance.below(minutes.max(1) * MICROS_PER_MINUTE.unsigned_abs()) as i64
        };
        let micros = match self.chance.below(100) {
            0 => between(&mut self.chance, 3 * 24 * 60),
            1 => -between(&mut self.chance, 24 * 60),
            2..6 => {
                let line = self.crowd.recent_line().and_then(|line| self.naive.held(line));
                let bought_at = line.map_or(self.now, |held| held.line.bought_at);
                let edge = pick(&mut self.chance, &edges) + pick(&mut self.chance, &[-1, 0, 1]);
                bought_at.micros() + edge - self.now.micros()
            }
            _ => between(&mut self.chance, self.scene.temper.minutes),
        };
        self.now = Timestamp::from_micros((self.now.micros() + micros).max(NOON.micros()));
    }

    /// Has the commands decided in one batch; where one of them may be at fault, each alone, as the till does.
    fn serve(&mut self, commands: &[Command]) -> Result<(), Wrong> {
        let statements = STATEMENTS * commands.len() as u64;
        let trouble = Trouble::drawn(&mut self.chance, &self.scene.temper, statements);
        let error = complaint(&mut self.chance);
        let ended = self.stand.apply(self.now, commands, trouble.fault, error);
        self.tally.operations += commands.len() as u64;
        self.tally.batches += 1;
        self.tally.failed += u64::from(trouble != Trouble::NONE);
        match trouble.explains(ended)? {
            Ended::Heard(applied) => self.compare(commands, &applied)?,
            Ended::Unheard => {
                self.expected(commands);
                self.crowd.unanswered(commands.to_vec());
            }
            Ended::Failed(error) if error.is_of_one_command() && commands.len() > 1 => {
                self.restart(trouble.then)?;
                return commands.chunks(1).try_for_each(|alone| self.serve(alone));
            }
            Ended::Failed(_) => self.crowd.unanswered(commands.to_vec()),
        }
        self.restart(trouble.then)
    }

    fn restart(&mut self, then: Then) -> Result<(), Wrong> {
        let restarted = self.stand.restart(then, self.now).map_err(Wrong::store)?;
        self.tally.restarts += u64::from(restarted);
        Ok(())
    }

    fn expected(&mut self, commands: &[Command]) -> (Vec<Outcome>, Effects) {
        self.naive.effects = Effects::default();
        let decide = |command| self.naive.decide(command, self.now);
        let outcomes = commands.iter().map(decide).collect();
        (outcomes, std::mem::take(&mut self.naive.effects))
    }

    fn compare(&mut self, commands: &[Command], applied: &Applied) -> Result<(), Wrong> {
        let (outcomes, effects) = self.expected(commands);
        for ((command, found), expected) in commands.iter().zip(&applied.outcomes).zip(&outcomes) {
            let whose = format!("{command:?}");
            Wrong::unless_same("answer", &whose, found, expected)?;
            self.crowd.answered(command, found);
            self.tally.count(found);
        }
        let count = applied.outcomes.len();
        Wrong::unless_same("answer", &"how many", &count, &outcomes.len())?;
        let found = Effects {
            purchases: applied.purchases,
            wrote: applied.committed,
            authors: applied.authors.clone(),
        };
        Wrong::unless_same("effects", &"a batch", &found, &effects)
    }

    /// The followers of the journal and the outbox, which may be stopped anywhere, too.
    fn follow(&mut self) -> Result<(), Wrong> {
        let trouble = Trouble::drawn(&mut self.chance, &self.scene.temper, 20);
        let error = complaint(&mut self.chance);
        self.catch_up(trouble, &error)?;
        self.restart(trouble.then)?;
        if trouble == Trouble::NONE && self.chance.percent(20) {
            checks::what_is_remembered(&self.stand, &self.naive, &self.scene)?;
        }
        Ok(())
    }

    fn catch_up(&mut self, trouble: Trouble, error: &StoreError) -> Result<(), Wrong> {
        let now = self.now;
        let ended = self.stand.write(Durable::InTime, trouble.fault, error, &mut |db| {
            let tills = books::tills(db)?;
            followers::catch_up(db, &tills, now).map(drop)
        });
        trouble.explains(ended).map(drop)
    }

    /// An author changes a price, makes a new version, takes a work off the shelf or puts it back.
    fn change_a_work(&mut self) -> Result<(), Wrong> {
        let place = self.chance.index(self.naive.shelf.len());
        let mut changed = self.naive.shelf[place].clone();
        match self.chance.below(4) {
            0 => changed.for_sale = !changed.for_sale,
            1 => {
                changed.version += 1;
                changed.digest = digest(changed.version);
            }
            _ => changed.price = price(&mut self.chance, self.scene.tariff.currency),
        }
        let (kept, now) = (as_kept(&changed), self.now);
        let trouble = Trouble::drawn(&mut self.chance, &self.scene.temper, 2);
        let error = complaint(&mut self.chance);
        let is_new = changed.version != self.naive.shelf[place].version;
        let ended = self.stand.write(Durable::AtOnce, trouble.fault, &error, &mut |db| {
            work::update(db, &kept)?;
            if is_new { work::keep_version(db, &kept, &[], now) } else { Ok(()) }
        });
        if !matches!(trouble.explains(ended)?, Ended::Failed(_)) {
            self.naive.shelf[place] = changed;
        }
        self.restart(trouble.then)
    }

    fn look_at_everything(&mut self) -> Result<(), Wrong> {
        checks::what_changed(&self.stand, &mut self.naive)?;
        self.catch_up(Trouble::NONE, &StoreError::Closed)?;
        checks::what_is_remembered(&self.stand, &self.naive, &self.scene)?;
        self.teller.look(&self.stand, &mut self.naive)?;
        checks::everything(&self.stand, &self.naive, &self.scene)
    }

    /// The last look, after another start, once everybody who listens was told everything.
    fn end(&mut self) -> Result<(), Wrong> {
        self.restart(Then::Dies)?;
        self.look_at_everything()?;
        self.teller.finish(&mut self.stand, &mut self.naive)
    }
}

/// What an answer is called in the tally.
pub fn kind(outcome: &Outcome) -> &'static str {
    use ardoise::till::command::{Answer, Purchase};
    match outcome {
        Ok(Answer::Bought { purchase: Purchase::Bought, .. }) => "bought",
        Ok(Answer::Bought { purchase: Purchase::Again, .. }) => "bought before",
        Ok(Answer::Bought { purchase: Purchase::UndoneSince, .. }) => "undone since",
        Ok(Answer::Bought { purchase: Purchase::Owned, .. }) => "owned",
        Ok(Answer::Undone { at: Some(_), .. }) => "undone",
        Ok(Answer::Undone { at: None, .. }) => "undone before",
        Ok(Answer::Settled { settled: Some(_), .. }) => "settled",
        Ok(Answer::Settled { settled: None, .. }) => "settled before",
        Ok(Answer::PaidOut { again: false, .. }) => "paid out",
        Ok(Answer::PaidOut { again: true, .. }) => "paid out before",
        Ok(Answer::PayOutEnded { again: false, .. }) => "payout ended",
        Ok(Answer::PayOutEnded { again: true, .. }) => "payout ended before",
        Ok(Answer::Refunded { again: false, .. }) => "given back",
        Ok(Answer::Refunded { again: true, .. }) => "given back before",
        Ok(Answer::RefundFailed { again: false, .. }) => "refund failed",
        Ok(Answer::RefundFailed { again: true, .. }) => "refund failed before",
        Ok(Answer::Disputed { again: false, .. }) => "disputed",
        Ok(Answer::Disputed { again: true, .. }) => "disputed before",
        Ok(Answer::DisputeEnded { again: false, .. }) => "dispute ended",
        Ok(Answer::DisputeEnded { again: true, .. }) => "dispute ended before",
        Ok(Answer::FeeBack { again: false, .. }) => "fee given back",
        Ok(Answer::FeeBack { again: true, .. }) => "fee given back before",
        Ok(Answer::Reopened { again: false, .. }) => "opened again",
        Ok(Answer::Reopened { again: true, .. }) => "open already",
        Ok(Answer::WrittenOff { lost, .. }) if lost.is_empty() => "nothing written off",
        Ok(Answer::WrittenOff { .. }) => "written off",
        Ok(Answer::Bound { .. }) => "bound",
        Err(LedgerRefusal::NoSettlement) => "no such settlement",
        Err(LedgerRefusal::RefundTooLarge { .. }) => "refund too large",
        Err(LedgerRefusal::TooEarly { .. }) => "too early to write off",
        Err(LedgerRefusal::TabDisputed) => "tab disputed",
        Err(LedgerRefusal::TabClosed { .. }) => "tab closed",
        Err(LedgerRefusal::NoTab) => "no such tab",
        Err(LedgerRefusal::NoLink) => "no such link",
        Err(LedgerRefusal::NoLine) => "no such line",
        Err(LedgerRefusal::IdConflict) => "id taken",
        Err(LedgerRefusal::NotForSale) => "not for sale",
        Err(LedgerRefusal::PriceChanged { .. }) => "price changed",
        Err(LedgerRefusal::BelowMinimum { .. }) => "below the minimum",
        Err(LedgerRefusal::TabDue { .. }) => "tab due",
        Err(LedgerRefusal::OverLimit { .. }) => "over the limit",
        Err(LedgerRefusal::UndoOver) => "too late to undo",
        Err(LedgerRefusal::UndoWithheld) => "undo withheld",
        Err(LedgerRefusal::MoreThanOwed { .. }) => "more than owed",
        Err(LedgerRefusal::NothingOwed) => "nothing owed",
        Err(LedgerRefusal::MoreThanAvailable { .. }) => "more than available",
        Err(LedgerRefusal::Amount(_)) => "an amount that cannot be",
    }
}
