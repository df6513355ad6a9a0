//! What an author earns: counted from the till's own news, shown live, and given away raw.

pub mod addresses;
mod export;
pub mod http;
mod live;

use crate::app::App;
use crate::links::visits;
use crate::pages::gains::Period;
use crate::store::gains::{self, Figures, HOUR_MICROS, Hours};
use crate::store::payout::{self, Payout};
use crate::store::{Db, StoreError, books, work};
use ledger::{Account, AuthorId, Currency, Money, Timestamp, WorkId};
use time::OffsetDateTime;

/// Works, and channels, that a page shows at most; the export has them all.
const SHOWN: i64 = 200;
/// Payouts that a page shows at most.
const PAYOUTS_SHOWN: i64 = 50;
/// Hours in a day.
const DAY: i64 = 24;

/// What one author earned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gains {
    /// Today (UTC).
    pub today: Figures,
    /// In the last seven days, today among them.
    pub week: Figures,
    /// In the period that was asked for.
    pub period: Figures,
    /// In that period by work, best first.
    pub works: Vec<(WorkId, String, Figures)>,
    /// In that period by channel, best first.
    pub channels: Vec<(String, Figures)>,
    /// In that period by hour, day or month, with the instant each begins; none is left out.
    pub steps: Vec<(Timestamp, Money)>,
    /// On tabs that are not settled yet.
    pub pending: Money,
    /// Settled, to be paid out. Nothing is shown below zero: what an undo took back after a payout is made up for by
    /// what comes next.
    pub available: Money,
    /// What rails kept of it so far: gone from what is available.
    pub rail_fees: Money,
    /// Paid out so far.
    pub paid_out: Money,
    /// On its way: gone from what is available, and not with the author yet.
    pub under_way: Money,
    /// The newest payouts.
    pub payouts: Vec<Payout>,
}

/// What `author` earned, exact at this moment.
///
/// # Errors
/// Whatever the store says.
pub async fn gains(app: &App, author: AuthorId, period: Period) -> Result<Gains, StoreError> {
    catch_up(app).await?;
    let (now, currency) = (app.now(), app.currency());
    app.store.read(|db| read(db, author, period, now, currency)).await
}

/// Lets what is remembered say all that happened until now.
///
/// # Errors
/// Whatever the store says.
pub async fn catch_up(app: &App) -> Result<(), StoreError> {
    visits::write(app).await?;
    app.store.till().catch_up().await
}

/// What `author` earned, as far as the followers have read.
///
/// # Errors
/// Whatever the store says.
pub fn read(
    db: &dyn Db,
    author: AuthorId,
    period: Period,
    now: Timestamp,
    currency: Currency,
) -> Result<Gains, StoreError> {
    let hours = hours(period, now);
    let works = gains::by_work(db, author, hours, SHOWN, currency)?;
    let gains::PaidOut { sent: paid_out, under_way } = gains::paid_out(db, author, currency)?;
    let titled = works.into_iter().map(|(id, figures)| {
        let title = work::by_id(db, id, currency)?.map(|work| work.title);
        Ok((id, title.unwrap_or_default(), figures))
    });
    Ok(Gains {
        today: gains::in_all(db, author, self::hours(Period::Today, now), currency)?,
        week: gains::in_all(db, author, self::hours(Period::Week, now), currency)?,
        period: gains::in_all(db, author, hours, currency)?,
        works: titled.collect::<Result<_, StoreError>>()?,
        channels: gains::by_channel(db, author, hours, SHOWN, currency)?,
        steps: steps(db, author, period, now, currency)?,
        pending: shown(db, Account::Pending(author), currency)?,
        available: shown(db, Account::Available(author), currency)?,
        rail_fees: gains::rail_fees(db, author, currency)?,
        paid_out,
        under_way,
        payouts: payout::by_author(db, author, PAYOUTS_SHOWN, currency)?,
    })
}

