//! One question and its answer, page by page, into the recorder.

use super::{client::Client, deadline::End};
use palisade_provider::{Call, Failure, FailureReason, Recorder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The version of Resource Graph that is asked.
pub(super) const RESOURCE_GRAPH: &str = "2022-10-01";

/// More pages than any list of Azure has.
const MOST_PAGES: u32 = 10_000;

/// Asks, and writes down what was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fetch<'a> {
    pub(super) client: &'a Client,
    pub(super) recorder: &'a Recorder,
    /// When asking has to end.
    pub(super) end: End,
}

/// Where one question is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The subscription, or the tenant.
    pub(super) scope: &'a str,
    /// What distinguishes it from others of its kind.
    pub(super) params: &'a [(&'a str, &'a str)],
    /// The path, without the query.
    pub(super) path: &'a str,
    /// The api-version.
    pub(super) version: &'a str,
}

impl Fetch<'_> {
    /// Asks for one resource; what can be read of it.
    pub(super) async fn one<T: DeserializeOwned>(&self, call: &'static Call, place: Place<'_>) -> Option<T> {
        let Place { scope, params, path, version } = place;
        let path = format!("{path}?api-version={version}");
        let (answer, exchange) = self.client.ask((self.recorder, self.end), call, (scope, &path), None).await;
        match answer {
            Ok(body) => {
                let read = T::deserialize(&body).ok();
                self.recorder.answered(call, scope, params, (0, true), body, exchange);
                read
            }
            Err(failure) => {
                self.recorder.failed(call, scope, params, 0, failure, exchange);
                None
            }
        }
    }

    /// Asks for a list to its end; the items that can be read. What cannot is the normalizer's business.
    pub(super) async fn list<T: DeserializeOwned>(&self, call: &'static Call, place: Place<'_>) -> Vec<T> {
        let Place { scope, params, path, version } = place;
        let first = format!("{path}?api-version={version}");
        self.pages(call, (scope, params), first, "nextLink").await
    }

    /// Asks Microsoft Graph for a list to its end.
    pub(super) async fn graph(&self, call: &'static Call, params: &[(&str, &str)], path: String) {
        let _: Vec<serde::de::IgnoredAny> = self.pages(call, (crate::TENANT, params), path, "@odata.nextLink").await;
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        call: &'static Call,
        (scope, params): (&str, &[(&str, &str)]),
        first: String,
        onward_field: &str,
    ) -> Vec<T> {
        let mut items = Vec::new();
        let mut seen = BTreeSet::new();
        let mut path = first;
        for page in 0..MOST_PAGES {
            let (answer, exchange) = self.client.ask((self.recorder, self.end), call, (scope, &path), None).await;
            let body = match answer {
                Ok(body) => body,
                Err(failure) => {
                    self.recorder.failed(call, scope, params, page, failure, exchange);
                    return items;
                }
            };
            let values = body.get("value").and_then(Value::as_array);
            items.extend(values.into_iter().flatten().filter_map(|item| T::deserialize(item).ok()));
            let next = match next_link(&body, onward_field) {
                Ok(next) => next,
                Err(why) => {
                    self.recorder.answered(call, scope, params, (page, false), body, exchange);
                    let failure = Failure::new(FailureReason::Malformed, &why);
                    self.recorder.failed(call, scope, params, page + 1, failure, None);
                    return items;
                }
            };
            self.recorder.answered(call, scope, params, (page, next.is_none()), body, exchange);
            let Some(next) = next else { return items };
            let refused = match onward(&next) {
                None => Some(format!("the next page's address cannot be read: `{next}`")),
                Some(_) if !seen.insert(next.clone()) => Some("the same page token came twice".to_owned()),
                Some(onward) => {
                    path = onward;
                    None
                }
            };
            if let Some(why) = refused {
                self.recorder.failed(call, scope, params, page + 1, Failure::new(FailureReason::Malformed, &why), None);
                return items;
            }
        }
        let why = format!("the list has more than {MOST_PAGES} pages");
        self.recorder.failed(call, scope, params, MOST_PAGES, Failure::new(FailureReason::Malformed, &why), None);
        items
    }
}

