//! Conditions and policy variables.

use super::request::{Key, Request};
use crate::record::document::Texts;
use palisade_authority::{Case, Glob, Part, Truth};
use std::collections::BTreeMap;

/// A condition block: operator, key, values.
pub(super) type Condition = BTreeMap<String, BTreeMap<String, Texts>>;

/// Whether the condition of a statement that allows holds for the requests of a principal, which chooses what it can so
/// that it does.
pub(in crate::normalize) fn holds(condition: &Condition, request: &Request, variables: bool) -> Truth {
    evaluate(condition, request, variables, Wish::Holds)
}

/// Whether the condition of a statement that denies holds for the requests of a principal, which chooses what it can so
/// that it does not: a rule against every region but one stops nobody who asks for that one.
pub(in crate::normalize) fn binds(condition: &Condition, request: &Request, variables: bool) -> Truth {
    evaluate(condition, request, variables, Wish::Fails)
}

/// What a caller wants to become of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Holds,
    Fails,
}

fn evaluate(condition: &Condition, request: &Request, variables: bool, wish: Wish) -> Truth {
    let parts = condition.iter().flat_map(|(operator, keys)| {
        let operator = Operator::read(operator);
        keys.iter().map(move |(key, Texts(values))| one(operator, (key, values), request, variables, wish))
    });
    Truth::all(parts)
}

/// Whether a text names a variable whose value the caller chooses.
pub(super) fn is_chosen(text: &str, request: &Request, variables: bool) -> bool {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside);
    let name = |inside: &str| inside.split_once(',').map_or(inside, |(name, _)| name).trim().to_owned();
    variables && names.map(name).any(|name| request.key(&name) == Key::Chosen)
}

/// A text of a policy with its variables filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// Pieces of pattern, and of text that stands for itself.
    Pieces(Vec<Piece>),
    /// A variable has no value: the text matches nothing.
    Nothing,
    /// A variable's value is not known; the pieces stand for the widest it can be.
    Unknown(String, Vec<Piece>),
}

/// A piece of a filled text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text in which `*` and `?` are wildcards.
    Pattern(String),
    /// Text that stands for itself.
    Literal(String),
}

/// The pattern some pieces make.
pub(super) fn glob(case: Case, pieces: &[Piece]) -> Glob {
    let parts: Vec<Part<'_>> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Pattern(text) => Part::Pattern(text),
            Piece::Literal(text) => Part::Literal(text),
        })
        .collect();
    Glob::from_parts(case, &parts)
}

