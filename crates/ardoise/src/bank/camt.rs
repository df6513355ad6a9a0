//! CAMT.053 (ISO 20022, «Bank to customer statement»), versions 02 and newer.
//!
//! Elements are known by their names, not by their places in one version: what later versions moved is looked for in both.
//! A document type, and so an entity, is refused.

use super::reading::{self, day, plain};
use super::statement::{CREDITS_MOST, Credit, LeftOut, Source, Statement, Unreadable};
use ledger::{Currency, Money, Timestamp};
use roxmltree::{Document, Node, ParsingOptions};

/// What the namespace of every version begins with.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
/// Elements and texts of one file.
const NODES_MOST: u32 = 1_000_000;

/// Reads the credits to the account `iban`.
///
/// # Errors
/// [`Unreadable`].
pub fn read(bytes: &[u8], iban: &str) -> Result<Statement, Unreadable> {
    let text = text(bytes)?;
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: NODES_MOST, ..Default::default() };
    let document = Document::parse_with_options(&text, options)
        .map_err(|error| Unreadable::Xml(error.to_string()))?;
    let root = document.root_element();
    let namespace = root.tag_name().namespace().unwrap_or("");
    if root.tag_name().name() != "Document" || !namespace.starts_with(NAMESPACE) {
        return Err(Unreadable::NoStatement);
    }
    let mut reader = Reader::default();
    for statement in below(root, &["BkToCstmrStmt", "Stmt"]) {
        reader.statement(statement, iban)?;
    }
    if !reader.is_ours {
        return Err(Unreadable::OtherAccount);
    }
    Ok(Statement { source: Source::Camt, credits: reader.credits, left_out: reader.left_out })
}

/// The text of a file whose first line says in which letters it is: UTF-8, or those of western Europe.
fn text(bytes: &[u8]) -> Result<String, Unreadable> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).to_lowercase();
    let said = start.split("encoding=").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1));
    match said.unwrap_or("utf-8") {
        "utf-8" | "us-ascii" => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let text = std::str::from_utf8(bytes);
            text.map(str::to_owned).map_err(|_| Unreadable::Xml("not UTF-8".into()))
        }
        "iso-8859-1" | "iso-8859-15" | "windows-1252" => Ok(reading::letters(bytes)),
        other => Err(Unreadable::Xml(format!("letters of {}", other.escape_debug()))),
    }
}

#[derive(Default)]
struct Reader {
    credits: Vec<Credit>,
    left_out: LeftOut,
    is_ours: bool,
    /// Bookings so far, for whoever has to find one.
    count: usize,
}

impl Reader {
    fn statement(&mut self, statement: Node<'_, '_>, iban: &str) -> Result<(), Unreadable> {
        let account = first(statement, &["Acct", "Id", "IBAN"]).unwrap_or("");
        let is_ours = account.split_whitespace().collect::<String>() == iban;
        self.is_ours |= is_ours;
        for booking in below(statement, &["Ntry"]) {
            self.count += 1;
            if is_ours {
                self.booking(booking)?;
            } else {
                self.left_out.other_account += 1;
            }
        }
        Ok(())
    }

    fn booking(&mut self, booking: Node<'_, '_>) -> Result<(), Unreadable> {
        let wrong = |what| Unreadable::Booking(self.count, what);
        match first(booking, &["CdtDbtInd"]) {
            Some("CRDT") => {}
            Some("DBIT") => {
                self.left_out.debits += 1;
                return Ok(());
            }
            _ => return Err(wrong("CdtDbtInd")),
        }
        // The state is a text in versions up to 07, and a code below it since.
        let state = first(booking, &["Sts", "Cd"]).or(first(booking, &["Sts"]));
        if state != Some("BOOK") || first(booking, &["RvslInd"]) == Some("true") {
            self.left_out.not_booked += 1;
            return Ok(());
        }
        let amount = child(booking, "Amt").ok_or_else(|| wrong("Amt"))?;
        if amount.attribute("Ccy") != Some("EUR") {
            self.left_out.other_currency += 1;
            return Ok(());
        }
        let amount = euros(amount).ok_or_else(|| wrong("Amt"))?;
        let booked_on = booked_on(booking).ok_or_else(|| wrong("BookgDt"))?;
        self.credits.extend(credits(booking, amount, booked_on));
        if self.credits.len() > CREDITS_MOST { Err(Unreadable::TooLong) } else { Ok(()) }
    }
}

fn booked_on(booking: Node<'_, '_>) -> Option<Timestamp> {
    let ways = [["BookgDt", "Dt"], ["BookgDt", "DtTm"], ["ValDt", "Dt"], ["ValDt", "DtTm"]];
    ways.iter().find_map(|way| first(booking, way)).and_then(day)
}

