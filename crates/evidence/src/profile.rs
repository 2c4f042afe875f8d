//! Who is told apart from whom, and who is called by name.

use aws_lc_rs::hmac;
use palisade_engine::{Policy, Waiver};
use palisade_provider::{Body, Outcome, Record, Snapshot};
use serde_json::Value;
use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

/// How much of people a bundle shows. Secrets are in none: they are removed before anything is stored.
#[derive(Clone, Debug)]
pub enum Profile {
    /// Names as the clouds have them, for readers inside.
    Internal,
    /// Stable pseudonyms in place of people's names, for auditors outside.
    Auditor(Pseudonyms),
}

/// Stable pseudonyms: the same name has the same one as long as the key is the same. Without the key nobody can tell whose.
#[derive(Clone)]
pub struct Pseudonyms {
    key: Arc<hmac::Key>,
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

/// How many hexadecimal digits a pseudonym has.
const DIGITS: usize = 12;

/// What every pseudonym begins with.
const PERSON: &str = "person-";

/// Domains whose addresses name machines: their names are what controls look at.
const MACHINES: [&str; 2] = ["gserviceaccount.com", "amazonaws.com"];

/// What stands behind the `@` of an image that is called by its digest.
const DIGESTS: [&str; 3] = ["sha256", "sha384", "sha512"];

/// Keys of answers and frameworks whose values name a thing that the clouds or the file call so.
const THINGS: [&str; 5] = ["id", "control", "controls", "cluster", "environment"];

/// What stands before the role and the name of its session.
const SESSION: &str = ":assumed-role/";

/// Members of answers that hold a person's name.
const NAMES: [&str; 6] = ["UserName", "userPrincipalName", "givenName", "surname", "mailNickname", "displayName"];

impl Pseudonyms {
    /// Pseudonyms by a secret key, which stays inside. At least 16 bytes: short ones can be guessed.
    pub fn new(key: &str) -> Option<Self> {
        (key.len() >= 16).then(|| Self { key: Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())) })
    }

    fn of(&self, name: &str) -> String {
        let tag = hmac::sign(&self.key, name.to_lowercase().as_bytes());
        let digits: String = hex::encode(tag.as_ref()).chars().take(DIGITS).collect();
        format!("{PERSON}{digits}")
    }

    /// A text in which addresses of people and names of IAM users are pseudonyms. Domains stay: controls look at them. What
    /// stands around an `@` and has no domain is a pseudonym as a whole.
    pub fn text(&self, text: &str) -> String {
        if !text.contains('@') && !text.contains(":user/") && !text.contains(SESSION) {
            return text.to_owned();
        }
        let mut said = String::with_capacity(text.len());
        let mut rest = text;
        // Words of an address, cut where an address cannot go on.
        while let Some(cut) = rest.find(|letter: char| !is_of_address(letter)) {
            let (word, more) = rest.split_at(cut);
            self.word(word, &mut said);
            let next = more.chars().next().map_or(0, char::len_utf8);
            said.push_str(more.get(..next).unwrap_or_default());
            rest = more.get(next..).unwrap_or_default();
        }
        self.word(rest, &mut said);
        self.sessions(&self.users(&said))
    }

    /// Sessions of roles, which people's are called by them: `arn:aws:sts::111122223333:assumed-role/ROLE/ana`. Ours, and those of
    /// machines, are nobody's name.
    fn sessions(&self, text: &str) -> String {
        let mut parts = text.split(SESSION);
        let mut said = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let cut = part.find(|letter: char| !is_of_address(letter) && letter != '/').unwrap_or(part.len());
            let (session, more) = part.split_at(cut);
            said.push_str(SESSION);
            match session.rsplit_once('/') {
                Some((role, name)) if name != "palisade" && !is_instance(name) => {
                    said.push_str(role);
                    said.push('/');
                    said.push_str(&self.name(name));
                }
                Some(_) | None => said.push_str(session),
            }
            said.push_str(more);
        }
        said
    }

    fn word(&self, word: &str, said: &mut String) {
        // The end of a sentence is none of an address.
        let address = word.trim_end_matches('.');
        match address.split_once('@') {
            Some((_, "")) | None => said.push_str(address),
            Some((name, domain)) if is_pseudonym(address) || is_no_person(name, domain) => said.push_str(address),
            Some(("", handle)) => said.extend(["@", &self.person(handle)]),
            Some((name, domain)) if is_domain(domain) => said.extend([&self.of(name), "@", domain]),
            Some(_) => said.push_str(&self.of(address)),
        }
        said.push_str(word.get(address.len()..).unwrap_or_default());
    }

    /// IAM users in names of resources: `arn:aws:iam::111122223333:user/path/ana`.
    fn users(&self, text: &str) -> String {
        let mut parts = text.split(":user/");
        let mut said = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let cut = part.find(|letter: char| !is_of_address(letter) && letter != '/').unwrap_or(part.len());
            let (user, more) = part.split_at(cut);
            said.push_str(":user/");
            match user.rsplit_once('/') {
                Some((path, name)) => {
                    said.push_str(path);
                    said.push('/');
                    said.push_str(&self.name(name));
                }
                None => said.push_str(&self.name(user)),
            }
            said.push_str(more);
        }
        said
    }

    fn name(&self, name: &str) -> String {
        let is_machine = name.split_once('@').is_some_and(|(_, domain)| is_of_machines(domain));
        if name.is_empty() || name == "*" || is_machine { name.to_owned() } else { self.person(name) }
    }

    fn value(&self, value: &mut Value, is_name: bool) {
        match value {
            Value::String(text) if is_name => *text = self.name(text),
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, is_name)),
            Value::Object(fields) => {
                let is_person = fields.contains_key("userPrincipalName");
                for (name, field) in fields.iter_mut() {
                    let names = NAMES.contains(&name.as_str()) && (name != "displayName" || is_person);
                    self.value(field, names);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => (),
        }
    }

    fn record(&self, record: &Record) -> Record {
        let outcome = match &record.outcome {
            Outcome::Answered(body) => match serde_json::from_slice::<Value>(body.bytes()) {
                Ok(mut value) => {
                    self.value(&mut value, false);
                    Outcome::Answered(Body::of(&value))
                }
                // What is no JSON cannot be looked through; it is not given away.
                Err(_) => Outcome::Answered(Body::of(&Value::Null)),
            },
            Outcome::Failed(failure) => {
                let mut failure = failure.clone();
                failure.message = self.text(&failure.message);
                Outcome::Failed(failure)
            }
        };
        let params = record.params.iter().map(|(name, value)| {
            let is_user = ["user", "UserName", "user_name"].contains(&name.as_str());
            (name.clone(), if is_user { self.name(&self.text(value)) } else { self.text(value) })
        });
        Record { params: params.collect(), outcome, ..record.clone() }
    }
}

