//! Resource Graph: enough of its query language to find clusters and subscriptions.

use serde_json::{Map, Value, json};

use super::answer;
use super::wire::{Row, Wire, set};
use crate::http::{Reply, Request};

/// The service's own limit for one page.
const MOST: usize = 1000;

/// Answers one query.
///
/// Understood: a table, `where type =~ '…'`, `where type == '…'`, `project …`, `order by …` (rows are ordered by id
/// anyway) and nothing else; a query with more in it is refused rather than answered wrongly.
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
    columns: Option<Vec<String>>,
}

impl Query {
    fn read(text: &str) -> Result<Self, String> {
        let mut parts = text.split('|').map(str::trim);
        let table = parts.next().unwrap_or_default().to_ascii_lowercase();
        if table != "resources" && table != "resourcecontainers" {
            return Err(table);
        }
        let mut query = Self { table, ..Self::default() };
        for part in parts {
            let (verb, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            match verb.to_ascii_lowercase().as_str() {
                "where" => query.kind = Some(kind(rest).ok_or_else(|| part.to_owned())?),
                "project" => query.columns = Some(rest.split(',').map(|name| name.trim().to_owned()).collect()),
                "order" | "sort" => {}
                _ => return Err(part.to_owned()),
            }
        }
        Ok(query)
    }

    fn keeps_id(&self) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.iter().any(|name| name == "id"))
    }

    fn columns(&self, row: &Map<String, Value>) -> Map<String, Value> {
        let Some(columns) = &self.columns else { return row.clone() };
        columns.iter().map(|name| (name.clone(), row.get(name).cloned().unwrap_or(Value::Null))).collect()
    }
}

/// `type =~ 'a/b'` and `type == "a/b"`.
fn kind(condition: &str) -> Option<String> {
    let rest = condition.trim().strip_prefix("type")?.trim_start();
    let value = rest.strip_prefix("=~").or_else(|| rest.strip_prefix("=="))?.trim();
    let value = value.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
    Some(value.to_ascii_lowercase())
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
    fn a_query_that_is_not_understood_is_refused() {
        assert!(Query::read("Resources | summarize count() by subscriptionId").is_err());
        assert!(Query::read("Resources | where name contains 'a'").is_err());
    }
}
