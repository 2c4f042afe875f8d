//! A delay that spreads runs and is the same every time it is asked for.

use crate::Firing;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// How many seconds a run starts after its firing: from 0 to below `bound`.
///
/// The first eight bytes of SHA-256 over the schedule's name, a line feed and the firing's instant in seconds since
/// 1970, modulo `bound`. Two schedules of one minute are spread, each firing has its own delay, and every instance that
/// asks gets the same answer.
pub(crate) fn delay_secs(name: &str, at: Timestamp, bound: u64) -> u64 {
    let digest = Sha256::digest(format!("{name}\n{}", at.as_second()));
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    number.checked_rem(bound).unwrap_or(0)
}

/// The bound for a firing: the jitter that was asked for, and never as much as the pause before the next firing, so that
/// runs start in the order of their firings even where a clock change pushes two together.
pub(crate) fn bound(jitter_minutes: u32, firing: &Firing, next: Option<&Firing>) -> u64 {
    let asked = u64::from(jitter_minutes) * 60;
    let pause = next.and_then(|next| u64::try_from(next.at.as_second() - firing.at.as_second()).ok());
    pause.map_or(asked, |pause| asked.min(pause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_published_arithmetic_and_stays_below_its_bound() {
        let at: Timestamp = "2026-11-29T01:00:00Z".parse().unwrap();
        // printf 'nightly\n1795914000' | sha256sum
        assert_eq!(at.as_second(), 1_795_914_000);
        assert_eq!(delay_secs("nightly", at, 600), 379, "0x680a4ce0454631e3 modulo 600");
        assert_eq!(delay_secs("nightly", at, 0), 0);
        let delays: Vec<u64> = (0..1_000).map(|n| delay_secs(&format!("s{n}"), at, 600)).collect();
        assert!(delays.iter().all(|delay| *delay < 600));
        assert!(delays.iter().filter(|delay| **delay < 300).count().abs_diff(500) < 80, "the delays are not spread");
    }
}