/// The credits of a booking: one, or those of which the bank has made one sum, where it says all of them.
fn credits(booking: Node<'_, '_>, amount: Money, booked_on: Timestamp) -> Vec<Credit> {
    let parts = below(booking, &["NtryDtls", "TxDtls"]);
    let amounts: Option<Vec<Money>> = parts.iter().map(|part| amount_of(*part)).collect();
    let called = first(booking, &["AcctSvcrRef"]).or(first(booking, &["NtryRef"])).unwrap_or("");
    let about = first(booking, &["AddtlNtryInf"]).unwrap_or("");
    if let Some(amounts) = amounts.filter(|amounts| parts.len() > 1 && sum(amounts) == Some(amount))
    {
        let each = parts.iter().zip(amounts).map(|(part, amount)| {
            let called = first(*part, &["Refs", "AcctSvcrRef"]).unwrap_or(called);
            Credit::new(booked_on, amount, called, &said(*part))
        });
        return each.collect();
    }
    let called = match parts[..] {
        [part] if called.is_empty() => first(part, &["Refs", "AcctSvcrRef"]).unwrap_or(""),
        _ => called,
    };
    let mut texts: Vec<&str> = parts.iter().flat_map(|part| said(*part)).collect();
    texts.push(about);
    vec![Credit::new(booked_on, amount, called, &texts)]
}

fn amount_of(part: Node<'_, '_>) -> Option<Money> {
    let is_credit = first(part, &["CdtDbtInd"]).is_none_or(|said| said == "CRDT");
    let amount = child(part, "Amt")
        .or_else(|| below(part, &["AmtDtls", "TxAmt", "Amt"]).first().copied())?;
    let is_ours = is_credit && amount.attribute("Ccy") == Some("EUR");
    euros(amount).filter(|_| is_ours)
}

fn sum(amounts: &[Money]) -> Option<Money> {
    amounts.iter().try_fold(Money::zero(Currency::Eur), |sum, part| sum.checked_add(*part).ok())
}

/// Above nothing, in whole cents: no transfer is of less.
fn euros(amount: Node<'_, '_>) -> Option<Money> {
    let amount = plain(amount.text()?.trim())?;
    (!amount.is_zero() && amount.round_down_to_minor() == amount).then_some(amount)
}

