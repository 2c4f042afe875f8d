//! Who gets in by what, and how a cluster is kept.

use super::{Named, change};
use crate::{
    gap,
    kept::{administrator, extension, freeze, zones},
    known, now,
};
use jiff::SignedDuration;
use palisade_authority::Certainty;
use palisade_model::{
    Administrator, AuditLog, Authorization, Blocker, Cluster, ClusterCa, Condition, DeletionGuard, Experiments,
    ExtensionFlaw, Extensions, Freeze, Gap, Health, LocalCredential, Phase, Placement, Pool, PoolHealth, PoolId,
    PrincipalKind, Register, Repair, SignIn, Support, Surge, Tier, Upgrades, Version,
};

pub(super) const ALL: &[Named] = &[
    ("a static administrator", |cluster| {
        cluster.access.local_credential = known(LocalCredential::Present { because: "a certificate".to_owned() });
    }),
    ("no static administrator to switch off", |cluster| {
        cluster.access.local_credential = known(LocalCredential::NotOffered { because: "none".to_owned() });
    }),
    ("legacy authorization", |cluster| {
        cluster.access.authorization = known(Authorization::Legacy { because: "on".to_owned() });
    }),
    ("RBAC without a switch", |cluster| {
        cluster.access.authorization = known(Authorization::Inherent { because: "always".to_owned() });
    }),
    ("a list inside the cluster", |cluster| {
        cluster.access.sign_in = known(SignIn::Apart { because: "the config map".to_owned() });
    }),
    ("groups that cannot be named", |cluster| {
        cluster.access.sign_in = known(SignIn::WithoutGroups { because: "off".to_owned() });
    }),
    ("people let in by name", |cluster| {
        let (because, individuals) = ("the directory".to_owned(), vec!["bob".to_owned()]);
        cluster.access.sign_in = known(SignIn::Central { because, individuals });
    }),
    ("no administrator of the cloud's", |cluster| administrators(cluster, Vec::new())),
    ("a person as administrator", |cluster| {
        administrators(cluster, vec![administrator("bob", PrincipalKind::User)]);
    }),
    ("six administrators", |cluster| {
        let six = ["a", "b", "c", "d", "e", "f"].map(|name| administrator(name, PrincipalKind::Role));
        administrators(cluster, six.to_vec());
    }),
    ("an administrator on a condition", |cluster| {
        let mut one = administrator("bob", PrincipalKind::User);
        one.certainty = Certainty::Conditional(["request.time".to_owned()].into());
        administrators(cluster, vec![one]);
    }),
    ("an authority that ends this month", |cluster| authority(cluster, 20)),
    ("an authority that ends this year", |cluster| authority(cluster, 100)),
    ("an authority that no call returns", |cluster| {
        cluster.access.authority = known(ClusterCa::Attested { because: "no call".to_owned() });
    }),
    ("an authority that nobody may read", |cluster| cluster.access.authority.hide(gap())),
    ("doors that no call settles", |cluster| {
        cluster.api.public.hide(Gap::Unsettled { what: "a condition".to_owned() });
    }),
    ("support that ends this month", |cluster| support(cluster, Phase::Standard, Some(20), None)),
    ("support that ends this quarter", |cluster| support(cluster, Phase::Standard, Some(60), None)),
    ("support nobody says the end of", |cluster| support(cluster, Phase::Standard, None, None)),
    ("support at extra cost", |cluster| support(cluster, Phase::Extended, Some(-30), Some(300))),
    ("no support", |cluster| support(cluster, Phase::Ended, None, None)),
    ("no upgrade channel", |cluster| upgrades(cluster, false, Vec::new())),
    ("a freeze without an end", |cluster| upgrades(cluster, true, vec![freeze("forever", None, true)])),
    ("upgrades by hand", |cluster| {
        cluster.lifecycle.upgrades = known(Upgrades::ByHand { because: "no channel".to_owned() });
    }),
    ("a control plane in one zone", |cluster| {
        cluster.lifecycle.placement = known(Placement::OneZone { zone: "a".to_owned() });
    }),
    ("pools in one zone", |cluster| each(cluster, |pool| pool.upkeep.zones = known(zones(&["a"])))),
    ("pools in no zone in particular", |cluster| each(cluster, |pool| pool.upkeep.zones = known(zones(&[])))),
    ("a pool in one zone beside another", |cluster| {
        change(&mut cluster.pools, |pools| {
            let beside = pools.first().cloned();
            pools.extend(beside.map(|mut pool| {
                (pool.id, pool.name) = (PoolId::new("beside"), "beside".to_owned());
                pool.upkeep.zones = known(zones(&["a"]));
                pool
            }));
        });
    }),
    ("machines that may be taken away", |cluster| {
        each(cluster, |pool| change(&mut pool.upkeep.zones, |zones| zones.reclaimable = true));
    }),
    ("an upgrade that will fail", |cluster| blocker(cluster, true)),
    ("an upgrade that may fail", |cluster| blocker(cluster, false)),
    ("an add-on that is unwell", |cluster| {
        let listed = vec![extension("dns", Some(ExtensionFlaw::Ailing("DEGRADED".to_owned())))];
        cluster.lifecycle.extensions = known(Extensions { kept_by_provider: None, listed });
    }),
    ("add-ons kept by the provider", |cluster| {
        let kept_by_provider = Some("kept".to_owned());
        cluster.lifecycle.extensions = known(Extensions { kept_by_provider, listed: Vec::new() });
    }),
    ("alpha features in production", |cluster| {
        cluster.lifecycle.experiments = known(Experiments::InUse(vec!["alpha".to_owned()]));
        environment(cluster, Some("production"));
    }),
    ("alpha features nobody says where", |cluster| {
        cluster.lifecycle.experiments = known(Experiments::InUse(vec!["alpha".to_owned()]));
        environment(cluster, None);
    }),
    ("no alpha features to switch on", |cluster| {
        cluster.lifecycle.experiments = known(Experiments::NotOffered { because: "none".to_owned() });
    }),
    ("nothing against deletion", |cluster| {
        cluster.lifecycle.deletion_guard = known(DeletionGuard::Missing { because: "off".to_owned() });
    }),
    ("a guard that no call returns", |cluster| {
        cluster.lifecycle.deletion_guard = known(DeletionGuard::Attested { because: "no call".to_owned() });
    }),
    ("a free tier in production", |cluster| {
        cluster.lifecycle.tier = known(Tier::Free { because: "free".to_owned() });
        environment(cluster, Some("production"));
    }),
    ("a free tier nobody says where", |cluster| {
        cluster.lifecycle.tier = known(Tier::Free { because: "free".to_owned() });
        environment(cluster, None);
    }),
    ("no audit log", |cluster| cluster.lifecycle.audit = known(AuditLog::Off { because: "off".to_owned() })),
    ("an audit log without a switch", |cluster| {
        cluster.lifecycle.audit = known(AuditLog::Inherent { because: "always".to_owned() });
    }),
    ("a cluster that failed", |cluster| health(cluster, Condition::Failed)),
    ("a cluster that changes", |cluster| health(cluster, Condition::Changing)),
    ("a cluster that was stopped", |cluster| health(cluster, Condition::Stopped)),
    ("a pool that is unwell", |cluster| pool_health(cluster, &["no capacity"], true)),
    ("machines nobody replaces", |cluster| pool_health(cluster, &[], false)),
    ("a pool that is ahead", |cluster| pool_version(cluster, 36)),
    ("a pool that is three behind", |cluster| pool_version(cluster, 32)),
    ("a pool that is far behind", |cluster| pool_version(cluster, 22)),
    ("machines that go first", |cluster| {
        each(cluster, |pool| pool.upkeep.surge = known(Surge::After { because: "minimal".to_owned() }));
    }),
    ("machines the provider replaces", |cluster| {
        each(cluster, |pool| pool.upkeep.surge = known(Surge::ByProvider { because: "its own".to_owned() }));
    }),
    ("a cluster nobody answers for", |cluster| cluster.lifecycle.register = known(Register::default())),
];

