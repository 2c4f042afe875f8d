//! The one place that prints: data to stdout or a file, the rest to stderr.

use crate::arguments::{Arguments, When};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use palisade_config::Diagnostics;
use palisade_report::{Options, Report};
use std::{
    fs,
    io::{self, IsTerminal as _, Write},
    path::Path,
};

/// What the terminal wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Whether stdout gets colour.
    pub(crate) colour: bool,
    /// Whether stderr gets colour.
    pub(crate) warn_colour: bool,
    /// Whether stderr is a terminal that progress can be drawn on.
    pub(crate) interactive: bool,
    /// How many columns stdout has.
    pub(crate) width: usize,
}

/// Columns when nobody says.
const WIDTH: usize = 80;

impl Screen {
    pub(crate) fn of(arguments: &Arguments) -> Self {
        let wants = |terminal: bool| match arguments.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        let (_, width) = console::Term::stdout().size();
        Self {
            colour: wants(io::stdout().is_terminal()),
            warn_colour: wants(io::stderr().is_terminal()),
            interactive: io::stderr().is_terminal(),
            width: if io::stdout().is_terminal() { usize::from(width).clamp(60, 120) } else { WIDTH },
        }
    }

    /// Renders a report where it was asked for.
    pub(crate) fn report(
        &self,
        report: &Report,
        output: &crate::arguments::Output,
        next: Vec<String>,
    ) -> anyhow::Result<()> {
        let to_file = output.output.is_some();
        let options = Options { colour: self.colour && !to_file, width: self.width, next };
        self.write(output.output.as_deref(), |to| palisade_report::render(report, output.format.into(), &options, to))
    }

    /// Writes data to a file, whole or not at all, or to stdout.
    pub(crate) fn data(&self, bytes: &[u8], file: Option<&Path>) -> anyhow::Result<()> {
        self.write(file, |to| to.write_all(bytes))
    }

    fn write(&self, file: Option<&Path>, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
        let Some(path) = file else {
            let mut stdout = io::BufWriter::new(io::stdout().lock());
            return match fill(&mut stdout).and_then(|()| stdout.flush()) {
                // Who stops reading (`| head`) has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.context("could not write to stdout"),
            };
        };
        let beside = path.with_extension("part");
        let written = fs::File::create(&beside).and_then(|file| {
            let mut file = io::BufWriter::new(file);
            fill(&mut file)?;
            file.flush()?;
            fs::rename(&beside, path)
        });
        if written.is_err() {
            // What is left of a failed write is of no use; the first error is the one to report.
            let _ = fs::remove_file(&beside);
        }
        written.with_context(|| format!("could not write `{}`", path.display()))
    }

    /// Says something beside the data.
    pub(crate) fn say(&self, text: &str) {
        // There is nowhere to report that stderr is closed.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Says that something is wrong and the run goes on.
    pub(crate) fn warn(&self, text: &str) {
        self.say(&format!("{} {text}", self.mark("warning:", AnsiColor::Yellow)));
    }

    /// Says why the run ends: the chain of causes once, the first on its own line.
    pub(crate) fn complain(&self, error: &anyhow::Error) {
        if let Some(diagnostics) = error.downcast_ref::<Diagnostics>() {
            self.say(&diagnostics.render(self.warn_colour));
            let count = diagnostics.all().len();
            let mistakes = if count == 1 { "1 mistake" } else { &format!("{count} mistakes") };
            self.say(&format!(
                "\n{} {mistakes} in the configuration; nothing was read",
                self.mark("error:", AnsiColor::Red)
            ));
            return;
        }
        self.say(&format!("{} {error}", self.mark("error:", AnsiColor::Red)));
        for cause in error.chain().skip(1) {
            self.say(&format!("  because: {cause}"));
        }
    }

    fn mark(&self, text: &str, colour: AnsiColor) -> String {
        if !self.warn_colour {
            return text.to_owned();
        }
        let style = Style::new().bold().fg_color(Some(colour.into()));
        format!("{style}{text}{style:#}")
    }
}
