//! Keys that let an author's programs in: made on a page, shown once, kept as a hash.

pub mod http;
pub mod used;

use crate::app::App;
use crate::problem::{Detail, KEY_UNKNOWN, Problem};
use crate::request::Claim;
use crate::store::StoreError;
use crate::store::key::{self, ApiKey};
use crate::works::deciding::write;
use ledger::{AuthorId, KeyId};

/// What every key begins with before its id, so that whoever finds one knows what it opens.
const PREFIX: &str = "ardoise_";
/// The longest name of a key, in characters.
const NAME_MOST: usize = 80;
/// Keys that an author may have.
const KEYS_MOST: usize = 50;

/// Makes a key; answers the text that is shown to its author once: `ardoise_key_….…`, with 256 random bits in it.
///
/// # Errors
/// Problems of the field `name`, and the store's.
pub async fn make(app: &App, author: AuthorId, name: &str) -> Result<String, Problem> {
    let claim = Claim::<KeyId> { id: app.mint.id(), secret: app.mint.secret() };
    let made = ApiKey {
        id: claim.id,
        author,
        secret_hash: claim.hash(),
        label: checked_name(name)?,
        created_at: app.now(),
        used_at: None,
        revoked_at: None,
    };
    write(app, move |db| {
        if key::by_author(db, author, KEYS_MOST as i64)?.len() >= KEYS_MOST {
            return Err(wrong("reason-keys", KEYS_MOST).into());
        }
        Ok(key::insert(db, &made)?)
    })
    .await?;
    Ok(format!("{PREFIX}{}", claim.reveal()))
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let length = name.chars().count();
    let sound = (1..=NAME_MOST).contains(&length) && !name.chars().any(char::is_control);
    if sound { Ok(name.to_owned()) } else { Err(wrong("reason-key-name", NAME_MOST)) }
}

fn wrong(reason: &'static str, most: usize) -> Problem {
    Problem::invalid("name", reason).with("most", Detail::Count(most as u64))
}

/// The keys of an author that work, newest first.
///
/// # Errors
/// Whatever the store says.
pub async fn keys(app: &App, author: AuthorId) -> Result<Vec<ApiKey>, StoreError> {
    used::write(app).await?;
    app.store.read(|db| key::by_author(db, author, KEYS_MOST as i64)).await
}

/// Takes a key back, from now on.
///
/// # Errors
/// [`KEY_UNKNOWN`], and the store's.
pub async fn revoke(app: &App, author: AuthorId, id: KeyId) -> Result<(), Problem> {
    let now = app.now();
    let had = app.store.write(move |db| key::revoke(db, author, id, now)).await?;
    if had { Ok(()) } else { Err(Problem::new(&KEY_UNKNOWN)) }
}

/// The key that is shown, if it is one of this shop's and works.
///
/// # Errors
/// Whatever the store says.
pub async fn open(app: &App, shown: &str) -> Result<Option<ApiKey>, StoreError> {
    let claim = shown.strip_prefix(PREFIX).and_then(Claim::<KeyId>::read);
    let Some(claim) = claim else { return Ok(None) };
    let found = app.store.ask(|db| key::by_id(db, claim.id)).await?;
    let fits = |key: &ApiKey| key.secret_hash == claim.hash() && key.revoked_at.is_none();
    Ok(found.filter(fits))
}
