//! The steps by which money goes back or does not come: refunds, disputes, write-offs; and ways to pay that are bound.

use super::*;

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    GiveBack { settlement: usize, per_mille: i64 },
    GoesElsewhere { settlement: usize, per_mille: i64 },
    RefundFails { refund: usize },
    Dispute { settlement: usize, per_mille: i64, fee: i64 },
    EndDispute { dispute: usize, won: bool },
    Reopen { tab: usize },
    WriteOff { tab: usize },
    Bind { tab: usize, bound: bool },
    EndPayout { payout: usize, returned: bool, fee: i64 },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let place = 0usize..40;
    prop_oneof![
        4 => (place.clone(), 1i64..=1_100)
            .prop_map(|(settlement, per_mille)| Step::GiveBack { settlement, per_mille }),
        2 => (place.clone(), prop_oneof![Just(1_000i64), 1i64..=1_100])
            .prop_map(|(settlement, per_mille)| Step::GoesElsewhere { settlement, per_mille }),
        2 => place.clone().prop_map(|refund| Step::RefundFails { refund }),
        1 => (place.clone(), prop_oneof![Just(1_000i64), 0i64..=1_100], 0i64..20_000_000).prop_map(
            |(settlement, per_mille, fee)| Step::Dispute { settlement, per_mille, fee }
        ),
        2 => (place, prop_oneof![3 => Just(true), 1 => Just(false)])
            .prop_map(|(dispute, won)| Step::EndDispute { dispute, won }),
        3 => (0..TABS).prop_map(|tab| Step::WriteOff { tab }),
        1 => (0..TABS).prop_map(|tab| Step::Reopen { tab }),
        1 => (0..TABS, any::<bool>()).prop_map(|(tab, bound)| Step::Bind { tab, bound }),
        2 => (0usize..40, any::<bool>(), prop_oneof![Just(0i64), 1i64..900_000]).prop_map(
            |(payout, returned, fee)| Step::EndPayout { payout, returned, fee }
        ),
    ]
}

/// What came in and what went back.
#[derive(Default)]
pub(super) struct Known {
    settlements: Vec<(SettlementId, SettlementNow)>,
    /// Each with what was borne of it, and whether the rail did not carry it out.
    refunds: Vec<(Refund, Money, bool)>,
    disputes: Vec<(Dispute, Option<Verdict>)>,
    payouts: Vec<PayoutNow>,
}

impl Known {
    pub(super) fn received(&mut self, ask: &Settle, tab: TabId) {
        self.settlements.push((ask.id, SettlementNow::new(tab, ask.rail, ask.received)));
    }

    /// The one at this place, counted round.
    fn settlement(&self, place: usize) -> Option<(SettlementId, SettlementNow)> {
        self.settlements.get(place.checked_rem(self.settlements.len())?).copied()
    }

    fn keep(&mut self, id: SettlementId, now: SettlementNow) {
        let known = self.settlements.iter_mut().rfind(|(known, _)| *known == id);
        known.expect("it was received").1 = now;
    }

    /// The settlement that was disputed or given back, and how it stands.
    fn of(&self, id: SettlementId) -> SettlementNow {
        self.settlements.iter().rfind(|(known, _)| *known == id).expect("it was received").1
    }
}

impl Shop {
    pub(super) fn carry_back(&mut self, step: Step) {
        match step {
            Step::GiveBack { settlement, per_mille } => self.give_back(settlement, per_mille),
            Step::GoesElsewhere { settlement, per_mille } => {
                self.goes_elsewhere(settlement, per_mille);
            }
            Step::Reopen { tab } => self.reopen(tab),
            Step::RefundFails { refund } => self.refund_fails(refund),
            Step::Dispute { settlement, per_mille, fee } => {
                self.dispute(settlement, per_mille, fee);
            }
            Step::EndDispute { dispute, won } => self.end_dispute(dispute, won),
            Step::WriteOff { tab } => self.write_off(tab),
            Step::Bind { tab, bound } => self.tabs[tab].mandate = bound,
            Step::EndPayout { payout, returned, fee } => self.end_payout(payout, returned, fee),
        }
    }

