//! `--shard` and `palisade merge`: a run that many processes read without a database.

use crate::{
    arguments::{Merge, Sharding},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    progress::Watch,
    providers,
    service::stop::on_signals,
};
use anyhow::Context as _;
use palisade_provider::{CallLimits, Progress};
use palisade_report::plain;
use palisade_runner::{Merged, Part, Plan, Scan, Shard, ShareError, Target, Unfound};
use palisade_store::{Share, SnapshotFolder};
use std::{fmt::Write as _, fs, path::Path, sync::Arc, time::Duration};

/// What this process reads of a run, and where it goes.
#[derive(Debug)]
pub(crate) struct MyPart {
    shard: Shard,
    share: Share,
}

/// How much at once, and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) units_at_once: usize,
    pub(crate) calls: CallLimits,
    pub(crate) time: Option<Duration>,
}

/// The part that was asked for, if one was. `run` is the run's name below the place, when the place is that of many runs.
pub(crate) fn part(wanted: &Sharding, run: &str) -> anyhow::Result<Option<MyPart>> {
    let (Some(shard), Some(place)) = (&wanted.shard, &wanted.share) else { return Ok(None) };
    let shard = if shard == "auto" {
        of_environment(|name| std::env::var(name).ok())?
    } else {
        shard.parse().map_err(|error| WrongUsage(format!("{error}")))?
    };
    let share = Share::open(place, std::env::vars())?;
    let share = if run.is_empty() { share } else { share.below(run) };
    Ok(Some(MyPart { shard, share }))
}

/// How many processes there are, where the engine that starts them does not say so.
const COUNT: &str = "PALISADE_SHARDS";

/// Which shard the engine has started, and of how many. All of them count from zero.
fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, WrongUsage> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let number = |name: &str| -> Result<u32, WrongUsage> {
        let value = set(name).ok_or_else(|| {
            let how = if name == COUNT { ": set it to the number of processes, `completions` of the Job" } else { "" };
            WrongUsage(format!("`--shard auto` needs the variable `{name}`, which is not set{how}"))
        })?;
        let odd = || WrongUsage(format!("the variable `{name}` is `{value}` and no whole number"));
        value.parse().map_err(|_| odd())
    };
    // Where the size is said by the engine, and where by whoever wrote the manifest.
    let engines = [
        ("JOB_COMPLETION_INDEX", COUNT),
        ("AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE"),
        ("CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"),
    ];
    let Some((index, count)) = engines.into_iter().find(|(index, _)| set(index).is_some()) else {
        let how = if set("CONTAINER_APP_JOB_EXECUTION_NAME").is_some() {
            "Container Apps jobs give their replicas no number: start each with `palisade run NAME --join`, which shares the run \
             through PostgreSQL"
        } else {
            "there is none of `JOB_COMPLETION_INDEX` (Kubernetes Indexed Job, with `PALISADE_SHARDS`), \
             `AWS_BATCH_JOB_ARRAY_INDEX` (AWS Batch array) and `CLOUD_RUN_TASK_INDEX` (Cloud Run job); elsewhere say \
             `--shard I/N`"
        };
        return Err(WrongUsage(format!("`--shard auto` does not know which part is its own: {how}")));
    };
    let (position, size) = (number(index)?, number(count)?);
    Shard::of(position.saturating_add(1), size).map_err(|_| {
        WrongUsage(format!("`{index}` is {position} and `{count}` is {size}: the index goes from 0 to {size} - 1"))
    })
}

/// Reads a part of a run.
pub(crate) async fn read(targets: &[Target], limits: Limits, part: &MyPart, screen: &Screen) -> anyhow::Result<Exit> {
    let watch = Arc::new(Watch::begin(screen.interactive)?);
    let scan = Scan {
        store: None,
        units_at_once: limits.units_at_once,
        limits: limits.calls,
        time_limit: limits.time,
        unfinished: None,
        stop: Some(on_signals()?),
        clock: Arc::new(jiff::Timestamp::now),
        progress: Arc::clone(&watch) as Arc<dyn Progress>,
    };
    let done = palisade_runner::read_shard(targets, &scan, (&part.share, part.shard), env!("CARGO_PKG_VERSION")).await;
    watch.end(None).await;
    let done = match done {
        Err(error @ ShareError::Spent { .. }) => {
            screen.warn(&plain(&error.to_string()));
            return Ok(Exit::Incomplete);
        }
        done => done.context("the part was not read to its end")?,
    };
    let Part { all, mine, there, read, left, spent, dark, unfound, calls } = done;
    for (target, one) in dark.iter().take(TOLD) {
        let why =
            format!("target `{target}`: `{}` could not be read: `{}`: {}", one.scope, one.call, one.failure.message);
        screen.warn(&plain(&why));
    }
    if let Some(more) = dark.len().checked_sub(TOLD).filter(|more| *more > 0) {
        screen.warn(&format!("and {more} more could not be read; `palisade merge` and the report have them all"));
    }
    let text = format!(
        "shard {}: {mine} of {all} units: {read} read with {calls} calls, {there} were there, {left} not read\n\
         palisade merge {} -o RUN\n",
        part.shard,
        part.share.place()
    );
    output::data(text.as_bytes(), None)?;
    let exit = complain_of_unfound(&unfound, screen);
    if left == 0 {
        return Ok(exit);
    }
    match spent {
        Some(why) => screen.warn(&plain(&format!(
            "{left} units were not read to their end, and nothing of them is kept: {why}; then start shard {} once \
             more",
            part.shard
        ))),
        None => screen.warn(&format!("{left} units were not come to: start shard {} once more", part.shard)),
    }
    Ok(if exit == Exit::Done { Exit::Incomplete } else { exit })
}

