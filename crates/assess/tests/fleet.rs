//! A small fleet of every cloud, from clusters to a plan that is edited, carried out and held against later runs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_assess::{
    Assessment, Calendar, Capacity, Freeze, Initiative, ItemState, Owner, PersonDays, Plan, PlanFile, Progress,
    Quarter, Score, Surroundings, assess, initiatives, plan, progress, roadmap, scorecard,
};
use palisade_controls::controls;
use palisade_engine::{Context, Finding, Policy, evaluate};
use palisade_model::{Cluster, ClusterId, Observed, Provider, Scope, Version};
use palisade_testkit::{gap, known, now, sloppy, tidy};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

fn policy() -> Policy {
    Policy { all_objects: true, ..Policy::default() }
}

fn cluster(name: &str, base: Cluster, account: &str, labels: &[(&str, &str)]) -> Cluster {
    Cluster {
        id: ClusterId::new(format!("{}/{account}/{name}", base.provider)),
        name: name.to_owned(),
        scope: Scope::new(format!("{account}/eu-west-1")),
        labels: labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect(),
        ..base
    }
}

fn fleet() -> Vec<Cluster> {
    let mut blind = cluster("blind", tidy(Provider::Aws), "222222222222", &[("team", "shop")]);
    blind.identities = Observed::missing(gap());
    let mut old = cluster("old", sloppy(Provider::Aws), "111111111111", &[("team", "shop"), ("environment", "dev")]);
    old.version = known(Version { major: 1, minor: 26 });
    vec![
        cluster("pay", sloppy(Provider::Aws), "111111111111", &[("team", "Shop"), ("env", "prod"), ("data", "pci")]),
        old,
        blind,
        cluster("web", sloppy(Provider::Azure), "sub-1", &[("owner", "platform")]),
        cluster("lab", tidy(Provider::Gcp), "lab-1", &[("env", "test")]),
    ]
}

struct Run {
    findings: Vec<Finding>,
    surroundings: Vec<Surroundings>,
    initiatives: Vec<Initiative>,
    assessment: Assessment,
}

fn run(fleet: &[Cluster]) -> Run {
    let policy = policy();
    let context = Context { policy: &policy, now: now() };
    let findings: Vec<Finding> =
        fleet.iter().flat_map(|cluster| evaluate(cluster, &controls(), &context).findings).collect();
    let surroundings: Vec<Surroundings> = fleet.iter().map(|cluster| Surroundings::of(cluster, &policy)).collect();
    let initiatives = initiatives(&findings, &surroundings);
    let assessment = assess(&findings, 1, &[]);
    Run { findings, surroundings, initiatives, assessment }
}

fn capacity() -> Capacity {
    Capacity {
        days_per_quarter: PersonDays::days(20),
        teams: BTreeMap::from([(Owner::new("shop"), PersonDays::days(15))]),
        holidays: BTreeSet::from(["2026-12-25".parse().unwrap(), "2027-01-01".parse().unwrap()]),
        frozen: vec![Freeze {
            from: "2026-12-14".parse().unwrap(),
            to: "2026-12-31".parse().unwrap(),
            because: "year-end".to_owned(),
        }],
    }
}

fn calendar(today: &str) -> Calendar {
    Calendar::new("2026-12-01".parse().unwrap(), today.parse().unwrap(), capacity()).unwrap()
}

fn planned(run: &Run, file: &PlanFile, today: &str) -> (Plan, Vec<Progress>, PlanFile) {
    let calendar = calendar(today);
    let plan = plan(&run.initiatives, &calendar, &file.wishes()).unwrap();
    let progress = progress(file, &calendar, &run.initiatives, &run.findings, &run.surroundings);
    let updated = file.updated(&plan, &run.initiatives, &progress);
    (plan, progress, updated)
}

fn empty() -> PlanFile {
    PlanFile::new("2026-12-01".parse().unwrap(), capacity())
}

fn points(score: Option<Score>) -> String {
    score.map_or_else(|| "-".to_owned(), |score| score.points().to_string())
}

