//! Official descriptions of what others' servers understand, against which their doubles here hold every request.
//!
//! They are not the project's to republish: `ARDOISE_SPECS` names the folder they are in (`../shared/specs` beside the
//! repository by default). Where one is absent its checks are left out, which `./test` says in one line; with `CI=true`
//! its absence is a failure.

use boon::{Compiler, Draft, Schemas};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Under which name the description is known to itself.
const NAME: &str = "file:///description.json";

/// A description (OpenAPI 3.0).
pub struct Description {
    document: Value,
    /// Whoever holds things against it: in a thread of its own, which it does not leave.
    judge: Sender<Question>,
}

/// Whether what the description has at a pointer fits a value, and where to say so.
struct Question {
    pointer: String,
    value: Value,
    answer: Sender<Result<(), String>>,
}

fn judge(document: Value, questions: &Receiver<Question>) {
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.set_default_draft(Draft::V4);
    compiler.add_resource(NAME, document).expect("a document");
    let mut known = HashMap::new();
    for Question { pointer, value, answer } in questions {
        let index = *known.entry(pointer).or_insert_with_key(|pointer| {
            let place = format!("{NAME}#{}", fragment(pointer));
            compiler.compile(&place, &mut schemas).expect("a schema")
        });
        let held = schemas.validate(&value, index).map_err(|error| format!("{error:#}"));
        answer.send(held).expect("somebody asked");
    }
}

/// Where descriptions are.
pub fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    std::env::var_os("ARDOISE_SPECS").map_or_else(beside, PathBuf::from)
}

impl Description {
    /// The description in this file, or nothing where it is absent and need not be there. Answers are held against the
    /// objects that are `made` here; whatever else an answer names may be anything.
    pub fn open(name: &str, made: &[&str]) -> Option<Self> {
        let path = folder().join(name);
        let Ok(text) = std::fs::read_to_string(&path) else {
            let how = "is absent; ARDOISE_SPECS names the folder it is in";
            let must = std::env::var("CI").is_ok_and(|said| said == "true");
            assert!(!must, "{} {how}", path.display());
            eprintln!("left out: checks against {name}, which {how}");
            return None;
        };
        let mut document: Value = serde_json::from_str(&text).expect("JSON");
        for paths in ["/paths", "/components/schemas"] {
            tighten(document.pointer_mut(paths).expect("a description"), made);
        }
        let (judge, questions) = channel();
        let all = document.clone();
        std::thread::spawn(move || self::judge(all, &questions));
        Some(Self { document, judge })
    }

