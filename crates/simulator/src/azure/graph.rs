//! Resource Graph: enough of its query language to find clusters, subscriptions and what Defender says of containers.

use serde_json::{Map, Value, json};

use super::answer;
use super::route::ASSESSMENTS;
use super::wire::{Row, Wire, set};
use crate::http::{Reply, Request};

/// The service's own limit for one page.
const MOST: usize = 1000;

/// Answers one query.
///
/// Understood: a table, `where FIELD =~ '…'`, `where FIELD == '…'`, `project NAME, NAME = tostring(FIELD)`, `order by …` (rows are
/// ordered by id anyway) and nothing else; a query with more in it is refused rather than answered wrongly.
pub(super) fn answer(wire: &Wire, request: &Request) -> Reply {
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&request.body) else {
        return answer::error(400, "BadRequest", "Please provide below info when asking for support: body is no JSON.");
    };
    let text = body.get("query").and_then(Value::as_str).unwrap_or_default();
    let query = match Query::read(text) {
        Ok(query) => query,
        Err(part) => {
            let message = format!("The simulator does not understand this part of the query: {part}");
            return answer::error(400, "BadRequest", &message);
        }
    };
    let options = body.get("options").cloned().unwrap_or_else(|| json!({}));
    let number = |name: &str| options.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
    let size = number("$top").unwrap_or(MOST).clamp(1, MOST).min(wire.page_size);
    let start = match options.get("$skipToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
        None => number("$skip").unwrap_or(0),
        Some(token) => match super::token_offset(token) {
            Some(offset) => offset,
            None => return answer::error(400, "BadRequest", "The provided $skipToken is invalid."),
        },
    };
    let wanted = subscriptions(wire, &body);
    let rows: Vec<&Row> = wire
        .rows
        .iter()
        .filter(|row| row.table == query.table)
        .filter(|row| query.kind.as_ref().is_none_or(|kind| *kind == row.kind))
        .filter(|row| {
            query.fields.iter().all(|(field, value)| field_text(&row.columns, field).eq_ignore_ascii_case(value))
        })
        .filter(|row| wanted.as_ref().is_none_or(|wanted| wanted.contains(&row.subscription)))
        .collect();
    let page: Vec<Map<String, Value>> =
        rows.iter().skip(start).take(size).map(|row| query.columns(&row.columns)).collect();
    let more = start + page.len() < rows.len();
    let mut reply = json!({
        "totalRecords": rows.len(),
        "count": page.len(),
        "facets": [],
        // Text, not a boolean. Without an `id` column there is no token and the rest is lost: then it says so.
        "resultTruncated": if more && !query.keeps_id() { "true" } else { "false" },
    });
    if more && query.keeps_id() {
        set(&mut reply, "$skipToken", json!(super::offset_token(start + page.len())));
    }
    let as_table = options.get("resultFormat").and_then(Value::as_str) == Some("table");
    set(&mut reply, "data", if as_table { table(&page) } else { json!(page) });
    let mut reply = answer::ok(reply.to_string().into_bytes());
    reply.headers.push(("x-ms-user-quota-remaining".to_owned(), "14".to_owned()));
    reply.headers.push(("x-ms-user-quota-resets-after".to_owned(), "00:00:05".to_owned()));
    reply
}

/// A query that was understood.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query {
    table: String,
    kind: Option<String>,
    /// What other fields have to be.
    fields: Vec<(String, String)>,
    /// The columns, each with the field that it is the text of, or none when it is taken as it is.
    columns: Option<Vec<(String, Option<String>)>>,
}

