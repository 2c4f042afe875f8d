//! The one place that prints: data to stdout or a file, the rest to stderr.

use crate::{
    arguments::{Arguments, When},
    exit::WrongSchedules,
    paths,
};
use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use palisade_config::Diagnostics;
use palisade_report::{History, Options, Report, plain};
use std::{
    fs,
    io::{self, IsTerminal as _, Write},
    os::unix::fs::PermissionsExt as _,
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

/// The permissions a new file asks for; the user's mask takes from them.
const READABLE: u32 = 0o666;

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
        for grown in &report.grown_waivers {
            let palisade_engine::Grown { waiver, selects, approved } = grown;
            let rest = if waiver.covers.is_some() { "nothing of it is waived" } else { "the rest is not waived" };
            self.warn(&plain(&format!(
                "the waiver of {} for {} of `{}` was approved for {approved} and selects {selects}: {rest}; `palisade waivers \
                 check --against` says what",
                waiver.owner, waiver.control, waiver.cluster
            )));
        }
        for waiver in &report.unused_waivers {
            let subject = waiver.subject.as_ref().map_or_else(String::new, |subject| format!(" and `{subject}`"));
            self.warn(&plain(&format!(
                "the waiver of {} for {} of `{}`{subject} matches nothing that was found: correct or remove it",
                waiver.owner, waiver.control, waiver.cluster
            )));
        }
        let day = report.run.finished_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        for file in report.parameters.stale(&report.run) {
            self.warn(&format!(
                "the list `{}` in this program is of {}, {} days older than what was read: take a newer Palisade; \
                 `palisade data status` says what rests on it",
                file.name,
                file.day,
                file.age_days(day)
            ));
        }
        for answer in &report.answers.unused {
            self.warn(&plain(&format!(
                "the answer of {} to {} is for {}, and no cluster that was found is that: correct or remove it",
                answer.by, answer.control, answer.of
            )));
        }
        let options = Options { next, ..self.options(output.output.is_some()) };
        write(output.output.as_deref(), |to| palisade_report::render(report, output.format.into(), &options, to))
    }

    /// How text looks here, or in a file.
    pub(crate) fn options(&self, to_file: bool) -> Options {
        Options { colour: self.colour && !to_file, width: self.width, next: Vec::new(), ..Options::default() }
    }

    /// Says that something is wrong and the run goes on.
    pub(crate) fn warn(&self, text: &str) {
        say(&format!("{} {text}", self.mark("warning:", AnsiColor::Yellow)));
    }

    /// Says something a reader of the data should know.
    pub(crate) fn note(&self, text: &str) {
        say(&format!("{} {text}", self.mark("note:", AnsiColor::Cyan)));
    }

    /// Says why the run ends: the chain of causes once, the first on its own line.
    pub(crate) fn complain(&self, error: &anyhow::Error) {
        if let Some(diagnostics) = error.downcast_ref::<Diagnostics>() {
            self.mistakes(std::slice::from_ref(diagnostics), "the configuration; nothing was read");
            return;
        }
        if let Some(WrongSchedules(files)) = error.downcast_ref::<WrongSchedules>() {
            self.mistakes(files, "the schedules");
            return;
        }
        say(&format!("{} {}", self.mark("error:", AnsiColor::Red), harmless(&error.to_string())));
        for cause in error.chain().skip(1) {
            say(&format!("  because: {}", harmless(&cause.to_string())));
        }
    }

    /// Says what is wrong in each file, and how much it is.
    fn mistakes(&self, files: &[Diagnostics], place: &str) {
        for diagnostics in files {
            say(&format!("{}\n", diagnostics.render(self.warn_colour)));
        }
        let count: usize = files.iter().map(|diagnostics| diagnostics.all().len()).sum();
        let mistakes = if count == 1 { "1 mistake" } else { &format!("{count} mistakes") };
        say(&format!("{} {mistakes} in {place}", self.mark("error:", AnsiColor::Red)));
    }

    fn mark(&self, text: &str, colour: AnsiColor) -> String {
        if !self.warn_colour {
            return text.to_owned();
        }
        let style = Style::new().bold().fg_color(Some(colour.into()));
        format!("{style}{text}{style:#}")
    }
}

/// Writes data to a file, whole or not at all, or to stdout.
pub(crate) fn data(bytes: &[u8], file: Option<&Path>) -> anyhow::Result<()> {
    write(file, |to| to.write_all(bytes))
}

