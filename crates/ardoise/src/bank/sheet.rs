//! Statements as tables (CSV). No bank's is like another's, so nothing is taken for granted: the line of headings is looked for, the
//! columns are known by their names in French and in English, and where they are not, the operator says which they are.
//!
//! Cells are texts. Whatever looks like a formula is one more text.

use super::reading::{amount, day};
use super::statement::{CREDITS_MOST, Credit, LeftOut, Source, Statement, Unreadable};

/// Rows of one file.
const ROWS_MOST: usize = 100_000;
/// Columns of one file.
const COLUMNS_MOST: usize = 64;
/// Rows in which the line of headings is looked for: banks write a few lines before it.
const HEADINGS_WITHIN: usize = 30;
/// What stands between the cells.
const BETWEEN: [u8; 4] = [b';', b',', b'\t', b'|'];

/// Names of the column with the day, the best first; as [`squeezed`] leaves them.
const DAYS: [&str; 13] = [
    "datecomptable",
    "datedecomptabilisation",
    "dateoperation",
    "datedoperation",
    "datedeloperation",
    "dateop",
    "bookingdate",
    "postingdate",
    "dateposted",
    "transactiondate",
    "completeddate",
    "date",
    "datevaleur",
];
/// Names of a column with what came, and only that.
const CREDITS: [&str; 5] = ["credit", "montantcredit", "credits", "paidin", "moneyin"];
/// Names of a column with what came and what went, with a sign.
const AMOUNTS: [&str; 5] =
    ["montant", "montantdeloperation", "montantoperation", "amount", "transactionamount"];
/// Names of a column that says whether it came or went.
const SENSES: [&str; 5] =
    ["sens", "creditdebit", "debitcredit", "creditdebitindicator", "sensdeloperation"];
/// Names of a column with the currency.
const CURRENCIES: [&str; 4] = ["devise", "currency", "monnaie", "ccy"];
/// Names of a column with what the account holds: it says nothing of the booking.
const BALANCES: [&str; 4] = ["solde", "balance", "runningbalance", "soldeapresoperation"];

/// Which columns are which, as the operator said: from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The day.
    pub day: Option<usize>,
    /// The amount.
    pub amount: Option<usize>,
}

/// What was understood of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The headings.
    pub headings: Vec<String>,
    /// The column with the day.
    pub day: Option<usize>,
    /// The column with the amount.
    pub amount: Option<usize>,
    /// The column that says whether it came or went.
    sense: Option<usize>,
    currency: Option<usize>,
    balance: Option<usize>,
    /// The rows below the headings, with their numbers from 1.
    rows: Vec<(usize, Vec<String>)>,
}

impl Layout {
    /// Looks a table over.
    ///
    /// # Errors
    /// [`Unreadable::NoStatement`] for what is no table, [`Unreadable::TooLong`].
    pub fn of(text: &str, chosen: Chosen) -> Result<Self, Unreadable> {
        let tables: Vec<Vec<Vec<String>>> =
            BETWEEN.iter().map(|&between| cut(text, between)).collect::<Result<_, _>>()?;
        // The first way of cutting in which some line is one of headings, else the one by which most lines are as long as the longest.
        let known = tables.iter().find_map(|rows| {
            let at =
                rows.iter().take(HEADINGS_WITHIN).position(|row| Self::names(row).is_whole())?;
            Some((rows, at))
        });
        let (rows, at) = known
            .or_else(|| likeliest(&tables).and_then(|rows| Some((rows, broadest(rows)?))))
            .ok_or(Unreadable::NoStatement)?;
        let headings = rows.get(at).filter(|row| row.len() > 1).ok_or(Unreadable::NoStatement)?;
        let mut layout = Self::names(headings);
        layout.day = chosen.day.filter(|&at| at < headings.len()).or(layout.day);
        layout.amount = chosen.amount.filter(|&at| at < headings.len()).or(layout.amount);
        layout.rows =
            rows.iter().cloned().enumerate().skip(at + 1).map(|(n, row)| (n + 1, row)).collect();
        Ok(layout)
    }

