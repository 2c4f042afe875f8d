//! Conditions of role bindings: the part of CEL that speaks of resource names and times. The rest depends on requests.

use jiff::Timestamp;
use palisade_authority::{Case, Glob, Part, Truth};

/// One way in which a condition can hold: on resources of these patterns (all of them; none means any), when this is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) resources: Vec<Glob>,
    pub(crate) when: Truth,
}

/// Most ways that are kept apart; beyond, the condition is not evaluated.
const MOST_WAYS: usize = 16;

/// Deepest nesting that is read.
const DEEPEST: usize = 32;

/// The ways in which an expression can hold at a time. Ways that cannot hold are left out, so an expression that is
/// false has none.
pub(crate) fn ways(expression: &str, now: Timestamp) -> Vec<Way> {
    let unknown = || vec![Way { resources: Vec::new(), when: Truth::unknown(format!("condition `{expression}`")) }];
    let mut parser = Parser { rest: expression, now, whole: expression };
    let Some(read) = parser.either(0) else { return unknown() };
    if !parser.rest.trim_start().is_empty() || read.len() > MOST_WAYS {
        return unknown();
    }
    read.into_iter().filter(|way| way.when != Truth::False).collect()
}

struct Parser<'a> {
    rest: &'a str,
    whole: &'a str,
    now: Timestamp,
}

impl<'a> Parser<'a> {
    fn either(&mut self, depth: usize) -> Option<Vec<Way>> {
        let mut ways = self.both(depth)?;
        while self.eat("||") {
            ways.extend(self.both(depth)?);
            if ways.len() > MOST_WAYS {
                return None;
            }
        }
        Some(ways)
    }

    fn both(&mut self, depth: usize) -> Option<Vec<Way>> {
        let mut ways = self.not(depth)?;
        while self.eat("&&") {
            let others = self.not(depth)?;
            let mut product = Vec::new();
            for a in &ways {
                for b in &others {
                    let resources = a.resources.iter().chain(&b.resources).cloned().collect();
                    product.push(Way { resources, when: a.when.clone().and(b.when.clone()) });
                }
            }
            if product.len() > MOST_WAYS {
                return None;
            }
            ways = product;
        }
        Some(ways)
    }

    fn not(&mut self, depth: usize) -> Option<Vec<Way>> {
        if depth > DEEPEST {
            return None;
        }
        self.skip();
        if self.rest.starts_with('!') && !self.rest.starts_with("!=") && self.eat("!") {
            let ways = self.not(depth + 1)?;
            // What is not a matter of resources can be turned round; the complement of a pattern is no pattern.
            if ways.iter().any(|way| !way.resources.is_empty()) {
                return Some(vec![self.unknown()]);
            }
            let any = Truth::any(ways.into_iter().map(|way| way.when));
            return Some(vec![Way { resources: Vec::new(), when: any.not() }]);
        }
        if self.eat("(") {
            let ways = self.either(depth + 1)?;
            return self.eat(")").then_some(ways);
        }
        self.atom()
    }

    fn atom(&mut self) -> Option<Vec<Way>> {
        if self.eat_word("true") {
            return Some(vec![Way { resources: Vec::new(), when: Truth::True }]);
        }
        if self.eat_word("false") {
            return Some(vec![Way { resources: Vec::new(), when: Truth::False }]);
        }
        let start = self.rest;
        if let Some(way) = self.resource_name().or_else(|| {
            self.rest = start;
            self.request_time()
        }) {
            return Some(vec![way]);
        }
        self.rest = start;
        self.skip_atom()?;
        Some(vec![self.unknown()])
    }

    /// `resource.name.startsWith("...")`, `.endsWith("...")`, `resource.name == "..."`. Some services write full names,
    /// `//service/projects/...`; the part that tells resources apart is the same.
    fn resource_name(&mut self) -> Option<Way> {
        if !self.eat("resource.name") {
            return None;
        }
        let glob = if self.eat(".startsWith(") {
            let text = self.text()?;
            self.eat(")")
                .then(|| Glob::from_parts(Case::Sensitive, &[Part::Literal(relative(text)), Part::Pattern("*")]))?
        } else if self.eat(".endsWith(") {
            let text = self.text()?;
            self.eat(")").then(|| Glob::from_parts(Case::Sensitive, &[Part::Pattern("*"), Part::Literal(text)]))?
        } else if self.eat("==") {
            Glob::exactly(Case::Sensitive, relative(self.text()?))
        } else {
            return None;
        };
        Some(Way { resources: vec![glob], when: Truth::True })
    }

