//! Every address of the shop, and what stands around all of them.

use crate::addresses::{Addresses, get, patch, post};
use crate::app::{App, Shared};
use crate::pages::assets;
use crate::pages::reader::ProblemPage;
use crate::problem::{
    self, PAGE_METHOD, PAGE_MISSING, Problem, REQUEST_CROSS_SITE, SHOP_FAILED, STORE_BUSY,
};
use crate::request::{Ask, is_for_programs};
use crate::store::StoreError;
use crate::works::{self, uploads};
use crate::{
    access, api, bank, desk, gains, keys, links, mail, notices, people, rails, receipts, tabs,
    vouchers, webhooks,
};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;

/// What pages may do: show what the shop itself serves, and post forms to it. No inline style or script.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     media-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of a page whose forms may lead to these origins besides.
pub fn policy_leading_to<'a>(origins: impl Iterator<Item = &'a str>) -> String {
    let origins: String = origins.map(|origin| format!(" {origin}")).collect();
    POLICY.replace("form-action 'self'", &format!("form-action 'self'{origins}"))
}

/// Headers of every answer that does not say otherwise.
const AROUND: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The whole shop.
pub fn router(app: Shared) -> Router {
    around(addresses().into_router(), app)
}

/// Every address of the shop. Who may use each stands in `tests/it/routes.rs`.
pub fn addresses() -> Addresses {
    pages().merge(files()).merge(uploading()).merge(api::addresses())
}

fn around(routes: Router<Shared>, app: Shared) -> Router {
    // Programs show a key that no browser sends by itself, so nothing can be done there in somebody else's name.
    let csrf = CsrfLayer::new()
        .with_insecure_bypass(|_, uri| is_for_programs(uri.path()))
        .with_rejection_response(|_| Problem::new(&REQUEST_CROSS_SITE).into_response());
    let panics = CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
        Problem::new(&SHOP_FAILED).because("a handler panicked").into_response()
    });
    routes
        .fallback(async || Problem::new(&PAGE_MISSING))
        .method_not_allowed_fallback(async || Problem::new(&PAGE_METHOD))
        // In one, from the outside in: each layer of its own would box every request once more.
        .layer((middleware::from_fn_with_state(app.clone(), surround), panics, csrf))
        .with_state(app)
}

/// Pages and small answers: compressed.
fn pages() -> Addresses {
    Addresses::new()
        .route("/", get(links::http::show_front))
        .route("/l/{slug}", get(links::http::show_work))
        .route("/embed/{slug}", get(links::http::show_embed))
        .route("/oembed", get(links::http::show_oembed))
        .route("/w/{work}", get(access::http::show_content))
        .route("/tab", get(tabs::http::show_tab))
        .route("/tab/settle", get(tabs::settling::show_settle))
        .route("/tab/bind", get(rails::binding::http::show_bind))
        .route("/tab/settled/{settlement}", get(tabs::settling::show_settled))
        .route("/tab/charges/{charge}", get(rails::http::show_charge))
        .route("/mail/pay/{token}", get(mail::http::show_pay))
        .route("/mail/object/{token}", get(mail::http::show_object).post(mail::http::object))
        .route("/mail/stop/{token}", get(mail::http::show_stop).post(mail::http::stop))
        .route("/library", get(tabs::http::show_library))
        .route("/receipts", get(receipts::http::show_tab))
        .route("/receipts/{line}", get(receipts::http::show_line))
        .route("/.well-known/ardoise", get(receipts::http::show_shop))
        .route("/withdrawal", get(tabs::http::show_withdrawal))
        .route("/invite/{token}", get(people::http::show_invite).post(people::http::accept))
        .route("/sign-in/{token}", get(people::http::show_sign_in).post(people::http::sign_in))
        .route("/gains", get(gains::http::show_gains))
        .route("/gains.csv", get(gains::http::export))
        .route("/keys", get(keys::http::show_keys))
        .route("/desk", get(desk::http::show_desk))
        .route("/desk/bank/entries/{entry}/tab", post(bank::http::put_entry_on_tab))
        .route("/desk/bank/entries/{entry}/aside", post(bank::http::put_entry_aside))
        .route(
            "/desk/vouchers",
            get(vouchers::http::show_vouchers).post(vouchers::http::print_vouchers),
        )
        .route("/voucher/{code}", get(vouchers::using::show_voucher))
        .merge(banking())
        .route("/desk/tabs", get(desk::giving_back::find_tab))
        .route("/desk/tabs/{tab}", get(desk::giving_back::show_tab))
        .merge(selling())
        .route("/problems/{code}", get(show_problem))
        .route("/static/{hash}/{name}", get(asset))
        .route("/embed.js", get(embed_script))
        .around(|pages| pages.layer(CompressionLayer::new()))
}

