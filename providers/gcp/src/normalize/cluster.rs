//! One cluster in our vocabulary.

use super::{
    balancers::Balancers,
    encryption::{ETCD, encryption, key_name},
    endpoint::{Endpoints, doors},
    exposure::ExposureBook,
    fabric,
    hierarchy::{Denial, Hierarchy, HierarchyBook},
    identities::{Identified, IdentityBook, Surroundings, identified, sources},
    key, lifecycle,
    machines::Machines,
    minters::{gateways, minters},
    network::NetworkBook,
    people::{People, pool},
    pipelines::pipelines,
    pool::{PoolContext, Subject, pools},
    project::id,
    roles::RoleBook,
    safeguards,
};
use crate::{
    calls::CLUSTERS_LIST,
    record::{
        compute::ComputeProject, container::Cluster as Record, iam::Insights, names::after, nodes::is_autopilot,
        word::METADATA_MODE,
    },
};
use jiff::Timestamp;
use palisade_model::{
    Api, Cluster, Credential, Etcd, Evidence, Gap, ImageVulnerabilities, Location, Minter, Observed, Pipelines,
    Provider, Scope, Tunnel, UnreadGroup, Version, WorkloadIdentity,
};
use palisade_provider::Snapshot;
use std::{rc::Rc, sync::Arc};

/// What the clusters of a project share.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) project: &'a str,
    pub(crate) records: &'a [Record],
    /// Why the project may hold further clusters.
    pub(crate) unlisted: Option<Gap>,
    pub(crate) hierarchies: &'a HierarchyBook<'a>,
    pub(crate) hierarchy: Rc<Observed<Hierarchy>>,
    pub(crate) denials: Rc<Observed<Vec<Denial>>>,
    pub(crate) people: Observed<People>,
    pub(crate) roles: RoleBook<'a>,
    pub(crate) machines: Observed<Machines>,
    pub(crate) compute_project: Observed<ComputeProject>,
    pub(crate) networks: NetworkBook<'a>,
    pub(crate) balancers: Observed<Balancers>,
    pub(crate) exposures: ExposureBook,
    pub(crate) insights: Observed<Insights>,
    /// What is wrong with the project's images.
    pub(crate) images: Observed<ImageVulnerabilities>,
    pub(crate) unread_groups: Observed<Arc<[UnreadGroup]>>,
    pub(crate) groups_hold_roles: bool,
    pub(crate) identities: IdentityBook,
    pub(crate) now: Timestamp,
}

impl Shared<'_> {
    /// What identities rest on.
    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            snapshot: self.snapshot,
            project: self.project,
            clusters: self.records,
            unlisted: self.unlisted.as_ref(),
            hierarchy: &self.hierarchy,
            denials: &self.denials,
            people: &self.people,
            roles: &self.roles,
            machines: &self.machines,
            insights: &self.insights,
            groups_hold_roles: self.groups_hold_roles,
            book: &self.identities,
            now: self.now,
        }
    }
}

/// Says what a cluster and its surroundings are.
pub(crate) fn describe(shared: &Shared<'_>, record: &Record, evidence: &[Evidence]) -> Cluster {
    let name = record.name.clone().unwrap_or_default();
    let location = record.location.clone().or_else(|| record.zone.clone()).unwrap_or_default();
    let id = id(shared.project, &location, &name);
    let gap = Gap::NotCollected { what: "this version does not read the fact".to_owned() };
    let mut cluster = Cluster::unread(
        id.clone(),
        Provider::Gcp,
        Scope::new(shared.project),
        Location::new(&*location),
        name.clone(),
        &gap,
    );
    let at = |pointer: &str| below(evidence, pointer);
    let endpoints = Endpoints::of(record);
    cluster.labels = record.resource_labels.clone().unwrap_or_default();
    cluster.version = Observed::from_result(version(shared.project, record), at("/currentMasterVersion"));
    cluster.api = Api {
        public: Observed::known(endpoints.public(), at(endpoints.place)),
        private_path: Observed::known(endpoints.private_path(), at(endpoints.place)),
        doors: Observed::known(doors(record), at("/controlPlaneEndpointsConfig/dnsEndpointConfig")),
        tunnels: tunnels(shared, record, at("/fleet")),
        private_guard: Observed::known(endpoints.private_guard(), at(endpoints.place)),
    };
    let context = PoolContext {
        project: shared.project,
        machines: &shared.machines,
        compute_project: &shared.compute_project,
        networks: &shared.networks,
        balancers: &shared.balancers,
        exposures: &shared.exposures,
    };
    let subject = Subject { id: &id, cluster: record, location: &location, evidence };
    cluster.pools = Observed::known(pools(&context, &subject), at("/nodePools"));
    cluster.network = fabric::network(&context, &subject);
    cluster.platform = fabric::platform(record, evidence);
    cluster.credential = Observed::known(
        Credential::Inherent { what: "Google's own Kubernetes Engine agent of the project".to_owned() },
        evidence.to_vec(),
    );
    cluster.workload_identity = Observed::known(workload_identity(record), at("/workloadIdentityConfig"));
    people(shared, record, &name, evidence, &mut cluster);
    cluster.minters = minted(shared, evidence);
    cluster.pipelines = piped(shared, &cluster.minters);
    safeguards::fill(shared, record, evidence, &mut cluster);
    cluster.etcd = Observed::known(Etcd::ProviderManaged { reference: ETCD }, evidence.to_vec());
    cluster.encryption = Observed::from_result(encryption(record), at("/databaseEncryption"));
    cluster.key = key::facts(
        shared.snapshot,
        shared.hierarchies,
        &shared.roles,
        key_name(record),
        &at("/databaseEncryption"),
        shared.now,
    );
    cluster.access = lifecycle::access(shared, record, evidence);
    cluster.lifecycle = lifecycle::lifecycle(shared, record, &location, evidence);
    cluster
}

