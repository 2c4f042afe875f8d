//! Serves a simulated world until it is interrupted, for use by hand.
//!
//! ```text
//! cargo run -p palisade-simulator --example serve -- [--world acme|N|aws=FILE]
//! ```

use std::error::Error;
use std::io::Write;

use palisade_simulator::{Faults, Simulator, World};

/// The seed of worlds that are given by their size alone.
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let world = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => World::acme()?,
        (Some("--world"), Some(name)) => world(&name)?,
        (Some(other), _) => {
            return Err(format!("unknown argument `{other}`: write `--world acme` or `--world 1000`").into());
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let running = runtime.block_on(Simulator::start(world, Faults::default()))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "aws {}\nazure {}\ngcp {}", running.aws, running.azure, running.gcp)?;
    out.flush()?;
    loop {
        std::thread::park();
    }
}

fn world(name: &str) -> Result<World, Box<dyn Error>> {
    if name == "acme" {
        return Ok(World::acme()?);
    }
    if let Some(path) = name.strip_prefix("aws=") {
        return Ok(World::from_yaml(&std::fs::read_to_string(path)?, "", "")?);
    }
    Ok(World::generated(SEED, name.parse()?))
}
