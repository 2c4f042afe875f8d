//! The `palisade` binary: arguments, composition, exit codes. The only place that names every provider.

mod answers;
mod arguments;
mod authority;
mod catalogue;
mod data;
mod demo;
mod doctor;
mod evidence;
mod exit;
mod export;
mod frameworks;
mod map;
mod output;
mod paths;
mod permissions;
mod plan;
mod progress;
mod providers;
mod reach;
mod report;
mod scan;
mod schedules;
mod service;
mod share;
mod store;
mod stored;
mod waivers;

use arguments::{Arguments, Command};
use clap::{CommandFactory as _, Parser as _};
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    // With `--help` and wrong usage clap prints and leaves: 0 and 2, as in our own table.
    let arguments = Arguments::parse();
    let screen = output::Screen::of(&arguments);
    log(&arguments);
    match run(arguments, &screen) {
        Ok(exit) => exit.into(),
        Err(error) => {
            screen.complain(&error);
            exit::of_error(&error).into()
        }
    }
}

fn run(arguments: Arguments, screen: &output::Screen) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Demo(wanted) => runtime()?.block_on(demo::run(&wanted, screen)),
        Command::Scan(wanted) => runtime()?.block_on(scan::run(&wanted, screen)),
        Command::Merge(wanted) => runtime()?.block_on(share::merge(&wanted, screen)),
        Command::Replay(wanted) => runtime()?.block_on(stored::replay(&wanted, screen)),
        Command::Report(wanted) => report::run(&wanted, screen),
        Command::Export(wanted) => runtime()?.block_on(export::run(&wanted, screen)),
        Command::Map(wanted) => map::run(&wanted, screen),
        Command::Plan(wanted) => plan::run(&wanted, screen),
        Command::Reach(wanted) => reach::run(&wanted, screen),
        Command::Authority(wanted) => authority::run(&wanted, screen),
        Command::Explain(wanted) => catalogue::explain(&wanted, screen),
        Command::Controls(wanted) => catalogue::list(&wanted),
        Command::Data { command } => data::run(&command),
        Command::Permissions(wanted) => permissions::run(&wanted),
        Command::Schedules { command } => schedules::run(&command, screen),
        Command::Run(wanted) => runtime()?.block_on(service::run(&wanted, screen)),
        Command::Serve(wanted) => runtime()?.block_on(service::serve(&wanted, screen)),
        Command::Notify { command } => runtime()?.block_on(service::notify(&command, screen)),
        Command::Findings(wanted) => runtime()?.block_on(service::findings(&wanted, screen)),
        Command::Waivers { command } => runtime()?.block_on(waivers::run(&command, screen)),
        Command::Answers { command } => answers::run(&command, screen),
        Command::Store { command } => runtime()?.block_on(store::run(&command, screen)),
        Command::Evidence { command } => runtime()?.block_on(evidence::run(&command, screen)),
        Command::Frameworks { command } => runtime()?.block_on(frameworks::run(&command, screen)),
        Command::Diff(wanted) => runtime()?.block_on(service::diff(&wanted)),
        Command::Doctor(wanted) => runtime()?.block_on(doctor::run(&wanted, screen)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "palisade", &mut script);
            output::data(&script, None)?;
            Ok(Exit::Done)
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    use anyhow::Context as _;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the threads that make calls")
}

/// Logs go to stderr, and only what was asked for.
fn log(arguments: &Arguments) {
    let level = match arguments.verbose {
        0 => "warn,aws_config=error,aws_credential_types=error,azure_core=error,azure_identity=error",
        1 => {
            "warn,palisade=info,palisade_runner=info,palisade_provider=debug,palisade_aws=debug,palisade_azure=debug,palisade_gcp=debug"
        }
        _ => "debug",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("PALISADE_LOG").unwrap_or_else(|_| level.into());
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber cannot be installed; there is none before this one.
    let _ = subscriber.try_init();
}
