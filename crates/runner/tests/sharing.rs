//! A run that many processes share, over clouds that fail, are asked too little, or are another configuration's: what
//! is not whole is said, and nobody takes it for all there is.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says where")]

use jiff::Timestamp;
use palisade_model::Inventory;
use palisade_provider::{
    Attempt, BudgetSpent, Call, CallLimits, Collect, Discovery, Failure, FailureReason, Future, Per, Provider, Quiet,
    Recorder, Snapshot, Unit,
};
use palisade_runner::{Crew, Merged, Part, Plan, Scan, Shard, ShareError, Target, Unfound, merge, plan, read_shard};
use palisade_store::{Share, SnapshotFolder};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

const FIND: Call = Call {
    name: "organizations:ListAccounts",
    permission: "organizations:ListAccounts",
    per: Per::Target,
    feeds: &[],
    redact: &[],
    purpose: "find accounts",
};
const LIST: Call = Call { name: "eks:ListClusters", permission: "eks:ListClusters", per: Per::Region, ..FIND };

/// How many questions each account is asked.
const QUESTIONS: u64 = 3;

/// A cloud of some accounts.
#[derive(Debug)]
struct Cloud {
    /// What is configured.
    regions: &'static str,
    accounts: &'static [&'static str],
    /// How the list of accounts fails.
    failure: Option<FailureReason>,
    /// Where somebody else has planned the run before that.
    not_before: Option<Share>,
    /// The accounts that were read. Not a part of what was configured.
    read: Mutex<Vec<String>>,
}

fn cloud(accounts: &'static [&'static str]) -> Cloud {
    Cloud { regions: "enabled", accounts, failure: None, not_before: None, read: Mutex::default() }
}

impl Provider for Cloud {
    fn provider(&self) -> palisade_model::Provider {
        palisade_model::Provider::Aws
    }

    fn calls(&self) -> &'static [Call] {
        &[FIND, LIST]
    }

    fn cluster_list(&self) -> &'static Call {
        &LIST
    }

    fn normalize(&self, _: &Snapshot) -> Inventory {
        Inventory { clusters: Vec::new(), unseen: Vec::new() }
    }
}

/// Asks a question, when the budget has one left, and writes down what came.
async fn ask(recorder: &Recorder, call: &'static Call, scope: &str, question: &str) {
    let params = [("question", question)];
    let transcript = recorder.transcript("simulated", scope);
    let leave = async {
        let permit = transcript.permit().await?;
        transcript.sent()?;
        Ok::<_, BudgetSpent>(permit)
    };
    match leave.await {
        Ok(_permit) => {
            transcript.answered(Attempt::answered(200, None, None));
            let answer = json!({ "account": scope, "question": question });
            recorder.answered(call, scope, &params, (0, true), answer, transcript.exchange());
        }
        Err(spent) => recorder.failed(call, scope, &params, 0, spent.into(), None),
    }
}

impl Collect for Cloud {
    fn configured(&self) -> String {
        format!("regions: {}", self.regions)
    }

    fn discover<'a>(&'a self, recorder: &'a Recorder) -> Future<'a, Discovery> {
        Box::pin(async move {
            if let Some(share) = &self.not_before {
                while share.plan().await.unwrap().is_none() {
                    tokio::task::yield_now().await;
                }
            }
            match self.failure {
                Some(reason) => recorder.failed(&FIND, "root", &[], 0, Failure::new(reason, "it is down"), None),
                None => ask(recorder, &FIND, "root", "all").await,
            }
            let unit = |account: &&str| Unit { scope: (*account).to_owned(), name: None };
            let snapshot = recorder.finish(self.provider(), "root");
            Discovery { units: self.accounts.iter().map(unit).collect(), snapshot }
        })
    }

    fn recall<'a>(&'a self, _: &'a Snapshot) -> Future<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn collect<'a>(&'a self, unit: &'a Unit, recorder: &'a Recorder) -> Future<'a, Snapshot> {
        Box::pin(async move {
            self.read.lock().unwrap().push(unit.scope.clone());
            for number in 0..QUESTIONS {
                ask(recorder, &LIST, &unit.scope, &format!("{number} of {}", self.regions)).await;
            }
            recorder.finish(self.provider(), &unit.scope)
        })
    }
}

fn target(name: &str, cloud: Cloud) -> (Target, Arc<Cloud>) {
    let cloud = Arc::new(cloud);
    let provider = Arc::clone(&cloud) as Arc<dyn Collect>;
    (Target { name: name.to_owned(), provider, scopes: None }, cloud)
}

fn scan_of(max_calls: Option<u64>) -> Scan<'static> {
    Scan {
        store: None,
        units_at_once: 1,
        limits: CallLimits { max_calls, ..CallLimits::default() },
        time_limit: None,
        unfinished: None,
        stop: None,
        clock: Arc::new(|| "2026-11-29T00:00:00Z".parse::<Timestamp>().unwrap()),
        progress: Arc::new(Quiet),
    }
}

/// Reads a run in one part.
async fn read(targets: &[Target], max_calls: Option<u64>, share: &Share) -> Result<Part, ShareError> {
    read_shard(targets, &scan_of(max_calls), (share, Shard::of(1, 1).unwrap()), "test").await
}

