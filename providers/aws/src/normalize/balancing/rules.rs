//! The rules of an application load balancer: which clients' requests a listener sends to which group.
//!
//! A client chooses host, path, header, method and query freely, so a rule on those keeps nobody out; only its address it
//! does not choose. Rules are tried by priority, the first that fits decides (Application Load Balancer guide, listener
//! rules).

use crate::record::balancing::{ListenerAction, ListenerRule, RuleCondition};
use palisade_reach::{AddrSet, Bounds, Certainty, parse_net};

/// The clients of a listener whose requests may get to a group, from those who surely do to those who may.
pub(super) fn clients(rules: &[ListenerRule], group: &str) -> Bounds<AddrSet> {
    let Some(rules) = in_order(rules) else { return Bounds::unknown_within(AddrSet::all()) };
    let nobody = || Bounds::exact(AddrSet::empty());
    // Whom no earlier rule takes, whatever they ask for.
    let mut left = Bounds::exact(AddrSet::all());
    let mut found = nobody();
    let mut earlier: Vec<Shape> = Vec::new();
    for rule in rules {
        let shape = Shape::of(rule);
        let mut here = shape.sources.intersect(&left);
        let shadows = earlier.iter().filter(|other| other.may_shadow(&shape));
        let shadowed = shadows.fold(AddrSet::empty(), |all, other| all.union(other.sources.upper()));
        if shape.is_odd {
            here = Bounds::unknown_within(here.upper().clone());
        }
        let surely = here.lower().subtract(&shadowed);
        match forwards(&rule.actions, group) {
            Certainty::Yes => found = found.union(&Bounds::between(surely, here.upper().clone())),
            Certainty::Maybe => found = found.union(&Bounds::unknown_within(here.upper().clone())),
            Certainty::No => (),
        }
        left = match shape.takes {
            Certainty::Yes => left.subtract(&shape.sources),
            Certainty::Maybe => Bounds::between(left.lower().subtract(shape.sources.upper()), left.upper().clone()),
            Certainty::No => left,
        };
        earlier.push(shape);
    }
    found
}

/// Whether actions send a request to a group. Somebody who has to sign in first is not anybody.
pub(super) fn forwards(actions: &[ListenerAction], group: &str) -> Certainty {
    let forwards = actions.iter().any(|action| {
        let weighted = action.forward_config.iter().flat_map(|config| &config.target_groups);
        let mut weighted = weighted.filter(|one| one.weight != Some(0));
        action.kind.as_deref() == Some("forward")
            && (action.target_group_arn.as_deref() == Some(group)
                || weighted.any(|one| one.target_group_arn.as_deref() == Some(group)))
    });
    match (forwards, actions) {
        (false, _) => Certainty::No,
        (true, [_]) => Certainty::Yes,
        (true, _) => Certainty::Maybe,
    }
}

/// The rules by priority, the default one last; nothing where a priority is no number.
fn in_order(rules: &[ListenerRule]) -> Option<Vec<&ListenerRule>> {
    let place = |rule: &ListenerRule| match rule.priority.as_deref() {
        Some("default") => Some(u32::MAX),
        Some(number) => number.parse().ok(),
        None => None,
    };
    let mut placed = rules.iter().map(|rule| Some((place(rule)?, rule))).collect::<Option<Vec<_>>>()?;
    placed.sort_by_key(|(place, _)| *place);
    Some(placed.into_iter().map(|(_, rule)| rule).collect())
}

/// What a rule asks of a request.
#[derive(Debug)]
struct Shape {
    /// The clients it speaks of.
    sources: Bounds<AddrSet>,
    /// What else it asks for: the field, and for headers their name.
    fields: Vec<String>,
    /// Whether it takes every request of those clients.
    takes: Certainty,
    /// Whether it asks for something we do not know: then nobody surely fits.
    is_odd: bool,
}