/// Fills in variables. Documents before version 2012-10-17 have none: there `${` is plain text.
pub(super) fn fill(text: &str, request: &Request, variables: bool) -> Filled {
    if !variables || !text.contains("${") {
        return Filled::Pieces(vec![Piece::Pattern(text.to_owned())]);
    }
    let (mut pieces, mut unknown) = (Vec::new(), None);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        pieces.push(Piece::Pattern(before.to_owned()));
        let Some((inside, behind)) = after.split_once('}') else {
            pieces.push(Piece::Pattern(format!("${{{after}")));
            rest = "";
            break;
        };
        rest = behind;
        let (name, default) = match inside.split_once(',') {
            Some((name, default)) => (name.trim(), Some(default.trim().trim_matches('\''))),
            None => (inside.trim(), None),
        };
        if matches!(name, "*" | "?" | "$") {
            pieces.push(Piece::Literal(name.to_owned()));
            continue;
        }
        match (request.key(name), default) {
            (Key::Known(Some(values)), _) => match values.as_slice() {
                [value] => pieces.push(Piece::Literal(value.clone())),
                // Only keys with one value can be variables.
                _ => return Filled::Nothing,
            },
            (Key::Known(None), Some(default)) => pieces.push(Piece::Literal(default.to_owned())),
            (Key::Known(None), None) => return Filled::Nothing,
            (Key::Chosen, _) => pieces.push(Piece::Pattern("*".to_owned())),
            (Key::Unknown, _) => {
                unknown = Some(name.to_owned());
                pieces.push(Piece::Pattern("*".to_owned()));
            }
        }
    }
    pieces.push(Piece::Pattern(rest.to_owned()));
    match unknown {
        Some(name) => Filled::Unknown(name, pieces),
        None => Filled::Pieces(pieces),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    None,
    Any,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Null,
    Number(Ordered),
    /// Dates, addresses, bytes: nothing we know has such a value.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ordered {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Ordered {
    #[expect(clippy::float_cmp, reason = "IAM compares the numbers as they are written")]
    fn holds(self, one: f64, other: f64) -> bool {
        match self {
            Self::Equal => one == other,
            Self::Less => one < other,
            Self::LessOrEqual => one <= other,
            Self::Greater => one > other,
            Self::GreaterOrEqual => one >= other,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Operator {
    quantifier: Quantifier,
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    fn read(text: &str) -> Self {
        let lower = text.to_lowercase();
        let (quantifier, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Quantifier::All, rest),
            Some(("foranyvalue", rest)) => (Quantifier::Any, rest),
            _ => (Quantifier::None, lower.as_str()),
        };
        let (rest, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |rest| (rest, true));
        let (comparison, negated) = match rest {
            "stringequals" => (Comparison::Equals, false),
            "stringnotequals" => (Comparison::Equals, true),
            "stringequalsignorecase" => (Comparison::EqualsIgnoreCase, false),
            "stringnotequalsignorecase" => (Comparison::EqualsIgnoreCase, true),
            "stringlike" => (Comparison::Like, false),
            "stringnotlike" => (Comparison::Like, true),
            "arnequals" | "arnlike" => (Comparison::Arn, false),
            "arnnotequals" | "arnnotlike" => (Comparison::Arn, true),
            "bool" => (Comparison::Bool, false),
            "null" => (Comparison::Null, false),
            "numericequals" => (Comparison::Number(Ordered::Equal), false),
            "numericnotequals" => (Comparison::Number(Ordered::Equal), true),
            "numericlessthan" => (Comparison::Number(Ordered::Less), false),
            "numericlessthanequals" => (Comparison::Number(Ordered::LessOrEqual), false),
            "numericgreaterthan" => (Comparison::Number(Ordered::Greater), false),
            "numericgreaterthanequals" => (Comparison::Number(Ordered::GreaterOrEqual), false),
            "notipaddress" | "datenotequals" => (Comparison::Other, true),
            _ => (Comparison::Other, false),
        };
        Self { quantifier, comparison, negated, if_exists }
    }

    /// What a missing key makes of the condition.
    fn when_missing(self) -> bool {
        match self.quantifier {
            Quantifier::All => true,
            Quantifier::Any => self.if_exists,
            Quantifier::None => self.negated || self.if_exists,
        }
    }
}

fn one(operator: Operator, (key, values): (&str, &[String]), request: &Request, variables: bool, wish: Wish) -> Truth {
    let known = request.key(key);
    if operator.comparison == Comparison::Null {
        let wants_absent = values.iter().any(|value| value.eq_ignore_ascii_case("true"));
        return match known {
            Key::Known(value) => Truth::from(value.is_none() == wants_absent),
            Key::Chosen => Truth::from(wish == Wish::Holds),
            Key::Unknown => Truth::unknown(key),
        };
    }
    let filled: Vec<Filled> = values.iter().map(|value| fill(value, request, variables)).collect();
    let usable = || filled.iter().filter(|value| **value != Filled::Nothing);
    match known {
        Key::Unknown => Truth::unknown(key),
        Key::Chosen => Truth::from(match wish {
            // The caller can leave it out, or pick a value that fits, unless no value ever fits.
            Wish::Holds => operator.negated || operator.when_missing() || usable().next().is_some(),
            // It can pick a value that does not, unless there is none that is excepted.
            Wish::Fails => operator.negated && usable().next().is_none(),
        }),
        Key::Known(None) => Truth::from(operator.when_missing()),
        Key::Known(Some(actual)) => {
            let matches = |actual: &String| {
                Truth::any(usable().map(|wanted| match wanted {
                    Filled::Pieces(pieces) => compare(operator.comparison, actual, pieces, key),
                    Filled::Unknown(name, _) => Truth::unknown(name),
                    Filled::Nothing => Truth::False,
                }))
            };
            let each = actual.iter().map(|actual| {
                let found = matches(actual);
                if operator.negated { found.not() } else { found }
            });
            match operator.quantifier {
                Quantifier::All => Truth::all(each),
                Quantifier::Any | Quantifier::None => Truth::any(each),
            }
        }
    }
}

fn compare(comparison: Comparison, actual: &str, wanted: &[Piece], key: &str) -> Truth {
    let plain = || -> String {
        wanted
            .iter()
            .map(|piece| match piece {
                Piece::Pattern(text) | Piece::Literal(text) => text.as_str(),
            })
            .collect()
    };
    Truth::from(match comparison {
        Comparison::Equals => actual == plain(),
        Comparison::EqualsIgnoreCase | Comparison::Bool => actual.eq_ignore_ascii_case(&plain()),
        Comparison::Like => glob(Case::Sensitive, wanted).matches(actual),
        Comparison::Arn => arn_matches(&plain(), actual),
        Comparison::Number(order) => match (actual.parse(), plain().parse()) {
            (Ok(actual), Ok(wanted)) => order.holds(actual, wanted),
            _ => false,
        },
        Comparison::Null | Comparison::Other => return Truth::unknown(key),
    })
}

/// ARNs are compared segment by segment, so that a wildcard does not run past a colon of the first five.
fn arn_matches(pattern: &str, actual: &str) -> bool {
    let (mut wanted, mut found) = (pattern.splitn(6, ':'), actual.splitn(6, ':'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if Glob::sensitive(wanted).matches(found) => (),
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(json: &str) -> Condition {
        serde_json::from_str(json).unwrap()
    }

    fn of(json: &str) -> Truth {
        let tags = [("team".to_owned(), "a".to_owned())];
        let request = Request::of_role("arn:aws:iam::111122223333:role/n", "111122223333", &tags);
        holds(&condition(json), &request, true)
    }

    #[test]
    fn known_keys_are_evaluated() {
        assert_eq!(of(r#"{"StringEquals":{"aws:PrincipalTag/team":"a"}}"#), Truth::True);
        assert_eq!(of(r#"{"StringEquals":{"aws:PrincipalTag/team":["b","c"]}}"#), Truth::False);
        assert_eq!(of(r#"{"StringNotEquals":{"aws:principaltag/TEAM":["b","c"]}}"#), Truth::True);
        assert_eq!(of(r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/n"}}"#), Truth::True);
        assert_eq!(of(r#"{"ArnLike":{"aws:PrincipalArn":"arn:*:role/n"}}"#), Truth::False);
        assert_eq!(of(r#"{"Bool":{"aws:SecureTransport":"false"}}"#), Truth::False);
        assert_eq!(of(r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#), Truth::False);
        assert_eq!(of(r#"{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}"#), Truth::True);
        assert_eq!(of(r#"{"Null":{"aws:PrincipalTag/none":"true"}}"#), Truth::True);
    }

    #[test]
    fn what_the_caller_chooses_takes_no_right_away() {
        assert_eq!(of(r#"{"StringEquals":{"aws:RequestTag/team":"a"}}"#), Truth::True);
        let needs_tag = r#"{"StringEquals":{"aws:RequestTag/c":"${aws:PrincipalTag/eks:eks-cluster-name}"}}"#;
        assert_eq!(of(needs_tag), Truth::False);
    }

    #[test]
    fn what_the_caller_chooses_binds_nobody_who_can_choose_otherwise() {
        let of = |json| binds(&condition(json), &Request::default(), true);
        let avoidable = [
            r#"{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1"]}}"#,
            r#"{"StringEquals":{"aws:RequestedRegion":["us-east-1"]}}"#,
            r#"{"StringNotEqualsIfExists":{"aws:RequestTag/team":"a"}}"#,
            r#"{"Null":{"aws:RequestTag/team":"true"}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["x"]}}"#,
        ];
        for json in avoidable {
            assert_eq!(of(json), Truth::False, "{json}");
        }
        let nobody = r#"{"StringNotEquals":{"aws:RequestTag/team":"${aws:PrincipalTag/none}"}}"#;
        assert_eq!(of(nobody), Truth::True, "the only value that is excepted does not exist");
        assert_eq!(of(r#"{"Bool":{"aws:ViaAWSService":"false"}}"#), Truth::unknown("aws:ViaAWSService"));
    }

    #[test]
    fn the_environment_is_not_guessed() {
        assert_eq!(of(r#"{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}"#), Truth::unknown("aws:SourceIp"));
        let both = r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:SecureTransport":"false"}}"#;
        assert_eq!(of(both), Truth::False);
    }

    #[test]
    fn sets_of_values_have_their_own_rules_for_missing_keys() {
        let request = Request::default().without("aws:TagKeys");
        let of = |json| holds(&condition(json), &request, true);
        assert_eq!(of(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["x"]}}"#), Truth::True);
        assert_eq!(of(r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["x"]}}"#), Truth::False);
    }

    #[test]
    fn a_variable_is_text_before_2012() {
        let request = Request::default();
        let filled = fill("b/${aws:PrincipalTag/team}/*", &request, false);
        assert_eq!(filled, Filled::Pieces(vec![Piece::Pattern("b/${aws:PrincipalTag/team}/*".to_owned())]));
        assert_eq!(fill("b/${aws:PrincipalTag/team}/*", &request, true), Filled::Nothing);
        let with_default = fill("${aws:PrincipalTag/team, 'none'}", &request, true);
        assert!(matches!(with_default, Filled::Pieces(pieces) if pieces.contains(&Piece::Literal("none".to_owned()))));
    }
}
