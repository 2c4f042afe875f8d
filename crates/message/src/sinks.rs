//! Everything a configuration says about messages.

use crate::{Channel, Guides, Matches, Route, default_routes};
use jiff::SignedDuration;
use palisade_track::Reminders;

/// Everything a configuration says about messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sinks {
    /// Where messages go.
    pub channels: Vec<Channel>,
    /// Who is told what, in the order they are asked. The first that matches an event takes it.
    pub routes: Vec<Route>,
    /// Where the report is served, without a slash at the end. Messages link to it.
    pub report_url: Option<String>,
    /// Through which proxy messages leave. Absent: none, whatever the environment says.
    pub proxy_url: Option<String>,
    /// Titles and bodies that replace ours: files relative to the configuration.
    pub templates: Vec<TemplateFile>,
}

/// A file whose text replaces a title or a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFile {
    /// The kind of event, by name. Absent: every kind.
    pub event: Option<palisade_track::EventKind>,
    /// The channel. Absent: every one.
    pub channel: Option<String>,
    /// The file of the title.
    pub title_file: Option<String>,
    /// The file of the body.
    pub body_file: Option<String>,
}

impl Sinks {
    /// These channels with the default routes, for a configuration that names none.
    pub fn with_default_routes(channels: Vec<Channel>) -> Self {
        let routes = default_routes(&channels);
        Self { channels, routes, report_url: None, proxy_url: None, templates: Vec::new() }
    }

    /// The channel of this name.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// The same with these routes and no others, in their order. Names that nobody has are left out.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Self {
        let routes = names.iter().filter_map(|name| self.routes.iter().find(|route| route.name == *name));
        Self { routes: routes.cloned().collect(), ..self.clone() }
    }

    /// Who is reminded of what: each route as it says, of what it takes. What no route takes, and what is told to nobody, is
    /// not told again.
    pub fn reminders(&self, guides: &Guides) -> Reminders {
        let told = self.routes.iter().filter(|route| !route.send_to.is_empty());
        let least = told.filter_map(|route| route.remind.least()).min().unwrap_or(SignedDuration::MAX);
        let (routes, guides) = (self.routes.clone(), guides.clone());
        Reminders::new(least, move |event| {
            let taking = routes.iter().find(|route| route.matches.takes(event, &guides))?;
            if taking.send_to.is_empty() { None } else { taking.remind.after(event.severity) }
        })
    }

    /// Whether some route asks for something by name, so that even routine news is told.
    pub(crate) fn asked_for(matches: &Matches, kind: palisade_track::EventKind) -> bool {
        matches.events.contains(&kind)
    }
}
