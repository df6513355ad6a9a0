//! The corpus, and mutations of it.

use super::{TARGETS, Target};
use crate::ids::Chance;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// The longest that a mutation becomes, in bytes.
const LONGEST: usize = 16 * 1024;

fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{} has a corpus", target.name));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("readable"))).collect()
}

/// Numbers that may come next, from a seed.
struct Dice {
    chance: Chance,
}

impl Dice {
    fn below(&self, most: usize) -> usize {
        usize::try_from(u64::from_be_bytes(self.chance.bytes())).expect("64 bits") % most.max(1)
    }

    /// Some bytes changed, cut out, repeated, or taken from elsewhere in the corpus.
    fn mutated(&self, seeds: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = seeds[self.below(seeds.len())].1.clone();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(24)).min(bytes.len());
            match self.below(6) {
                0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << self.below(8)),
                1 => {
                    bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = self.below(256) as u8)
                }
                2 => bytes.truncate(end),
                3 => drop(bytes.drain(at..end)),
                4 => {
                    let again = bytes[at..end].repeat(1 + self.below(40));
                    bytes.splice(at..at, again);
                }
                _ => {
                    let other = &seeds[self.below(seeds.len())].1;
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(64)).min(other.len());
                    bytes.splice(at..end, other[from..to].iter().copied());
                }
            }
        }
        bytes.truncate(LONGEST);
        bytes
    }
}

fn tries(target: &Target, what: &str, bytes: &[u8]) {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.try_out)(bytes)));
    assert!(
        outcome.is_ok(),
        "{} falls over {what}: {:?}\nput it into fuzz/corpus/{} once this holds again",
        target.name,
        String::from_utf8_lossy(bytes),
        target.name
    );
}

/// How many mutations of a corpus are tried: what takes a second or two.
fn mutations(target: &Target) -> usize {
    match target.name {
        "picture" | "sound" | "request" | "camt" | "sheet" => 300,
        _ => 5_000,
    }
}

#[test]
fn every_parser_withstands_its_corpus_and_mutations_of_it() {
    // Fresh every time: the message of a failure holds all that is needed to repeat it.
    let dice = Dice { chance: Chance::System };
    for target in &TARGETS {
        let seeds = corpus(target);
        assert!(!seeds.is_empty(), "{} has a corpus", target.name);
        for (path, bytes) in &seeds {
            tries(target, &path.display().to_string(), bytes);
        }
        for _ in 0..mutations(target) {
            tries(target, "a mutation", &dice.mutated(&seeds));
        }
    }
}

#[test]
fn no_corpus_is_left_over() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for entry in fs::read_dir(folder).expect("the corpus") {
        let name = entry.expect("an entry").file_name();
        let is_tried = TARGETS.iter().any(|target| name == target.name);
        assert!(is_tried, "nothing tries fuzz/corpus/{}", name.display());
    }
}
