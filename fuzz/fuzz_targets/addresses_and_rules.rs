//! Address ranges and configuration: a range that is read prints as one that reads the same; a file never panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade_config::{Source, read, read_waivers};
use palisade_reach::{AddrSet, parse_net};

fuzz_target!(|text: &str| {
    for word in text.split_whitespace().take(64) {
        if let Ok(net) = parse_net(word) {
            assert_eq!(parse_net(&net.to_string()), Ok(net));
            let set = AddrSet::from_net(net);
            assert_eq!(set.to_nets(), [net.trunc()]);
            assert!(set.complement().intersect(&set).is_empty());
        }
    }
    let source = Source { name: "fuzz.yaml", text };
    if let Err(mistakes) = read(&source, &["CP-01"]) {
        assert!(!mistakes.to_string().is_empty());
    }
    if let Err(mistakes) = read_waivers(&source, &["CP-01"]) {
        assert!(!mistakes.to_string().is_empty());
    }
});
