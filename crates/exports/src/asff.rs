//! For AWS Security Hub: the AWS Security Finding Format, a line for each call of `BatchImportFindings`.
//!
//! Limits: <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html> and
//! <https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchImportFindings.html> (2026-11).

use crate::{
    Outcome, Record,
    text::{clipped, line, prose},
};
use palisade_engine::{Finding, Severity, SubjectKind};
use palisade_model::Provider;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, BufWriter, Write},
    str::FromStr,
};

/// Most findings that one call takes.
const AT_ONCE: usize = 100;
/// Most requirements of one finding.
const REQUIREMENTS: usize = 32;
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const ID: usize = 512;
const RECOMMENDATION: usize = 512;
const FIELD: usize = 2048;

/// The AWS account and region whose Security Hub takes the findings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hub {
    account: String,
    region: String,
    partition: String,
}

/// Not an account and a region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no account and region: write them like `111122223333/eu-west-1`")]
pub struct ParseHubError(String);

impl Hub {
    /// The account and region of a scope, in a partition. `None` when they are none.
    fn of(scope: &str, partition: &str) -> Option<Self> {
        let (account, region) = scope.split_once('/')?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_region = (1..=32).contains(&region.len()) && region.bytes().all(is_letter);
        (is_account && is_region).then(|| Self {
            account: account.to_owned(),
            region: region.to_owned(),
            partition: partition.to_owned(),
        })
    }

    /// Where a finding of AWS belongs: its own account and region.
    fn home(finding: &Finding) -> Option<Self> {
        if finding.provider != Provider::Aws {
            return None;
        }
        let partition = finding.cluster.as_str().strip_prefix("arn:").and_then(|rest| rest.split(':').next());
        let known = ["aws", "aws-cn", "aws-us-gov"];
        let partition = partition.filter(|partition| known.contains(partition)).unwrap_or("aws");
        Self::of(finding.scope.as_str(), partition)
    }

    fn product_arn(&self) -> String {
        let Self { account, region, partition } = self;
        format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
    }
}

impl fmt::Display for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

