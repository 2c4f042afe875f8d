//! Who the cluster is in the cloud, and who can become it.

use super::{Named, change};
use crate::{known, now};
use jiff::{SignedDuration, Timestamp};
use palisade_authority::{
    Capability, Certainty, GrantId, Held, Hop, IdentityId, Method, Node, OutsideNeed, Standing, Wildcard,
};
use palisade_model::{
    Audience, Cluster, Controller, ControllerIdentity, Credential, Dedication, ExternalTrust, Identity, Issuer,
    LongLivedKey, Minter, PrincipalKind, Trust, TrustSubject, Unused, WorkloadIdentity,
};
use std::sync::Arc;

pub(super) const ALL: &[Named] = &[
    ("no identities", |cluster| cluster.identities = known(Vec::new())),
    ("administrators", |cluster| {
        standing(cluster, |standing| standing.administrator = Some((Certainty::Certain, vec![grant()])));
    }),
    ("administrators if something holds", |cluster| {
        standing(cluster, |standing| standing.administrator = Some((perhaps(), vec![grant()])));
    }),
    ("a way to somebody else", |cluster| standing(cluster, |standing| standing.escalation = Some(vec![hop()]))),
    ("a whole service", |cluster| {
        let pattern = "s3:*";
        standing(cluster, |standing| {
            standing.wildcards = vec![Wildcard { grant: grant(), pattern: pattern.to_owned() }];
        });
    }),
    ("needless actions", |cluster| {
        standing(cluster, |standing| {
            standing.outside_need = vec![OutsideNeed { grant: grant(), actions: vec!["sqs:Get*".to_owned()], more: 0 }];
        });
    }),
    ("every bucket", |cluster| {
        standing(cluster, |standing| {
            standing.held = vec![Held {
                capability: Capability::ExfiltrateStorage,
                certainty: Certainty::Certain,
                actions: vec!["s3:GetObject".to_owned()],
                by: vec![grant()],
                everywhere: true,
            }];
        });
    }),
    ("somebody else in the trust", |cluster| {
        each(cluster, |identity| identity.other_trust = known(vec!["somebody".to_owned()]));
    }),
    ("a default identity", |cluster| dedication(cluster, || default_identity(None))),
    ("a default identity with a broad role", |cluster| dedication(cluster, || default_identity(Some("roles/editor")))),
    ("a shared identity", |cluster| {
        dedication(cluster, || Dedication::Shared { with: vec!["another cluster".to_owned()] });
    }),
    ("a young key", |cluster| keys(cluster, Some(now() - SignedDuration::from_hours(24)))),
    ("an old key", |cluster| keys(cluster, Some(now() - SignedDuration::from_hours(24 * 91)))),
    ("a key of unknown age", |cluster| keys(cluster, None)),
    ("an identity too young for records of use", |cluster| {
        each(cluster, |identity| identity.unused = known(Unused::TooYoung));
    }),
    ("no records of use", |cluster| {
        each(cluster, |identity| identity.unused = known(Unused::NobodyKnows { hint: "the log".to_owned() }));
    }),
    ("records of a short window", |cluster| {
        let unused = || Unused::Known { services: vec!["sqs".to_owned()], window_days: 30 };
        each(cluster, |identity| identity.unused = known(unused()));
    }),
    ("a role of the service's", |cluster| {
        cluster.credential = known(Credential::Inherent { what: "role cluster".to_owned() });
    }),
    ("a legacy mechanism for pods", |cluster| {
        cluster.workload_identity = known(WorkloadIdentity::Legacy { what: "pod identity".to_owned() });
    }),
    ("no trusts", |cluster| cluster.trusts = known(Vec::new())),
    ("a trust in a namespace", |cluster| {
        subject(cluster, || TrustSubject::Namespace { namespace: "shop".to_owned() });
    }),
    ("a trust in a pattern", |cluster| subject(cluster, || TrustSubject::Pattern { pattern: "shop:*".to_owned() })),
    ("a trust in a pool", |cluster| subject(cluster, || TrustSubject::WholePool)),
    ("a trust in nobody", |cluster| subject(cluster, || TrustSubject::Nobody { because: "no issuer".to_owned() })),
    ("a trust by an expression", |cluster| {
        subject(cluster, || TrustSubject::Expression { text: "claims['sub'] matches 'a*'".to_owned() });
    }),
    ("a trust in a shared pool", |cluster| {
        trust(cluster, |trust| trust.issuer = Issuer::SharedPool { pool: "p.svc.id.goog".to_owned(), clusters: 2 });
    }),
    ("a trust that many use", |cluster| trust(cluster, |trust| trust.consumers = 2)),
    ("a trust with an unusual audience", |cluster| {
        trust(cluster, |trust| trust.audience = Audience::Unusual("elsewhere".to_owned()));
    }),
    ("no controllers", |cluster| {
        cluster.controllers = known(Vec::new());
        change(&mut cluster.identities, |all| all.retain(|one| one.kind != palisade_model::IdentityKind::Controller));
    }),
    ("a controller without rights", |cluster| controller(cluster, ControllerIdentity::None)),
    ("a controller with shared rights", |cluster| {
        controller(cluster, ControllerIdentity::Shared(IdentityId::from("app-identity")));
    }),
    ("a controller with unread rights", |cluster| {
        controller(cluster, ControllerIdentity::Own(IdentityId::from("nobody-looked")));
    }),
    ("nobody makes credentials", |cluster| cluster.minters = known(Vec::new())),
    ("a person makes credentials", |cluster| minter(cluster, PrincipalKind::User, Certainty::Certain)),
    ("a group makes credentials", |cluster| minter(cluster, PrincipalKind::Group, Certainty::Certain)),
    ("a person makes credentials if something holds", |cluster| minter(cluster, PrincipalKind::User, perhaps())),
    ("a party outside with a secret", |cluster| party(cluster, Some("an external id"))),
    ("a party outside with its name", |cluster| party(cluster, None)),
];

