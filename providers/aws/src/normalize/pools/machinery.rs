//! What the machines of a pool are made from, how they are kept, and how many there may be.

use super::{Context, Origin, unlisted};
use crate::{
    normalize::{machine, trail::Trail},
    record::{
        compute::{BlockDevice, Instance},
        eks::Nodegroup,
        machinery::{Image as Record, Volume},
        network::Subnet,
    },
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use palisade_model::{
    Boot, DiskKey, Disks, FlowLogs, Gap, Image, ImageAge, Isolation, Machinery, Newest, Observed, Patching, Room,
    Scaling,
};
use std::collections::BTreeSet;

/// Auto Mode runs a variant of Bottlerocket that AWS chooses, and replaces a machine after at most 21 days.
const AUTO_MODE: &str =
    "EKS Auto Mode chooses the image and replaces machines within 21 days (EKS user guide, Auto Mode)";

/// Addresses that AWS keeps for itself in every subnet (VPC user guide, subnet sizing).
const KEPT_BY_AWS: u64 = 5;

impl Context<'_, '_> {
    /// What is known of the pool's machines beside where they stand.
    pub(super) fn machinery(&self) -> Machinery {
        Machinery {
            image: self.conclude(|trail| self.image(trail)),
            image_age: self.conclude(|trail| self.image_age(trail)),
            newest: self.conclude(|trail| {
                self.members(trail)?;
                let because = "Amazon says which image is newest in Systems Manager only".to_owned();
                Ok(Newest::Unpublished { because })
            }),
            patching: self.conclude(|trail| self.patching(trail)),
            boot: self.conclude(|trail| self.boot(trail)),
            disks: self.conclude(|trail| self.disks(trail)),
            isolation: self.conclude(|trail| self.isolation(trail)),
            scaling: self.conclude(|trail| self.scaling(trail)),
            room: self.conclude(|trail| self.room(trail)),
            flow_logs: self.conclude(|trail| self.flow_logs(trail)),
        }
    }

    /// A Fargate profile: each pod has a machine of its own, which AWS makes for it and throws away with it.
    pub(super) fn machinery_of_fargate(&self) -> Machinery {
        const FARGATE: &str =
            "AWS runs each pod of a Fargate profile on a machine of its own (EKS user guide, Fargate)";
        fn said<T>(context: &Context<'_, '_>, value: T) -> Observed<T> {
            Observed::known(value, context.known.fargate.sources().to_vec())
        }
        let because = || FARGATE.to_owned();
        Machinery {
            image: said(self, Image::Provider { reference: FARGATE }),
            image_age: said(self, ImageAge::Provider { reference: FARGATE }),
            newest: said(self, Newest::Unpublished { because: because() }),
            patching: said(self, Patching::Automatic { how: because() }),
            boot: said(self, Boot::Verified { by: because() }),
            disks: said(self, Disks { plain: Vec::new(), key: DiskKey::Provider, because: because() }),
            isolation: said(self, Isolation { sandbox: Some(because()), ..Isolation::default() }),
            scaling: said(self, Scaling::Automatic { how: because() }),
            room: said(self, Vec::new()),
            flow_logs: said(self, FlowLogs::On { by: Vec::new() }),
        }
    }

    fn described_group(&self) -> Option<&Nodegroup> {
        self.group.and_then(|group| group.get().ok())
    }

    fn image(&self, trail: &mut Trail) -> Result<Image, Gap> {
        if let Origin::AutoMode(_) = self.origin {
            trail.rest_on(&self.known.evidence("/cluster/computeConfig"));
            return Ok(Image::Provider { reference: AUTO_MODE });
        }
        if let Some(group) = self.described_group() {
            let word = group.ami_type.as_deref().ok_or_else(|| untold("`amiType`"))?;
            if word != "CUSTOM" {
                return Ok(Image::Family { word: word.to_owned(), because: "`amiType` of the node group".to_owned() });
            }
            let template = machine::template(self.region, self.group, trail)?;
            let id = template.into_iter().find_map(|one| one.image_id);
            return Ok(Image::Own { id: id.unwrap_or_else(|| "CUSTOM".to_owned()) });
        }
        let members = self.members(trail)?;
        let images = self.images(&members, trail)?;
        let Some(first) = images.first() else { return Err(no_machine()) };
        // One image of nobody's making is enough to ask about.
        let own = images.iter().find(|image| family(image).is_none());
        match (own, family(first)) {
            (Some(own), _) => Ok(Image::Own { id: own.image_id.clone().unwrap_or_default() }),
            (None, Some(word)) => {
                let worst = images.iter().filter_map(|image| family(image)).find(|word| word.starts_with("AL2_"));
                let word = worst.unwrap_or(word).to_owned();
                Ok(Image::Family { word, because: "the image that its machines run".to_owned() })
            }
            (None, None) => Err(no_machine()),
        }
    }

    /// The images that machines run, each once. One that is not listed was withdrawn or belongs to somebody else.
    fn images<'t>(&'t self, members: &[&Instance], trail: &mut Trail) -> Result<Vec<&'t Record>, Gap> {
        let ids: BTreeSet<&str> = members
            .iter()
            .map(|instance| instance.image_id.as_deref().ok_or_else(|| untold("the image of a machine")))
            .collect::<Result<_, _>>()?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let all = trail.read(&self.region.images)?;
        ids.into_iter()
            .map(|id| {
                let is_it = |image: &&Record| image.image_id.as_deref() == Some(id);
                all.iter().find(is_it).ok_or_else(|| unlisted("image", id))
            })
            .collect()
    }

    fn image_age(&self, trail: &mut Trail) -> Result<ImageAge, Gap> {
        if let Origin::AutoMode(_) = self.origin {
            trail.rest_on(&self.known.evidence("/cluster/computeConfig"));
            return Ok(ImageAge::Provider { reference: AUTO_MODE });
        }
        let members = self.members(trail)?;
        let images = self.images(&members, trail)?;
        let mut oldest: Option<(Timestamp, String)> = None;
        for image in images {
            let id = image.image_id.clone().unwrap_or_default();
            let published = image.creation_date.ok_or_else(|| untold("the day of an image"))?;
            if oldest.as_ref().is_none_or(|(known, _)| published < *known) {
                oldest = Some((published, image.name.clone().unwrap_or(id)));
            }
        }
        if let Some((published, image)) = oldest {
            return Ok(ImageAge::Dated { image, published });
        }
        // Nothing runs: releases of Amazon Linux end in their day, `1.34.2-20261103`.
        let release = self.described_group().and_then(|group| group.release_version.clone()).ok_or_else(no_machine)?;
        match day_of_release(&release) {
            Some(published) => Ok(ImageAge::Dated { image: release, published }),
            None => Ok(ImageAge::Undated { image: release, because: "no machine runs it".to_owned() }),
        }
    }

    fn patching(&self, trail: &mut Trail) -> Result<Patching, Gap> {
        let because = match self.origin {
            Origin::AutoMode(_) => {
                trail.rest_on(&self.known.evidence("/cluster/computeConfig"));
                return Ok(Patching::Automatic { how: AUTO_MODE.to_owned() });
            }
            Origin::NodeGroup(_) => "managed node groups do not update themselves",
            Origin::Karpenter(_) => "what Karpenter replaces, and when, is set inside the cluster",
            Origin::SelfManaged(_) | Origin::Fargate(_) | Origin::Hybrid => "somebody started its machines",
        };
        self.members(trail)?;
        Ok(Patching::Undeclared { because: because.to_owned() })
    }

    /// Bottlerocket verifies its root; another system measures its boot where it starts by UEFI with a TPM.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/nitrotpm.html>
    fn boot(&self, trail: &mut Trail) -> Result<Boot, Gap> {
        let verified = |by: &str| Ok(Boot::Verified { by: by.to_owned() });
        if let Origin::AutoMode(_) = self.origin {
            trail.rest_on(&self.known.evidence("/cluster/computeConfig"));
            return verified("EKS Auto Mode runs a variant of Bottlerocket, which verifies its root");
        }
        let group = self.described_group();
        if group.and_then(|group| group.ami_type.as_deref()).is_some_and(|word| word.starts_with("BOTTLEROCKET_")) {
            return verified("Bottlerocket verifies its root");
        }
        let members = self.members(trail)?;
        if members.is_empty() {
            return Err(no_machine());
        }
        let mut missing = BTreeSet::new();
        for instance in &members {
            if instance.tpm_support.as_deref() != Some("v2.0") {
                missing.insert("machines have no TPM".to_owned());
            }
            match instance.current_instance_boot_mode.as_deref() {
                Some("uefi") => (),
                Some(mode) => drop(missing.insert(format!("machines boot as `{mode}`"))),
                None if missing.is_empty() => return Err(untold("the boot mode of a machine")),
                None => (),
            }
        }
        if missing.is_empty() {
            return verified("machines start by UEFI and measure their boot in a TPM");
        }
        // A group of another make may run Bottlerocket all the same: only what its machines run tells.
        if group.is_none() {
            let images = self.images(&members, trail)?;
            if images.iter().all(|image| family(image).is_some_and(|word| word.starts_with("BOTTLEROCKET_"))) {
                return verified("Bottlerocket verifies its root");
            }
        }
        Ok(Boot::Unverified { missing: missing.into_iter().collect() })
    }

    fn disks(&self, trail: &mut Trail) -> Result<Disks, Gap> {
        let members = self.members(trail)?;
        if members.is_empty() {
            return self.disks_to_come(trail);
        }
        let volumes = trail.read(&self.region.volumes)?;
        let (mut plain, mut keys) = (Vec::new(), BTreeSet::new());
        for instance in &members {
            let machine = instance.instance_id.as_deref().unwrap_or("?");
            if instance.block_device_mapping.is_empty() {
                return Err(untold("the disks of a machine"));
            }
            for id in own_volumes(instance) {
                let is_it = |volume: &&Volume| volume.volume_id.as_deref() == Some(id);
                let volume = volumes.iter().find(is_it).ok_or_else(|| unlisted("volume", id))?;
                match volume.encrypted {
                    Some(true) => keys.extend(volume.kms_key_id.clone()),
                    Some(false) => plain.push(format!("volume {id} of {machine}")),
                    None => return Err(untold("whether a volume is encrypted")),
                }
            }
        }
        let key = DiskKey::Untold { keys: keys.into_iter().collect() };
        Ok(Disks { plain, key, because: "`Encrypted` of the machines' volumes".to_owned() })
    }

    /// What new machines would get: the template's word, else the account's.
    fn disks_to_come(&self, trail: &mut Trail) -> Result<Disks, Gap> {
        let template = machine::template(self.region, self.group, trail)?;
        let devices: Vec<_> = template
            .iter()
            .flat_map(|one| &one.block_device_mapping_set)
            .filter_map(|device| device.ebs.as_ref())
            .collect();
        let keys = devices.iter().filter_map(|ebs| ebs.kms_key_id.clone()).collect();
        let key = DiskKey::Untold { keys };
        if !devices.is_empty() && devices.iter().all(|ebs| ebs.encrypted == Some(true)) {
            return Ok(Disks { plain: Vec::new(), key, because: "the launch template encrypts".to_owned() });
        }
        if *trail.read(&self.region.encrypts_by_default)? {
            let because = "the account encrypts disks by default".to_owned();
            return Ok(Disks { plain: Vec::new(), key, because });
        }
        Err(Gap::Unsettled {
            what: "no machine runs; neither the launch template nor the account encrypts disks, and the image may"
                .to_owned(),
        })
    }

    fn isolation(&self, trail: &mut Trail) -> Result<Isolation, Gap> {
        if let Origin::AutoMode(name) = self.origin {
            trail.rest_on(&self.known.evidence("/cluster/computeConfig"));
            let system_only = (name == "system")
                .then(|| "the built-in pool `system` of Auto Mode carries `CriticalAddonsOnly`".to_owned());
            return Ok(Isolation { system_only, ..Isolation::default() });
        }
        let Some(group) = self.described_group() else {
            let what = "which taints its machines carry is set inside the cluster".to_owned();
            return Err(Gap::Unsupported { what });
        };
        let mut found = Isolation::default();
        for taint in group.taints.iter().filter(|taint| taint.effect.as_deref() != Some("PREFER_NO_SCHEDULE")) {
            let key = taint.key.as_deref().unwrap_or_default();
            if key == "CriticalAddonsOnly" {
                found.system_only = Some(format!("taint `{key}` of the node group"));
            } else {
                found.taints.push(match taint.value.as_deref() {
                    Some(value) if !value.is_empty() => format!("{key}={value}"),
                    Some(_) | None => key.to_owned(),
                });
            }
        }
        Ok(found)
    }

    fn scaling(&self, trail: &mut Trail) -> Result<Scaling, Gap> {
        match self.origin {
            Origin::AutoMode(_) => {
                trail.rest_on(&self.known.evidence("/cluster/computeConfig"));
                Ok(Scaling::Automatic { how: "EKS Auto Mode starts machines as pods need them".to_owned() })
            }
            Origin::Karpenter(_) => {
                self.members(trail)?;
                Ok(Scaling::Automatic { how: "Karpenter started its machines as pods needed them".to_owned() })
            }
            Origin::NodeGroup(_) => {
                let (least, most, _) = self.sizes()?;
                if least == most {
                    let because = format!("`minSize` and `maxSize` of the node group are {most}");
                    return Ok(Scaling::Fixed { because });
                }
                let because = "whether Cluster Autoscaler moves the number is known inside the cluster only".to_owned();
                Ok(Scaling::Bounded { least, most, because })
            }
            Origin::SelfManaged(_) | Origin::Fargate(_) | Origin::Hybrid => {
                Err(Gap::NotCollected { what: "auto scaling groups that no node group names are not read".to_owned() })
            }
        }
    }

    /// The fewest, the most, and how many are wanted.
    fn sizes(&self) -> Result<(u64, u64, u64), Gap> {
        let config = self.described_group().and_then(|group| group.scaling_config.as_ref());
        let config = config.ok_or_else(|| untold("`scalingConfig`"))?;
        let number = |size: Option<i64>, name: &str| {
            size.and_then(|size| u64::try_from(size).ok()).ok_or_else(|| untold(&format!("`{name}`")))
        };
        Ok((
            number(config.min_size, "minSize")?,
            number(config.max_size, "maxSize")?,
            number(config.desired_size, "desiredSize")?,
        ))
    }

    fn room(&self, trail: &mut Trail) -> Result<Vec<Room>, Gap> {
        let members = self.members(trail)?;
        let mut rooms = Vec::new();
        if let Origin::NodeGroup(_) = self.origin {
            let (least, most, desired) = self.sizes()?;
            // A fixed number is no limit that growth runs into: SC-01 speaks of it.
            if least < most {
                rooms.push(Room { what: "machines".to_owned(), used: desired, limit: most });
            }
        }
        let subnets = trail.read(&self.region.subnets)?;
        for id in self.subnets(&members)? {
            rooms.push(addresses(&id, subnets)?);
        }
        Ok(rooms)
    }

    /// A log of a subnet or of the network around it covers the subnet.
    fn flow_logs(&self, trail: &mut Trail) -> Result<FlowLogs, Gap> {
        let members = self.members(trail)?;
        let all = trail.read(&self.region.flow_logs)?;
        let (mut by, mut dark) = (BTreeSet::new(), Vec::new());
        for subnet in self.subnets(&members)? {
            let covers = |id: &str| {
                all.iter().find(|log| {
                    log.resource_id.as_deref() == Some(id)
                        && log.flow_log_status.as_deref() == Some("ACTIVE")
                        && log.deliver_logs_status.as_deref() != Some("FAILED")
                })
            };
            match covers(&subnet).or_else(|| covers(self.vpc)) {
                Some(log) => drop(by.insert(log.flow_log_id.clone().unwrap_or_default())),
                None => dark.push(subnet),
            }
        }
        Ok(if dark.is_empty() {
            FlowLogs::On { by: by.into_iter().collect() }
        } else {
            FlowLogs::Off { subnets: dark }
        })
    }
}

