//! Ids and ARNs. They follow from where a thing is and what it is called, so that any part of the world can name any
//! other part without looking it up.

use crate::http::hash;

/// A region of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: String,
    pub(crate) account: String,
    pub(crate) region: String,
}

impl Place {
    /// An id such as `subnet-0a1b2c3d4e5f67890`.
    pub(crate) fn id(&self, prefix: &str, name: &[&str]) -> String {
        format!("{prefix}-0{}", self.hex(prefix, name, 16))
    }

    /// A UUID.
    pub(crate) fn uuid(&self, kind: &str, name: &[&str]) -> String {
        let hex = self.hex(kind, name, 32);
        let part = |from, to| hex.get(from..to).unwrap_or_default();
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// Up to 32 hexadecimal digits.
    pub(crate) fn hex(&self, kind: &str, name: &[&str], digits: usize) -> String {
        let mut parts = vec![self.account.as_str(), self.region.as_str(), kind];
        parts.extend(name);
        let first = hash(&parts);
        parts.push("more");
        let mut hex = format!("{first:016x}{:016x}", hash(&parts));
        hex.truncate(digits);
        hex
    }

    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }

    /// The ARN of something in IAM, which knows no regions. What is an ARN already stays as it is.
    pub(crate) fn iam(&self, kind: &str, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        format!("arn:{}:iam::{}:{kind}/{name}", self.partition, self.account)
    }

    pub(crate) fn zone(&self, letter: &str) -> String {
        format!("{}{letter}", self.region)
    }

    /// The domain of the partition.
    pub(crate) fn domain(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }

    /// Where the cluster's identity provider publishes itself, without the scheme.
    pub(crate) fn issuer(&self, cluster: &str) -> String {
        let id = self.hex("cluster", &[cluster], 32).to_uppercase();
        format!("oidc.eks.{}.{}/id/{id}", self.region, self.domain())
    }

    /// A public IPv4 address that AWS could have given.
    pub(crate) fn public_ip(&self, name: &[&str]) -> String {
        let mut parts = vec![self.account.as_str(), self.region.as_str(), "public-ip"];
        parts.extend(name);
        // First bytes of ranges that EC2 uses; the rest is wide enough that large fleets do not share addresses.
        let [_, _, _, _, first, second, third, last] = hash(&parts).to_be_bytes();
        let first = [3_u8, 13, 15, 18, 34, 35, 52, 54].get(usize::from(first % 8)).copied().unwrap_or(52);
        format!("{first}.{second}.{third}.{}", last.clamp(1, 254))
    }
}

/// The partition that a region belongs to.
pub(crate) fn partition_of(region: &str) -> &'static str {
    if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else if region.starts_with("cn-") {
        "aws-cn"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place { partition: "aws".to_owned(), account: "222222222222".to_owned(), region: "eu-west-1".to_owned() }
    }

    #[test]
    fn an_id_follows_from_the_place_and_the_name() {
        let id = place().id("subnet", &["shop", "public-a"]);
        assert_eq!(id, place().id("subnet", &["shop", "public-a"]));
        assert_eq!(id.len(), "subnet-".len() + 17);
        assert_ne!(id, Place { region: "us-east-1".to_owned(), ..place() }.id("subnet", &["shop", "public-a"]));
    }

    #[test]
    fn a_uuid_has_the_usual_form() {
        let lengths: Vec<usize> = place().uuid("key", &["etcd"]).split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }

    #[test]
    fn an_arn_in_iam_has_no_region() {
        assert_eq!(place().iam("role", "shop-node"), "arn:aws:iam::222222222222:role/shop-node");
        assert_eq!(place().iam("role", "arn:aws:iam::1:role/x"), "arn:aws:iam::1:role/x");
    }
}