fn is_of_address(letter: char) -> bool {
    letter.is_alphanumeric() || "@.+-_%=".contains(letter)
}

/// Whether a name was given here, with a domain or without.
fn is_pseudonym(name: &str) -> bool {
    let is_digit = |letter: &char| matches!(letter, '0'..='9' | 'a'..='f');
    name.strip_prefix(PERSON).and_then(|rest| rest.split_at_checked(DIGITS)).is_some_and(|(digits, more)| {
        digits.chars().all(|letter| is_digit(&letter)) && (more.is_empty() || more.starts_with('@'))
    })
}

/// Whether a text behind an `@` is a domain and nobody's handle.
fn is_domain(text: &str) -> bool {
    text.contains('.') && !text.contains('@')
}

/// Whether the addresses of a domain name machines.
fn is_of_machines(domain: &str) -> bool {
    let is_of = |end: &str| domain.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    MACHINES.iter().any(|end| is_of(end))
}

/// Whether what stands around an `@` is a machine, an image or a domain alone.
fn is_no_person(name: &str, domain: &str) -> bool {
    DIGESTS.contains(&domain) || is_of_machines(domain) || (name.is_empty() && is_domain(domain))
}

/// Whether a session is called by the instance that has the role.
fn is_instance(name: &str) -> bool {
    name.strip_prefix("i-").is_some_and(|id| id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Who answered, where a line of a file says it, and what stands before: `by: "ana"  # or ben`.
fn answerer(line: &str) -> Option<(&str, String)> {
    let rest = line.trim_start_matches([' ', '-']);
    let (indent, _) = line.split_at_checked(line.len() - rest.len())?;
    let written = rest.strip_prefix("by:").filter(|more| more.is_empty() || more.starts_with(char::is_whitespace))?;
    let written = written.trim();
    let before = |text: &str, mark: &str| text.split(mark).next().unwrap_or_default().to_owned();
    let name = match (written.strip_prefix('"'), written.strip_prefix('\'')) {
        (Some(quoted), _) => before(quoted, "\""),
        // Two of them stand for one.
        (None, Some(quoted)) => before(&quoted.replace("''", "\0"), "'").replace('\0', "'"),
        (None, None) => before(written, " #").trim_end().to_owned(),
    };
    Some((indent, name))
}

/// Whether a line of a file names a thing that has to be called so.
fn names_a_thing(line: &str) -> bool {
    let key = line.trim_start_matches([' ', '-']).split_once(':').map(|(key, _)| key);
    key.is_some_and(|key| THINGS.contains(&key))
}

/// How somebody is called in a text: as a file says it, and without the handle or the address behind: `Ana Lopes (@ana)`.
fn called(name: &str) -> impl Iterator<Item = &str> {
    let cut = [" (", " <", " @"].into_iter().filter_map(|mark| name.find(mark)).min();
    std::iter::once(name).chain(cut.and_then(|at| name.get(..at)).map(str::trim))
}

/// Where a name stands in a text as whole words, whatever the case of its letters is.
fn stands(text: &str, name: &str) -> Option<usize> {
    if name.is_empty() {
        return None;
    }
    let (text_small, name_small) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let is_inside =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || "-_".contains(letter));
    let (first, last) = (name.chars().next(), name.chars().next_back());
    text_small.match_indices(&name_small).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !(is_inside(first) && is_inside(before) || is_inside(last) && is_inside(after))
    })
}

