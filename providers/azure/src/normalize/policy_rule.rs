//! The policy language of Azure: whether a rule's condition holds for a request of which some fields are known.
//! <https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule>

use crate::record::{Parameters, Values};
use palisade_authority::Truth;
use serde_json::Value;
use std::collections::BTreeMap;

/// The resource that requests are about.
const CLUSTERS: &str = "Microsoft.ContainerService/managedClusters";

/// A request to make or to change a cluster. Its other fields may be anything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// A field, by its alias below the clusters' type.
    pub(super) field: &'a str,
    /// Its value; absent where none is asked for.
    pub(super) value: Option<bool>,
}

/// The values that a rule's parameters have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    /// What the definition takes where nothing is given.
    pub(super) defaults: &'a Parameters,
    /// What it is given by the assignment, or by the set it is a member of.
    pub(super) given: &'a Values,
    /// The set around it.
    pub(super) set: Option<(&'a Parameters, &'a Values)>,
}

impl Setting<'_> {
    /// What a value of a rule means; `None` where it has to be computed in a way that is not understood.
    pub(super) fn resolve(&self, value: &Value) -> Option<Value> {
        let name = match Meant::of(value) {
            Meant::Itself => return Some(unescaped(value)),
            Meant::Parameter(name) => name,
            Meant::Odd => return None,
        };
        let given = named(self.given, name).and_then(|one| one.value.as_ref());
        match (given, self.set) {
            (Some(value), Some((defaults, given))) => match Meant::of(value) {
                Meant::Itself => Some(unescaped(value)),
                Meant::Parameter(name) => {
                    let of_set = named(given, name).and_then(|one| one.value.as_ref());
                    of_set.or_else(|| named(defaults, name)?.default_value.as_ref()).map(unescaped)
                }
                Meant::Odd => None,
            },
            (Some(value), None) => Some(unescaped(value)),
            (None, _) => named(self.defaults, name)?.default_value.as_ref().map(unescaped),
        }
    }

    /// Whether a condition holds for a request.
    pub(super) fn holds(&self, condition: &Value, request: Request<'_>) -> Truth {
        let odd = || Truth::unknown("a condition that is not understood");
        let Some(object) = condition.as_object() else { return odd() };
        let part = |name: &str| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let parts = |all: &Value, join: fn(Vec<Truth>) -> Truth| match all.as_array() {
            Some(all) => join(all.iter().map(|one| self.holds(one, request)).collect()),
            None => odd(),
        };
        if let Some(all) = part("allOf") {
            return parts(all, Truth::all);
        }
        if let Some(any) = part("anyOf") {
            return parts(any, Truth::any);
        }
        if let Some(one) = part("not") {
            return self.holds(one, request).not();
        }
        let Some(field) = part("field").and_then(Value::as_str) else { return odd() };
        let known = match Field::of(field, request) {
            Field::Is(value) => Some(value),
            Field::Absent => None,
            Field::Anything => return Truth::unknown(field),
        };
        let compared = |name: &str| part(name).map(|value| self.resolve(value));
        let of = |holds: bool| if holds { Truth::True } else { Truth::False };
        let is = |other: &Value| known.as_deref().is_some_and(|known| text(other).as_deref() == Some(known));
        let one = |other: Option<Value>, positive: bool| match other {
            Some(other) => of(is(&other) == positive),
            None => odd(),
        };
        let many = |others: Option<Value>, positive: bool| match others.as_ref().and_then(Value::as_array) {
            Some(others) => of(others.iter().any(is) == positive),
            None => odd(),
        };
        if let Some(other) = compared("equals") {
            one(other, true)
        } else if let Some(other) = compared("notEquals") {
            one(other, false)
        } else if let Some(others) = compared("in") {
            many(others, true)
        } else if let Some(others) = compared("notIn") {
            many(others, false)
        } else if let Some(exists) = compared("exists") {
            match exists.as_ref().and_then(text).as_deref() {
                Some("true") => of(known.is_some()),
                Some("false") => of(known.is_none()),
                _ => odd(),
            }
        } else {
            odd()
        }
    }
}

