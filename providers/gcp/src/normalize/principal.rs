//! Who is meant by the members of a binding, and by the principals of a deny rule.

use palisade_authority::Truth;
use palisade_model::PrincipalKind;

/// Somebody whose rights are asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Principal<'a> {
    /// A service account, by its address.
    Account {
        /// The address.
        email: &'a str,
        /// The number of the project it lives in, when it is known.
        project: Option<&'a str>,
    },
    /// A principal of a workload pool, or any other, as bindings write it.
    Member(&'a str),
}

/// The prefix of principals of workload pools.
const POOLS: &str = "iam.googleapis.com/projects/";

impl Principal<'_> {
    /// Whether a member of an allow policy includes this principal.
    ///
    /// Membership in a group cannot be read without the directory. What groups hold is told apart (see `groups`), so here
    /// only the group itself is meant.
    pub(crate) fn is_meant_by(&self, member: &str) -> Truth {
        if let Some(account) = self.as_account() {
            return account.is_meant_by(member);
        }
        if member == "allUsers" {
            return Truth::True;
        }
        match self {
            Self::Account { email, project } => {
                if member == "allAuthenticatedUsers" {
                    return Truth::True;
                }
                if let Some(named) = member.strip_prefix("serviceAccount:") {
                    return Truth::from(named.eq_ignore_ascii_case(email));
                }
                // Every service account of a project, folder or organisation.
                match member.strip_prefix("principalSet://cloudresourcemanager.googleapis.com/") {
                    Some(set) => within(set, *project),
                    None if is_of_others(member) => Truth::False,
                    None => Truth::unknown(format!("whether it is among `{member}`")),
                }
            }
            Self::Member(own) => {
                // Federated principals are nobody's authenticated users.
                if member == "allAuthenticatedUsers" {
                    return Truth::from(member == *own || own.starts_with("user:"));
                }
                if member == *own { Truth::True } else { is_inside(own, member) }
            }
        }
    }

    /// Whether a principal of a deny rule, in the words of deny policies, includes this one.
    pub(crate) fn is_denied_by(&self, denied: &str) -> Truth {
        if let Some(account) = self.as_account() {
            return account.is_denied_by(denied);
        }
        if denied == "principalSet://goog/public:all" || denied == "allUsers" {
            return Truth::True;
        }
        if let Some(group) = denied.strip_prefix("principalSet://goog/group/").or_else(|| denied.strip_prefix("group:"))
        {
            return self.may_join(group);
        }
        // Cloud Identity customers hold people, and service accounts of the organisation as well.
        if denied.starts_with("principalSet://goog/cloudIdentityCustomerId/") {
            return Truth::unknown(format!("membership in `{denied}`"));
        }
        let subject = denied.strip_prefix("principal://goog/subject/");
        match self {
            Self::Account { email, project } => {
                let named = denied
                    .strip_prefix("principal://iam.googleapis.com/projects/-/serviceAccounts/")
                    .or(subject)
                    .or_else(|| denied.strip_prefix("serviceAccount:"));
                if let Some(named) = named {
                    return Truth::from(named.eq_ignore_ascii_case(email));
                }
                match denied.strip_prefix("principalSet://cloudresourcemanager.googleapis.com/") {
                    Some(set) => within(set, *project),
                    None => Truth::False,
                }
            }
            Self::Member(own) => {
                let person = own.strip_prefix("user:");
                let named = subject.zip(person).is_some_and(|(subject, person)| subject.eq_ignore_ascii_case(person));
                if named || denied == *own { Truth::True } else { is_inside(own, denied) }
            }
        }
    }

    /// A service account that is written as bindings write it. Which project it lives in is not known.
    fn as_account(&self) -> Option<Self> {
        let Self::Member(own) = self else { return None };
        let email = own.strip_prefix("serviceAccount:").filter(|email| !email.contains(".svc.id.goog["))?;
        Some(Self::Account { email, project: None })
    }

    /// Whether it is in a group that a deny rule names: nobody knows.
    fn may_join(&self, group: &str) -> Truth {
        if let Self::Account { email, .. } = self
            && crate::record::names::engine_agent(email).is_some()
        {
            // Google's own agent is taken to be in no group.
            return Truth::False;
        }
        if let Self::Member(own) = self
            && own.strip_prefix("group:") == Some(group)
        {
            return Truth::True;
        }
        Truth::unknown(format!("membership in group `{group}`"))
    }
}

