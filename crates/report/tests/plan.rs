//! The plan in words, and how it is kept.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on says where")]

#[path = "forms/sample.rs"]
#[expect(dead_code, reason = "the other forms ask more of it")]
mod sample;

use palisade_assess::{PersonDays, PlanFile, Quarter};
use palisade_report::{Options, Outlook, begun, plan_csv, plan_markdown, plan_text};
use sample::{hostile_names, named, report};

fn options() -> Options {
    Options { colour: false, width: 80, next: Vec::new(), ..Options::default() }
}

fn csv(outlook: &Outlook) -> Vec<csv::StringRecord> {
    let mut bytes = Vec::new();
    plan_csv(outlook, &mut bytes).unwrap();
    csv::Reader::from_reader(bytes.as_slice()).records().collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_change_is_in_a_quarter_or_says_why_not() {
    let kept = begun(&report(), Some(PersonDays::days(5)));
    let outlook = Outlook::of(&report(), Some(&kept)).unwrap();
    let lines = csv(&outlook);
    assert_eq!(lines.len(), outlook.initiatives.len());
    assert!(lines.iter().all(|line| line[1].is_empty() != line[13].is_empty()), "{lines:?}");
    assert!(lines.iter().any(|line| &line[1] == "1") && lines.iter().any(|line| !line[13].is_empty()));
    let text = plan_text(&outlook, &options());
    assert!(text.contains("Quarter 4") && text.contains("In no quarter") && text.contains("What to expect"), "{text}");
}

#[test]
fn what_a_person_moved_in_the_file_stays_when_it_is_planned_again() {
    let first = Outlook::of(&report(), Some(&begun(&report(), None))).unwrap();
    let mut file = PlanFile::read(&first.file.write()).unwrap();
    let item = file.items.iter_mut().find(|item| item.quarter.is_some_and(|quarter| quarter.number() == 1)).unwrap();
    let (id, last) = (item.id.clone(), Quarter::ALL[3]);
    item.quarter = Some(last);
    let again = Outlook::of(&report(), Some(&file)).unwrap();
    let place = again.plan.quarters[3].items.iter().find(|item| item.initiative == id).unwrap();
    assert!(place.pinned);
    assert_eq!(again.file.items.iter().find(|item| item.id == id).unwrap().quarter, Some(last));
}

#[test]
fn no_name_breaks_a_plan_in_words() {
    for name in hostile_names() {
        let outlook = Outlook::of(&named(&name), None).unwrap();
        for line in plan_text(&outlook, &options()).lines() {
            assert!(line.chars().all(|letter| !letter.is_control()), "{name:?}: {line}");
        }
        let markdown = plan_markdown(&outlook);
        assert!(!markdown.contains('<') && !markdown.contains("]("), "{name:?}: {markdown}");
        for field in csv(&outlook).iter().flatten() {
            assert!(!field.starts_with(['=', '+', '-', '@']), "{name:?}: {field}");
        }
    }
}
