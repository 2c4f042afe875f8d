//! Whom a statement admits that trusts the tokens of a pipeline's service.
//!
//! A service that runs pipelines for many organisations signs tokens for all of them with one key. What a statement asks
//! of the token's subject is all that tells one customer's pipelines from another's.

use std::fmt;

/// Which runs of pipelines a statement admits, narrowest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PipelineSubject {
    /// Runs of one branch, tag, environment or connection of one project.
    Exact {
        /// As the statement says it.
        subject: String,
    },
    /// Every run of one project: any branch, and a proposed change where the service runs those.
    Project {
        /// As the statement says it.
        subject: String,
    },
    /// Every project of one owner.
    Owner {
        /// As the statement says it.
        subject: String,
    },
    /// Everybody for whom the service runs something.
    Anyone {
        /// As the statement says it, or what it does not say.
        subject: String,
    },
    /// Whoever satisfies what is not evaluated.
    Unread {
        /// What it is.
        what: String,
    },
}

/// A service that runs pipelines and signs tokens for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PipelineService {
    /// GitHub Actions. <https://docs.github.com/actions/reference/security/oidc>
    GitHub,
    /// GitLab. <https://docs.gitlab.com/ci/secrets/id_token_authentication/>
    GitLab,
    /// HCP Terraform. <https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials>
    Terraform,
    /// Azure Pipelines. <https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure>
    AzurePipelines,
}

impl fmt::Display for PipelineService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab",
            Self::Terraform => "HCP Terraform",
            Self::AzurePipelines => "Azure Pipelines",
        })
    }
}

impl PipelineService {
    /// The service behind an issuer, with or without its scheme; nothing where it is none that is known.
    pub fn of(issuer: &str) -> Option<Self> {
        let issuer = issuer.strip_prefix("https://").unwrap_or(issuer);
        let host = issuer.split('/').next().unwrap_or_default().to_ascii_lowercase();
        match host.as_str() {
            "token.actions.githubusercontent.com" => Some(Self::GitHub),
            "gitlab.com" => Some(Self::GitLab),
            "app.terraform.io" => Some(Self::Terraform),
            "vstoken.dev.azure.com" => Some(Self::AzurePipelines),
            _ => None,
        }
    }

    /// Whether an issuer signs the tokens of a managed cluster's pods: whoever it vouches for runs in a cluster and comes
    /// from no pipeline's service.
    pub fn is_of_cluster(issuer: &str) -> bool {
        let issuer = issuer.strip_prefix("https://").unwrap_or(issuer);
        let host = issuer.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
        let is_eks = ["oidc.eks.", "oidc-eks."].iter().any(|prefix| host.starts_with(prefix))
            && suffixes.iter().any(|suffix| host.ends_with(suffix));
        is_eks || host == "container.googleapis.com" || host.ends_with(".oic.prod-aks.azure.com")
    }

    /// Whom a subject admits. `*` and `?` are wildcards only where the statement compares with a pattern.
    pub fn admits(self, subject: &str, is_pattern: bool) -> PipelineSubject {
        let literal = if is_pattern { subject.split(['*', '?']).next().unwrap_or_default() } else { subject };
        let open = literal.len() < subject.len();
        let said = || subject.to_owned();
        match self.stated(literal, open) {
            Stated::Nothing => PipelineSubject::Anyone { subject: said() },
            Stated::Owner => PipelineSubject::Owner { subject: said() },
            Stated::Project => PipelineSubject::Project { subject: said() },
            Stated::Place => PipelineSubject::Exact { subject: said() },
            // Compared to the letter, a subject of another form is one token's; with a wildcard nobody can say whose.
            Stated::Other if !open => PipelineSubject::Exact { subject: said() },
            Stated::Other => PipelineSubject::Unread { what: format!("subjects like `{subject}`") },
        }
    }

    /// How much is settled by what stands before the first wildcard.
    fn stated(self, literal: &str, open: bool) -> Stated {
        match self {
            Self::GitHub => match part(literal, "repo:", open) {
                Part::Missing => Stated::Nothing,
                Part::Other => Stated::Other,
                Part::Rest(rest) => of_repository(rest, ':', open, |run| {
                    run.strip_prefix("environment:").is_some_and(|name| !name.is_empty() && !open)
                        || ["ref:refs/heads/", "ref:refs/tags/"]
                            .iter()
                            .any(|kind| run.strip_prefix(kind).is_some_and(|name| !name.is_empty()))
                }),
            },
            Self::GitLab => match part(literal, "project_path:", open) {
                Part::Missing => Stated::Nothing,
                Part::Other => Stated::Other,
                Part::Rest(rest) => of_repository(rest, ':', open, |run| {
                    ["ref_type:branch:ref:", "ref_type:tag:ref:"]
                        .iter()
                        .any(|kind| run.strip_prefix(kind).is_some_and(|name| !name.is_empty()))
                }),
            },
            Self::Terraform => match part(literal, "organization:", open) {
                Part::Missing => Stated::Nothing,
                Part::Other => Stated::Other,
                Part::Rest(rest) => match rest.split_once(":project:") {
                    None if open && rest.contains(':') => Stated::Owner,
                    None => Stated::Nothing,
                    Some((_, rest)) => match rest.split_once(":workspace:") {
                        Some((_, workspace)) if workspace.contains(':') || !open => Stated::Place,
                        Some(_) | None => Stated::Owner,
                    },
                },
            },
            Self::AzurePipelines => Stated::Other,
        }
    }
}

