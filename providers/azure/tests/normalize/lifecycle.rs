//! How a cluster is kept and who gets into it: what Azure answers, and what is said of it.

use crate::scene::{SUBSCRIPTION, Scene, assignment, cluster_id, id, judged, role};
use palisade_azure::{DIAGNOSTIC_SETTINGS, FEATURES, KUBERNETES_VERSIONS, LOCKS, MAINTENANCE, normalize};
use palisade_engine::State::{self, AttestMissing, Fail, Inherited, Pass, Unknown};
use palisade_model::{Phase, Upgrades};
use serde_json::{Value, json};

/// What the scene's cluster and the answers about it look like beside the defaults, the control, and what it says.
type Row = (&'static str, &'static str, fn(&mut World), State);

/// The scene and what is answered about its cluster's keeping.
struct World {
    scene: Scene,
    windows: Value,
    logs: Value,
    locks: Value,
    features: Value,
    versions: Value,
}

impl World {
    fn tidy() -> Self {
        let mut scene = Scene::with_properties(json!({
            "enableRBAC": true, "disableLocalAccounts": true, "aadProfile": { "managed": true, "enableAzureRBAC": true },
            "autoUpgradeProfile": { "upgradeChannel": "stable" }, "powerState": { "code": "Running" },
            "currentKubernetesVersion": "1.35.1", "supportPlan": "KubernetesOfficial",
        }));
        scene.cluster["sku"] = json!({ "name": "Base", "tier": "Standard" });
        let pool = scene.cluster["properties"]["agentPoolProfiles"][0].as_object_mut().unwrap();
        pool.insert("currentOrchestratorVersion".to_owned(), json!("1.35.1"));
        pool.insert("provisioningState".to_owned(), json!("Succeeded"));
        pool.insert("availabilityZones".to_owned(), json!(["1", "2", "3"]));
        let official = json!({ "supportPlan": ["KubernetesOfficial", "AKSLongTermSupport"] });
        Self {
            scene,
            windows: json!([{ "name": "aksManagedAutoUpgradeSchedule", "properties": { "maintenanceWindow": {
                "schedule": { "weekly": { "intervalWeeks": 1, "dayOfWeek": "Sunday" } }, "durationHours": 4,
            } } }]),
            logs: json!([{ "name": "audit", "properties": { "logs": [{ "category": "kube-audit", "enabled": true }] } }]),
            locks: json!([lock(&cluster_id(), "CanNotDelete")]),
            features: json!([{ "name": "Microsoft.ContainerService/Some", "properties": { "state": "NotRegistered" } }]),
            versions: json!([
                { "version": "1.36", "isPreview": true, "capabilities": official },
                { "version": "1.35", "capabilities": official }, { "version": "1.34", "capabilities": official },
                { "version": "1.33", "capabilities": { "supportPlan": ["AKSLongTermSupport"] } },
            ]),
        }
    }

    fn properties(&mut self) -> &mut Value {
        &mut self.scene.cluster["properties"]
    }

    fn agent(&mut self) -> &mut Value {
        &mut self.properties()["agentPoolProfiles"][0]
    }

    fn read(&self) -> palisade_model::Cluster {
        let key = cluster_id().to_ascii_lowercase();
        let of = [("cluster", key.as_str())];
        let value = |items: &Value| json!({ "value": items });
        let snapshot = self
            .scene
            .builder()
            .answer(&MAINTENANCE, SUBSCRIPTION, &of, value(&self.windows))
            .answer(&DIAGNOSTIC_SETTINGS, SUBSCRIPTION, &of, value(&self.logs))
            .answer(&LOCKS, SUBSCRIPTION, &[], value(&self.locks))
            .answer(&FEATURES, SUBSCRIPTION, &[], value(&self.features))
            .answer(
                &KUBERNETES_VERSIONS,
                SUBSCRIPTION,
                &[("location", "westeurope")],
                json!({ "values": self.versions }),
            )
            .build();
        normalize(&snapshot).clusters.into_iter().next().unwrap()
    }
}

fn lock(scope: &str, level: &str) -> Value {
    json!({
        "id": format!("{scope}/providers/Microsoft.Authorization/locks/keep"), "name": "keep", "properties": { "level": level },
    })
}

fn no(world: &mut World, field: &str) {
    world.properties()[field] = Value::Null;
}

fn runs(world: &mut World, version: &str, plan: &str) {
    world.properties()["currentKubernetesVersion"] = json!(version);
    world.properties()["supportPlan"] = json!(plan);
}

