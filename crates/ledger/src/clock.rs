//! The clock of a tab: when it is charged, when its reader is reminded, when its lines are written off. Pure: what time it
//! is and what was tried so far are told to it.

use crate::settling::OpenLine;
use crate::tab::{Rules, Tab};
use crate::time::Timestamp;

/// What is to be done with a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing before this instant, unless something happens on the tab; never, when nothing is open.
    Wait(Option<Timestamp>),
    /// Charge what is owed: there is enough of it, or it is due.
    Charge,
    /// Charge what is owed once more: it is overdue.
    Retry,
    /// Write the open lines off.
    WriteOff,
}

impl Rules {
    /// What is to be done with `tab` now, of which something has waited since `since` ([`Tab::waits_since`]). `attempts` are the instants at which charges of it were tried and failed, in any
    /// order; those made before its oldest open line was bought were for others.
    ///
    /// A tab is charged once when it owes [`Rules::settle_at`], once when it is due, and once on each of
    /// [`Rules::retry_days`]; a day that nobody looked at it is made up for later, one charge for all that were missed. It
    /// is not charged while nothing is bound to it, or while a payment of it is disputed.
    pub fn next_step(
        &self,
        tab: &Tab,
        since: Option<Timestamp>,
        attempts: &[Timestamp],
        now: Timestamp,
    ) -> Step {
        let Some(oldest) = since else { return Step::Wait(None) };
        let last = oldest.plus_days(self.write_off_days);
        if now >= last {
            return Step::WriteOff;
        }
        if !tab.mandate || tab.disputes_open > 0 {
            return Step::Wait(Some(last));
        }
        let tried = attempts.iter().copied().filter(|at| *at >= oldest).max();
        if tried.is_none() && tab.owed().is_ok_and(|owed| owed >= self.settle_at) {
            return Step::Charge;
        }
        let [first, second] = self.retry_days;
        let steps = [(self.due_days, Step::Charge), (first, Step::Retry), (second, Step::Retry)];
        let mut left = steps.into_iter().map(|(days, step)| (oldest.plus_days(days), step));
        match left.find(|(at, _)| tried.is_none_or(|tried| tried < *at)) {
            Some((at, step)) if now >= at => step,
            Some((at, _)) => Step::Wait(Some(at)),
            None => Step::Wait(Some(last)),
        }
    }

