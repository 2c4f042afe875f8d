//! The request and the reply that every simulated cloud understands.

use std::collections::BTreeMap;

/// What a client asked, as far as a simulated cloud looks at it.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The host header without its port.
    pub host: String,
    /// Percent-decoded path, starting with `/`.
    pub path: String,
    /// Percent-decoded query parameters.
    pub query: BTreeMap<String, String>,
    /// Header names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as sent.
    pub body: Vec<u8>,
}

/// What the simulated cloud answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code.
    pub status: u16,
    /// The content type, for example `application/json`.
    pub content_type: &'static str,
    /// Further headers, for example `retry-after`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The operation a request stands for, in the provider's own permission words.
///
/// It is what the ledger counts and what a denial names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The call, for example `eks:DescribeCluster`, `Microsoft.Network/networkSecurityGroups/read` or
    /// `container.clusters.list`.
    pub permission: String,
    /// The account, subscription or project it is asked in.
    pub scope: String,
    /// What distinguishes this call from another of the same name: region, resource name and page token.
    pub subject: String,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Reply {
    /// A JSON reply.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self { status, content_type: "application/json", headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    /// An XML reply.
    pub fn xml(status: u16, body: String) -> Self {
        Self { status, content_type: "text/xml;charset=UTF-8", headers: Vec::new(), body: body.into_bytes() }
    }

    /// The same reply with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// The decoded parameters of a query string or of a form body. A name that comes again has its values joined by a
/// comma.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(&value.replace('+', " "));
        parameters
            .entry(decoded(&name.replace('+', " ")))
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// The text without its percent-encoding.
pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A number that follows from the parts and from nothing else, the same on every machine and in every release.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    // FNV-1a, then the finaliser of SplitMix64, so that close names give distant numbers.
    let mut number = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            number = (number ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_repeated_names_are_joined() {
        let parameters = pairs("names=a&names=b%2Fc&flag&space=x+y");
        let expected = [("flag", ""), ("names", "a,b/c"), ("space", "x y")];
        assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn the_hash_keeps_the_parts_apart() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        // Ids in recorded reports follow from it: the number must not change.
        assert_eq!(hash(&["ab", "c"]), 10_999_367_997_910_690_424);
    }
}
