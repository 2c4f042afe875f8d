//! Seeded choices.

use rand::{RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;
use std::net::IpAddr;

/// A source of choices that is the same for the same seed.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.random_range(0..100) < percent
    }

    /// A number from a range, both ends included.
    pub(crate) fn between(&mut self, least: u32, most: u32) -> u32 {
        self.0.random_range(least..=most)
    }

    /// One of a few; nothing of nothing.
    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> Option<T> {
        choices.choose(&mut self.0).cloned()
    }

    /// One of a few words.
    pub(crate) fn word(&mut self, choices: &[&str]) -> String {
        self.pick(choices).unwrap_or_default().to_owned()
    }

    /// Some of a few words, at least `least`, in their order.
    pub(crate) fn words(&mut self, choices: &[&str], least: usize, most: usize) -> Vec<String> {
        let count = least + self.between(0, u32::try_from(most - least).unwrap_or(0)) as usize;
        let mut words: Vec<String> = (0..count).map(|_| self.word(choices)).collect();
        words.sort();
        words.dedup();
        words
    }

    /// Any address of the family.
    pub(crate) fn address(&mut self, v6: bool) -> IpAddr {
        if v6 {
            // Somewhere in 2000::/3, where addresses of the internet are.
            IpAddr::from(((self.0.random::<u128>() >> 3) | (1 << 125)).to_be_bytes())
        } else {
            IpAddr::from(self.0.random::<u32>().to_be_bytes())
        }
    }
}
