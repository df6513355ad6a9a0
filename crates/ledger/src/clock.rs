//! The clock of a tab: when its reader is told that it will be charged, when it is charged, when they are reminded, when its
//! lines are written off. Pure: what time it is and what was done so far are told to it.

use crate::settling::OpenLine;
use crate::tab::{Rules, Tab};
use crate::time::Timestamp;

/// What is to be done with a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this instant, unless something happens on the tab; never, when nothing is open.
    Wait(Option<Timestamp>),
    /// Tell the reader that what is owed will be charged, [`Rules::notice_days`] from now.
    Announce,
    /// Charge what is owed: there is enough of it, or it is due.
    Charge,
    /// Charge what is owed once more: it is overdue.
    Retry,
    /// Write the open lines off.
    WriteOff,
}

/// What was done so far about what a tab owes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Past<'a> {
    /// When charges of it were tried and failed, in any order; those made before its oldest open line was bought were for
    /// others.
    pub attempts: &'a [Timestamp],
    /// When its reader was last told of a charge to come, by the way to pay that is bound to it now.
    pub announced: Option<Timestamp>,
}

/// Days for which an announcement holds after the one that it names: as many as lie between two tries. What could not be
/// charged by then is announced anew.
const HOLDS_DAYS: i64 = 3;

/// A charge that comes next.
#[derive(Debug, Clone, Copy)]
struct Next {
    step: Step,
    /// Not before this instant.
    at: Timestamp,
    /// From when it can be announced.
    told_from: Timestamp,
}

impl Rules {
    /// What is to be done with `tab` now, of which something has waited since `since` ([`Tab::waits_since`]).
    ///
    /// A tab is charged once when it owes [`Rules::settle_at`], once when it is due, and once on each of
    /// [`Rules::retry_days`]; a day that nobody looked at it is made up for later, one charge for all that were missed. It
    /// is not charged while nothing is bound to it, or while a payment of it is disputed. Its reader is told
    /// [`Rules::notice_days`] before: at once when it owes enough, or so long before it is due. The tries that follow one that
    /// failed are announced with it.
    pub fn next_step(
        &self,
        tab: &Tab,
        since: Option<Timestamp>,
        past: Past<'_>,
        now: Timestamp,
    ) -> Step {
        let Some(oldest) = since else { return Step::Wait(None) };
        let last = self.written_off_at(oldest);
        if now >= last {
            return Step::WriteOff;
        }
        if !tab.mandate || tab.disputes_open > 0 {
            return Step::Wait(Some(last));
        }
        let tried = past.attempts.iter().copied().filter(|at| *at >= oldest).max();
        let Some(next) = self.next_charge(tab, oldest, tried) else {
            return Step::Wait(Some(last));
        };
        let announced = past.announced.filter(|at| self.covers(*at, next, (oldest, tried), now));
        let (at, step) = match announced {
            Some(announced) => (next.at.max(announced.plus_days(self.notice_days)), next.step),
            // What cannot be charged any more before the end is not announced either.
            None if now.plus_days(self.notice_days) >= last => (last, Step::WriteOff),
            None => (next.told_from, Step::Announce),
        };
        if now >= at { step } else { Step::Wait(Some(at.min(last))) }
    }

    /// The charge that comes next, after one that failed at `tried`.
    fn next_charge(&self, tab: &Tab, oldest: Timestamp, tried: Option<Timestamp>) -> Option<Next> {
        if tried.is_none() && tab.owed().is_ok_and(|owed| owed >= self.settle_at) {
            return Some(Next { step: Step::Charge, at: oldest, told_from: oldest });
        }
        let [first, second] = self.retry_days;
        let steps = [(self.due_days, Step::Charge), (first, Step::Retry), (second, Step::Retry)];
        let mut steps = steps.into_iter().map(|(days, step)| Next {
            step,
            at: oldest.plus_days(days),
            told_from: oldest.plus_days(days.saturating_sub(self.notice_days)),
        });
        steps.find(|next| tried.is_none_or(|tried| tried < next.at))
    }

