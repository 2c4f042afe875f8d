//! What machines are made from, the network around them, and the services beside them.

use super::{Named, change};
use crate::{known, now};
use jiff::SignedDuration;
use palisade_model::{
    Boot, Cluster, DefaultRoute, DiskKey, FlowLogs, Image, ImageAge, Isolation, Machinery, NetworkPart, Newest,
    Patching, PolicyEngine, Pool, PoolId, PrivateApis, Room, Scaling, SecretStore, Telemetry, Transit,
};

pub(super) const ALL: &[Named] = &[
    ("an image of one's own", |cluster| each(cluster, |one| one.image = known(Image::Own { id: "ami-1".to_owned() }))),
    ("an image the provider chooses", |cluster| {
        each(cluster, |one| one.image = known(Image::Provider { reference: "the provider chooses it" }));
    }),
    ("a retired image", |cluster| {
        let word = match cluster.provider {
            palisade_model::Provider::Aws => "AL2_x86_64",
            palisade_model::Provider::Azure => "Azure Linux 2",
            palisade_model::Provider::Gcp | palisade_model::Provider::Kubernetes => "COS",
        };
        each(cluster, |one| {
            one.image = known(Image::Family { word: word.to_owned(), because: "the pool's image".to_owned() });
        });
    }),
    ("an image of an unheard-of family", |cluster| {
        each(cluster, |one| {
            one.image = known(Image::Family { word: "Slackware".to_owned(), because: "the pool's image".to_owned() });
        });
    }),
    ("an image of two months", |cluster| each(cluster, |one| one.image_age = dated(60))),
    ("an image of a year", |cluster| each(cluster, |one| one.image_age = dated(365))),
    ("an old image that is the newest", |cluster| {
        each(cluster, |one| {
            one.image_age = dated(365);
            one.newest = known(Newest::Current { image: "image-1".to_owned() });
        });
    }),
    ("a withdrawn image", |cluster| {
        each(cluster, |one| {
            one.image_age = undated();
            one.newest = known(Newest::Withdrawn { image: "image-1".to_owned() });
        });
    }),
    ("an old image of which nobody says what is newest", |cluster| {
        each(cluster, |one| {
            one.image_age = dated(365);
            one.newest = known(Newest::Unpublished { because: "nobody says what is newest".to_owned() });
        });
    }),
    ("an image without a day", |cluster| each(cluster, |one| one.image_age = undated())),
    ("machines that the provider replaces", |cluster| {
        each(cluster, |one| one.image_age = known(ImageAge::Provider { reference: "replaced within 21 days" }));
    }),
    ("no channel of patches", |cluster| {
        each(cluster, |one| one.patching = known(Patching::Manual { because: "the channel is `None`".to_owned() }));
    }),
    ("no setting for patches", |cluster| {
        each(cluster, |one| one.patching = known(Patching::Undeclared { because: "there is no setting".to_owned() }));
    }),
    ("no secure boot", |cluster| {
        each(cluster, |one| one.boot = known(Boot::Unverified { missing: vec!["secure boot is off".to_owned()] }));
    }),
    ("a plain disk", |cluster| {
        each(cluster, |one| change(&mut one.disks, |disks| disks.plain = vec!["disk-1".to_owned()]));
    }),
    ("disks with the provider's key", |cluster| {
        each(cluster, |one| change(&mut one.disks, |disks| disks.key = DiskKey::Provider));
    }),
    ("disks with somebody's key", |cluster| {
        let key = DiskKey::Untold { keys: vec!["key-9".to_owned()] };
        each(cluster, |one| change(&mut one.disks, |disks| disks.key = key.clone()));
    }),
    ("nothing kept apart", |cluster| each(cluster, |one| one.isolation = known(Isolation::default()))),
    ("a sandbox", |cluster| {
        each(cluster, |one| {
            change(&mut one.isolation, |isolation| {
                isolation.taints = Vec::new();
                isolation.sandbox = Some("gVisor".to_owned());
            });
        });
    }),
    ("only the system kept apart", |cluster| {
        each(cluster, |one| change(&mut one.isolation, |isolation| isolation.taints = Vec::new()));
    }),
    ("two pools that mix everything", |cluster| {
        each(cluster, |one| one.isolation = known(Isolation::default()));
        change(&mut cluster.pools, |pools| {
            let other = pools.first().cloned();
            pools.extend(other.map(|pool| Pool { id: PoolId::new("second"), name: "second".to_owned(), ..pool }));
        });
    }),
    ("a fixed number of machines", |cluster| each(cluster, |one| one.scaling = fixed())),
    ("a fixed number of machines for applications", |cluster| {
        each(cluster, |one| {
            one.scaling = fixed();
            one.isolation = known(Isolation::default());
        });
    }),
    ("bounds that something may move between", |cluster| {
        each(cluster, |one| {
            let because = "nobody says what moves it".to_owned();
            one.scaling = known(Scaling::Bounded { least: 1, most: 9, because });
        });
    }),
    ("little room", |cluster| each(cluster, |one| one.room = known(vec![room(85)]))),
    ("no room", |cluster| each(cluster, |one| one.room = known(vec![room(100)]))),
    ("no room for the cluster itself", |cluster| cluster.network.room = known(vec![room(95)])),
    ("nothing that runs out", |cluster| {
        cluster.network.room = known(Vec::new());
        each(cluster, |one| one.room = known(Vec::new()));
    }),
    ("no flow logs", |cluster| {
        each(cluster, |one| one.flow_logs = known(FlowLogs::Off { subnets: vec!["subnet-1".to_owned()] }));
    }),
    ("no policy engine", |cluster| {
        cluster.network.policy_engine = known(PolicyEngine::Absent { because: "no engine is set".to_owned() });
    }),
    ("a retired part of the network, on Azure", |cluster| {
        cluster.provider = palisade_model::Provider::Azure;
        cluster.network.parts = known(vec![NetworkPart { role: "load balancer".to_owned(), word: "basic".to_owned() }]);
    }),
    ("the default network", |cluster| {
        change(&mut cluster.network.place, |place| place.default = Some("`isDefault` is on".to_owned()));
    }),
    ("pods by routes", |cluster| {
        change(&mut cluster.network.place, |place| place.routes_based = Some("`useIpAliases` is off".to_owned()));
    }),
    ("no way to the cloud's services", |cluster| {
        cluster.network.private_apis = known(PrivateApis::Missing { what: vec!["the registry".to_owned()] });
        change(&mut cluster.pools, |pools| {
            for pool in pools {
                pool.default_route = known(DefaultRoute::None);
            }
        });
    }),
    ("no private endpoints", |cluster| {
        cluster.network.private_apis = known(PrivateApis::Missing { what: vec!["the registry".to_owned()] });
    }),
    ("plain traffic", |cluster| {
        cluster.network.transit = known(Transit::Plain { because: "no encryption is set".to_owned() });
    }),
    ("a store that does not rotate", |cluster| cluster.platform.secret_store = store(Some(false))),
    ("a store of which nobody says whether it rotates", |cluster| cluster.platform.secret_store = store(None)),
    ("no store for secrets", |cluster| {
        cluster.platform.secret_store = known(SecretStore::NotConnected { because: "no add-on".to_owned() });
    }),
    ("metrics without logs", |cluster| cluster.platform.telemetry = telemetry(true, false)),
    ("logs without metrics", |cluster| cluster.platform.telemetry = telemetry(false, true)),
    ("neither metrics nor logs", |cluster| cluster.platform.telemetry = telemetry(false, false)),
];

