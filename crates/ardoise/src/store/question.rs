//! A single question, which is a moment of the store by itself: nothing need begin before it, or end after it.
//!
//! Where its answer has to travel, no thread waits for it. Whoever asks is gone through twice: once to hear what the
//! question is ([`hear`]), and again to read the answer once that is there ([`Answered`]).

use super::{Db, EachRow, Row, StoreError, Value};
use std::cell::{Cell, OnceCell};

/// What is asked, for as long as it takes to be answered.
pub(super) struct Question {
    pub(super) sql: &'static str,
    values: Vec<Owned>,
}

impl Question {
    pub(super) fn values(&self) -> Vec<Value<'_>> {
        self.values.iter().map(Owned::value).collect()
    }
}

/// A [`Value`] that belongs to itself.
enum Owned {
    Text(String),
    Blob(Vec<u8>),
    Small(Value<'static>),
}

impl Owned {
    fn new(value: &Value<'_>) -> Self {
        match *value {
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Blob(bytes) => Self::Blob(bytes.to_vec()),
            Value::Int(number) => Self::Small(Value::Int(number)),
            Value::Id(id) => Self::Small(Value::Id(id)),
            Value::Null => Self::Small(Value::Null),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Blob(bytes) => Value::Blob(bytes),
            Self::Small(value) => *value,
        }
    }
}

/// What `asker` would ask; what it says of itself where it asks nothing.
///
/// # Errors
/// Whatever an `asker` says that asks nothing.
pub(super) fn hear<T>(
    asker: impl FnOnce(&dyn Db) -> Result<T, StoreError>,
) -> Result<Heard<T>, StoreError> {
    let listener = Listener::default();
    let said = asker(&listener);
    match listener.0.into_inner() {
        Some(question) => Ok(Heard::Question(question)),
        None => said.map(Heard::Nothing),
    }
}

/// What was heard of somebody who may ask.
pub(super) enum Heard<T> {
    Question(Question),
    Nothing(T),
}

/// Hears the first question, and answers nothing.
#[derive(Default)]
struct Listener(OnceCell<Question>);

impl Db for Listener {
    fn execute(&self, _: &'static str, _: &[Value]) -> Result<usize, StoreError> {
        Err(changes_nothing())
    }

    fn query(&self, sql: &'static str, values: &[Value], _: EachRow) -> Result<(), StoreError> {
        let values = values.iter().map(Owned::new).collect();
        let _ = self.0.set(Question { sql, values });
        Err(StoreError::Engine("the answer is not there yet".into()))
    }
}

/// Has the answer to a question ready for whoever asks it again.
pub(super) struct Answered<'a, R> {
    pub(super) question: &'a Question,
    pub(super) rows: &'a [R],
}

impl<R: Row> Db for Answered<'_, R> {
    fn execute(&self, _: &'static str, _: &[Value]) -> Result<usize, StoreError> {
        Err(changes_nothing())
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        if sql != self.question.sql || values != self.question.values() {
            return Err(StoreError::Engine("it is asked something else the second time".into()));
        }
        self.rows.iter().try_for_each(|row| each(row))
    }
}

/// Lets one question through. A second one might be answered as of another moment, and is refused.
pub(super) struct Once<'a> {
    db: &'a dyn Db,
    is_asked: Cell<bool>,
}

impl<'a> Once<'a> {
    pub(super) const fn new(db: &'a dyn Db) -> Self {
        Self { db, is_asked: Cell::new(false) }
    }
}

impl Db for Once<'_> {
    fn execute(&self, _: &'static str, _: &[Value]) -> Result<usize, StoreError> {
        Err(changes_nothing())
    }

    fn query(&self, sql: &'static str, values: &[Value], each: EachRow) -> Result<(), StoreError> {
        if self.is_asked.replace(true) {
            return Err(StoreError::Engine(
                "one question was announced, and this is another".into(),
            ));
        }
        self.db.query(sql, values, each)
    }
}

fn changes_nothing() -> StoreError {
    StoreError::Engine("a question changes nothing".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of one number.
    struct Number(i64);

    impl Row for Number {
        fn int(&self, _: usize) -> Result<i64, StoreError> {
            Ok(self.0)
        }
        fn maybe_int(&self, _: usize) -> Result<Option<i64>, StoreError> {
            Ok(Some(self.0))
        }
        fn text(&self, _: usize) -> Result<String, StoreError> {
            Ok(self.0.to_string())
        }
        fn maybe_text(&self, _: usize) -> Result<Option<String>, StoreError> {
            Ok(Some(self.0.to_string()))
        }
        fn blob(&self, _: usize) -> Result<Vec<u8>, StoreError> {
            Ok(vec![])
        }
        fn maybe_blob(&self, _: usize) -> Result<Option<Vec<u8>>, StoreError> {
            Ok(None)
        }
    }

    fn heard(asker: impl Fn(&dyn Db) -> Result<i64, StoreError>) -> Question {
        match hear(asker) {
            Ok(Heard::Question(question)) => question,
            Ok(Heard::Nothing(_)) | Err(_) => panic!("nothing was asked"),
        }
    }

    #[test]
    fn what_was_heard_is_answered_when_it_is_asked_again() {
        let values =
            [Value::Text("a"), Value::Blob(b"b"), Value::Int(3), Value::Id([4; 16]), Value::Null];
        let ask = |db: &dyn Db| db.number("select ?1", &values);
        let question = heard(ask);
        assert_eq!((question.sql, question.values().as_slice()), ("select ?1", values.as_slice()));
        let rows = [Number(7), Number(8)];
        let answered = Answered { question: &question, rows: &rows };
        assert_eq!(ask(&answered), Ok(7));
        let all = (&answered as &dyn Db).all("select ?1", &values, |row| row.int(0));
        assert_eq!(all, Ok(vec![7, 8]));
        for (other, values) in [("select ?2", &values[..]), ("select ?1", &values[..4])] {
            assert!(matches!(
                (&answered as &dyn Db).number(other, values),
                Err(StoreError::Engine(_))
            ));
        }
    }

    #[test]
    fn whoever_asks_nothing_has_said_all() {
        assert!(matches!(hear(|_| Ok(5)), Ok(Heard::Nothing(5))));
        assert!(matches!(hear::<()>(|_| Err(StoreError::Closed)), Err(StoreError::Closed)));
        assert!(matches!(hear(|db| db.execute("delete", &[])), Err(StoreError::Engine(_))));
    }
}
