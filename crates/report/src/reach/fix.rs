//! What to change so that machines no longer answer what they should not.

mod azure;
mod gcloud;
mod shell;

use super::{PROTOCOLS, below, pasted};
use crate::paint::Pen;
use palisade_model::{Cluster, Exposure, Pool, Provider};
use palisade_reach::{AddrSet, Change, Fix, PacketSet, Path, Printer, Protocol, RuleId};

/// Whose exposure it is.
pub(super) type Whose<'a> = (&'a Cluster, &'a Pool);

pub(super) fn nodes(whose: Whose<'_>, exposure: &Exposure, unwanted: &PacketSet, pen: Pen, text: &mut String) {
    let open = exposure.internet.upper().intersect(unwanted);
    if open.is_empty() {
        return below(pen, text, "nothing is open that should be closed");
    }
    let printer = Printer::new(exposure.local.clone());
    below(pen, text, &format!("to be closed: {}", packets(&printer, &open)));
    if exposure.paths.is_empty() {
        return below(pen, text, "which change closes it cannot be computed: the ways in were not written down");
    }
    for path in exposure.paths.iter() {
        let fixes = path.fixes(unwanted);
        let wrong = path.sessions().any_port.upper().intersect(unwanted);
        if wrong.is_empty() {
            continue;
        }
        below(pen, text, &format!("to {}, one of:", path.name));
        for fix in &fixes {
            tell(whose, Way { path, unwanted, open: &wrong }, fix, (&printer, pen), text);
        }
        if fixes.is_empty() {
            below(pen, text, "  no single layer closes it");
        }
    }
}

/// A way in, what should not get through it, and what of that does.
#[derive(Clone, Copy)]
struct Way<'a> {
    path: &'a Path,
    unwanted: &'a PacketSet,
    open: &'a PacketSet,
}

fn tell(whose: Whose<'_>, way: Way<'_>, fix: &Fix, (printer, pen): (&Printer, Pen), text: &mut String) {
    below(pen, text, &format!("  - in {}:", fix.layer));
    for change in &fix.changes {
        below(pen, text, &format!("    {}", in_words(change, printer)));
        let commands = match whose.0.provider {
            Provider::Azure => azure::commands(way.path, &fix.layer, change, way.unwanted),
            Provider::Gcp => gcloud::commands(whose, (way.path, &fix.layer), change, way.open),
            Provider::Aws => {
                if let Some(command) = aws(&fix.layer, change) {
                    below(pen, text, &format!("    {command}"));
                }
                continue;
            }
            Provider::Kubernetes => continue,
        };
        for command in commands {
            pasted(text, &command);
        }
    }
    let said = if fix.collateral.is_empty() {
        "closes nothing else".to_owned()
    } else {
        format!("closes as well: {}", packets(printer, &fix.collateral))
    };
    below(pen, text, &format!("    {said}"));
}

/// The change in words that fit every tool.
fn in_words(change: &Change, printer: &Printer) -> String {
    match change {
        Change::Remove { rule } => format!("remove `{rule}`"),
        Change::Narrow { rule, leaves } => {
            let outside = leaves.restrict_sources(&AddrSet::any_outside(&printer.local));
            if outside.is_empty() {
                return format!("let `{rule}` admit no address of the internet");
            }
            format!("let `{rule}` admit from the internet only {}", packets(printer, &outside))
        }
        Change::Deny { before: Some(rule), packets: denied } => {
            format!("before `{rule}`, add a rule that denies {}", packets(printer, denied))
        }
        Change::Deny { before: None, packets: denied } => {
            format!("at the end, add a rule that denies {}", packets(printer, denied))
        }
    }
}

fn packets(printer: &Printer, packets: &PacketSet) -> String {
    let of = |protocol: Protocol| {
        printer.packets(packets, protocol).into_iter().map(move |line| format!("{protocol}/{line}"))
    };
    let lines: Vec<String> = PROTOCOLS.into_iter().flat_map(of).collect();
    if lines.is_empty() { "other protocols".to_owned() } else { lines.join("; ") }
}

