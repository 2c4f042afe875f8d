//! Reads the networks the clusters stand in: in their own project or in the host project of a Shared VPC.

use super::{
    Run,
    ask::{Asker, after_first, host::COMPUTE},
    strip,
};
use crate::calls::{FIREWALLS, NETWORK_FIREWALLS, NETWORKS, REGION_FIREWALLS, ROUTERS, ROUTES, SUBNETWORKS};
use std::collections::BTreeSet;

/// A network some cluster uses, and the region it is used in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Used {
    pub(crate) host: String,
    pub(crate) network: String,
    pub(crate) region: String,
}

/// Reads everything about the networks in use, each thing once in a run.
pub(crate) async fn read(asker: &Asker<'_>, run: &Run, used: &BTreeSet<Used>) {
    let hosts: BTreeSet<&str> = used.iter().map(|used| used.host.as_str()).collect();
    let networks: BTreeSet<(&str, &str)> =
        used.iter().map(|used| (used.host.as_str(), used.network.as_str())).collect();
    let tables = futures::future::join_all(hosts.into_iter().map(|host| tables(asker, run, host)));
    let global =
        futures::future::join_all(networks.into_iter().map(|(host, network)| global(asker, run, host, network)));
    let regional = futures::future::join_all(used.iter().map(|used| regional(asker, run, used)));
    futures::join!(tables, global, regional);
}

/// The tables of a project that hold all its networks.
async fn tables(asker: &Asker<'_>, run: &Run, host: &str) {
    let host = host.to_owned();
    run.once(asker, format!("networks of {host}"), |asker| async move {
        let clients = asker.clients;
        let firewalls = asker.pages(
            (&FIREWALLS, COMPUTE),
            &host,
            &[],
            |token| clients.firewalls.list().set_project(&host).set_or_clear_page_token(after_first(token)),
            |builder| builder.send(),
            strip::nothing,
        );
        let networks = asker.pages(
            (&NETWORKS, COMPUTE),
            &host,
            &[],
            |token| clients.networks.list().set_project(&host).set_or_clear_page_token(after_first(token)),
            |builder| builder.send(),
            strip::nothing,
        );
        let subnetworks = asker.pages(
            (&SUBNETWORKS, COMPUTE),
            &host,
            &[],
            |token| {
                clients.subnetworks.aggregated_list().set_project(&host).set_or_clear_page_token(after_first(token))
            },
            |builder| builder.send(),
            strip::nothing,
        );
        let routes = asker.pages(
            (&ROUTES, COMPUTE),
            &host,
            &[],
            |token| clients.routes.list().set_project(&host).set_or_clear_page_token(after_first(token)),
            |builder| builder.send(),
            strip::nothing,
        );
        let routers = asker.pages(
            (&ROUTERS, COMPUTE),
            &host,
            &[],
            |token| clients.routers.aggregated_list().set_project(&host).set_or_clear_page_token(after_first(token)),
            |builder| builder.send(),
            strip::nothing,
        );
        // Failures are in the records.
        let _ = futures::join!(firewalls, networks, subnetworks, routes, routers);
        Vec::new()
    })
    .await;
}

async fn global(asker: &Asker<'_>, run: &Run, host: &str, network: &str) {
    let (host, network) = (host.to_owned(), network.to_owned());
    run.once(asker, format!("firewalls of {host} {network}"), |asker| async move {
        let builder = asker.clients.networks.get_effective_firewalls().set_project(&host).set_network(&network);
        let params = [("network", network.as_str())];
        let question = (&NETWORK_FIREWALLS, COMPUTE);
        let _ = asker.one(question, &host, &params, builder, |builder| builder.send(), strip::nothing).await;
        Vec::new()
    })
    .await;
}

async fn regional(asker: &Asker<'_>, run: &Run, used: &Used) {
    let Used { host, network, region } = used.clone();
    run.once(asker, format!("firewalls of {host} {network} {region}"), |asker| async move {
        let builder = asker
            .clients
            .region_policies
            .get_effective_firewalls()
            .set_project(&host)
            .set_region(&region)
            .set_network(format!("projects/{host}/global/networks/{network}"));
        let params = [("network", network.as_str()), ("region", region.as_str())];
        let question = (&REGION_FIREWALLS, COMPUTE);
        let _ = asker.one(question, &host, &params, builder, |builder| builder.send(), strip::nothing).await;
        Vec::new()
    })
    .await;
}