/// The addresses of a subnet: how many are in use, of how many AWS lets one use.
pub(in crate::normalize) fn addresses(id: &str, subnets: &[Subnet]) -> Result<Room, Gap> {
    let subnet =
        subnets.iter().find(|one| one.subnet_id.as_deref() == Some(id)).ok_or_else(|| unlisted("subnet", id))?;
    let range: ipnet::Ipv4Net = subnet
        .cidr_block
        .as_deref()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| untold("the range of a subnet"))?;
    let free = subnet.available_ip_address_count.and_then(|free| u64::try_from(free).ok());
    let free = free.ok_or_else(|| untold("how many addresses of a subnet are free"))?;
    let limit = 1_u64.checked_shl(u32::from(32 - range.prefix_len())).unwrap_or(u64::MAX).saturating_sub(KEPT_BY_AWS);
    Ok(Room { what: format!("addresses of {id}"), used: limit.saturating_sub(free), limit })
}

/// The volumes that belong to the machine: the root, and what goes with it. Others were attached for pods (BK-04).
fn own_volumes(instance: &Instance) -> impl Iterator<Item = &str> {
    let is_own = |device: &&BlockDevice| {
        let is_root = device.device_name.is_some() && device.device_name == instance.root_device_name;
        is_root || device.ebs.as_ref().is_some_and(|ebs| ebs.delete_on_termination != Some(false))
    };
    instance.block_device_mapping.iter().filter(is_own).filter_map(|device| device.ebs.as_ref()?.volume_id.as_deref())
}