struct Place {
    folder: tempfile::TempDir,
    share: Share,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let share = Share::open(&folder.path().join("place"), []).unwrap();
        Self { folder, share }
    }

    /// Every object and what is in it.
    fn objects(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut found, mut folders) = (BTreeMap::new(), vec![self.folder.path().join("place")]);
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
        found
    }

    fn objects_of(&self, kind: &str) -> Vec<PathBuf> {
        let names = self.objects().into_keys();
        names.filter(|path| path.starts_with(self.folder.path().join("place").join(kind))).collect()
    }

    async fn plan(&self) -> Option<Plan> {
        Some(Plan::read(&self.share.plan().await.unwrap()?).unwrap())
    }

    async fn merged(&self, run: &str) -> Merged {
        let folder = SnapshotFolder::create(self.folder.path().join(run)).unwrap();
        let provider = |_| Some(Box::new(cloud(&[])) as Box<dyn Provider>);
        merge(&self.plan().await.unwrap(), &self.share, &folder, provider, "nobody has read it").await.unwrap()
    }
}

fn lost(error: ShareError) -> Vec<Unfound> {
    match error {
        ShareError::Lost { targets } => targets,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_run_is_not_planned_without_a_target_that_failed_and_whoever_asks_again_plans_it() {
    let place = Place::new();
    let down = Cloud { failure: Some(FailureReason::Unreachable), ..cloud(&[]) };
    let (prod, lab) = (target("prod", cloud(&["1", "2"])), target("lab", down));
    let targets = [prod.0, lab.0];
    let error = read(&targets, None, &place.share).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("nothing of `lab` was found: `organizations:ListAccounts`: it is down"), "{text}");
    assert!(text.contains("start this process once more") && !text.contains("`prod`"), "{text}");
    assert_eq!(lost(error).len(), 1);
    assert!(place.plan().await.is_none() && place.objects().is_empty(), "nobody takes half of it for the whole");
    assert!(prod.1.read.lock().unwrap().is_empty());
    // The same for a leader, who shares it through the database.
    let scan = scan_of(None);
    assert_eq!(lost(plan(&targets, &scan, &scan.pace(), "test").await.unwrap_err()).len(), 1);

    let targets = [target("prod", cloud(&["1", "2"])).0, target("lab", cloud(&["3"])).0];
    let part = read(&targets, None, &place.share).await.unwrap();
    assert_eq!((part.all, part.read, part.unfound.len()), (3, 3, 0));
}

#[tokio::test]
async fn a_process_that_found_nothing_goes_on_with_what_another_one_has_found_meanwhile() {
    let place = Place::new();
    let not_before = Some(place.share.clone());
    let down = Cloud { failure: Some(FailureReason::Unreachable), not_before, ..cloud(&[]) };
    let (late, first) = ([target("prod", down).0], [target("prod", cloud(&["1", "2"])).0]);
    let (late, first) = tokio::join!(read(&late, None, &place.share), read(&first, None, &place.share));
    assert_eq!((late.unwrap().all, first.unwrap().all), (2, 2));
}

#[tokio::test]
async fn parts_that_could_not_be_found_are_named_by_every_shard_and_by_the_merge() {
    let place = Place::new();
    let partly = Cloud { failure: Some(FailureReason::Throttled), ..cloud(&["1"]) };
    let targets = [target("prod", partly).0, target("empty", cloud(&[])).0];
    read(&targets, None, &place.share).await.unwrap();
    // One that has not looked for anything itself.
    let targets = [target("prod", cloud(&["1"])).0, target("empty", cloud(&[])).0];
    let part = read(&targets, None, &place.share).await.unwrap();
    let merged = place.merged("run").await;
    assert_eq!((part.read, merged.missing.len()), (0, 0));
    assert_eq!(part.unfound, merged.unfound);
    let told: Vec<(&str, bool, usize)> = merged
        .unfound
        .iter()
        .map(|Unfound { target, is_lost, failures }| (target.as_str(), *is_lost, failures.len()))
        .collect();
    assert_eq!(told, [("prod", false, 1), ("empty", true, 0)]);
}

#[tokio::test]
async fn a_process_with_another_configuration_is_refused_and_told_in_what() {
    let place = Place::new();
    let (first, learned) = target("prod", cloud(&["1", "2"]));
    let first = [first];
    read(&first, None, &place.share).await.unwrap();
    assert!(!learned.read.lock().unwrap().is_empty());
    assert_eq!(read(&first, None, &place.share).await.unwrap().there, 2, "what it has learned since is no difference");

    let differs = async |targets: &[Target]| match read(targets, None, &place.share).await {
        Err(error @ ShareError::Configuration { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let same = || target("prod", cloud(&["1", "2"])).0;
    let elsewhere = Cloud { regions: "eu-west-1", ..cloud(&["1", "2"]) };
    let told = differs(&[target("prod", elsewhere).0]).await;
    assert!(told.contains("`prod` (aws) has other settings, or other parts to read"), "{told}");
    assert!(told.contains("all processes of one run have one configuration"), "{told}");
    let told = differs(&[Target { scopes: Some(BTreeSet::from(["1".to_owned()])), ..same() }]).await;
    assert!(told.contains("`prod` (aws) has other settings, or other parts to read"), "{told}");
    let told = differs(&[same(), target("lab", cloud(&["3"])).0]).await;
    assert!(told.contains("only this process has a target `lab` (aws)") && !told.contains("`prod`"), "{told}");
    let told = differs(&[]).await;
    assert!(told.contains("only the run has a target `prod` (aws)"), "{told}");

    // The same for whoever helps a leader.
    let (scan, plan) = (scan_of(None), place.plan().await.unwrap());
    let bodies = place.share.bodies(&plan.bodies().unwrap()).await.unwrap();
    let targets = [same(), target("lab", cloud(&["3"])).0];
    let crew = Crew::of(&plan, &bodies, &targets, (&scan, &scan.pace())).await;
    assert!(matches!(crew, Err(ShareError::Configuration { .. })));
}

/// Damages something in the way that is given, and says what a shard reads that is started then.
async fn repaired(damage: impl Fn(&Place)) -> (Vec<String>, Merged) {
    let place = Place::new();
    read(&[target("prod", cloud(&["1", "2", "3"])).0], None, &place.share).await.unwrap();
    damage(&place);
    let before = place.objects();
    assert_eq!(place.merged("broken").await.missing.len(), 1);
    let (again, asked) = target("prod", cloud(&["1", "2", "3"]));
    let part = read(&[again], None, &Share::open(Path::new(place.share.place()), []).unwrap()).await.unwrap();
    assert_eq!((part.there, part.read, part.left), (2, 1, 0));
    let after = place.objects();
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "nothing is replaced");
    let read = asked.read.lock().unwrap().clone();
    (read, place.merged("whole").await)
}

fn list_of(place: &Place, account: &str) -> PathBuf {
    let is_its = |path: &PathBuf| fs::read_to_string(path).unwrap().contains(&format!("\"scope\":\"{account}\""));
    place.objects_of("unit").into_iter().find(is_its).unwrap()
}

fn answer_of(place: &Place, account: &str) -> PathBuf {
    let is_its = |path: &PathBuf| fs::read_to_string(path).unwrap().contains(&format!("\"account\":\"{account}\""));
    place.objects_of("bodies").into_iter().find(is_its).unwrap()
}

#[tokio::test]
async fn a_damaged_result_is_read_again_and_the_merge_takes_the_whole_one() {
    let cut = |path: PathBuf| {
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, bytes.split_last().unwrap().1).unwrap();
    };
    for damage in [
        &(|place: &Place| cut(list_of(place, "2"))) as &dyn Fn(&Place),
        &|place: &Place| fs::write(list_of(place, "2"), "").unwrap(),
        &|place: &Place| fs::copy(list_of(place, "1"), list_of(place, "2")).map(drop).unwrap(),
        &|place: &Place| cut(answer_of(place, "2")),
        &|place: &Place| fs::remove_file(answer_of(place, "2")).unwrap(),
    ] {
        let (read, merged) = repaired(damage).await;
        assert_eq!(read, ["2"], "only what is damaged is read again");
        assert_eq!((merged.units, merged.missing.len()), (3, 0), "{:?}", merged.missing);
    }
}

#[tokio::test]
async fn what_the_budget_cuts_short_is_not_kept_and_what_was_not_sent_is_not_counted() {
    let place = Place::new();
    let targets = || [target("prod", cloud(&["1", "2", "3", "4"])).0];
    // One question for the list, two accounts, and one question of a third.
    let part = read(&targets(), Some(1 + 2 * QUESTIONS + 1), &place.share).await.unwrap();
    assert_eq!((part.read, part.left, part.calls), (2, 2, 2 * QUESTIONS + 1));
    let spent = part.spent.unwrap();
    assert!(spent.contains("budget of 8 calls") && spent.contains("limits.max_calls"), "{spent}");
    assert!(part.dark.is_empty());
    assert_eq!(place.merged("part").await.missing.len(), 2, "what was cut short is no result");
    let part = read(&targets(), Some(2 * QUESTIONS), &place.share).await.unwrap();
    assert_eq!((part.there, part.read, part.left, part.calls), (2, 2, 0, 2 * QUESTIONS));
    assert_eq!(part.spent, None, "a budget that is enough is not complained of");
    assert_eq!(place.merged("whole").await.missing.len(), 0);
}

#[tokio::test]
async fn a_budget_that_is_used_up_before_everything_is_found_plans_nothing() {
    let place = Place::new();
    let targets = || [target("a", cloud(&["1"])).0, target("b", cloud(&["2"])).0];
    let error = read(&targets(), Some(1), &place.share).await.unwrap_err();
    assert!(matches!(&error, ShareError::Spent { why } if why.contains("budget of 1 calls")), "{error}");
    assert!(place.objects().is_empty(), "whoever has a larger budget plans");
    assert_eq!(read(&targets(), None, &place.share).await.unwrap().read, 2);
}