/// What is settled before the first wildcard.
enum Stated {
    Nothing,
    Owner,
    Project,
    Place,
    Other,
}

enum Part<'a> {
    /// A wildcard stands in it or before it.
    Missing,
    /// It is another word.
    Other,
    Rest(&'a str),
}

fn part<'a>(literal: &'a str, name: &str, open: bool) -> Part<'a> {
    match literal.strip_prefix(name) {
        Some(rest) => Part::Rest(rest),
        None if open && name.starts_with(literal) => Part::Missing,
        None => Part::Other,
    }
}

/// `OWNER/REPOSITORY`, an end, and what the run is for.
fn of_repository(rest: &str, end: char, open: bool, is_place: impl Fn(&str) -> bool) -> Stated {
    let Some((owner, rest)) = rest.split_once('/') else { return Stated::Nothing };
    if owner.is_empty() {
        return Stated::Nothing;
    }
    match rest.split_once(end) {
        None if open => Stated::Owner,
        // Without what the run is for, no token has such a subject.
        None => Stated::Other,
        Some((_, run)) if is_place(run) => Stated::Place,
        Some(_) => Stated::Project,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(service: PipelineService, subject: &str, is_pattern: bool) -> &'static str {
        match service.admits(subject, is_pattern) {
            PipelineSubject::Exact { .. } => "exact",
            PipelineSubject::Project { .. } => "project",
            PipelineSubject::Owner { .. } => "owner",
            PipelineSubject::Anyone { .. } => "anyone",
            PipelineSubject::Unread { .. } => "unread",
        }
    }

    #[test]
    fn what_stands_before_the_first_wildcard_says_whose_runs_are_admitted() {
        use PipelineService::{GitHub, GitLab, Terraform};
        for (service, subject, wanted) in [
            (GitHub, "repo:acme/shop:ref:refs/heads/main", "exact"),
            (GitHub, "repo:acme/shop:environment:production", "exact"),
            (GitHub, "repo:acme/shop:ref:refs/heads/release-*", "exact"),
            (GitHub, "repo:acme/shop:environment:*", "project"),
            (GitHub, "repo:acme/shop:ref:refs/heads/*", "project"),
            (GitHub, "repo:acme/shop:pull_request", "project"),
            (GitHub, "repo:acme/shop:*", "project"),
            // It also means `shop-of-somebody-else` of the same owner.
            (GitHub, "repo:acme/shop*", "owner"),
            (GitHub, "repo:acme/*", "owner"),
            (GitHub, "repo:acme*", "anyone"),
            (GitHub, "repo:*", "anyone"),
            (GitHub, "*", "anyone"),
            (GitHub, "*:ref:refs/heads/main", "anyone"),
            (GitHub, "workflow:*", "unread"),
            (GitLab, "project_path:acme/shop/web:ref_type:branch:ref:main", "exact"),
            (GitLab, "project_path:acme/shop:ref_type:branch:ref:*", "project"),
            (GitLab, "project_path:acme/*", "owner"),
            (GitLab, "project_path:*", "anyone"),
            (Terraform, "organization:acme:project:shop:workspace:prod:run_phase:*", "exact"),
            (Terraform, "organization:acme:project:shop:workspace:*:run_phase:apply", "owner"),
            (Terraform, "organization:acme:*", "owner"),
            (Terraform, "organization:*", "anyone"),
        ] {
            assert_eq!(word(service, subject, true), wanted, "{service} {subject}");
        }
    }

    #[test]
    fn compared_to_the_letter_a_wildcard_is_an_ordinary_letter() {
        assert_eq!(word(PipelineService::GitHub, "repo:acme/shop:ref:refs/heads/*", false), "exact");
        assert_eq!(word(PipelineService::AzurePipelines, "sc://acme/shop/production", false), "exact");
    }

    #[test]
    fn a_service_is_known_by_the_whole_host_of_its_issuer() {
        let of = PipelineService::of;
        assert_eq!(of("https://token.actions.githubusercontent.com"), Some(PipelineService::GitHub));
        assert_eq!(of("token.actions.githubusercontent.com/acme"), Some(PipelineService::GitHub));
        assert_eq!(of("https://token.actions.githubusercontent.com.evil.example"), None);
        assert_eq!(of("https://oidc.eks.eu-west-1.amazonaws.com/id/1"), None);
        let is_of_cluster = PipelineService::is_of_cluster;
        assert!(is_of_cluster("oidc.eks.eu-west-1.amazonaws.com/id/1"));
        assert!(is_of_cluster("https://container.googleapis.com/v1/projects/p/locations/l/clusters/c"));
        assert!(is_of_cluster("https://westeurope.oic.prod-aks.azure.com/tenant/id/"));
        assert!(!is_of_cluster("oidc.eks.evil.example"));
        assert!(!is_of_cluster("token.actions.githubusercontent.com"));
    }
}