impl Query {
    fn read(text: &str) -> Result<Self, String> {
        let mut parts = text.split('|').map(str::trim);
        let table = parts.next().unwrap_or_default().to_ascii_lowercase();
        if table != "resources" && table != "resourcecontainers" && table != ASSESSMENTS {
            return Err(table);
        }
        let mut query = Self { table, ..Self::default() };
        for part in parts {
            let (verb, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            match verb.to_ascii_lowercase().as_str() {
                "where" => match condition(rest).ok_or_else(|| part.to_owned())? {
                    (field, value) if field == "type" => query.kind = Some(value.to_ascii_lowercase()),
                    other => query.fields.push(other),
                },
                "project" => query.columns = Some(rest.split(',').map(|name| column(name.trim())).collect()),
                "order" | "sort" => {}
                _ => return Err(part.to_owned()),
            }
        }
        Ok(query)
    }

    fn keeps_id(&self) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.iter().any(|(name, _)| name == "id"))
    }

    fn columns(&self, row: &Map<String, Value>) -> Map<String, Value> {
        let Some(columns) = &self.columns else { return row.clone() };
        let value = |(name, of): &(String, Option<String>)| match of {
            Some(field) => Value::from(field_text(row, field)),
            None => row.get(name).cloned().unwrap_or(Value::Null),
        };
        columns.iter().map(|column| (column.0.clone(), value(column))).collect()
    }
}

/// `type =~ 'a/b'` and `properties.x == "y"`.
fn condition(condition: &str) -> Option<(String, String)> {
    let (field, rest) = condition.split_once("=~").or_else(|| condition.split_once("=="))?;
    let field = field.trim();
    let value = rest.trim().strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
    let is_field = !field.is_empty() && field.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.');
    is_field.then(|| (field.to_owned(), value.to_owned()))
}

/// `id` and `status = tostring(properties.status.code)`.
fn column(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((name, of)) => {
            let of = of.trim().strip_prefix("tostring(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(of.trim());
            (name.trim().to_owned(), Some(of.to_owned()))
        }
        None => (text.to_owned(), None),
    }
}

/// A field as text; an empty one where there is none.
fn field_text(row: &Map<String, Value>, field: &str) -> String {
    let mut parts = field.split('.');
    let first = parts.next().and_then(|name| row.get(name));
    match parts.fold(first, |value, name| value.and_then(|value| value.get(name))) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The subscriptions the body names, directly or through management groups; `None` means all.
fn subscriptions(wire: &Wire, body: &Map<String, Value>) -> Option<Vec<String>> {
    let names = |field: &str| -> Option<Vec<String>> {
        let list = body.get(field)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect())
    };
    match (names("subscriptions"), names("managementGroups")) {
        (None, None) => None,
        (direct, groups) => {
            let below = groups.unwrap_or_default();
            let below = below.iter().filter_map(|group| wire.members.get(group)).flatten().cloned();
            Some(direct.unwrap_or_default().into_iter().chain(below).collect())
        }
    }
}

fn table(page: &[Map<String, Value>]) -> Value {
    let names: Vec<&String> = page.first().map(|row| row.keys().collect()).unwrap_or_default();
    let columns: Vec<Value> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    let rows: Vec<Vec<&Value>> =
        page.iter().map(|row| names.iter().filter_map(|name| row.get(name.as_str())).collect()).collect();
    json!({"columns": columns, "rows": rows})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_discovery_query_is_understood() {
        let query = Query::read(
            "Resources | where type =~ 'Microsoft.ContainerService/managedClusters' | project id, subscriptionId",
        )
        .unwrap();
        assert_eq!(query.kind.as_deref(), Some("microsoft.containerservice/managedclusters"));
        assert!(query.keeps_id());
    }

    #[test]
    fn fields_are_compared_and_told_as_text() {
        let query =
            "securityresources | where properties.status.code == 'Healthy' | project id, at = tostring(properties.at)";
        let query = Query::read(query).unwrap();
        assert_eq!(query.fields, [("properties.status.code".to_owned(), "Healthy".to_owned())]);
        let row: Map<String, Value> =
            serde_json::from_value(json!({"id": "a", "properties": {"at": {"b": 1}, "status": {"code": "Healthy"}}}))
                .unwrap();
        assert_eq!(Value::Object(query.columns(&row)), json!({"id": "a", "at": "{\"b\":1}"}));
        assert_eq!(field_text(&row, "properties.nothing.here"), "");
    }

    #[test]
    fn a_query_that_is_not_understood_is_refused() {
        assert!(Query::read("Resources | summarize count() by subscriptionId").is_err());
        assert!(Query::read("Resources | where name contains 'a'").is_err());
    }
}
