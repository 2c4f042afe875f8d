//! Random fleets whose answers are known: judges the whole chain, from the wire to the engines, packet by packet.
//!
//! A seed becomes plain structs. From them come two things that share nothing else: a world for the simulator, which the
//! product's collectors and normalizers read over HTTP, and the truth, which goes through the same structs one packet
//! and one action at a time. Where they differ, one of them is wrong.
//!
//! It refuses to use anything of the engines for the truth, and anything of the truth for the world.

mod aws;
mod azure;
mod dice;
mod gcp;
mod naive;
mod packet;
mod run;
mod tally;

pub use tally::Tally;

use run::Described;
use std::{fmt, str::FromStr};

/// A cloud to make fleets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aws, Self::Azure, Self::Gcp];
}

impl FromStr for Cloud {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|cloud| cloud.to_string() == text);
        known.ok_or_else(|| format!("no cloud is called `{text}`: write `aws`, `azure` or `gcp`"))
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        })
    }
}

/// Runs the fleet of a seed through the whole chain and compares every answer with the truth.
///
/// # Errors
///
/// When the world could not be served or not be read whole: the comparison then says nothing.
pub async fn judge(cloud: Cloud, seed: u64) -> anyhow::Result<Tally> {
    let mut tally = Tally { fleets: 1, ..Tally::default() };
    match cloud {
        Cloud::Aws => {
            let fleet = aws::Fleet::random(seed);
            let inventory = run::read(&Described::Aws(aws::describe(&fleet))).await?;
            aws::compare(&fleet, seed, &inventory, &mut tally);
        }
        Cloud::Azure => {
            let fleet = azure::Fleet::random(seed);
            let inventory = run::read(&Described::Azure(azure::describe(&fleet))).await?;
            azure::compare(&fleet, seed, &inventory, &mut tally);
        }
        Cloud::Gcp => {
            let fleet = gcp::Fleet::random(seed);
            let inventory = run::read(&Described::Gcp(gcp::describe(&fleet))).await?;
            gcp::compare(&fleet, seed, &inventory, &mut tally);
        }
    }
    for difference in &mut tally.differences {
        *difference = format!("{cloud} fleet {seed}: {difference}");
    }
    Ok(tally)
}

/// The world of a seed, as the simulator takes it: what to look at when its fleet is judged wrongly.
pub fn describe(cloud: Cloud, seed: u64) -> String {
    match cloud {
        Cloud::Aws => aws::describe(&aws::Fleet::random(seed)),
        Cloud::Azure => azure::describe(&azure::Fleet::random(seed)),
        Cloud::Gcp => gcp::describe(&gcp::Fleet::random(seed)),
    }
}