    /// Holds a request against the description: its query and its form, both as they are sent.
    pub fn request(&self, method: &str, target: &str, form: &str) -> Result<(), String> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let place = self.place(&method.to_lowercase(), path)?;
        self.parameters(&place, query)?;
        let body = format!("{place}/requestBody/content/{}/schema", escaped(FORM));
        match self.document.pointer(&body) {
            Some(schema) => self.holds(&body, &typed(schema, &decode(form))),
            None if form.is_empty() => Ok(()),
            None => Err(format!("{method} {path} takes no form")),
        }
    }

    /// Holds an object of an answer against the description of such objects; it may be a part of one.
    pub fn answer(&self, schema: &str, object: &Value) -> Result<(), String> {
        self.holds(&format!("/components/schemas/{schema}"), object)
    }

    /// Where the description has a method of a path.
    fn place(&self, method: &str, path: &str) -> Result<String, String> {
        let paths = self.document["paths"].as_object().expect("paths");
        let wanted: Vec<&str> = path.split('/').collect();
        let fits = |known: &&String| {
            let parts: Vec<&str> = known.split('/').collect();
            let same = |(part, wanted): (&&str, &&str)| part == wanted || part.starts_with('{');
            parts.len() == wanted.len() && parts.iter().zip(&wanted).all(same)
        };
        let plainest = |known: &&String| known.matches('{').count();
        let known = paths.keys().filter(fits).min_by_key(plainest);
        let known = known.ok_or_else(|| format!("there is no {path}"))?;
        let place = format!("/paths/{}/{method}", escaped(known));
        self.document.pointer(&place).map(|_| place).ok_or_else(|| format!("no {method} {path}"))
    }

    fn parameters(&self, place: &str, query: &str) -> Result<(), String> {
        let decoded = decode(query);
        let listed = self.document.pointer(&format!("{place}/parameters"));
        let listed = listed.and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, value) in decoded.as_object().expect("pairs") {
            let found =
                listed.iter().position(|known| known["name"] == **name && known["in"] == "query");
            let at = found.ok_or_else(|| format!("there is no parameter {name}"))?;
            let schema = format!("{place}/parameters/{at}/schema");
            self.holds(&schema, &typed(&listed[at]["schema"], value))?;
        }
        Ok(())
    }

    fn holds(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let (answer, answered) = channel();
        let question = Question { pointer: pointer.into(), value: value.clone(), answer };
        self.judge.send(question).expect("it is there");
        answered.recv().expect("it answers")
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A pointer as the fragment of an address.
fn fragment(pointer: &str) -> String {
    pointer.replace('{', "%7B").replace('}', "%7D")
}

/// Makes a description say what servers do: an object takes no member that is not listed; `nullable` (OpenAPI 3.0) lets
/// `null` be. What an answer has to hold is left out of parts of answers; what a form has to hold stays.
fn tighten(schema: &mut Value, made: &[&str]) {
    match schema {
        Value::Array(list) => list.iter_mut().for_each(|one| tighten(one, made)),
        Value::Object(members) => {
            members.values_mut().for_each(|one| tighten(one, made));
            close(members);
            leave_out(members, made);
            let_null_be(members);
        }
        _ => {}
    }
}

/// Thousands of objects that nobody here makes would take seconds to read.
fn leave_out(members: &mut Map<String, Value>, made: &[&str]) {
    let named = members.get("$ref").and_then(Value::as_str);
    if named.is_some_and(|named| !made.iter().any(|made| named.ends_with(&format!("/{made}")))) {
        members.clear();
    }
}

fn close(members: &mut Map<String, Value>) {
    let lists = members.get("properties").is_some_and(Value::is_object);
    if lists && members.get("type").is_some_and(|kind| kind == "object") {
        members.entry("additionalProperties").or_insert(json!(false));
        let is_of_answers = members.contains_key("x-expandableFields");
        if is_of_answers {
            members.remove("required");
        }
    }
}

fn let_null_be(members: &mut Map<String, Value>) {
    if members.remove("nullable") != Some(json!(true)) {
        return;
    }
    let rest = Value::Object(std::mem::take(members));
    *members = Map::from_iter([("anyOf".to_owned(), json!([{ "type": "null" }, rest]))]);
}

/// The pairs of a form as a tree: `a[b][0]=c` is `{"a":{"b":{"0":"c"}}}`, and `a[]=c` appends.
pub fn decode(form: &str) -> Value {
    let mut tree = json!({});
    for pair in form.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let mut place = &mut tree;
        // Every part but the first ends with a bracket.
        for part in plain(name).split('[').map(|part| part.trim_end_matches(']')) {
            let members = place.as_object_mut().expect("a name is a value or a tree");
            let part = if part.is_empty() { members.len().to_string() } else { part.to_owned() };
            place = members.entry(part).or_insert_with(|| json!({}));
        }
        *place = Value::String(plain(value));
    }
    tree
}

fn plain(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8().expect("UTF-8").into_owned()
}

/// The texts of a form as the numbers, truths and lists that the description wants; what cannot be stays a text, which
/// the description then refuses.
fn typed(schema: &Value, value: &Value) -> Value {
    if let Some(ways) = schema["anyOf"].as_array() {
        let fitting = ways.iter().map(|way| typed(way, value)).find(|typed| typed != value);
        return fitting.unwrap_or_else(|| value.clone());
    }
    match (schema["type"].as_str(), value) {
        (Some("integer"), Value::String(text)) => {
            text.parse::<i64>().map_or_else(|_| value.clone(), Value::from)
        }
        (Some("boolean"), Value::String(text)) => {
            text.parse::<bool>().map_or_else(|_| value.clone(), Value::from)
        }
        (Some("array"), Value::Object(members)) => {
            members.values().map(|value| typed(&schema["items"], value)).collect()
        }
        (_, Value::Object(members)) => {
            let each = |(name, value): (&String, &Value)| {
                (name.clone(), typed(&schema["properties"][name], value))
            };
            Value::Object(members.iter().map(each).collect())
        }
        _ => value.clone(),
    }
}

#[test]
fn a_form_is_read_as_a_tree() {
    let tree = decode("a=1&b%5Bc%5D%5Bd%5D=x+y&e%5B%5D=1&e%5B%5D=2&f%5B0%5D%5Bg%5D=h");
    let wanted = json!({
        "a": "1", "b": {"c": {"d": "x y"}}, "e": {"0": "1", "1": "2"}, "f": {"0": {"g": "h"}},
    });
    assert_eq!(tree, wanted);
}
