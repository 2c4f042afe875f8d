//! Groups of nodes and who gets at them.

use super::{Named, change};
use crate::{everyone, known, nets, packets};
use palisade_model::{
    Cluster, DefaultRoute, Egress, Exposure, Filters, Interactive, Metadata, Mitigation, NodeId, Observed, OpenRule,
    PodAccess, Pool, PoolId, PoolKind, PublicAddresses, SubnetFilter,
};
use palisade_reach::{AddrSet, Bounds, PacketSet};
use std::net::{IpAddr, Ipv4Addr};

pub(super) const ALL: &[Named] = &[
    ("no pools", |cluster| cluster.pools = known(Vec::new())),
    ("a serverless pool beside", |cluster| {
        let beside = pools(cluster).first().cloned();
        change(&mut cluster.pools, |pools| {
            pools.extend(beside.map(|pool| {
                let (id, name) = (PoolId::new("serverless"), "serverless".to_owned());
                Pool { id, name, kind: PoolKind::Serverless, ..pool }
            }));
        });
    }),
    ("serverless pools alone", |cluster| each(cluster, |pool| pool.kind = PoolKind::Serverless)),
    ("an empty pool", |cluster| {
        each(cluster, |pool| {
            pool.kind = PoolKind::Automatic;
            (pool.nodes, pool.exposure) = (known(Vec::new()), known(Vec::new()));
        });
    }),
    ("a machine whose exposure was not computed", |cluster| {
        each(cluster, |pool| {
            change(&mut pool.nodes, |nodes| {
                let other = nodes.first().cloned().map(|mut node| {
                    node.id = NodeId::new("i-2");
                    node
                });
                nodes.extend(other);
            });
        });
    }),
    ("a machine with a public address that no setting gave", |cluster| {
        each(cluster, |pool| {
            pool.public_addresses = addresses(None, &[]);
            change(&mut pool.nodes, |nodes| {
                for node in nodes {
                    node.public = vec![IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9))];
                }
            });
        });
    }),
    ("public addresses", |cluster| {
        each(cluster, |pool| pool.public_addresses = addresses(Some(true), &["i-1"]));
    }),
    ("public addresses for the next machine", |cluster| {
        each(cluster, |pool| pool.public_addresses = addresses(Some(true), &[]));
    }),
    ("no public addresses", |cluster| each(cluster, |pool| pool.public_addresses = addresses(Some(false), &[]))),
    ("SSH for a stranger", |cluster| reached(cluster, |_| Bounds::exact(stranger(22)))),
    ("the kubelet for a stranger", |cluster| reached(cluster, |_| Bounds::exact(stranger(10_250)))),
    ("a node port for a stranger", |cluster| reached(cluster, |_| Bounds::exact(stranger(31_000)))),
    ("ports that may be open", |cluster| {
        reached(cluster, |_| Bounds::unknown_within(stranger(22).union(&stranger(10_250))));
    }),
    ("ports closed by a setting of the network", |cluster| {
        each(cluster, |pool| {
            pool.public_addresses = addresses(Some(true), &["i-1"]);
            change(&mut pool.exposure, |all| {
                for exposure in all {
                    let without = Bounds::exact(stranger(22).union(&stranger(10_250)));
                    exposure.mitigation = Some(Mitigation { by: "block public access".to_owned(), without });
                    (exposure.internet, exposure.ordinary) = (Bounds::default(), Bounds::default());
                }
            });
        });
    }),
    ("a rule for everything from somewhere not known", |cluster| {
        filters(cluster, &SubnetFilter::Attached("acl-1".to_owned()), Some(Bounds::unknown_within(everyone())));
    }),
    ("a rule for everything from one network", |cluster| {
        filters(cluster, &SubnetFilter::NotOffered, Some(Bounds::exact(nets(&["10.9.0.0/16"]))));
    }),
    ("no filter at the subnet", |cluster| {
        filters(cluster, &SubnetFilter::Missing { subnet: "subnet-1".to_owned() }, None);
    }),
    ("a provider without a filter at the subnet", |cluster| filters(cluster, &SubnetFilter::NotOffered, None)),
    ("a route to the internet", |cluster| route(cluster, || DefaultRoute::Internet { via: "igw-1".to_owned() })),
    ("an address that the provider lends", |cluster| {
        route(cluster, || DefaultRoute::Implicit { via: "default outbound access".to_owned() });
    }),
    ("no route", |cluster| route(cluster, || DefaultRoute::None)),
    ("a network of the provider's", |cluster| route(cluster, || DefaultRoute::ProviderManaged)),
    ("every destination in production", |cluster| egress(cluster, Some("prod"))),
    ("every destination in development", |cluster| egress(cluster, Some("dev"))),
    ("every destination", |cluster| egress(cluster, None)),
    ("a broker for shells", |cluster| {
        each(cluster, |pool| pool.interactive = known(Interactive::Brokered { by: "a session service".to_owned() }));
    }),
    ("keys for shells", |cluster| keys(cluster, false)),
    ("keys for shells and a port for everybody", |cluster| keys(cluster, true)),
    ("a hardened metadata service that pods reach", |cluster| {
        let because = "hop limit 2";
        metadata(cluster, true, || PodAccess::Reachable { because: because.to_owned() });
    }),
    ("an unhardened metadata service that pods do not reach", |cluster| {
        metadata(cluster, false, || PodAccess::Blocked { because: "hop limit 1".to_owned() });
    }),
];