impl Shape {
    fn of(rule: &ListenerRule) -> Self {
        let mut shape =
            Self { sources: Bounds::exact(AddrSet::all()), fields: Vec::new(), takes: Certainty::Yes, is_odd: false };
        for condition in &rule.conditions {
            let takes = match condition.field.as_deref() {
                Some("source-ip") => {
                    shape.sources = shape.sources.intersect(&sources(condition));
                    Certainty::Yes
                }
                Some(field @ ("path-pattern" | "host-header")) => {
                    // One that takes everything asks for nothing.
                    let takes = catches(&values(condition), field);
                    if takes != Certainty::Yes {
                        shape.fields.push(field.to_owned());
                    }
                    takes
                }
                Some("http-header") => {
                    let name = condition.http_header_config.as_ref().and_then(|one| one.http_header_name.as_deref());
                    shape.fields.push(format!("http-header {}", name.unwrap_or_default().to_lowercase()));
                    Certainty::No
                }
                Some(field @ ("http-request-method" | "query-string")) => {
                    shape.fields.push(field.to_owned());
                    Certainty::No
                }
                Some(_) | None => {
                    shape.is_odd = true;
                    Certainty::Maybe
                }
            };
            shape.takes = shape.takes.min(takes);
        }
        shape
    }

    /// Whether an earlier rule may take every request that another one asks for: only where it asks for nothing that the
    /// other leaves open, for else the client asks for something different there.
    fn may_shadow(&self, later: &Self) -> bool {
        self.takes != Certainty::Yes && self.fields.iter().all(|field| later.fields.contains(field))
    }
}

fn sources(condition: &RuleCondition) -> Bounds<AddrSet> {
    let of_config = condition.source_ip_config.iter().flat_map(|config| &config.values);
    let texts: Vec<&String> = condition.values.iter().chain(of_config).collect();
    if texts.is_empty() {
        return Bounds::unknown_within(AddrSet::all());
    }
    let range = |text: &&String| match parse_net(text) {
        Ok(net) => Bounds::exact(AddrSet::from_net(net)),
        Err(_) => Bounds::unknown_within(AddrSet::all()),
    };
    texts.iter().map(range).fold(Bounds::exact(AddrSet::empty()), |all, one| all.union(&one))
}

/// The patterns of a condition, whichever way they are written.
fn values(condition: &RuleCondition) -> Vec<&String> {
    let configs = condition.path_pattern_config.iter().chain(&condition.host_header_config);
    condition.values.iter().chain(configs.flat_map(|config| &config.values)).chain(&condition.regex_values).collect()
}

