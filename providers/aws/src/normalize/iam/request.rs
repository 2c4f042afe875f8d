//! What is known of the requests a principal makes: which condition keys have a value, which the caller chooses.

use super::organization::Membership;
use std::collections::BTreeMap;

/// What is known of a condition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::normalize) enum Key {
    /// It has these values, or is not there.
    Known(Option<Vec<String>>),
    /// The caller chooses it freely: a condition on it shapes what is done and takes no right away.
    Chosen,
    /// Nobody can tell: addresses, networks, times, secrets, and every key we do not know.
    Unknown,
}

/// What is known of the requests of one principal.
#[derive(Clone, Debug, Default)]
pub(in crate::normalize) struct Request {
    known: BTreeMap<String, Option<Vec<String>>>,
    /// Whether tags of the principal that were not read may still be set by its session.
    session_tags: bool,
}

/// Keys by which a caller describes the request.
const CHOSEN: &[&str] = &[
    "aws:requestedregion",
    "aws:tagkeys",
    "aws:referer",
    "aws:useragent",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "iam:passedtoservice",
    "iam:policyarn",
    "iam:associatedresourcearn",
    "iam:awsservicename",
    "s3:prefix",
    "s3:delimiter",
    "s3:max-keys",
    "s3:x-amz-acl",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ec2:instancetype",
    "ec2:region",
    "ec2:createaction",
    "ec2:metadatahttptokens",
    "ec2:metadatahttpputresponsehoplimit",
    "elasticloadbalancing:createaction",
    "eks:accessentrytype",
    "eks:accessscope",
    "eks:authenticationmode",
    "eks:bootstrapclustercreatoradminpermissions",
    "eks:bootstrapselfmanagedaddons",
    "eks:controlplanescalingtier",
    "eks:deletionprotection",
    "eks:encryptionconfigproviderkeyarns",
    "eks:endpointprivateaccess",
    "eks:endpointpublicaccess",
    "eks:kubernetesgroups",
    "eks:kubernetesversion",
    "eks:namespaces",
    "eks:policyarn",
    "eks:principalarn",
    "eks:supporttype",
    "eks:username",
    "eks:zonalshiftenabled",
    "kms:grantoperations",
    "kms:grantconstrainttype",
    "sts:rolesessionname",
    "sts:transitivetagkeys",
];

/// Keys only a request of an AWS service has.
const OF_SERVICES: &[&str] = &[
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
];

impl Request {
    /// Requests of a session of a role.
    pub(in crate::normalize) fn of_role(arn: &str, account: &str, tags: &[(String, String)]) -> Self {
        let mut request = Self::of_account(account);
        request.set("aws:principaltype", "AssumedRole");
        request.set("aws:principalarn", arn);
        request.known.insert("aws:username".to_owned(), None);
        // A role's session on a machine or in a pod never passed a second factor.
        request.known.insert("aws:multifactorauthpresent".to_owned(), None);
        request.known.insert("aws:multifactorauthage".to_owned(), None);
        request.tagged(tags)
    }

    /// Requests of a user.
    pub(in crate::normalize) fn of_user(arn: &str, name: &str, account: &str, tags: &[(String, String)]) -> Self {
        let mut request = Self::of_account(account);
        request.set("aws:principaltype", "User");
        request.set("aws:principalarn", arn);
        request.set("aws:username", name);
        request.tagged(tags)
    }

    fn of_account(account: &str) -> Self {
        let mut request = Self::default();
        request.set("aws:principalaccount", account);
        request.set("kms:calleraccount", account);
        request.set("aws:principalisawsservice", "false");
        request.set("aws:viaawsservice", "false");
        request.set("aws:securetransport", "true");
        request
    }

    fn tagged(mut self, tags: &[(String, String)]) -> Self {
        for (name, value) in tags {
            self.set(&format!("aws:principaltag/{}", name.to_lowercase()), value);
        }
        self
    }

    fn set(&mut self, key: &str, value: &str) {
        self.known.insert(key.to_owned(), Some(vec![value.to_owned()]));
    }

    /// The same requests of a principal whose account belongs to an organisation, or to none.
    pub(in crate::normalize) fn of_member(mut self, membership: &Membership) -> Self {
        match membership {
            Membership::Unknown => (),
            Membership::None => {
                self.known.insert("aws:principalorgid".to_owned(), None);
                self.known.insert("aws:principalorgpaths".to_owned(), None);
            }
            Membership::In(id, path) => {
                self.set("aws:principalorgid", id);
                if let Some(path) = path {
                    self.set("aws:principalorgpaths", path);
                }
            }
        }
        self
    }

    /// The same requests with a key set to a value, whatever it was.
    pub(in crate::normalize) fn with(mut self, key: &str, value: &str) -> Self {
        self.set(&key.to_lowercase(), value);
        self
    }

    /// The same requests without a key.
    #[cfg(test)]
    pub(in crate::normalize) fn without(mut self, key: &str) -> Self {
        self.known.insert(key.to_lowercase(), None);
        self
    }

    /// Sessions of EKS Pod Identity carry tags of their own for cluster, namespace and service account.
    pub(in crate::normalize) fn with_session_tags(mut self) -> Self {
        self.session_tags = true;
        self
    }

    /// What is known of a key.
    pub(in crate::normalize) fn key(&self, name: &str) -> Key {
        let name = name.to_lowercase();
        if let Some(value) = self.known.get(&name) {
            return Key::Known(value.clone());
        }
        if let Some(tag) = name.strip_prefix("aws:principaltag/") {
            let by_session = self.session_tags && (tag.starts_with("eks-cluster-") || tag.starts_with("kubernetes-"));
            return if by_session { Key::Unknown } else { Key::Known(None) };
        }
        if name.starts_with("aws:requesttag/") || CHOSEN.contains(&name.as_str()) {
            return Key::Chosen;
        }
        if OF_SERVICES.contains(&name.as_str()) {
            return Key::Known(None);
        }
        Key::Unknown
    }
}
