//! Who is who: authors and the operator, how they sign in, and how many readers a network brings.

pub mod http;
pub mod network;

use crate::app::{App, Shared};
use crate::problem::{Problem, SIGN_IN_FORBIDDEN, SIGN_IN_NEEDED, SIGN_IN_SPENT};
use crate::request::{Ask, Claim};
use crate::store::StoreError;
use crate::store::people::{self, Author, Invite, Role, Session};
use ::http::request::Parts;
use axum::extract::FromRequestParts;
use ledger::{AuthorId, InviteId, SessionId, ShopId as _};

/// Days for which an invitation works.
pub const INVITE_DAYS: i64 = 14;
/// The one invitation that is made at the start; the shop's other ids are far above it.
const STARTS_INVITE: i64 = 1;
/// Authors of one name that are looked for.
const NAMESAKES: i64 = 20;
/// Days for which a browser stays signed in.
pub const SESSION_DAYS: i64 = 90;
/// The longest name, in characters.
pub const NAME_MOST: usize = 120;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedIn {
    /// An author.
    Author(Author),
    /// The operator.
    Operator,
}

/// An author who is signed in: an extractor that asks others to sign in first.
#[derive(Debug, Clone)]
pub struct SignedAuthor(pub Author);

/// The operator, signed in: an extractor that asks others to sign in first.
#[derive(Debug, Clone, Copy)]
pub struct SignedOperator;

/// Who the session of this request belongs to, if to anybody.
///
/// # Errors
/// Whatever the store says.
pub async fn signed_in(app: &App, ask: &Ask) -> Result<Option<SignedIn>, Problem> {
    let Some(claim) = ask.session else { return Ok(None) };
    let now = app.now();
    let found = app.store.read(|db| {
        let Some(session) = people::session(db, claim.id)? else { return Ok(None) };
        if session.secret_hash != claim.hash() || session.expires_at <= now {
            return Ok(None);
        }
        match session.role {
            Role::Operator => Ok(Some(SignedIn::Operator)),
            Role::Author(author) => Ok(people::author(db, author)?.map(SignedIn::Author)),
        }
    });
    Ok(found.await?)
}

impl FromRequestParts<Shared> for SignedAuthor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let ask = Ask::of(parts, app.settings.behind_proxy);
        match signed_in(app, &ask).await? {
            Some(SignedIn::Author(author)) => Ok(Self(author)),
            Some(SignedIn::Operator) => Err(Problem::new(&SIGN_IN_FORBIDDEN)),
            None => Err(Problem::new(&SIGN_IN_NEEDED)),
        }
    }
}

impl FromRequestParts<Shared> for SignedOperator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Problem> {
        let ask = Ask::of(parts, app.settings.behind_proxy);
        match signed_in(app, &ask).await? {
            Some(SignedIn::Operator) => Ok(Self),
            Some(SignedIn::Author(_)) => Err(Problem::new(&SIGN_IN_FORBIDDEN)),
            None => Err(Problem::new(&SIGN_IN_NEEDED)),
        }
    }
}

/// Makes an author and the link that signs them in.
///
/// # Errors
/// Whatever the store says.
pub async fn invite_author(app: &App, name: &str) -> Result<(AuthorId, String), Problem> {
    let author = Author { id: app.mint.id(), name: name.to_owned(), created_at: app.now() };
    let id = author.id;
    app.store.write(move |db| people::insert_author(db, &author)).await?;
    Ok((id, invite(app, Role::Author(id)).await?))
}

/// The authors that a name or an id stands for. Names are compared to the letter; two authors may have the same one.
///
/// # Errors
/// Whatever the store says.
pub async fn known_author(app: &App, name: &str) -> Result<Vec<Author>, StoreError> {
    let id: Option<AuthorId> = name.parse().ok();
    let found = app.store.read(|db| match id {
        Some(id) => Ok(people::author(db, id)?.into_iter().collect()),
        None => people::called(db, name.trim(), NAMESAKES),
    });
    found.await
}

/// Makes a link that signs somebody in, once: `/invite/{id}.{secret}` for an author, `/sign-in/…` for the operator.
///
/// # Errors
/// Whatever the store says.
pub async fn invite(app: &App, role: Role) -> Result<String, Problem> {
    invite_as(app, app.mint.id(), role).await
}

/// A link that signs the operator in, for whoever starts the shop; nothing while a browser is signed in as the operator,
/// so that a server's log does not go on holding keys to the desk.
///
/// There is one such link at a time: starting again replaces it.
///
/// # Errors
/// Whatever the store says.
pub async fn door_for_operator(app: &App) -> Result<Option<String>, Problem> {
    let now = app.now();
    if app.store.read(|db| people::operator_is_in(db, now)).await? {
        return Ok(None);
    }
    Ok(Some(invite_as(app, InviteId::from_raw(STARTS_INVITE), Role::Operator).await?))
}

/// Makes an invitation called `id`, in place of any that was called so before.
async fn invite_as(app: &App, id: InviteId, role: Role) -> Result<String, Problem> {
    let claim = Claim::<InviteId> { id, secret: app.mint.secret() };
    let now = app.now();
    let invite = Invite {
        id: claim.id,
        secret_hash: claim.hash(),
        role,
        expires_at: now.plus_days(INVITE_DAYS),
        used_at: None,
    };
    app.store.write(move |db| people::put_invite(db, &invite, now)).await?;
    let door = match role {
        Role::Author(_) => "invite",
        Role::Operator => "sign-in",
    };
    Ok(format!("{}/{door}/{}", app.settings.url, claim.reveal()))
}

/// The invitation behind a link, if it can still be used.
///
/// # Errors
/// [`SIGN_IN_SPENT`], or whatever the store says.
pub async fn open_invite(app: &App, text: &str) -> Result<Invite, Problem> {
    let spent = || Problem::new(&SIGN_IN_SPENT);
    let claim = Claim::<InviteId>::read(text).ok_or_else(spent)?;
    let now = app.now();
    let invite = app.store.read(|db| people::invite(db, claim.id)).await?.ok_or_else(spent)?;
    let usable =
        invite.secret_hash == claim.hash() && invite.used_at.is_none() && invite.expires_at > now;
    if usable { Ok(invite) } else { Err(spent()) }
}

/// Uses an invitation up and signs its holder in.
///
/// # Errors
/// [`SIGN_IN_SPENT`], or whatever the store says.
pub async fn accept_invite(
    app: &App,
    text: &str,
    name: Option<String>,
) -> Result<(Role, Claim<SessionId>), Problem> {
    let invite = open_invite(app, text).await?;
    let claim = Claim::<SessionId> { id: app.mint.id(), secret: app.mint.secret() };
    let now = app.now();
    let session = Session {
        id: claim.id,
        secret_hash: claim.hash(),
        role: invite.role,
        expires_at: now.plus_days(SESSION_DAYS),
    };
    let used = app.store.write(move |db| {
        let used = people::use_invite(db, invite.id, now)?;
        if used {
            people::insert_session(db, &session, now)?;
            if let (Role::Author(author), Some(name)) = (invite.role, &name) {
                people::rename_author(db, author, name)?;
            }
        }
        Ok(used)
    });
    if used.await? { Ok((invite.role, claim)) } else { Err(Problem::new(&SIGN_IN_SPENT)) }
}
