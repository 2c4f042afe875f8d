//! Reading requests: which service, which action, on whose behalf, with what parameters.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::World;
use super::eks::route;
use super::error::Failure;
use super::place::{Place, partition_of};
use super::safeguards;
use crate::http::{Operation, Request, pairs};

/// A service that is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Sts,
    Organizations,
    /// AWS Config.
    Config,
    Ec2,
    AutoScaling,
    LoadBalancing,
    /// The first generation of load balancers.
    ClassicLoadBalancing,
    Iam,
    Kms,
    CloudTrail,
    Logs,
    Ecr,
    Backup,
    GuardDuty,
    Inspector,
    Eks,
}

/// A request as AWS understands it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) action: String,
    /// The account of the caller; empty when the caller is nobody.
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) caller: Caller,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The request is not signed.
    Nobody,
    /// The access key belongs to no account.
    Stranger,
    /// The credentials are no longer valid.
    Expired,
    /// A session of a role.
    Session { role: String, session: String },
}

/// The role behind the credentials `AKIAPALISADE...`.
pub(crate) const BASE_ROLE: &str = "palisade";

impl Service {
    const ALL: [Self; 16] = [
        Self::Sts,
        Self::Organizations,
        Self::Config,
        Self::Ec2,
        Self::AutoScaling,
        Self::LoadBalancing,
        Self::ClassicLoadBalancing,
        Self::Iam,
        Self::Kms,
        Self::CloudTrail,
        Self::Logs,
        Self::Ecr,
        Self::Backup,
        Self::GuardDuty,
        Self::Inspector,
        Self::Eks,
    ];

    /// The word before the colon in the names of its permissions.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::Config => "config",
            Self::Ec2 => "ec2",
            Self::AutoScaling => "autoscaling",
            Self::LoadBalancing | Self::ClassicLoadBalancing => "elasticloadbalancing",
            Self::Iam => "iam",
            Self::Kms => "kms",
            Self::CloudTrail => "cloudtrail",
            Self::Logs => "logs",
            Self::Ecr => "ecr",
            Self::Backup => "backup",
            Self::GuardDuty => "guardduty",
            Self::Inspector => "inspector2",
            Self::Eks => "eks",
        }
    }

    pub(crate) fn of_permission(permission: &str) -> Self {
        let prefix = permission.split(':').next().unwrap_or_default();
        Self::ALL.into_iter().find(|service| service.prefix() == prefix).unwrap_or(Self::Sts)
    }

    /// The XML namespace of its answers.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
            Self::AutoScaling => "http://autoscaling.amazonaws.com/doc/2011-01-01/",
            Self::LoadBalancing => "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
            Self::ClassicLoadBalancing => "http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Organizations
            | Self::Config
            | Self::Kms
            | Self::CloudTrail
            | Self::Logs
            | Self::Ecr
            | Self::Backup
            | Self::GuardDuty
            | Self::Inspector
            | Self::Eks => "",
        }
    }

    /// Query services are told apart by the version of their API, which no two share.
    fn of_version(version: &str) -> Option<Self> {
        match version {
            "2011-06-15" => Some(Self::Sts),
            "2016-11-15" => Some(Self::Ec2),
            "2011-01-01" => Some(Self::AutoScaling),
            "2015-12-01" => Some(Self::LoadBalancing),
            "2012-06-01" => Some(Self::ClassicLoadBalancing),
            "2010-05-08" => Some(Self::Iam),
            _ => None,
        }
    }

    /// Whether one endpoint serves all regions, so that a region says nothing about a call.
    pub(crate) fn is_global(self) -> bool {
        matches!(self, Self::Sts | Self::Organizations | Self::Iam)
    }
}

