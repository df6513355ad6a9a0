//! E-cash when something goes wrong: answers that are lost, mints that lie, readers who are quick, and a shop that stops anywhere.

use crate::ecash::{Ecash, SATS, held, paste};
use crate::mint::Fault;
use crate::rail_contract::{Bench as _, again, begin, owes};
use crate::saga::stopped_after;
use crate::shop::Browser;
use ardoise::rails::keeping;
use ardoise::rails::saga::{self, Begin, Visit};
use ardoise::rails::worker::work_off;
use ardoise::store::charge::{State, Stored};
use http::StatusCode;
use std::collections::BTreeMap;

/// One token on two tabs at once: the mint gives it to one.
#[tokio::test]
async fn a_token_pays_one_tab() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let (ada, _) = ecash.shop.author("Bea").await;
    let slug = ecash.shop.article(ada, "Day bus", 20).await;
    let mut zoe = ecash.shop.browser();
    zoe.tap(&slug).await;
    let id = ecash.shop.app.mint.settlement();
    let (_, other) = begin(&mut zoe, &ecash.shop, "ecash", id).await;
    let other = other.expect("a charge");
    let token = ecash.mint.token(&ecash.mint.pieces(SATS));
    let (one, two) =
        tokio::join!(paste(&mut ben, &charge, &token), paste(&mut zoe, &other, &token));
    assert_eq!((one.status, two.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    let states = [again(&ecash.shop, &charge).await, again(&ecash.shop, &other).await];
    let settled = states.iter().filter(|charge| charge.state == State::Settled).count();
    let declined = states.iter().find(|charge| charge.state == State::Declined);
    assert_eq!((settled, declined.map(|charge| charge.reason.as_str())), (1, Some("spent")));
    assert_eq!(ecash.mint.swaps(), 1);
    assert_eq!(held(&ecash).await.1, SATS - 1);
    let loser = if states[0].state == State::Declined { (&mut ben, one) } else { (&mut zoe, two) };
    let page = loser.0.get(&loser.1.location()).await.text();
    assert!(page.contains("spent before") && page.contains("Nothing was charged"), "{page}");
    assert_eq!(owes(loser.0).await, "0.20");
}

/// The same reader, twice at once: the first one that is kept counts, and the other token stays whole.
#[tokio::test]
async fn of_two_tokens_for_one_charge_one_is_taken() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let (one, two) = (ecash.mint.pieces(SATS), ecash.mint.pieces(SATS));
    let mut other = ben.clone();
    let tokens = [ecash.mint.token(&one), ecash.mint.token(&two)];
    let (first, second) =
        tokio::join!(paste(&mut ben, &charge, &tokens[0]), paste(&mut other, &charge, &tokens[1]));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "{}", second.text());
    assert_eq!(ecash.mint.worth(&one) + ecash.mint.worth(&two), SATS);
    assert_eq!(owes(&mut ben).await, "0.00");
}

/// A wallet that asks again before it is answered is told the same twice.
#[tokio::test]
async fn one_payment_posted_twice_at_once_is_taken_once_and_thanked_for_twice() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let (id, pieces) = (charge.id.to_string(), ecash.mint.pieces(SATS));
    let (one, two) = tokio::join!(ecash.post(&id, &pieces), ecash.post(&id, &pieces));
    assert_eq!((one.status, two.status), (StatusCode::OK, StatusCode::OK), "{}", two.text());
    assert_eq!(ecash.mint.swaps(), 1);
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn while_one_token_is_in_doubt_another_is_not_taken_and_the_reader_waits() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    ecash.mint.is(Fault::LosesAnswers);
    let token = ecash.mint.token(&ecash.mint.pieces(SATS));
    let answer = paste(&mut ben, &charge, &token).await;
    let page = ben.get(&answer.location()).await.text();
    assert!(page.contains("lost on the way") && !page.contains("<textarea"), "{page}");
    let other = ecash.mint.pieces(SATS);
    let second = paste(&mut ben, &charge, &ecash.mint.token(&other)).await;
    assert!(second.text().contains("Another token is being taken"), "{}", second.text());
    ecash.mint.is(Fault::None);
    let again = paste(&mut ben, &charge, &token).await;
    assert_eq!(again.location(), format!("/tab/settled/{}", charge.id), "the same is no other");
    assert_eq!((ecash.mint.swaps(), ecash.mint.worth(&other)), (1, SATS));
    assert_eq!(held(&ecash).await.1, SATS - 1);
}

