//! Every address of the shop and who may use it. A route that is not in the table fails, and so does a row without a
//! route.
//!
//! Each row is asked on a shop of its own, by everybody from left to right, with nothing in the body. What counts is
//! who is let in: 401 asks them to sign in, 403 says that it is not for them, 404 that it is not theirs to know of;
//! 400 and 422 ask for what a form or a program should have sent.

use crate::shop::TestApp;
use crate::street::Street;
use ardoise::addresses::Address;
use ardoise::routes;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use std::collections::BTreeSet;

/// Columns: a visitor; Ben, who reads and has a tab; Ada, who made the work; Zoe, who makes others; Olu, who operates;
/// a program with Ada's key; one with Zoe's.
const TABLE: &str = "
GET     /                                        200 200 200 200 200 200 200
GET     /l/{slug}                                200 200 200 200 200 200 200
GET     /embed/{slug}                            200 200 200 200 200 200 200
GET     /oembed                                  404 404 404 404 404 404 404
GET     /w/{work}                                403 200 200 403 403 403 403
GET     /tab                                     200 200 200 200 200 200 200
GET     /tab/bind                                200 200 200 200 200 200 200
GET     /tab/settle                              200 200 200 200 200 200 200
GET     /tab/settled/{settlement}                404 200 404 404 404 404 404
GET     /mail/pay/{token}                        200 303 200 200 200 200 200
POST    /mail/pay/{token}/{rail}                 400 400 400 400 400 400 400
GET     /mail/object/{token}                     200 200 200 200 200 200 200
POST    /mail/object/{token}                     200 200 200 200 200 200 200
GET     /mail/stop/{token}                       200 200 200 200 200 200 200
POST    /mail/stop/{token}                       200 200 200 200 200 200 200
GET     /library                                 200 200 200 200 200 200 200
GET     /receipts                                401 200 401 401 401 401 401
GET     /receipts/{line}                         404 200 404 404 404 404 404
GET     /.well-known/ardoise                     200 200 200 200 200 200 200
GET     /withdrawal                              200 200 200 200 200 200 200
GET     /invite/{token}                          200 200 200 200 200 200 200
POST    /invite/{token}                          303 410 410 410 410 410 410
GET     /sign-in/{token}                         200 200 200 200 200 200 200
POST    /sign-in/{token}                         303 410 410 410 410 410 410
GET     /gains                                   401 401 200 200 403 401 401
GET     /gains.csv                               401 401 200 200 403 401 401
GET     /keys                                    401 401 200 200 403 401 401
GET     /desk                                    401 401 403 403 200 401 401
POST    /desk/bank/entries/{entry}/tab           401 401 403 403 422 401 401
POST    /desk/bank/entries/{entry}/aside         401 401 403 403 404 401 401
GET     /desk/bank                               401 401 403 403 200 401 401
POST    /desk/bank                               401 401 403 403 404 401 401
GET     /desk/bank/{statement}                   401 401 403 403 404 401 401
POST    /desk/bank/{statement}                   401 401 403 403 404 401 401
GET     /desk/vouchers                           401 401 403 403 200 401 401
POST    /desk/vouchers                           401 401 403 403 400 401 401
POST    /desk/vouchers/{voucher}/void            401 401 403 403 404 401 401
GET     /voucher/{code}                          404 404 404 404 404 404 404
POST    /voucher                                 401 404 401 401 401 401 401
GET     /desk/tabs                               401 401 403 403 422 401 401
GET     /desk/tabs/{tab}                         401 401 403 403 200 401 401
GET     /sell                                    401 401 200 200 403 401 401
GET     /works                                   401 401 200 200 403 401 401
POST    /works                                   401 401 422 422 403 401 401
GET     /works/{work}                            401 401 200 403 403 401 401
POST    /works/{work}                            401 401 422 403 403 401 401
GET     /works/{work}/share                      401 401 200 403 403 401 401
POST    /works/{work}/publish                    401 401 303 403 403 401 401
POST    /works/{work}/unpublish                  401 401 303 403 403 401 401
POST    /works/{work}/files/{file}/replace       401 401 422 403 403 401 401
POST    /works/{work}/files/{file}/remove        401 401 422 403 403 401 401
POST    /works/{work}/links                      401 401 422 403 403 401 401
GET     /problems/{code}                         200 200 200 200 200 200 200
GET     /static/{hash}/{name}                    200 200 200 200 200 200 200
GET     /embed.js                                200 200 200 200 200 200 200
POST    /l/{slug}/buy                            400 400 400 400 400 400 400
POST    /lines/{line}/undo                       404 303 404 404 404 404 404
POST    /tab/settle/{rail}                       401 400 401 401 401 401 401
GET     /tab/charges/{charge}                    404 303 404 404 404 404 404
GET     /tab/charges/{charge}/return             404 303 404 404 404 404 404
POST    /tab/charges/{charge}/return             404 303 404 404 404 404 404
POST    /tab/bind/{rail}                         401 400 401 401 401 401 401
POST    /tab/invitation/put-away                 303 303 303 303 303 303 303
POST    /tab/mandates/{rail}/end                 401 404 401 401 401 401 401
POST    /tab/notices/dismiss                     401 400 401 401 401 401 401
POST    /tab/object                              401 303 401 401 401 401 401
POST    /tab/address                             401 404 401 401 401 401 401
POST    /tab/address/remove                      401 303 401 401 401 401 401
POST    /tab/refunds                             401 400 401 401 401 401 401
POST    /rails/{rail}/webhook                    400 400 400 400 400 400 400
GET     /gains/stream                            401 401 200 200 403 401 401
POST    /gains/address                           401 401 404 404 403 401 401
POST    /keys                                    401 401 422 422 403 401 401
POST    /keys/{key}/revoke                       401 401 303 404 403 401 401
POST    /webhooks                                401 401 422 422 403 401 401
POST    /webhooks/{webhook}/remove               401 401 303 404 403 401 401
POST    /desk/invitations                        401 401 403 403 422 401 401
POST    /desk/tabs/{tab}/settle                  401 401 403 403 400 401 401
POST    /desk/tabs/{tab}/refunds                 401 401 403 403 400 401 401
POST    /desk/tabs/{tab}/reopen                  401 401 403 403 303 401 401
POST    /desk/tabs/{tab}/lines/{line}/refund     401 401 403 403 400 401 401
POST    /desk/refunds/{refund}/seen              401 401 403 403 404 401 401
POST    /desk/authors/{author}/payouts           401 401 403 403 400 401 401
POST    /desk/payouts                            401 401 403 403 404 401 401
POST    /desk/payouts/{payout}/seen              401 401 403 403 404 401 401
POST    /desk/letters/seen                       401 401 403 403 400 401 401
POST    /desk/charges/{charge}/seen              401 401 403 403 404 401 401
POST    /desk/books                              401 401 403 403 303 401 401
POST    /sign-out                                303 303 303 303 303 303 303
POST    /language                                422 422 422 422 422 422 422
GET     /l/{slug}/preview/{key}                  200 200 200 200 200 200 200
GET     /l/{slug}/{kind}                         200 200 200 200 200 200 200
GET     /w/{work}/files/{file}                   403 200 200 403 403 403 403
GET     /w/{work}/zip                            403 200 200 403 403 403 403
GET     /health                                  200 200 200 200 200 200 200
GET     /metrics                                 200 200 200 200 200 200 200
POST    /uploads                                 401 401 201 201 403 201 201
OPTIONS /uploads                                 204 204 204 204 204 204 204
PATCH   /uploads/{upload}                        401 401 204 404 403 204 404
HEAD    /uploads/{upload}                        401 401 200 404 403 200 404
DELETE  /uploads/{upload}                        401 401 204 404 403 404 404
POST    /uploads/{upload}                        401 401 405 405 403 405 405
OPTIONS /uploads/{upload}                        204 204 204 204 204 204 204
GET     /api/v1/gains                            401 401 401 401 401 200 200
GET     /api/v1/links                            401 401 401 401 401 200 200
GET     /api/v1/sales                            401 401 401 401 401 200 200
GET     /api/v1/sales/{sale}                     401 401 401 401 401 200 404
GET     /api/v1/webhooks                         401 401 401 401 401 200 200
POST    /api/v1/webhooks                         401 401 401 401 401 422 422
GET     /api/v1/webhooks/{webhook}               401 401 401 401 401 200 404
DELETE  /api/v1/webhooks/{webhook}               401 401 401 401 401 204 404
POST    /api/v1/webhooks/{webhook}/test          401 401 401 401 401 202 404
GET     /api/v1/works                            401 401 401 401 401 200 200
POST    /api/v1/works                            401 401 401 401 401 422 422
GET     /api/v1/works/{work}                     401 401 401 401 401 200 403
PATCH   /api/v1/works/{work}                     401 401 401 401 401 200 403
GET     /api/v1/works/{work}/links               401 401 401 401 401 200 403
POST    /api/v1/works/{work}/links               401 401 401 401 401 422 422
POST    /api/v1/works/{work}/publish             401 401 401 401 401 200 403
POST    /api/v1/works/{work}/unpublish           401 401 401 401 401 200 403
GET     /api/v1/openapi.json                     200 200 200 200 200 200 200
";