impl Call {
    /// The call a request makes; `None` when it is none that AWS has.
    pub(crate) fn read(world: &World, request: &Request) -> Option<Self> {
        let (service, action, parameters) = if let Some(target) = request.header("x-amz-target") {
            let (service, action) = target.rsplit_once('.')?;
            let service = match service {
                "AWSOrganizationsV20161128" => Service::Organizations,
                "StarlingDoveService" => Service::Config,
                "TrentService" => Service::Kms,
                "CloudTrail_20131101" | "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" => Service::CloudTrail,
                "Logs_20140328" => Service::Logs,
                "AmazonEC2ContainerRegistry_V20150921" => Service::Ecr,
                _ => return None,
            };
            (service, action.to_owned(), scalars(&request.body))
        } else {
            let mut form = request.query.clone();
            if request.method == "POST" {
                form.extend(pairs(&String::from_utf8_lossy(&request.body)));
            }
            if let (Some(action), Some(version)) = (form.remove("Action"), form.remove("Version")) {
                (Service::of_version(&version)?, action, form)
            } else if let Some((service, action, labels)) = safeguards::route(&request.method, &request.path) {
                let mut parameters = request.query.clone();
                parameters.extend(labels);
                parameters.extend(scalars(&request.body));
                (service, action.to_owned(), parameters)
            } else {
                let (action, labels) = route(&request.method, &request.path)?;
                let mut parameters = request.query.clone();
                parameters.extend(scalars(&request.body));
                parameters.extend(labels);
                (Service::Eks, action.to_owned(), parameters)
            }
        };
        let signature = Signature::read(request);
        let (account, caller) =
            signature.as_ref().map_or((String::new(), Caller::Nobody), |signature| signature.caller(world));
        let region = signature.map(|signature| signature.region).unwrap_or_default();
        Some(Self { service, action, account, region, caller, parameters })
    }

