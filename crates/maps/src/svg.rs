//! A map as SVG.

use crate::{
    layout::{BEND, Drawn, HEAD, LETTERS, LINE, Layout, MARGIN, NODE, ON_EDGE, Placed, layout, whole},
    map::{Map, Node, Tone},
};
use std::fmt::Write as _;

/// Letters of a node's label.
const TITLE_LETTERS: usize = 23;

/// What a drawing is for.
#[derive(Clone, Copy)]
enum Dress<'a> {
    /// A file of its own, with its colours, its title and its legend.
    File,
    /// A page, whose style names the colours, and which says where a node leads.
    Page(&'a dyn Fn(&Node) -> Option<String>),
}

impl Dress<'_> {
    /// How something looks: by itself, or by the classes of the page.
    fn look(self, attributes: &str, classes: &str) -> String {
        match self {
            Self::File => attributes.to_owned(),
            Self::Page(_) => format!("class=\"{classes}\""),
        }
    }
}

impl Map {
    /// The map as SVG: text stays text, without scripts, links or fonts from elsewhere.
    pub fn svg(&self) -> String {
        let placed = layout(self);
        let Layout { width, height, .. } = placed;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             font-family=\"'DejaVu Sans', Verdana, 'Segoe UI', sans-serif\" role=\"img\">\n"
        );
        let title = self.title();
        let _ = writeln!(svg, "<title>{}</title>", escaped(&title));
        let _ = writeln!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"#fbfbfa\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{MARGIN}\" y=\"48\" font-size=\"24\" font-weight=\"bold\" fill=\"#1d2430\">{}</text>",
            escaped(&title)
        );
        let clusters = if self.clusters == 1 { "1 cluster".to_owned() } else { format!("{} clusters", self.clusters) };
        let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"70\" font-size=\"13\" fill=\"#66707f\">{clusters}</text>");
        drawing(self, &placed, Dress::File, &mut svg);
        legend(self, height - MARGIN, &mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    /// The map as SVG inside a page that has the colours: every shape has a class for what it is (`n` a node, `e` an edge, `h`
    /// a heading) and one for its tone. `link` says where a node leads.
    pub fn svg_in_page(&self, link: &dyn Fn(&Node) -> Option<String>) -> String {
        let placed = layout(self);
        let (top, width) = (HEAD - 42, placed.width);
        let height = placed.height - MARGIN - top;
        let mut svg = format!(
            "<svg viewBox=\"0 {top} {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"{}\">",
            escaped(&self.title())
        );
        drawing(self, &placed, Dress::Page(link), &mut svg);
        svg.push_str("</svg>");
        svg
    }

    /// What it is, and of when.
    pub fn title(&self) -> String {
        format!("{} \u{2014} {}", self.kind.title(), if self.after_the_plan { "after the plan" } else { "now" })
    }
}

fn drawing(map: &Map, placed: &Layout<'_>, dress: Dress<'_>, svg: &mut String) {
    for (x, name) in placed.lanes.iter().zip(map.kind.lanes()) {
        let y = HEAD - 14;
        let look = dress.look("font-size=\"14\" font-weight=\"bold\" fill=\"#66707f\"", "h");
        let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" {look}>{}</text>", escaped(name));
        let look = dress.look("stroke=\"#d5d9df\"", "h");
        let _ = writeln!(svg, "<line x1=\"{x}\" y1=\"{0}\" x2=\"{1}\" y2=\"{0}\" {look}/>", y + 7, x + NODE);
    }
    // What is worse is drawn later, and so lies above.
    let mut edges: Vec<&Drawn<'_>> = placed.edges.iter().collect();
    edges.sort_by_key(|drawn| drawn.edge.tone);
    for drawn in &edges {
        edge_line(drawn, dress, svg);
    }
    for drawn in &edges {
        edge_label(drawn, dress, svg);
    }
    placed.nodes.iter().for_each(|placed| node(placed, dress, svg));
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

