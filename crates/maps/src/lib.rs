//! Four maps of a fleet as data, and their drawing: who reaches it, who controls it, how it is built, how its data is kept.
//!
//! Each map is a function of clusters and of a [`View`]: how things are now, or how they are after a plan. It is nodes in
//! lanes and edges from one lane to the next, with exact address sets, capabilities and rules as their labels. A fleet
//! too large for a wall is [rolled up](Map::rolled_up): what is alike becomes one node that says how many it is.
//!
//! Drawings are [SVG](Map::svg), [Mermaid](Map::mermaid) and, because a map is data, JSON. The same fleet gives the same
//! bytes. What was not read is drawn as such, and never as closed. Names from clouds are hostile: control characters and
//! turns of direction are taken out when they come in, and each drawing escapes for its medium.
#![warn(clippy::disallowed_methods)]

mod architecture;
mod authority;
mod exposure;
mod layout;
mod map;
mod mended;
mod mermaid;
mod piece;
mod protection;
mod roll_up;
mod sketch;
mod svg;

pub use architecture::architecture;
pub use authority::authority;
pub use exposure::exposure;
pub use layout::{Drawn, Layout, Placed};
pub use map::{Edge, Kind, Map, Node, Tone};
pub use mended::{Mended, View};
pub use piece::Piece;
pub use protection::protection;
pub use roll_up::FITS;