/// The hours of a period. Days begin at midnight UTC; `All` leaves nothing out, whatever clocks did.
pub fn hours(period: Period, now: Timestamp) -> Hours {
    let hour = now.micros().div_euclid(HOUR_MICROS);
    let today = hour.div_euclid(DAY) * DAY;
    match period {
        Period::Today => Hours { from: today, to: hour + 1 },
        Period::Week => Hours { from: today - 6 * DAY, to: hour + 1 },
        Period::Month => Hours { from: today - 29 * DAY, to: hour + 1 },
        Period::All => Hours::EVER,
    }
}

fn shown(db: &dyn Db, account: Account, currency: Currency) -> Result<Money, StoreError> {
    let balance = books::total(db, account)?.balance(account).max(0);
    let micros = i64::try_from(balance).unwrap_or(i64::MAX);
    Money::from_micros(micros, currency).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn steps(
    db: &dyn Db,
    author: AuthorId,
    period: Period,
    now: Timestamp,
    currency: Currency,
) -> Result<Vec<(Timestamp, Money)>, StoreError> {
    let hours = hours(period, now);
    let by = if period == Period::Today { gains::by_hour } else { gains::by_day };
    let counted = by(db, author, hours, currency)?;
    let starts = match period {
        Period::Today => (hours.from..hours.to).collect(),
        Period::Week | Period::Month => days(hours),
        Period::All => months(counted.first().map(|(hour, _)| *hour), now),
    };
    let mut steps: Vec<(Timestamp, Money)> =
        starts.into_iter().map(|hour| (start_of(hour), Money::zero(currency))).collect();
    for (hour, figures) in counted {
        let at = steps.partition_point(|(start, _)| *start <= start_of(hour));
        if let Some((_, gained)) = at.checked_sub(1).and_then(|at| steps.get_mut(at)) {
            let added = gained.checked_add(figures.share);
            *gained = added.map_err(|error| StoreError::Corrupt(error.to_string()))?;
        }
    }
    Ok(steps)
}

const fn start_of(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour * HOUR_MICROS)
}

fn days(hours: Hours) -> Vec<i64> {
    let count = usize::try_from((hours.to - hours.from + DAY - 1) / DAY).unwrap_or(0);
    (0..).map(|day| hours.from + day * DAY).take(count).collect()
}

/// The first hour of each month from the one with the hour `first` to the present one.
fn months(first: Option<i64>, now: Timestamp) -> Vec<i64> {
    let last = month_of(now);
    let first = first.map_or(last, |hour| month_of(start_of(hour)).min(last));
    (first..=last).filter_map(month_start).collect()
}

/// In which month (UTC) an instant is: the months since the year 0.
pub fn month_of(at: Timestamp) -> i64 {
    let time = calendar(at);
    i64::from(time.year()) * 12 + i64::from(u8::from(time.month())) - 1
}

fn month_start(month: i64) -> Option<i64> {
    let name = time::Month::try_from(u8::try_from(month.rem_euclid(12) + 1).ok()?).ok()?;
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let day = time::Date::from_calendar_date(year, name, 1).ok()?;
    Some(day.midnight().assume_utc().unix_timestamp() / 3_600)
}

/// The day and hour of an instant; beyond the calendar, its first.
fn calendar(at: Timestamp) -> OffsetDateTime {
    let seconds = at.micros().div_euclid(ledger::time::MICROS_PER_SECOND);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 22 November 2026, noon.
    const NOON: Timestamp = Timestamp::from_micros(1_795_348_800_000_000);

    #[test]
    fn a_week_is_seven_days_and_today_is_the_last() {
        let week = days(hours(Period::Week, NOON));
        assert_eq!(week.len(), 7);
        assert_eq!(week.last(), Some(&hours(Period::Today, NOON).from));
        assert_eq!(days(hours(Period::Month, NOON)).len(), 30);
    }

    #[test]
    fn months_run_over_the_new_year() {
        let october_2025 = 1_760_000_000 / 3_600;
        let starts = months(Some(october_2025), NOON);
        assert_eq!(starts.len(), 14);
        let first = calendar(start_of(starts[0]));
        assert_eq!((first.year(), u8::from(first.month()), first.day()), (2025, 10, 1));
        assert_eq!(months(None, NOON).len(), 1);
    }
}