/// `projects/42/...`: certain for the account's own project, unknown for sets above it.
fn within(set: &str, project: Option<&str>) -> Truth {
    match (set.strip_prefix("projects/"), project) {
        (Some(named), Some(number)) => Truth::from(named.split('/').next() == Some(number)),
        (Some(_), None) | (None, _) => Truth::unknown(format!("membership in `{set}`")),
    }
}

/// Whether a member of an allow policy is of a kind that no service account is ever part of: people, groups (told apart, see
/// `groups`), domains of people, what was deleted, the legacy values of buckets and data sets, identities of pools, and
/// words without a kind, which mean nobody.
fn is_of_others(member: &str) -> bool {
    const KINDS: &[&str] = &[
        "deleted:",
        "domain:",
        "group:",
        "principal://iam.googleapis.com/",
        "principalSet://iam.googleapis.com/",
        "projectEditor:",
        "projectOwner:",
        "projectViewer:",
        "user:",
    ];
    member == "allAuthenticatedUsers" || !member.contains(':') || KINDS.iter().any(|kind| member.starts_with(kind))
}

/// Whom of a workload pool a principal or set of principals means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'a> {
    /// One service account of Kubernetes, by its namespace and name.
    Subject(&'a str, &'a str),
    /// Every one of a namespace.
    Namespace(&'a str),
    /// Everybody.
    Whole,
    /// Something else, in the words of the policy.
    Other(&'a str),
}

/// The pool a member is of, and whom of it the member means.
fn of_pool(member: &str) -> Option<(&str, Part<'_>)> {
    const MIDDLE: &str = "/locations/global/workloadIdentityPools/";
    // The form from before pools had principals means the same service account.
    if let Some(legacy) = member.strip_prefix("serviceAccount:") {
        let (pool, subject) = legacy.strip_suffix(']')?.split_once('[')?;
        let (namespace, name) = subject.split_once('/').filter(|_| pool.ends_with(".svc.id.goog"))?;
        return Some((pool, Part::Subject(namespace, name)));
    }
    let rest = member.strip_prefix("principal://").or_else(|| member.strip_prefix("principalSet://"))?;
    let rest = rest.strip_prefix(POOLS)?;
    let (project, inner) = rest.split_once(MIDDLE)?;
    let (name, what) = inner.split_once('/')?;
    // The name of a cluster's pool holds its project's id: the number before it tells nothing more.
    let pool =
        if name.ends_with(".svc.id.goog") { name } else { rest.get(..project.len() + MIDDLE.len() + name.len())? };
    let subject = what.strip_prefix("subject/ns/").and_then(|rest| rest.split_once("/sa/"));
    let part = match (what, subject, what.strip_prefix("namespace/")) {
        ("*", _, _) => Part::Whole,
        (_, Some((namespace, name)), _) => Part::Subject(namespace, name),
        (_, None, Some(namespace)) => Part::Namespace(namespace),
        (_, None, None) => Part::Other(what),
    };
    Some((pool, part))
}

/// The pool of a cluster whose workloads a member means.
pub(crate) fn workload_pool(member: &str) -> Option<&str> {
    of_pool(member).map(|(pool, _)| pool).filter(|pool| pool.ends_with(".svc.id.goog"))
}

/// Whether one subject or set of a pool lies in a set of the same pool: the same subject in its other form, its namespace,
/// the whole pool. Which subjects are in the sets of a cluster or of an account's unique id, no policy says.
fn is_inside(own: &str, set: &str) -> Truth {
    let (Some((pool, own)), Some((other, set))) = (of_pool(own), of_pool(set)) else { return Truth::False };
    if pool != other {
        return Truth::False;
    }
    match (own, set) {
        (_, Part::Whole) => Truth::True,
        (Part::Subject(namespace, _), Part::Namespace(wanted)) => Truth::from(namespace == wanted),
        (_, Part::Other(what)) => Truth::unknown(format!("whether it is among `{what}` of pool `{pool}`")),
        (_, Part::Subject(..) | Part::Namespace(_)) => Truth::from(own == set),
    }
}

/// Whether a member stands for more than a known circle.
pub(crate) fn is_broad(member: &str) -> bool {
    member == "allUsers"
        || member == "allAuthenticatedUsers"
        || member.starts_with("domain:")
        || member.starts_with("principalSet://goog/public:")
}

/// What kind of principal a member is, seen from a project.
///
/// An account of another project counts as outside where the project itself names it. Above the project, in a folder or
/// organisation, an account of any of the projects there is at home.
pub(crate) fn kind(member: &str, place: &str, project: &str, number: Option<&str>) -> PrincipalKind {
    if is_broad(member) {
        return PrincipalKind::Everyone;
    }
    match member.split_once(':') {
        Some(("user", _)) => PrincipalKind::User,
        Some(("group" | "projectOwner" | "projectEditor" | "projectViewer", _)) => PrincipalKind::Group,
        Some(("serviceAccount", email)) if place.starts_with("projects/") && is_foreign(email, project, number) => {
            PrincipalKind::External
        }
        Some(("principal" | "principalSet", rest)) if !rest.contains(".svc.id.goog") => PrincipalKind::External,
        Some(_) => PrincipalKind::Role,
        // A member without a prefix is nobody we know.
        None => PrincipalKind::External,
    }
}

/// Whether an account lives in another project.
pub(crate) fn is_foreign(email: &str, project: &str, number: Option<&str>) -> bool {
    let own_pool = email.strip_prefix(project).is_some_and(|rest| rest.starts_with(".svc.id.goog"));
    if own_pool {
        return false;
    }
    if email.contains(".svc.id.goog[") {
        return true;
    }
    let Some((name, domain)) = email.split_once('@') else { return true };
    match domain {
        "developer.gserviceaccount.com" => {
            name.split('-').next().is_none_or(|said| number.is_some_and(|number| said != number))
        }
        "appspot.gserviceaccount.com" => name != project,
        "cloudservices.gserviceaccount.com" => number.is_some_and(|number| name != number),
        domain => match domain.strip_suffix(".iam.gserviceaccount.com") {
            Some(home) => home != project,
            None => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "iam.googleapis.com/projects/42/locations/global/workloadIdentityPools/p.svc.id.goog";

    #[test]
    fn a_subject_lies_in_its_namespace_and_in_its_pool_and_in_no_other() {
        let subject = format!("principal://{POOL}/subject/ns/prod/sa/app");
        let own = Principal::Member(&subject);
        assert_eq!(own.is_meant_by(&subject), Truth::True);
        assert_eq!(own.is_meant_by(&format!("principalSet://{POOL}/namespace/prod")), Truth::True);
        assert_eq!(own.is_meant_by(&format!("principalSet://{POOL}/*")), Truth::True);
        assert_eq!(own.is_meant_by(&format!("principalSet://{POOL}/namespace/pro")), Truth::False);
        assert_eq!(own.is_meant_by("allAuthenticatedUsers"), Truth::False);
    }

    #[test]
    fn a_subject_is_the_same_in_its_old_form_and_a_namespace_lies_in_the_pool() {
        let subject = format!("principal://{POOL}/subject/ns/prod/sa/app");
        let legacy = "serviceAccount:p.svc.id.goog[prod/app]";
        assert_eq!(Principal::Member(&subject).is_meant_by(legacy), Truth::True);
        assert_eq!(Principal::Member(legacy).is_meant_by(&subject), Truth::True);
        assert_eq!(
            Principal::Member(legacy).is_meant_by(&format!("principalSet://{POOL}/namespace/prod")),
            Truth::True
        );
        assert_eq!(Principal::Member(legacy).is_meant_by("serviceAccount:p.svc.id.goog[prod/other]"), Truth::False);
        assert_eq!(Principal::Member(legacy).is_meant_by("serviceAccount:q.svc.id.goog[prod/app]"), Truth::False);
        let namespace = format!("principalSet://{POOL}/namespace/prod");
        assert_eq!(Principal::Member(&namespace).is_meant_by(&format!("principalSet://{POOL}/*")), Truth::True);
        assert_eq!(Principal::Member(&namespace).is_meant_by(&subject), Truth::False);
    }

    #[test]
    fn who_is_in_the_set_of_a_cluster_or_of_a_unique_id_no_policy_says() {
        let subject = format!("principal://{POOL}/subject/ns/prod/sa/app");
        for set in ["kubernetes.cluster/https://container.googleapis.com/v1/x", "kubernetes.serviceaccount.uid/1"] {
            let set = format!("principalSet://{POOL}/{set}");
            assert!(matches!(Principal::Member(&subject).is_meant_by(&set), Truth::Unknown(_)), "{set}");
            assert!(matches!(Principal::Member(&subject).is_denied_by(&set), Truth::Unknown(_)), "{set}");
        }
    }

    #[test]
    fn an_account_is_perhaps_among_a_kind_of_member_nobody_knows_and_never_among_people() {
        let own = Principal::Account { email: "n@p.iam.gserviceaccount.com", project: Some("42") };
        for others in ["user:n@p.iam.gserviceaccount.com", "deleted:serviceAccount:n@p?uid=1", "projectOwner:p", "abc"]
        {
            assert_eq!(own.is_meant_by(others), Truth::False, "{others}");
        }
        for set in ["principalSet://goog/cloudIdentityCustomerId/C1", "agentSet:all"] {
            assert!(matches!(own.is_meant_by(set), Truth::Unknown(_)), "{set}");
        }
    }

    #[test]
    fn a_group_means_itself_and_everybody_is_certain() {
        let own = Principal::Account { email: "n@p.iam.gserviceaccount.com", project: Some("42") };
        assert_eq!(own.is_meant_by("group:admins@x.example"), Truth::False);
        assert_eq!(Principal::Member("group:admins@x.example").is_meant_by("group:admins@x.example"), Truth::True);
        assert!(matches!(own.is_denied_by("principalSet://goog/group/admins@x.example"), Truth::Unknown(_)));
        assert_eq!(own.is_meant_by("allAuthenticatedUsers"), Truth::True);
        assert_eq!(own.is_meant_by("serviceAccount:N@p.iam.gserviceaccount.com"), Truth::True);
        assert_eq!(own.is_meant_by("domain:x.example"), Truth::False);
        assert_eq!(own.is_meant_by("n@p.iam.gserviceaccount.com"), Truth::False);
        assert_eq!(own.is_denied_by("principalSet://goog/public:all"), Truth::True);
    }

    #[test]
    fn an_account_written_as_a_member_is_denied_like_the_account() {
        let own = Principal::Member("serviceAccount:n@p.iam.gserviceaccount.com");
        let named = "principal://iam.googleapis.com/projects/-/serviceAccounts/N@p.iam.gserviceaccount.com";
        assert_eq!(own.is_denied_by(named), Truth::True);
        let set = "principalSet://cloudresourcemanager.googleapis.com/projects/42";
        assert!(matches!(own.is_denied_by(set), Truth::Unknown(_)));
        assert_eq!(own.is_meant_by("allAuthenticatedUsers"), Truth::True);
        let pod = Principal::Member("serviceAccount:p.svc.id.goog[prod/app]");
        assert_eq!(pod.is_meant_by("allAuthenticatedUsers"), Truth::False);
        assert_eq!(pod.is_meant_by("serviceAccount:p.svc.id.goog[prod/app]"), Truth::True);
    }
}