impl Profile {
    /// What the manifest calls it: name and version.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Internal => "internal/1",
            Self::Auditor(_) => "auditor/2",
        }
    }

    /// A snapshot as this profile shows it. Judge this one: what is judged is what is given away.
    pub fn snapshot(&self, snapshot: Snapshot) -> Snapshot {
        match self {
            Self::Internal => snapshot,
            Self::Auditor(names) => {
                snapshot.with_records(snapshot.records().iter().map(|record| names.record(record)).collect())
            }
        }
    }

    /// A file of answers as this profile shows it. Read the answers from this one: what is judged is what is given away.
    pub fn answers(&self, text: String) -> String {
        match self {
            Self::Internal => text,
            Self::Auditor(names) => names.answers(&text),
        }
    }

    /// A policy as this profile shows it: the people of waivers have pseudonyms, and principals are matched as they are
    /// shown.
    pub fn policy(&self, policy: &Policy) -> Policy {
        let Self::Auditor(names) = self else { return policy.clone() };
        let people = Self::people(policy);
        let waiver = |waiver: &Waiver| Waiver {
            owner: names.person(&waiver.owner),
            approver: names.person(&waiver.approver),
            subject: waiver.subject.as_ref().map(|subject| names.text(subject)),
            reason: names.told(&waiver.reason, &people),
            ..waiver.clone()
        };
        let texts = |set: &BTreeSet<String>| set.iter().map(|text| names.text(text)).collect();
        Policy {
            waivers: policy.waivers.iter().map(waiver).collect(),
            approved_minters: policy.approved_minters.as_ref().map(texts),
            approved_parties: policy.approved_parties.as_ref().map(texts),
            approved_bindings: texts(&policy.approved_bindings),
            ..policy.clone()
        }
    }

    /// Everybody who has accepted a risk or has answered something.
    pub fn people(policy: &Policy) -> BTreeSet<&str> {
        let waivers = policy.waivers.iter().flat_map(|waiver| [&waiver.owner, &waiver.approver]);
        let answers = policy.answers.entries().iter().map(|answer| &answer.by);
        waivers.chain(answers).map(String::as_str).collect()
    }

    /// What somebody is called here whom a file calls so.
    pub fn person(&self, name: &str) -> String {
        match self {
            Self::Internal => name.to_owned(),
            Self::Auditor(names) => names.person(name),
        }
    }

    /// The first of some people whom a text calls by name, where this profile has pseudonyms for them.
    pub fn named<'n>(&self, text: &str, people: &BTreeSet<&'n str>) -> Option<&'n str> {
        match self {
            Self::Internal => None,
            Self::Auditor(_) => {
                let is_there = |name: &&str| called(name).any(|word| stands(text, word).is_some());
                people.iter().copied().find(is_there)
            }
        }
    }
}

