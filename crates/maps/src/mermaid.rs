//! A map as Mermaid, for pages that draw it themselves.

use crate::map::{Map, Tone};
use std::{collections::BTreeMap, fmt::Write as _};

impl Map {
    /// The map as a Mermaid flowchart.
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        let names: BTreeMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(index, node)| (&*node.id, index)).collect();
        for (lane, heading) in self.kind.lanes().iter().enumerate() {
            let _ = writeln!(text, "  subgraph lane{lane} [\"{}\"]", escaped(heading));
            for (index, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.lane == lane) {
                let lines: Vec<String> =
                    [&node.label].into_iter().chain(&node.detail).map(|line| escaped(line)).collect();
                let _ = writeln!(text, "    n{index}[\"{}\"]:::{}", lines.join("<br/>"), node.tone.name());
            }
            text.push_str("  end\n");
        }
        for edge in &self.edges {
            let (Some(from), Some(to)) = (names.get(&*edge.from), names.get(&*edge.to)) else { continue };
            let arrow = match edge.tone {
                Tone::Bad => "==>",
                Tone::Unknown | Tone::Changed => "-.->",
                Tone::Plain | Tone::Good => "-->",
            };
            let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&edge.label)) };
            let _ = writeln!(text, "  n{from} {arrow}{label} n{to}");
        }
        for (tone, style) in [
            (Tone::Plain, "fill:#ffffff,stroke:#8a94a3"),
            (Tone::Good, "fill:#f0f8f3,stroke:#2e8b57"),
            (Tone::Changed, "fill:#eef4fd,stroke:#2f6fd0,stroke-dasharray:8 4"),
            (Tone::Unknown, "fill:#fdf7e6,stroke:#b07d0a,stroke-dasharray:3 3"),
            (Tone::Bad, "fill:#fdeff0,stroke:#c62f3b"),
        ] {
            let _ = writeln!(text, "  classDef {} {style}", tone.name());
        }
        text
    }
}

/// A text inside quotes: whatever could mean something there is written as its number.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_alphanumeric() || " .,:/()-_+=…›×".contains(letter) {
            safe.push(letter);
        } else {
            let _ = write!(safe, "#{};", u32::from(letter));
        }
    }
    safe
}
