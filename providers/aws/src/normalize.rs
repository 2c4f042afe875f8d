//! Translates a snapshot into an inventory. Pure and total: a record that cannot be read becomes a gap.
#![warn(clippy::disallowed_methods)]

mod access;
mod account;
mod backup;
mod balancing;
mod cluster;
mod encryption;
mod endpoint;
mod exposure;
mod fabric;
mod filter;
mod guardrails;
mod iam;
mod identities;
mod key;
mod lifecycle;
mod logging;
mod machine;
mod pipelines;
mod pools;
mod proposal;
mod region;
mod registry;
mod route;
mod trail;
mod upkeep;
mod vulnerabilities;

use crate::{
    calls,
    partition::partition_of,
    record::{
        Ec2, Query,
        aggregator::{Selected, places},
        eks::ListClusters,
        iam::CallerIdentity,
        network::Regions,
        organization::Accounts,
    },
};
use account::Account;
use cluster::Known;
use iam::directory::Directory;
use palisade_model::{
    Cluster, ClusterId, Gap, Inventory, KeyFacts, Location, Observed, Provider, Scope, Unseen, Version,
};
use palisade_provider::{Call, Outcome, Snapshot, Told};
use region::Region;

#[cfg(feature = "collect")]
pub(crate) use logging::log_group;
pub(crate) use proposal::propose;

/// Everything a snapshot says.
pub(crate) fn inventory(snapshot: &Snapshot) -> Inventory {
    let (clusters, unseen) = read(snapshot, |account, members| {
        members.iter().map(|(region, arn, known)| cluster(account, region, arn, known)).collect()
    });
    let mut inventory = Inventory { clusters, unseen };
    inventory.clusters.sort_by(|one, other| one.id.cmp(&other.id));
    inventory
}

/// Where the clusters are, as an aggregator of AWS Config told it.
pub(crate) fn told(snapshot: &Snapshot) -> Option<Told> {
    let call = &calls::SELECT_AGGREGATE_RESOURCE_CONFIG;
    let (scope, params) = snapshot
        .scopes(call)
        .into_iter()
        .find_map(|scope| snapshot.asked(call, scope).first().map(|params| (scope, *params)))?;
    let named: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pages = snapshot.pages::<Selected>(call, scope, &named).ok()?;
    let at = pages.iter().map(|page| page.record.at).max()?;
    let places = places(pages.into_iter().map(|page| page.value)).ok()?;
    let places = places
        .iter()
        .flat_map(|(account, regions)| regions.iter().map(move |region| Scope::new(format!("{account}/{region}"))));
    let of = |name: &str| params.get(name).map(String::as_str).unwrap_or_default();
    let by = format!("the AWS Config aggregator `{}` in {}", of("aggregator"), of("region"));
    Some(Told { by, at, places: places.collect(), cross_checked: params.contains_key(Told::CROSS_CHECK) })
}

/// A cluster of an account: where it is, its ARN and what is known of it.
type Member<'a, 'r> = &'r (&'r Region<'a>, String, Known<'a>);

