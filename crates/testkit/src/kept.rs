//! How the example clusters are kept, and who gets into them.

use crate::{known, now};
use jiff::SignedDuration;
use palisade_authority::Certainty;
use palisade_model::{
    Access, Administrator, AuditLog, Authorization, Blocker, ClusterCa, Condition, DeletionGuard, Experiments,
    Extension, ExtensionFlaw, Extensions, Freeze, Health, Lifecycle, LocalCredential, Phase, Placement, PoolHealth,
    PrincipalKind, Register, Repair, SignIn, Support, Surge, Tier, Upgrades, Upkeep, Version, Zones,
};

pub(crate) fn tidy_access() -> Access {
    Access {
        local_credential: known(LocalCredential::Off { because: "local accounts are off".to_owned() }),
        authorization: known(Authorization::Rbac { because: "RBAC is on".to_owned() }),
        sign_in: known(SignIn::Central { because: "the directory".to_owned(), individuals: Vec::new() }),
        administrators: known(vec![administrator("platform-admins", PrincipalKind::Group)]),
        authority: known(ClusterCa::Known {
            not_after: now() + SignedDuration::from_hours(24 * 3650),
            because: "the certificate authority".to_owned(),
        }),
    }
}

pub(crate) fn sloppy_access() -> Access {
    Access {
        local_credential: known(LocalCredential::Present { because: "a client certificate".to_owned() }),
        authorization: known(Authorization::Legacy { because: "legacy authorization is on".to_owned() }),
        sign_in: known(SignIn::Apart { because: "the config map".to_owned() }),
        administrators: known(vec![administrator("everyone", PrincipalKind::Everyone)]),
        authority: known(ClusterCa::Known {
            not_after: now() + SignedDuration::from_hours(24),
            because: "the certificate authority".to_owned(),
        }),
    }
}

pub(crate) fn administrator(principal: &str, kind: PrincipalKind) -> Administrator {
    Administrator {
        principal: principal.to_owned(),
        kind,
        by: vec!["a role".to_owned()],
        certainty: Certainty::Certain,
    }
}

pub(crate) fn tidy_lifecycle() -> Lifecycle {
    let day = |days: i64| Some(now() + SignedDuration::from_hours(24 * days));
    let some = |text: &str| Some(text.to_owned());
    Lifecycle {
        support: known(Support {
            phase: Phase::Standard,
            standard_until: day(300),
            extended_until: day(665),
            because: "1.35".to_owned(),
        }),
        upgrades: known(Upgrades::Planned {
            channel: some("stable"),
            window: some("every Sunday"),
            freezes: vec![freeze("sale", Some(10), true)],
            forced: None,
        }),
        placement: known(Placement::Spread { because: "several zones".to_owned() }),
        blockers: known(Vec::new()),
        extensions: known(Extensions { kept_by_provider: None, listed: vec![extension("dns", None)] }),
        experiments: known(Experiments::InUse(Vec::new())),
        deletion_guard: known(DeletionGuard::Set { because: "deletion protection is on".to_owned() }),
        tier: known(Tier::Guaranteed { because: "the standard tier".to_owned() }),
        audit: known(AuditLog::On { because: "audit is on".to_owned(), without: vec!["scheduler".to_owned()] }),
        health: known(Health { status: "ACTIVE".to_owned(), condition: Condition::Working, issues: Vec::new() }),
        register: known(Register { owner: some("shop"), environment: some("test"), data_class: some("internal") }),
    }
}

pub(crate) fn sloppy_lifecycle() -> Lifecycle {
    Lifecycle {
        support: known(Support {
            phase: Phase::Ended,
            standard_until: None,
            extended_until: None,
            because: "1.27".to_owned(),
        }),
        upgrades: known(Upgrades::Planned {
            channel: None,
            window: None,
            freezes: vec![freeze("forever", None, true)],
            forced: Some("forceUpgrade".to_owned()),
        }),
        placement: known(Placement::OneZone { zone: "a".to_owned() }),
        blockers: known(vec![Blocker { what: "deprecated APIs".to_owned(), certain: true }]),
        extensions: known(Extensions {
            kept_by_provider: None,
            listed: vec![extension("dns", Some(ExtensionFlaw::Unsupported("too old".to_owned())))],
        }),
        experiments: known(Experiments::InUse(vec!["alpha".to_owned()])),
        deletion_guard: known(DeletionGuard::Missing { because: "deletion protection is off".to_owned() }),
        tier: known(Tier::Free { because: "the free tier".to_owned() }),
        audit: known(AuditLog::Off { because: "no log is on".to_owned() }),
        health: known(Health {
            status: "FAILED".to_owned(),
            condition: Condition::Failed,
            issues: vec!["no subnet".to_owned()],
        }),
        register: known(Register { environment: Some("production".to_owned()), ..Register::default() }),
    }
}

pub(crate) fn freeze(name: &str, days: Option<i64>, everything: bool) -> Freeze {
    let until = days.map(|days| now() + SignedDuration::from_hours(24 * days));
    Freeze { name: name.to_owned(), from: Some(now()), until, everything }
}

pub(crate) fn extension(name: &str, flaw: Option<ExtensionFlaw>) -> Extension {
    Extension { name: name.to_owned(), version: Some("v1".to_owned()), flaw }
}

pub(crate) fn tidy_upkeep() -> Upkeep {
    Upkeep {
        version: known(Version { major: 1, minor: 35 }),
        zones: known(zones(&["a", "b"])),
        surge: known(Surge::Before { because: "one more".to_owned() }),
        health: known(PoolHealth { issues: Vec::new(), repair: Repair::On { because: "repair is on".to_owned() } }),
    }
}

pub(crate) fn sloppy_upkeep() -> Upkeep {
    Upkeep {
        version: known(Version { major: 1, minor: 22 }),
        zones: known(zones(&["a"])),
        surge: known(Surge::After { because: "one less".to_owned() }),
        health: known(PoolHealth {
            issues: vec!["no capacity".to_owned()],
            repair: Repair::Off { because: "repair is off".to_owned() },
        }),
    }
}

pub(crate) fn zones(names: &[&str]) -> Zones {
    let zones = names.iter().map(ToString::to_string).collect();
    Zones { zones, reclaimable: false, because: "by its subnets".to_owned() }
}