    /// When the reader of `tab` is reminded that it will be due; never, when nothing is open.
    pub fn reminds_at(&self, tab: &Tab) -> Option<Timestamp> {
        Some(tab.oldest_open_at?.plus_days(self.due_days.saturating_sub(self.remind_days)))
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

    #[test]
    fn every_charge_that_fails_comes_to_one_on_its_day_and_a_loss_on_the_last() {
        for days in [SMALL, LARGE] {
            let (rules, tab) = (rules(days), tab(cents(499)));
            let mut attempts = Vec::new();
            let mut done = Vec::new();
            for half_day in 0..=2 * days[3] {
                let now = Timestamp::from_micros(BOUGHT.micros() + half_day * MICROS_PER_DAY / 2);
                match rules.next_step(&tab, tab.oldest_open_at, &attempts, now) {
                    Step::Wait(until) => assert!(until.expect("something is open") > now),
                    Step::WriteOff => done.push((half_day, Step::WriteOff)),
                    step @ (Step::Charge | Step::Retry) => {
                        attempts.insert(0, now);
                        done.push((half_day, step));
                    }
                }
            }
            let [due, first, second, last] = days.map(|day| 2 * day);
            let steps = [Step::Charge, Step::Retry, Step::Retry, Step::WriteOff];
            let expected: Vec<_> = [due, first, second, last].into_iter().zip(steps).collect();
            assert_eq!(done, expected);
        }
    }

    #[test]
    fn each_day_begins_to_the_micro_second() {
        for days in [SMALL, LARGE] {
            let (rules, tab) = (rules(days), tab(cents(1)));
            let mut attempts = Vec::new();
            for (place, step) in [Step::Charge, Step::Retry, Step::Retry].into_iter().enumerate() {
                let at = day(days[place]);
                let before = rules.next_step(&tab, tab.oldest_open_at, &attempts, just_before(at));
                assert_eq!(before, Step::Wait(Some(at)));
                assert_eq!(rules.next_step(&tab, tab.oldest_open_at, &attempts, at), step);
                attempts.push(at);
            }
            let last = day(days[3]);
            let waits = rules.next_step(&tab, tab.oldest_open_at, &attempts, just_before(last));
            assert_eq!(waits, Step::Wait(Some(last)));
            assert_eq!(rules.next_step(&tab, tab.oldest_open_at, &attempts, last), Step::WriteOff);
            assert_eq!(rules.next_step(&tab, tab.oldest_open_at, &[], last), Step::WriteOff);
        }
    }

    #[test]
    fn days_that_nobody_looked_are_made_up_for_by_one_charge() {
        let (rules, tab) = (rules(SMALL), tab(cents(100)));
        for missed in 40..49 {
            let now = day(missed);
            assert_eq!(
                rules.next_step(&tab, tab.oldest_open_at, &[], now),
                Step::Charge,
                "day {missed}"
            );
            let next = [43, 46, 49].into_iter().find(|next| *next > missed).map(day);
            let after = rules.next_step(&tab, tab.oldest_open_at, &[now], now);
            assert_eq!(after, Step::Wait(next), "day {missed}");
        }
    }

    #[test]
    fn enough_is_charged_at_once_and_only_once_before_it_is_due() {
        let rules = rules(SMALL);
        for days in 0..40 {
            let now = day(days);
            assert_eq!(
                rules.next_step(&tab(cents(499)), Some(BOUGHT), &[], now),
                Step::Wait(Some(day(40)))
            );
            assert_eq!(
                rules.next_step(&tab(cents(500)), Some(BOUGHT), &[], now),
                Step::Charge,
                "day {days}"
            );
            let failed = rules.next_step(&tab(cents(500)), Some(BOUGHT), &[now], now);
            assert_eq!(failed, Step::Wait(Some(day(40))), "day {days}");
        }
        let credited = Tab { credit: cents(1), ..tab(cents(500)) };
        assert_eq!(
            rules.next_step(&credited, credited.oldest_open_at, &[], BOUGHT),
            Step::Wait(Some(day(40)))
        );
    }

    #[test]
    fn what_was_tried_for_older_lines_does_not_count() {
        let before = just_before(BOUGHT);
        let rules = rules(SMALL);
        assert_eq!(
            rules.next_step(&tab(cents(500)), Some(BOUGHT), &[before], BOUGHT),
            Step::Charge
        );
    }

    #[test]
    fn a_tab_to_which_nothing_is_bound_or_that_is_disputed_is_not_charged() {
        let rules = rules(SMALL);
        let unbound = Tab { mandate: false, ..tab(cents(500)) };
        let disputed = Tab { disputes_open: 1, ..tab(cents(500)) };
        for tab in [unbound, disputed] {
            for days in 0..49 {
                assert_eq!(
                    rules.next_step(&tab, tab.oldest_open_at, &[], day(days)),
                    Step::Wait(Some(day(49)))
                );
            }
            assert_eq!(rules.next_step(&tab, tab.oldest_open_at, &[], day(49)), Step::WriteOff);
        }
    }

    #[test]
    fn nothing_is_to_be_done_where_nothing_is_open() {
        let rules = rules(SMALL);
        let empty = Tab { oldest_open_at: None, ..tab(cents(0)) };
        let closed = Tab { written_off: cents(700), ..empty.clone() };
        for tab in [empty, closed] {
            assert_eq!(rules.next_step(&tab, tab.oldest_open_at, &[], day(100)), Step::Wait(None));
            assert_eq!(rules.reminds_at(&tab), None);
        }
    }

    #[test]
    fn a_reader_is_reminded_two_days_before_the_tab_is_due() {
        assert_eq!(rules(SMALL).reminds_at(&tab(cents(1))), Some(day(38)));
        assert_eq!(rules(LARGE).reminds_at(&tab(cents(1))), Some(day(8)));
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
}