fn pools(cluster: &Cluster) -> Vec<Pool> {
    cluster.pools.get().cloned().unwrap_or_default()
}

fn each(cluster: &mut Cluster, how: impl Fn(&mut Pool)) {
    change(&mut cluster.pools, |pools| pools.iter_mut().for_each(how));
}

fn stranger(port: u16) -> PacketSet {
    packets(port, &nets(&["198.51.100.7/32"]))
}

fn reached(cluster: &mut Cluster, by: impl Fn(&Exposure) -> Bounds<PacketSet>) {
    each(cluster, |pool| {
        change(&mut pool.exposure, |all| {
            for exposure in all {
                exposure.internet = by(exposure);
                exposure.ordinary = exposure.internet.clone();
            }
        });
    });
}

fn addresses(setting: Option<bool>, held_by: &[&str]) -> Observed<PublicAddresses> {
    let held_by = held_by.iter().map(|id| NodeId::new(*id)).collect();
    known(PublicAddresses { setting, because: "the subnet's setting".to_owned(), held_by })
}

fn filters(cluster: &mut Cluster, subnet: &SubnetFilter, sources: Option<Bounds<AddrSet>>) {
    let rule = |sources| OpenRule { rule: "rule-1".to_owned(), sources, text: "somewhere".to_owned() };
    let open: Vec<OpenRule> = sources.into_iter().map(rule).collect();
    each(cluster, |pool| pool.filters = known(Filters { subnet: subnet.clone(), open: open.clone() }));
}

fn route(cluster: &mut Cluster, route: impl Fn() -> DefaultRoute) {
    each(cluster, |pool| pool.default_route = known(route()));
}

fn egress(cluster: &mut Cluster, environment: Option<&str>) {
    each(cluster, |pool| {
        let unrestricted = Some("sgr-2 allows everything".to_owned());
        pool.egress = known(Egress { unrestricted, forced_through: None, control_plane: None });
    });
    if let Some(environment) = environment {
        cluster.labels.insert("environment".to_owned(), environment.to_owned());
    }
}

fn keys(cluster: &mut Cluster, opened_to_everyone: bool) {
    each(cluster, |pool| {
        pool.interactive = known(Interactive::Keys { because: "key `admin`".to_owned(), opened_to_everyone });
    });
}

fn metadata(cluster: &mut Cluster, hardened: bool, pods: impl Fn() -> PodAccess) {
    each(cluster, |pool| pool.metadata = known(Metadata { hardened, mode: "mode".to_owned(), pods: pods() }));
}