/// Reads account by account, and says something of each.
fn read<T>(snapshot: &Snapshot, tell: impl Fn(&Account<'_>, &[Member<'_, '_>]) -> Vec<T>) -> (Vec<T>, Vec<Unseen>) {
    let (named, mut unseen) = named_clusters(snapshot);
    unseen.extend(unseen_places(snapshot));
    unseen.sort_by(|one, other| one.scope.cmp(&other.scope).then_with(|| one.gap.cmp(&other.gap)));
    unseen.dedup();
    let regions: Vec<Region<'_>> =
        named.iter().filter(|(_, names)| !names.is_empty()).map(|(scope, _)| Region::read(snapshot, scope)).collect();
    let known: Vec<(&Region<'_>, String, Known<'_>)> = regions
        .iter()
        .flat_map(|region| {
            let names = named.iter().filter(|(scope, _)| *scope == region.scope).flat_map(|(_, names)| names);
            names.map(move |name| (region, arn(region, name), Known::read(region, name)))
        })
        .collect();
    let mut told = Vec::with_capacity(known.len());
    let mut accounts: Vec<&str> = regions.iter().map(|region| region.account).collect();
    accounts.dedup();
    for id in accounts {
        let directory = Directory::read(snapshot, id);
        let of_account = |(region, _, _): &&(&Region<'_>, String, Known<'_>)| region.account == id;
        let partition =
            regions.iter().find(|region| region.account == id).map_or("aws", |region| partition_of(region.name));
        let members: Vec<_> = known.iter().filter(of_account).collect();
        let account = Account::new(snapshot, (id, partition), &directory, &members);
        told.extend(tell(&account, &members));
    }
    (told, unseen)
}

/// The ARN of a cluster, from its place alone: also a cluster that could not be described has one.
fn arn(region: &Region<'_>, name: &str) -> String {
    format!("arn:{}:eks:{}:{}:cluster/{name}", partition_of(region.name), region.name, region.account)
}

/// The clusters that are named in each region, and the regions whose list could not be read.
fn named_clusters(snapshot: &Snapshot) -> (Vec<(&str, Vec<String>)>, Vec<Unseen>) {
    let (mut named, mut unseen) = (Vec::new(), Vec::new());
    for scope in snapshot.scopes(&calls::LIST_CLUSTERS) {
        // A page that was read names clusters even when a later one is missing; the missing rest is said beside it.
        let list = snapshot.list(&calls::LIST_CLUSTERS, scope, &[], |page: ListClusters| page.clusters);
        let names = match list.gap() {
            None => endpoint::take(list).unwrap_or_default(),
            Some(gap) => {
                unseen.push(Unseen { scope: Scope::new(scope), gap: gap.clone() });
                names_of_readable_pages(snapshot, scope)
            }
        };
        named.push((scope, names));
    }
    (named, unseen)
}

fn names_of_readable_pages(snapshot: &Snapshot, scope: &str) -> Vec<String> {
    let described = snapshot.asked(&calls::DESCRIBE_CLUSTER, scope);
    described.into_iter().filter_map(|params| params.get("cluster").cloned()).collect()
}

/// Places nobody could look at because an earlier step failed.
fn unseen_places(snapshot: &Snapshot) -> Vec<Unseen> {
    let early: [&Call; 5] = [
        &calls::GET_CALLER_IDENTITY,
        &calls::ASSUME_ROLE,
        &calls::LIST_ACCOUNTS,
        &calls::SELECT_AGGREGATE_RESOURCE_CONFIG,
        &calls::DESCRIBE_REGIONS,
    ];
    let mut unseen: Vec<Unseen> = snapshot
        .failures()
        .filter_map(|(record, failure)| {
            let call = early.iter().find(|call| call.name == &*record.call)?;
            Some(Unseen { scope: Scope::new(&*record.scope), gap: failure.gap(call, &record.scope) })
        })
        .collect();
    unseen.extend(unreadable(snapshot));
    // A region that is enabled and was never asked: time ran out before.
    for account in snapshot.scopes(&calls::DESCRIBE_REGIONS) {
        let regions = snapshot.list(&calls::DESCRIBE_REGIONS, account, &[], |Ec2(page): Ec2<Regions>| page.region_info);
        for region in regions.get().into_iter().flatten() {
            let status = region.opt_in_status.as_deref();
            let Some(name) = &region.region_name else {
                let what = format!("a region of {account} has no name, so it was not looked at");
                unseen.push(Unseen { scope: Scope::new(account), gap: Gap::Unsettled { what } });
                continue;
            };
            let scope = format!("{account}/{name}");
            if status != Some("not-opted-in") && snapshot.asked(&calls::LIST_CLUSTERS, &scope).is_empty() {
                let what = format!("`{scope}` was not looked at");
                unseen.push(Unseen { scope: Scope::new(scope), gap: Gap::NotCollected { what } });
            }
        }
    }
    unseen
}

/// Places nobody could look at because an early step was answered with something that cannot be read.
fn unreadable(snapshot: &Snapshot) -> Vec<Unseen> {
    let mut unseen = Vec::new();
    let mut say = |scope: &str, gap: Gap| unseen.push(Unseen { scope: Scope::new(scope), gap });
    for scope in snapshot.scopes(&calls::GET_CALLER_IDENTITY) {
        let identity = snapshot.one::<Query<CallerIdentity>>(&calls::GET_CALLER_IDENTITY, scope, &[]);
        match identity.get() {
            Ok(Query(identity)) if identity.account.is_none() => {
                let what = "whose the credentials are is not in the answer".to_owned();
                say(scope, Gap::Unsettled { what });
            }
            Ok(_) => (),
            Err(gap) => say(scope, gap.clone()),
        }
    }
    for scope in snapshot.scopes(&calls::LIST_ACCOUNTS) {
        let accounts = snapshot.list(&calls::LIST_ACCOUNTS, scope, &[], |page: Accounts| page.accounts);
        match accounts.get() {
            Ok(accounts) if accounts.iter().any(|account| account.id.is_none()) => {
                let what = "an account of the organisation has no id, so it was not looked at".to_owned();
                say(scope, Gap::Unsettled { what });
            }
            Ok(_) => (),
            Err(gap) => say(scope, gap.clone()),
        }
    }
    for account in snapshot.scopes(&calls::DESCRIBE_REGIONS) {
        let regions = snapshot.list(&calls::DESCRIBE_REGIONS, account, &[], |Ec2(page): Ec2<Regions>| page.region_info);
        if let Some(gap) = regions.gap() {
            say(account, gap.clone());
        }
    }
    // A session that was handed out and nothing was asked with: its credentials could not be read.
    for account in snapshot.scopes(&calls::ASSUME_ROLE) {
        let inside = format!("{account}/");
        let asked = snapshot.scopes(&calls::DESCRIBE_REGIONS).contains(&account)
            || snapshot.scopes(&calls::LIST_CLUSTERS).iter().any(|scope| scope.starts_with(&inside));
        let entered = snapshot.asked(&calls::ASSUME_ROLE, account).into_iter().any(|params| {
            let records = snapshot.find(&calls::ASSUME_ROLE, account, &trail::pairs(params));
            records.iter().any(|record| matches!(record.outcome, Outcome::Answered(_)))
        });
        if entered && !asked {
            say(account, Gap::NotCollected { what: format!("nothing was asked in `{account}` after it was entered") });
        }
    }
    unseen
}

fn cluster(account: &Account<'_>, region: &Region<'_>, arn: &str, known: &Known<'_>) -> Cluster {
    let unread = Gap::NotCollected { what: "not read".to_owned() };
    let gap = known.described.gap().unwrap_or(&unread);
    let scope = Scope::new(region.scope);
    let mut cluster = Cluster::unread(
        ClusterId::new(arn),
        Provider::Aws,
        scope,
        Location::new(region.name),
        known.name.to_owned(),
        gap,
    );
    let Ok(described) = known.described.get() else { return cluster };
    cluster.labels.clone_from(&described.tags);
    cluster.version = version(region, known);
    cluster.api = endpoint::api(region, known);
    cluster.pools = pools::pools(region, known);
    cluster.credential = access::credential(known);
    cluster.workload_identity = access::workload_identity(account, known);
    cluster.identities = account.identities(arn);
    // Roles are in no group: only users are.
    cluster.unread_groups = known.conclude("/cluster/arn", |_, _| Ok([].into()));
    cluster.trusts = access::trusts(account, known);
    cluster.controllers = access::controllers(account, arn, known, &cluster.trusts);
    cluster.minters = access::minters(region, account, arn, known);
    cluster.pipelines = pipelines::pipelines(region, account, known, &cluster.minters);
    cluster.external_trusts = access::external_trusts(account, arn, known);
    cluster.activity = logging::activity(region, known);
    cluster.audit_store = logging::audit_store(region, known);
    cluster.detection = logging::detection(region, known);
    cluster.backup_plans = backup::plans(region, arn, known);
    cluster.recovery = backup::recovery(region, arn, known);
    cluster.backup_safety = backup::safety(region, arn, known);
    cluster.image_scanning = registry::scanning(region, known);
    cluster.vulnerabilities = vulnerabilities::of_images(region, arn, known, &cluster.image_scanning);
    cluster.registries = registry::registries(region, known);
    cluster.image_admission = registry::admission(known);
    cluster.guardrails = guardrails::guardrails(region, account, known);
    cluster.etcd = encryption::etcd(known);
    cluster.encryption = encryption::encryption(region, known, &cluster.version);
    cluster.key = KeyFacts {
        state: encryption::key_state(region, known),
        rotation: encryption::rotation(region, known),
        access: key::key_access(region, account, known),
    };
    cluster.network = fabric::network(region, known);
    cluster.platform = fabric::platform(known);
    cluster.access = lifecycle::access(region, account, known);
    cluster.lifecycle = lifecycle::lifecycle(region, known);
    cluster
}

fn version(region: &Region<'_>, known: &Known<'_>) -> Observed<Version> {
    known.conclude("/cluster/version", |_, cluster| {
        cluster.version.as_deref().and_then(Version::parse).ok_or_else(|| Gap::Malformed {
            call: calls::DESCRIBE_CLUSTER.name.to_owned(),
            scope: region.scope.to_owned(),
            pointer: "/cluster/version".to_owned(),
            why: "there is no version".to_owned(),
        })
    })
}
