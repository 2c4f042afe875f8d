//! Who is told apart from whom, and who is called by name.

use aws_lc_rs::hmac;
use palisade_engine::{Policy, Waiver};
use palisade_provider::{Body, Outcome, Record, Snapshot};
use serde_json::Value;
use std::sync::Arc;

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

/// Domains whose addresses name machines: their names are what controls look at.
const MACHINES: [&str; 2] = ["gserviceaccount.com", "amazonaws.com"];

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
        format!("person-{digits}")
    }

    /// A text in which addresses of people and names of IAM users are pseudonyms. Domains stay: controls look at them.
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
                Some((role, name)) if name != "palisade" && !name.starts_with("i-") && !name.contains('@') => {
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
        match word.split_once('@') {
            Some((name, domain))
                if !name.is_empty() && domain.contains('.') && !MACHINES.iter().any(|end| domain.ends_with(end)) =>
            {
                said.push_str(&self.of(name));
                said.push('@');
                said.push_str(domain);
            }
            Some(_) | None => said.push_str(word),
        }
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
        if name.is_empty() || name == "*" || name.starts_with("person-") { name.to_owned() } else { self.of(name) }
    }

    fn value(&self, value: &mut Value, is_name: bool) {
        match value {
            Value::String(text) if is_name && !text.contains('@') => *text = self.name(text),
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

impl Profile {
    /// What the manifest calls it: name and version.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Internal => "internal/1",
            Self::Auditor(_) => "auditor/1",
        }
    }

    /// A snapshot as this profile shows it. Judge this one: what is judged is what is given away.
    pub fn snapshot(&self, snapshot: Snapshot) -> Snapshot {
        match self {
            Self::Internal => snapshot,
            Self::Auditor(names) => Snapshot::new(
                snapshot.target.clone(),
                snapshot.provider,
                snapshot.scope.clone(),
                (snapshot.started_at, snapshot.finished_at),
                snapshot.records().iter().map(|record| names.record(record)).collect(),
            ),
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
        let waiver = |waiver: &Waiver| Waiver {
            owner: names.person(&waiver.owner),
            approver: names.person(&waiver.approver),
            subject: waiver.subject.as_ref().map(|subject| names.text(subject)),
            reason: names.text(&waiver.reason),
            ..waiver.clone()
        };
        let texts = |set: &std::collections::BTreeSet<String>| set.iter().map(|text| names.text(text)).collect();
        Policy {
            waivers: policy.waivers.iter().map(waiver).collect(),
            approved_minters: policy.approved_minters.as_ref().map(texts),
            approved_parties: policy.approved_parties.as_ref().map(texts),
            approved_bindings: texts(&policy.approved_bindings),
            ..policy.clone()
        }
    }
}

impl Pseudonyms {
    /// A file of answers in which those who answered have pseudonyms. Each `by` must stand on a line of its own.
    pub fn answers(&self, text: &str) -> String {
        let mut said = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let indent: String = line.chars().take_while(|letter| " -".contains(*letter)).collect();
            let rest = line.strip_prefix(indent.as_str()).unwrap_or(line);
            match rest.strip_prefix("by:") {
                Some(name) => {
                    let name = name.trim().trim_matches(['"', '\'']);
                    said.extend([indent.as_str(), "by: ", &self.person(name), "\n"]);
                }
                None => said.push_str(&self.text(line)),
            }
        }
        said
    }

    fn person(&self, name: &str) -> String {
        if name.contains('@') { self.text(name) } else { self.of(name) }
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
            ("no name", "no name".to_owned()),
        ] {
            assert_eq!(names.text(text), said);
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
    fn members_that_name_people_are_pseudonyms_and_names_of_things_are_not() {
        let mut body = json!({
            "UserName": "ana",
            "value": [{ "displayName": "Ana Lee", "userPrincipalName": "ana@acme.example" }, { "displayName": "role" }],
        });
        names().value(&mut body, false);
        let text = body.to_string();
        assert!(!text.contains("ana") && !text.contains("Ana") && text.contains("role"), "{text}");
    }
}
