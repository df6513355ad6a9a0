//! One text for one JSON value, whatever the order of its members and the space between them.

use serde_json::{Map, Value};

/// The canonical text of `value`: RFC 8785 (JSON Canonicalization Scheme), for values whose numbers are whole and below
/// 2⁵³. Members are ordered by their names in UTF-16, nothing stands between tokens, and texts are escaped as little as
/// JSON allows.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => write_object(members, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(index, text);
                write(item, text);
            }
            text.push(']');
        }
        // What the JSON writer makes of a text and of a whole number is what RFC 8785 asks for.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

fn write_object(members: &Map<String, Value>, text: &mut String) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    text.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        separate(index, text);
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn separate(index: usize, text: &mut String) {
    if index > 0 {
        text.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 8785, sections 3.2.2 and 3.2.3, without their fractions.
    #[test]
    fn the_examples_of_the_standard_come_out_as_it_says() {
        let input = r#"{"numbers": [333333333, 1, 0], "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
            "literals": [null, true, false]}"#;
        let value: Value = serde_json::from_str(input).expect("JSON");
        let expected = r#"{"literals":[null,true,false],"numbers":[333333333,1,0],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(canonical(&value), expected);
        let input = r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "O With Diaeresis"}"#;
        let value: Value = serde_json::from_str(input).expect("JSON");
        let text = canonical(&value);
        let names = ["\"\\r\"", "\"1\"", "\"\u{80}\"", "\"ö\"", "\"€\"", "\"😀\"", "\"\u{fb33}\""];
        let places: Vec<usize> = names.iter().map(|name| text.find(name).expect(name)).collect();
        assert!(places.is_sorted(), "{text}");
    }
}
