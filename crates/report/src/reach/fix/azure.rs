//! Changes of network security groups as commands of the program `az`, ready to be run.
//!
//! Every name comes from the cloud and is hostile: it is written so that a shell reads it as one word, or no command is told.

use super::shell;
use crate::plain;
use palisade_reach::{AddrSet, Chain, Change, Gate, Layer, MOST_PREFIXES, PacketSet, Path, Protocol, RuleId};

/// The highest priority number that a written rule may have, and the lowest.
const LAST: u16 = 4096;
const FIRST: u16 = 100;

/// The commands that make a change in a layer of a path; nothing where no command says it exactly.
pub(super) fn commands(path: &Path, layer: &str, change: &Change, unwanted: &PacketSet) -> Vec<String> {
    let group = find(&path.layers, layer).and_then(Group::of);
    group.and_then(|group| group.commands(change, unwanted, path)).unwrap_or_default()
}

fn find<'p>(layers: &'p [Layer], name: &str) -> Option<&'p Layer> {
    layers.iter().find_map(|layer| match &layer.gate {
        _ if *layer.name == *name => Some(layer),
        Gate::Ahead { guarded, .. } => find(guarded, name),
        Gate::Fixed { .. } | Gate::FirstMatch(_) | Gate::AnyAllow(_) | Gate::Tiers(_) | Gate::Routes(_) => None,
    })
}

/// A network security group with the rules that were looked at.
struct Group<'p> {
    /// `--subscription … --resource-group … --nsg-name …`
    place: String,
    name: &'p str,
    chain: &'p Chain,
}

impl<'p> Group<'p> {
    fn of(layer: &'p Layer) -> Option<Self> {
        let Gate::FirstMatch(chain) = &layer.gate else { return None };
        let all: Vec<&str> = layer.held_by.as_deref()?.trim_matches('/').split('/').collect();
        let [subscriptions, subscription, groups, group, providers, provider, kind, name] = all.as_slice() else {
            return None;
        };
        let is = |text: &str, wanted: &str| text.eq_ignore_ascii_case(wanted);
        let is_group = is(subscriptions, "subscriptions")
            && is(groups, "resourceGroups")
            && is(providers, "providers")
            && is(provider, "Microsoft.Network")
            && is(kind, "networkSecurityGroups");
        if !is_group {
            return None;
        }
        let (subscription, group) = (option("--subscription", subscription)?, option("--resource-group", group)?);
        Some(Self { place: format!("{subscription} {group} {}", option("--nsg-name", name)?), name, chain })
    }

    /// The priority and the name of a rule that somebody wrote; nothing for a default one, which cannot be changed.
    fn written(&self, rule: &RuleId) -> Option<(u16, String)> {
        let text = rule.as_str();
        let rest = text.get(4..).filter(|_| text.starts_with("nsg "))?;
        let named = rest.get(..self.name.len()).is_some_and(|start| start.eq_ignore_ascii_case(self.name));
        let (priority, name) =
            rest.get(self.name.len()..).filter(|_| named)?.strip_prefix(" rule ")?.split_once(' ')?;
        Some((priority.parse().ok()?, name.to_owned()))
    }

    fn commands(&self, change: &Change, unwanted: &PacketSet, path: &Path) -> Option<Vec<String>> {
        match change {
            Change::Remove { rule } => {
                let (_, name) = self.written(rule)?;
                Some(vec![format!("az network nsg rule delete {} {}", self.place, option("--name", &name)?)])
            }
            Change::Narrow { rule, leaves } => {
                let narrowed = self.written(rule).and_then(|(_, name)| self.narrow(&name, leaves));
                match narrowed {
                    Some(command) => Some(vec![command]),
                    // What is left cannot be said in one rule: a rule before it says what is taken away.
                    None => self.deny(Some(rule), unwanted, path),
                }
            }
            Change::Deny { before, packets } => self.deny(before.as_ref(), packets, path),
        }
    }

    /// One rule that admits what is left, when it is the same sources on all ports of one protocol.
    fn narrow(&self, name: &str, leaves: &PacketSet) -> Option<String> {
        let left =
            |(_, protocol): (&str, Protocol)| (!leaves.ports_by_sources(protocol).is_empty()).then_some(protocol);
        let open: Vec<Protocol> = protocols().filter_map(left).collect();
        let [protocol] = open.as_slice() else { return None };
        // Others than these three would be left out.
        let only =
            PacketSet::of(palisade_reach::Protocols::One(*protocol), &palisade_reach::Ports::full(), &AddrSet::all());
        if !leaves.subtract(&only).is_empty() {
            return None;
        }
        let groups = leaves.ports_by_sources(*protocol);
        let [(ports, sources)] = groups.as_slice() else { return None };
        let prefixes = prefixes(sources)?;
        let ports = ranges(ports.intervals());
        let name = option("--name", name)?;
        Some(format!(
            "az network nsg rule update {} {name} --destination-port-ranges {ports} --source-address-prefixes {prefixes}",
            self.place
        ))
    }

