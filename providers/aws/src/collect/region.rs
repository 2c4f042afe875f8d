//! One region of an account.

use super::{
    Context,
    ask::{Paging, Question, Wire, sending},
    balancing, boxed, cluster, key, network, safeguards,
};
use crate::{calls, record::eks::ListClusters};
use futures::future::join_all;
use palisade_provider::{Event, Recorder};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::sync::watch;

/// What regions found, as far as other strands need it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many clusters.
    pub(super) clusters: usize,
    /// Roles the clusters use, by ARN.
    pub(super) roles: BTreeSet<String>,
    /// Instance profiles of the clusters' machines, by ARN.
    pub(super) profiles: BTreeSet<String>,
    /// IAM users with an access entry, by name.
    pub(super) users: BTreeSet<String>,
    /// The add-ons of each cluster, by its name.
    pub(super) addons: BTreeSet<(String, String)>,
    /// The versions of the clusters, by their names.
    pub(super) versions: BTreeMap<String, String>,
    /// Issuers of the clusters' tokens, without the scheme.
    pub(super) issuers: BTreeSet<String>,
    /// Trails that regions with clusters show, by ARN, each with its home region.
    pub(super) trails: BTreeMap<String, String>,
}

impl Found {
    /// Each add-on with the versions of the clusters that have it.
    fn offers(&self) -> BTreeSet<(String, String)> {
        let wanted = self.addons.iter().filter_map(|(cluster, addon)| Some((addon, self.versions.get(cluster)?)));
        wanted.map(|(addon, version)| (addon.clone(), version.clone())).collect()
    }

    pub(super) fn and(mut self, other: Self) -> Self {
        self.clusters += other.clusters;
        self.roles.extend(other.roles);
        self.profiles.extend(other.profiles);
        self.users.extend(other.users);
        self.issuers.extend(other.issuers);
        self.trails.extend(other.trails);
        self.addons.extend(other.addons);
        self.versions.extend(other.versions);
        self
    }
}

/// How many regions have not said yet what they hold, and how many clusters the others have.
#[derive(Debug)]
pub(super) struct Census {
    state: watch::Sender<(usize, usize)>,
    recorder: Recorder,
}

/// Tells when there is a cluster, or that there is none.
pub(super) type Watch = watch::Receiver<(usize, usize)>;

impl Census {
    pub(super) fn new(regions: usize, recorder: &Recorder) -> (Self, Watch) {
        let (state, watch) = watch::channel((regions, 0));
        (Self { state, recorder: recorder.clone() }, watch)
    }

    fn count(&self, clusters: usize) {
        self.state.send_modify(|(pending, total)| {
            *pending = pending.saturating_sub(1);
            *total += clusters;
        });
        let (pending, total) = *self.state.borrow();
        if pending == 0 {
            self.recorder.tell(Event::Clusters(total));
        }
    }
}

/// Waits until some region has a cluster; false when no region has one.
pub(super) async fn any_cluster(mut watch: Watch) -> bool {
    let decided = watch.wait_for(|(pending, clusters)| *clusters > 0 || *pending == 0).await;
    decided.is_ok_and(|state| state.1 > 0)
}

/// Reads a region: the clusters, and their surroundings if there are any.
pub(super) async fn read(context: &Context, region: &str, census: Arc<Census>) -> Found {
    let scope = format!("{}/{region}", context.session.account);
    let client = context.session.eks(region);
    let question = Question {
        call: &calls::LIST_CLUSTERS,
        scope: &scope,
        params: &[],
        wire: Wire::Json,
        paging: Some(Paging::NEXT_TOKEN),
    };
    let pages = context
        .ask::<ListClusters>(
            &format!("eks.{region}"),
            &question,
            sending!(|token| client.list_clusters().set_next_token(token)),
        )
        .await;
    let names: BTreeSet<String> = pages.into_iter().flatten().flat_map(|page| page.clusters).collect();
    census.count(names.len());
    drop(census);
    if names.is_empty() {
        return Found::default();
    }
    let place = Place { context, region, scope: &scope, eks: client };
    let described = join_all(names.iter().map(|name| boxed(cluster::describe(&place, name))));
    let groups = join_all(names.iter().map(|name| boxed(cluster::node_groups(&place, name))));
    let members = join_all(names.iter().map(|name| boxed(cluster::members(&place, name))));
    let insights = join_all(names.iter().map(|name| boxed(cluster::insights(&place, name))));
    // Clusters first: their networks, keys and access entries are known with them.
    let with_clusters = async {
        let (described, balancing) = futures::join!(described, boxed(balancing::of_region(&place)));
        let clusters: Vec<_> = described.into_iter().flatten().collect();
        let (mut entries, profiles, ()) = futures::join!(
            boxed(cluster::access_entries(&place, &clusters)),
            boxed(network::tables(&place, &clusters, &balancing)),
            boxed(key::keys(&place, &clusters)),
        );
        entries.profiles = profiles;
        clusters.iter().map(cluster::of_cluster).fold(entries, Found::and)
    };
    let with_groups = async {
        let groups: Vec<_> = groups.await.into_iter().flatten().collect();
        boxed(network::machines(&place, &groups)).await;
        groups.into_iter().map(cluster::of_group).fold(Found::default(), Found::and)
    };
    let around = boxed(safeguards::of_region(&place, &names));
    let ((), clusters, groups, members, (), _, around) = futures::join!(
        boxed(network::of_region(&place)),
        with_clusters,
        with_groups,
        members,
        boxed(cluster::versions(&place)),
        insights,
        around,
    );
    let found = members.into_iter().fold(clusters.and(groups).and(around), Found::and);
    boxed(cluster::offers(&place, &found.offers())).await;
    Found { clusters: names.len(), ..found }
}

/// A region of an account, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Place<'a> {
    pub(super) context: &'a Context,
    pub(super) region: &'a str,
    pub(super) scope: &'a str,
    pub(super) eks: aws_sdk_eks::Client,
}

impl Place<'_> {
    pub(super) fn host(&self, service: &str) -> String {
        format!("{service}.{}", self.region)
    }

    /// A question in this region.
    pub(super) fn question<'b>(
        &'b self,
        call: &'static palisade_provider::Call,
        params: &'b [(&'b str, &'b str)],
        wire: Wire,
        paging: Option<Paging>,
    ) -> Question<'b> {
        Question { call, scope: self.scope, params, wire, paging }
    }
}