fn administrators(cluster: &mut Cluster, all: Vec<Administrator>) {
    cluster.access.administrators = known(all);
}

fn authority(cluster: &mut Cluster, days: i64) {
    let not_after = now() + SignedDuration::from_hours(24 * days);
    cluster.access.authority = known(ClusterCa::Known { not_after, because: "the authority".to_owned() });
}

fn support(cluster: &mut Cluster, phase: Phase, standard: Option<i64>, extended: Option<i64>) {
    let day = |days: i64| now() + SignedDuration::from_hours(24 * days);
    let (standard_until, extended_until) = (standard.map(day), extended.map(day));
    cluster.lifecycle.support = known(Support { phase, standard_until, extended_until, because: "1.35".to_owned() });
}

fn upgrades(cluster: &mut Cluster, channel: bool, freezes: Vec<Freeze>) {
    let channel = channel.then(|| "stable".to_owned());
    let window = Some("every Sunday".to_owned());
    cluster.lifecycle.upgrades = known(Upgrades::Planned { channel, window, freezes, forced: None });
}

fn blocker(cluster: &mut Cluster, certain: bool) {
    cluster.lifecycle.blockers = known(vec![Blocker { what: "deprecated APIs".to_owned(), certain }]);
}

fn environment(cluster: &mut Cluster, text: Option<&str>) {
    change(&mut cluster.lifecycle.register, |register| register.environment = text.map(str::to_owned));
}

fn health(cluster: &mut Cluster, condition: Condition) {
    cluster.lifecycle.health = known(Health { status: "SOME".to_owned(), condition, issues: Vec::new() });
}

fn pool_health(cluster: &mut Cluster, issues: &[&str], is_repaired: bool) {
    let because = "a setting".to_owned();
    let repair = if is_repaired { Repair::On { because } } else { Repair::Off { because } };
    let issues: Vec<String> = issues.iter().map(ToString::to_string).collect();
    each(cluster, |pool| {
        pool.upkeep.health = known(PoolHealth { issues: issues.clone(), repair: repair.clone() });
    });
}

fn pool_version(cluster: &mut Cluster, minor: u32) {
    each(cluster, |pool| pool.upkeep.version = known(Version { major: 1, minor }));
}

fn each(cluster: &mut Cluster, how: impl Fn(&mut Pool)) {
    change(&mut cluster.pools, |pools| pools.iter_mut().for_each(how));
}