/// The bank's statements, which are longer than other forms: they say themselves how long.
fn banking() -> Addresses {
    use bank::http as bank;
    Addresses::new()
        .route("/desk/bank", get(bank::show_bank).post(bank::bring_statement))
        .route("/desk/bank/{statement}", get(bank::show_statement).post(bank::take_statement))
        .around(|pages| pages.layer(DefaultBodyLimit::disable()))
}

/// The author's pages. Their forms carry files, which go to the file store as they come: no limit but their own.
fn selling() -> Addresses {
    use works::http as sell;
    Addresses::new()
        .route("/sell", get(sell::show_sell))
        .route("/works", get(sell::show_works).post(sell::create_work))
        .route("/works/{work}", get(sell::show_work).post(sell::change_work))
        .route("/works/{work}/share", get(sell::show_share))
        .route("/works/{work}/publish", post(sell::publish_work))
        .route("/works/{work}/unpublish", post(sell::unpublish_work))
        .route("/works/{work}/files/{file}/replace", post(sell::replace_file))
        .route("/works/{work}/files/{file}/remove", post(sell::remove_file))
        .route("/works/{work}/links", post(sell::add_link))
        .around(|pages| pages.layer(DefaultBodyLimit::disable()))
}

/// Files on their way in.
fn uploading() -> Addresses {
    use uploads::http as tus;
    let one = patch(tus::go_on).head(tus::show).delete(tus::remove).post(tus::instead);
    Addresses::new()
        .route("/uploads", post(tus::create).options(tus::describe))
        .route("/uploads/{upload}", one.options(tus::describe))
        .around(|routes| routes.layer(middleware::map_response(tus::say_version)))
}

/// Answers that are small, or that must keep their length and their ranges: never compressed.
fn files() -> Addresses {
    Addresses::new()
        .route("/l/{slug}/buy", post(tabs::http::buy_work))
        .route("/lines/{line}/undo", post(tabs::http::undo_line))
        .route("/tab/settle/{rail}", post(rails::http::begin_charge))
        .route(
            "/tab/charges/{charge}/return",
            get(rails::http::return_to_charge).post(rails::http::answer_charge),
        )
        .route("/tab/bind/{rail}", post(rails::binding::http::begin_binding))
        .route("/tab/invitation/put-away", post(rails::binding::http::put_away))
        .route("/tab/mandates/{rail}/end", post(rails::http::end_mandate))
        .route("/tab/notices/dismiss", post(notices::http::dismiss))
        .route("/tab/object", post(notices::http::object))
        .route("/tab/address", post(mail::http::keep_address))
        .route("/tab/address/remove", post(mail::http::remove_address))
        .route("/mail/pay/{token}/{rail}", post(mail::http::pay))
        .route("/tab/refunds", post(tabs::giving_back::give_back))
        .route("/rails/{rail}/webhook", post(rails::http::hear))
        .route("/gains/stream", get(gains::http::follow))
        .route("/gains/address", post(gains::addresses::keep))
        .route("/keys", post(keys::http::make_key))
        .route("/keys/{key}/revoke", post(keys::http::revoke_key))
        .route("/webhooks", post(webhooks::http::make_webhook))
        .route("/webhooks/{webhook}/remove", post(webhooks::http::remove_webhook))
        .route("/desk/invitations", post(desk::http::invite_author))
        .route("/desk/tabs/{tab}/settle", post(desk::http::settle_tab))
        .route("/desk/tabs/{tab}/refunds", post(desk::giving_back::give_back))
        .route("/desk/tabs/{tab}/reopen", post(desk::giving_back::reopen_tab))
        .route("/desk/tabs/{tab}/lines/{line}/refund", post(desk::giving_back::refund_line))
        .route("/desk/refunds/{refund}/seen", post(desk::giving_back::see_refund))
        .route("/desk/authors/{author}/payouts", post(desk::http::pay_author))
        .route("/desk/payouts", post(desk::payouts::send_all))
        .route("/desk/payouts/{payout}/seen", post(desk::payouts::see))
        .route("/desk/charges/{charge}/seen", post(desk::http::see_charge))
        .route("/desk/vouchers/{voucher}/void", post(vouchers::http::void_voucher))
        .route("/voucher", post(vouchers::using::use_voucher))
        .route("/desk/letters/seen", post(desk::letters::see))
        .route("/desk/books", post(desk::http::check_books))
        .route("/sign-out", post(people::http::sign_out))
        .route("/language", post(people::http::choose_language))
        .route("/l/{slug}/preview/{key}", get(links::http::show_preview))
        .route("/l/{slug}/{kind}", get(links::http::show_qr))
        .route("/w/{work}/files/{file}", get(access::http::show_file))
        .route("/w/{work}/zip", get(access::http::show_archive))
        .route("/health", get(health))
        .route("/metrics", get(metrics))
}

