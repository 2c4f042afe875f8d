//! A run that many processes read without a database, put together: over the story's three clouds.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use palisade_simulator::{Faults, Running, Simulator, World};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

struct Stage {
    folder: tempfile::TempDir,
    cloud: Running,
}

impl Stage {
    async fn set() -> Self {
        Self::set_with(Faults::default()).await
    }

    async fn set_with(faults: Faults) -> Self {
        let cloud = Simulator::start(World::acme().unwrap(), faults).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "targets:\n  - {{name: aws, provider: aws, accounts: organization, role: PalisadeReader, external_id: acme-7d1f, \
             endpoint_url: \"{}\"}}\n  - {{name: azure, provider: azure, endpoint_url: \"{}\"}}\n  \
             - {{name: gcp, provider: gcp, endpoint_url: \"{}\"}}\n",
            cloud.aws, cloud.azure, cloud.gcp
        );
        fs::write(folder.path().join("palisade.yaml"), config).unwrap();
        Self { folder, cloud }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn config(&self) -> String {
        fs::read_to_string(self.at("palisade.yaml")).unwrap()
    }

    fn configure(&self, config: &str) {
        fs::write(self.at("palisade.yaml"), config).unwrap();
    }

    fn schedule(&self, targets: &str) {
        fs::create_dir_all(self.at("schedules")).unwrap();
        let schedule =
            format!("name: yearly\ncron: \"0 2 1 1 *\"\ntime_zone: UTC\ntargets: [{targets}]\nprofile: full\n");
        fs::write(self.at("schedules/yearly.yaml"), schedule).unwrap();
    }

    /// What the program prints, stdout and stderr, when it ends with this code.
    async fn says(&self, code: i32, arguments: &[&str]) -> String {
        self.says_with(code, arguments, &[]).await
    }

    async fn says_with(&self, code: i32, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIAPALISADE00000000")
            .env("AWS_SECRET_ACCESS_KEY", "simulated")
            .env("AWS_REGION", "us-east-1")
            .envs(variables.iter().copied());
        let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let both = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {both}");
        both
    }

    async fn shards(&self, numbers: impl IntoIterator<Item = u32>, count: u32, place: &str) {
        for number in numbers {
            let said = self.says(0, &["scan", "--shard", &format!("{number}/{count}"), "--share", place]).await;
            assert!(said.contains(&format!("shard {number}/{count}: ")) && said.contains(" 0 not read"), "{said}");
        }
    }

    async fn report(&self, run: &str) -> Value {
        let file = format!("{run}.json");
        self.says(0, &["replay", run, "--format", "json", "-o", &file]).await;
        let mut report: Value = serde_json::from_slice(&fs::read(self.at(&file)).unwrap()).unwrap();
        // When it was, which is another moment for each scan, and the run's id, which follows from it.
        report.as_object_mut().unwrap().remove("run");
        // What accounts share is asked once by each process; everything else as often as by one.
        report.pointer_mut("/calls/total").unwrap().as_object_mut().unwrap().remove("calls");
        for row in report.pointer_mut("/calls/operations").unwrap().as_array_mut().unwrap() {
            if row.get("operation").and_then(Value::as_str).is_some_and(|name| SHARED.contains(&name)) {
                row.as_object_mut().unwrap().remove("calls");
            }
        }
        report
    }
}

/// Reads of what stands above accounts, subscriptions and projects.
const SHARED: &[&str] = &[
    "DescribePolicy",
    "ListParents",
    "ListPolicies",
    "ListTargetsForPolicy",
    "Groups_ListTransitiveMembers",
    "folders.get",
    "folders.getIamPolicy",
    "organizations.getIamPolicy",
    "denypolicies.get",
    "denypolicies.list",
    "roles.get",
];