    /// Rules directly before another that deny some packets, one for each protocol and set of sources.
    fn deny(&self, before: Option<&RuleId>, packets: &PacketSet, path: &Path) -> Option<Vec<String>> {
        let taken: Vec<u16> =
            self.chain.rules.iter().filter_map(|rule| self.written(&rule.id)).map(|(priority, _)| priority).collect();
        let limit = before.and_then(|rule| self.written(rule)).map_or(LAST + 1, |(priority, _)| priority);
        // Nothing that was looked at may stand between, and no number is used twice.
        let floor = taken.iter().copied().filter(|priority| *priority < limit).max().unwrap_or(FIRST - 1);
        let mut free = (floor + 1..limit).rev().filter(|priority| *priority >= FIRST && !taken.contains(priority));
        let arriving = path.sessions().any_port.upper().intersect(packets);
        let mut commands = Vec::new();
        for (word, protocol) in protocols() {
            for (ports, sources) in packets.ports_by_sources(protocol) {
                // What does not arrive needs no rule; of what does, the whole set is denied, which is written shorter.
                if arriving.sources_over(protocol, &ports).is_empty() {
                    continue;
                }
                let (prefixes, priority) = (from(&sources)?, free.next()?);
                commands.push(format!(
                    "az network nsg rule create {} --name palisade-deny-{} --priority {priority} --direction Inbound --access \
                     Deny --protocol {word} --destination-port-ranges {} --source-address-prefixes {prefixes}",
                    self.place,
                    word.to_ascii_lowercase() + "-" + &priority.to_string(),
                    ranges(ports.intervals())
                ));
            }
        }
        (!commands.is_empty()).then_some(commands)
    }
}

fn protocols() -> impl Iterator<Item = (&'static str, Protocol)> {
    [("Tcp", Protocol::TCP), ("Udp", Protocol::UDP)].into_iter()
}

/// Sources of the internet as a rule writes them: the tag for all of them, which leaves the network itself alone.
fn from(sources: &AddrSet) -> Option<String> {
    let internet = palisade_reach::internet();
    if internet.is_subset(sources) {
        return Some("Internet".to_owned());
    }
    prefixes(sources)
}