#[test]
fn the_health_of_the_fleet() {
    let Run { assessment, .. } = run(&fleet());
    let mut text = String::new();
    let clusters = assessment.clusters.iter().map(|one| (&*one.name, &one.health));
    for (name, health) in clusters.chain([("fleet", &assessment.fleet)]) {
        let _ = writeln!(text, "{name}");
        for layer in health.layers.iter().filter(|layer| layer.own.is_some()) {
            let standing = layer.standing_on.map_or_else(String::new, |outer| format!(", standing on {outer}"));
            let _ = writeln!(
                text,
                "  {}: {} to {}, effective {}{standing}; {} of {} answered; lost {} failing, {} unread",
                layer.layer,
                points(layer.own),
                points(layer.at_most),
                points(layer.effective),
                layer.tally.answered.known,
                layer.tally.answered.asked,
                layer.tally.failing,
                layer.tally.unread
            );
        }
        for dimension in &health.dimensions {
            let _ = writeln!(
                text,
                "  {}: {}, {} worst",
                dimension.dimension,
                points(dimension.score),
                dimension.worst.len()
            );
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_scorecard_and_its_reasons() {
    let run = run(&fleet());
    let mut text = String::new();
    for field in scorecard(&run.initiatives) {
        let _ = writeln!(text, "{}: risk {} for {} days", field.quadrant, field.risk.get(), field.days);
        for id in &field.initiatives {
            let one = run.initiatives.iter().find(|one| one.id == *id).unwrap();
            let _ = writeln!(
                text,
                "  {id}: risk {} of {} findings, {} days ({})",
                one.risk.get(),
                one.findings.len(),
                one.cost.days,
                one.cost.because
            );
            for step in one.worst.iter().flat_map(|risk| [("likelihood", &risk.likelihood), ("impact", &risk.impact)]) {
                let _ = writeln!(text, "    {} {}: {}", step.0, step.1.step, step.1.because.join("; "));
            }
            for first in &one.requires {
                let _ = writeln!(text, "    after {}: {}", first.initiative, first.because);
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_plan_and_the_roadmap() {
    let run = run(&fleet());
    let (plan, _, _) = planned(&run, &empty(), "2026-12-01");
    let mut text = String::new();
    for quarter in &plan.quarters {
        let _ = writeln!(
            text,
            "quarter {} {} to {}, {} of {} weekdays open",
            quarter.span.quarter, quarter.span.from, quarter.span.to, quarter.span.open, quarter.span.weekdays
        );
        for load in &quarter.teams {
            let team = load.team.as_ref().map_or("everybody", Owner::as_str);
            let _ = writeln!(text, "  {team}: {} of {} days", load.used, load.room);
        }
        for item in &quarter.items {
            let _ = writeln!(text, "    {} {} days, risk {}", item.initiative, item.days, item.risk.get());
        }
    }
    for out in &plan.left_out {
        let _ = writeln!(text, "left out {}: {:?}", out.initiative, out.why);
    }
    let _ = writeln!(text, "{:?}", plan.proof);
    for expected in roadmap(&plan, &run.initiatives, &run.findings, "2026-12-01".parse().unwrap()) {
        let layers: Vec<String> = expected
            .layers
            .iter()
            .filter(|(_, own, _)| own.is_some())
            .map(|(layer, own, effective)| format!("{layer} {} ({})", points(*own), points(*effective)))
            .collect();
        let _ = writeln!(text, "{}: {}, risk left {}", expected.on, layers.join(", "), expected.risk_left.get());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_same_fleet_gives_the_same_bytes() {
    let bytes = || {
        let run = run(&fleet());
        let (plan, progress, file) = planned(&run, &empty(), "2026-12-01");
        (serde_json::to_string(&(&run.assessment, &run.initiatives, &plan, &progress)).unwrap(), file.write())
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn the_file_reads_back_as_it_was_written_whatever_names_clouds_have() {
    let mut fleet = fleet();
    fleet[0].labels.insert("team".to_owned(), "A\"b: \u{202e}#/{é}\\".to_owned());
    let (_, _, file) = planned(&run(&fleet), &empty(), "2026-12-01");
    assert_eq!(PlanFile::read(&file.write()).unwrap(), file);
    assert!(
        file.items.iter().any(|item| item.id.as_str() == "mend/CP-01/aws/111111111111/a_b______é__"),
        "{:?}",
        file.items[0].id
    );
    let titled = |title: &str| {
        let mut file = file.clone();
        title.clone_into(&mut file.items[0].title);
        assert_eq!(PlanFile::read(&file.write()).unwrap(), file);
        file.write()
    };
    assert!(!titled("a\"b: \u{202e}#\n{é}\\ \u{0}\u{1f600}").contains('\u{202e}'));
}

#[test]
fn what_people_change_stays_through_the_next_runs() {
    let run = run(&fleet());
    let (_, _, first) = planned(&run, &empty(), "2026-12-01");
    let place = |file: &PlanFile, id: &str| file.items.iter().find(|item| item.id.as_str() == id).unwrap().clone();
    let in_first = first.items.iter().find(|item| item.quarter == Some(Quarter::ALL[0])).unwrap().id.clone();
    let (moved, out) = (in_first.as_str(), "mend/ID-09/azure/sub-1/platform");
    // By hand, in the text.
    let text = first.write();
    let (head, item) = text.split_once(&format!("\"{moved}\"")).unwrap();
    let text = format!("{head}\"{moved}\"{}", item.replacen("quarter: 1", "quarter: 3", 1));
    let (head, item) = text.split_once(&format!("\"{out}\"")).unwrap();
    let text = format!(
        "{head}\"{out}\"{}",
        item.replacen("    pin: false", "    pin: false\n    exclude: the vendor rotates it", 1)
    );
    let mut file = PlanFile::read(&text).unwrap();
    for _ in 0..3 {
        (_, _, file) = planned(&run, &file, "2026-12-02");
        assert_eq!((place(&file, moved).quarter, place(&file, moved).pin), (Some(Quarter::ALL[2]), true));
        assert_eq!(
            (place(&file, out).quarter, place(&file, out).exclude.as_deref()),
            (None, Some("the vendor rotates it"))
        );
        file = PlanFile::read(&file.write()).unwrap();
    }
}

#[test]
fn later_runs_say_what_is_done_late_blocked_and_unseen() {
    let before = fleet();
    let (_, _, file) = planned(&run(&before), &empty(), "2026-12-01");
    let first: BTreeSet<&str> =
        file.items.iter().filter(|item| item.quarter == Some(Quarter::ALL[0])).map(|item| item.id.as_str()).collect();
    assert!(first.contains("mend/CP-01/azure/sub-1/platform"), "{first:?}");

    // The endpoint of `web` is closed; whom it is in the cloud cannot be read any more; all else is as it was.
    let mut after = before.clone();
    let tidy = tidy(Provider::Azure);
    (after[3].api, after[3].identities) = (tidy.api, Observed::missing(gap()));
    let run = run(&after);
    let (_, progress, updated) = planned(&run, &file, "2027-03-15");
    let state = |id: &str| progress.iter().find(|one| one.initiative.as_str() == id).map(|one| one.state);
    assert_eq!(state("mend/CP-01/azure/sub-1/platform"), Some(ItemState::Done));
    assert_eq!(state("mend/ID-09/azure/sub-1/platform"), Some(ItemState::Unseen));
    assert_eq!(state("mend/CP-01/aws/111111111111/shop"), Some(ItemState::Late));
    assert!(progress.iter().any(|one| one.state == ItemState::Blocked), "{progress:#?}");
    // What is done stays in the file, and what is late is planned anew, from today on.
    let of = |id: &str| updated.items.iter().find(|item| item.id.as_str() == id).unwrap();
    assert_eq!(of("mend/CP-01/azure/sub-1/platform").state, Some(ItemState::Done));
    assert_eq!(of("mend/CP-01/aws/111111111111/shop").quarter, Some(Quarter::ALL[1]));
}

#[test]
fn a_file_that_is_no_plan_says_where() {
    let said = |text: &str| PlanFile::read(text).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            said("schema: palisade.plan/v1\nstart: 2026-12-01\ncapacity: {days_per_quarter: 20}\nitems:\n  - {id: a, quarter: 5}\n"),
            said("schema: palisade.plan/v2\nstart: 2026-12-01\ncapacity: {days_per_quarter: 20}\n"),
            said("schema: palisade.plan/v1\nstart: 2026-12-01\ncapacity: {days_per_quarter: 20}\nitems: [{id: a}, {id: a}, {id: b}]\n"),
            said("schema: palisade.plan/v1\nstart: 2026-12-01\ncapacity: {days_per_quarter: -1}\n"),
            said("schema: palisade.plan/v1\nstart: 2026-12-01\ncapacity: {days_per_quarter: 20, wekend: 1}\n"),
        ]
        .join("\n---\n")
    );
}

#[test]
fn capacity_counts_holidays_and_frozen_weeks_by_hand() {
    let calendar = calendar("2026-12-01");
    let spans: Vec<(String, String, u32, u32)> = calendar
        .quarters
        .iter()
        .map(|span| (span.from.to_string(), span.to.to_string(), span.weekdays, span.open))
        .collect();
    let span = |from: &str, to: &str, weekdays, open| (from.to_owned(), to.to_owned(), weekdays, open);
    // December 14 to 31 has 14 weekdays, the 25th among them; January 1, 2027 is a Friday.
    assert_eq!(
        spans,
        [
            span("2026-12-01", "2027-02-28", 64, 49),
            span("2027-03-01", "2027-05-31", 66, 66),
            span("2027-06-01", "2027-08-31", 66, 66),
            span("2027-09-01", "2027-11-30", 65, 65),
        ]
    );
}