/// Every file of a run and what is in it.
fn files(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![run.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(run).unwrap().display().to_string();
                found.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

/// What each unit's list says, without when it was asked and by which request.
fn timeless(run: &Path) -> BTreeMap<String, Vec<Value>> {
    let lists = files(run).into_iter().filter(|(name, _)| name.starts_with("units/"));
    lists
        .map(|(name, bytes)| {
            let lines = String::from_utf8(bytes).unwrap();
            let lines = lines.lines().map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                for member in ["at", "exchange", "started_at", "finished_at", "records"] {
                    line.as_object_mut().unwrap().remove(member);
                }
                line
            });
            (name, lines.collect())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seven_shards_give_the_run_that_one_gives_and_that_one_process_scans() {
    let stage = Stage::set().await;
    stage.says(0, &["scan", "--save-snapshot", "alone", "-o", "report.txt"]).await;
    stage.shards([1], 1, "one").await;
    stage.shards([4, 1, 7, 2, 6, 3, 5], 7, "seven").await;
    for place in ["one", "seven"] {
        let said = stage.says(0, &["merge", place, "-o", &format!("run-{place}")]).await;
        assert!(!said.contains("missing"), "{said}");
    }
    let alone = stage.report("alone").await;
    assert!(alone.pointer("/findings/0").is_some() && alone.pointer("/clusters/5").is_some());
    for run in ["run-one", "run-seven"] {
        assert_eq!(timeless(&stage.at(run)), timeless(&stage.at("alone")), "{run}: what was asked and answered");
        assert!(stage.report(run).await == alone, "{run}: what it says");
    }
    // The same results, whoever wrote them and in whatever order, are the same bytes.
    stage.shards([1], 1, "seven").await;
    stage.says(0, &["merge", "seven", "-o", "again"]).await;
    assert_eq!(files(&stage.at("again")), files(&stage.at("run-seven")));
    let copy = stage.at("copy");
    for (name, bytes) in files(&stage.at("seven")).into_iter().rev() {
        fs::create_dir_all(copy.join(&name).parent().unwrap()).unwrap();
        fs::write(copy.join(name), bytes).unwrap();
    }
    stage.says(0, &["merge", "copy", "-o", "from-copy"]).await;
    assert_eq!(files(&stage.at("from-copy")), files(&stage.at("run-seven")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_that_is_started_again_reads_nothing_twice_and_the_fleet_is_looked_for_once() {
    let stage = Stage::set().await;
    stage.shards([1, 2, 3], 3, "place").await;
    let asked = stage.cloud.ledger().entries().len();
    let lists = |permission: &str| {
        let ledger = stage.cloud.ledger();
        ledger.entries().iter().filter(|entry| entry.operation.permission == permission).count()
    };
    assert_eq!(lists("organizations:ListAccounts"), 1, "whoever came first has looked for the accounts");
    let said = stage.says(0, &["scan", "--shard", "2/3", "--share", "place"]).await;
    assert!(said.contains(" 0 read with 0 calls"), "{said}");
    assert_eq!(stage.cloud.ledger().entries().len(), asked, "nothing is asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_shard_has_read_is_named_and_passes_nowhere() {
    let stage = Stage::set().await;
    stage.shards([1], 1, "place").await;
    stage.says(0, &["merge", "place", "-o", "whole"]).await;
    let whole = stage.report("whole").await;
    // One unit of each cloud is lost, and another one is damaged.
    let mut lost: Vec<(String, String)> = Vec::new();
    let mut damaged = None;
    for (name, bytes) in files(&stage.at("place")).into_iter().filter(|(name, _)| name.starts_with("unit/")) {
        let text = String::from_utf8(bytes).unwrap();
        let header: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        let of = |member: &str| header.pointer(&format!("/{member}")).unwrap().as_str().unwrap().to_owned();
        let (target, scope) = (of("target"), of("scope"));
        if !lost.iter().any(|(other, _)| *other == target) {
            fs::remove_file(stage.at("place").join(name)).unwrap();
            lost.push((target, scope));
        } else if damaged.is_none() {
            fs::write(stage.at("place").join(name), text.trim_end()).unwrap();
            damaged = Some((target, scope));
        }
    }
    let damaged = damaged.unwrap();
    assert_eq!(lost.len(), 3, "{lost:?}");
    let said = stage.says(3, &["merge", "place", "-o", "part"]).await;
    for (target, scope) in &lost {
        let line = format!("missing: {target} {scope}: no shard has written what it read of it\n");
        assert!(said.contains(&line), "{said}");
    }
    assert!(
        said.contains(&format!("missing: {} {}: ", damaged.0, damaged.1)) && said.contains("was cut off"),
        "{said}"
    );
    assert!(said.contains("the run is incomplete: 4 stand in `part`"), "{said}");

    let part = stage.report("part").await;
    let gone: Vec<&str> = lost.iter().map(|(_, scope)| scope.as_str()).chain([damaged.1.as_str()]).collect();
    let gaps = part.pointer("/gaps").unwrap().as_array().unwrap();
    let of_gone = |value: &Value| {
        let scope = value.pointer("/scope").or_else(|| value.pointer("/subject/scope")).unwrap().as_str().unwrap();
        gone.iter().any(|gone| scope == *gone || scope.starts_with(&format!("{gone}/")))
    };
    for scope in &gone {
        assert!(gaps.iter().any(|gap| gap.pointer("/scope").unwrap() == scope), "{scope} is in no gap: {gaps:#?}");
    }
    let findings = |report: &Value| report.pointer("/findings").unwrap().as_array().unwrap().clone();
    assert!(!findings(&part).iter().any(of_gone), "nothing is said of what was not read");
    let others = |report: &Value| {
        let kept = findings(report).into_iter().filter(|finding| !of_gone(finding));
        kept.map(|finding| finding.pointer("/fingerprint").unwrap().clone()).collect::<Vec<_>>()
    };
    assert_eq!(others(&part), others(&whole), "and everything of what was");

    stage.says(3, &["replay", "part", "--min-coverage", "1", "-o", "part.txt"]).await;
    stage.says(0, &["report", "part", "-o", "part.html"]).await;
    stage.says(0, &["evidence", "export", "part", "--out", "bundle", "-c", "palisade.yaml"]).await;
    assert!(stage.says(0, &["evidence", "verify", "bundle"]).await.contains("bundle: holds"));

    // The shard is started once more, as the merge says: nothing is missing any more, and nothing was replaced.
    let before = files(&stage.at("place"));
    let said = stage.says(0, &["scan", "--shard", "1/1", "--share", "place"]).await;
    assert!(said.contains(": 4 read with "), "{said}");
    let after = files(&stage.at("place"));
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "nothing is replaced");
    let said = stage.says(0, &["merge", "place", "-o", "better"]).await;
    assert!(!said.contains("missing: "), "{said}");
    assert_eq!(others(&stage.report("better").await), others(&whole));
    // What was read again counts.
    let said = stage.says(0, &["scan", "--shard", "1/1", "--share", "place"]).await;
    assert!(said.contains(": 0 read with 0 calls"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cloud_that_is_down_when_accounts_are_looked_for_is_not_left_out_of_the_run_by_everybody() {
    let stage = Stage::set().await;
    stage.schedule("{name: azure}, {name: gcp}");
    let config = stage.config();
    stage.configure(&config.replace(&stage.cloud.azure, "http://127.0.0.1:9"));
    let not_planned = "nothing of `azure` was found: `Subscriptions_List`: ";
    let said = stage.says(4, &["scan", "--shard", "1/2", "--share", "place"]).await;
    assert!(said.contains("the run is not planned") && said.contains(not_planned), "{said}");
    assert!(!stage.at("place/plan.jsonl").exists());
    let said = stage.says(4, &["run", "yearly", "--join"]).await;
    assert!(said.contains("the run is not planned") && said.contains(not_planned), "{said}");

    stage.configure(&config);
    stage.shards([2, 1], 2, "place").await;
    let said = stage.says(0, &["merge", "place", "-o", "run"]).await;
    assert!(!said.contains("missing"), "{said}");
    let said = stage.says(0, &["run", "yearly", "--join"]).await;
    assert!(
        said.starts_with("yearly: ") && !said.contains("yearly: 0 clusters"),
        "nothing of it was taken for read: {said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_that_could_not_be_looked_for_are_missed_by_every_shard_and_by_the_merge() {
    let faults = Faults { deny: vec!["organizations:ListAccounts".to_owned()], ..Faults::default() };
    let stage = Stage::set_with(faults).await;
    let missed = "target `aws`: what there is of it was not all found: `organizations:ListAccounts`: ";
    for shard in ["1/2", "2/2"] {
        let said = stage.says(3, &["scan", "--shard", shard, "--share", "place"]).await;
        assert!(said.contains(missed) && said.contains("looks again"), "{said}");
    }
    let said = stage.says(3, &["merge", "place", "-o", "run"]).await;
    assert!(said.contains(missed) && !said.contains("missing: "), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_whose_budget_is_used_up_says_so_and_keeps_nothing_by_half() {
    const BUDGET: usize = 40;
    let stage = Stage::set().await;
    let config = stage.config();
    stage.configure(&format!("{config}limits: {{max_calls: 3}}\n"));
    let said = stage.says(3, &["scan", "--shard", "1/1", "--share", "place"]).await;
    assert!(said.contains("the run is not planned") && said.contains("budget of 3 calls"), "{said}");
    assert!(!stage.at("place/plan.jsonl").exists());
    let before = stage.cloud.ledger().entries().len();

    stage.configure(&format!("{config}limits: {{max_calls: {BUDGET}}}\n"));
    let said = stage.says(3, &["scan", "--shard", "1/1", "--share", "place"]).await;
    assert_eq!(stage.cloud.ledger().entries().len() - before, BUDGET);
    assert!(said.contains("nothing of them is kept") && said.contains("budget of 40 calls"), "{said}");
    let calls = said.split(" read with ").nth(1).unwrap().split(' ').next().unwrap().parse::<usize>().unwrap();
    assert!((1..BUDGET).contains(&calls), "what was not sent is no call: {said}");
    let said = stage.says(3, &["merge", "place", "-o", "part"]).await;
    assert!(said.contains("missing: "), "{said}");

    stage.configure(&config);
    stage.shards([1], 1, "place").await;
    stage.says(0, &["merge", "place", "-o", "whole"]).await;
    let report = stage.report("whole").await;
    assert_eq!(report.pointer("/calls/total/unasked"), Some(&Value::from(0)), "what was cut short was read again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_of_a_schedule_find_one_another_by_its_firing() {
    let stage = Stage::set().await;
    stage.schedule("{name: aws}");
    for index in ["0", "1"] {
        let engine = [("JOB_COMPLETION_INDEX", index), ("PALISADE_SHARDS", "2")];
        let said = stage.says_with(0, &["run", "yearly", "--shard", "auto", "--share", "place"], &engine).await;
        assert!(said.contains(" of 4 units: "), "{said}");
    }
    let firing = fs::read_dir(stage.at("place/yearly")).unwrap().next().unwrap().unwrap();
    let said = stage.says(0, &["merge", firing.path().to_str().unwrap(), "-o", "run"]).await;
    assert!(said.contains("4 of 4 units in `run`"), "{said}");
    assert!(!stage.at("palisade.db").exists(), "a part remembers nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_shared_is_refused_with_the_way_out() {
    let stage = Stage::set().await;
    let said = stage.says(2, &["scan", "--shard", "9/8", "--share", "place"]).await;
    assert!(said.contains("`9/8` is no shard: its number is higher than their count"), "{said}");
    let said = stage.says(2, &["scan", "--shard", "auto", "--share", "place"]).await;
    assert!(said.contains("elsewhere say `--shard I/N`"), "{said}");
    let said = stage.says(2, &["scan", "--shard", "1/2"]).await;
    assert!(said.contains("--share <PLACE>"), "{said}");
    let said = stage.says(4, &["merge", "nowhere", "-o", "run"]).await;
    assert!(said.contains("could not read `nowhere`"), "{said}");
    fs::create_dir(stage.at("empty")).unwrap();
    let said = stage.says(4, &["merge", "empty", "-o", "run"]).await;
    assert!(said.contains("`empty` holds no shared run"), "{said}");
    stage.shards([1], 1, "place").await;
    stage.says(0, &["merge", "place", "-o", "run"]).await;
    let said = stage.says(2, &["merge", "place", "-o", "run"]).await;
    assert!(said.contains("`run` is there already"), "{said}");
    for (flag, value) in [("--format", "json"), ("-o", "x.json"), ("--fail-on", "high"), ("--min-coverage", "1")] {
        let said = stage.says(2, &["scan", "--shard", "1/1", "--share", "place", flag, value]).await;
        assert!(said.contains("makes no report") && said.contains("give it to `palisade replay RUN`"), "{said}");
    }
    let said = stage.says(2, &["run", "yearly", "--shard", "1/1", "--share", "place", "--fail-on", "high"]).await;
    assert!(said.contains("or to `palisade run NAME --merge PLACE`"), "{said}");
    let plan = fs::read_to_string(stage.at("place/plan.jsonl")).unwrap();
    fs::write(stage.at("place/plan.jsonl"), plan.replace("\"planned_at\":\"2", "\"planned_at\":\"3")).unwrap();
    let said = stage.says(4, &["merge", "place", "-o", "other"]).await;
    assert!(said.contains("`place/plan.jsonl`") && said.contains("cut off or changed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_with_another_configuration_than_the_one_that_planned_reads_nothing_and_says_what_differs() {
    let stage = Stage::set().await;
    stage.shards([1], 2, "place").await;
    let config = stage.config();
    let shard = ["scan", "--shard", "2/2", "--share", "place"];
    let settings = |name: &str| format!("`{name}` ({name}) has other settings, or other parts to read");
    for (was, is, told) in [
        ("role: PalisadeReader", "role: Other", settings("aws")),
        ("external_id: acme-7d1f", "external_id: other", settings("aws")),
        ("accounts: organization", "accounts: organization, regions: [eu-west-1]", settings("aws")),
        ("accounts: organization", "accounts: [\"111122223333\"]", settings("aws")),
        ("provider: azure", "provider: azure, tenant: other", settings("azure")),
        ("provider: azure", "provider: azure, discovery: {from: resource-graph}", settings("azure")),
        ("provider: gcp", "provider: gcp, quota_project: other", settings("gcp")),
        ("provider: gcp", "provider: gcp, projects: [other]", settings("gcp")),
        ("name: gcp", "name: google", "only the run has a target `gcp` (gcp); only this process has a".to_owned()),
    ] {
        let other = config.replace(was, is);
        assert_ne!(other, config);
        stage.configure(&other);
        let said = stage.says(4, &shard).await;
        assert!(said.contains(&told) && said.contains("all processes of one run have one configuration"), "{said}");
        assert_eq!(said.matches(" has other settings").count(), told.matches(" has other settings").count(), "{said}");
    }
    stage.configure(&config);
    let said = stage.says(4, &[&shard[..], &["--target", "aws"]].concat()).await;
    assert!(said.contains("only the run has a target `azure` (azure)"), "{said}");
    stage.shards([2], 2, "place").await;
}
