//! Looking a shop over: is everything as it should be, and if not, what is to be done?
//!
//! Nothing is changed, and a shop that is open goes on selling. Each look is a file here and answers with findings.

mod address;
mod choices;
mod files;
mod folder;
mod letters;
mod rails;
mod store;

use crate::clock::Clock;
use crate::settings::{Settings, Values};
use std::path::Path;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// The shop works, and may hurt somebody some day.
    Warn,
    /// Something does not work, or money is not safe.
    Fail,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at.
    pub subject: &'static str,
    /// How it is.
    pub what: String,
    /// What to do about it; empty when nothing is.
    pub next: String,
}

/// What was found so far about one subject.
pub(crate) struct Findings {
    subject: &'static str,
    found: Vec<Finding>,
}

impl Findings {
    fn about(subject: &'static str) -> Self {
        Self { subject, found: Vec::new() }
    }

    fn add(&mut self, level: Level, what: impl Into<String>, next: impl Into<String>) {
        let (subject, what, next) = (self.subject, what.into(), next.into());
        self.found.push(Finding { level, subject, what, next });
    }

    fn warn(&mut self, what: impl Into<String>, next: impl Into<String>) {
        self.add(Level::Warn, what, next);
    }

    fn fail(&mut self, what: impl Into<String>, next: impl Into<String>) {
        self.add(Level::Fail, what, next);
    }

    /// What was found; when nothing was, that it is well.
    fn or_well(mut self, what: impl Into<String>) -> Vec<Finding> {
        if self.found.is_empty() {
            self.add(Level::Ok, what, "");
        }
        self.found
    }
}

/// What is looked over.
pub struct Patient<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The file of settings, if there is one; or why it cannot be told.
    pub settings_file: Result<Option<&'a Path>, String>,
    /// Variables of the environment.
    pub environment: Vec<(String, String)>,
    /// What time it is.
    pub clock: Clock,
}

/// How far the check of the books has come.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// Looks everything over; each finding is told as soon as it is known.
pub async fn examine(
    patient: &Patient<'_>,
    tell: &mut dyn FnMut(&Finding),
    progress: Progress<'_>,
) -> Level {
    let mut worst = Level::Ok;
    let mut told = |findings: Vec<Finding>| {
        for finding in &findings {
            worst = worst.max(finding.level);
            tell(finding);
        }
    };
    let (values, findings) = choices::read(patient);
    let settings = choices::sound(&values);
    let store = store::Opened::at(&settings.store, patient.data);
    told(folder::look(patient.data));
    told(folder::look_at_key(patient.data, store.is_there()));
    told(choices::look(&settings, &values, findings));
    told(letters::look(&settings).await);
    told(store::look_at_clock(&store, patient.clock.now()));
    told(store::look(&store, patient.data));
    told(files::look(patient.data, &settings.files, &store).await);
    told(store::look_at_books(&store, progress));
    told(rails::look(&settings, &patient.clock).await);
    told(address::look(patient.data, store.last_open(), (&settings, &values)).await);
    worst
}

/// What the looks share: the settings as far as they are sound.
type Chosen<'a> = (&'a Settings, &'a Values);
