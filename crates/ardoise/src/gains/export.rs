//! The gains as CSV (RFC 4180): every hour, link and channel on a row of its own, so that whoever adds the rows up finds
//! what the books say, to the last micro-unit.

use super::{catch_up, hours, start_of};
use crate::app::Shared;
use crate::pages::format;
use crate::pages::gains::Period;
use crate::store::gains::{self, Figures, Hours, Way};
use crate::store::{Db, StoreError, link, work};
use futures_util::stream::{self, Stream};
use ledger::{AuthorId, Currency, LinkId, WorkId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;

/// Hours that are read and sent at once: about a month, so that a long history is never held whole.
const HOURS_AT_ONCE: i64 = 31 * 24;

/// The rows, with their heading, a month at a time.
///
/// # Errors
/// Whatever the store says.
pub async fn rows(
    app: Shared,
    author: AuthorId,
    period: Period,
) -> Result<impl Stream<Item = Result<String, StoreError>> + Send + 'static, StoreError> {
    catch_up(&app).await?;
    let asked = hours(period, app.now());
    let counted = app.store.read(|db| gains::counted_hours(db, author)).await?;
    let counted = counted.unwrap_or(Hours { from: 0, to: 0 });
    let (from, to) = (asked.from.max(counted.from), asked.to.min(counted.to));
    let start = Some((heading(app.currency()), from));
    Ok(stream::try_unfold(start, move |next| {
        let app = app.clone();
        async move {
            let Some((mut text, from)) = next else { return Ok(None) };
            if from >= to {
                return Ok((!text.is_empty()).then_some((text, None)));
            }
            let upto = (from + HOURS_AT_ONCE).min(to);
            let currency = app.currency();
            let month = Hours { from, to: upto };
            text += &app.store.read(|db| read(db, author, month, currency)).await?;
            Ok(Some((text, Some((String::new(), upto)))))
        }
    }))
}

fn heading(currency: Currency) -> String {
    let unit = currency.code().to_lowercase();
    format!(
        "hour_utc,work,title,link,channel,visits,taps,kept,undone,gross_{unit}_tax_included,gains_{unit}\r\n"
    )
}

fn read(
    db: &dyn Db,
    author: AuthorId,
    hours: Hours,
    currency: Currency,
) -> Result<String, StoreError> {
    let mut cells = Vec::new();
    gains::by_cell(db, author, hours, currency, &mut |hour, way, figures| {
        cells.push((hour, way, figures));
        Ok(())
    })?;
    let mut names = Names::default();
    let mut text = String::new();
    for (hour, way, figures) in cells {
        names.learn(db, &way, currency)?;
        write_row(&mut text, hour, &way, &names, &figures);
    }
    Ok(text)
}

/// Titles and slugs, each looked up once.
#[derive(Default)]
struct Names {
    titles: HashMap<WorkId, String>,
    slugs: HashMap<LinkId, String>,
}

impl Names {
    fn learn(&mut self, db: &dyn Db, way: &Way, currency: Currency) -> Result<(), StoreError> {
        if let Entry::Vacant(place) = self.titles.entry(way.work) {
            let title = work::by_id(db, way.work, currency)?.map(|work| work.title);
            place.insert(title.unwrap_or_default());
        }
        if let Entry::Vacant(place) = self.slugs.entry(way.link) {
            let slug = link::by_id(db, way.link)?.map(|link| link.slug);
            place.insert(slug.unwrap_or_default());
        }
        Ok(())
    }
}

fn write_row(text: &mut String, hour: i64, way: &Way, names: &Names, figures: &Figures) {
    let title = names.titles.get(&way.work).map_or("", String::as_str);
    let slug = names.slugs.get(&way.link).map_or("", String::as_str);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "{},{},{},{},{},{},{},{},{},{},{}\r\n",
        format::machine_time(start_of(hour)),
        way.work,
        field(title),
        field(slug),
        field(&way.channel),
        figures.visits,
        figures.taps,
        figures.taps - figures.undone,
        figures.undone,
        figures.gross.to_decimal(),
        figures.share.to_decimal(),
    );
}

/// A text as a field. Spreadsheets run what begins like a formula, so such a text is given an apostrophe.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_title_is_never_a_formula() {
        assert_eq!(field("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        for formula in ["=1", "+1", "-1", "@x", "\t=1"] {
            assert!(field(formula).starts_with('\''), "{formula}");
        }
        assert_eq!(field("Night bus, 3 = 4"), "\"Night bus, 3 = 4\"");
        assert_eq!(field("Night bus"), "Night bus");
    }
}