    /// Whether what was announced at `announced` was this charge of a tab.
    fn covers(
        &self,
        announced: Timestamp,
        next: Next,
        (oldest, tried): (Timestamp, Option<Timestamp>),
        now: Timestamp,
    ) -> bool {
        if next.step == Step::Retry {
            return announced >= oldest;
        }
        announced >= next.told_from
            && tried.is_none_or(|tried| announced > tried)
            && now < announced.plus_days(self.notice_days.saturating_add(HOLDS_DAYS))
    }

    /// When its reader is reminded that a tab on which something has waited since `since` will be due.
    pub fn reminds_at(&self, since: Timestamp) -> Timestamp {
        since.plus_days(self.due_days.saturating_sub(self.remind_days))
    }

    /// When what has waited on a tab since `since` is written off.
    pub fn written_off_at(&self, since: Timestamp) -> Timestamp {
        since.plus_days(self.write_off_days)
    }
}

impl Tab {
    /// Since when something waits on the tab: when its oldest open line was bought, unless less than the smallest coin is left to
    /// pay of that one, which no rail could move. What is less is never due by itself: it is paid with the next line.
    ///
    /// `open_lines` are all lines of the tab that wait and cost something, in the order of [`OpenLine::place`].
    pub fn waits_since(&self, open_lines: &[OpenLine]) -> Option<Timestamp> {
        let [first, rest @ ..] = open_lines else { return None };
        let left = first.shares.gross.saturating_sub(self.credit);
        let is_rest =
            !self.credit.is_zero() && left.is_ok_and(|left| left.round_down_to_minor().is_zero());
        let waiting = if is_rest { rest } else { open_lines };
        waiting.iter().find(|line| !line.written_off).map(|line| line.bought_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ShopId as _, TabId};
    use crate::money::{Currency, Money};
    use crate::time::MICROS_PER_DAY;
    use proptest::prelude::*;

    /// Due, tried again twice, written off.
    const SMALL: [i64; 4] = [40, 43, 46, 49];
    const LARGE: [i64; 4] = [10, 11, 12, 14];
    const BOUGHT: Timestamp = Timestamp::from_micros(1_000_000);

    fn cents(cents: i64) -> Money {
        Money::from_cents(cents, Currency::Eur).expect("small")
    }

    fn rules([due_days, first, second, write_off_days]: [i64; 4]) -> Rules {
        Rules {
            limit_device: cents(200),
            limit_mandate: cents(600),
            limit_settled: cents(1_000),
            limit_trusted: cents(1_500),
            undo_minutes: 30,
            due_days,
            settle_at: cents(500),
            retry_days: [first, second],
            write_off_days,
            remind_days: 2,
            notice_days: 2,
            fee_basis_points: 0,
            undo_watch_from: 10,
        }
    }

    fn tab(open: Money) -> Tab {
        Tab {
            open,
            oldest_open_at: Some(BOUGHT),
            mandate: true,
            ..Tab::opened(TabId::from_raw(1), BOUGHT, cents(0))
        }
    }

    const fn day(days: i64) -> Timestamp {
        BOUGHT.plus_days(days)
    }

    const fn just_before(at: Timestamp) -> Timestamp {
        Timestamp::from_micros(at.micros() - 1)
    }

    const NOTHING: Past<'_> = Past { attempts: &[], announced: None };

    const fn announced(at: Timestamp) -> Past<'static> {
        Past { attempts: &[], announced: Some(at) }
    }

    /// What is to be done with a tab on which no less than the smallest coin is left of a line.
    fn next_step(rules: &Rules, tab: &Tab, past: Past<'_>, now: Timestamp) -> Step {
        rules.next_step(tab, tab.oldest_open_at, past, now)
    }