    /// `request.time < timestamp("...")` and its relatives.
    fn request_time(&mut self) -> Option<Way> {
        if !self.eat("request.time") {
            return None;
        }
        let operator = ["<=", ">=", "<", ">"].into_iter().find(|operator| self.eat(operator))?;
        if !self.eat("timestamp(") {
            return None;
        }
        let at: Timestamp = self.text()?.parse().ok()?;
        if !self.eat(")") {
            return None;
        }
        let holds = match operator {
            "<" => self.now < at,
            "<=" => self.now <= at,
            ">" => self.now > at,
            _ => self.now >= at,
        };
        Some(Way { resources: Vec::new(), when: Truth::from(holds) })
    }

    /// Moves past something we do not evaluate: up to the next operator of this level.
    fn skip_atom(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        let mut quote = None;
        let mut letters = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, letter)) = letters.next() {
            match (quote, letter) {
                (Some(_), '\\') => {
                    letters.next();
                }
                (Some(open), letter) if letter == open => quote = None,
                (None, '"' | '\'') => quote = Some(letter),
                (None, '(' | '[' | '{') => depth += 1,
                (None, ')' | ']' | '}') if depth == 0 => {
                    end = at;
                    break;
                }
                (None, ')' | ']' | '}') => depth -= 1,
                (None, '&' | '|') if depth == 0 && letters.peek().is_some_and(|(_, next)| *next == letter) => {
                    end = at;
                    break;
                }
                // A choice binds weaker than everything around it: the whole is out of our reach.
                (None, '?') if depth == 0 => return None,
                (Some(_) | None, _) => (),
            }
        }
        if end == 0 || quote.is_some() {
            return None;
        }
        self.rest = self.rest.get(end..)?;
        Some(())
    }

    fn text(&mut self) -> Option<&'a str> {
        self.skip();
        let quote = self.rest.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
        let inner = self.rest.get(1..)?;
        let end = inner.find(quote)?;
        let text = inner.get(..end)?;
        // An escape means another text than is written.
        if text.contains('\\') {
            return None;
        }
        self.rest = inner.get(end + 1..)?;
        Some(text)
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        self.skip();
        match self.rest.strip_prefix(word) {
            Some(rest)
                if !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.') =>
            {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn unknown(&self) -> Way {
        Way { resources: Vec::new(), when: Truth::unknown(format!("condition `{}`", self.whole)) }
    }
}

/// A resource name without the service before it.
fn relative(name: &str) -> &str {
    match name.strip_prefix("//") {
        Some(full) => full.split_once('/').map_or("", |(_, rest)| rest),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T00:00:00Z".parse().unwrap()
    }

    fn read(expression: &str) -> Vec<Way> {
        ways(expression, now())
    }

    #[test]
    fn a_past_date_gives_no_way_and_a_future_one_gives_every_resource() {
        assert_eq!(read(r#"request.time < timestamp("2020-01-01T00:00:00Z")"#), Vec::new());
        let open = read(r#"request.time < timestamp("2030-01-01T00:00:00Z")"#);
        assert_eq!(open, [Way { resources: Vec::new(), when: Truth::True }]);
    }

    #[test]
    fn names_become_patterns_and_combine() {
        let one = read(
            r#"resource.name.startsWith("projects/42/secrets/app-") && request.time >= timestamp("2020-01-01T00:00:00Z")"#,
        );
        assert_eq!(one.len(), 1);
        assert!(one[0].resources[0].matches("projects/42/secrets/app-db"));
        assert!(!one[0].resources[0].matches("projects/42/secrets/other"));
        assert_eq!(read(r#"resource.name == "a" || (resource.name.endsWith('b'))"#).len(), 2);
    }

    #[test]
    fn what_is_not_evaluated_is_unknown_and_never_true_or_false() {
        for expression in [
            r#"resource.type == "storage.googleapis.com/Bucket""#,
            r#"!resource.name.startsWith("x")"#,
            r#"request.time.getHours("UTC") > 8"#,
            "true ? true : false",
            r#"resource.name.startsWith("a\"b")"#,
            "((((",
            "&&",
            "",
        ] {
            let ways = read(expression);
            assert_eq!(ways.len(), 1, "{expression}");
            assert!(matches!(ways[0].when, Truth::Unknown(_)), "{expression}: {ways:?}");
        }
        assert_eq!(read(r#"resource.type == "x" && false"#), Vec::new());
    }
}
