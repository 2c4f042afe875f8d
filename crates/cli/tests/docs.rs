//! Every command that a document shows is one that the program understands, and what can be run here is run.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

#[path = "docs/blocks.rs"]
mod blocks;
/// The command line of the program, which stands in a binary and in no library.
#[path = "../src"]
mod program {
    #[expect(unused_imports, reason = "only what can be asked is wanted, not what is made of it")]
    pub(crate) mod arguments;
}
#[path = "docs/stage.rs"]
mod stage;
#[path = "docs/words.rs"]
mod words;

use blocks::{MARKS, Page, pages};
use clap::{Command, CommandFactory as _};
use palisade_config::{Known, Source, read, read_answers, read_framework, read_schedule, read_waivers};
use program::arguments::Arguments;
use std::{
    collections::BTreeMap,
    io::Write as _,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Pages whose blocks a test of their own runs, because they tell one story: the file and the test.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("docs/guides/evidence.md", "evidence.rs", "every_command_of_the_auditors_guide_runs"),
    ("docs/guides/exports.md", "exports.rs", "every_command_of_the_guide_runs"),
    ("docs/guides/frameworks.md", "frameworks.rs", "every_command_of_the_guide_runs"),
];

/// A page without which this test would find nothing to do.
const LEAST: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_command_of_the_documents_runs_over_simulated_clouds() {
    let pages = pages();
    let wanted = |page: &&Page| !ELSEWHERE.iter().any(|(path, ..)| *path == page.path);
    let runnable = |page: &&Page| page.blocks.iter().any(|block| block.mark.is_none());
    let todo: Vec<&Page> = pages.iter().filter(wanted).filter(runnable).collect();
    let stage = stage::Stage::set().await;
    let (next, ran) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some(page) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
            let folder = stage.page();
            for block in page.blocks.iter().filter(|block| block.mark.is_none()) {
                let result = folder.run(block);
                ran.fetch_add(result.ours, Ordering::Relaxed);
                let expected = block.ours().len();
                let mut wrong = result.failed;
                if result.ours < expected && wrong.is_empty() {
                    wrong.push(format!("{} of {expected} commands ran", result.ours));
                }
                failed.lock().unwrap().extend(wrong.into_iter().map(|why| format!("{}: {why}", page.path)));
            }
        }
    };
    tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
                scope.spawn(work);
            }
        });
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    let ran = ran.into_inner();
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for block in pages.iter().flat_map(|page| &page.blocks) {
        if let Some(mark) = &block.mark {
            *left.entry(MARKS.iter().find(|(name, _)| name == mark).unwrap().1).or_default() += block.lines().len();
        }
    }
    // Past the harness, which keeps what a good test prints.
    writeln!(std::io::stderr(), "{ran} commands of {} documents ran; lines that did not: {left:?}", todo.len())
        .unwrap();
    assert!(ran >= LEAST, "only {ran} commands were found");
}

#[test]
fn every_command_of_the_documents_is_understood_whether_it_can_be_run_here_or_not() {
    let mut seen = 0;
    for page in pages() {
        assert_eq!(page.unknown, Vec::<String>::new(), "{}: say what is in the block, or why it is not run", page.path);
        for line in page.blocks.iter().flat_map(blocks::Block::ours) {
            // A fingerprint is 32 digits; nobody wants them on a page.
            let line = line.replace("FINGERPRINT", "0123456789abcdef0123456789abcdef").replace("NUMBER", "17");
            let parsed = Arguments::command().try_get_matches_from(words::of(&line));
            let understood = parsed.as_ref().map_or_else(|error| !error.use_stderr(), |_| true);
            assert!(understood, "{}: {line}\n{}", page.path, parsed.unwrap_err());
            seen += 1;
        }
    }
    assert!(seen > LEAST, "only {seen} commands were found");
}

