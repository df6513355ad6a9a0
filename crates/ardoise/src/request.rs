//! What every request says about who asks: language, tab, session, network.

use crate::app::{App, Shared};
use crate::ids::Secret;
use crate::mail::links::{self, Purpose};
use crate::pages::{Locale, Meter, Page, Visitor};
use crate::people::SignedIn;
use crate::problem::Problem;
use crate::store::tab::{self, Claimed};
use crate::till::command::SecretHash;
use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use ledger::{SessionId, TabId};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The cookie that holds a tab.
pub const TAB_COOKIE: &str = "ardoise_tab";
/// The cookie of a signed-in author or operator.
pub const SESSION_COOKIE: &str = "ardoise_session";
/// The cookie of a tab that somebody settles from a letter: the token of its link, and no more than that opens.
pub const PAY_COOKIE: &str = "ardoise_pay";
/// The cookie of the language that somebody chose.
pub const LOCALE_COOKIE: &str = "ardoise_locale";

/// The cookie of somebody who does not want to be invited to bind a way to pay.
pub const INVITATION_COOKIE: &str = "ardoise_invitation";

/// Seconds for which a tab can be settled from a letter once that was begun: as long as a charge waits.
const PAY_COOKIE_SECONDS: i64 = 24 * 3600;
/// Seconds for which a tab's cookie is kept: browsers allow 400 days, and each visit renews it.
const TAB_COOKIE_SECONDS: i64 = 400 * 24 * 3600;

/// An id and its secret, as a cookie or a form field holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<T> {
    /// The id.
    pub id: T,
    /// The secret.
    pub secret: Secret,
}

impl<T: std::str::FromStr + std::fmt::Display> Claim<T> {
    /// Reads `{id}.{secret}`.
    pub fn read(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once('.')?;
        Some(Self { id: id.parse().ok()?, secret: Secret::read(secret)? })
    }

    /// Writes `{id}.{secret}`.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.id, self.secret.reveal())
    }

    /// The hash of the secret.
    pub fn hash(&self) -> SecretHash {
        self.secret.hash()
    }
}

/// Who asks, and how.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The language they prefer.
    pub locale: Locale,
    /// Path and query.
    pub path: String,
    /// Whether they take HTML: a person's browser.
    pub takes_html: bool,
    /// The tab they show; whether it is theirs is not known yet.
    pub tab: Option<Claim<TabId>>,
    /// Whether a tab cookie came that cannot be read at all.
    pub tab_is_garbled: bool,
    /// Whether they have put the invitation to bind a way to pay away.
    pub wants_no_invitation: bool,
    /// The link from a letter by which they settle a tab; whether it holds is not known yet.
    pub settles: Option<String>,
    /// The session they show; whether it is theirs is not known yet.
    pub session: Option<Claim<SessionId>>,
    /// Where they come from.
    pub address: IpAddr,
}

impl Ask {
    /// Reads the head of a request.
    pub fn of(parts: &Parts, behind_proxy: bool) -> Self {
        let headers = &parts.headers;
        let accept = text(headers, header::ACCEPT).unwrap_or("");
        let chosen = cookie(headers, LOCALE_COOKIE);
        let tab = cookie(headers, TAB_COOKIE);
        let claim = tab.and_then(Claim::read);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        Self {
            locale: Locale::negotiate(text(headers, header::ACCEPT_LANGUAGE), chosen),
            path: path.to_owned(),
            takes_html: accept.contains("text/html") && !is_for_programs(path),
            tab: claim,
            tab_is_garbled: tab.is_some() && claim.is_none(),
            wants_no_invitation: cookie(headers, INVITATION_COOKIE).is_some(),
            settles: cookie(headers, PAY_COOKIE).map(str::to_owned),
            session: cookie(headers, SESSION_COOKIE).and_then(Claim::read),
            address: address(parts, behind_proxy),
        }
    }