/// Changes what is known of every pool's machines.
fn each(cluster: &mut Cluster, how: impl Fn(&mut Machinery)) {
    change(&mut cluster.pools, |pools| pools.iter_mut().for_each(|pool| how(&mut pool.machinery)));
}

fn dated(days: i64) -> palisade_model::Observed<ImageAge> {
    known(ImageAge::Dated { image: "image-1".to_owned(), published: now() - SignedDuration::from_hours(24 * days) })
}

fn undated() -> palisade_model::Observed<ImageAge> {
    known(ImageAge::Undated { image: "image-1".to_owned(), because: "the provider publishes no day".to_owned() })
}

fn fixed() -> palisade_model::Observed<Scaling> {
    known(Scaling::Fixed { because: "the autoscaler is off".to_owned() })
}

fn room(used: u64) -> Room {
    Room { what: "machines".to_owned(), used, limit: 100 }
}

fn store(rotates: Option<bool>) -> palisade_model::Observed<SecretStore> {
    known(SecretStore::Connected { by: "the provider's store".to_owned(), rotates })
}

fn telemetry(metrics: bool, logs: bool) -> palisade_model::Observed<Telemetry> {
    let by = |on: bool| on.then(|| "the provider".to_owned());
    known(Telemetry { metrics: by(metrics), logs: by(logs), because: "the add-ons".to_owned() })
}
