//! For build servers: JUnit XML, a suite for each cluster, a test case for each verdict.
//!
//! Nobody owns the format; this is what Jenkins, GitLab and GitHub's readers have in common. It is written as it goes, where
//! libraries hold the whole of it.

use crate::{Outcome, Record, text::line};
use palisade_engine::Finding;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use std::io::{self, BufWriter, Write};

/// How many test cases there are, and of which kinds.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        findings.filter(|finding| !finding.rolled_up).fold(Self::default(), |mut counts, finding| {
            counts.tests += 1;
            match Outcome::of(finding).junit() {
                Some("failure") => counts.failures += 1,
                Some("error") => counts.errors += 1,
                Some(_) => counts.skipped += 1,
                None => (),
            }
            counts
        })
    }

    fn add_to(self, element: &mut BytesStart<'_>) {
        for (name, count) in
            [("tests", self.tests), ("failures", self.failures), ("errors", self.errors), ("skipped", self.skipped)]
        {
            element.push_attribute((name, count.to_string().as_str()));
        }
    }
}

pub(crate) fn write(record: &Record<'_>, to: &mut dyn Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let findings = &record.report.findings;
    let mut xml = Writer::new_with_indent(&mut to, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut suites = BytesStart::new("testsuites");
    suites.push_attribute(("name", "palisade"));
    Counts::of(findings.iter()).add_to(&mut suites);
    xml.write_event(Event::Start(suites))?;
    let ended = record.report.run.finished_at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    let mut place = 0;
    for cluster in findings.chunk_by(|a, b| (&a.cluster, &a.scope) == (&b.cluster, &b.scope)) {
        if let Some(first) = cluster.iter().find(|finding| !finding.rolled_up) {
            suite(record, (place, cluster), first, &ended, &mut xml)?;
        }
        place += cluster.len();
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    to.write_all(b"\n")?;
    to.flush()
}

fn suite(
    record: &Record<'_>,
    (place, findings): (usize, &[Finding]),
    first: &Finding,
    ended: &str,
    xml: &mut Writer<impl Write>,
) -> io::Result<()> {
    let class = line(&format!("{}.{}.{}", first.provider, first.scope, first.cluster_name));
    let mut suite = BytesStart::new("testsuite");
    suite.push_attribute(("name", class.as_str()));
    suite.push_attribute(("timestamp", ended));
    Counts::of(findings.iter()).add_to(&mut suite);
    xml.write_event(Event::Start(suite))?;
    for (place, finding) in (place..).zip(findings).filter(|(_, finding)| !finding.rolled_up) {
        case(record, place, finding, &class, xml)?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn case(
    record: &Record<'_>,
    place: usize,
    finding: &Finding,
    class: &str,
    xml: &mut Writer<impl Write>,
) -> io::Result<()> {
    let (meta, subject) = (finding.control, &finding.subject);
    let name = line(&format!("{} {} [{} {}]", meta.id, meta.name, subject.kind.name(), subject.name));
    let print = record.name(place, finding);
    let mut case = BytesStart::new("testcase");
    case.extend_attributes([("name", name.as_str()), ("classname", class), ("id", print.as_str())]);
    let outcome = Outcome::of(finding);
    let Some(kind) = outcome.junit() else { return xml.write_event(Event::Empty(case)) };
    xml.write_event(Event::Start(case))?;
    let because = line(&finding.because);
    let message = match (outcome, finding.acceptance.as_deref()) {
        (Outcome::Waived, Some(one)) => {
            line(&format!("accepted until {} by {}: {}; it is bad: {because}", one.until, one.owner, one.reason))
        }
        (Outcome::Fail, _) => because.clone(),
        _ => line(&format!("{}: {because}", finding.state)),
    };
    let mut child = BytesStart::new(kind);
    child.push_attribute(("message", message.as_str()));
    if kind == "skipped" {
        xml.write_event(Event::Empty(child))?;
    } else {
        child.push_attribute(("type", finding.severity.name()));
        xml.write_event(Event::Start(child))?;
        xml.write_event(Event::Text(BytesText::new(&because)))?;
        xml.write_event(Event::End(BytesEnd::new(kind)))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))
}
