//! Files of `schedules/`: what is read, and what a person sees who made mistakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{
    Config, Known, Profile, ScheduleConfig, ScheduleTargets, Selection, Source, check_schedules_of_routes, read,
    read_schedule,
};
use palisade_schedule::CatchUp;
use std::{fs, path::Path};

const CONTROLS: &[&str] = &["CP-01", "CP-02", "ND-01"];
const CONFIG: &str = "
targets:
  - { name: prod-aws, provider: aws, accounts: [\"111111111111\", \"222222222222\"] }
  - { name: prod-azure, provider: azure }
sinks:
  channels: [{ name: hook, kind: webhook, url: \"env:HOOK\" }]
  routes:
    - { name: on-call, severities: [critical], send_to: [hook] }
    - { name: hourly-only, schedules: [hourly], send_to: [hook] }
";

fn config(text: &str) -> Config {
    read(&Source { name: "palisade.yaml", text }, CONTROLS).map_err(|error| error.to_string()).unwrap()
}

fn read_with(text: &str, config: &Config) -> Result<ScheduleConfig, String> {
    let known = Known { controls: CONTROLS, config: Some(config) };
    read_schedule(&Source { name: "schedules/nightly.yaml", text }, &known).map_err(|error| error.to_string())
}

fn schedule(text: &str) -> ScheduleConfig {
    read_with(text, &config(CONFIG)).unwrap()
}

fn mistakes(text: &str) -> String {
    read_with(text, &config(CONFIG)).unwrap_err()
}

/// A schedule with these lines beside its name and cron line.
fn with(lines: &str) -> String {
    format!("name: nightly\ncron: \"0 2 * * *\"\n{lines}")
}

#[test]
fn two_lines_are_a_schedule_and_the_rest_has_the_values_people_expect() {
    let nightly = schedule("name: nightly\ncron: 0 2 * * *\n");
    assert_eq!(nightly.schedule.zone.name(), "UTC");
    assert_eq!((nightly.schedule.jitter_minutes, nightly.schedule.catch_up), (0, CatchUp::Latest));
    assert_eq!((nightly.targets, nightly.controls), (ScheduleTargets::All, Selection::Profile(Profile::Full)));
    assert_eq!((nightly.routes, nightly.evidence, nightly.time_limit_minutes), (None, None, 240));
}

#[test]
fn everything_that_can_be_said_is_read() {
    let nightly = schedule(&with(
        "description: d
time_zone: Europe/Berlin
jitter_minutes: 30
targets: [prod-aws, { name: prod-azure, scopes: [\"0001\", \"0002\"] }]
controls: [CP-01, ND-01]
routes: [on-call]
evidence: { formats: [snapshot, json, sarif, csv], to: evidence }
catch_up: none
time_limit_minutes: 50
",
    ));
    insta::assert_debug_snapshot!((
        nightly.schedule.zone.name(),
        nightly.schedule.jitter_minutes,
        nightly.schedule.catch_up,
        nightly.description,
        nightly.targets,
        nightly.controls,
        nightly.routes,
        nightly.evidence,
        nightly.time_limit_minutes
    ));
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place_and_the_way_out() {
    insta::assert_snapshot!(mistakes(
        "name: Nightly Scan
cron: \"60 2 31 FBE 8\"
time_zone: Berlin
jiter_minutes: 5
targets: [prod-awss, { name: prod-azure, scope: [a] }]
profile: exposur
controls: [CP-1]
evidence: { formats: [pdf] }
catch_up: last
time_limit_minutes: 0
"
    ));
}

#[test]
fn each_mistake_has_a_message_with_its_file_line_and_column() {
    let cron = |line: &str| format!("name: nightly\ncron: \"{line}\"\n");
    let cases: &[(String, &str, &str)] = &[
        ("cron: \"0 2 * * *\"\n".to_owned(), "a schedule has no `name`", "1:1"),
        ("name: nightly\n".to_owned(), "a schedule has no `cron`", "1:1"),
        ("name: other\ncron: \"0 2 * * *\"\n".to_owned(), "`other` stands in the file `nightly.yaml`", "1:7"),
        ("name: -x\ncron: \"0 2 * * *\"\n".to_owned(), "`-x` is no name of a schedule", "1:7"),
        (cron("0 2 30 2 *"), "this never comes", "2:12"),
        (cron("0 0 2 * * *"), "this one has 6", "2:8"),
        (cron("0 2 * * SUM"), "did you mean `SUN`?", "2:16"),
        (cron("@nightly"), "`@nightly` is no abbreviation", "2:8"),
        (cron("@dayly"), "did you mean `@daily`?", "2:8"),
        ("name: nightly\ncron: '5/10 * * * *'\n".to_owned(), "write `5-59/10`", "2:8"),
        ("name: nightly\ncron: 0 25 * * *\n".to_owned(), "`25` is no hour", "2:9"),
        ("name: nightly\ncron: \"0 2\\t* * 9\"\n".to_owned(), "`9` is no day of the week", "2:7"),
        ("name: nightly\ncron: */15 * * * *  # often\n".to_owned(), "write `cron: \"*/15 * * * *\"`", "2:7"),
        ("name: nightly\ncron: @hourly\n".to_owned(), "the cron line is not quoted", "2:7"),
        (with("time_zone: Europe/Berln\n"), "did you mean `Europe/Berlin`?", "3:12"),
        (with("time_zone: berlin\n"), "did you mean `Europe/Berlin`?", "3:12"),
        (with("time_zone: utc\n"), "did you mean `UTC`?", "3:12"),
        (with("time_zone: GMT+25\n"), "no time zone is called `GMT+25`", "3:12"),
        (with("time_zone: ../../etc/localtime\n"), "no time zone is called", "3:12"),
        (with("jitter_minutes: 400\n"), "no whole number from 0 to 360", "3:17"),
        (
            "name: nightly\ncron: \"0 * * * *\"\njitter_minutes: 60\n".to_owned(),
            "a jitter of 60 minutes reaches the next firing, which comes after 60",
            "3:17",
        ),
        (with("targets: some\n"), "no set of targets is called `some`", "3:10"),
        (with("targets: []\n"), "`targets` is empty", "3:10"),
        (with("targets: { name: a }\n"), "`targets` is a map", "3:10"),
        (with("targets: [prod-gcp]\n"), "no target is called `prod-gcp`", "3:11"),
        (with("targets: [prod-aws, prod-aws]\n"), "`prod-aws` is named twice", "3:21"),
        (with("targets:\n  - { scopes: [a] }\n"), "a target of a schedule has no `name`", "4:5"),
        (with("profile: full\ncontrols: [CP-01]\n"), "both `profile` and `controls` are set", "4:1"),
        (with("controls: []\n"), "`controls` is empty", "3:11"),
        (with("routes: on-call\n"), "`routes` is a single value", "3:9"),
        (with("routes: [on-cal]\n"), "did you mean `on-call`?", "3:10"),
        (with("routes: [on-call, on-call]\n"), "`on-call` is named twice", "3:19"),
        (with("routes: [hourly-only]\n"), "the route `hourly-only` takes nothing of `nightly`", "3:10"),
        (with("controls: [CP-01, CP-01]\n"), "`CP-01` is named twice", "3:19"),
        (
            with("targets: [{ name: prod-aws, scopes: [\"111111111112\"] }]\n"),
            "the target `prod-aws` does not hold `111111111112`",
            "3:38",
        ),
        (with("targets: [{ name: prod-azure, scopes: [\"a\", \"a\"] }]\n"), "`a` is named twice", "3:45"),
        (with("evidence: { formats: [csv, csv], to: x }\n"), "`csv` is named twice", "3:28"),
        (with("evidence: { to: x }\n"), "`evidence` has no `formats`", "3:11"),
        (with("evidence: { formats: [xml], to: x }\n"), "no form of evidence is called `xml`", "3:23"),
        (with("catch_up: all\n"), "no way to catch up is called `all`", "3:11"),
        (with("routes: &r [a]\ncontrols: *r\n"), "this names a value that is written elsewhere", "4:11"),
        (with("x: &x { catch_up: none }\n<<: *x\n"), "this names a value", "4:"),
        (with("catch_up: ~\n"), "`catch_up` is empty", "3:11"),
        ("- a\n".to_owned(), "a schedule is a list", "1:1"),
        (String::new(), "a schedule is nothing", "nightly.yaml"),
    ];
    for (text, title, place) in cases {
        let message = mistakes(text);
        assert!(message.contains(title), "{text}\nsays\n{message}");
        let expected = if place.contains(':') { format!("nightly.yaml:{place}") } else { (*place).to_owned() };
        assert!(message.contains(&expected), "{expected} for\n{text}\nsays\n{message}");
    }
}

#[test]
fn routes_without_anybody_to_tell_are_refused_and_default_routes_have_names() {
    let silent = config("targets: [{ name: prod-aws, provider: aws }]\n");
    let told = read_with(&with("routes: [on-call]\n"), &silent).unwrap_err();
    assert!(told.contains("the configuration has no `sinks`") && told.contains("nightly.yaml:3:10"), "{told}");
    let by_default = config(
        "targets: [{ name: prod-aws, provider: aws }]\nsinks: { channels: [{ name: hook, kind: webhook, url: \"env:HOOK\" }] }\n",
    );
    let read = read_with(&with("routes: [high, critical]\n"), &by_default).unwrap();
    assert_eq!(read.routes, Some(vec!["high".to_owned(), "critical".to_owned()]), "in the schedule's order");
}

#[test]
fn a_route_that_asks_for_a_schedule_nobody_has_is_told_with_its_place() {
    let source = Source { name: "palisade.yaml", text: CONFIG };
    assert_eq!(check_schedules_of_routes(&source, &["hourly", "nightly"]), Ok(()));
    let told = check_schedules_of_routes(&source, &["hourlly", "nightly"]).unwrap_err().to_string();
    assert!(told.contains("no schedule is called `hourly`") && told.contains("did you mean `hourlly`?"), "{told}");
    assert!(told.contains("palisade.yaml:9:40"), "{told}");
}

#[test]
fn what_is_built_to_break_a_reader_is_refused_in_a_moment() {
    for text in [
        format!("name: nightly\ncron: \"{}\"\n", "1,".repeat(100_000)),
        format!("name: nightly\ncron: \"{}\"\n", "* ".repeat(100_000)),
        format!("name: {}\ncron: \"0 2 * * *\"\n", "n".repeat(100_000)),
        with(&format!("time_zone: {}\n", "Z".repeat(100_000))),
        with("jitter_minutes: 99999999999999999999\n"),
        with("jitter_minutes: -1\n"),
        with("description: \"\\u0000\\u202e\"\nname: x\n"),
    ] {
        assert!(mistakes(&text).contains("error"));
    }
}

#[test]
fn every_schedule_that_is_shipped_is_right_and_tells_editors_its_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schedules");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.display().to_string();
            let known = Known { controls: CONTROLS, config: None };
            read_schedule(&Source { name: &name, text: &text }, &known).map_err(|error| error.to_string()).unwrap();
            assert!(text.starts_with("# yaml-language-server: $schema=schema.json\n"), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}
