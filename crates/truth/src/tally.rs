//! What comparing found.

use crate::packet::{Answer, Packet, is_of_the_internet};
use palisade_reach::{AddrSet, Bounds, PacketSet, Protocol};
use std::{collections::BTreeMap, fmt, net::IpAddr};

/// What was compared, over any number of fleets.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Fleets that were run.
    pub fleets: u64,
    /// Packets to nodes and to API servers that were compared.
    pub packets: u64,
    /// Of these, packets of which the truth is known and the engine knew it.
    pub exact: u64,
    /// Of these, packets that the truth lets through.
    pub through: u64,
    /// Of these, packets of which the documentation says too little for a truth.
    pub open: u64,
    /// Actions and capabilities of identities that were compared.
    pub decisions: u64,
    /// Of these, decisions of which the truth is known and the engine knew it.
    pub decided: u64,
    /// Of these, decisions that allow.
    pub allowed: u64,
    /// Every difference, worded.
    pub differences: Vec<String>,
    /// Why answers were not exact, by how many packets.
    pub reasons: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds another tally to this one.
    pub fn add(&mut self, other: Self) {
        self.fleets += other.fleets;
        self.packets += other.packets;
        self.exact += other.exact;
        self.through += other.through;
        self.open += other.open;
        self.decisions += other.decisions;
        self.decided += other.decided;
        self.allowed += other.allowed;
        self.differences.extend(other.differences);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// One packet to a node, by what is known of its exposure. Of a packet about which some rule is vague the engine
    /// need not know as much as one can by going through the cases.
    pub(crate) fn packet(
        &mut self,
        whose: &str,
        known: &Bounds<PacketSet>,
        packet: Packet,
        truth: Answer,
        vague: bool,
    ) {
        let asked =
            palisade_reach::Packet { source: packet.source, protocol: Protocol(packet.protocol), port: packet.port };
        let within = (known.lower().contains(asked), known.upper().contains(asked));
        self.judge(within, truth, vague, &|| format!("{whose}: {packet}"));
    }

    /// One client of an API server.
    pub(crate) fn client(&mut self, whose: &str, known: &Bounds<AddrSet>, source: IpAddr, truth: Answer) {
        // What a list says of addresses that are not the internet's does not count.
        if !is_of_the_internet(source) {
            return;
        }
        let holds = |set: &AddrSet| set.contains(source);
        let within = (holds(known.lower()), holds(known.upper()));
        self.judge(within, truth, false, &|| format!("{whose}: {source}"));
    }

    fn judge(&mut self, (surely, maybe): (bool, bool), truth: Answer, vague: bool, what: &dyn Fn() -> String) {
        self.packets += 1;
        match truth {
            Answer::Yes | Answer::No => {
                let yes = truth == Answer::Yes;
                self.through += u64::from(yes);
                self.exact += u64::from(surely == yes && maybe == yes);
                if surely && !yes {
                    self.differ(&what(), "surely gets through", "does not");
                } else if yes && !maybe {
                    self.differ(&what(), "surely does not get through", "does");
                } else if surely != maybe && vague {
                    self.open += 1;
                } else if surely != maybe {
                    self.differ(&what(), "may get through", if yes { "does" } else { "does not" });
                }
            }
            Answer::Open => {
                self.open += 1;
                if surely == maybe {
                    let said = if surely { "surely gets through" } else { "surely does not get through" };
                    self.differ(&what(), said, "left open by the documentation");
                }
            }
        }
    }

    /// One decision: what the engine says and what is true.
    pub(crate) fn decision(&mut self, what: &str, said: Answer, truth: Answer) {
        self.decisions += 1;
        self.allowed += u64::from(truth == Answer::Yes);
        self.decided += u64::from(said == truth && truth != Answer::Open);
        let words = |answer| match answer {
            Answer::Yes => "allowed",
            Answer::No => "denied",
            Answer::Open => "conditional",
        };
        if said != truth {
            self.differ(what, words(said), words(truth));
        }
    }

    pub(crate) fn differ(&mut self, what: &str, said: &str, truth: &str) {
        self.differences.push(format!("{what}: the engine says {said}, the truth is: {truth}"));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: u64, whole: u64| {
            let tenths = (part * 1000).checked_div(whole).unwrap_or(1000);
            format!("{}.{} %", tenths / 10, tenths % 10)
        };
        write!(
            f,
            "{} fleets: {} packets compared ({} get through, {} left open by the documentation, {} answered exactly), \
             {} decisions compared ({} allow, {} answered exactly), {} differences",
            self.fleets,
            self.packets,
            self.through,
            self.open,
            share(self.exact, self.packets),
            self.decisions,
            self.allowed,
            share(self.decided, self.decisions),
            self.differences.len()
        )
    }
}