/// Whether a condition asks for a field of clusters anywhere.
pub(super) fn speaks_of(condition: &Value, field: &str) -> bool {
    match condition {
        Value::Object(parts) => parts.iter().any(|(key, value)| {
            let names_it = || value.as_str().is_some_and(|text| contains(text, field));
            (!key.eq_ignore_ascii_case("equals") && names_it()) || speaks_of(value, field)
        }),
        Value::Array(parts) => parts.iter().any(|part| speaks_of(part, field)),
        _ => false,
    }
}

fn contains(text: &str, field: &str) -> bool {
    text.to_lowercase().contains(&field.to_lowercase())
}

/// What is known of a field of the request.
enum Field {
    /// It has this value.
    Is(String),
    /// It is not there.
    Absent,
    /// It may be anything.
    Anything,
}

impl Field {
    fn of(field: &str, request: Request<'_>) -> Self {
        if field.eq_ignore_ascii_case("type") {
            return Self::Is(CLUSTERS.to_lowercase());
        }
        match field.rsplit_once('/') {
            Some((kind, alias)) if kind.eq_ignore_ascii_case(CLUSTERS) && alias.eq_ignore_ascii_case(request.field) => {
                request.value.map_or(Self::Absent, |value| Self::Is(value.to_string()))
            }
            Some(_) | None => Self::Anything,
        }
    }
}

/// What a value is compared by: texts without regard to case, booleans as texts.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A parameter by its name, in which letters are the same in either case.
fn named<'a, T>(all: &'a BTreeMap<String, T>, name: &str) -> Option<&'a T> {
    all.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// What a value of a rule stands for.
enum Meant<'a> {
    /// What it says.
    Itself,
    /// A parameter's value.
    Parameter(&'a str),
    /// Something that would have to be computed.
    Odd,
}

impl<'a> Meant<'a> {
    fn of(value: &'a Value) -> Self {
        let Some(text) = value.as_str().filter(|text| text.starts_with('[') && !text.starts_with("[[")) else {
            return Self::Itself;
        };
        let name = || {
            let inner = text.strip_prefix('[')?.strip_suffix(']')?.trim();
            let (function, rest) = inner.split_at_checked("parameters".len())?;
            let name = rest.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
            let name = name.strip_prefix('\'')?.strip_suffix('\'')?;
            (function.eq_ignore_ascii_case("parameters") && !name.contains('\'')).then_some(name)
        };
        name().map_or(Self::Odd, Self::Parameter)
    }
}