/// Numbers the request, writes problems in the asker's language, and sets the headers of every answer.
async fn surround(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let ask = Ask::of(&head, app.settings.behind_proxy);
    head.extensions.insert(ask.clone());
    let mut response = next.run(Request::from_parts(head, body)).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let said = std::mem::take(response.headers_mut());
        response = told(&app, &ask, &problem).await;
        keep_said(response.headers_mut(), &said);
    }
    for (name, value) in AROUND {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What was said beside a problem stays: cookies, and the headers of a protocol. The body is another one.
fn keep_said(headers: &mut HeaderMap, said: &HeaderMap) {
    for (name, value) in said {
        if *name == header::SET_COOKIE {
            headers.append(name, value.clone());
        } else if !name.as_str().starts_with("content-") {
            headers.entry(name).or_insert(value.clone());
        }
    }
}

async fn told(app: &Shared, ask: &Ask, problem: &Problem) -> Response {
    let request_id = app.mint.purchase().to_string();
    log(app, problem, ask, &request_id);
    let page = if ask.takes_html {
        let tab = ask.own_tab(app).await.ok().flatten();
        Some(ask.page(app, "", tab.as_ref()))
    } else {
        None
    };
    problem.answer(page, ask.locale, &app.settings.url, &request_id)
}

fn log(app: &App, problem: &Problem, ask: &Ask, request_id: &str) {
    let path = ask.path.split('?').next().unwrap_or_default();
    // Secrets stand in some paths; what comes after the noun is not written down.
    let noun = path.split('/').nth(1).unwrap_or_default();
    let (code, cause) = (problem.kind.code, problem.cause.as_deref().unwrap_or(""));
    if code == STORE_BUSY.code {
        // Where many are turned away, a line for each would keep the shop from those it can serve.
        if let Some(times) = app.turned_away.count(app.now()) {
            tracing::error!(
                request.noun = noun,
                problem.code = code,
                cause,
                times,
                "requests were turned away"
            );
        }
    } else if problem.kind.status.is_server_error() {
        tracing::error!(
            request.id = request_id,
            request.noun = noun,
            problem.code = code,
            cause,
            "a request failed"
        );
    } else {
        tracing::debug!(
            request.id = request_id,
            request.noun = noun,
            problem.code = code,
            cause,
            "a request was refused"
        );
    }
}

async fn asset(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(asset) = assets::asset(&name, &hash) else {
        return Problem::new(&PAGE_MISSING).into_response();
    };
    let caching = "public, max-age=31536000, immutable";
    ([(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, caching)], asset.bytes)
        .into_response()
}

async fn embed_script() -> Response {
    let Some(asset) = assets::lasting("embed.js") else {
        return Problem::new(&PAGE_MISSING).into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    (headers, asset.bytes).into_response()
}

/// `GET /problems/{code}`: what a kind of problem means, at length.
async fn show_problem(
    State(app): State<Shared>,
    Path(code): Path<String>,
    ask: Ask,
) -> Result<Response, Problem> {
    let kind = problem::ALL.iter().find(|kind| kind.code == code);
    let kind = kind.ok_or_else(|| Problem::new(&PAGE_MISSING))?;
    if !ask.takes_html {
        let text = "text/markdown; charset=utf-8";
        return Ok(([(header::CONTENT_TYPE, text)], kind.manual).into_response());
    }
    let page: ProblemPage = Problem::new(kind).to_page(ask.page(&app, "", None), "");
    crate::render::html(&ProblemPage { request_id: None, ..page })
}

/// `GET /health`: whether the shop takes purchases.
async fn health(State(app): State<Shared>) -> Result<&'static str, Problem> {
    if app.store.till().is_open() { Ok("ok\n") } else { Err(StoreError::Closed.into()) }
}

/// `GET /metrics`: counters in the text format of Prometheus, for this machine only: how much is sold is nobody's
/// business.
async fn metrics(State(app): State<Shared>, ask: Ask) -> Result<Response, Problem> {
    use std::sync::atomic::Ordering::Relaxed;
    if !ask.address.to_canonical().is_loopback() {
        return Err(Problem::new(&PAGE_MISSING));
    }
    let counters = app.store.till().counters();
    let mut text = String::new();
    for (name, help, value) in [
        ("purchases", "Lines written since the start.", counters.purchases.load(Relaxed)),
        ("commits", "Durable commits of batches since the start.", counters.commits.load(Relaxed)),
        ("batch_commands", "Commands decided since the start.", counters.commands.load(Relaxed)),
        (
            "turned_away",
            "Commands turned away because the queue was full.",
            counters.turned_away.load(Relaxed),
        ),
    ] {
        text.push_str(&format!(
            "# HELP ardoise_till_{name}_total {help}\n# TYPE ardoise_till_{name}_total counter\nardoise_till_{name}_total {value}\n"
        ));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