/// The evidence for a part of the cluster's record.
pub(crate) fn below(evidence: &[Evidence], pointer: &str) -> Vec<Evidence> {
    let part = |whole: &Evidence| Evidence { pointer: format!("{}{pointer}", whole.pointer).into(), ..whole.clone() };
    evidence.iter().map(part).collect()
}

fn version(project: &str, record: &Record) -> Result<Version, Gap> {
    let text = record.current_master_version.as_deref().unwrap_or_default();
    Version::parse(text).ok_or_else(|| Gap::Malformed {
        call: CLUSTERS_LIST.name.to_owned(),
        scope: project.to_owned(),
        pointer: "/currentMasterVersion".to_owned(),
        why: format!("`{text}` is no version"),
    })
}

/// A cluster of a fleet can be reached through the fleet's gateway, by whoever holds a gateway role in the fleet's
/// project.
fn tunnels<'a>(shared: &Shared<'_>, record: &'a Record, mut own: Vec<Evidence>) -> Observed<Vec<Tunnel>> {
    let fleet = record.fleet.as_ref();
    let present = |text: &'a Option<String>| text.as_deref().filter(|text| !text.is_empty());
    let (project, membership) =
        fleet.map_or((None, None), |fleet| (present(&fleet.project), present(&fleet.membership)));
    let Some(named) = project.or_else(|| after(membership?, "projects")) else {
        // A membership nobody can place is in some fleet all the same.
        return match membership {
            None => Observed::known(Vec::new(), own),
            Some(membership) => Observed::missing(Gap::Malformed {
                call: CLUSTERS_LIST.name.to_owned(),
                scope: shared.project.to_owned(),
                pointer: "/fleet/membership".to_owned(),
                why: format!("`{membership}` names no project"),
            }),
        };
    };
    let read = (|| {
        // A fleet may name its project by number.
        let is_own = named == shared.project || shared.hierarchy.get()?.number == named;
        let project = if is_own { shared.project } else { named };
        let (hierarchy, denials) = (shared.hierarchies.of(project), shared.hierarchies.denials(project));
        let found = gateways(hierarchy.get()?, denials.get()?, &shared.roles, shared.now)?;
        own.extend_from_slice(hierarchy.sources());
        own.extend_from_slice(denials.sources());
        Ok(found)
    })();
    own.extend(shared.roles.evidence());
    Observed::from_result(read, own)
}

/// How pods get rights of their own. On Autopilot the pool is always there.
fn workload_identity(record: &Record) -> WorkloadIdentity {
    let Some(pool) = pool(record) else {
        return if is_autopilot(record) {
            WorkloadIdentity::Enabled { how: "Autopilot always federates workloads".to_owned() }
        } else {
            WorkloadIdentity::Disabled { missing: "`workloadIdentityConfig.workloadPool` is not set".to_owned() }
        };
    };
    let old = record.node_pools.iter().filter(|_| !is_autopilot(record)).find(|node_pool| {
        let mode = node_pool.config.as_ref().and_then(|config| config.workload_metadata_config.as_ref());
        mode.and_then(|config| config.mode.as_ref()).is_some_and(|mode| mode.is(METADATA_MODE, "GCE_METADATA"))
    });
    match old {
        Some(old) => WorkloadIdentity::Legacy {
            what: format!("node pool `{}` gives pods the machine's tokens", old.name.as_deref().unwrap_or_default()),
        },
        None => WorkloadIdentity::Enabled { how: format!("workload pool {pool}") },
    }
}

/// The facts about identities, which rest on the same reads.
fn people(shared: &Shared<'_>, record: &Record, name: &str, evidence: &[Evidence], cluster: &mut Cluster) {
    let around = shared.surroundings();
    let sources = sources(&around, evidence);
    cluster.unread_groups = shared.unread_groups.clone();
    match identified(&around, record, name) {
        Ok(Identified { identities, trusts, controllers, external }) => {
            cluster.identities = Observed::known(identities, sources.clone());
            cluster.trusts = Observed::from_result(trusts, sources.clone());
            cluster.controllers = Observed::from_result(controllers, sources.clone());
            cluster.external_trusts = Observed::from_result(external, sources);
        }
        Err(gap) => {
            cluster.identities.hide(gap.clone());
            cluster.trusts.hide(gap.clone());
            cluster.controllers.hide(gap.clone());
            cluster.external_trusts.hide(gap);
        }
    }
}

/// Who can make credentials for the cluster: the same for every cluster of the project.
fn minted(shared: &Shared<'_>, evidence: &[Evidence]) -> Observed<Vec<Minter>> {
    let mut sources = [evidence, shared.hierarchy.sources(), shared.denials.sources()].concat();
    let read =
        (|| minters(shared.project, shared.hierarchy.get()?, shared.denials.get()?, &shared.roles, shared.now))();
    sources.extend(shared.roles.evidence());
    Observed::from_result(read, sources)
}

/// The identities of pipelines among those who can make credentials.
fn piped(shared: &Shared<'_>, minters: &Observed<Vec<Minter>>) -> Observed<Pipelines> {
    let sources = [minters.sources(), shared.people.sources()].concat();
    let read = (|| {
        let people = shared.people.get()?;
        let minters = minters.get()?;
        // Who may become an account that was not read may be a pipeline.
        if let Some(gap) = people.unread.iter().min() {
            return Err(gap.clone());
        }
        Ok(pipelines(minters, people, &shared.roles))
    })();
    Observed::from_result(read, sources)
}