fn edge_line(drawn: &Drawn<'_>, dress: Dress<'_>, svg: &mut String) {
    let ((x1, y1), (x2, y2)) = (drawn.from, drawn.to);
    let tone = drawn.edge.tone;
    let (line, _) = colours(tone);
    let thick = if tone == Tone::Bad { "2" } else { "1.3" };
    let (bend, straight) = (x1 + BEND / 2, drawn.straight);
    let look = dress.look(
        &format!("fill=\"none\" stroke=\"{line}\" stroke-width=\"{thick}\"{}", dashes(tone)),
        &format!("e {}", tone.name()),
    );
    let _ = writeln!(svg, "<path d=\"M{x1} {y1} C{bend} {y1} {bend} {y2} {straight} {y2} H{}\" {look}/>", x2 - 7);
    let look = dress.look(&format!("fill=\"{line}\""), &format!("p {}", tone.name()));
    let _ = writeln!(svg, "<path d=\"M{x2} {y2} l-8 -4 v8 z\" {look}/>");
}

fn edge_label(drawn: &Drawn<'_>, dress: Dress<'_>, svg: &mut String) {
    if drawn.edge.label.is_empty() {
        return;
    }
    let (x, y) = (drawn.straight + 4, drawn.to.1 - 4);
    let (line, _) = colours(drawn.edge.tone);
    let look = dress.look(
        &format!("font-size=\"10\" fill=\"{line}\" stroke=\"#fbfbfa\" stroke-width=\"3\" paint-order=\"stroke\""),
        &format!("l {}", drawn.edge.tone.name()),
    );
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" {look}>{}<title>{}</title></text>",
        escaped(&short(&drawn.edge.label, ON_EDGE)),
        escaped(&drawn.edge.label)
    );
}

fn node(placed: &Placed<'_>, dress: Dress<'_>, svg: &mut String) {
    let Placed { node, x, y, height } = placed;
    let (line, paper) = colours(node.tone);
    let said = [&node.label].into_iter().chain(&node.detail).map(String::as_str).collect::<Vec<_>>().join("\n");
    let link = match dress {
        Dress::File => None,
        Dress::Page(link) => link(node),
    };
    match (dress, &link) {
        (Dress::File, _) => svg.push_str("<g>"),
        (Dress::Page(_), None) => _ = write!(svg, "<g class=\"n {}\">", node.tone.name()),
        (Dress::Page(_), Some(to)) => {
            _ = write!(svg, "<a class=\"n {}\" href=\"{}\">", node.tone.name(), escaped(to));
        }
    }
    let look =
        dress.look(&format!("fill=\"{paper}\" stroke=\"{line}\" stroke-width=\"1.3\"{}", dashes(node.tone)), "box");
    let _ = writeln!(
        svg,
        "<title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{NODE}\" height=\"{height}\" rx=\"6\" {look}/>",
        escaped(&said)
    );
    let look = dress.look(&format!("fill=\"{line}\""), "side");
    let _ = writeln!(svg, "<rect x=\"{x}\" y=\"{y}\" width=\"5\" height=\"{height}\" rx=\"2\" {look}/>");
    let lines = whole(node.detail.len());
    let first = y + (height - lines * LINE) / 2 + 5;
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{first}\" {}>{}</text>",
        x + 13,
        dress.look("font-size=\"12.5\" font-weight=\"bold\" fill=\"#1d2430\"", "t"),
        escaped(&middle(&node.label, TITLE_LETTERS))
    );
    for (at, detail) in node.detail.iter().enumerate() {
        let y = first + (whole(at) + 1) * LINE;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{y}\" {}>{}</text>",
            x + 13,
            dress.look("font-size=\"10\" fill=\"#4a5361\"", "d"),
            escaped(&short(detail, LETTERS))
        );
    }
    svg.push_str(if link.is_some() { "</a>\n" } else { "</g>\n" });
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