impl FromStr for Hub {
    type Err = ParseHubError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let region = text.split_once('/').map(|(_, region)| region).unwrap_or_default();
        let partition = match region {
            china if china.starts_with("cn-") => "aws-cn",
            government if government.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Self::of(text, partition).ok_or_else(|| ParseHubError(text.chars().take(60).collect()))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    schema_version: &'static str,
    id: String,
    product_arn: String,
    generator_id: String,
    aws_account_id: String,
    types: [&'static str; 1],
    created_at: String,
    updated_at: String,
    severity: SeverityOf,
    title: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation: Option<Remediation>,
    product_fields: BTreeMap<&'static str, String>,
    resources: [Resource; 1],
    compliance: Compliance,
    record_state: &'static str,
    finding_provider_fields: ProviderFields,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SeverityOf {
    label: &'static str,
    original: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Remediation {
    recommendation: Recommendation,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recommendation {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: &'static str,
    id: String,
    partition: String,
    region: String,
    details: Details,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Details {
    other: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Compliance {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_requirements: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_reasons: Vec<Reason>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reason {
    reason_code: &'static str,
    description: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProviderFields {
    severity: SeverityOf,
    types: [&'static str; 1],
}

const TYPE: &str = "Software and Configuration Checks/Industry and Regulatory Standards";

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "INFORMATIONAL",
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
        Severity::Critical => "CRITICAL",
    }
}

/// Where a finding goes. `None`: no Security Hub takes it.
fn hub(record: &Record<'_>, finding: &Finding) -> Option<Hub> {
    record.hub.clone().or_else(|| Hub::home(finding))
}

/// How many verdicts no Security Hub takes.
pub(crate) fn left_out(record: &Record<'_>) -> usize {
    record.verdicts().filter(|(_, finding)| hub(record, finding).is_none()).count()
}

/// A line for each call: at most 100 findings, all of one account and region, in the order of the findings.
pub(crate) fn write(record: &Record<'_>, to: &mut dyn Write) -> io::Result<()> {
    let mut to = BufWriter::new(to);
    let mut open: Option<(Hub, usize)> = None;
    for (place, finding) in record.verdicts() {
        let Some(hub) = hub(record, finding) else { continue };
        let count = match &open {
            Some((last, count)) if *last == hub && *count < AT_ONCE => {
                to.write_all(b",")?;
                *count
            }
            Some(_) => {
                to.write_all(b"]}\n{\"Findings\":[")?;
                0
            }
            None => {
                to.write_all(b"{\"Findings\":[")?;
                0
            }
        };
        serde_json::to_writer(&mut to, &item(record, place, finding, &hub))?;
        open = Some((hub, count + 1));
    }
    if open.is_some() {
        to.write_all(b"]}\n")?;
    }
    to.flush()
}

fn item(record: &Record<'_>, place: usize, finding: &Finding, hub: &Hub) -> Item {
    let meta = finding.control;
    let run = &record.report.run;
    let outcome = Outcome::of(finding);
    let (status, reason) = outcome.asff();
    let is_open = outcome.is_bad() || matches!(outcome, Outcome::Unknown | Outcome::Manual);
    // What is good or cannot be here is worth knowing and no more, as Security Hub's own controls have it.
    let severity = SeverityOf {
        label: if is_open { label(finding.severity) } else { label(Severity::Info) },
        original: finding.severity.name(),
    };
    let mut fields = BTreeMap::from([
        ("palisade/verdict", finding.state.name().to_owned()),
        ("palisade/control", meta.id.to_owned()),
        ("palisade/name", meta.name.to_owned()),
        ("palisade/run", clipped(&run.id, FIELD)),
        ("palisade/version", run.palisade.to_owned()),
        ("palisade/fingerprint", finding.fingerprint.to_string()),
        ("palisade/provider", finding.provider.name().to_owned()),
        ("palisade/scope", clipped(finding.scope.as_str(), FIELD)),
    ]);
    if let Some(one) = finding.acceptance.as_deref().filter(|_| finding.waived) {
        fields.insert("palisade/waived-until", one.until.to_string());
        fields.insert("palisade/waived-by", clipped(&one.owner, FIELD));
        fields.insert("palisade/waived-because", clipped(&one.reason, FIELD));
    }
    let requirements = record.mappings(meta).iter().flat_map(|map| {
        let edition = map.edition();
        map.requirements.iter().map(move |one| format!("{edition} {one}"))
    });
    let is_cluster = finding.provider == Provider::Aws && finding.subject.kind == SubjectKind::Cluster;
    Item {
        schema_version: "2018-10-08",
        id: format!("palisade/{}", record.name(place, finding)),
        product_arn: hub.product_arn(),
        generator_id: format!("palisade/{}", meta.id),
        aws_account_id: hub.account.clone(),
        types: [TYPE],
        created_at: run.finished_at.to_string(),
        updated_at: run.finished_at.to_string(),
        severity: severity.clone(),
        title: clipped(&format!("{} {}", meta.id, meta.title), TITLE),
        description: clipped(&format!("{}: {}", line(&finding.cluster_name), finding.because), DESCRIPTION),
        remediation: (!finding.remediation.is_empty()).then(|| Remediation {
            recommendation: Recommendation { text: clipped(&prose(finding.remediation), RECOMMENDATION) },
        }),
        product_fields: fields,
        resources: [Resource {
            kind: if is_cluster { "AwsEksCluster" } else { "Other" },
            id: clipped(&finding.subject.id, ID),
            partition: hub.partition.clone(),
            region: hub.region.clone(),
            details: Details {
                other: BTreeMap::from([
                    ("cluster", clipped(finding.cluster.as_str(), ID)),
                    ("clusterName", clipped(&finding.cluster_name, ID)),
                    ("kind", finding.subject.kind.name().to_owned()),
                    ("name", clipped(&finding.subject.name, ID)),
                ]),
            },
        }],
        compliance: Compliance {
            status,
            related_requirements: requirements.take(REQUIREMENTS).collect(),
            status_reasons: reason
                .map(|code| Reason { reason_code: code, description: clipped(&finding.because, FIELD) })
                .into_iter()
                .collect(),
        },
        record_state: "ACTIVE",
        finding_provider_fields: ProviderFields { severity, types: [TYPE] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_an_account_and_a_region_and_knows_its_partition() {
        for (text, arn) in [
            ("111122223333/eu-west-1", "arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default"),
            ("111122223333/cn-north-1", "arn:aws-cn:securityhub:cn-north-1:111122223333:product/111122223333/default"),
            (
                "111122223333/us-gov-west-1",
                "arn:aws-us-gov:securityhub:us-gov-west-1:111122223333:product/111122223333/default",
            ),
        ] {
            assert_eq!(text.parse::<Hub>().map(|hub| hub.product_arn()), Ok(arn.to_owned()));
        }
        for text in
            ["", "eu-west-1", "11112222333/eu-west-1", "111122223333/", "111122223333/EU", "11112222333x/eu-west-1"]
        {
            assert!(text.parse::<Hub>().is_err(), "{text}");
        }
    }
}