impl Fetch<'_> {
    /// Asks Resource Graph, to the end of the answer. `question` has the query and what it is about.
    pub(super) async fn query(&self, call: &'static Call, place: Place<'_>, mut question: Value) {
        let Place { scope, params, path, version } = place;
        let path = format!("{path}?api-version={version}");
        let mut seen = BTreeSet::new();
        let mut onward: Option<String> = None;
        for page in 0..MOST_PAGES {
            let mut options = json!({ "resultFormat": "objectArray" });
            if let (Some(token), Some(options)) = (&onward, options.as_object_mut()) {
                options.insert("$skipToken".to_owned(), json!(token));
            }
            if let Some(question) = question.as_object_mut() {
                question.insert("options".to_owned(), options);
            }
            let asking = self.client.ask((self.recorder, self.end), call, (scope, &path), Some(&question));
            let (answer, exchange) = asking.await;
            let body = match answer {
                Ok(body) => body,
                Err(failure) => return self.recorder.failed(call, scope, params, page, failure, exchange),
            };
            let token = match body.get("$skipToken") {
                // It is a word and no flag.
                None | Some(Value::Null) if body.get("resultTruncated") == Some(&json!("true")) => {
                    Err("the answer is cut short, and nothing says how to read on".to_owned())
                }
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(token)) if seen.insert(token.clone()) => Ok(Some(token.clone())),
                Some(Value::String(_)) => Err("the same page token came twice".to_owned()),
                Some(odd) => Err(format!("`$skipToken` is no text: `{odd}`")),
            };
            self.recorder.answered(call, scope, params, (page, token == Ok(None)), body, exchange);
            match token {
                Ok(None) => return,
                Ok(Some(token)) => onward = Some(token),
                Err(why) => {
                    let failure = Failure::new(FailureReason::Malformed, &why);
                    return self.recorder.failed(call, scope, params, page + 1, failure, None);
                }
            }
        }
        let why = format!("the list has more than {MOST_PAGES} pages");
        self.recorder.failed(call, scope, params, MOST_PAGES, Failure::new(FailureReason::Malformed, &why), None);
    }

    /// Asks for a list that Azure computes on demand, to its end: it pages on by a token in the body.
    pub(super) async fn computed(&self, call: &'static Call, place: Place<'_>) {
        let Place { scope, params, path, version } = place;
        let path = format!("{path}?api-version={version}");
        let mut seen = BTreeSet::new();
        let mut question = json!({});
        for page in 0..MOST_PAGES {
            let asking = self.client.ask((self.recorder, self.end), call, (scope, &path), Some(&question));
            let (answer, exchange) = asking.await;
            let body = match answer {
                Ok(body) => body,
                Err(failure) => return self.recorder.failed(call, scope, params, page, failure, exchange),
            };
            let token = match body.get("skipToken") {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(token)) => Ok(Some(token.clone()).filter(|token| !token.is_empty())),
                Some(odd) => Err(format!("`skipToken` is no text: `{odd}`")),
            };
            self.recorder.answered(call, scope, params, (page, token == Ok(None)), body, exchange);
            let why = match token {
                Ok(None) => return,
                Ok(Some(token)) if seen.insert(token.clone()) => {
                    question = json!({ "skipToken": token });
                    continue;
                }
                Ok(Some(_)) => "the same page token came twice".to_owned(),
                Err(why) => why,
            };
            return self.recorder.failed(
                call,
                scope,
                params,
                page + 1,
                Failure::new(FailureReason::Malformed, &why),
                None,
            );
        }
        let why = format!("the list has more than {MOST_PAGES} pages");
        self.recorder.failed(call, scope, params, MOST_PAGES, Failure::new(FailureReason::Malformed, &why), None);
    }
}

/// The address of the next page. Services say "no more" in three ways: no field, `null`, an empty text. Anything else is no
/// end: it would make a list look whole.
fn next_link(body: &Value, field: &str) -> Result<Option<String>, String> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(link)) => Ok(Some(link.clone()).filter(|link| !link.is_empty())),
        Some(odd) => Err(format!("`{field}` is no address: `{odd}`")),
    }
}

/// Path and query of the next page. Its host is left out on purpose: our token goes to the endpoint that was
/// configured and to nobody else, whatever an answer says.
fn onward(link: &str) -> Option<String> {
    let url = azure_core::http::Url::parse(link).ok()?;
    let path = url.path();
    match url.query() {
        Some(query) => Some(format!("{path}?{query}")),
        None => Some(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_where_the_service_says_so_and_nowhere_else() {
        for end in [json!({}), json!({ "nextLink": null }), json!({ "nextLink": "" })] {
            assert_eq!(next_link(&end, "nextLink"), Ok(None), "{end}");
        }
        assert_eq!(next_link(&json!({ "nextLink": "https://x/y" }), "nextLink"), Ok(Some("https://x/y".to_owned())));
        for odd in
            [json!({ "nextLink": 7 }), json!({ "nextLink": { "href": "https://x/y" } }), json!({ "nextLink": false })]
        {
            assert!(next_link(&odd, "nextLink").is_err(), "{odd}");
        }
    }

    #[test]
    fn the_next_page_is_asked_for_where_the_first_one_was() {
        let link = "https://evil.example:24582/subscriptions/s/providers/P/t?api-version=1&$skiptoken=a%2Fb";
        assert_eq!(onward(link).as_deref(), Some("/subscriptions/s/providers/P/t?api-version=1&$skiptoken=a%2Fb"));
        assert_eq!(onward("not an address"), None);
    }
}
