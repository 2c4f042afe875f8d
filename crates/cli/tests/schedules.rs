//! `palisade schedules` as a person runs it, over the schedules that are shipped and over mistakes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_config::{Known, Source, read_schedule};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schedules");

fn schedules_in(folder: &Path, arguments: &[&str]) -> Output {
    // Without zone files: the zones are in the binary.
    Command::new(env!("CARGO_BIN_EXE_palisade"))
        .arg("schedules")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("TZDIR", "/nonexistent")
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", err(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with a schedule of Berlin's nights.
fn berlin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("schedules")).unwrap();
    let text = "name: nightly\ncron: \"30 2 * * *\"\ntime_zone: Europe/Berlin\njitter_minutes: 10\n";
    fs::write(folder.path().join("schedules/nightly.yaml"), text).unwrap();
    folder
}

#[test]
fn the_shipped_schedules_are_checked_previewed_and_explained() {
    let root = Path::new(SHIPPED).parent().unwrap();
    insta::assert_snapshot!("check", out(&schedules_in(root, &["check"])));
    insta::assert_snapshot!("next", out(&schedules_in(root, &["next", "--count", "3", "--from", "2026-11-29"])));
    // Zone data get a new release several times a year.
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"IANA \d{4}[a-z]", "IANA [release]");
    let _bound = settings.bind_to_scope();
    for name in ["hourly-exposure", "weekly-evidence"] {
        insta::assert_snapshot!(format!("explain_{name}"), out(&schedules_in(root, &["explain", name])));
    }
}

#[test]
fn the_days_on_which_clocks_change_are_said_out_loud() {
    let folder = berlin();
    for (name, from) in [("spring", "2026-03-28"), ("autumn", "2026-10-24T12:00:00+02:00")] {
        let text = out(&schedules_in(folder.path(), &["next", "nightly", "--count", "3", "--from", from]));
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn every_mistake_of_every_file_is_reported_and_ends_with_two() {
    let folder = berlin();
    let file = |name: &str, text: &str| fs::write(folder.path().join("schedules").join(name), text).unwrap();
    file("hourly.yaml", "name: hourly\ncron: \"0 * * * 8\"\ntime_zone: Berlin\n");
    file("never.yaml", "name: never\ncron: \"0 0 30 2 *\"\n");
    let output = schedules_in(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    insta::assert_snapshot!("mistakes", err(&output));

    let config = "targets:\n  - {name: prod-aws, provider: aws}\n";
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    file("hourly.yaml", "name: hourly\ncron: \"0 * * * *\"\ntargets: [prod-azure]\n");
    fs::remove_file(folder.path().join("schedules/never.yaml")).unwrap();
    assert!(schedules_in(folder.path(), &["check"]).status.success(), "without a configuration targets are names");
    let table: &[(&[&str], i32, &str)] = &[
        (&["check", "-c", "palisade.yaml"], 2, "no target is called `prod-azure`"),
        (&["check", "nowhere"], 2, "could not read the folder of schedules `nowhere`"),
        (&["check", "-c", "nowhere.yaml"], 2, "could not read the configuration"),
        (&["next", "weekly"], 2, "no schedule is called `weekly`; there are `hourly`, `nightly`"),
        (&["next", "nigthly"], 2, "no schedule is called `nigthly`; did you mean `nightly`?"),
        (&["next", "../palisade"], 2, "no schedule is called"),
        (&["explain", "weekly"], 2, "no schedule is called"),
        (&["next", "--from", "tomorrow"], 2, "neither an instant"),
        (&["next", "--count", "0"], 2, "--count"),
    ];
    for (arguments, code, sentence) in table {
        let output = schedules_in(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(sentence), "{arguments:?}: {}", err(&output));
    }
    file("weekly.yml", "name: weekly\n");
    assert!(err(&schedules_in(folder.path(), &["check"])).contains("schedules end with `.yaml`"));
}

#[test]
fn schema_and_reader_say_the_same_of_files_that_are_right_and_wrong() {
    let schema: Value = serde_json::from_str(&fs::read_to_string(format!("{SHIPPED}/schema.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let head = "{\"name\": \"nightly\", \"cron\": \"0 2 * * *\"";
    let right = [
        "",
        ", \"targets\": \"all\"",
        ", \"targets\": [\"a\", {\"name\": \"b\", \"scopes\": [\"1\"]}], \"routes\": [\"r\"]",
        ", \"controls\": [\"CP-01\"], \"time_zone\": \"Europe/Berlin\", \"jitter_minutes\": 30, \"catch_up\": \"none\"",
        ", \"profile\": \"etcd\", \"evidence\": {\"formats\": [\"snapshot\", \"csv\"], \"to\": \"x\"}, \"time_limit_minutes\": 5",
    ];
    let wrong = [
        ", \"target\": \"all\"",
        ", \"targets\": \"some\"",
        ", \"targets\": []",
        ", \"targets\": [{\"scopes\": [\"1\"]}]",
        ", \"targets\": [{\"name\": \"a\", \"scope\": [\"1\"]}]",
        ", \"controls\": [\"XX-01\"]",
        ", \"controls\": [\"CP-01\"], \"profile\": \"full\"",
        ", \"controls\": []",
        ", \"controls\": [\"CP-01\", \"CP-01\"]",
        ", \"routes\": [\"r\", \"r\"]",
        ", \"evidence\": {\"formats\": [\"csv\", \"csv\"], \"to\": \"x\"}",
        ", \"profile\": \"all\"",
        ", \"time_zone\": \"Berlin\"",
        ", \"jitter_minutes\": 361",
        ", \"jitter_minutes\": \"a\"",
        ", \"time_limit_minutes\": 0",
        ", \"catch_up\": \"all\"",
        ", \"catch_up\": null",
        ", \"routes\": []",
        ", \"evidence\": {\"formats\": [], \"to\": \"x\"}",
        ", \"evidence\": {\"formats\": [\"pdf\"], \"to\": \"x\"}",
        ", \"evidence\": {\"formats\": [\"json\"]}",
    ];
    // JSON is YAML.
    let reads = |text: &str| {
        let ids: Vec<&str> = palisade_controls::controls().iter().map(|control| control.meta.id).collect();
        let known = Known { controls: &ids, config: None };
        read_schedule(&Source { name: "nightly.yaml", text }, &known).map_err(|error| error.to_string())
    };
    for (rests, is_right) in [(&right[..], true), (&wrong[..], false)] {
        for rest in rests {
            let text = format!("{head}{rest}}}");
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(validator.is_valid(&value), is_right, "the schema of {text}");
            assert_eq!(reads(&text).is_ok(), is_right, "the reader of {text}: {:?}", reads(&text));
        }
    }
    for text in [
        "{\"name\": \"nightly\"}",
        "{\"cron\": \"0 2 * * *\"}",
        "{\"name\": \"a b\", \"cron\": \"0 2 * * *\"}",
        "{\"name\": \"nightly\", \"cron\": \"0 2 *\"}",
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
        assert!(reads(text).is_err(), "{text}");
    }
}
