//! Recorded answers and official examples, read with our records and with the models of `azure_mgmt_containerservice`.
//!
//! Those models stopped at a preview of 2023 and refuse some of what Azure answers today, so they cannot collect. They
//! are sound where they know a field, and independent of us: both have to read the same.

use super::{
    Cluster, DenyAssignment, DiagnosticSetting, FederatedCredential, Interface, List, LoadBalancer, Network,
    PublicAddress, RoleAssignment, RouteTable, ScaleSet, SecurityGroup, TrustedAccessBinding,
    cluster::{AdvancedNetworking, Bootstrap, NodeProvisioning, ObjectEncryption, PoolSecurity, ServiceMesh, Switch},
};
use azure_mgmt_containerservice::package_preview_2023_01::models::ManagedCluster;
use palisade_simulator::{Request, World};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

macro_rules! recording {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../tests/recordings/", $name))).unwrap()
    };
}

/// The page in a recorded exchange or in an official example.
fn page(recording: &Value) -> Value {
    let exchange = recording.pointer("/interactions/0/response/body/data");
    let example = recording.pointer("/responses/200/body");
    exchange.or(example).unwrap().clone()
}

fn read<T: DeserializeOwned>(recording: &Value) -> usize {
    let page: List<T> = serde_json::from_str(&page(recording).to_string()).unwrap();
    let items: Vec<T> = page.items().map(|listed| listed.item.unwrap()).collect();
    items.len()
}

#[test]
fn every_recorded_list_is_read_to_the_last_item() {
    assert_eq!(read::<SecurityGroup>(&recording!("c7n-nsg-list.json")), 2);
    assert_eq!(read::<SecurityGroup>(&recording!("spec-NetworkSecurityGroupListAll.2021-02-01.json")), 2);
    assert_eq!(read::<LoadBalancer>(&recording!("c7n-loadbalancer-list.json")), 4);
    assert_eq!(read::<PublicAddress>(&recording!("c7n-publicip-list.json")), 4);
    assert_eq!(read::<RouteTable>(&recording!("c7n-routetable-list.json")), 2);
    assert_eq!(read::<ScaleSet>(&recording!("c7n-vmss-list.json")), 1);
    assert_eq!(read::<Network>(&recording!("spec-VirtualNetworkListAll.2021-02-01.json")), 2);
    assert_eq!(read::<Interface>(&recording!("spec-VmssNetworkInterfaceList.2021-02-01.json")), 2);
    assert_eq!(read::<PublicAddress>(&recording!("spec-VmssPublicIpListAll.2021-02-01.json")), 2);
    assert_eq!(read::<RoleAssignment>(&recording!("c7n-role-assignments.json")), 74);
    assert_eq!(read::<DenyAssignment>(&recording!("spec-GetAllDenyAssignments.2018-07-01-preview.json")), 1);
    assert_eq!(read::<FederatedCredential>(&recording!("spec-FederatedIdentityCredentialList.2024-11-30.json")), 1);
    assert_eq!(read::<TrustedAccessBinding>(&recording!("spec-TrustedAccessRoleBindingsList.2026-08-01.json")), 1);
    assert_eq!(read::<DiagnosticSetting>(&recording!("spec-listDiagnosticSettings.2021-05-01-preview.json")), 1);
}

/// What the models of 2023 cannot know.
fn forget_what_is_newer(cluster: &mut Cluster) {
    let Some(properties) = &mut cluster.properties else { return };
    properties.security_profile.kubernetes_resource_object_encryption_profile = ObjectEncryption::default();
    properties.node_provisioning_profile = NodeProvisioning::default();
    properties.bootstrap_profile = Bootstrap::default();
    properties.azure_monitor_profile.container_insights = Switch::default();
    properties.network_profile.network_dataplane = None;
    properties.network_profile.advanced_networking = AdvancedNetworking::default();
    properties.support_plan = None;
    properties.service_mesh_profile = ServiceMesh::default();
    properties.upgrade_settings.override_settings.force_upgrade = None;
    for pool in &mut properties.agent_pool_profiles {
        pool.security_profile = PoolSecurity::default();
    }
}

fn agree(item: &Value) {
    let mut copy = item.clone();
    if let Some(properties) = copy.pointer_mut("/properties").and_then(Value::as_object_mut) {
        // Required there, optional in what Azure answers.
        properties.remove("workloadAutoScalerProfile");
    }
    let theirs: ManagedCluster = serde_json::from_value(copy).unwrap();
    let through: Cluster = serde_json::from_value(serde_json::to_value(&theirs).unwrap()).unwrap();
    let mut own: Cluster = serde_json::from_value(item.clone()).unwrap();
    forget_what_is_newer(&mut own);
    assert_eq!(own, through);
}

#[test]
fn the_independent_models_read_the_same_from_recorded_and_official_clusters() {
    let lists = [recording!("c7n-aks-list.json"), recording!("spec-ManagedClustersList.2026-06-01.json")];
    let items = lists.iter().flat_map(|list| page(list)["value"].as_array().unwrap().clone());
    let single = [
        recording!("spec-ManagedClustersGet.2026-08-01.json").pointer("/responses/200/body").unwrap().clone(),
        recording!("spec-ManagedClusters_PrivateClusterPublicFQDN.2026-06-01.response200.json")["body"].clone(),
        recording!("spec-ManagedClusters_SecurityProfile.2026-06-01.response200.json")["body"].clone(),
    ];
    let all: Vec<Value> = items.chain(single).collect();
    assert_eq!(all.len(), 5);
    all.iter().for_each(agree);
}

#[test]
fn the_independent_models_read_the_same_from_simulated_clusters() {
    let world = World::acme().unwrap();
    let mut clusters = 0;
    for subscription in ["3d4b5a69-1c2e-4f80-8a7b-90c1d2e3f401", "9e8d7c6b-5a49-4382-b716-05f4e3d2c102"] {
        let request = Request {
            method: "GET".to_owned(),
            host: "127.0.0.1".to_owned(),
            path: format!("/subscriptions/{subscription}/providers/Microsoft.ContainerService/managedClusters"),
            query: BTreeMap::from([("api-version".to_owned(), "2026-08-01".to_owned())]),
            headers: BTreeMap::from([("authorization".to_owned(), "Bearer t".to_owned())]),
            body: Vec::new(),
        };
        let reply = palisade_simulator::azure::reply(&world.azure, &request);
        let page: Value = serde_json::from_slice(&reply.body).unwrap();
        for item in page["value"].as_array().unwrap() {
            agree(item);
            clusters += 1;
        }
    }
    assert_eq!(clusters, 5);
}