/// Who paid, and everything that was written about it.
fn said<'a>(part: Node<'a, '_>) -> Vec<&'a str> {
    let ways: [&[&str]; 6] = [
        &["RltdPties", "Dbtr", "Nm"],
        &["RltdPties", "Dbtr", "Pty", "Nm"],
        &["RmtInf", "Strd", "CdtrRefInf", "Ref"],
        &["RmtInf", "Ustrd"],
        &["Refs", "EndToEndId"],
        &["AddtlTxInf"],
    ];
    let texts = ways.iter().flat_map(|way| below(part, way)).filter_map(|node| node.text());
    texts.filter(|text| *text != "NOTPROVIDED").collect()
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// Every element at the end of this way down.
fn below<'a, 'd>(node: Node<'a, 'd>, way: &[&str]) -> Vec<Node<'a, 'd>> {
    way.iter().fold(vec![node], |nodes, name| {
        let children = nodes.iter().flat_map(|node| node.children());
        children.filter(|child| child.tag_name().name() == *name).collect()
    })
}

/// The text of the first element at the end of this way down.
fn first<'a>(node: Node<'a, '_>, way: &[&str]) -> Option<&'a str> {
    let found = way.iter().try_fold(node, |node, name| child(node, name))?;
    found.text().map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IBAN: &str = "FR7630006000011234567890189";

    fn file(version: &str, bookings: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{NAMESPACE}{version}\"><BkToCstmrStmt><GrpHdr/>\
             <Stmt><Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>{bookings}</Stmt></BkToCstmrStmt></Document>"
        )
    }

    fn booking(amount: &str, rest: &str) -> String {
        format!(
            "<Ntry><Amt Ccy=\"EUR\">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>\
             <BookgDt><Dt>2026-11-20</Dt></BookgDt>{rest}</Ntry>"
        )
    }

    fn parsed(text: &str) -> Result<Statement, Unreadable> {
        read(text.as_bytes(), IBAN)
    }

    #[test]
    fn a_credit_is_read_from_old_and_new_versions() {
        let old = booking(
            "12.30",
            "<AcctSvcrRef>B-1</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>E2E</EndToEndId></Refs><RltdPties><Dbtr>\
             <Nm>Ben Ali</Nm></Dbtr></RltdPties><RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd>\
             </RmtInf></TxDtls></NtryDtls>",
        );
        let new = old
            .replace("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>")
            .replace("<Nm>Ben Ali</Nm>", "<Pty><Nm>Ben Ali</Nm></Pty>");
        for (version, bookings) in [("02", &old), ("08", &new), ("13", &new)] {
            let found = parsed(&file(version, bookings)).expect("a statement");
            let [credit] = &found.credits[..] else { panic!("{found:?}") };
            assert_eq!(
                (credit.amount.to_decimal().as_str(), credit.reference.as_str()),
                ("12.300000", "B-1")
            );
            assert_eq!(credit.said, "Ben Ali · RF18539007547034 · E2E");
        }
    }

    #[test]
    fn only_booked_credits_in_euros_to_the_account_count() {
        let one = booking("1", "");
        let others = [
            one.replace("CRDT", "DBIT"),
            one.replace("BOOK", "PDNG"),
            one.replace("<Sts>", "<RvslInd>true</RvslInd><Sts>"),
            one.replace("EUR", "CHF"),
            one.clone(),
        ];
        let found = parsed(&file("02", &others.concat())).expect("a statement");
        assert_eq!(found.credits.len(), 1);
        let left_out =
            LeftOut { debits: 1, not_booked: 2, other_currency: 1, ..LeftOut::default() };
        assert_eq!(found.left_out, left_out);
        let elsewhere = file("02", &one).replace(IBAN, "DE89370400440532013000");
        assert_eq!(parsed(&elsewhere), Err(Unreadable::OtherAccount));
    }

    #[test]
    fn a_sum_of_several_credits_is_taken_apart_where_its_parts_add_up() {
        let part = |amount: &str, text: &str| {
            format!(
                "<TxDtls><Amt Ccy=\"EUR\">{amount}</Amt><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
            )
        };
        let parts = |second| {
            let details = part("2.00", "one") + &part(second, "two");
            file(
                "08",
                &booking(
                    "5.00",
                    &format!("<AcctSvcrRef>B</AcctSvcrRef><NtryDtls>{details}</NtryDtls>"),
                ),
            )
        };
        let found = parsed(&parts("3.00")).expect("a statement").credits;
        let said: Vec<&str> = found.iter().map(|credit| credit.said.as_str()).collect();
        assert_eq!(said, ["one", "two"]);
        let whole = parsed(&parts("3.01")).expect("a statement").credits;
        let [whole] = &whole[..] else { panic!("{whole:?}") };
        assert_eq!(
            (whole.amount.to_decimal().as_str(), whole.said.as_str()),
            ("5.000000", "one · two")
        );
    }

    #[test]
    fn what_a_booking_lacks_is_named_with_its_number() {
        let good = booking("1", "");
        for (bad, what) in [
            (good.replace("CRDT", "?"), "CdtDbtInd"),
            (good.replace(">1<", ">1e3<"), "Amt"),
            (good.replace(">1<", ">-1<"), "Amt"),
            (good.replace(">1<", ">0.001<"), "Amt"),
            (good.replace("2026-11-20", "2026-13-20"), "BookgDt"),
        ] {
            assert_eq!(
                parsed(&file("02", &(good.clone() + &bad))),
                Err(Unreadable::Booking(2, what))
            );
        }
    }

    #[test]
    fn entities_are_never_expanded() {
        let bomb = "<!DOCTYPE d [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
        for text in [
            file("02", &booking("1", "")).replacen("<Document", &format!("{bomb}<Document"), 1),
            "<!DOCTYPE d SYSTEM \"file:///etc/passwd\"><d/>".into(),
            file("02", "<Ntry>&b;</Ntry>"),
        ] {
            assert!(matches!(parsed(&text), Err(Unreadable::Xml(_))), "{text}");
        }
        let deep = "<a>".repeat(100_000) + &"</a>".repeat(100_000);
        assert!(parsed(&file("02", &deep)).is_ok_and(|found| found.credits.is_empty()));
        assert!(parsed(&"<a>".repeat(200_000)).is_err());
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let other = file("02", "").replace("camt.053", "camt.054");
        for text in [
            "<Document/>",
            "<html xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.02\"/>",
            &other,
        ] {
            assert_eq!(parsed(text), Err(Unreadable::NoStatement), "{text}");
        }
        assert!(matches!(parsed("a;b"), Err(Unreadable::Xml(_))));
        let latin = file("02", &booking("1", "<AddtlNtryInf>r\u{e9}glement</AddtlNtryInf>"));
        let latin: Vec<u8> =
            latin.replace("UTF-8", "ISO-8859-1").chars().map(|c| c as u8).collect();
        assert_eq!(read(&latin, IBAN).expect("a statement").credits[0].said, "r\u{e9}glement");
    }
}
