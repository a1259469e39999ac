//! Does an answer have the shape that the API's description gives it?

use serde_json::{Map, Value};

/// The description, as any client reads it.
pub fn document() -> Value {
    serde_json::to_value(doktolib::openapi::document()).unwrap()
}

/// An operation of the description.
#[derive(Debug, Clone)]
pub struct Operation {
    pub method: String,
    pub path: String,
    pub id: String,
    pub value: Value,
}

/// All operations, by their ids.
pub fn operations() -> Vec<Operation> {
    let document = document();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if let Some(value) = item.get(method) {
                let id = value["operationId"].as_str().unwrap_or_default().to_owned();
                found.push(Operation { method: method.to_uppercase(), path: path.clone(), id, value: value.clone() });
            }
        }
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

impl Operation {
    pub fn writes(&self) -> bool {
        self.method != "GET"
    }

    /// The schema of the answer with this status, where it has a body.
    pub fn schema(&self, status: u16, media_type: &str) -> Option<&Value> {
        let media_type = media_type.split(';').next().unwrap_or_default();
        self.value["responses"].get(status.to_string())?["content"].get(media_type)?.get("schema")
    }
}

/// What is wrong with `value`, each fault with its place. Knows the words of JSON Schema that the description uses.
pub fn faults(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target =
            document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        return faults(document, target, value, place);
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(choices) = schema.get(word).and_then(Value::as_array) {
            let tried: Vec<Vec<String>> = choices.iter().map(|choice| faults(document, choice, value, place)).collect();
            return if tried.iter().any(Vec::is_empty) { Vec::new() } else { tried.concat() };
        }
    }
    let mut found = Vec::new();
    let mut wrong = |what: String| found.push(format!("{place}: {what}"));
    if let Some(types) = schema.get("type") {
        let types: Vec<&str> = types
            .as_array()
            .map_or_else(|| vec![types], |list| list.iter().collect())
            .into_iter()
            .filter_map(Value::as_str)
            .collect();
        let is_number = types.contains(&"number") && value.is_number();
        if !is_number && !types.contains(&type_of(value)) {
            wrong(format!("is {}, not {types:?}", type_of(value)));
        }
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array).filter(|allowed| !allowed.contains(value)) {
        wrong(format!("is none of {allowed:?}"));
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let measured = match value {
        Value::Number(number) => Some((number.as_f64().unwrap(), "minimum", "maximum")),
        Value::String(text) => Some((text.chars().count() as f64, "minLength", "maxLength")),
        _ => None,
    };
    if let Some((size, least, most)) = measured
        && (bound(least).is_some_and(|bound| size < bound) || bound(most).is_some_and(|bound| size > bound))
    {
        wrong(format!("is out of bounds: {size}"));
    }
    if let (Some(format), Some(text)) = (schema.get("format").and_then(Value::as_str), value.as_str()) {
        let fits = match format {
            "uuid" => text.parse::<uuid::Uuid>().is_ok(),
            "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
            "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
            "email" => text.contains('@'),
            _ => true,
        };
        if !fits {
            wrong(format!("is no {format}"));
        }
    }
    if let Value::Array(items) = value {
        for (at, item) in items.iter().enumerate() {
            found.extend(faults(document, &schema["items"], item, &format!("{place}[{at}]")));
        }
    }
    if let (Value::Object(fields), Some(properties)) = (value, schema.get("properties").and_then(Value::as_object)) {
        found.extend(object(document, schema, properties, fields, place));
    }
    found
}

fn object(
    document: &Value,
    schema: &Value,
    properties: &Map<String, Value>,
    fields: &Map<String, Value>,
    place: &str,
) -> Vec<String> {
    let mut found = Vec::new();
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    found.extend(required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{place}.{name}: is missing")));
    for (name, value) in fields {
        match properties.get(name) {
            Some(schema) => found.extend(faults(document, schema, value, &format!("{place}.{name}"))),
            None => found.push(format!("{place}.{name}: is not described")),
        }
    }
    found
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
