//! A map as SVG.

use crate::{
    layout::{BEND, Drawn, HEAD, LETTERS, LINE, Layout, MARGIN, NODE, Placed, RUN, lane_x, layout, whole},
    map::{Map, Tone},
};
use std::fmt::Write as _;

/// Letters of a label on the straight part of an edge.
const ON_EDGE: usize = 40;
/// Letters of a node's label.
const TITLE_LETTERS: usize = 25;

impl Map {
    /// The map as SVG: text stays text, without scripts, links or fonts from elsewhere.
    pub fn svg(&self) -> String {
        let placed = layout(self);
        let Layout { width, height, .. } = placed;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"'DejaVu Sans', Verdana, 'Segoe UI', sans-serif\" role=\"img\">\n"
        );
        let view = if self.after_the_plan { "after the plan" } else { "now" };
        let title = format!("{} \u{2014} {view}", self.kind.title());
        let _ = writeln!(svg, "<title>{}</title>", escaped(&title));
        let _ = writeln!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fbfbfa\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"48\" font-size=\"24\" font-weight=\"bold\" fill=\"#1d2430\">{}</text>",
            escaped(&title)
        );
        let clusters = if self.clusters == 1 { "1 cluster".to_owned() } else { format!("{} clusters", self.clusters) };
        let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"70\" font-size=\"13\" fill=\"#66707f\">{clusters}</text>");
        for (lane, name) in self.kind.lanes().iter().enumerate() {
            let (x, y) = (lane_x(lane), HEAD - 14);
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{y}\" font-size=\"14\" font-weight=\"bold\" fill=\"#66707f\">{}</text>",
                escaped(name)
            );
            let _ = writeln!(
                svg,
                "<line x1=\"{x}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" stroke=\"#d5d9df\"/>",
                y + 7,
                x + NODE
            );
        }
        // What is worse is drawn later, and so lies above.
        let mut edges: Vec<&Drawn<'_>> = placed.edges.iter().collect();
        edges.sort_by_key(|drawn| drawn.edge.tone);
        for drawn in &edges {
            edge_line(drawn, &mut svg);
        }
        for drawn in &edges {
            edge_label(drawn, &mut svg);
        }
        placed.nodes.iter().for_each(|placed| node(placed, &mut svg));
        legend(self, height - MARGIN, &mut svg);
        svg.push_str("</svg>\n");
        svg
    }
}

/// The colours of a tone: line, paper.
fn colours(tone: Tone) -> (&'static str, &'static str) {
    match tone {
        Tone::Plain => ("#8a94a3", "#ffffff"),
        Tone::Good => ("#2e8b57", "#f0f8f3"),
        Tone::Changed => ("#2f6fd0", "#eef4fd"),
        Tone::Unknown => ("#b07d0a", "#fdf7e6"),
        Tone::Bad => ("#c62f3b", "#fdeff0"),
    }
}

/// What tells tones apart without colour.
fn dashes(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Good | Tone::Bad => "",
        Tone::Changed => " stroke-dasharray=\"8 4\"",
        Tone::Unknown => " stroke-dasharray=\"3 3\"",
    }
}

fn edge_line(drawn: &Drawn<'_>, svg: &mut String) {
    let ((x1, y1), (x2, y2)) = (drawn.from, drawn.to);
    let (line, _) = colours(drawn.edge.tone);
    let thick = if drawn.edge.tone == Tone::Bad { "2" } else { "1.3" };
    let (bend, straight) = (x1 + BEND / 2, x2 - RUN);
    let _ = writeln!(
        svg,
        "<path d=\"M{x1} {y1} C{bend} {y1} {bend} {y2} {straight} {y2} H{}\" fill=\"none\" stroke=\"{line}\" \
         stroke-width=\"{thick}\"{}/>",
        x2 - 7,
        dashes(drawn.edge.tone)
    );
    let _ = writeln!(svg, "<path d=\"M{x2} {y2} l-8 -4 v8 z\" fill=\"{line}\"/>");
}

fn edge_label(drawn: &Drawn<'_>, svg: &mut String) {
    if drawn.edge.label.is_empty() {
        return;
    }
    let (x, y) = (drawn.to.0 - RUN + 4, drawn.to.1 - 4);
    let (line, _) = colours(drawn.edge.tone);
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"10\" fill=\"{line}\" stroke=\"#fbfbfa\" stroke-width=\"3\" \
         paint-order=\"stroke\">{}<title>{}</title></text>",
        escaped(&short(&drawn.edge.label, ON_EDGE)),
        escaped(&drawn.edge.label)
    );
}

fn node(placed: &Placed<'_>, svg: &mut String) {
    let Placed { node, x, y, height } = placed;
    let (line, paper) = colours(node.tone);
    let _ = writeln!(
        svg,
        "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{NODE}\" height=\"{height}\" rx=\"6\" fill=\"{paper}\" \
         stroke=\"{line}\" stroke-width=\"1.3\"{}/>",
        escaped(&[&node.label].into_iter().chain(&node.detail).map(String::as_str).collect::<Vec<_>>().join("\n")),
        dashes(node.tone)
    );
    let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{height}\" rx=\"2\" fill=\"{line}\"/>");
    let lines = whole(node.detail.len());
    let first = y + (height - lines * LINE) / 2 + 5;
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{first}\" font-size=\"12.5\" font-weight=\"bold\" fill=\"#1d2430\">{}</text>",
        x + 13,
        escaped(&middle(&node.label, TITLE_LETTERS))
    );
    for (at, detail) in node.detail.iter().enumerate() {
        let y = first + (whole(at) + 1) * LINE;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{y}\" font-size=\"10\" fill=\"#4a5361\">{}</text>",
            x + 13,
            escaped(&short(detail, LETTERS))
        );
    }
    svg.push_str("</g>\n");
}

fn legend(map: &Map, y: i64, svg: &mut String) {
    let mut x = MARGIN;
    for tone in Tone::ALL.into_iter().filter(|tone| *tone != Tone::Changed || map.after_the_plan) {
        let (line, paper) = colours(tone);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{}\" width=\"26\" height=\"14\" rx=\"3\" fill=\"{paper}\" stroke=\"{line}\" \
             stroke-width=\"1.5\"{}/><text x=\"{}\" y=\"{y}\" font-size=\"12\" fill=\"#4a5361\">{}</text>",
            y - 11,
            dashes(tone),
            x + 34,
            tone.meaning()
        );
        x += 60 + whole(tone.meaning().len()) * 8;
    }
}

/// The start of a text.
fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// The start and the end of a name: what tells names apart is often at their end.
fn middle(text: &str, most: usize) -> String {
    let letters = text.chars().count();
    if letters <= most {
        return text.to_owned();
    }
    let half = (most - 1) / 2;
    text.chars().take(most - 1 - half).chain(['…']).chain(text.chars().skip(letters - half)).collect()
}

/// A text for XML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML has no place for these, escaped or not.
            '\u{fffe}' | '\u{ffff}' => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}