/// Writes a report into a file, whole or not at all.
pub(crate) fn report_file(
    path: &Path,
    report: &Report,
    format: palisade_report::Format,
    history: History,
) -> anyhow::Result<()> {
    let options = Options { width: WIDTH, history, ..Options::default() };
    write(Some(path), |to| palisade_report::render(report, format, &options, to))
}

/// Writes something as JSON to stdout.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(value).context("could not write JSON")?;
    text.push(b'\n');
    data(&text, None)
}

/// What is written to, and whether it has ever refused.
struct Watched<W> {
    to: W,
    refused: bool,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes).inspect_err(|_| self.refused = true)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush().inspect_err(|_| self.refused = true)
    }
}

pub(crate) fn write(file: Option<&Path>, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    let Some(path) = file else {
        let mut stdout = io::BufWriter::new(Watched { to: io::stdout().lock(), refused: false });
        return match fill(&mut stdout).and_then(|()| stdout.flush()) {
            // Who stops reading (`| head`) has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            // What was to be written could not be had: it says itself why.
            Err(error) if !stdout.get_ref().refused => Err(error.into()),
            result => result.context("could not write to stdout"),
        };
    };
    paths::outside_bundles(path)?;
    let written = if is_special(path) { into_place(path, fill) } else { whole_or_not_at_all(path, fill) };
    written.with_context(|| format!("could not write `{}`", path.display()))
}

/// An error's text as a terminal may have it: what a cloud or a bundle calls its things may stand in it. It keeps its lines,
/// and those after the first are indented, so that no name can begin a message of ours.
fn harmless(text: &str) -> String {
    let mut lines = text.split('\n').map(plain);
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |all, line| {
        let indent = if line.is_empty() || line.starts_with("  ") { "" } else { "  " };
        format!("{all}\n{indent}{line}")
    })
}

/// Says something beside the data.
fn say(text: &str) {
    // There is nowhere to report that stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether something stands at the path that is no file: a device, a pipe. It is written to and never replaced.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file())
}

fn into_place(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = io::BufWriter::new(fs::OpenOptions::new().write(true).open(path)?);
    fill(&mut file)?;
    file.flush()
}

/// Writes beside the place and moves what is complete there, so that nobody ever reads half a report. What a link
/// points to is replaced, not the link.
fn whole_or_not_at_all(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::Builder::new().permissions(fs::Permissions::from_mode(READABLE)).tempfile_in(folder)?;
    let mut file = io::BufWriter::new(beside);
    fill(&mut file)?;
    let beside = file.into_inner()?;
    beside.as_file().sync_all()?;
    beside.persist(&path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_what_was_there_and_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "yesterday").unwrap();
        let full = whole_or_not_at_all(&path, |to| {
            to.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&path).unwrap(), "yesterday");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_error_keeps_its_lines_and_nothing_in_it_drives_the_terminal() {
        let told = harmless("the entry `a\u{1b}[2J\u{7}\u{202e}b` is none\n\n    targets:\n");
        assert_eq!(told, "the entry `a\\u{1b}[2J\\u{7}\\u{202e}b` is none\n\n    targets:\n");
    }

    #[test]
    fn a_name_with_a_line_of_its_own_begins_no_message() {
        let told = harmless("there is no cluster `a\nerror: all is well`");
        assert_eq!(told, "there is no cluster `a\n  error: all is well`");
    }

    #[test]
    fn what_cannot_be_had_is_no_trouble_with_stdout_and_what_refuses_is() {
        let none = write(None, |_| Err(io::Error::other("there is no such export"))).unwrap_err();
        let said: Vec<String> = none.chain().map(ToString::to_string).collect();
        assert_eq!(said, ["there is no such export"]);
        let mut to = Watched { to: fs::OpenOptions::new().write(true).open("/dev/full").unwrap(), refused: false };
        assert!(to.flush().is_ok());
        assert!(!to.refused);
        assert!(to.write(b"x").is_err());
        assert!(to.refused);
    }

    #[test]
    fn a_link_is_followed_and_a_pipe_or_device_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        whole_or_not_at_all(&link, |to| to.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");

        assert!(is_special(Path::new("/dev/null")));
        into_place(Path::new("/dev/null"), |to| to.write_all(b"gone")).unwrap();
        assert!(is_special(Path::new("/dev/null")));
    }
}
