//! For which clouds a control is claimed to test anything.

use palisade_model::Provider::{self, Aws, Azure, Gcp};

/// Controls that cannot say on some provider's clusters that something is bad, and why: there a good word of theirs is no
/// evidence, and they are not claimed for them. A test over every mapping and provider holds the list to what the controls
/// really say of examples; what a provider never tells is known to it by name.
pub const NEVER_FAILS: &[(&str, &[Provider], &str)] = &[
    (
        "ET-01",
        &[Aws, Azure, Gcp],
        "etcd is the provider's, or stands where this version does not compute who reaches it",
    ),
    ("ET-10", &[Azure], "AKS documents no encryption of other objects than Secrets"),
    ("IM-06", &[Gcp], "no API of Google tells which images run, so an overdue one is unknown"),
    ("NW-03", &[Aws, Gcp], "nothing of their networks is on the list of retirements"),
];

/// Why a control cannot say on a provider's clusters that something is bad; `None` when it can.
pub fn never_fails(control: &str, provider: Provider) -> Option<&'static str> {
    NEVER_FAILS.iter().find(|(id, on, _)| *id == control && on.contains(&provider)).map(|(_, _, why)| *why)
}