fn prefixes(sources: &AddrSet) -> Option<String> {
    let nets = sources.to_nets();
    (!nets.is_empty() && nets.len() <= MOST_PREFIXES)
        .then(|| nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

fn ranges(ranges: &[(u16, u16)]) -> String {
    let one = |(first, last): &(u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    ranges.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// An option with its value as one word each; nothing for a value that no terminal may be shown.
fn option(name: &str, value: &str) -> Option<String> {
    let word = word(value)?;
    // What begins with a dash would be taken for an option of its own.
    let between = if value.starts_with('-') { "=" } else { " " };
    Some(format!("{name}{between}{word}"))
}

/// A text as one word of a shell. Nothing is left out of a name or written otherwise: the command would be about
/// something else.
fn word(text: &str) -> Option<String> {
    (!text.is_empty() && plain(text) == text).then(|| shell::word(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_reach::{Action, Bounds, PortedRule, Ports, Protocols, parse_net};
    use std::process::Command;

    const NSG: &str = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nodes";

    fn nets(texts: &[&str]) -> AddrSet {
        AddrSet::from_nets(texts.iter().map(|text| parse_net(text).unwrap()))
    }

    fn tcp(ports: &[(u16, u16)], from: &[&str]) -> PacketSet {
        PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_ranges(ports.iter().copied()), &nets(from))
    }

    fn path(holder: &str, rules: &[(&str, Action, PacketSet)]) -> Path {
        let rule = |(id, action, packets): &(&str, Action, PacketSet)| PortedRule {
            id: RuleId::from(*id),
            action: *action,
            matches: Bounds::exact(packets.clone()),
            source_ports: Ports::full(),
        };
        let chain = Chain { rules: rules.iter().map(rule).collect(), default: Action::Deny };
        Path::new("p", vec![Layer::new("nsg", Gate::FirstMatch(chain)).held_by(holder)])
    }

    fn open() -> Path {
        let rules = [
            ("nsg nodes rule 100 office", Action::Allow, tcp(&[(22, 22)], &["203.0.113.0/24"])),
            ("nsg nodes rule 200 ssh", Action::Allow, tcp(&[(22, 22)], &["0.0.0.0/0"])),
        ];
        path(NSG, &rules)
    }

    const PLACE: &str = "--subscription s-1 --resource-group rg --nsg-name nodes";

    #[test]
    fn a_rule_is_removed_by_its_own_name_in_its_own_group() {
        let remove = Change::Remove { rule: "nsg nodes rule 200 ssh".into() };
        let told = commands(&open(), "nsg", &remove, &PacketSet::empty());
        assert_eq!(told, [format!("az network nsg rule delete {PLACE} --name ssh")]);
        // Nobody can remove what Azure puts into every group.
        let default = Change::Remove { rule: "nsg nodes default rule AllowVnetInBound".into() };
        assert!(commands(&open(), "nsg", &default, &PacketSet::empty()).is_empty());
    }

    #[test]
    fn a_rule_is_narrowed_to_the_prefixes_that_are_left() {
        let leaves = tcp(&[(20, 21), (23, 25)], &["10.0.0.0/8", "203.0.113.0/24"]);
        let told = commands(
            &open(),
            "nsg",
            &Change::Narrow { rule: "nsg nodes rule 200 ssh".into(), leaves },
            &PacketSet::empty(),
        );
        assert_eq!(
            told,
            [format!(
                "az network nsg rule update {PLACE} --name ssh --destination-port-ranges 20-21 23-25 --source-address-prefixes 10.0.0.0/8 203.0.113.0/24"
            )]
        );
    }

    #[test]
    fn what_one_rule_cannot_say_is_denied_before_it_with_a_number_that_is_free() {
        let leaves = tcp(&[(22, 22)], &["10.0.0.0/8"]).union(&tcp(&[(80, 80)], &["0.0.0.0/0"]));
        let change = Change::Narrow { rule: "nsg nodes rule 200 ssh".into(), leaves };
        let everybody = PacketSet::of(Protocols::One(Protocol::TCP), &Ports::from_range(22, 22), &AddrSet::all());
        let told = commands(&open(), "nsg", &change, &everybody);
        assert_eq!(
            told,
            [format!(
                "az network nsg rule create {PLACE} --name palisade-deny-tcp-199 --priority 199 --direction Inbound --access Deny --protocol Tcp --destination-port-ranges 22 --source-address-prefixes Internet"
            )]
        );
        // Between 100 and 101 there is no number left.
        let rules = [
            ("nsg nodes rule 100 office", Action::Allow, tcp(&[(22, 22)], &["203.0.113.0/24"])),
            ("nsg nodes rule 101 ssh", Action::Allow, tcp(&[(22, 22)], &["0.0.0.0/0"])),
        ];
        let deny = Change::Deny { before: Some("nsg nodes rule 101 ssh".into()), packets: everybody };
        assert!(commands(&path(NSG, &rules), "nsg", &deny, &PacketSet::empty()).is_empty());
    }

    #[test]
    fn a_group_that_is_not_named_has_no_commands() {
        let remove = Change::Remove { rule: "nsg nodes rule 200 ssh".into() };
        for odd in [
            "",
            "/subscriptions/s/resourceGroups/g",
            "/x/y/z",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/nodes",
        ] {
            let rules = [("nsg nodes rule 200 ssh", Action::Allow, tcp(&[(22, 22)], &["0.0.0.0/0"]))];
            assert!(commands(&path(odd, &rules), "nsg", &remove, &PacketSet::empty()).is_empty(), "{odd}");
        }
    }

    /// What a shell makes of a command: its words.
    #[expect(clippy::disallowed_methods, reason = "only a shell knows what a shell makes of a text")]
    fn words(command: &str) -> Vec<String> {
        let script = format!("az() {{ for word in \"$@\"; do printf '%s\\n' \"$word\"; done; }}\n{command}");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{command}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_hostile_name_is_one_word_of_the_shell_and_nothing_else() {
        for name in
            ["ssh; rm -rf /", "$(id)", "`id`", "it's", "a b", "\\", "*", "|tee", "&", "#", "~root", "!!", "'\"'", "ünï"]
        {
            let id = format!("nsg nodes rule 200 {name}");
            let rules = [(id.as_str(), Action::Allow, tcp(&[(22, 22)], &["0.0.0.0/0"]))];
            let remove = Change::Remove { rule: id.as_str().into() };
            let told = commands(&path(NSG, &rules), "nsg", &remove, &PacketSet::empty());
            let expected = [
                "network",
                "nsg",
                "rule",
                "delete",
                "--subscription",
                "s-1",
                "--resource-group",
                "rg",
                "--nsg-name",
                "nodes",
                "--name",
                name,
            ];
            assert_eq!(words(&told[0]), expected, "{told:?}");
        }
        // What begins with a dash is no option, and what moves the cursor is in no command.
        let dashed = "nsg nodes rule 200 --yes";
        let rules = [(dashed, Action::Allow, tcp(&[(22, 22)], &["0.0.0.0/0"]))];
        let told = commands(&path(NSG, &rules), "nsg", &Change::Remove { rule: dashed.into() }, &PacketSet::empty());
        assert_eq!(words(&told[0]).last().map(String::as_str), Some("--name=--yes"));
        for odd in ["a\u{1b}[2J", "a\nb", "\u{202e}a", ""] {
            assert_eq!(word(odd), None, "{odd:?}");
        }
    }
}