/// Says of which targets not everything was found when the run was planned, and how the program ends because of it:
/// what was not found is in no part of the run, and another part or a second start does not find it.
fn complain_of_unfound(unfound: &[Unfound], screen: &Screen) -> Exit {
    for Unfound { target, is_lost, failures } in unfound {
        if failures.is_empty() {
            screen.warn(&plain(&format!(
                "target `{target}` holds no account, subscription or project that its credentials can see, or that its \
                 inventory knows a cluster in: the run is without it"
            )));
        }
        let what = if *is_lost { "nothing of it was found" } else { "what there is of it was not all found" };
        for (call, failure) in failures.iter().take(TOLD) {
            screen.warn(&plain(&format!("target `{target}`: {what}: `{call}`: {}", failure.message)));
        }
        if let Some(more) = failures.len().checked_sub(TOLD).filter(|more| *more > 0) {
            screen.warn(&plain(&format!("target `{target}`: and {more} more failures; the report has them all")));
        }
    }
    if unfound.is_empty() {
        return Exit::Done;
    }
    screen.warn("what was not found when the run was planned is in no part of it: a run in another place looks again");
    if unfound.iter().any(|one| one.is_lost) { Exit::CouldNotRun } else { Exit::Incomplete }
}

/// Units that could not be read which are told of by name; the report has them all.
const TOLD: usize = 3;

/// `palisade merge`.
pub(crate) async fn merge(wanted: &Merge, screen: &Screen) -> anyhow::Result<Exit> {
    is_new(&wanted.output)?;
    let share = Share::open_existing(&wanted.place, std::env::vars())?;
    let text = share.plan().await?.with_context(|| {
        format!(
            "`{}` holds no shared run: it has no plan; name the place as the parts told it, with the run's own folder",
            share.place()
        )
    })?;
    let plan = Plan::read(&text)?;
    let folder = SnapshotFolder::create(&wanted.output)?;
    let why = "no shard has written what it read of it";
    let Merged { units, missing, unfound } =
        palisade_runner::merge(&plan, &share, &folder, providers::normalizer, why).await?;
    let mut told = String::new();
    for one in &missing {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(told, "missing: {} {}: {}", plain(&one.target), plain(&one.scope), plain(&one.why));
    }
    let there = units.saturating_sub(missing.len());
    let _ = writeln!(told, "{there} of {units} units in `{}`", wanted.output.display());
    output::data(told.as_bytes(), None)?;
    let exit = complain_of_unfound(&unfound, screen);
    if missing.is_empty() {
        return Ok(exit);
    }
    screen.warn(&format!(
        "the run is incomplete: {} stand in `{}` as places that nobody could look at; start their shards once more and merge again",
        missing.len(),
        wanted.output.display()
    ));
    Ok(if exit == Exit::Done { Exit::Incomplete } else { exit })
}

/// Whether nothing stands where the run is to be written.
fn is_new(folder: &Path) -> anyhow::Result<()> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_empty {
        return Ok(());
    }
    let why = format!("`{}` is there already: a run is written to a new folder", folder.display());
    Err(WrongUsage(why).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(variables: &[(&str, &str)]) -> Result<String, String> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        of_environment(find).map(|shard| shard.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_engine_says_which_part_it_has_started() {
        assert_eq!(told(&[("JOB_COMPLETION_INDEX", "0"), ("PALISADE_SHARDS", "8")]).unwrap(), "1/8");
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "7"), ("AWS_BATCH_JOB_ARRAY_SIZE", "8")];
        assert_eq!(told(&batch).unwrap(), "8/8");
        assert_eq!(told(&[("CLOUD_RUN_TASK_INDEX", "2"), ("CLOUD_RUN_TASK_COUNT", "3")]).unwrap(), "3/3");
    }

    #[test]
    fn what_an_engine_does_not_say_is_told_with_the_way_out() {
        assert!(told(&[]).unwrap_err().contains("elsewhere say `--shard I/N`"));
        let container_apps = told(&[("CONTAINER_APP_JOB_EXECUTION_NAME", "palisade-7d1f")]).unwrap_err();
        assert!(container_apps.contains("no number") && container_apps.contains("--join"), "{container_apps}");
        let without = told(&[("JOB_COMPLETION_INDEX", "0")]).unwrap_err();
        assert!(
            without.contains("`PALISADE_SHARDS`, which is not set: set it to the number of processes"),
            "{without}"
        );
        let beyond = told(&[("JOB_COMPLETION_INDEX", "8"), ("PALISADE_SHARDS", "8")]).unwrap_err();
        assert!(beyond.contains("the index goes from 0 to 8 - 1"), "{beyond}");
        let odd = told(&[("CLOUD_RUN_TASK_INDEX", "x"), ("CLOUD_RUN_TASK_COUNT", "3")]).unwrap_err();
        assert!(odd.contains("is `x` and no whole number"), "{odd}");
    }
}
