//! The common dialect of the store's texts, as PostgreSQL writes it.

/// What is said to PostgreSQL alone: another engine reads a remark.
const SKIP_LOCKED: &str = "/* for update skip locked */";

/// A statement: parameters are `$1` instead of `?1`, and rows that others hold are skipped where it says so.
pub fn statement(sql: &str) -> String {
    let sql = sql.replace(SKIP_LOCKED, "for update skip locked");
    let mut text = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        quoted ^= letter == '\'';
        let is_parameter = letter == '?' && !quoted;
        let numbered = letters.peek().is_some_and(char::is_ascii_digit);
        text.push(if is_parameter && numbered { '$' } else { letter });
    }
    text
}

/// A schema: whole numbers have 64 bits, bytes are `bytea`, and what is said to SQLite alone is left out.
pub fn schema(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    for line in sql.lines() {
        let code = line.split("--").next().unwrap_or_default();
        let code = code.replace(" strict, without rowid", "").replace(" strict", "");
        text.push_str(&words(&code));
        text.push('\n');
    }
    text
}

fn words(code: &str) -> String {
    let mut text = String::with_capacity(code.len());
    for piece in
        code.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
    {
        let word =
            piece.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let own = match word {
            "integer" => "bigint",
            "blob" => "bytea",
            other => other,
        };
        text.push_str(own);
        text.push_str(&piece[word.len()..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_the_other_way() {
        assert_eq!(statement("select ?1, ?12 where a = '?1'"), "select $1, $12 where a = '?1'");
        assert_eq!(statement("select 'it''s ?1' || ?2"), "select 'it''s ?1' || $2");
        let jobs = "select a from b where c = ?1 /* for update skip locked */";
        assert_eq!(statement(jobs), "select a from b where c = $1 for update skip locked");
    }

    #[test]
    fn a_table_keeps_its_names() {
        let common = "create table a ( -- not integer\n  integer_count integer not null,\n  b blob\n) strict, without rowid;\n";
        let own = "create table a ( \n  integer_count bigint not null,\n  b bytea\n);\n";
        assert_eq!(schema(common), own);
    }
}
