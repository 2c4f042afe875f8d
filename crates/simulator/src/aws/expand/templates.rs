//! Launch templates, with the secrets that people put into them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::network::push;
use super::nodes::{Names, metadata_of};
use super::{Build, kinds};
use crate::aws::description::cluster::{Cluster, NodeGroup};
use crate::aws::moment::Moment;
use crate::aws::tree::{Fields, fields};

/// Adds the templates of a node group: the one its instances are made from, and the one the account wrote.
pub(super) fn add(
    build: &mut Build<'_>,
    cluster: &Cluster,
    group: &NodeGroup,
    names: &Names,
    groups: &[(String, String)],
) {
    for name in names.template.iter().chain(&names.own_template) {
        let place = build.place;
        let tree = fields()
            .put("launchTemplateId", place.id("lt", &[name]))
            .put("launchTemplateName", name)
            .put("versionNumber", 1_u32)
            .put("createTime", Moment::long_ago().iso_millis())
            .put("createdBy", place.iam("role", "platform-admin"))
            .put("defaultVersion", true)
            .put("launchTemplateData", data(build, cluster, group, names, groups));
        push(&mut build.fabric.templates, &kinds::TEMPLATE, tree);
    }
}

fn data(build: &Build<'_>, cluster: &Cluster, group: &NodeGroup, names: &Names, groups: &[(String, String)]) -> Fields {
    let place = build.place;
    let usual = format!("#!/bin/bash\n/etc/eks/bootstrap.sh {}\n", cluster.name);
    let user_data = STANDARD.encode(group.user_data.as_deref().unwrap_or(&usual));
    let metadata = metadata_of(group);
    let ids: Vec<&String> = groups.iter().map(|(id, _)| id).collect();
    let disk = fields().put("deviceName", "/dev/xvda").put(
        "ebs",
        fields()
            .put("encrypted", group.encrypted)
            .put("deleteOnTermination", true)
            .put("volumeSize", 80_u32)
            .put("volumeType", "gp3"),
    );
    let body = fields()
        .put("iamInstanceProfile", fields().put("name", &names.profile))
        .put("blockDeviceMappingSet", vec![disk])
        .put("imageId", super::machinery::image_id(place, cluster, group))
        .put("instanceType", &group.instance_type)
        .maybe("keyName", group.remote_access.as_ref().map(|access| &access.key))
        .put("userData", user_data)
        .put(
            "metadataOptions",
            fields()
                .put("httpTokens", &metadata.tokens)
                .put("httpPutResponseHopLimit", metadata.hops)
                .put("httpEndpoint", &metadata.endpoint),
        );
    match group.public_ips {
        // A template that decides about public addresses has to carry the groups in the interface.
        Some(public) => {
            let interface =
                fields().put("associatePublicIpAddress", public).put("deviceIndex", 0_u32).put("groupSet", ids);
            body.put("networkInterfaceSet", vec![interface])
        }
        None => body.put("securityGroupIdSet", ids),
    }
}