/// A row of the table.
struct Row {
    address: Address,
    statuses: Vec<u16>,
}

impl Row {
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let method = words.next().and_then(|word| word.parse().ok()).expect("a method");
        let path = words.next().expect("a path").to_owned();
        let statuses = words.map(|word| word.parse().expect("a status")).collect();
        Self { address: Address { method, path }, statuses }
    }

    fn all() -> Vec<Self> {
        TABLE.lines().filter(|line| !line.trim().is_empty()).map(Self::read).collect()
    }
}

fn shown(Address { method, path }: &Address, statuses: &[u16]) -> String {
    let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
    format!("{:<7} {path:<40} {}", method.as_str(), statuses.join(" "))
}

#[test]
fn the_table_has_every_route_and_no_other() {
    let shown = |Address { method, path }: Address| format!("{method} {path}");
    let routes: BTreeSet<String> = routes::addresses().list().iter().cloned().map(shown).collect();
    let rows: BTreeSet<String> = Row::all().into_iter().map(|row| shown(row.address)).collect();
    let missing: Vec<&String> = routes.difference(&rows).collect();
    let gone: Vec<&String> = rows.difference(&routes).collect();
    assert!(missing.is_empty(), "say who may use them, in TABLE: {missing:#?}");
    assert!(gone.is_empty(), "there is no such route any more: {gone:#?}");
}