    pub(super) fn pay_out(&mut self, index: usize, micros: i64) {
        let author = author(index);
        let had = self.naive.get(&Account::Available(author)).copied().unwrap_or(0);
        let rail = RAILS[index % RAILS.len()];
        let ask = PayOut { id: PayoutId::from_raw(micros), author, rail, amount: money(micros) };
        let mut available = had;
        match pay_out(&ask, &mut available, self.now) {
            Ok(transfer) => {
                assert!(available >= 0 && micros > 0, "more was paid out than there was");
                self.journal.push(transfer);
                self.returns.payouts.push(PayoutNow::new(ask));
                self.add(Account::Available(author), -i128::from(micros));
                self.add(Account::Rail(rail), -i128::from(micros));
            }
            Err(LedgerRefusal::MoreThanAvailable { available: told }) => {
                assert!(micros == 0 || i128::from(micros) > had);
                assert_eq!((available, i128::from(told.micros())), (had, had.max(0)));
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// A rail says what became of a payout, as often and in whatever order it likes.
    fn end_payout(&mut self, place: usize, returned: bool, fee: i64) {
        let Some(place) = place.checked_rem(self.returns.payouts.len()) else { return };
        let was = self.returns.payouts[place];
        let end = if returned { PayoutEnd::Returned } else { PayoutEnd::Sent };
        let now = &mut self.returns.payouts[place];
        let moved = end_payout(now, end, money(fee), self.now).expect("small");
        let now = *now;
        self.journal.extend(moved);
        if was.has_returned {
            assert_eq!(now, was, "what came back stays so");
            return;
        }
        let taken = if was.fee.is_zero() { fee } else { was.fee.micros() };
        let kept = if returned { taken.min(fee) } else { taken };
        let (rail, more) = (Account::Rail(was.pay_out.rail), kept - was.fee.micros());
        self.add(Account::OperatorFees, -i128::from(more));
        self.add(rail, -i128::from(more));
        if returned {
            let amount = i128::from(was.pay_out.amount.micros());
            self.add(Account::Available(was.pay_out.author), amount);
            self.add(rail, amount);
        }
        assert_eq!(now.has_returned, returned);
    }

    fn place_of(&self, tab: TabId) -> usize {
        self.tabs.iter().position(|known| known.id == tab).expect("it is known")
    }

    fn give_back(&mut self, settlement: usize, per_mille: i64) {
        let Some((id, mut now)) = self.returns.settlement(settlement) else { return };
        let tab = self.place_of(now.tab);
        let credit = self.tabs[tab].credit;
        let amount = credit.scale_by(per_mille, 1_000, Rounding::Up).expect("small");
        let refund = Refund {
            id: RefundId::from_bytes([self.returns.refunds.len() as u8; 16]),
            settlement: id,
            rail: now.rail,
            amount,
        };
        let (was, left) = (self.tabs[tab].clone(), now.left().expect("one currency"));
        let shortfall = Shortfall::Refused;
        match give_back(&refund, shortfall, &mut self.tabs[tab], &mut now, self.now) {
            Ok(GivenBack { transfers, borne }) => {
                assert!(
                    borne.is_zero() && amount <= credit && amount <= left,
                    "more than there is was given back"
                );
                assert_eq!(owes(&self.tabs[tab]) - owes(&was), i128::from(amount.micros()));
                self.journal.extend(transfers);
                self.add(Account::Tab(now.tab), i128::from(amount.micros()));
                self.add(Account::Rail(now.rail), -i128::from(amount.micros()));
                self.returns.keep(id, now);
                self.returns.refunds.push((refund, borne, false));
            }
            Err(LedgerRefusal::RefundTooLarge { most }) => {
                assert!(amount.is_zero() || amount > most);
                assert_eq!((most, &self.tabs[tab]), (credit.min(left), &was));
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Somebody sends money back at the provider's own page, whatever credit there is.
    fn goes_elsewhere(&mut self, settlement: usize, per_mille: i64) {
        let Some((id, mut now)) = self.returns.settlement(settlement) else { return };
        let place = self.place_of(now.tab);
        let amount = now.received.scale_by(per_mille, 1_000, Rounding::Up).expect("small");
        let number = [self.returns.refunds.len() as u8; 16];
        let refund =
            Refund { id: RefundId::from_bytes(number), settlement: id, rail: now.rail, amount };
        let (was, left) = (self.tabs[place].clone(), now.left().expect("one currency"));
        let tab = &mut self.tabs[place];
        match give_back(&refund, Shortfall::Borne, tab, &mut now, self.now) {
            Ok(GivenBack { transfers, borne }) => {
                assert!(amount <= left, "more than there is went back");
                let lacking = (amount.micros() - was.credit.micros()).max(0);
                assert_eq!(borne.micros(), lacking);
                assert_eq!(tab.borne.micros() - was.borne.micros(), lacking);
                assert_eq!(owes(tab) - owes(&was), i128::from(amount.micros() - lacking));
                let lines = |tab: &Tab| (tab.open, tab.written_off, tab.open_lines);
                assert_eq!(lines(tab), lines(&was), "no paid line is owed again");
                self.journal.extend(transfers);
                self.add(Account::Tab(now.tab), i128::from(amount.micros() - lacking));
                self.add(Account::OperatorFees, -i128::from(lacking));
                self.add(Account::Rail(now.rail), -i128::from(amount.micros()));
                self.returns.keep(id, now);
                self.returns.refunds.push((refund, borne, false));
            }
            Err(LedgerRefusal::RefundTooLarge { most }) => {
                assert_eq!((most, &self.tabs[place]), (left, &was));
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn reopen(&mut self, tab: usize) {
        let was = self.tabs[tab].clone();
        let is_new = reopen(&mut self.tabs[tab], self.now);
        let is = &self.tabs[tab];
        assert_eq!((is_new, is.disputes_lost), (was.disputes_lost > 0, 0));
        assert_eq!(is.is_closed(), !was.written_off.is_zero());
        assert_eq!(is.chain != was.chain, is_new);
    }

    fn refund_fails(&mut self, place: usize) {
        let Some(place) = place.checked_rem(self.returns.refunds.len()) else { return };
        let (refund, borne, has_failed) = self.returns.refunds[place];
        if has_failed {
            return;
        }
        let mut now = self.returns.of(refund.settlement);
        let tab = self.place_of(now.tab);
        let made = take_again(&refund, borne, &mut self.tabs[tab], &mut now, self.now);
        self.journal.extend(made.expect("it was given back"));
        let back = i128::from(refund.amount.micros() - borne.micros());
        self.add(Account::Tab(now.tab), -back);
        self.add(Account::OperatorFees, i128::from(borne.micros()));
        self.add(Account::Rail(now.rail), i128::from(refund.amount.micros()));
        self.returns.keep(refund.settlement, now);
        self.returns.refunds[place].2 = true;
        self.spend_credit(now.tab);
    }

    fn dispute(&mut self, settlement: usize, per_mille: i64, fee: i64) {
        let Some((id, mut now)) = self.returns.settlement(settlement) else { return };
        let amount = now.received.scale_by(per_mille, 1_000, Rounding::Up).expect("small");
        let ask = Dispute { settlement: id, rail: now.rail, amount, fee: money(fee) };
        let tab = self.place_of(now.tab);
        let was = self.tabs[tab].clone();
        let made = open_dispute(&ask, &mut self.tabs[tab], &mut now, self.now);
        self.journal.extend(made.expect("it was received by that rail"));
        assert_eq!(owes(&self.tabs[tab]), owes(&was), "a dispute is not the reader's debt");
        self.add(Account::Disputes, i128::from(amount.micros()));
        self.add(Account::Rail(now.rail), -i128::from(amount.micros() + fee));
        self.add(Account::OperatorFees, -i128::from(fee));
        self.returns.keep(id, now);
        self.returns.disputes.push((ask, None));
    }

    fn end_dispute(&mut self, place: usize, won: bool) {
        let Some(place) = place.checked_rem(self.returns.disputes.len()) else { return };
        let (dispute, None) = self.returns.disputes[place] else { return };
        let mut now = self.returns.of(dispute.settlement);
        let (tab, open) = (self.place_of(now.tab), self.open_lines(now.tab));
        let verdict = if won { Verdict::Won } else { Verdict::Lost };
        let stands = &mut self.tabs[tab];
        let ended = end_dispute(&dispute, verdict, stands, &mut now, &open, self.now);
        let DisputeEnded { transfers, losses } = ended.expect("one currency");
        self.journal.extend(transfers);
        let micros = i128::from(dispute.amount.micros());
        self.add(Account::Disputes, -micros);
        match verdict {
            Verdict::Won => self.add(Account::Rail(dispute.rail), micros),
            Verdict::Lost => self.add(Account::OperatorFees, -micros),
        }
        assert!(!won || losses == Losses::default());
        assert!(won || self.tabs[tab].is_closed() && self.tabs[tab].open.is_zero());
        self.lose(losses);
        self.returns.keep(dispute.settlement, now);
        self.returns.disputes[place].1 = Some(verdict);
    }

    fn write_off(&mut self, tab: usize) {
        let open = self.open_lines(self.tabs[tab].id);
        let was = self.tabs[tab].clone();
        let days = |at: Timestamp| self.now.micros_since(at) / time::MICROS_PER_DAY;
        match write_off(&mut self.tabs[tab], &open, &self.rules, self.now) {
            Ok(losses) => {
                let since = was.waits_since(&open);
                assert!(since.is_none_or(|at| days(at) >= 49), "too early");
                let all = if since.is_some() { was.open_lines as usize } else { 0 };
                assert_eq!(losses.lines.len(), all);
                assert_eq!(owes(&self.tabs[tab]), owes(&was), "what is lost is still owed");
                self.lose(losses);
            }
            Err(LedgerRefusal::TooEarly { until }) => {
                assert!(until > self.now);
                self.tabs[tab] = was;
            }
            Err(other) => panic!("{other}"),
        }
    }

    fn lose(&mut self, losses: Losses) {
        self.journal.extend(losses.transfers);
        for Loss { line, .. } in losses.lines {
            let (line, state) = self.lines.get_mut(&line.id).expect("it was open");
            assert_eq!(std::mem::replace(state, LineState::WrittenOff), LineState::Open);
            let line = *line;
            self.add_line(&line, -1);
        }
    }

    /// Money at the rails is what came in, less fees, what was given back, what is disputed or lost, and what was paid out.
    pub(super) fn check_returns(&self, books: &Books) {
        let open = self.returns.disputes.iter().filter(|(_, verdict)| verdict.is_none());
        let disputed: i64 = open.clone().map(|(dispute, _)| dispute.amount.micros()).sum();
        assert_eq!(books.balance(Account::Disputes), i128::from(disputed));
        for tab in &self.tabs {
            let of_tab = |dispute: &Dispute| self.returns.of(dispute.settlement).tab == tab.id;
            let count = open.clone().filter(|(dispute, _)| of_tab(dispute)).count();
            assert_eq!(tab.disputes_open as usize, count);
        }
        for tab in &self.tabs {
            let alive = self.returns.refunds.iter().filter(|(.., failed)| !failed);
            let its = alive.filter(|(refund, ..)| self.returns.of(refund.settlement).tab == tab.id);
            let borne: i64 = its.map(|(_, borne, _)| borne.micros()).sum();
            assert_eq!(tab.borne.micros(), borne);
        }
        for (id, now) in &self.returns.settlements {
            let back = self.returns.refunds.iter();
            let back = back.filter(|(refund, _, failed)| refund.settlement == *id && !failed);
            let back: i64 = back.map(|(refund, ..)| refund.amount.micros()).sum();
            assert_eq!(now.given_back.micros(), back);
            assert!(now.given_back <= now.received, "more was given back than came in");
        }
    }
}
