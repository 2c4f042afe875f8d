//! Which process reads which unit, when they have nothing in common but their numbers.

use palisade_model::Provider;
use sha2::{Digest as _, Sha256};
use std::{fmt, num::NonZeroU32, str::FromStr};

/// One of several processes that divide a run among themselves by arithmetic alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `count`.
    index: NonZeroU32,
    count: NonZeroU32,
}

/// It is no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no shard: {why}")]
pub struct ShardError {
    text: String,
    why: &'static str,
}

/// The most processes that a run is divided among: what the largest of the engines starts for one job.
const MOST: u32 = 100_000;

impl Shard {
    /// The shard with this number, from 1, of so many.
    pub fn of(index: u32, count: u32) -> Result<Self, ShardError> {
        let refuse = |why| ShardError { text: format!("{index}/{count}"), why };
        let count =
            NonZeroU32::new(count).ok_or_else(|| refuse("there is no run of no shards: the count is 1 or more"))?;
        let index = NonZeroU32::new(index).ok_or_else(|| refuse("shards are counted from 1"))?;
        if count.get() > MOST {
            return Err(refuse("there are at most 100000 shards"));
        }
        if index > count {
            return Err(refuse("its number is higher than their count"));
        }
        Ok(Self { index, count })
    }

    /// Whether this shard reads the unit.
    pub fn reads(self, provider: Provider, scope: &str) -> bool {
        self.index == Self::owner(provider, scope, self.count)
    }

    /// How many shards there are.
    pub fn count(self) -> u32 {
        self.count.get()
    }

    /// The shard with the highest weight for the unit. With one shard more, only units move for which the new one weighs most.
    fn owner(provider: Provider, scope: &str, count: NonZeroU32) -> NonZeroU32 {
        let numbers = (1..=count.get()).filter_map(NonZeroU32::new);
        numbers.max_by_key(|number| (weight(provider, scope, number.get()), *number)).unwrap_or(NonZeroU32::MIN)
    }
}

// INVARIANT: it never changes. Processes of two versions would read some units twice and others not at all.
fn weight(provider: Provider, scope: &str, number: u32) -> [u8; 32] {
    Sha256::digest(format!("{provider}\n{scope}\n{number}")).into()
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let refuse = |why| ShardError { text: text.chars().take(40).collect(), why };
        let (index, count) = text.split_once('/').ok_or_else(|| refuse("expected I/N, for example 3/8"))?;
        let number =
            |text: &str| text.parse::<u32>().map_err(|_| refuse("expected two whole numbers, for example 3/8"));
        Self::of(number(index)?, number(count)?)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn owner(scope: &str, count: u32) -> u32 {
        let reading: Vec<u32> =
            (1..=count).filter(|index| Shard::of(*index, count).unwrap().reads(Provider::Aws, scope)).collect();
        assert_eq!(reading.len(), 1, "exactly one shard reads {scope}");
        reading[0]
    }

    fn accounts() -> impl Iterator<Item = String> {
        (0..2_000_u64).map(|number| format!("{:012}", 100_000_000_000 + number * 37))
    }

    #[test]
    fn each_unit_is_read_by_one_shard_and_each_shard_reads_its_share() {
        let mut shares = BTreeMap::<u32, u32>::new();
        for account in accounts() {
            *shares.entry(owner(&account, 7)).or_default() += 1;
        }
        assert_eq!(shares.len(), 7);
        assert!(shares.values().all(|share| (230..=345).contains(share)), "2000 over 7 is about 286: {shares:?}");
    }

    #[test]
    fn with_one_shard_more_only_what_the_new_one_reads_moves() {
        let mut moved = 0;
        for account in accounts() {
            let (before, after) = (owner(&account, 7), owner(&account, 8));
            assert!(before == after || after == 8, "{account} went from {before} to {after}");
            moved += u32::from(before != after);
        }
        assert!((200..=300).contains(&moved), "an eighth of 2000 is 250: {moved}");
    }

    #[test]
    fn who_reads_what_is_the_same_in_every_version() {
        let of = |scope| owner(scope, 16);
        assert_eq!(["111111111111", "222222222222", "acme-prod", ""].map(of), FIXED);
    }

    /// Computed with Python's `hashlib` by the words of `docs/guides/scale.md`.
    const FIXED: [u32; 4] = [15, 1, 16, 11];

    #[test]
    fn what_is_no_shard_is_refused_with_the_reason() {
        let refused = |text: &str| text.parse::<Shard>().unwrap_err().to_string();
        assert_eq!(refused("3"), "`3` is no shard: expected I/N, for example 3/8");
        assert_eq!(refused("a/8"), "`a/8` is no shard: expected two whole numbers, for example 3/8");
        assert_eq!(refused("-1/8"), "`-1/8` is no shard: expected two whole numbers, for example 3/8");
        assert_eq!(refused("0/8"), "`0/8` is no shard: shards are counted from 1");
        assert_eq!(refused("9/8"), "`9/8` is no shard: its number is higher than their count");
        assert_eq!(refused("1/0"), "`1/0` is no shard: there is no run of no shards: the count is 1 or more");
        assert_eq!(refused("1/100001"), "`1/100001` is no shard: there are at most 100000 shards");
        assert_eq!("3/8".parse::<Shard>().unwrap().to_string(), "3/8");
    }
}
