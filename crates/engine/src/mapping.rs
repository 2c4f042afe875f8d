//! Benchmarks, their versions, and the requirements of them that a control speaks to.
//!
//! The same number means different things in two versions of a benchmark, so a requirement is never told without the
//! version it stands in.

use crate::Meta;
use serde::{Serialize, Serializer};
use std::{borrow::Borrow, fmt};

/// A benchmark, standard or guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// CIS Amazon EKS Benchmark.
    CisEks,
    /// CIS Azure Kubernetes Service Benchmark.
    CisAks,
    /// CIS Google Kubernetes Engine Benchmark.
    CisGke,
    /// CIS Kubernetes Benchmark.
    CisKubernetes,
    /// NSA and CISA, Kubernetes Hardening Guidance.
    NsaCisa,
    /// NIST SP 800-53, Security and Privacy Controls.
    Nist80053,
    /// NIST SP 800-190, Application Container Security Guide.
    Nist800190,
    /// Payment Card Industry Data Security Standard.
    PciDss,
    /// AICPA Trust Services Criteria, as SOC 2 reports use them.
    Soc2,
    /// ISO/IEC 27001, Annex A.
    Iso27001,
    /// AWS Foundational Security Best Practices of Security Hub.
    AwsFsbp,
}

/// How the sections of the NSA and CISA guidance are called in the catalogue.
const SECTIONS: [&str; 12] = [
    "Audit logging",
    "Authentication",
    "Cloud infrastructure",
    "Control plane hardening",
    "Encryption",
    "Network separation",
    "Pod security",
    "RBAC",
    "Secrets",
    "Threat detection",
    "Upgrading",
    "Worker node segmentation",
];

/// The families of NIST SP 800-53, revision 5.
const FAMILIES: [&str; 20] = [
    "AC", "AT", "AU", "CA", "CM", "CP", "IA", "IR", "MA", "MP", "PE", "PL", "PM", "PS", "PT", "RA", "SA", "SC", "SI",
    "SR",
];

impl Framework {
    /// Every one, in the order of the catalogue.
    pub const ALL: [Self; 11] = [
        Self::CisEks,
        Self::CisAks,
        Self::CisGke,
        Self::CisKubernetes,
        Self::NsaCisa,
        Self::Nist80053,
        Self::PciDss,
        Self::Soc2,
        Self::Iso27001,
        Self::AwsFsbp,
        Self::Nist800190,
    ];