/// The family of an image that Amazon made, by its name: `amazon-eks-node-al2023-x86_64-standard-1.34-v20261103`,
/// `amazon-eks-node-1.29-v20240201` (Amazon Linux 2), `bottlerocket-aws-k8s-1.34-x86_64-v1.50.0-abc`.
fn family(image: &Record) -> Option<&'static str> {
    if image.image_owner_alias.as_deref() != Some("amazon") {
        return None;
    }
    let name = image.name.as_deref()?;
    let arm = name.contains("arm64") || name.contains("aarch64");
    let rest = name.strip_prefix("amazon-eks-");
    Some(match (rest, arm) {
        (Some(rest), false) if rest.starts_with("node-al2023") => "AL2023_x86_64_STANDARD",
        (Some(rest), true) if rest.starts_with("node-al2023") => "AL2023_ARM_64_STANDARD",
        (Some(rest), _) if rest.starts_with("gpu-node-") => "AL2_x86_64_GPU",
        (Some(rest), true) if rest.starts_with("arm64-node-") => "AL2_ARM_64",
        (Some(rest), false) if rest.starts_with("node-") => "AL2_x86_64",
        (None, false) if name.starts_with("bottlerocket-aws-k8s-") => "BOTTLEROCKET_x86_64",
        (None, true) if name.starts_with("bottlerocket-aws-k8s-") => "BOTTLEROCKET_ARM_64",
        (Some(_) | None, _) => return None,
    })
}