/// A text that begins with a bracket is written with two.
fn unescaped(value: &Value) -> Value {
    match value.as_str().and_then(|text| text.strip_prefix('[')).filter(|rest| rest.starts_with('[')) {
        Some(rest) => Value::from(rest),
        None => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIELD: &str = "disableLocalAccounts";

    fn holds(condition: &Value, value: Option<bool>) -> Truth {
        let defaults: Parameters = serde_json::from_value(
            json!({ "wanted": { "defaultValue": true }, "kinds": { "defaultValue": ["x", true] } }),
        )
        .unwrap();
        let setting = Setting { defaults: &defaults, given: &BTreeMap::new(), set: None };
        setting.holds(condition, Request { field: FIELD, value })
    }

    fn field(operator: &str, with: &Value) -> Value {
        json!({ "field": format!("Microsoft.ContainerService/managedClusters/{FIELD}"), operator: with })
    }

    #[test]
    fn each_operator_on_a_known_field_is_decided_also_where_the_field_is_absent() {
        use Truth::{False, True};
        for (operator, with, absent, off, on) in [
            ("equals", json!(true), False, False, True),
            ("equals", json!("False"), False, True, False),
            ("notEquals", json!(true), True, True, False),
            ("notEquals", json!("[parameters('wanted')]"), True, True, False),
            ("exists", json!("false"), True, False, False),
            ("exists", json!(true), False, True, True),
            ("in", json!(["a", "TRUE"]), False, False, True),
            ("notIn", json!("[parameters('kinds')]"), True, True, False),
        ] {
            let condition = field(operator, &with);
            let found = [None, Some(false), Some(true)].map(|value| holds(&condition, value));
            assert_eq!(found, [absent, off, on], "{operator} {with}");
        }
    }

    #[test]
    fn what_is_not_understood_is_unknown_and_settles_nothing() {
        for odd in [
            field("like", &json!("t*")),
            field("equals", &json!("[concat('tr', 'ue')]")),
            field("equals", &json!("[parameters('missing')]")),
            field("in", &json!("true")),
            json!({ "field": "location", "equals": "westeurope" }),
            json!({ "count": { "field": "x[*]" }, "greater": 0 }),
            json!({ "value": "[field('type')]", "equals": "x" }),
            json!({ "allOf": 7 }),
            json!(7),
        ] {
            assert!(matches!(holds(&odd, Some(false)), Truth::Unknown(_)), "{odd}");
            let settled = json!({ "anyOf": [odd, field("exists", &json!(true))] });
            assert_eq!(holds(&settled, Some(false)), Truth::True);
            assert_eq!(holds(&json!({ "not": settled }), Some(false)), Truth::False);
        }
        let other = json!({ "field": "type", "equals": "Microsoft.Storage/storageAccounts" });
        let rule = json!({ "allOf": [other, { "field": "name", "like": "*" }] });
        assert_eq!(holds(&rule, None), Truth::False, "it is about something else");
    }

    #[test]
    fn a_member_of_a_set_takes_what_the_set_is_given_and_then_the_sets_default() {
        let values = |value: Value| serde_json::from_value::<Values>(value).unwrap();
        let parameters = |value: Value| serde_json::from_value::<Parameters>(value).unwrap();
        let defaults = parameters(json!({ "effect": { "defaultValue": "Audit" } }));
        let of_set = parameters(json!({ "aks": { "defaultValue": "Disabled" } }));
        let of = |member: Value, assignment: Value| {
            let (given, assigned) = (values(member), values(assignment));
            let setting = Setting { defaults: &defaults, given: &given, set: Some((&of_set, &assigned)) };
            setting.resolve(&json!("[parameters('effect')]"))
        };
        let passed_on = || json!({ "effect": { "value": "[parameters('aks')]" } });
        assert_eq!(of(passed_on(), json!({ "aks": { "value": "Deny" } })), Some(json!("Deny")));
        assert_eq!(of(passed_on(), json!({})), Some(json!("Disabled")));
        assert_eq!(of(json!({ "effect": { "value": "Deny" } }), json!({})), Some(json!("Deny")));
        // Names of parameters are the same in either case.
        assert_eq!(of(json!({ "Effect": { "value": "Deny" } }), json!({})), Some(json!("Deny")));
        assert_eq!(of(passed_on(), json!({ "AKS": { "value": "Deny" } })), Some(json!("Deny")));
        assert_eq!(of(json!({}), json!({ "effect": { "value": "Deny" } })), Some(json!("Audit")));
        assert_eq!(of(json!({ "effect": { "value": "[if(true, 'Deny', 'Audit')]" } }), json!({})), None);
        assert_eq!(of(json!({ "effect": { "value": "[[odd" } }), json!({})), Some(json!("[odd")));
    }

    #[test]
    fn a_rule_speaks_of_a_field_wherever_it_stands() {
        let rule = json!({ "anyOf": [{ "not": field("equals", &json!(true)) }] });
        assert!(speaks_of(&rule, FIELD));
        let computed =
            json!({ "value": format!("[field('Microsoft.ContainerService/managedClusters/{FIELD}')]"), "equals": "x" });
        assert!(speaks_of(&computed, FIELD));
        assert!(!speaks_of(&json!({ "field": "tags['a']", "equals": FIELD }), FIELD));
    }
}
