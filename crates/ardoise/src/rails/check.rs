//! Is a rail set up so that it works? Asked by `ardoise doctor`; nothing moves.

/// Something about a rail that whoever runs the shop should mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// How it is.
    pub what: String,
    /// What to do about it.
    pub next: String,
    /// Whether something does not work; else it works less well than it could.
    pub is_grave: bool,
}

impl Flaw {
    /// It works less well than it could.
    pub fn slight(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into(), is_grave: false }
    }

    /// Something does not work.
    pub fn grave(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into(), is_grave: true }
    }
}

/// A provider's name for every event there is.
const EVERY: &str = "*";

/// What is wrong with the events that a provider tells of, when `wanted` should be among them.
pub fn untold(told: &[String], wanted: &[&str]) -> Option<Flaw> {
    let is_told = |event: &&&str| !told.iter().any(|told| told == EVERY || told == **event);
    let untold: Vec<&str> = wanted.iter().filter(is_told).copied().collect();
    if untold.is_empty() {
        return None;
    }
    let what = format!("its messages do not tell of {}", untold.join(", "));
    Some(Flaw::slight(what, "add these events to the webhook, at the provider's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_that_are_not_told_of_are_named() {
        let told = |events: &[&str]| {
            let events: Vec<String> = events.iter().map(|&event| event.into()).collect();
            untold(&events, &["paid", "disputed"]).map(|flaw| flaw.what)
        };
        assert_eq!(told(&["disputed", "other", "paid"]), None);
        assert_eq!(told(&["*"]), None);
        assert_eq!(told(&["paid"]).as_deref(), Some("its messages do not tell of disputed"));
        let none = told(&[]);
        assert_eq!(none.as_deref(), Some("its messages do not tell of paid, disputed"));
    }
}