#[tokio::test]
async fn a_mint_that_is_away_gets_the_token_once_it_is_back() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    ecash.mint.is(Fault::IsAway);
    let pieces = ecash.mint.pieces(SATS);
    paste(&mut ben, &charge, &ecash.mint.token(&pieces)).await;
    let doubtful = again(&ecash.shop, &charge).await;
    assert!(doubtful.in_doubt && doubtful.state == State::Waiting, "{doubtful:?}");
    assert!(ecash.look(&charge).await.in_doubt, "for as long as it takes");
    ecash.shop.pass_days(3);
    ecash.mint.is(Fault::None);
    assert_eq!(ecash.look(&charge).await.state, State::Settled, "at the rate of its day");
    assert_eq!((ecash.mint.swaps(), ecash.mint.worth(&pieces)), (1, 0));
    assert_eq!(owes(&mut ben).await, "0.00");
}

#[tokio::test]
async fn a_mint_that_is_away_or_cannot_do_what_is_needed_begins_nothing() {
    for (fault, reason) in [(Fault::IsAway, "unreached"), (Fault::CannotRestore, "unserved")] {
        let ecash = Ecash::open().await;
        ecash.mint.is(fault);
        let rail = ecash.shop.app.rails.by_name("ecash").expect("it is on");
        assert!(rail.check(None).await.is_err(), "who runs the shop is told");
        let (mut ben, charge) = ecash.charge().await;
        assert_eq!((charge.state, charge.reason.as_str()), (State::Declined, reason));
        assert_eq!(owes(&mut ben).await, "0.20");
    }
}

#[tokio::test]
async fn a_mint_that_signs_wrongly_leaves_doubt_and_the_operator_sees_it() {
    for fault in [Fault::SignsWrongly, Fault::ProvesNothing] {
        let ecash = Ecash::open().await;
        let (mut ben, charge) = ecash.charge().await;
        ecash.mint.is(fault);
        paste(&mut ben, &charge, &ecash.mint.token(&ecash.mint.pieces(SATS))).await;
        let mut seen = again(&ecash.shop, &charge).await;
        for _ in 0..7 {
            assert!(seen.in_doubt && seen.state == State::Waiting, "{fault:?}: {seen:?}");
            seen = ecash.look(&charge).await;
        }
        let desk = ecash.shop.olu().await.get("/desk").await.text();
        assert!(desk.contains("Nobody knows what became of it"), "{desk}");
        assert_eq!(owes(&mut ben).await, "0.20", "{fault:?}");
        assert_eq!(held(&ecash).await.1, 0);
    }
}

/// It says that pieces are spent, and not that it was this shop that spent them: nothing tells the two apart.
#[tokio::test]
async fn a_mint_that_forgets_what_it_signed_makes_a_token_look_spent() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    ecash.mint.is(Fault::Forgets);
    paste(&mut ben, &charge, &ecash.mint.token(&ecash.mint.pieces(SATS))).await;
    let seen = again(&ecash.shop, &charge).await;
    assert_eq!((seen.state, seen.reason.as_str()), (State::Declined, "spent"));
    assert_eq!(owes(&mut ben).await, "0.20");
}

#[tokio::test]
async fn pieces_that_the_mint_is_at_are_asked_about_until_it_has_done() {
    for is_spent in [true, false] {
        let ecash = Ecash::open().await;
        let (mut ben, charge) = ecash.charge().await;
        let pieces = ecash.mint.pieces(SATS);
        ecash.mint.is_at(&pieces, true);
        paste(&mut ben, &charge, &ecash.mint.token(&pieces)).await;
        assert!(again(&ecash.shop, &charge).await.in_doubt);
        ecash.mint.is_at(&pieces, false);
        assert!(!is_spent || ecash.mint.spend(&pieces));
        let wanted = if is_spent { State::Declined } else { State::Settled };
        assert_eq!(ecash.look(&charge).await.state, wanted);
    }
}

#[tokio::test]
async fn a_mint_that_changes_its_keys_is_asked_again_with_the_new_ones() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let pieces = ecash.mint.pieces(SATS);
    ecash.mint.changes_keys();
    paste(&mut ben, &charge, &ecash.mint.token(&pieces)).await;
    assert!(again(&ecash.shop, &charge).await.in_doubt, "it signs with the old ones no more");
    assert_eq!(ecash.look(&charge).await.state, State::Settled);
    assert_eq!(held(&ecash).await.1, SATS - 1);
}