const ROWS: &[Row] = &[
    ("local accounts off", "CP-10", |_| (), Pass),
    ("local accounts by default", "CP-10", |world| no(world, "disableLocalAccounts"), Fail),
    ("RBAC on", "CP-11", |_| (), Pass),
    ("RBAC off", "CP-11", |world| world.properties()["enableRBAC"] = json!(false), Fail),
    ("no word of RBAC", "CP-11", |world| no(world, "enableRBAC"), Unknown),
    ("Entra", "CP-12", |_| (), Pass),
    ("no Entra", "CP-12", |world| no(world, "aadProfile"), Fail),
    ("an old Entra", "CP-12", |world| world.properties()["aadProfile"] = json!({ "clientAppID": "a" }), Unknown),
    ("nobody with a role", "CP-13", |_| (), Pass),
    (
        "six admin groups",
        "CP-13",
        |world| {
            world.properties()["aadProfile"]["adminGroupObjectIDs"] = json!(["a", "b", "c", "d", "e", "f"]);
        },
        Fail,
    ),
    (
        "a person with a data role",
        "CP-13",
        |world| {
            world.scene.roles.push(role("admin", &[], &[], &["Microsoft.ContainerService/managedClusters/*"]));
            let mut held = assignment("bob", "admin", &cluster_id());
            held["properties"]["principalType"] = json!("User");
            world.scene.assignments.push(held);
        },
        Fail,
    ),
    ("an authority that no call returns", "CP-14", |_| (), AttestMissing),
    ("a lock on the cluster", "BK-05", |_| (), Pass),
    (
        "a lock on the group",
        "BK-05",
        |world| {
            world.locks = json!([lock(&format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/g"), "ReadOnly")]);
        },
        Pass,
    ),
    (
        "a lock on a group with a longer name",
        "BK-05",
        |world| {
            let other = id("Microsoft.ContainerService/managedClusters", "K2");
            world.locks = json!([
                lock(&other, "CanNotDelete"),
                lock(&format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/GG"), "ReadOnly")
            ]);
        },
        Fail,
    ),
    ("a lock nobody can read", "BK-05", |world| world.locks = json!([7]), Unknown),
    ("no locks", "BK-05", |world| world.locks = json!([]), Fail),
    ("the whole audit log", "OB-01", |_| (), Pass),
    (
        "the audit log by its group",
        "OB-01",
        |world| logs(world, &json!([{ "categoryGroup": "allLogs", "enabled": true }])),
        Pass,
    ),
    (
        "changes alone",
        "OB-01",
        |world| logs(world, &json!([{ "category": "kube-audit-admin", "enabled": true }])),
        Pass,
    ),
    ("switched off", "OB-01", |world| logs(world, &json!([{ "category": "kube-audit", "enabled": false }])), Fail),
    ("no setting", "OB-01", |world| world.logs = json!([]), Fail),
    ("well", "OB-06", |_| (), Pass),
    ("failed", "OB-06", |world| world.properties()["provisioningState"] = json!("Failed"), Fail),
    ("a failed pool", "OB-06", |world| world.agent()["provisioningState"] = json!("Failed"), Fail),
    ("stopped", "OB-06", |world| world.properties()["powerState"] = json!({ "code": "Stopped" }), State::NotApplicable),
    ("a paid tier", "SC-04", |_| (), Pass),
    ("no tier and no label", "SC-04", |world| world.scene.cluster["sku"] = Value::Null, Unknown),
    (
        "a free tier in production",
        "SC-04",
        |world| {
            world.scene.cluster["sku"]["tier"] = json!("Free");
            world.scene.cluster["tags"] = json!({ "env": "production" });
        },
        Fail,
    ),
    ("standard support", "AR-01", |_| (), Pass),
    ("the last month", "AR-01", |world| runs(world, "1.34.2", "KubernetesOfficial"), Fail),
    ("long-term support", "AR-01", |world| runs(world, "1.33.2", "AKSLongTermSupport"), Fail),
    ("no support any more", "AR-01", |world| runs(world, "1.33.2", "KubernetesOfficial"), Fail),
    (
        "a version the calendar does not hold",
        "AR-01",
        |world| {
            world
                .versions
                .as_array_mut()
                .unwrap()
                .push(json!({ "version": "1.99", "capabilities": { "supportPlan": ["KubernetesOfficial"] } }));
            runs(world, "1.99.0", "KubernetesOfficial");
        },
        Unknown,
    ),
    ("in step", "AR-02", |_| (), Pass),
    ("behind", "AR-02", |world| world.agent()["currentOrchestratorVersion"] = json!("1.31.1"), Fail),
    ("a channel and a window", "AR-03", |_| (), Pass),
    (
        "no channel",
        "AR-03",
        |world| world.properties()["autoUpgradeProfile"] = json!({ "upgradeChannel": "none" }),
        Fail,
    ),
    ("no window", "AR-03", |world| world.windows = json!([]), Fail),
    (
        "a window for images alone",
        "AR-03",
        |world| world.windows[0]["name"] = json!("aksManagedNodeOSUpgradeSchedule"),
        Fail,
    ),
    (
        "a long freeze",
        "AR-03",
        |world| {
            world.windows[0]["properties"]["maintenanceWindow"]["notAllowedDates"] =
                json!([{ "start": "2026-11-01", "end": "2027-01-15" }]);
        },
        Fail,
    ),
    (
        "a short freeze",
        "AR-03",
        |world| {
            world.windows[0]["properties"]["maintenanceWindow"]["notAllowedDates"] =
                json!([{ "start": "2026-12-20", "end": "2027-01-02" }]);
        },
        Pass,
    ),
    (
        "forced upgrades",
        "AR-03",
        |world| {
            world.properties()["upgradeSettings"] = json!({ "overrideSettings": { "forceUpgrade": true } });
        },
        Fail,
    ),
    ("three zones", "AR-04", |_| (), Pass),
    ("no zones where there are some", "AR-04", |world| world.agent()["availabilityZones"] = Value::Null, Fail),
    (
        "no zones where there may be none",
        "AR-04",
        |world| {
            world.agent()["availabilityZones"] = Value::Null;
            world.scene.cluster["location"] = json!("westus");
        },
        Unknown,
    ),
    ("nothing tells beforehand", "AR-05", |_| (), Unknown),
    ("a surge by default", "AR-06", |_| (), Pass),
    (
        "no surge",
        "AR-06",
        |world| world.agent()["upgradeSettings"] = json!({ "maxSurge": "0", "maxUnavailable": "1" }),
        Fail,
    ),
    ("add-ons that AKS keeps", "AR-07", |_| (), Inherited),
    (
        "a retired add-on",
        "AR-07",
        |world| {
            world.properties()["addonProfiles"] = json!({ "httpApplicationRouting": { "enabled": true } });
        },
        Fail,
    ),
    (
        "a mesh of unknown revision",
        "AR-07",
        |world| {
            world.properties()["serviceMeshProfile"] =
                json!({ "mode": "Istio", "istio": { "revisions": ["asm-1-20"] } });
        },
        Unknown,
    ),
    ("no preview", "AR-08", |_| (), Pass),
    (
        "registered for a preview",
        "AR-08",
        |world| world.features[0]["properties"]["state"] = json!("Registered"),
        Unknown,
    ),
    (
        "a preview version in production",
        "AR-08",
        |world| {
            runs(world, "1.36.0", "KubernetesOfficial");
            world.scene.cluster["tags"] = json!({ "env": "production" });
        },
        Fail,
    ),
    ("no tags", "GV-01", |_| (), Fail),
];

fn logs(world: &mut World, logs: &Value) {
    world.logs = json!([{ "name": "some", "properties": { "logs": logs } }]);
}

#[test]
fn each_answer_of_azure_makes_the_verdict_that_the_catalogue_gives_it() {
    let mut wrong = Vec::new();
    for (what, control, change, expected) in ROWS {
        let mut world = World::tidy();
        change(&mut world);
        let said: Vec<State> = judged(&world.read(), control).into_iter().map(|(_, state)| state).collect();
        if said != [*expected] {
            wrong.push(format!("{control}, {what}: {said:?} and not {expected:?}"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_was_not_asked_is_a_gap_and_never_a_pass() {
    let cluster = Scene::default().read();
    let lifecycle = &cluster.lifecycle;
    for gap in [
        lifecycle.support.gap(),
        lifecycle.upgrades.gap(),
        lifecycle.experiments.gap(),
        lifecycle.deletion_guard.gap(),
        lifecycle.audit.gap(),
    ] {
        assert!(gap.is_some());
    }
}

#[test]
fn long_term_dates_count_only_where_they_are_paid_for() {
    let mut world = World::tidy();
    runs(&mut world, "1.33.2", "AKSLongTermSupport");
    let support = world.read().lifecycle.support.get().unwrap().clone();
    assert_eq!(support.phase, Phase::Extended);
    assert_eq!(support.extended_until.unwrap().to_string(), "2027-08-01T00:00:00Z");
    runs(&mut world, "1.35.2", "KubernetesOfficial");
    assert_eq!(world.read().lifecycle.support.get().unwrap().extended_until, None);
}

#[test]
fn a_day_in_a_freeze_ends_with_its_last_moment() {
    let mut world = World::tidy();
    world.windows[0]["properties"]["notAllowedTime"] = json!([{ "start": "2026-12-01", "end": "2026-12-02" }]);
    let upgrades = world.read().lifecycle.upgrades;
    let Ok(Upgrades::Planned { freezes, .. }) = upgrades.get() else { panic!("{upgrades:?}") };
    assert_eq!(freezes[0].until.unwrap().to_string(), "2026-12-03T00:00:00Z");
    world.windows[0]["properties"]["notAllowedTime"][0]["end"] = json!("some day");
    assert!(world.read().lifecycle.upgrades.gap().is_some());
}