    pub(crate) fn operation(&self) -> Operation {
        let account = if self.account.is_empty() { "anonymous" } else { &self.account };
        let scope = if self.service.is_global() { account.to_owned() } else { format!("{account}/{}", self.region) };
        // The name of a session is for people who read logs; asking for two sessions is asking the same twice.
        let told = self.parameters.iter().filter(|(name, _)| *name != "RoleSessionName" && *name != "WebIdentityToken");
        let subject: Vec<String> = told.map(|(name, value)| format!("{name}={value}")).collect();
        Operation {
            permission: format!("{}:{}", self.service.prefix(), self.action),
            scope,
            subject: subject.join("&"),
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Failure> {
        self.parameter(name).ok_or_else(|| {
            let code = if self.service == Service::Ec2 { "MissingParameter" } else { "ValidationError" };
            Failure::client(code, format!("The request must contain the parameter {name}"))
        })
    }

    /// The values of `NAME.1`, `NAME.2` and so on.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|number| self.parameter(&format!("{name}.{number}")).map(str::to_owned)).collect()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.parameter(name) == Some("true")
    }

    pub(crate) fn place(&self) -> Place {
        let partition = partition_of(&self.region).to_owned();
        Place { partition, account: self.account.clone(), region: self.region.clone() }
    }

    /// The caller's ARN.
    pub(crate) fn principal(&self) -> String {
        let (role, session) = match &self.caller {
            Caller::Session { role, session } => (role.as_str(), session.as_str()),
            Caller::Nobody | Caller::Stranger | Caller::Expired => ("unknown", "unknown"),
        };
        format!("arn:{}:sts::{}:assumed-role/{role}/{session}", partition_of(&self.region), self.account)
    }

    /// The failure of credentials that are not good enough for anything.
    pub(crate) fn unauthenticated(&self) -> Option<Failure> {
        let is_json = matches!(
            self.service,
            Service::Kms
                | Service::Organizations
                | Service::Config
                | Service::CloudTrail
                | Service::Logs
                | Service::Ecr
        );
        let status = if is_json { 400 } else { 403 };
        let suffix = if is_json
            || matches!(self.service, Service::Eks | Service::Backup | Service::GuardDuty | Service::Inspector)
        {
            "Exception"
        } else {
            ""
        };
        match (&self.caller, self.service) {
            (Caller::Session { .. }, _) => None,
            (Caller::Nobody, _) => Some(Failure::new(
                status,
                format!("MissingAuthenticationToken{suffix}"),
                "Request is missing Authentication Token",
            )),
            (Caller::Stranger, Service::Ec2) => {
                Some(Failure::new(401, "AuthFailure", "AWS was not able to validate the provided access credentials"))
            }
            (Caller::Stranger, _) => {
                let code = if suffix.is_empty() { "InvalidClientTokenId" } else { "UnrecognizedClientException" };
                Some(Failure::new(status, code, "The security token included in the request is invalid."))
            }
            (Caller::Expired, Service::Ec2) => Some(Failure::client("RequestExpired", "Request has expired.")),
            (Caller::Expired, _) => Some(Failure::new(
                status,
                format!("ExpiredToken{suffix}"),
                "The security token included in the request is expired",
            )),
        }
    }

    #[cfg(test)]
    pub(crate) fn for_test(service: Service, action: &str, parameters: &[(&str, &str)]) -> Self {
        Self {
            service,
            action: action.to_owned(),
            account: "111111111111".to_owned(),
            region: "eu-west-1".to_owned(),
            caller: Caller::Session { role: BASE_ROLE.to_owned(), session: "test".to_owned() },
            parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }
}

/// What the signature says, which is not checked.
#[derive(Debug)]
struct Signature {
    key: String,
    region: String,
    token: Option<String>,
}

impl Signature {
    fn read(request: &Request) -> Option<Self> {
        // AWS4-HMAC-SHA256 Credential=KEY/20261120/REGION/SERVICE/aws4_request, SignedHeaders=..., Signature=...
        let header = request.header("authorization")?;
        let (_, credential) = header.split_once("Credential=")?;
        let mut parts = credential.split([',', ' ']).next()?.split('/');
        let (key, _date, region) = (parts.next()?, parts.next()?, parts.next()?);
        let token = request.header("x-amz-security-token").map(str::to_owned);
        Some(Self { key: key.to_owned(), region: region.to_owned(), token })
    }

    fn caller(&self, world: &World) -> (String, Caller) {
        if let Some(rest) = self.key.strip_prefix("AKIAPALISADE") {
            let caller = if rest.starts_with("EXPIRED") {
                Caller::Expired
            } else {
                Caller::Session { role: BASE_ROLE.to_owned(), session: "simulator".to_owned() }
            };
            return (world.management().to_owned(), caller);
        }
        let digits = self
            .key
            .strip_prefix("AKIA")
            .or_else(|| self.key.strip_prefix("ASIA"))
            .and_then(|rest| rest.split_at_checked(12));
        let Some((estate, suffix)) = digits.and_then(|(account, suffix)| Some((world.account(account)?, suffix)))
        else {
            return (String::new(), Caller::Stranger);
        };
        let account = estate.account.id.clone();
        if suffix == EXPIRED {
            return (account, Caller::Expired);
        }
        let (role, session) = self
            .token
            .as_deref()
            .and_then(read_token)
            .unwrap_or_else(|| (estate.account.reader.role.clone(), "direct".to_owned()));
        (account, Caller::Session { role, session })
    }
}

/// The last digits of a temporary access key whose session is over.
const EXPIRED: &str = "EXPD";

/// The access key of a session in an account.
pub(crate) fn session_key(account: &str, is_expired: bool) -> String {
    format!("ASIA{account}{}", if is_expired { EXPIRED } else { "SIMU" })
}

/// The token of a session: it remembers whose session it is.
pub(crate) fn session_token(role: &str, session: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{role} {session}"))
}

fn read_token(token: &str) -> Option<(String, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.split_once(' ').map(|(role, session)| (role.to_owned(), session.to_owned()))
}

/// The simple values of a JSON object, as text.
fn scalars(body: &[u8]) -> BTreeMap<String, String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).unwrap_or_default();
    object
        .into_iter()
        .flat_map(|(name, value)| match value {
            // One level below tells questions of one kind apart; what stands in lists does not.
            serde_json::Value::Object(inner) => {
                inner.into_iter().map(|(key, value)| (format!("{name}.{key}"), value)).collect()
            }
            value => vec![(name, value)],
        })
        .filter_map(|(name, value)| match value {
            serde_json::Value::String(text) => Some((name, text)),
            serde_json::Value::Number(number) => Some((name, number.to_string())),
            serde_json::Value::Bool(value) => Some((name, value.to_string())),
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        })
        .collect()
}
