//! Why one packet gets to the machines or does not.

use super::below;
use crate::paint::Pen;
use palisade_model::Exposure;
use palisade_reach::{By, Fate, Judged, Packet, Passes, Trace};

pub(super) fn nodes(exposure: &Exposure, packet: Packet, pen: Pen, text: &mut String) {
    if exposure.local.contains(packet.source) {
        below(pen, text, "the address is one of the network's own: what is said here is about packets from outside");
    }
    if exposure.paths.is_empty() {
        return without_paths(exposure, packet, pen, text);
    }
    for path in exposure.paths.iter() {
        trace(&path.why(packet), pen, text);
    }
    if let Some(mitigation) = &exposure.mitigation {
        below(pen, text, &format!("whatever the rules say, it is closed by {}", mitigation.by));
    }
}

fn trace(trace: &Trace, pen: Pen, text: &mut String) {
    below(pen, text, &format!("to {}", trace.path));
    for judged in &trace.steps {
        below(pen, text, &format!("  {}", step(judged)));
    }
    let fate = match &trace.fate {
        Fate::Arrives => "it gets there".to_owned(),
        Fate::Stopped(by) => format!("stopped by {}: the first layer that does", by.layer),
        Fate::Untold(reasons) => format!("it cannot be told: {}", reasons.join("; ")),
    };
    below(pen, text, &format!("  {fate}"));
}

fn step(judged: &Judged) -> String {
    let by: Vec<String> = judged.step.by.iter().take(3).map(ToString::to_string).collect();
    let more = judged.step.by.len().saturating_sub(by.len());
    let more = if more == 0 { String::new() } else { format!(" or {more} others") };
    let by = format!("{}{more}", by.join(" or "));
    let layer = &judged.step.layer;
    match judged.passes {
        Passes::Yes if by.is_empty() => format!("passes {layer}"),
        Passes::Yes => format!("passes {layer} by {by}"),
        Passes::Untold => format!("may pass {layer} by {by}"),
        Passes::No if judged.step.by.iter().any(|by| matches!(by, By::Rule(_))) => {
            format!("does not pass {layer}: {by} stops it")
        }
        Passes::No => format!("does not pass {layer}: no rule lets it through"),
    }
}

/// Without paths the sets tell whether it gets there, and not where it is stopped.
fn without_paths(exposure: &Exposure, packet: Packet, pen: Pen, text: &mut String) {
    let said = match (exposure.internet.lower().contains(packet), exposure.internet.upper().contains(packet)) {
        (true, _) => "it gets there".to_owned(),
        (false, true) if exposure.limits.is_empty() => "it cannot be told".to_owned(),
        (false, true) => format!("it cannot be told: {}", exposure.limits.join("; ")),
        (false, false) => "it is stopped: no way in lets it through".to_owned(),
    };
    below(pen, text, &said);
}