    /// The tab that is shown, if it is theirs.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn own_tab(&self, app: &App) -> Result<Option<Claimed>, Problem> {
        let Some(claim) = self.tab else { return Ok(None) };
        let currency = app.currency();
        Ok(app.store.ask(|db| tab::claimed(db, claim.id, &claim.hash(), currency)).await?)
    }

    /// The tab that they settle from a letter.
    pub fn settled_tab(&self, app: &App) -> Option<TabId> {
        links::read(&app.receipt_key, Purpose::Pay, self.settles.as_deref()?, app.now())
    }

    /// A reader's page with the meter of their tab.
    pub fn page(&self, app: &App, title: &str, tab: Option<&Claimed>) -> Page {
        let mut page =
            Page::new(self.locale, &app.settings.shop_name, title, &self.path, app.now());
        page.meter = tab.and_then(|tab| {
            let owed = tab.owed().ok()?;
            Some(Meter { lines: tab.open_lines, owed, notices: tab.notices })
        });
        page
    }

    /// A page for somebody who is signed in.
    pub fn page_for(&self, app: &App, title: &str, who: &SignedIn) -> Page {
        let mut page = self.page(app, title, None);
        page.who = match who {
            SignedIn::Author(author) => Visitor::Author { name: author.name.clone() },
            SignedIn::Operator => Visitor::Operator { sells: false },
        };
        page
    }
}

impl FromRequestParts<Shared> for Ask {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Infallible> {
        let read_before = parts.extensions.remove::<Self>();
        Ok(read_before.unwrap_or_else(|| Self::of(parts, app.settings.behind_proxy)))
    }
}

/// Whether a path belongs to the shop for programs: no page stands there, and cookies do not count.
pub fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/")
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// The value of a cookie; of several with one name, the first.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs =
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// The header of a cookie that lasts `seconds`; with zero it is taken away.
fn set_cookie(app: &App, name: &str, value: &str, seconds: i64, http_only: bool) -> HeaderValue {
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let http_only = if http_only { "; HttpOnly" } else { "" };
    let line =
        format!("{name}={value}; Path=/; Max-Age={seconds}; SameSite=Lax{http_only}{secure}");
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
}

/// Lets the device keep its tab.
pub fn keep_tab(app: &App, claim: &Claim<TabId>) -> HeaderValue {
    set_cookie(app, TAB_COOKIE, &claim.reveal(), TAB_COOKIE_SECONDS, true)
}

/// Lets a device go on with the tab that it settles from a letter.
pub fn keep_settling(app: &App, token: &str) -> HeaderValue {
    set_cookie(app, PAY_COOKIE, token, PAY_COOKIE_SECONDS, true)
}

/// Takes a tab that is not known away from the device.
pub fn forget_tab(app: &App) -> HeaderValue {
    set_cookie(app, TAB_COOKIE, "", 0, true)
}

/// Lets a browser keep its session for `seconds`.
pub fn keep_session(app: &App, claim: &Claim<SessionId>, seconds: i64) -> HeaderValue {
    set_cookie(app, SESSION_COOKIE, &claim.reveal(), seconds, true)
}

/// Takes a session away from the browser.
pub fn forget_session(app: &App) -> HeaderValue {
    set_cookie(app, SESSION_COOKIE, "", 0, true)
}

/// Lets the browser keep the language that was chosen.
pub fn keep_locale(app: &App, locale: Locale) -> HeaderValue {
    set_cookie(app, LOCALE_COOKIE, locale.code(), TAB_COOKIE_SECONDS, true)
}

/// Lets the browser remember that nobody wants to be invited any more.
pub fn put_invitation_away(app: &App) -> HeaderValue {
    set_cookie(app, INVITATION_COOKIE, "no", TAB_COOKIE_SECONDS, true)
}

/// `back`, where it is a path of this shop, and else its front: a second slash or a backslash would lead to another host.
pub fn own_path(back: &str) -> &str {
    let is_own =
        back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\r', '\n']);
    if is_own { back } else { "/" }
}

/// The address of whoever asks. Behind a proxy, the last hop that the proxy itself wrote down.
fn address(parts: &Parts, behind_proxy: bool) -> IpAddr {
    let forwarded = || {
        let line = parts.headers.get_all("x-forwarded-for").into_iter().next_back()?;
        line.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    };
    let connected = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let peer = connected.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    if behind_proxy { forwarded().unwrap_or(peer) } else { peer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; ardoise_tab=x.y;b=2"));
        assert_eq!(cookie(&headers, TAB_COOKIE), Some("x.y"));
        assert_eq!(cookie(&headers, "b"), Some("2"));
        assert_eq!(cookie(&headers, "c"), None);
    }

    #[test]
    fn a_forged_claim_is_not_read() {
        for text in ["", ".", "tab_.", "tab_0000000000000", "tab_0000000000000.short", "wrk_1.x"] {
            assert_eq!(Claim::<TabId>::read(text), None, "{text}");
        }
    }
}