#[test]
fn what_a_text_calls_a_command_or_an_option_is_one() {
    let mut seen = 0;
    for page in pages() {
        for mention in &page.mentions {
            let words = words::of(mention);
            let mut command = Arguments::command();
            command.build();
            let mut rest = words.iter().skip(1).peekable();
            while let Some(next) = rest.peek().and_then(|word| command.find_subcommand(word)).cloned() {
                command = next;
                rest.next();
            }
            let at = format!("{}: `{mention}`", page.path);
            assert!(
                words.len() < 2 || command.get_name() != "palisade" || words[1].starts_with('-'),
                "{at}: no such command"
            );
            for option in rest.filter_map(|word| word.strip_prefix("--")) {
                let name = option.split('=').next().unwrap();
                assert!(name == "help" || name == "version" || takes(&command, name), "{at}: no option `--{name}`");
            }
            seen += 1;
        }
    }
    assert!(seen > LEAST, "only {seen} mentions were found");
}

fn takes(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(option))
}

#[test]
fn every_file_that_a_page_shows_is_one_that_the_program_reads() {
    let entries = palisade_controls::controls();
    let ids: Vec<&str> = entries.iter().map(|control| control.meta.id).collect();
    let mut seen = 0;
    for page in pages() {
        for file in &page.files {
            let key = file.lines().find(|line| !line.starts_with('#')).and_then(|line| line.split(':').next());
            let of_a_schedule = file.starts_with("targets:") && !file.contains("provider:");
            let name =
                file.lines().find_map(|line| line.strip_prefix("name: ")).and_then(|rest| rest.split(' ').next());
            let text = match key.unwrap() {
                "targets" if of_a_schedule => format!("name: x\ncron: \"0 2 * * *\"\n{file}"),
                "service" | "policy" | "sinks" | "evidence" | "limits" => {
                    format!("targets: [{{name: a, provider: aws}}]\n{file}")
                }
                _ => file.clone(),
            };
            // A schedule's file has its name.
            let place = format!("{}.yaml", name.unwrap_or("x"));
            let source = Source { name: &place, text: &text };
            let mistakes = match key.unwrap() {
                "targets" | "name" if of_a_schedule || key == Some("name") => {
                    read_schedule(&source, &Known { controls: &ids, config: None }).err()
                }
                "targets" | "service" | "policy" | "sinks" | "evidence" | "limits" => read(&source, &ids).err(),
                "waivers" => read_waivers(&source, &ids).err(),
                "answers" => read_answers(&source, &entries).err(),
                "id" => read_framework(&source, &entries).err(),
                // Kustomize reads it.
                "components" => continue,
                other => panic!("{}: nobody knows what reads `{other}:`", page.path),
            };
            assert!(mistakes.is_none(), "{}: {}", page.path, mistakes.unwrap());
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} files were found");
}

#[test]
fn of_the_readme_the_two_commands_that_build_are_not_run_and_no_others() {
    let pages = pages();
    let readme = pages.iter().find(|page| page.path == "README.md").unwrap();
    let left: Vec<String> =
        readme.blocks.iter().filter(|block| block.mark.is_some()).flat_map(blocks::Block::lines).collect();
    let commands: Vec<String> = left.iter().map(|line| words::of(line).join(" ")).collect();
    assert_eq!(commands, ["cargo run --release -- demo", "cargo xtask test"]);
}

#[test]
fn a_page_that_is_run_elsewhere_is_run_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (page, file, test) in ELSEWHERE {
        let source = std::fs::read_to_string(tests.join(file)).unwrap();
        let found = source.split_once(&format!("fn {test}()")).unwrap_or_else(|| panic!("no `{test}` in {file}")).1;
        assert!(found.split("\n}\n").next().unwrap().contains(page), "`{test}` of {file} does not read {page}");
    }
}

#[test]
fn a_block_that_says_nothing_of_itself_or_gives_an_unknown_reason_is_named() {
    let page =
        blocks::page("a.md", "```\nx\n```\n\n```sh,rainy\npalisade demo\n```\n\n```sh\npalisade demo \\\n  -v\n```\n");
    assert_eq!(page.unknown, ["```", "sh,rainy"]);
    assert_eq!(page.blocks.last().unwrap().ours(), ["palisade demo    -v"]);
}