    /// Its name, without a version.
    pub fn name(self) -> &'static str {
        match self {
            Self::CisEks => "CIS-EKS",
            Self::CisAks => "CIS-AKS",
            Self::CisGke => "CIS-GKE",
            Self::CisKubernetes => "CIS-K8S",
            Self::NsaCisa => "NSA-CISA",
            Self::Nist80053 => "NIST-800-53",
            Self::Nist800190 => "NIST-800-190",
            Self::PciDss => "PCI-DSS",
            Self::Soc2 => "SOC2-TSC",
            Self::Iso27001 => "ISO-27001",
            Self::AwsFsbp => "AWS-FSBP",
        }
    }

    /// Its title, as its publisher says it.
    pub fn title(self) -> &'static str {
        match self {
            Self::CisEks => "CIS Amazon Elastic Kubernetes Service Benchmark",
            Self::CisAks => "CIS Azure Kubernetes Service Benchmark",
            Self::CisGke => "CIS Google Kubernetes Engine Benchmark",
            Self::CisKubernetes => "CIS Kubernetes Benchmark",
            Self::NsaCisa => "NSA/CISA Kubernetes Hardening Guidance",
            Self::Nist80053 => "NIST SP 800-53 Security and Privacy Controls",
            Self::Nist800190 => "NIST SP 800-190 Application Container Security Guide",
            Self::PciDss => "PCI Data Security Standard",
            Self::Soc2 => "AICPA Trust Services Criteria (SOC 2)",
            Self::Iso27001 => "ISO/IEC 27001 Annex A",
            Self::AwsFsbp => "AWS Foundational Security Best Practices",
        }
    }

    /// The versions that are mapped, newest first.
    pub fn versions(self) -> &'static [&'static str] {
        match self {
            Self::CisEks => &["2.0.0", "1.8.0"],
            Self::CisAks => &["1.8.0"],
            Self::CisGke => &["1.9.0"],
            Self::CisKubernetes => &["2.0.1"],
            Self::NsaCisa => &["1.2"],
            Self::Nist80053 => &["r5"],
            // The guide was published once, in September 2017; the criteria are those of 2017, whose points of focus were
            // revised in 2022.
            Self::Nist800190 | Self::Soc2 => &["2017"],
            Self::PciDss => &["4.0.1"],
            Self::Iso27001 => &["2022"],
            // The version in the standard's own name, `aws-foundational-security-best-practices/v/1.0.0`.
            Self::AwsFsbp => &["1.0.0"],
        }
    }

    /// The framework and version that the catalogue means by a word such as `CIS-EKS-2.0.0`; one without a version means
    /// the only one there is.
    fn read(word: &'static str) -> Option<(Self, &'static str)> {
        Self::ALL.into_iter().find_map(|framework| {
            let rest = word.strip_prefix(framework.name())?;
            // `NIST-800-53r5` writes its revision without a hyphen.
            let wanted = rest.strip_prefix('-').unwrap_or(rest);
            let version = framework.versions().iter().find(|version| **version == wanted);
            match (version, rest.is_empty(), framework.versions()) {
                (Some(version), _, _) => Some((framework, *version)),
                (None, true, [only]) => Some((framework, *only)),
                (None, _, _) => None,
            }
        })
    }

    /// Whether something can be a requirement of it: not whether it is one, which only its text can say.
    fn is_plausible(self, id: &str) -> bool {
        match self {
            Self::CisEks | Self::CisAks | Self::CisGke => is_numbered(id, 3..=3, 1..=9),
            // etcd's section has items of two numbers.
            Self::CisKubernetes => is_numbered(id, 2..=3, 1..=5),
            Self::NsaCisa => SECTIONS.contains(&id),
            Self::Nist80053 => is_of_nist(id),
            Self::Nist800190 => is_numbered(id, 3..=3, 3..=5),
            Self::PciDss => is_numbered(id, 3..=4, 1..=12),
            Self::Soc2 => {
                let (area, number) = id.split_once('.').unwrap_or((id, ""));
                let areas = ["A1", "C1", "PI1"];
                let common = area.strip_prefix("CC").and_then(number_of).is_some_and(|area| (1..=9).contains(&area));
                (areas.contains(&area) || common) && number_of(number).is_some_and(|number| (1..=9).contains(&number))
            }
            Self::Iso27001 => {
                let clause = id.strip_prefix("A.").and_then(|rest| rest.split_once('.'));
                clause.is_some_and(|(theme, number)| {
                    let most = match theme {
                        "5" => 37,
                        "6" => 8,
                        "7" => 14,
                        "8" => 34,
                        _ => 0,
                    };
                    number_of(number).is_some_and(|number| (1..=most).contains(&number))
                })
            }
            Self::AwsFsbp => id.split_once('.').is_some_and(|(service, number)| {
                !service.is_empty()
                    && service.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
                    && number_of(number).is_some()
            }),
        }
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Framework {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A number of a requirement: no sign, no zero in front, not longer than two digits.
fn number_of(text: &str) -> Option<u32> {
    let is_written_so = (1..=2).contains(&text.len()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_written_so && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_numbered(id: &str, parts: std::ops::RangeInclusive<usize>, first: std::ops::RangeInclusive<u32>) -> bool {
    let numbers: Vec<Option<u32>> = id.split('.').map(number_of).collect();
    parts.contains(&numbers.len())
        && numbers.iter().all(Option::is_some)
        && numbers.first().copied().flatten().is_some_and(|chapter| first.contains(&chapter))
}

fn is_of_nist(id: &str) -> bool {
    let Some((family, rest)) = id.split_once('-') else { return false };
    let (number, enhancement) = match rest.split_once('(') {
        Some((number, enhancement)) => (number, enhancement.strip_suffix(')')),
        None => (rest, Some("1")),
    };
    FAMILIES.contains(&family) && number_of(number).is_some() && enhancement.and_then(number_of).is_some()
}

/// A requirement, or a run of them: `5.4.1`, `3.1.1-3.1.4`, `SC-7(3)`, `Encryption`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirement(&'static str);

impl Requirement {
    /// As the catalogue writes it.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The first and the last of a run; the same twice for one.
    pub fn ends(self) -> (&'static str, &'static str) {
        // Only what is numbered with dots is told as a run: `SC-7` is one requirement.
        let is_numbered = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit());
        self.0
            .split_once('-')
            .filter(|(first, last)| is_numbered(first) && is_numbered(last))
            .unwrap_or((self.0, self.0))
    }
}

impl Borrow<str> for Requirement {
    fn borrow(&self) -> &str {
        self.0
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Requirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// One version of a framework, and the requirements of it that a control speaks to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mapping {
    /// The framework.
    pub framework: Framework,
    /// Its version: the same number means different things in another one.
    pub version: &'static str,
    /// The requirements.
    pub requirements: Vec<Requirement>,
}

impl Mapping {
    /// Framework and version as routes of messages name them, for example `CIS-EKS-2.0.0`.
    pub fn key(&self) -> String {
        // A revision is written without a hyphen: `NIST-800-53r5`.
        let between = if self.version.starts_with('r') { "" } else { "-" };
        format!("{}{between}{}", self.framework, self.version)
    }

    /// Framework and version for people, for example `CIS-EKS 2.0.0`.
    pub fn edition(&self) -> String {
        format!("{} {}", self.framework, self.version)
    }

    /// All of it in a line, for example `CIS-EKS 2.0.0: 5.4.1, 5.4.2`.
    pub fn told(&self) -> String {
        format!("{}: {}", self.edition(), self.requirements.join(", "))
    }
}

/// A row of benchmarks cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// It is not written `FRAMEWORK-VERSION:id,id`.
    #[error("`{0}` is not a framework, a colon and requirements")]
    Form(&'static str),
    /// No framework is called so, or not in this version.
    #[error("no framework is called `{0}`, or not in this version")]
    Framework(&'static str),
    /// It cannot be a requirement of that framework.
    #[error("`{1}` cannot be a requirement of {0}")]
    Requirement(Framework, &'static str),
}

/// Reads benchmark rows: `FRAMEWORK-VERSION:id,id; FRAMEWORK-VERSION:id`.
pub fn read_mappings(rows: &'static str) -> Result<Vec<Mapping>, MappingError> {
    rows.split(';').map(str::trim).filter(|row| !row.is_empty()).map(read_row).collect()
}

fn read_row(row: &'static str) -> Result<Mapping, MappingError> {
    let (word, ids) = row.split_once(':').ok_or(MappingError::Form(row))?;
    let (framework, version) = Framework::read(word).ok_or(MappingError::Framework(word))?;
    let requirements = ids.split(',').map(|id| {
        let requirement = Requirement(id.trim());
        let (first, last) = requirement.ends();
        let is_whole = framework.is_plausible(first) && framework.is_plausible(last);
        if is_whole { Ok(requirement) } else { Err(MappingError::Requirement(framework, requirement.0)) }
    });
    Ok(Mapping { framework, version, requirements: requirements.collect::<Result<_, _>>()? })
}

/// The benchmark rows of a control. A row that cannot be read is none; a test holds that every row can.
pub fn mappings(meta: &Meta) -> Vec<Mapping> {
    meta.maps.split(';').map(str::trim).filter_map(|row| read_row(row).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_with_its_version_and_one_without_means_the_only_one() {
        let read =
            read_mappings("CIS-EKS-2.0.0:5.4.1, 3.1.1-3.1.4; NIST-800-53r5:SC-7(3),AC-4; SOC2-TSC:CC6.6").unwrap();
        let told: Vec<String> = read.iter().map(Mapping::told).collect();
        assert_eq!(
            told,
            ["CIS-EKS 2.0.0: 5.4.1, 3.1.1-3.1.4", "NIST-800-53 r5: SC-7(3), AC-4", "SOC2-TSC 2017: CC6.6"]
        );
        assert_eq!(read[0].key(), "CIS-EKS-2.0.0");
        assert_eq!(read[0].requirements[1].ends(), ("3.1.1", "3.1.4"));
        assert_eq!(read[1].requirements[1].ends(), ("AC-4", "AC-4"));
        assert_eq!(read_mappings(""), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_a_requirement_is_refused() {
        let form = MappingError::Form;
        let requirement = MappingError::Requirement;
        for (row, error) in [
            ("CIS-EKS-2.0.0", form("CIS-EKS-2.0.0")),
            ("CIS-EKS-3.0.0:5.4.1", MappingError::Framework("CIS-EKS-3.0.0")),
            ("CIS-EKS:5.4.1", MappingError::Framework("CIS-EKS")),
            ("HIPAA-1:1", MappingError::Framework("HIPAA-1")),
            ("CIS-EKS-2.0.0:5.4", requirement(Framework::CisEks, "5.4")),
            ("CIS-EKS-2.0.0:5.4.01", requirement(Framework::CisEks, "5.4.01")),
            ("CIS-EKS-2.0.0:5.4.1-", requirement(Framework::CisEks, "5.4.1-")),
            ("CIS-EKS-2.0.0:", requirement(Framework::CisEks, "")),
            ("NIST-800-53r5:SX-7", requirement(Framework::Nist80053, "SX-7")),
            ("NIST-800-53r5:SC-7(3", requirement(Framework::Nist80053, "SC-7(3")),
            ("PCI-DSS-4.0.1:13.1.1", requirement(Framework::PciDss, "13.1.1")),
            ("SOC2-TSC:CC10.1", requirement(Framework::Soc2, "CC10.1")),
            ("ISO-27001-2022:A.8.35", requirement(Framework::Iso27001, "A.8.35")),
            ("ISO-27001-2022:A.9.1", requirement(Framework::Iso27001, "A.9.1")),
            ("AWS-FSBP:eks.1", requirement(Framework::AwsFsbp, "eks.1")),
            ("NSA-CISA-1.2:Encrypting", requirement(Framework::NsaCisa, "Encrypting")),
            ("CIS-K8S-2.0.1:6.1.1", requirement(Framework::CisKubernetes, "6.1.1")),
        ] {
            assert_eq!(read_mappings(row), Err(error), "{row}");
        }
    }

    #[test]
    fn every_framework_is_found_by_its_name_in_each_of_its_versions() {
        for framework in Framework::ALL {
            for version in framework.versions() {
                let word: &'static str = format!("{framework}-{version}").leak();
                assert_eq!(Framework::read(word), Some((framework, *version)), "{word}");
            }
        }
    }
}