/// The day in which the release of an image of Amazon Linux ends.
fn day_of_release(release: &str) -> Option<Timestamp> {
    let (_, day) = release.rsplit_once('-')?;
    let number = |from: usize, to: usize| day.get(from..to)?.parse::<i16>().ok();
    if day.len() != 8 {
        return None;
    }
    let (month, of_month) = (i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?);
    let date = Date::new(number(0, 4)?, month, of_month).ok()?;
    date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn untold(what: &str) -> Gap {
    Gap::Unsettled { what: format!("{what} is not in the answer") }
}

fn no_machine() -> Gap {
    Gap::Unsettled { what: "no machine runs, and what new ones start with is not told".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_of_amazon_linux_ends_in_its_day_and_others_do_not() {
        let day = |release| day_of_release(release).map(|moment| moment.to_string());
        assert_eq!(day("1.34.2-20261103"), Some("2026-11-03T00:00:00Z".to_owned()));
        for odd in ["1.50.0-5a3b2c1d", "1.34.2-20261399", "1.34.2", "", "1.34.2-2026110ä"] {
            assert_eq!(day(odd), None, "{odd}");
        }
    }

    #[test]
    fn only_what_amazon_published_has_a_family() {
        let image = |alias: Option<&str>, name: &str| Record {
            image_id: Some("ami-1".to_owned()),
            name: Some(name.to_owned()),
            image_owner_alias: alias.map(str::to_owned),
            creation_date: None,
        };
        for (name, word) in [
            ("amazon-eks-node-al2023-x86_64-standard-1.34-v20261103", Some("AL2023_x86_64_STANDARD")),
            ("amazon-eks-node-al2023-arm64-standard-1.34-v20261103", Some("AL2023_ARM_64_STANDARD")),
            ("amazon-eks-node-1.29-v20240201", Some("AL2_x86_64")),
            ("amazon-eks-gpu-node-1.29-v20240201", Some("AL2_x86_64_GPU")),
            ("bottlerocket-aws-k8s-1.34-aarch64-v1.50.0-5a3b2c1d", Some("BOTTLEROCKET_ARM_64")),
            ("something-else", None),
        ] {
            assert_eq!(family(&image(Some("amazon"), name)), word, "{name}");
            assert_eq!(family(&image(None, name)), None, "{name}");
        }
    }

    #[test]
    fn a_volume_that_outlives_the_machine_is_not_its_own_unless_it_is_the_root() {
        let device = |name: &str, keep: bool| BlockDevice {
            device_name: Some(name.to_owned()),
            ebs: Some(crate::record::compute::BlockVolume {
                volume_id: Some(format!("vol{name}")),
                delete_on_termination: Some(!keep),
            }),
        };
        let instance = Instance {
            root_device_name: Some("/a".to_owned()),
            block_device_mapping: vec![device("/a", true), device("/b", false), device("/c", true)],
            ..Instance::default()
        };
        assert_eq!(own_volumes(&instance).collect::<Vec<_>>(), ["vol/a", "vol/b"]);
    }

    #[test]
    fn a_subnet_has_five_addresses_less_than_its_range() {
        let subnet = |free| Subnet {
            subnet_id: Some("subnet-1".to_owned()),
            cidr_block: Some("10.0.0.0/28".to_owned()),
            available_ip_address_count: free,
            ..Subnet::default()
        };
        let room = addresses("subnet-1", &[subnet(Some(2))]).unwrap();
        assert_eq!((room.used, room.limit), (9, 11));
        assert!(addresses("subnet-1", &[subnet(None)]).is_err());
        assert!(addresses("subnet-2", &[subnet(Some(2))]).is_err());
    }
}
