//! The question we ask.

use crate::{Asks, Judgement, Meta, Policy};
use jiff::Timestamp;
use palisade_model::{Cluster, Provider};

/// What a judgement may depend on besides the cluster.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// What the organisation has decided.
    pub policy: &'a Policy,
    /// When the snapshot was taken: replays use the same moment.
    pub now: Timestamp,
}

/// The question we ask, in one file: its page and its judgement.
pub trait Control {
    /// What is known of it before it judges.
    const META: Meta;
    /// Its page in Markdown: the doc comment of its type, kept by [`guide!`](crate::guide).
    const GUIDE: &'static str;
    /// What it asks people, when it does.
    const ASKS: Option<&'static Asks> = None;

    /// Judges one cluster.
    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement>;
}

/// A control as a row of the registry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What is known of it before it judges.
    pub meta: &'static Meta,
    /// Its page in Markdown.
    pub guide: &'static str,
    /// What it asks people, when it does.
    pub asks: Option<&'static Asks>,
    /// Judges one cluster.
    pub judge: fn(&Cluster, &Context<'_>) -> Vec<Judgement>,
}

impl Entry {
    /// The row of a control.
    pub const fn of<C: Control>() -> Self {
        Self { meta: const { &C::META }, guide: C::GUIDE, asks: C::ASKS, judge: C::judge }
    }
}

/// The text below a heading of a page, up to the next heading of the same or a higher level.
pub fn section<'a>(guide: &'a str, heading: &str) -> Option<&'a str> {
    let level = heading.chars().take_while(|letter| *letter == '#').count();
    let mut offset = 0;
    let mut start = None;
    for line in guide.split_inclusive('\n') {
        let text = line.trim();
        let hashes = text.chars().take_while(|letter| *letter == '#').count();
        match start {
            None if text == heading => start = Some(offset + line.len()),
            Some(from) if hashes > 0 && hashes <= level => return guide.get(from..offset).map(str::trim),
            None | Some(_) => (),
        }
        offset += line.len();
    }
    start.and_then(|from| guide.get(from..)).map(str::trim)
}

/// What a page says to do for a provider's clusters.
///
/// Every failing finding asks, so this searches for the headings instead of reading line by line as [`section`] does.
pub fn remediation(guide: &'static str, provider: Provider) -> &'static str {
    let after = |text: &'static str, heading: &str| text.split_once(heading).map(|(_, rest)| rest);
    let heading = match provider {
        Provider::Aws => "### EKS\n",
        Provider::Azure => "### AKS\n",
        Provider::Gcp => "### GKE\n",
        Provider::Kubernetes => "### Kubernetes\n",
    };
    let below = after(guide, "## Remediation\n").and_then(|rest| after(rest, heading)).unwrap_or_default();
    below.split_once("## ").map_or(below, |(text, _)| text.trim_end_matches('#')).trim()
}

/// Keeps the doc comment of a control's type as its page.
///
/// The one text is rustdoc, the published page, `palisade explain` and the remediation of the findings.
#[macro_export]
macro_rules! guide {
    ($(#[doc = $line:literal])* pub struct $name:ident;) => {
        $(#[doc = $line])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl $name {
            const PAGE: &'static str = concat!($($line, "\n",)*);
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str =
        " # Title\n\n ## Remediation\n ### EKS\n Do this.\n And that.\n ### AKS\n Do other.\n ## Limits\n None.\n";

    #[test]
    fn a_section_ends_at_the_next_heading_of_its_level_or_above() {
        assert_eq!(remediation(GUIDE, Provider::Aws), "Do this.\n And that.");
        assert_eq!(remediation(GUIDE, Provider::Azure), "Do other.");
        assert_eq!(remediation(GUIDE, Provider::Gcp), "");
        assert_eq!(section(GUIDE, "## Limits"), Some("None."));
        assert_eq!(section(GUIDE, "## Elsewhere"), None);
    }
}
