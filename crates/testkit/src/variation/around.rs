//! What stands around the cluster: logs, backups, registries, threat detection.

use super::{Named, change};
use crate::{everyone, gap, known, now, packets, vulnerability};
use jiff::SignedDuration;
use palisade_model::{
    ActivityLog, ActivityRoute, Answer, AuditPlace, AuditStore, BackupPlans, BackupSafety, Cluster, Detection, Gap,
    ImageAdmission, ImageRuns, ImageVulnerabilities, ImageVulnerability, PublicAccess, PublicDoor, Recovery, Registry,
    RegistryOpening, Retention,
};
use palisade_reach::{AddrSet, Bounds};

#[rustfmt::skip]
pub(super) const ALL: &[Named] = &[
    ("a trail of one region", |cluster| {
        let routes = vec![ActivityRoute { name: "trail".to_owned(), everywhere: false }];
        cluster.activity = known(ActivityLog { routes, ..ActivityLog::default() });
    }),
    ("a log that the provider keeps", |cluster| {
        cluster.activity = known(ActivityLog { inherent: Some("it is always written"), ..ActivityLog::default() });
    }),
    ("no audit log", |cluster| {
        cluster.audit_store = known(AuditStore::NotWritten { because: "it is off".to_owned() });
    }),
    ("an audit log that can be deleted", |cluster| place(cluster, |place| {
        place.protected = Answer::No("no lock".to_owned());
    })),
    ("an audit log that cannot be searched", |cluster| place(cluster, |place| {
        place.searchable = Ok(Retention::Days(1));
    })),
    ("an audit log in a place that was not read", |cluster| place(cluster, |place| {
        (place.kept, place.searchable) = (Err(gap()), Err(gap()));
    })),
    ("a backup of a part", |cluster| plans(cluster, |plans| {
        plans.found.iter_mut().for_each(|plan| plan.partly = Some("one namespace".to_owned()));
    })),
    ("a backup that is stopped", |cluster| plans(cluster, |plans| {
        plans.found.iter_mut().for_each(|plan| plan.stopped = Some("it is paused".to_owned()));
    })),
    ("backup plans that were not all read", |cluster| plans(cluster, |plans| {
        plans.found.clear();
        plans.unread = Some(gap());
    })),
    ("no backup to look at", |cluster| {
        let because = || "no plan takes the cluster".to_owned();
        cluster.recovery = known(Recovery::NoPlan { because: because() });
        cluster.backup_safety = known(BackupSafety::NoPlan { because: because() });
    }),
    ("an old backup", |cluster| {
        let last_success = Some(now() - SignedDuration::from_hours(100));
        cluster.recovery = known(Recovery::Recorded { last_success, last_failure: None, by: "a plan".to_owned() });
    }),
    ("a backup that failed", |cluster| {
        let last_failure = Some((now(), "denied".to_owned()));
        let last_success = Some(now() - SignedDuration::from_hours(1));
        cluster.recovery = known(Recovery::Recorded { last_success, last_failure, by: "a plan".to_owned() });
    }),
    ("backups in one region", |cluster| change(&mut cluster.backup_safety, |safety| {
        if let BackupSafety::Copies(copies) = safety {
            for copy in copies {
                copy.elsewhere = Answer::No("it is in the region".to_owned());
            }
        }
    })),
    ("no registry", |cluster| {
        cluster.image_scanning = known(Vec::new());
        cluster.registries = known(Vec::new());
    }),
    ("a critical vulnerability of ten days behind an API server that answers everyone", |cluster| {
        cluster.vulnerabilities = known(vulnerabilities(vec![vulnerability(10)]));
        let door = PublicDoor {
            sources: Bounds::exact(everyone()),
            entries: Vec::new(),
            own: AddrSet::empty(),
            port: 443,
        };
        cluster.api.public = known(PublicAccess::Open(door));
    }),
    ("a critical vulnerability of ten days on machines that answer everyone", |cluster| {
        cluster.vulnerabilities = known(vulnerabilities(vec![vulnerability(10)]));
        cluster.api.public = known(PublicAccess::Closed { because: "the public endpoint is off".to_owned() });
        change(&mut cluster.pools, |pools| {
            for exposure in pools.iter_mut().map(|pool| &mut pool.exposure) {
                change(exposure, |all| {
                    for one in all.iter_mut() {
                        one.internet = Bounds::exact(packets(443, &everyone()));
                    }
                });
            }
        });
    }),
    ("a critical vulnerability of an image that may run", |cluster| {
        let runs = ImageRuns::Perhaps { because: "which images run is told nowhere".to_owned() };
        cluster.vulnerabilities = known(vulnerabilities(vec![ImageVulnerability { runs, ..vulnerability(45) }]));
    }),
    ("images that the scanner does not look at", |cluster| change(&mut cluster.vulnerabilities, |told| {
        told.uncovered.push(Gap::Unsettled { what: "`shop` is not scanned".to_owned() });
    })),
    ("a registry that strangers write to", |cluster| opened(cluster, RegistryOpening::AnyonePushes { by: by() })),
    ("a registry with a shared password", |cluster| opened(cluster, RegistryOpening::SharedPassword { by: by() })),
    ("a registry on a public network", |cluster| opened(cluster, RegistryOpening::PublicNetwork { by: by() })),
    ("a registry whose policy was not read", |cluster| {
        cluster.registries = known(vec![Registry { name: "shop".to_owned(), openings: Vec::new(), unread: Some(gap()) }]);
    }),
    ("an admission that is decided inside the cluster", |cluster| {
        cluster.image_admission = known(ImageAdmission::Inside { what: "it is not read".to_owned() });
    }),
    ("an admission that lets every image pass", |cluster| {
        cluster.image_admission = known(ImageAdmission::Toothless { because: "it allows everything".to_owned() });
    }),
    ("a guardrail that was not read", |cluster| change(&mut cluster.guardrails, |all| {
        for one in all.iter_mut() {
            one.stance = Err(gap());
        }
    })),
    ("no setting that could be refused", |cluster| cluster.guardrails = known(Vec::new())),
    ("threat detection of a part", |cluster| {
        let missing = vec!["nodes are not watched".to_owned()];
        cluster.detection = known(Detection::Partial { by: "the detector".to_owned(), missing });
    }),
];

fn vulnerabilities(fixable: Vec<ImageVulnerability>) -> ImageVulnerabilities {
    ImageVulnerabilities { fixable, covered: "the scanner looks at all of them".to_owned(), uncovered: Vec::new() }
}

fn by() -> String {
    "a setting".to_owned()
}

fn place(cluster: &mut Cluster, how: impl Fn(&mut AuditPlace)) {
    change(&mut cluster.audit_store, |store| {
        if let AuditStore::Kept(places) = store {
            places.iter_mut().for_each(how);
        }
    });
}

fn plans(cluster: &mut Cluster, how: impl FnOnce(&mut BackupPlans)) {
    change(&mut cluster.backup_plans, how);
}

fn opened(cluster: &mut Cluster, opening: RegistryOpening) {
    cluster.registries = known(vec![Registry { name: "shop".to_owned(), openings: vec![opening], unread: None }]);
}
