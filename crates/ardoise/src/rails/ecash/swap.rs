//! A reader's pieces become the shop's own: the one step that moves money.
//!
//! # Twice is once
//! Before the mint hears of anything, what the reader gave is kept, with the seed of all that the shop makes of it. Asking again
//! is therefore asking for the very same. A mint takes a piece once. Asked a second time it says that it is spent, and that is
//! all it says: it may have been spent here a moment ago, by a request whose answer was lost, or elsewhere by somebody else. What tells the
//! two apart is the mint's memory of what it signed ([`Mint::signed`]): the shop's new pieces are known to nobody else, so that
//! where they are signed, the money came here.
//!
//! # What is concluded
//! | the mint says | it has signed ours | the reader's pieces are | so |
//! |---|---|---|---|
//! | here they are | | | the shop has them |
//! | no | all of them | | the shop has them, from an earlier time |
//! | no | none | spent | somebody else has spent them: declined |
//! | no | none | pending | unknown, until they are one or the other |
//! | no | none | not spent | declined: they are still the reader's. If the mint has only changed its keys, asked again |
//! | anything else, or nothing | | | unknown: asked again |
//!
//! A signature counts with its proof (NUT-12) only. A mint that signs wrongly leaves the charge in doubt, for the operator to see:
//! the reader has paid, and nothing is in the books.

use super::super::port::{Outcome, RailError, Reason};
use super::kept::{Given, Held};
use super::mint::{Blinded, Mint, Signed, Spent, Swapped};
use super::outputs::{Output, Whose, outputs};

/// Codes by which a mint says that it does not sign with this keyset any more (NUT-00).
const KEYSETS_CHANGED: [u64; 3] = [12_001, 12_002, 12_003];

/// What a swap came to.
pub enum Ended {
    /// The shop has what was given.
    Held(Held),
    /// It has not.
    Not(Outcome),
}

/// Swaps what a reader gave, or finds that it was swapped before.
///
/// # Errors
/// [`RailError`]: the mint may have heard, and nothing is known.
pub async fn swap(mint: &Mint, given: &Given) -> Result<Ended, RailError> {
    let outputs = outputs(&given.seed, &given.ours, &given.change)?;
    let keysets = mint.keysets().await.map_err(in_doubt)?;
    let active = keysets.active().ok_or_else(|| RailError::Nonsense("no keyset".into()))?;
    let blinded: Vec<Blinded> = outputs.iter().map(|output| output.blinded(&active.id)).collect();
    match mint.swap(&given.proofs, &blinded).await.map_err(in_doubt)? {
        Swapped::Signed(signed) if signed.len() == outputs.len() => {
            let pairs: Vec<(&Output, Signed)> = outputs.iter().zip(signed).collect();
            Ok(Ended::Held(held(mint, &pairs).await?))
        }
        Swapped::Signed(_) => Err(RailError::Nonsense("too many signatures, or too few".into())),
        Swapped::Refused(code) => refused(mint, given, (&outputs, &blinded), code).await,
    }
}

/// From here on the mint may have heard, now or before: what fails leaves doubt.
fn in_doubt(error: RailError) -> RailError {
    match error {
        RailError::NotReached(why) | RailError::Refused(why) => RailError::Lost(why),
        other => other,
    }
}

async fn refused(
    mint: &Mint,
    given: &Given,
    (outputs, blinded): (&[Output], &[Blinded]),
    code: Option<u64>,
) -> Result<Ended, RailError> {
    let signed = mint.signed(blinded).await.map_err(in_doubt)?;
    if !signed.is_empty() {
        let of = |output: &Output| signed.iter().find(|(blinded, _)| output.is(blinded));
        let pairs: Option<Vec<(&Output, Signed)>> =
            outputs.iter().map(|output| Some((output, of(output)?.1.clone()))).collect();
        let pairs = pairs.ok_or_else(|| RailError::Nonsense("it has signed only some".into()))?;
        return Ok(Ended::Held(held(mint, &pairs).await?));
    }
    let outcome = match mint.spent(&given.proofs).await.map_err(in_doubt)? {
        Spent::Yes => Outcome::Declined(Reason::Spent),
        Spent::Pending => Outcome::Unknown,
        Spent::Not if code.is_some_and(|code| KEYSETS_CHANGED.contains(&code)) => {
            mint.forget_keysets();
            Outcome::Unknown
        }
        Spent::Not => Outcome::Declined(Reason::Refused),
    };
    Ok(Ended::Not(outcome))
}

async fn held(mint: &Mint, pairs: &[(&Output, Signed)]) -> Result<Held, RailError> {
    let keysets = mint.keysets().await.map_err(in_doubt)?;
    let mut held = Held { proofs: Vec::new(), change: Vec::new(), left: String::new() };
    for (output, signed) in pairs {
        let about = keysets.find(&signed.id);
        let about = about.ok_or_else(|| RailError::Nonsense("signed with no keyset".into()))?;
        let keys = mint.keys(about).await.map_err(in_doubt)?;
        let proof = output.proof(signed, &keys)?;
        match output.whose {
            Whose::Ours => held.proofs.push(proof),
            Whose::Change => held.change.push(proof),
        }
    }
    Ok(held)
}