    #[test]
    fn every_charge_that_fails_comes_to_one_on_its_day_and_a_loss_on_the_last() {
        for days in [SMALL, LARGE] {
            let (rules, tab) = (rules(days), tab(cents(499)));
            let (mut attempts, mut told) = (Vec::new(), None);
            let mut done = Vec::new();
            for half_day in 0..=2 * days[3] {
                let now = Timestamp::from_micros(BOUGHT.micros() + half_day * MICROS_PER_DAY / 2);
                let step =
                    next_step(&rules, &tab, Past { attempts: &attempts, announced: told }, now);
                match step {
                    Step::Wait(until) => {
                        assert!(until.expect("something is open") > now);
                        continue;
                    }
                    Step::Announce => told = Some(now),
                    Step::Charge | Step::Retry => attempts.insert(0, now),
                    Step::WriteOff => {}
                }
                done.push((half_day, step));
            }
            let [due, first, second, last] = days;
            let days = [due - 2, due, first, second, last].map(|day| 2 * day);
            let steps = [Step::Announce, Step::Charge, Step::Retry, Step::Retry, Step::WriteOff];
            assert_eq!(done, days.into_iter().zip(steps).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_day_begins_to_the_micro_second() {
        for days in [SMALL, LARGE] {
            let (rules, tab) = (rules(days), tab(cents(1)));
            let told = day(days[0] - 2);
            let before = next_step(&rules, &tab, NOTHING, just_before(told));
            assert_eq!(before, Step::Wait(Some(told)));
            assert_eq!(next_step(&rules, &tab, NOTHING, told), Step::Announce);
            let mut attempts = Vec::new();
            for (place, step) in [Step::Charge, Step::Retry, Step::Retry].into_iter().enumerate() {
                let at = day(days[place]);
                let past = Past { attempts: &attempts, announced: Some(told) };
                let before = next_step(&rules, &tab, past, just_before(at));
                assert_eq!(before, Step::Wait(Some(at)));
                assert_eq!(next_step(&rules, &tab, past, at), step);
                attempts.push(at);
            }
            let last = day(days[3]);
            let past = Past { attempts: &attempts, announced: Some(told) };
            let waits = next_step(&rules, &tab, past, just_before(last));
            assert_eq!(waits, Step::Wait(Some(last)));
            assert_eq!(next_step(&rules, &tab, past, last), Step::WriteOff);
            assert_eq!(next_step(&rules, &tab, NOTHING, last), Step::WriteOff);
        }
    }

    #[test]
    fn days_that_nobody_looked_are_made_up_for_by_one_charge_announced_before() {
        let (rules, tab) = (rules(SMALL), tab(cents(100)));
        for missed in 38..47 {
            let now = day(missed);
            assert_eq!(next_step(&rules, &tab, NOTHING, now), Step::Announce, "day {missed}");
            let charged = day(missed + 2);
            let told = announced(now);
            assert_eq!(next_step(&rules, &tab, told, now), Step::Wait(Some(charged)));
            assert_eq!(next_step(&rules, &tab, told, charged), Step::Charge, "day {missed}");
            let next = [43, 46, 49].into_iter().find(|next| *next > missed + 2).map(day);
            let past = Past { attempts: &[charged], announced: Some(now) };
            assert_eq!(next_step(&rules, &tab, past, charged), Step::Wait(next), "day {missed}");
        }
        for too_late in 47..49 {
            let waits = next_step(&rules, &tab, NOTHING, day(too_late));
            assert_eq!(waits, Step::Wait(Some(day(49))), "nothing is announced that cannot be");
        }
    }

    #[test]
    fn enough_is_announced_at_once_and_charged_two_days_later_and_only_once_before_it_is_due() {
        let rules = rules(SMALL);
        for days in 0..36 {
            let now = day(days);
            let too_little = next_step(&rules, &tab(cents(499)), NOTHING, now);
            assert_eq!(too_little, Step::Wait(Some(day(38))));
            let enough = tab(cents(500));
            assert_eq!(next_step(&rules, &enough, NOTHING, now), Step::Announce, "day {days}");
            let (told, later) = (announced(now), day(days + 2));
            let before = next_step(&rules, &enough, told, just_before(later));
            assert_eq!(before, Step::Wait(Some(later)), "day {days}");
            assert_eq!(next_step(&rules, &enough, told, later), Step::Charge, "day {days}");
            let failed = Past { attempts: &[later], announced: Some(now) };
            let after = next_step(&rules, &enough, failed, later);
            assert_eq!(after, Step::Wait(Some(day(38))), "day {days}");
            assert_eq!(next_step(&rules, &enough, failed, day(39)), Step::Announce, "day {days}");
        }
        let credited = Tab { credit: cents(1), ..tab(cents(500)) };
        assert_eq!(next_step(&rules, &credited, NOTHING, BOUGHT), Step::Wait(Some(day(38))));
    }

    #[test]
    fn an_announcement_lapses_when_its_charge_was_not_made() {
        let (rules, told) = (rules(SMALL), announced(day(10)));
        let enough = tab(cents(500));
        // Something was undone, and bought again much later: a charge out of the blue it must not be.
        assert_eq!(next_step(&rules, &tab(cents(480)), told, day(12)), Step::Wait(Some(day(38))));
        assert_eq!(next_step(&rules, &enough, told, just_before(day(15))), Step::Charge);
        assert_eq!(next_step(&rules, &enough, told, day(15)), Step::Announce);
        assert_eq!(next_step(&rules, &tab(cents(480)), told, day(40)), Step::Announce);
    }

    #[test]
    fn what_was_done_for_older_lines_does_not_count() {
        let before = just_before(BOUGHT);
        let rules = rules(SMALL);
        let past = Past { attempts: &[before], announced: Some(before) };
        assert_eq!(next_step(&rules, &tab(cents(500)), past, BOUGHT), Step::Announce);
    }

    #[test]
    fn a_tab_to_which_nothing_is_bound_or_that_is_disputed_is_neither_announced_nor_charged() {
        let rules = rules(SMALL);
        let unbound = Tab { mandate: false, ..tab(cents(500)) };
        let disputed = Tab { disputes_open: 1, ..tab(cents(500)) };
        for tab in [unbound, disputed] {
            for days in 0..49 {
                for past in [NOTHING, announced(day(0))] {
                    assert_eq!(next_step(&rules, &tab, past, day(days)), Step::Wait(Some(day(49))));
                }
            }
            assert_eq!(next_step(&rules, &tab, NOTHING, day(49)), Step::WriteOff);
        }
    }

    #[test]
    fn nothing_is_to_be_done_where_nothing_is_open() {
        let rules = rules(SMALL);
        let empty = Tab { oldest_open_at: None, ..tab(cents(0)) };
        let closed = Tab { written_off: cents(700), ..empty.clone() };
        for tab in [empty, closed] {
            assert_eq!(next_step(&rules, &tab, NOTHING, day(100)), Step::Wait(None));
            assert_eq!(tab.oldest_open_at.map(|since| rules.reminds_at(since)), None);
        }
    }

    #[test]
    fn a_reader_is_reminded_two_days_before_the_tab_is_due() {
        assert_eq!(
            tab(cents(1)).oldest_open_at.map(|since| rules(SMALL).reminds_at(since)),
            Some(day(38))
        );
        assert_eq!(
            tab(cents(1)).oldest_open_at.map(|since| rules(LARGE).reminds_at(since)),
            Some(day(8))
        );
    }

    #[test]
    fn less_than_the_smallest_coin_waits_for_the_next_line() {
        let line = |number, micros, day_bought| {
            let gross = Money::from_micros(micros, Currency::Eur).expect("small");
            let shares = crate::Shares::of(gross, 0, 0).expect("a price");
            let (id, author) =
                (crate::LineId::from_bytes([number; 16]), crate::AuthorId::from_raw(1));
            OpenLine { id, author, shares, bought_at: day(day_bought), written_off: false }
        };
        let old = line(1, 204_900, 0);
        let new = line(2, 300_000, 20);
        let credit = |micros| Money::from_micros(micros, Currency::Eur).expect("small");
        let with = |micros| Tab { credit: credit(micros), ..tab(cents(20)) };
        assert_eq!(with(0).waits_since(&[]), None);
        assert_eq!(with(0).waits_since(&[old, new]), Some(day(0)));
        assert_eq!(with(200_000).waits_since(&[old]), None);
        assert_eq!(with(200_000).waits_since(&[old, new]), Some(day(20)));
        assert_eq!(with(194_900).waits_since(&[old, new]), Some(day(0)), "a whole cent is left");
        let lost = OpenLine { written_off: true, ..old };
        assert_eq!(with(0).waits_since(&[lost]), None);
        assert_eq!(with(100_000).waits_since(&[lost, new]), Some(day(20)));
    }

    /// Something that happens between two looks of the clock.
    #[derive(Debug, Clone, Copy)]
    enum Happening {
        /// Hours pass.
        Hours(i64),
        /// The tab owes so many cents now: something was bought, undone or paid.
        Owes(i64),
        /// A way to pay is bound, or none is any more.
        Bound(bool),
        /// A dispute opens or ends.
        Disputed(bool),
    }

    fn happening() -> impl Strategy<Value = Happening> {
        prop_oneof![
            6 => (0_i64..80).prop_map(Happening::Hours),
            4 => (1_i64..1_000).prop_map(Happening::Owes),
            1 => any::<bool>().prop_map(Happening::Bound),
            1 => any::<bool>().prop_map(Happening::Disputed),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_charged_of_which_the_reader_was_not_told_two_days_before(
            days in prop::sample::select(vec![SMALL, LARGE, [3, 4, 5, 6]]),
            happenings in prop::collection::vec(happening(), 1..120),
        ) {
            let rules = rules(days);
            let mut tab = tab(cents(100));
            let (mut now, mut attempts, mut told) = (BOUGHT, Vec::new(), Vec::new());
            for happening in happenings {
                match happening {
                    Happening::Hours(hours) => now = now.plus_minutes(hours * 60),
                    Happening::Owes(owed) => tab.open = cents(owed),
                    Happening::Bound(bound) => {
                        tab.mandate = bound;
                        // What was told was told of another way to pay.
                        told.clear();
                    }
                    Happening::Disputed(disputed) => tab.disputes_open = disputed.into(),
                }
                let past = Past { attempts: &attempts, announced: told.iter().copied().max() };
                let step = next_step(&rules, &tab, past, now);
                prop_assert_eq!(step == Step::WriteOff, now >= day(days[3]));
                match step {
                    Step::WriteOff => break,
                    Step::Wait(until) => {
                        let until = until.expect("something is open");
                        prop_assert!(until > now);
                        // Whoever sleeps until then misses nothing.
                        let early = next_step(&rules, &tab, past, just_before(until));
                        prop_assert_eq!(early, step);
                        continue;
                    }
                    Step::Announce => told.push(now),
                    Step::Charge | Step::Retry => {
                        let since = told.iter().copied().min().expect("it was announced");
                        prop_assert!(since.plus_days(2) <= now);
                        let enough = tab.open >= rules.settle_at && attempts.is_empty();
                        prop_assert!(enough || now >= day(days[0]));
                        attempts.push(now);
                    }
                }
                prop_assert!(tab.mandate && tab.disputes_open == 0);
                prop_assert!(attempts.len() <= 4);
                let past = Past { attempts: &attempts, announced: told.iter().copied().max() };
                let again = next_step(&rules, &tab, past, now);
                prop_assert!(matches!(again, Step::Wait(_) | Step::Announce), "once: {again:?}");
            }
        }
    }
}