fn aws(layer: &str, change: &Change) -> Option<String> {
    let lower = layer.to_ascii_lowercase();
    let id = |rule: &RuleId, prefix: &str| word(&rule.to_string(), prefix).or_else(|| word(layer, prefix));
    Some(match change {
        Change::Remove { rule } | Change::Narrow { rule, .. } if lower.contains("security group") => {
            let group = id(rule, "sg-").unwrap_or_else(|| "GROUP".to_owned());
            let which = word(&rule.to_string(), "sgr-")
                .map_or_else(|| permission(rule), |rule| format!("--security-group-rule-ids {rule}"));
            let again = match change {
                Change::Narrow { .. } => ", after an authorize-security-group-ingress for what stays",
                Change::Remove { .. } | Change::Deny { .. } => "",
            };
            format!("aws ec2 revoke-security-group-ingress --group-id {group} {which}{again}")
        }
        Change::Remove { rule } if lower.contains("acl") => {
            let (acl, number) = (id(rule, "acl-").unwrap_or_else(|| "ACL".to_owned()), number(rule));
            format!("aws ec2 delete-network-acl-entry --network-acl-id {acl} --ingress --rule-number {number}")
        }
        Change::Deny { before, packets } if lower.contains("acl") => {
            let acl = word(layer, "acl-").unwrap_or_else(|| "ACL".to_owned());
            let below = before.as_ref().map_or_else(|| "NUMBER".to_owned(), |rule| format!("BELOW_{}", number(rule)));
            let (protocol, range) = first(packets);
            format!(
                "aws ec2 create-network-acl-entry --network-acl-id {acl} --ingress --rule-number {below} --protocol \
                 {protocol} --port-range From={},To={} --cidr-block CIDR --rule-action deny",
                range.0, range.1
            )
        }
        Change::Remove { .. } if lower.contains("address") => {
            "aws ec2 disassociate-address --association-id ASSOCIATION, or start the machines in a subnet without public addresses"
                .to_owned()
        }
        Change::Remove { .. } | Change::Narrow { .. } | Change::Deny { .. } => return None,
    })
}

/// What a security group's rule says, in the words of the program: `tcp 22 from 0.0.0.0/0`.
fn permission(rule: &RuleId) -> String {
    let said = || {
        let text = rule.to_string();
        let (_, text) = text.split_once(": ")?;
        let (what, source) = text.split_once(" from ")?;
        let (protocol, port) = what.split_once(' ')?;
        let is_simple =
            |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-./:".contains(letter));
        let source_is = if source.starts_with("sg-") { "source-group" } else { "cidr" };
        (is_simple(port) && is_simple(source) && !source.contains(':'))
            .then(|| format!("--protocol {protocol} --port {port} --{source_is} {source}"))
    };
    said().unwrap_or_else(|| "--security-group-rule-ids RULE".to_owned())
}

/// The first protocol and range of ports of some packets.
fn first(packets: &PacketSet) -> (String, (u16, u16)) {
    let found = PROTOCOLS.into_iter().find_map(|protocol| {
        let groups = packets.ports_by_sources(protocol);
        let (group, _) = groups.first()?;
        Some((protocol.to_string(), group.intervals().first().copied()?))
    });
    found.unwrap_or_else(|| ("PROTOCOL".to_owned(), (0, u16::MAX)))
}

/// The first word with a prefix: the id of a rule or group.
fn word(text: &str, prefix: &str) -> Option<String> {
    let is_id = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    text.split(|letter| !is_id(letter)).find(|word| word.starts_with(prefix)).map(str::to_owned)
}

/// The number of a rule of a network ACL: the last number of its name.
fn number(rule: &RuleId) -> String {
    let text = rule.to_string();
    let name = text.split_once(':').map_or(text.as_str(), |(name, _)| name);
    let words = name.split(' ').rev().find(|word| word.parse::<u16>().is_ok());
    words.map_or_else(|| "NUMBER".to_owned(), str::to_owned)
}