/// Whether patterns take everything. A path always begins with a stroke; patterns of little more than wildcards may take
/// everything together.
fn catches(values: &[&String], field: &str) -> Certainty {
    let all = |text: &&&String| text.as_str() == "*" || (field == "path-pattern" && text.as_str() == "/*");
    let wide = |text: &&&String| text.chars().filter(|char| !"*?.+^$()".contains(*char)).count() <= 1;
    match (values.iter().any(|text| all(&text)), values.iter().any(|text| wide(&text))) {
        (true, _) => Certainty::Yes,
        (false, true) => Certainty::Maybe,
        (false, false) => Certainty::No,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::needless_pass_by_value, reason = "a test writes its values where it uses them")]

    use super::*;
    use serde_json::{Value, json};

    fn to(group: &str) -> Value {
        json!([{ "Type": "forward", "TargetGroupArn": group }])
    }

    fn rule(priority: &str, conditions: Value, actions: Value) -> Value {
        json!({ "Priority": priority, "Conditions": conditions, "Actions": actions })
    }

    fn path(pattern: &str) -> Value {
        json!({ "Field": "path-pattern", "Values": [pattern], "PathPatternConfig": { "Values": [pattern] } })
    }

    fn from(range: &str) -> Value {
        json!({ "Field": "source-ip", "SourceIpConfig": { "Values": [range] } })
    }

    fn of(rules: Value, group: &str) -> Bounds<AddrSet> {
        let rules: Vec<ListenerRule> = serde_json::from_value(rules).unwrap();
        clients(&rules, group)
    }

    fn nets(texts: &[&str]) -> AddrSet {
        texts.iter().map(|text| parse_net(text).unwrap()).collect()
    }

    fn everybody() -> Bounds<AddrSet> {
        Bounds::exact(AddrSet::all())
    }

    fn nobody() -> Bounds<AddrSet> {
        Bounds::exact(AddrSet::empty())
    }

    #[test]
    fn what_a_client_chooses_keeps_nobody_out() {
        for condition in [
            path("/api/*"),
            json!({ "Field": "host-header", "HostHeaderConfig": { "Values": ["api.example.com"] } }),
            json!({ "Field": "http-header", "HttpHeaderConfig": { "HttpHeaderName": "X", "Values": ["1"] } }),
            json!({ "Field": "http-request-method", "HttpRequestMethodConfig": { "Values": ["POST"] } }),
            json!({ "Field": "query-string", "QueryStringConfig": { "Values": [{ "Key": "a", "Value": "b" }] } }),
        ] {
            let rules = json!([rule("default", json!([]), to("web")), rule("5", json!([condition]), to("api"))]);
            assert_eq!((of(rules.clone(), "api"), of(rules, "web")), (everybody(), everybody()), "{condition}");
        }
    }

    #[test]
    fn an_address_a_client_does_not_choose() {
        let office = nets(&["203.0.113.0/24"]);
        let rules = json!([
            rule("10", json!([from("203.0.113.0/24"), path("/admin/*")]), to("admin")),
            rule("20", json!([from("198.51.100.0/24")]), to("partner")),
            rule("default", json!([]), to("web")),
        ]);
        assert_eq!(of(rules.clone(), "admin"), Bounds::exact(office));
        assert_eq!(of(rules.clone(), "partner"), Bounds::exact(nets(&["198.51.100.0/24"])));
        let rest = AddrSet::all().subtract(&nets(&["198.51.100.0/24"]));
        assert_eq!(of(rules, "web"), Bounds::exact(rest), "a rule on the address alone takes every request from there");
    }

    #[test]
    fn a_rule_for_everything_leaves_nothing_to_those_behind_it_by_priority_and_not_by_order() {
        let rules = json!([
            rule("default", json!([]), to("web")),
            rule("20", json!([path("/a")]), to("late")),
            rule("10", json!([path("/*")]), to("all")),
            rule("5", json!([path("/b")]), to("early")),
        ]);
        let found = |group| of(rules.clone(), group);
        assert_eq!((found("early"), found("all")), (everybody(), everybody()));
        assert_eq!((found("late"), found("web")), (nobody(), nobody()));
    }

    #[test]
    fn what_may_be_shadowed_is_not_sure_and_what_a_client_can_avoid_is() {
        let narrower = json!([rule("1", json!([path("/a*")]), to("x")), rule("2", json!([path("/a/b")]), to("y"))]);
        assert_eq!(of(narrower, "y"), Bounds::unknown_within(AddrSet::all()));
        let host = json!({ "Field": "host-header", "HostHeaderConfig": { "Values": ["a.example.com"] } });
        let other = json!([rule("1", json!([host]), to("x")), rule("2", json!([path("/a/b")]), to("y"))]);
        assert_eq!(of(other, "y"), everybody(), "by asking for another host");
        let wide = json!([rule("1", json!([path("/?*")]), to("x")), rule("default", json!([]), to("y"))]);
        assert_eq!(of(wide, "y"), Bounds::unknown_within(AddrSet::all()), "next to everything");
    }

    #[test]
    fn whoever_has_to_sign_in_is_not_anybody_and_what_we_do_not_know_is_not_sure() {
        let sign_in = json!([{ "Type": "authenticate-oidc" }, { "Type": "forward", "TargetGroupArn": "web" }]);
        let maybe = Bounds::unknown_within(AddrSet::all());
        assert_eq!(of(json!([rule("default", json!([]), sign_in)]), "web"), maybe);
        let odd = json!([{ "Field": "phase-of-the-moon", "Values": ["full"] }]);
        let rules = json!([rule("1", odd, to("api")), rule("default", json!([]), to("web"))]);
        assert_eq!((of(rules.clone(), "api"), of(rules, "web")), (maybe.clone(), maybe.clone()));
        assert_eq!(of(json!([rule("first", json!([]), to("web"))]), "web"), maybe, "a priority that is no number");
        assert_eq!(of(json!([rule("1", json!([from("nowhere")]), to("web"))]), "web"), maybe);
    }

    #[test]
    fn weights_of_nothing_send_nothing() {
        let weighted = |weight: u32| {
            json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
                { "TargetGroupArn": "blue", "Weight": weight.to_string() }, { "TargetGroupArn": "green", "Weight": "1" },
            ] } }])
        };
        assert_eq!(of(json!([rule("default", json!([]), weighted(0))]), "blue"), nobody());
        assert_eq!(of(json!([rule("default", json!([]), weighted(1))]), "blue"), everybody());
    }
}
