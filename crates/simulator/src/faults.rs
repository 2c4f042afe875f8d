//! What goes wrong on demand, and when.
//!
//! Every decision follows from the seed, the operation and how often that operation was asked before, never from the
//! clock or from the order in which different operations arrive: a failing run can be repeated.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::http::{Operation, Reply, Request};

/// What the simulated clouds do wrong.
///
/// Permissions are written as a [pattern](Faults#patterns) wherever they appear.
///
/// # Patterns
///
/// `permission`, `permission@scope` or `permission@scope#subject`, compared without regard to case. A permission may
/// end in `*`. A scope also covers what lies below it (`222222222222` covers `222222222222/eu-west-1`). A subject is
/// found anywhere in the operation's subject (`eks:DescribeCluster@222222222222#shop-prod`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Decides which operations `throttle_per_mille` picks.
    pub seed: u64,
    /// How long every call takes.
    #[serde(rename = "latency_millis", with = "millis")]
    pub latency: Duration,
    /// The share of operations, in thousandths, that are throttled at first.
    pub throttle_per_mille: u16,
    /// How often a picked operation is throttled before it succeeds; 0 means once.
    pub throttle_times: u32,
    /// Permissions that are throttled whenever they are used.
    pub always_throttle: Vec<String>,
    /// Permissions that are refused.
    pub deny: Vec<String>,
    /// The only permissions that are granted; every other one is refused. All are granted when absent.
    pub allow: Option<Vec<String>>,
    /// Answers that are broken.
    pub fault: Vec<FaultRule>,
}

/// Which answers are broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The pattern of the operations it applies to.
    pub permission: String,
    /// What happens to their answers.
    pub kind: FaultKind,
    /// How often it happens to each operation before that operation succeeds; always when absent.
    #[serde(default)]
    pub times: Option<u32>,
}

/// A way to break an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// An internal error in the provider's format.
    ServerError,
    /// The connection closes in the middle of the body.
    CutConnection,
    /// The first half of the body, as if it were all of it.
    TruncatedPage,
    /// A body that is neither the expected JSON nor the expected XML, with status 200.
    MalformedBody,
    /// No answer at all.
    Hang,
    /// The page after the first is the first again, with the same token as before.
    RepeatToken,
}

/// What to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Answer,
    Deny,
    Throttle,
    Break(FaultKind),
}

/// The faults together with what has already happened.
#[derive(Debug, Default)]
pub(crate) struct Injector {
    faults: Faults,
    asked: Mutex<BTreeMap<Operation, u32>>,
    first_pages: Mutex<BTreeMap<String, Reply>>,
}

impl Injector {
    pub(crate) fn new(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    pub(crate) fn latency(&self) -> Duration {
        self.faults.latency
    }

    /// What happens to this call. Calling it counts as asking.
    pub(crate) fn decide(&self, operation: &Operation) -> Decision {
        let is_granted = |allowed: &Vec<String>| allowed.iter().any(|pattern| matches(pattern, operation));
        if self.faults.deny.iter().any(|pattern| matches(pattern, operation))
            || self.faults.allow.as_ref().is_some_and(|allowed| !is_granted(allowed))
        {
            return Decision::Deny;
        }
        if self.faults.always_throttle.iter().any(|pattern| matches(pattern, operation)) {
            return Decision::Throttle;
        }
        let asked = self.count(operation);
        let throttled = if self.is_picked(operation) { self.faults.throttle_times.max(1) } else { 0 };
        if asked < throttled {
            return Decision::Throttle;
        }
        let answered = asked - throttled;
        let rule = self
            .faults
            .fault
            .iter()
            .find(|rule| matches(&rule.permission, operation) && rule.times.is_none_or(|times| answered < times));
        rule.map_or(Decision::Answer, |rule| Decision::Break(rule.kind))
    }

    /// The first page of the list that `request` continues; remembers `reply` when `request` asks for that first page.
    pub(crate) fn first_page(&self, request: &Request, reply: Reply) -> Reply {
        let (list, is_first) = list_of(request);
        let mut pages = self.first_pages.lock().unwrap_or_else(PoisonError::into_inner);
        if is_first {
            pages.insert(list, reply.clone());
            return reply;
        }
        pages.get(&list).cloned().unwrap_or(reply)
    }

    fn count(&self, operation: &Operation) -> u32 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(operation.clone()).or_insert(0);
        let before = *times;
        *times = times.saturating_add(1);
        before
    }

    fn is_picked(&self, operation: &Operation) -> bool {
        let seed = self.faults.seed.to_string();
        let number = crate::http::hash(&[&seed, &operation.permission, &operation.scope, &operation.subject]);
        number % 1000 < u64::from(self.faults.throttle_per_mille)
    }
}

