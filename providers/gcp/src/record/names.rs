//! Google's resource names, taken apart.

/// The project and name of a network given as `projects/P/global/networks/N`, as a URL of it, or by its bare name in
/// the cluster's own project.
pub(crate) fn host_and_network<'a>(text: &'a str, own: &'a str) -> (&'a str, &'a str) {
    let name = last(text);
    (after(text, "projects").unwrap_or(own), name)
}

/// The project of a key given as `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
pub(crate) fn key_project(key: &str) -> Option<&str> {
    key.starts_with("projects/").then(|| after(key, "projects")).flatten()
}

/// The key ring of a key given as `projects/P/locations/L/keyRings/R/cryptoKeys/K`.
pub(crate) fn key_ring(key: &str) -> Option<&str> {
    key.split_once("/cryptoKeys/").map(|(ring, _)| ring).filter(|ring| after(ring, "keyRings").is_some())
}

/// The region of a region or zone: `europe-west1` of `europe-west1-b`.
pub(crate) fn region_of(location: &str) -> &str {
    match location.rsplit_once('-') {
        Some((region, zone)) if zone.len() == 1 && zone.bytes().all(|byte| byte.is_ascii_lowercase()) => region,
        _ => location,
    }
}

/// The project a service account lives in: the one in its address, or `own` for addresses that name none.
pub(crate) fn account_home<'a>(email: &'a str, own: &'a str) -> &'a str {
    let domain = email.split_once('@').map_or("", |(_, domain)| domain);
    match domain.strip_suffix(".iam.gserviceaccount.com") {
        Some(project) if !project.is_empty() && !project.contains('.') => project,
        // Projects of a domain-scoped organisation: `name@project.example.com.iam.gserviceaccount.com`.
        Some(_) | None => own,
    }
}

/// The last part of a path or URL.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The part after a collection's name in a path or URL.
pub(crate) fn after<'a>(path: &'a str, collection: &str) -> Option<&'a str> {
    let mut parts = path.split('/');
    parts.find(|part| *part == collection)?;
    parts.next().filter(|part| !part.is_empty())
}

/// Where a role is defined: its project, `organizations/N`, or `roles` for Google's own.
pub(crate) fn role_home(role: &str) -> &str {
    if let Some(project) = role.strip_prefix("projects/") {
        return project.split('/').next().unwrap_or(project);
    }
    match role.find("/roles/") {
        Some(end) if role.starts_with("organizations/") => role.get(..end).unwrap_or(role),
        _ => "roles",
    }
}

/// The number of the project whose Kubernetes Engine agent a member is.
pub(crate) fn engine_agent(member: &str) -> Option<&str> {
    let email = member.strip_prefix("serviceAccount:").unwrap_or(member);
    email.strip_prefix("service-")?.strip_suffix("@container-engine-robot.iam.gserviceaccount.com")
}

/// Whether a member is one of Google's own agents, which no customer can act as: `service-NUMBER@...` and the Google
/// APIs agent. Kubernetes Engine's agent is left out: what it holds is a fact about the cluster.
pub(crate) fn is_google_agent(member: &str) -> bool {
    let Some(email) = member.strip_prefix("serviceAccount:") else { return false };
    if engine_agent(member).is_some() {
        return false;
    }
    let Some((name, domain)) = email.split_once('@') else { return false };
    let numbered = name.strip_prefix("service-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    // Agents live in Google's own projects; an account that a customer names `service-1` lives in the customer's. An
    // agent of a project we do not know counts as an ordinary account: too much is said then, not too little.
    let googles = domain
        .strip_suffix(".iam.gserviceaccount.com")
        .is_some_and(|project| project.starts_with("gcp-sa-") || GOOGLE_PROJECTS.contains(&project));
    (numbered && googles) || domain == "cloudservices.gserviceaccount.com"
}

/// Whether a member is the agent of Google's APIs of some project, as which Deployment Manager acts for its users.
pub(crate) fn is_apis_agent(member: &str) -> bool {
    member.strip_prefix("serviceAccount:").is_some_and(|email| email.ends_with("@cloudservices.gserviceaccount.com"))
}

/// Projects of Google's that agents live in, beside those whose names begin with `gcp-sa-`.
const GOOGLE_PROJECTS: &[&str] = &[
    "compute-system",
    "serverless-robot-prod",
    "containerregistry",
    "cloud-filer",
    "cloud-redis",
    "cloud-ml.google.com",
    "dataflow-service-producer-prod",
    "dataproc-accounts",
    "firebase-rules",
    "gae-api-prod.google.com",
    "gcf-admin-robot",
    "genomics-api.google.com",
    "service-networking",
    "sourcerepo-service-accounts",
    "storage-transfer-service",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_paths_urls_and_bare_words() {
        let url = "https://www.googleapis.com/compute/v1/projects/host/global/networks/n";
        assert_eq!(host_and_network(url, "own"), ("host", "n"));
        assert_eq!(host_and_network("projects/host/global/networks/n", "own"), ("host", "n"));
        assert_eq!(host_and_network("default", "own"), ("own", "default"));
        assert_eq!(region_of("europe-west1-b"), "europe-west1");
        assert_eq!(region_of("europe-west1"), "europe-west1");
        assert_eq!(account_home("n@p.iam.gserviceaccount.com", "own"), "p");
        assert_eq!(account_home("42-compute@developer.gserviceaccount.com", "own"), "own");
        assert_eq!(role_home("roles/viewer"), "roles");
        assert_eq!(role_home("projects/p/roles/r"), "p");
        assert_eq!(role_home("organizations/9/roles/r"), "organizations/9");
        assert_eq!(key_project("projects/k/locations/l/keyRings/r/cryptoKeys/c"), Some("k"));
        assert_eq!(
            key_ring("projects/k/locations/l/keyRings/r/cryptoKeys/c"),
            Some("projects/k/locations/l/keyRings/r")
        );
        assert_eq!(key_ring("projects/k/locations/l/cryptoKeys/c"), None);
    }

    #[test]
    fn an_account_named_like_an_agent_in_a_customers_project_is_not_googles() {
        assert!(is_google_agent("serviceAccount:service-42@gcp-sa-pubsub.iam.gserviceaccount.com"));
        assert!(is_google_agent("serviceAccount:42@cloudservices.gserviceaccount.com"));
        assert!(!is_google_agent("serviceAccount:service-42@container-engine-robot.iam.gserviceaccount.com"));
        assert!(!is_google_agent("serviceAccount:service-42@acme-prod.iam.gserviceaccount.com"));
        assert!(!is_google_agent("user:service-42@gcp-sa-pubsub.iam.gserviceaccount.com"));
    }
}
