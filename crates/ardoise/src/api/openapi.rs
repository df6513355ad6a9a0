//! The description of the API (OpenAPI 3.1), made from the handlers and completed with what all of them share.

use super::wire::{Event, TestEvent};
use crate::request::{TAB_COOKIE, is_for_programs};
use crate::tabs;
use serde_json::{Map, Value, json};
use utoipa::{OpenApi, ToSchema};

/// What went wrong (RFC 9457). More members tell amounts that the detail speaks of.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what `Problem::to_json` writes")]
struct Problem {
    /// The address of a page about this kind of problem.
    #[schema(format = "uri", example = "https://shop.example/problems/field.missing")]
    r#type: String,
    /// What went wrong, in the language of `Accept-Language`.
    #[schema(example = "Something is missing")]
    title: String,
    /// The status of the answer.
    #[schema(example = 422)]
    status: u16,
    /// What to do about it, in the same language.
    #[schema(example = "“title” is missing.")]
    detail: String,
    /// The kind of problem: it never changes, so programs go by it.
    #[schema(example = "field.missing", pattern = r"^[a-z_]+\.[a-z_]+$")]
    code: String,
    /// Names the request, for whoever is asked about it.
    request_id: String,
    /// The member of the body, the parameter or the header that is at fault.
    #[schema(example = "title", required = false)]
    field: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ardoise",
        version = "1",
        description = "The shop for programs of its authors. Amounts are exact, written with six decimals and their \
                       currency; instants are RFC 3339 in UTC; ids are opaque. Members may be added to answers, never \
                       taken away. docs/api.md is a guide.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "The shop that serves this description.")),
    tags(
        (name = "works", description = "What is for sale."),
        (name = "links", description = "Short addresses of works, by which they are shared."),
        (name = "sales", description = "What was bought, and what became of it."),
        (name = "gains", description = "What it earns."),
        (name = "reading", description = "What programs of readers do, with the cookie of a tab instead of a key."),
        (name = "webhooks", description = "Addresses that are told what happens, after the Standard Webhooks specification 1.0.0."),
    ),
    paths(tabs::http::buy_work, tabs::http::undo_line),
    components(schemas(Problem, Event, TestEvent)),
)]
struct Start;

/// What the handlers' own descriptions are added to.
pub fn start() -> utoipa::openapi::OpenApi {
    Start::openapi()
}

/// Completes the description with keys, repeats, problems and webhooks; answers the JSON.
pub fn complete(api: utoipa::openapi::OpenApi) -> String {
    let mut api = serde_json::to_value(api).unwrap_or_default();
    api["components"]["securitySchemes"] = json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ardoise_key_…",
            "description": "An API key of an author, made on the page /keys. Cookies do not count.",
        },
        "tab": {
            "type": "apiKey",
            "in": "cookie",
            "name": TAB_COOKIE,
            "description": "A reader's tab, opened by the first purchase.",
        },
    });
    api["components"]["parameters"] = json!({ "IdempotencyKey": idempotency_key() });
    api["components"]["responses"] = Value::Object(problems());
    api["security"] = json!([{ "key": [] }]);
    api["webhooks"] = json!({
        "line": webhook("Something happened to a line: it was bought, undone or paid.", "Event"),
        "test": webhook("Somebody tries whether messages arrive.", "TestEvent"),
    });
    for (name, schema) in members(&mut api["components"]["schemas"]) {
        if let Some(item) = name.strip_prefix("Listed_") {
            // Generics are written out; every item has a name of its own.
            schema["properties"]["items"]["items"] =
                json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
    for variant in
        api["components"]["schemas"]["Price"]["oneOf"].as_array_mut().into_iter().flatten()
    {
        variant["additionalProperties"] = false.into();
    }
    for (path, item) in members(&mut api["paths"]) {
        for (method, operation) in members(item) {
            if is_for_programs(path) {
                share(path, method, operation);
            } else {
                operation["responses"]["default"] = shared("Problem");
            }
        }
    }
    let mut text = serde_json::to_string_pretty(&api).unwrap_or_default();
    text.push('\n');
    text
}

fn members(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

/// What every operation of its kind can answer and be given.
fn share(path: &str, method: &str, operation: &mut Value) {
    let mut answers = vec![("401", "NoKey"), ("default", "Problem")];
    let writes = matches!(method, "post" | "patch");
    if writes {
        answers.extend([("409", "Repeated"), ("413", "TooLarge"), ("415", "NotJson")]);
        let parameter = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(parameter),
            None => operation["parameters"] = json!([parameter]),
        }
    }
    let is_query = |parameter: &Value| parameter["in"] == "query";
    if writes || operation["parameters"].as_array().is_some_and(|all| all.iter().any(is_query)) {
        answers.extend([("400", "Malformed"), ("422", "Unfit")]);
    }
    if path.contains('{') {
        answers.push(("404", "Unknown"));
    }
    for (status, name) in answers {
        operation["responses"][status] = shared(name);
    }
}

fn shared(answer: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{answer}") })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "Names the request, so that it can be repeated: under the same key it is done once, and answered \
                        alike for at least 24 hours. Use a new key, such as a UUID, for each new request.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" },
    })
}

fn problems() -> Map<String, Value> {
    let problem = |description: &str| {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
    };
    let mut problems = Map::new();
    for (name, description) in [
        ("Malformed", "The request cannot be read: `request.malformed`."),
        ("NoKey", "No key of this shop was shown: `key.missing`, `key.refused`."),
        (
            "Unknown",
            "There is nothing of this name: `work.unknown`, `sale.unknown`, `webhook.unknown`.",
        ),
        ("TooLarge", "The request is larger than a megabyte: `request.too_large`."),
        ("NotJson", "The request is not `application/json`: `request.media_type`."),
        ("Repeated", "The Idempotency-Key was used for another request: `idempotency.conflict`."),
        ("Unfit", "Something in the request is not right, and `field` names it."),
        ("Problem", "Anything else that went wrong. 503 and 507 ask to try again later."),
    ] {
        problems.insert(name.to_owned(), problem(description));
    }
    let challenge =
        json!({ "schema": { "type": "string" }, "example": "Bearer realm=\"ardoise\"" });
    problems["NoKey"]["headers"] = json!({ "WWW-Authenticate": challenge });
    problems
}

fn webhook(description: &str, event: &str) -> Value {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": { "type": "string" }, "example": example,
        })
    };
    json!({
        "post": {
            "summary": description,
            "tags": ["webhooks"],
            "security": [],
            "parameters": [
                header("webhook-id", "Names the message, however often it is sent.", "bought_0134tk8d8w7mcsskwkw6s8njtx"),
                header("webhook-timestamp", "When it is sent: seconds since 1970.", "1795348800"),
                header(
                    "webhook-signature",
                    "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body with points between.",
                    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
                ),
            ],
            "requestBody": {
                "required": true,
                "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{event}") } } },
            },
            "responses": {
                "2XX": { "description": "It was heard." },
                "410": { "description": "It is not wanted any more: nothing else is sent." },
                "default": { "description": "It is sent again, up to ten times within three days." },
            },
        },
    })
}
