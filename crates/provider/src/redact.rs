//! What is never stored.

use serde_json::{Map, Value};

/// What stands where a secret stood.
pub const REDACTED: &str = "(redacted)";

/// Field names that hold secrets wherever they appear, compared without case and separators.
///
/// A second net below the pointers that each call declares: a provider that adds a field next year should not find
/// our snapshots full of passwords. Names that merely contain such a word (`secretName`, `HttpTokens`) are kept.
const SECRET_NAMES: &[&str] = &[
    "password",
    "adminpassword",
    "userdata",
    "clientkey",
    "privatekey",
    "secretaccesskey",
    "sessiontoken",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "clientsecret",
    "serverappsecret",
    "secret",
    "connectionstring",
    "sastoken",
    "privatekeydata",
    "customdata",
    "configurationvalues",
    "configurationprotectedsettings",
];

/// Switches that are kept where everything around them is blanked, compared like names: facts are read from them, and
/// `true` and `false` give nothing away.
const SWITCHES: &[&str] = &["enablenetworkpolicy", "enablesecretrotation"];

/// Fields whose value is JSON in a text, of which the switches are kept.
const NESTED: &str = "configurationvalues";

/// Words that make a label or tag a secret when its key contains one of them.
const SECRET_WORDS: &[&str] = &["password", "passwd", "secret", "apikey", "accesskey", "token", "credential"];

/// Removes secrets from a body in place: the declared places, every field with a secret's name, and tag values whose
/// key names a secret.
pub fn redact(body: &mut Value, pointers: &[&str]) {
    for pointer in pointers {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        redact_at(body, &steps);
    }
    redact_names(body);
}

fn redact_at(value: &mut Value, steps: &[&str]) {
    let Some((step, rest)) = steps.split_first() else {
        blank(value);
        return;
    };
    match value {
        Value::Array(items) if *step == "*" => items.iter_mut().for_each(|item| redact_at(item, rest)),
        Value::Object(fields) if *step == "*" => fields.values_mut().for_each(|field| redact_at(field, rest)),
        Value::Object(fields) => {
            if let Some(field) = fields.get_mut(*step) {
                redact_at(field, rest);
            }
        }
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Blanks the strings and numbers below a place and keeps its shape, so that presence can still be told. Switches stay.
fn blank(value: &mut Value) {
    match value {
        Value::Null => (),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => *value = Value::from(REDACTED),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Object(fields) => {
            for (_, field) in fields.iter_mut().filter(|(name, field)| !is_switch(name, field)) {
                blank(field);
            }
        }
    }
}

fn is_switch(name: &str, value: &Value) -> bool {
    let is_either = match value {
        Value::Bool(_) => true,
        Value::String(text) => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    };
    is_either && SWITCHES.contains(&plain(name).as_str())
}

/// The switches of a JSON object in a text, and nothing else of it. Whatever else the text is, it is blanked.
fn switches_of(text: &str) -> Value {
    fn only(fields: Map<String, Value>) -> Map<String, Value> {
        let kept = fields.into_iter().filter_map(|(name, value)| match value {
            Value::Object(inner) => {
                Some(only(inner)).filter(|inner| !inner.is_empty()).map(|inner| (name, inner.into()))
            }
            value => is_switch(&name, &value).then_some((name, value)),
        });
        kept.collect()
    }
    match serde_json::from_str(text) {
        _ if text.is_empty() => Value::from(""),
        Ok(Value::Object(fields)) => Value::from(Value::Object(only(fields)).to_string()),
        Ok(_) | Err(_) => Value::from(REDACTED),
    }
}

fn redact_names(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(redact_names),
        Value::Object(fields) => {
            let tag_of_a_secret = ["key", "Key", "name", "Name"]
                .iter()
                .find_map(|name| fields.get(*name).and_then(Value::as_str))
                .is_some_and(names_a_secret);
            for (name, field) in fields.iter_mut() {
                let is_tag_value = tag_of_a_secret && name.eq_ignore_ascii_case("value");
                let is_label = matches!(field, Value::String(_)) && is_secret_label(name);
                if let (NESTED, Value::String(text)) = (plain(name).as_str(), &*field) {
                    *field = switches_of(text);
                } else if is_tag_value || is_label || SECRET_NAMES.contains(&plain(name).as_str()) {
                    blank(field);
                } else {
                    redact_names(field);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// A label key as people write it: with separators, unlike the camel case of API fields.
fn is_secret_label(name: &str) -> bool {
    name.contains(['-', '_', '.']) && names_a_secret(name)
}

fn names_a_secret(name: &str) -> bool {
    let plain = plain(name);
    SECRET_WORDS.iter().any(|word| plain.contains(word))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_the_values_of_an_add_on_only_switches_are_kept() {
        let kept = |values: &str| {
            let mut body = json!({ "addon": { "configurationValues": values } });
            redact(&mut body, &[]);
            let once = body.clone();
            redact(&mut body, &[]);
            assert_eq!(body, once, "what is redacted twice is what was redacted once");
            body["addon"]["configurationValues"].as_str().unwrap().to_owned()
        };
        let secret =
            r#"{"apiKey":"dd-1","enableNetworkPolicy":"true","env":{"TOKEN":"t","enableSecretRotation":true}}"#;
        assert_eq!(kept(secret), r#"{"enableNetworkPolicy":"true","env":{"enableSecretRotation":true}}"#);
        assert_eq!(kept(r#"{"apiKey":"dd-1"}"#), "{}");
        assert_eq!(kept(""), "");
        assert_eq!(kept(r#"{"enableNetworkPolicy":"hunter2"}"#), "{}");
        for text in ["enableNetworkPolicy: true", "[]", "\"secret\"", "{"] {
            assert_eq!(kept(text), REDACTED, "{text}");
        }
    }

    #[test]
    fn a_switch_stays_where_everything_around_it_is_blanked() {
        let mut body =
            json!({ "config": { "enableSecretRotation": "true", "workspace": "ws-1", "rotationPollInterval": "2m" } });
        redact(&mut body, &["/config"]);
        let expected = json!({
            "config": { "enableSecretRotation": "true", "workspace": REDACTED, "rotationPollInterval": REDACTED },
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn declared_places_secret_names_and_secret_tags_are_blanked_and_the_rest_is_kept() {
        let mut body = json!({
            "clusters": [{
                "masterAuth": { "clientKey": "MII", "password": "p", "username": "", "clusterCaCertificate": "CA" },
                "addons": { "a": { "config": { "x": "1", "keep": null } } },
                "resourceLabels": { "db-password": "hunter2", "team": "shop", "HttpTokens": "required" },
                "tags": [{ "key": "api_token", "value": "abc" }, { "Key": "team", "Value": "shop" }],
                "secretName": "kept",
            }],
        });
        redact(&mut body, &["/clusters/*/addons/*/config"]);
        assert_eq!(
            body,
            json!({
                "clusters": [{
                    "masterAuth": {
                        "clientKey": REDACTED, "password": REDACTED, "username": "", "clusterCaCertificate": "CA",
                    },
                    "addons": { "a": { "config": { "x": REDACTED, "keep": null } } },
                    "resourceLabels": { "db-password": REDACTED, "team": "shop", "HttpTokens": "required" },
                    "tags": [{ "key": "api_token", "value": REDACTED }, { "Key": "team", "Value": "shop" }],
                    "secretName": "kept",
                }],
            })
        );
    }
}