fn matches(pattern: &str, operation: &Operation) -> bool {
    let (pattern, subject) = pattern.split_once('#').unwrap_or((pattern, ""));
    let (permission, scope) = pattern.split_once('@').unwrap_or((pattern, ""));
    let permission = permission.to_ascii_lowercase();
    let scope = scope.to_ascii_lowercase();
    let asked = operation.permission.to_ascii_lowercase();
    let place = operation.scope.to_ascii_lowercase();
    let permission_matches = match permission.strip_suffix('*') {
        Some(prefix) => asked.starts_with(prefix),
        None => asked == permission,
    };
    let scope_matches =
        scope.is_empty() || place.strip_prefix(&scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let subject_matches =
        subject.is_empty() || operation.subject.to_ascii_lowercase().contains(&subject.to_ascii_lowercase());
    permission_matches && scope_matches && subject_matches
}

/// The names under which clouds accept the token of the next page.
const TOKENS: [&str; 7] = ["nexttoken", "marker", "pagetoken", "$skiptoken", "skiptoken", "$skip", "ctx"];

fn is_token(name: &str) -> bool {
    TOKENS.contains(&name.to_ascii_lowercase().as_str())
}

/// A name for the list that a request reads, whichever page of it, and whether it asks for the first page.
fn list_of(request: &Request) -> (String, bool) {
    let mut is_first = true;
    let mut parameters = request.query.clone();
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&request.body) {
        Ok(body) => parameters.extend(body.into_iter().map(|(name, value)| (name, value.to_string()))),
        Err(_) => parameters.extend(crate::http::pairs(&String::from_utf8_lossy(&request.body))),
    }
    parameters.retain(|name, _| {
        let token = is_token(name);
        is_first &= !token;
        !token
    });
    let place =
        ["authorization", "x-amz-target"].map(|name| request.header(name).and_then(|value| value.split(',').next()));
    (format!("{} {} {parameters:?} {place:?}", request.method, request.path), is_first)
}

/// Durations as a whole number of milliseconds.
mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(cluster: &str) -> Operation {
        Operation {
            permission: "eks:DescribeCluster".to_owned(),
            scope: "222222222222/eu-west-1".to_owned(),
            subject: format!("name={cluster}"),
        }
    }

    fn decisions(faults: Faults, times: usize) -> Vec<Decision> {
        let injector = Injector::new(faults);
        (0..times).map(|_| injector.decide(&describe("shop"))).collect()
    }

    #[test]
    fn a_pattern_may_narrow_by_scope_and_by_subject() {
        let operation = describe("shop-prod");
        for pattern in [
            "eks:DescribeCluster",
            "EKS:describecluster",
            "eks:*",
            "*",
            "eks:Describe*@222222222222",
            "eks:DescribeCluster@222222222222/eu-west-1",
            "eks:DescribeCluster@222222222222#shop-prod",
            "*#shop",
        ] {
            assert!(matches(pattern, &operation), "{pattern}");
        }
        for pattern in ["eks:ListClusters", "eks:*@2222", "eks:*@222222222222/us-east-1", "*#billing", ""] {
            assert!(!matches(pattern, &operation), "{pattern}");
        }
    }

    #[test]
    fn a_throttled_operation_succeeds_after_the_promised_number_of_times() {
        let faults = Faults { throttle_per_mille: 1000, throttle_times: 2, ..Faults::default() };
        assert_eq!(decisions(faults, 4), [Decision::Throttle, Decision::Throttle, Decision::Answer, Decision::Answer]);
    }

    #[test]
    fn the_throttled_share_is_about_what_was_asked_and_follows_from_the_seed() {
        let picked = |seed| -> Vec<bool> {
            let injector = Injector::new(Faults { seed, throttle_per_mille: 200, ..Faults::default() });
            (0..1000).map(|number| injector.is_picked(&describe(&number.to_string()))).collect()
        };
        let share = picked(1).iter().filter(|picked| **picked).count();
        assert!((150..250).contains(&share), "{share}");
        assert_eq!(picked(1), picked(1));
        assert_ne!(picked(1), picked(2));
    }

    #[test]
    fn a_denied_operation_is_denied_for_ever() {
        let faults =
            Faults { deny: vec!["eks:DescribeCluster".to_owned()], throttle_per_mille: 1000, ..Faults::default() };
        assert_eq!(decisions(faults, 2), [Decision::Deny, Decision::Deny]);
    }

    #[test]
    fn what_is_not_among_the_only_granted_is_denied() {
        let only = |permission: &str| Faults { allow: Some(vec![permission.to_owned()]), ..Faults::default() };
        assert_eq!(decisions(only("eks:DescribeCluster"), 1), [Decision::Answer]);
        assert_eq!(decisions(only("eks:ListClusters"), 1), [Decision::Deny]);
        assert_eq!(decisions(Faults { allow: Some(Vec::new()), ..Faults::default() }, 1), [Decision::Deny]);
    }

    #[test]
    fn a_fault_with_a_number_of_times_heals() {
        let rule = FaultRule { permission: "eks:*".to_owned(), kind: FaultKind::Hang, times: Some(1) };
        let faults = Faults { fault: vec![rule], ..Faults::default() };
        assert_eq!(decisions(faults, 2), [Decision::Break(FaultKind::Hang), Decision::Answer]);
    }

    #[test]
    fn faults_are_read_from_a_short_text() {
        let faults: Faults = serde_saphyr::from_str(
            "latency_millis: 5\ndeny: ['iam:*@222222222222']\nfault: [{permission: 'eks:ListClusters', kind: truncated-page, times: 1}]\n",
        )
        .unwrap();
        assert_eq!(faults.latency, Duration::from_millis(5));
        assert_eq!(faults.fault[0].kind, FaultKind::TruncatedPage);
        assert!(serde_saphyr::from_str::<Faults>("latency: 5").is_err());
    }
}