    /// What the names of the columns say.
    fn names(headings: &[String]) -> Self {
        let squeezed: Vec<String> = headings.iter().map(|name| squeezed(name)).collect();
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| squeezed.iter().position(|heading| is_named(heading, name)))
        };
        Self {
            headings: headings.to_vec(),
            day: find(&DAYS),
            amount: find(&CREDITS).or(find(&AMOUNTS)),
            sense: find(&SENSES),
            currency: find(&CURRENCIES),
            balance: find(&BALANCES),
            rows: Vec::new(),
        }
    }

    /// Whether the day and the amount are known.
    pub const fn is_whole(&self) -> bool {
        self.day.is_some() && self.amount.is_some()
    }

    /// Reads what came.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(&self) -> Result<Statement, Unreadable> {
        let (Some(day), Some(amount)) = (self.day, self.amount) else {
            return Err(Unreadable::Columns);
        };
        let (mut credits, mut left_out) = (Vec::new(), LeftOut::default());
        for (number, row) in &self.rows {
            credits.extend(self.credit(*number, row, (day, amount), &mut left_out)?);
            if credits.len() > CREDITS_MOST {
                return Err(Unreadable::TooLong);
            }
        }
        Ok(Statement { source: Source::Csv, credits, left_out })
    }

    fn credit(
        &self,
        number: usize,
        row: &[String],
        (day_at, amount_at): (usize, usize),
        left_out: &mut LeftOut,
    ) -> Result<Option<Credit>, Unreadable> {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).map_or("", |cell| cell.trim());
        let (on, sum) = (cell(Some(day_at)), cell(Some(amount_at)));
        // Sums at the end, blank lines, and what went where that has a column of its own.
        if on.is_empty() || sum.is_empty() {
            left_out.no_booking += 1;
            return Ok(None);
        }
        let (sum, went) = amount(sum).ok_or(Unreadable::Booking(number, "amount"))?;
        let booked_on = day(on).ok_or(Unreadable::Booking(number, "day"))?;
        let sense = cell(self.sense).to_uppercase();
        let is_debit = match sense.chars().next() {
            None => false,
            Some('D' | '-') => true,
            Some('C' | '+') => false,
            Some(_) => return Err(Unreadable::Booking(number, "credit or debit")),
        };
        let currency = cell(self.currency).to_uppercase();
        if went || is_debit || sum.is_zero() {
            left_out.debits += 1;
        } else if !matches!(currency.as_str(), "" | "EUR" | "€" | "EURO" | "EUROS") {
            left_out.other_currency += 1;
        } else if sum.round_down_to_minor() != sum {
            return Err(Unreadable::Booking(number, "amount"));
        } else {
            return Ok(Some(Credit::new(booked_on, sum, "", &self.said(row))));
        }
        Ok(None)
    }

    /// Everything that a row says besides what is known of it.
    fn said<'a>(&self, row: &'a [String]) -> Vec<&'a str> {
        let known = [self.day, self.amount, self.sense, self.currency, self.balance];
        let other = row.iter().enumerate().filter(|(at, _)| !known.contains(&Some(*at)));
        other.map(|(_, cell)| cell.as_str()).collect()
    }
}

/// The way of cutting by which most rows have as many cells as any; nothing where none has two.
fn likeliest(tables: &[Vec<Vec<String>>]) -> Option<&Vec<Vec<String>>> {
    let score = |rows: &&Vec<Vec<String>>| {
        let most =
            rows.iter().take(HEADINGS_WITHIN).map(Vec::len).max().filter(|most| *most > 1)?;
        let whole = rows.iter().take(HEADINGS_WITHIN).filter(|row| row.len() == most).count();
        Some((whole, most))
    };
    // Of equals the last would be taken, and the likeliest stand first.
    tables.iter().rev().filter(|rows| score(rows).is_some()).max_by_key(score)
}

/// The first of the rows with the most cells.
fn broadest(rows: &[Vec<String>]) -> Option<usize> {
    let most = rows.iter().take(HEADINGS_WITHIN).map(Vec::len).max()?;
    rows.iter().position(|row| row.len() == most)
}