/// Every fourth row from `first`: four tests share the table, so that they run beside each other.
async fn everybody_is_let_in_where_the_table_says(first: usize) {
    let mut wrong = Vec::new();
    for row in Row::all().into_iter().skip(first).step_by(4) {
        let shop = TestApp::open();
        let answers = Street::new(&shop).await.ask(&row.address).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
        if statuses != row.statuses {
            wrong.push(shown(&row.address, &statuses));
        }
    }
    assert!(wrong.is_empty(), "these are the answers now:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn everybody_is_let_in_where_the_table_says_1() {
    everybody_is_let_in_where_the_table_says(0).await;
}

#[tokio::test]
async fn everybody_is_let_in_where_the_table_says_2() {
    everybody_is_let_in_where_the_table_says(1).await;
}

#[tokio::test]
async fn everybody_is_let_in_where_the_table_says_3() {
    everybody_is_let_in_where_the_table_says(2).await;
}

#[tokio::test]
async fn everybody_is_let_in_where_the_table_says_4() {
    everybody_is_let_in_where_the_table_says(3).await;
}

#[tokio::test]
async fn what_is_no_route_is_not_found_and_another_method_is_refused() {
    let shop = TestApp::open();
    let mut ben = shop.browser();
    for path in ["/nothing", "/l", "/l/", "/api", "/api/v1/nothing", "/static/../../etc/passwd"] {
        assert_eq!(ben.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let request = Request::builder().method(Method::DELETE).uri("/tab");
    let request = request.header("sec-fetch-site", "same-origin").body(Body::empty());
    let refused = ben.send(request.expect("a request")).await;
    assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(refused.headers[header::ALLOW], "GET,HEAD");
}
