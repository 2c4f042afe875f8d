//! Pages of long lists.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::call::Call;
use super::error::Failure;
use crate::http::hash;

/// How a call cuts its list into pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    /// The parameter with the size of a page.
    pub(crate) size: &'static str,
    /// The parameter with the token.
    pub(crate) token: &'static str,
    /// The smallest size that may be asked for.
    pub(crate) smallest: usize,
    /// The largest size that may be asked for.
    pub(crate) largest: usize,
    /// The size when none is asked for.
    pub(crate) usual: usize,
    /// The error of a size out of bounds.
    pub(crate) bad_size: &'static str,
    /// The error of a token that was not given out for this list.
    pub(crate) bad_token: &'static str,
}

/// One page: which part of the list, and the token of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    range: Range<usize>,
    pub(crate) next: Option<String>,
}

impl Page {
    /// The page's part of the list.
    pub(crate) fn of<'list, T>(&self, list: &'list [T]) -> &'list [T] {
        list.get(self.range.clone()).unwrap_or_default()
    }
}

impl Paging {
    pub(crate) fn page(&self, call: &Call, length: usize, limit: Option<usize>) -> Result<Page, Failure> {
        let size = match call.parameter(self.size) {
            None => self.usual,
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|size| (self.smallest..=self.largest).contains(size))
                .ok_or_else(|| {
                    let bounds = format!("between {} and {}", self.smallest, self.largest);
                    Failure::client(
                        self.bad_size,
                        format!("Value ( {text} ) for parameter {} is invalid. Expecting a value {bounds}.", self.size),
                    )
                })?,
        };
        let size = size.min(limit.unwrap_or(usize::MAX)).max(1);
        let list = self.list(call);
        let start = match call.parameter(self.token).filter(|token| !token.is_empty()) {
            None => 0,
            Some(token) => start_of(token, &list)
                .ok_or_else(|| Failure::client(self.bad_token, format!("The token '{token}' is invalid.")))?,
        };
        let end = start.saturating_add(size).min(length);
        let next = (end < length).then(|| URL_SAFE_NO_PAD.encode(format!("{list}/{end}")));
        Ok(Page { range: start..end, next })
    }

    /// A name for the list that the call reads: a token given out for one list is of no use for another.
    fn list(&self, call: &Call) -> String {
        let mut parts = vec![call.account.as_str(), call.region.as_str(), call.action.as_str()];
        for (name, value) in &call.parameters {
            if name != self.size && name != self.token {
                parts.extend([name.as_str(), value.as_str()]);
            }
        }
        format!("{:016x}", hash(&parts))
    }
}

fn start_of(token: &str, list: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix(list)?.strip_prefix('/')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::call::Service;

    const LIST_CLUSTERS: Paging = Paging {
        size: "maxResults",
        token: "nextToken",
        smallest: 1,
        largest: 100,
        usual: 100,
        bad_size: "InvalidParameterException",
        bad_token: "InvalidParameterException",
    };

    fn call(parameters: &[(&str, &str)]) -> Call {
        Call::for_test(Service::Eks, "ListClusters", parameters)
    }

    #[test]
    fn the_pages_make_up_the_list() {
        let list: Vec<usize> = (0..250).collect();
        let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = LIST_CLUSTERS.page(&call(&[("nextToken", &token)]), list.len(), None).unwrap();
            seen.extend_from_slice(page.of(&list));
            pages += 1;
            match page.next {
                Some(next) => token = next,
                None => break,
            }
        }
        assert_eq!((seen, pages), (list, 3));
    }

    #[test]
    fn the_asked_size_is_honoured_within_bounds() {
        let page = LIST_CLUSTERS.page(&call(&[("maxResults", "7")]), 250, None).unwrap();
        assert_eq!(page.range, 0..7);
        assert_eq!(LIST_CLUSTERS.page(&call(&[("maxResults", "7")]), 250, Some(2)).unwrap().range, 0..2);
        for size in ["0", "101", "many"] {
            assert_eq!(
                LIST_CLUSTERS.page(&call(&[("maxResults", size)]), 250, None).unwrap_err().code,
                "InvalidParameterException"
            );
        }
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let token = LIST_CLUSTERS.page(&call(&[]), 250, None).unwrap().next.unwrap();
        assert!(LIST_CLUSTERS.page(&call(&[("nextToken", &token), ("maxResults", "5")]), 250, None).is_ok());
        assert!(LIST_CLUSTERS.page(&call(&[("nextToken", &token), ("name", "other")]), 250, None).is_err());
        assert!(LIST_CLUSTERS.page(&call(&[("nextToken", "rubbish")]), 250, None).is_err());
    }
}
