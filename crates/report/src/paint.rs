//! Colour where a terminal wants it, and lines that fit.

use anstyle::{AnsiColor, Style};
use palisade_engine::{Severity, State};

/// A pen that may be dry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    pub(crate) colour: bool,
    pub(crate) width: usize,
}

impl Pen {
    pub(crate) fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        let style = match severity {
            Severity::Critical => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
            Severity::High => Style::new().fg_color(Some(AnsiColor::Red.into())),
            Severity::Medium => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
            Severity::Low => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
            Severity::Info => Style::new(),
        };
        self.with(style, text)
    }

    pub(crate) fn state(self, state: State, text: &str) -> String {
        let style = match state {
            State::Pass | State::Inherited => Style::new().fg_color(Some(AnsiColor::Green.into())),
            State::Unknown | State::AttestMissing | State::AttestExpired | State::Mitigated => {
                Style::new().fg_color(Some(AnsiColor::Magenta.into()))
            }
            State::Fail => Style::new().fg_color(Some(AnsiColor::Red.into())),
            State::NotApplicable => Style::new().dimmed(),
        };
        self.with(style, text)
    }

    /// Text in lines that fit, every one indented. The first line's indent may differ.
    pub(crate) fn wrap(self, text: &str, first: &str, rest: &str) -> String {
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(true)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::fill(text, options)
    }

    /// The same in a limited number of lines; what is left out shows as three dots.
    pub(crate) fn wrap_to(self, text: &str, indent: &str, lines: usize) -> String {
        let whole = self.wrap(text, indent, indent);
        if whole.lines().count() <= lines {
            return whole;
        }
        let mut kept: Vec<String> = whole.lines().take(lines).map(str::to_owned).collect();
        if let Some(last) = kept.last_mut() {
            while textwrap::core::display_width(last) + 4 > self.width {
                match last.trim_end().rsplit_once(' ') {
                    Some((before, _)) if before.trim_start().len() > 8 => *last = before.to_owned(),
                    _ => {
                        last.pop();
                    }
                }
            }
            *last = format!("{} ...", last.trim_end_matches([',', ';', ' ']));
        }
        kept.join("\n")
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