fn grant() -> GrantId {
    GrantId::from("policy wide statement 0")
}

fn perhaps() -> Certainty {
    Certainty::Conditional(["aws:SourceIp".to_owned()].into())
}

fn hop() -> Hop {
    Hop {
        from: Node::Identity(IdentityId::from("app-identity")),
        to: Node::Identity(IdentityId::from("somebody")),
        method: Method::new("assume-role", "It assumes the role."),
        permissions: vec!["sts:AssumeRole".to_owned()],
        by: Vec::new(),
        certainty: Certainty::Certain,
    }
}

fn each(cluster: &mut Cluster, how: impl Fn(&mut Identity)) {
    change(&mut cluster.identities, |identities| identities.iter_mut().for_each(how));
}

/// A standing that is known and otherwise good.
fn standing(cluster: &mut Cluster, how: impl Fn(&mut Standing)) {
    each(cluster, |identity| {
        change(&mut identity.standing, |standing| {
            let mut one = Standing::default();
            how(&mut one);
            *standing = Arc::new(one);
        });
    });
}

fn default_identity(broad: Option<&str>) -> Dedication {
    Dedication::Default { name: "default".to_owned(), broad: broad.map(str::to_owned) }
}

fn dedication(cluster: &mut Cluster, dedication: impl Fn() -> Dedication) {
    each(cluster, |identity| identity.dedication = known(dedication()));
}

fn keys(cluster: &mut Cluster, created: Option<Timestamp>) {
    let key = || LongLivedKey { id: "key-1".to_owned(), created, active: true };
    each(cluster, |identity| identity.keys = known(vec![key()]));
}

fn trust(cluster: &mut Cluster, how: impl Fn(&mut Trust)) {
    change(&mut cluster.trusts, |trusts| {
        for trust in trusts {
            (trust.audience, trust.issuer, trust.consumers) = (Audience::Checked, Issuer::ThisCluster, 1);
            how(trust);
        }
    });
}

fn subject(cluster: &mut Cluster, subject: impl Fn() -> TrustSubject) {
    trust(cluster, |trust| trust.subject = subject());
}

fn controller(cluster: &mut Cluster, identity: ControllerIdentity) {
    cluster.controllers = known(vec![Controller { name: "driver".to_owned(), identity }]);
}

fn minter(cluster: &mut Cluster, kind: PrincipalKind, certainty: Certainty) {
    let (principal, scope) = ("somebody".to_owned(), "111111111111".to_owned());
    cluster.minters = known(vec![Minter { principal, kind, by: vec!["update".to_owned()], scope, certainty }]);
}

fn party(cluster: &mut Cluster, guarded_by: Option<&str>) {
    let guarded_by = guarded_by.map(str::to_owned);
    cluster.external_trusts =
        known(vec![ExternalTrust { party: "222222222222".to_owned(), via: "role app".to_owned(), guarded_by }]);
}