impl Pseudonyms {
    /// A file of answers in which those who answered have pseudonyms, wherever they stand in it. Each `by` must stand on a line
    /// of its own.
    pub fn answers(&self, text: &str) -> String {
        let answered: Vec<String> = text.lines().filter_map(answerer).map(|(_, name)| name).collect();
        let people = answered.iter().map(String::as_str).collect();
        let mut said = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            match answerer(line) {
                Some((indent, name)) => said.extend([indent, "by: ", &self.person(&name), "\n"]),
                None if names_a_thing(line) => said.push_str(&self.text(line)),
                None => said.push_str(&self.told(line, &people)),
            }
        }
        said
    }

    /// Somebody who is known to be a person, whatever the name looks like. Of an address alone the domain stays.
    fn person(&self, name: &str) -> String {
        let name = name.trim();
        let handle = name.strip_prefix('@').filter(|handle| !handle.is_empty()).unwrap_or(name);
        if is_pseudonym(handle) {
            return handle.to_owned();
        }
        match name.split_once('@') {
            Some((local, domain)) if !local.is_empty() && is_domain(domain) && name.chars().all(is_of_address) => {
                format!("{}@{domain}", self.of(local))
            }
            Some(_) | None => self.of(handle),
        }
    }

    /// Words of somebody about people whom we know: their names are pseudonyms too.
    fn told(&self, text: &str, people: &BTreeSet<&str>) -> String {
        let each = people.iter().flat_map(|name| called(name).map(|word| (word, *name)));
        let mut each: Vec<(&str, &str)> = each.collect();
        // A name that another one begins with comes after it.
        each.sort_by_key(|(word, _)| Reverse(word.len()));
        let mut said = text.to_owned();
        for (word, name) in each {
            let (mut done, mut rest) = (String::new(), said.as_str());
            while let Some((before, more)) = stands(rest, word).and_then(|at| rest.split_at_checked(at)) {
                done.extend([before, &self.person(name)]);
                rest = more.get(word.len()..).unwrap_or_default();
            }
            done.push_str(rest);
            said = done;
        }
        self.text(&said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Pseudonyms {
        Pseudonyms::new("a key of the organisation").unwrap()
    }

    #[test]
    fn people_have_one_pseudonym_everywhere_and_machines_keep_their_names() {
        let names = names();
        let ana = names.of("ana");
        for (text, said) in [
            ("user:ana@acme.example", format!("user:{ana}@acme.example")),
            ("Ana@acme.example, ana@acme.example", format!("{ana}@acme.example, {ana}@acme.example")),
            ("arn:aws:iam::111122223333:user/ana", format!("arn:aws:iam::111122223333:user/{ana}")),
            ("[arn:aws:iam::1:user/ops/ana]", format!("[arn:aws:iam::1:user/ops/{ana}]")),
            ("arn:aws:iam::1:user/*", "arn:aws:iam::1:user/*".to_owned()),
            (
                "serviceAccount:node@p.iam.gserviceaccount.com",
                "serviceAccount:node@p.iam.gserviceaccount.com".to_owned(),
            ),
            ("image@sha256:0123", "image@sha256:0123".to_owned()),
            ("*@acme.example and @acme.example", "*@acme.example and @acme.example".to_owned()),
            ("no name", "no name".to_owned()),
            ("ask ana@acme.example.", format!("ask {ana}@acme.example.")),
            ("ssh-rsa AAAA ana@laptop", format!("ssh-rsa AAAA {}", names.of("ana@laptop"))),
            ("ask @ana.", format!("ask @{ana}.")),
            ("arn:aws:iam::1:user/ana@corp", format!("arn:aws:iam::1:user/{}", names.of("ana@corp"))),
            ("arn:aws:iam::1:user/person-ana", format!("arn:aws:iam::1:user/{}", names.of("person-ana"))),
            (
                "arn:aws:sts::1:assumed-role/r/ana@corp",
                format!("arn:aws:sts::1:assumed-role/r/{}", names.of("ana@corp")),
            ),
            (
                "arn:aws:sts::1:assumed-role/r/i-am-ana",
                format!("arn:aws:sts::1:assumed-role/r/{}", names.of("i-am-ana")),
            ),
            (
                "arn:aws:sts::1:assumed-role/r/i-0a1b2c3d4e5f6a7b8",
                "arn:aws:sts::1:assumed-role/r/i-0a1b2c3d4e5f6a7b8".to_owned(),
            ),
            (
                "arn:aws:sts::1:assumed-role/r/node@p.iam.gserviceaccount.com",
                "arn:aws:sts::1:assumed-role/r/node@p.iam.gserviceaccount.com".to_owned(),
            ),
            ("ana@evilgserviceaccount.com", format!("{ana}@evilgserviceaccount.com")),
        ] {
            assert_eq!(names.text(text), said);
            assert_eq!(names.text(&said), said, "it is the same a second time");
        }
        let other = Pseudonyms::new("a key of another organisation").unwrap();
        assert_ne!(other.of("ana"), ana);
        assert!(Pseudonyms::new("short").is_none());
    }

    #[test]
    fn whoever_answered_has_a_pseudonym() {
        let text = "answers:\n  - control: BK-01\n    by: \"ana\"\n    note: ask ben@acme.example\n  - by: ana\n";
        let said = names().answers(text);
        let ana = names().of("ana");
        assert_eq!(said.matches(&format!("by: {ana}\n")).count(), 2, "{said}");
        assert!(!said.contains("ben@") && said.contains("control: BK-01"), "{said}");
    }

    #[test]
    fn a_person_has_a_pseudonym_whatever_the_name_looks_like() {
        let names = names();
        for name in [
            "ana",
            "ana@corp",
            "@ben-security",
            "Ana Lopes (@ana)",
            "Jonas Weber @sre",
            "Ana Lopes <ana@acme.example>",
            "ana@lopes@acme.example",
            "node@p.iam.gserviceaccount.com",
            "image@sha256",
            "@acme.example",
            "person-ana",
        ] {
            let said = names.person(name);
            assert!(is_pseudonym(&said) && !said.contains(name), "{name}: {said}");
            assert_eq!(names.person(&said), said, "it is the same a second time");
        }
        assert_eq!(names.person(" ana@acme.example"), format!("{}@acme.example", names.of("ana")));
        assert_eq!(names.person("@ana"), names.person("Ana"));
    }

    #[test]
    fn nobody_of_a_policy_is_called_by_name() {
        let waiver = |owner: &str, approver: &str, reason: &str| Waiver {
            control: "CP-01".to_owned(),
            cluster: "ana".to_owned(),
            subject: None,
            owner: owner.to_owned(),
            approver: approver.to_owned(),
            reason: reason.to_owned(),
            until: jiff::Timestamp::UNIX_EPOCH,
            approved: None,
            covers: None,
        };
        let policy = Policy {
            waivers: vec![
                waiver(
                    "ana@corp",
                    "@ben-security",
                    "banana. Ana Lopes (@ana) and ANA@corp asked @ben-security, ana-1.",
                ),
                waiver(
                    "Ana Lopes (@ana)",
                    "Jonas Weber @sre",
                    "until Jonas Weber @sre is back (ask Ana Lopes); else mail eva@acme.example",
                ),
            ],
            ..Policy::default()
        };
        let profile = Profile::Auditor(names());
        let shown = profile.policy(&policy);
        let (text, people) = (crate::write_policy(&shown), Profile::people(&policy));
        assert_eq!(people.len(), 4);
        assert_eq!(profile.named(&text, &people), None, "{text}");
        assert!(
            !text.contains("eva")
                && !text.contains("Lopes")
                && text.contains("banana. person-")
                && text.contains(", ana-1."),
            "{text}"
        );
        assert!(text.contains("\"cluster\": \"ana\""), "what has a name keeps it: {text}");
        assert_eq!(profile.policy(&shown), shown);
        assert_eq!(Profile::Internal.policy(&policy), policy);
        assert_eq!(profile.named("so said ANA@CORP", &people), Some("ana@corp"));
        assert_eq!(profile.named("so said Jonas Weber", &people), Some("Jonas Weber @sre"));
        assert_eq!(Profile::Internal.named("so said ana@corp", &people), None);
    }

    #[test]
    fn whoever_answered_has_a_pseudonym_in_every_place_of_the_file() {
        let text = "# asked Lin Zhao and @sre\nanswers:\n  - control: BK-01\n    cluster: sre\n    by: Lin Zhao  # deputy is Eva\n    \
                    note: Lin Zhao was there\n    evidence: https://wiki.example/jonas@corp/x\n  - by: 'Pat O''Brien'\n    \
                    note: \"call Pat O'Brien\"\n  - by: jonas@corp\n  - by: '@sre'\n  - by:\n";
        let names = names();
        let said = names.answers(text);
        for person in ["Lin Zhao", "Pat O'Brien", "jonas@corp", "@sre"] {
            assert!(said.contains(&format!("by: {}\n", names.person(person))), "{person}: {said}");
            assert_eq!(stands(&said.replace("cluster: sre", ""), person), None, "{person}: {said}");
        }
        assert!(said.contains("cluster: sre\n") && !said.contains("Eva"), "{said}");
    }

    #[test]
    fn members_that_name_people_are_pseudonyms_and_names_of_things_are_not() {
        let mut body = json!({
            "UserName": "ana",
            "value": [{ "displayName": "Ana Lee", "userPrincipalName": "ana@acme.example" }, { "displayName": "role" }],
            "users": [{ "UserName": "ana@corp", "displayName": "Ana Lee @sre", "userPrincipalName": "@ana" }],
        });
        names().value(&mut body, false);
        let text = body.to_string();
        assert!(!text.contains("ana") && !text.contains("Ana") && text.contains("role"), "{text}");
    }
}
