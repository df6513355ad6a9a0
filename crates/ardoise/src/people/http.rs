//! Signing in and out, and the language switch, over HTTP.

use super::{NAME_MOST, SESSION_DAYS, accept_invite, open_invite};
use crate::app::{App, Shared};
use crate::body::Fields;
use crate::pages::Locale;
use crate::pages::author::{FieldError, InvitePage};
use crate::pages::desk::SignInPage;
use crate::pages::locale::Arg;
use crate::problem::{Detail, FIELD_INVALID, Problem};
use crate::render::html;
use crate::request::{Ask, Claim, forget_session, keep_locale, keep_session, own_path};
use crate::store::people::{self, Role};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use http::{StatusCode, header};
use ledger::SessionId;

type Asked = Result<Response, Problem>;

/// Seconds in a day.
const DAY_SECONDS: i64 = 24 * 3600;

/// `GET /invite/{token}`: what an author is invited to. Only the button uses the invitation up.
pub async fn show_invite(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    let invite = open_invite(&app, &token).await?;
    let name = match invite.role {
        Role::Author(author) => app.store.read(|db| people::author(db, author)).await?,
        Role::Operator => None,
    };
    let name = name.map(|author| author.name).unwrap_or_default();
    html(&invite_page(&app, &ask, token, name))
}

fn invite_page(app: &App, ask: &Ask, token: String, name: String) -> InvitePage {
    let page = ask.page(app, &titled(app, ask, "invite-title"), None);
    InvitePage { page, token, name, errors: Vec::new() }
}

fn titled(app: &App, ask: &Ask, key: &'static str) -> String {
    ask.locale.text_with(key, &[("shop", Arg::Word(app.settings.shop_name.clone()))]).into_owned()
}

/// `POST /invite/{token}`: signs an author in.
pub async fn accept(
    State(app): State<Shared>,
    Path(token): Path<String>,
    ask: Ask,
    fields: Fields,
) -> Asked {
    let typed = fields.one("name");
    let name = match typed.map(checked_name).transpose() {
        Err(problem) if ask.takes_html => {
            open_invite(&app, &token).await?;
            let told = problem.told(ask.locale);
            let errors = vec![FieldError { field: "name".to_owned(), message: told }];
            let typed = typed.unwrap_or_default().to_owned();
            let page = html(&InvitePage { errors, ..invite_page(&app, &ask, token, typed) })?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        name => name?,
    };
    let (role, claim) = accept_invite(&app, &token, name).await?;
    Ok(welcome(&app, role, &claim))
}

/// A name as readers will see it.
///
/// # Errors
/// [`FIELD_INVALID`], naming the field `name`.
pub fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let sound = !name.is_empty()
        && name.chars().count() <= NAME_MOST
        && !name.chars().any(char::is_control);
    let most = Detail::Count(NAME_MOST as u64);
    let wrong = || Problem::invalid("name", "reason-name").with("most", most);
    if sound { Ok(name.to_owned()) } else { Err(wrong()) }
}

/// `GET /sign-in/{token}`: the operator's one-time link.
pub async fn show_sign_in(State(app): State<Shared>, Path(token): Path<String>, ask: Ask) -> Asked {
    let valid = open_invite(&app, &token).await.is_ok();
    let page = ask.page(&app, &titled(&app, &ask, "sign-in-title"), None);
    html(&SignInPage { page, token, valid })
}

/// `POST /sign-in/{token}`: signs the operator in.
pub async fn sign_in(State(app): State<Shared>, Path(token): Path<String>) -> Asked {
    let (role, claim) = accept_invite(&app, &token, None).await?;
    Ok(welcome(&app, role, &claim))
}

fn welcome(app: &App, role: Role, claim: &Claim<SessionId>) -> Response {
    let to = match role {
        Role::Author(_) => "/sell",
        Role::Operator => "/desk",
    };
    let cookie = keep_session(app, claim, SESSION_DAYS * DAY_SECONDS);
    ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
}

/// `POST /sign-out`.
pub async fn sign_out(State(app): State<Shared>, ask: Ask) -> Asked {
    if let Some(claim) = ask.session {
        app.store
            .write(move |db| {
                let session = people::session(db, claim.id)?;
                match session.filter(|session| session.secret_hash == claim.hash()) {
                    Some(session) => people::remove_session(db, session.id),
                    None => Ok(()),
                }
            })
            .await?;
    }
    let cookie = forget_session(&app);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

/// `POST /language`: the switch at the foot of every page.
pub async fn choose_language(State(app): State<Shared>, fields: Fields) -> Asked {
    let locale = fields.one("locale").and_then(Locale::from_code);
    let locale = locale.ok_or_else(|| Problem::new(&FIELD_INVALID).field("locale"))?;
    let back = own_path(fields.one("back").unwrap_or("/"));
    let cookie = keep_locale(&app, locale);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(back)).into_response())
}