#[tokio::test]
async fn a_forged_token_is_declined_and_costs_nothing() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let mut pieces = ecash.mint.pieces(SATS);
    pieces[0]["C"] = pieces[1]["C"].clone();
    paste(&mut ben, &charge, &ecash.mint.token(&pieces)).await;
    let seen = again(&ecash.shop, &charge).await;
    assert_eq!((seen.state, seen.reason.as_str()), (State::Declined, "refused"));
    assert_eq!((ecash.mint.swaps(), ecash.mint.worth(&pieces[1..])), (0, SATS - 16));
}

#[tokio::test]
async fn after_its_time_a_charge_takes_no_token() {
    let ecash = Ecash::open().await;
    let (mut ben, charge) = ecash.charge().await;
    let pieces = ecash.mint.pieces(SATS);
    ecash.shop.pass_minutes(11);
    let late = paste(&mut ben, &charge, &ecash.mint.token(&pieces)).await;
    assert!(late.text().contains("The time to pay has passed"), "{}", late.text());
    assert_eq!(ecash.look(&charge).await.reason, "late");
    let posted = ecash.post(&charge.id.to_string(), &pieces).await;
    assert_ne!(posted.status, StatusCode::OK, "{}", posted.text());
    assert_eq!((ecash.mint.swaps(), ecash.mint.worth(&pieces)), (0, SATS));
}

#[tokio::test]
async fn a_token_given_to_a_shop_that_stops_anywhere_pays_once() {
    // How often it waits is up to the store: what is answered at once is not waited for. So it has to come through several times.
    // Where most is answered at once, it is gone through again, three times at most.
    let (mut stopped, mut ends) = (0, 0);
    let mut again = 0..3;
    let mut left = 0..;
    while let Some(times) = left.next() {
        let ecash = Ecash::open().await;
        let (mut ben, charge) = ecash.charge().await;
        let pieces = ecash.mint.pieces(512);
        let token = ecash.mint.token(&pieces);
        let answers = BTreeMap::from([("token".to_owned(), token.clone())]);
        let app = &ecash.shop.app;
        let whole = async { keeping::give(app, charge.clone(), &answers).await.map(|_| ()) };
        let ended = stopped_after(times, whole).await;
        carried_on(&ecash, &mut ben, (&charge, &token)).await;
        assert_eq!(owes(&mut ben).await, "0.00", "stopped after {times}");
        assert_eq!(
            (ecash.mint.swaps(), ecash.mint.worth(&pieces)),
            (1, 0),
            "stopped after {times}"
        );
        assert_eq!(held(&ecash).await.1, SATS, "stopped after {times}");
        let page = ben.get(&format!("/tab/settled/{}", charge.id)).await.text();
        assert!(page.contains("111 sat") && page.contains("cashuB"), "stopped after {times}");
        if ended {
            ends += 1
        } else {
            stopped += 1
        }
        if ends == 3 {
            if stopped > 4 || again.next().is_none() {
                break;
            }
            (left, ends) = (0.., 0);
        }
    }
    assert!(stopped > 4, "it waits more often than {stopped} times");
}

/// Whoever comes after the one that was stopped: the reader, with the same token once more, and the worker, twice at once.
async fn carried_on(ecash: &Ecash, ben: &mut Browser<'_>, (charge, token): (&Stored, &str)) {
    let app = &ecash.shop.app;
    let now = again(&ecash.shop, charge).await;
    let (answer, one, two) = tokio::join!(
        paste(ben, charge, token),
        saga::go_on(app, now.clone(), Visit::Again),
        saga::go_on(app, now.clone(), Visit::Again),
    );
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert!(one.is_ok() && two.is_ok());
    ecash.shop.pass_minutes(61);
    work_off(app).await.expect("asked");
    assert_eq!(again(&ecash.shop, charge).await.state, State::Settled);
}

#[tokio::test]
async fn a_charge_begun_twice_at_once_asks_for_the_same() {
    let ecash = Ecash::open().await;
    let ben = crate::rail_contract::ben(&ecash.shop).await;
    let tab = ben.cookies["ardoise_tab"].split('.').next().expect("an id").parse().expect("a tab");
    let id = ecash.shop.app.mint.settlement();
    let ask = || Begin { id, tab, rail: "ecash".into(), amount: None, binds: false, locale: "fr" };
    let app = &ecash.shop.app;
    let (one, two) = tokio::join!(saga::begin(app, ask()), saga::begin(app, ask()));
    let (one, two) = (one.expect("begun"), two.expect("begun"));
    assert_eq!((one.kept, one.next), (two.kept, two.next));
}
