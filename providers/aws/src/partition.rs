//! Partitions: the closed worlds AWS consists of. An ARN names its own.

/// The region in which a partition answers what belongs to no region.
#[cfg(feature = "collect")]
pub(crate) fn base_region_of(partition: &str) -> &'static str {
    match partition {
        "aws-us-gov" => "us-gov-west-1",
        "aws-cn" => "cn-north-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

/// The partition a region belongs to, by its name.
pub(crate) fn partition_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-iso-") => "aws-iso",
        region if region.starts_with("us-isob-") => "aws-iso-b",
        region if region.starts_with("eu-isoe-") => "aws-iso-e",
        region if region.starts_with("us-isof-") => "aws-iso-f",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

#[cfg(all(test, feature = "collect"))]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_own_base_region() {
        for partition in ["aws", "aws-us-gov", "aws-cn", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"] {
            assert_eq!(partition_of(base_region_of(partition)), partition);
        }
    }
}