fn cut(text: &str, between: u8) -> Result<Vec<Vec<String>>, Unreadable> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader =
        reader.has_headers(false).flexible(true).delimiter(between).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|_| Unreadable::NoStatement)?;
        if rows.len() >= ROWS_MOST || row.len() > COLUMNS_MOST {
            return Err(Unreadable::TooLong);
        }
        rows.push(row.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

/// A heading in small letters and digits, without accents.
fn squeezed(heading: &str) -> String {
    let plain = heading.chars().flat_map(char::to_lowercase).map(|c| match c {
        'à' | 'â' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        other => other,
    });
    plain.filter(char::is_ascii_alphanumeric).collect()
}

/// Whether a heading is this name, perhaps with the currency behind it.
fn is_named(heading: &str, name: &str) -> bool {
    let ends = ["", "eneuros", "eneuro", "euros", "euro", "eur"];
    heading.strip_prefix(name).is_some_and(|rest| ends.contains(&rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Statement, Unreadable> {
        Layout::of(text, Chosen::default())?.read()
    }

    fn credits(text: &str) -> Vec<(String, String)> {
        let found = read(text).expect("a statement").credits;
        found.into_iter().map(|credit| (credit.amount.to_decimal(), credit.said)).collect()
    }

    fn one(amount: &str, said: &str) -> Vec<(String, String)> {
        vec![(amount.to_owned(), said.to_owned())]
    }

    #[test]
    fn french_and_english_headings_are_known() {
        for (text, said) in [
            ("Date;Libellé;Montant(EUROS)\n20/11/2026;VIR BEN;12,30\n", "VIR BEN"),
            (
                "Date comptable;Libellé;Débit;Crédit\n20/11/2026;VIR BEN;;12,30\n21/11/2026;EDF;-40,00;\n",
                "VIR BEN",
            ),
            (
                "\"Date opération\";\"Libellé\";\"Crédit euros\";\"Solde\"\n20/11/2026;VIR BEN;12,30;99,00\n",
                "VIR BEN",
            ),
            (
                "Completed Date,Description,Amount,Currency,Balance\n2026-11-20 08:01:02,BEN,12.30,EUR,99.00\n",
                "BEN",
            ),
            ("Date valeur;Libellé;Montant en euros\n20/11/2026;VIR BEN;12,30\n", "VIR BEN"),
            (
                "Compte courant 123\nSolde au 21/11/2026;99,00\n\nDate;Nom;Montant\n20/11/2026;Ben;12,30\n",
                "Ben",
            ),
            (
                "Date\tMontant\tSens\tNom\n20/11/2026\t12,30\tC\tBen\n20/11/2026\t4,00\tD\tEDF\n",
                "Ben",
            ),
        ] {
            assert_eq!(credits(text), one("12.300000", said), "{text}");
        }
    }

    #[test]
    fn what_went_or_is_no_booking_is_left_out_and_counted() {
        let text = "Date;Nom;Montant;Devise\n20/11/2026;Ben;12,30;EUR\n20/11/2026;EDF;-4,00;EUR\n20/11/2026;Bob;3,00;CHF\n;;;\nTotal;;\n";
        let found = read(text).expect("a statement");
        assert_eq!(found.credits.len(), 1);
        let left_out =
            LeftOut { debits: 1, other_currency: 1, no_booking: 2, ..LeftOut::default() };
        assert_eq!(found.left_out, left_out);
    }

    #[test]
    fn nothing_is_guessed() {
        let columns = "Quand;Qui;Combien\n20/11/2026;Ben;12,30\n";
        assert_eq!(read(columns), Err(Unreadable::Columns));
        let chosen = Chosen { day: Some(0), amount: Some(2) };
        let layout = Layout::of(columns, chosen).expect("a table");
        assert_eq!(layout.headings, ["Quand", "Qui", "Combien"]);
        assert_eq!(layout.read().expect("a statement").credits[0].said, "Ben");
        for (row, what) in [
            ("11/20/2026;Ben;12,30", "day"),
            ("20/11/2026;Ben;1.234", "amount"),
            ("20/11/2026;Ben;=1+1", "amount"),
            ("20/11/2026;Ben;12,345", "amount"),
        ] {
            let text = format!("Date;Nom;Montant\n20/11/2026;Zoe;1,00\n{row}\n");
            assert_eq!(read(&text), Err(Unreadable::Booking(3, what)), "{row}");
        }
        let odd = "Date;Montant;Sens\n20/11/2026;1,00;X\n";
        assert_eq!(read(odd), Err(Unreadable::Booking(2, "credit or debit")));
        let commas = Layout::of("Quand;Combien\n20/11/2026;3,00\n", Chosen::default());
        assert_eq!(commas.expect("a table").headings, ["Quand", "Combien"], "not at the comma");
        for text in ["", "hello", "hello\nworld\n"] {
            assert_eq!(read(text), Err(Unreadable::NoStatement), "{text}");
        }
    }

    #[test]
    fn a_formula_is_a_text() {
        let text =
            "Date;Nom;Montant\n20/11/2026;\"=HYPERLINK(\"\"http://x\"\";\"\"Ben\"\")\";12,30\n";
        assert_eq!(credits(text), one("12.300000", "=HYPERLINK(\"http://x\";\"Ben\")"));
    }
}
