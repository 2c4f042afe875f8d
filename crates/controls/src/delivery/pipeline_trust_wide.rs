//! CD-02.

use crate::{
    flaws::Flaws,
    quoted::{listed, quoted},
};
use palisade_authority::{Certainty, PipelineService, PipelineSubject};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Subject, SubjectKind, Verdict,
    guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Pipeline, PipelineReach};

guide! {
    /// # Other pipelines than the one that should can change the cluster
    ///
    /// ## What is checked
    /// Each statement by which runs of a pipeline's service become a cloud identity with rights over the cluster: which runs
    /// the subject of the token lets in, and how much of the cluster the identity may change.
    ///
    /// ## Why it matters
    /// A pipeline's service signs the tokens of all its customers with one key. A trust that does not say whose runs it means
    /// is open to each of them; one that says the project and not the branch is open to whoever may push any branch.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | the statement admits every customer of the service |
    /// | fail, high | it admits every project of an owner or every run of a project, or the identity has rights over the whole cluster |
    /// | pass | it admits one branch, tag or environment of one project, and the identity has rights in named namespaces alone |
    /// | unknown | the trusts were not read, the service is none that is known, or what the subject or the identity amounts to is not settled |
    /// | not applicable | no identity that an outside issuer's tokens become has rights over the cluster |
    ///
    /// ## Remediation
    /// ### EKS
    /// In the trust policy `StringEquals` on `token.actions.githubusercontent.com:sub` with
    /// `repo:OWNER/REPOSITORY:environment:NAME`: `aws iam update-assume-role-policy --role-name ROLE --policy-document
    /// file://trust.json`; then `aws eks associate-access-policy --cluster-name NAME --principal-arn ROLE --policy-arn
    /// arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy --access-scope type=namespace,namespaces=NAMESPACE`
    /// ### AKS
    /// `az identity federated-credential update --name CREDENTIAL --identity-name IDENTITY --resource-group GROUP --issuer
    /// ISSUER --subject repo:OWNER/REPOSITORY:environment:NAME`; assign `Azure Kubernetes Service RBAC Writer` at
    /// `CLUSTER/namespaces/NAMESPACE` instead of a role on the cluster.
    /// ### GKE
    /// `gcloud iam workload-identity-pools providers update-oidc PROVIDER --location global --workload-identity-pool POOL
    /// --attribute-condition "assertion.sub == 'repo:OWNER/REPOSITORY:environment:NAME'"`, bind
    /// `principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT`, and give
    /// rights inside the cluster by RoleBindings.
    ///
    /// ## Limits
    /// Application registrations of Entra and the conditions of Google's pool providers are not read, and neither is what the
    /// cluster's own RBAC gives. Pipelines that sign in with stored keys cannot be told from people: their keys are judged
    /// with the identity (ID-09). The services known are GitHub Actions, GitLab, HCP Terraform and Azure Pipelines.
    pub struct PipelineTrustWide;
}

impl Control for PipelineTrustWide {
    const META: Meta = Meta {
        id: "CD-02",
        name: "pipeline-trust-wide",
        title: "Pipeline identities are federated, narrow and per environment",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::CiCd,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Pipelines],
        maps: "CIS-EKS-2.0.0:4.1.7,5.2.1; CIS-EKS-1.8.0:4.1.7,5.2.1; CIS-AKS-1.8.0:5.5.2; CIS-GKE-1.9.0:5.2.2; CIS-K8S-2.0.1:3.1.2; NSA-CISA-1.2:Authentication; NIST-800-53r5:IA-9,AC-6,CM-5; PCI-DSS-4.0.1:8.6.3,7.2.5; SOC2-TSC:CC6.1,CC8.1; ISO-27001-2022:A.5.17,A.8.31",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.pipelines;
        let pipelines = match fact.get() {
            Ok(pipelines) => pipelines,
            Err(gap) => return whole(cluster, || Err(gap)),
        };
        let judged = |one: &Pipeline| judge_pipeline(one).map(|verdict| verdict.seen_in(fact));
        let mut judged: Vec<Judgement> =
            pipelines.found.iter().map(|one| Judgement { subject: subject(one), verdict: judged(one) }).collect();
        if !pipelines.unread.is_empty() {
            let what =
                format!("whether a pipeline acts as them was not read: {}", listed(pipelines.unread.clone(), "; "));
            let name = "holders of rights of whom nobody knows";
            let subject = Subject { kind: SubjectKind::Trust, id: "unread-pipelines".into(), name: name.into() };
            judged.push(Judgement { subject, verdict: Err(Gap::NotCollected { what }) });
        }
        if judged.is_empty() {
            let none = "no identity that an outside issuer's tokens become has rights over the cluster";
            return whole(cluster, || Ok(Verdict::not_applicable(none).seen_in(fact)));
        }
        judged
    }
}

fn subject(pipeline: &Pipeline) -> Subject {
    Subject {
        kind: SubjectKind::Trust,
        id: format!("{} by {}", pipeline.identity, pipeline.text).into(),
        name: pipeline.identity.to_string().into(),
    }
}

fn judge_pipeline(pipeline: &Pipeline) -> Result<Verdict, Gap> {
    let (id, mut flaws) = (&pipeline.identity, Flaws::default());
    let service = PipelineService::of(&pipeline.issuer);
    let whose = service.map_or_else(|| format!("`{}`", pipeline.issuer), |service| service.to_string());
    let who = match &pipeline.admits {
        _ if service.is_none() => {
            flaws.unsettled(format!("`{id}` believes the tokens of {whose}, and what those say is not known"));
            format!("holders of tokens of {whose}")
        }
        PipelineSubject::Exact { subject } => format!("`{subject}` of {whose}"),
        PipelineSubject::Project { subject } => {
            flaws.prove(Severity::High, format!("every run of a project of {whose} becomes `{id}`: `{subject}`"));
            format!("`{subject}`")
        }
        PipelineSubject::Owner { subject } => {
            flaws.prove(Severity::High, format!("every project of an owner at {whose} becomes `{id}`: `{subject}`"));
            format!("`{subject}`")
        }
        PipelineSubject::Anyone { subject } => {
            flaws.prove(Severity::Critical, format!("every customer of {whose} becomes `{id}`: `{subject}`"));
            format!("`{subject}`")
        }
        PipelineSubject::Unread { what } => {
            flaws.unsettled(format!("which runs of {whose} become `{id}` hangs on {what}"));
            format!("whoever satisfies {what}")
        }
    };
    let reach = match &pipeline.reach {
        PipelineReach::Namespaces(names) => format!("has rights in {}", quoted(names)),
        PipelineReach::Cluster { by, certainty } => {
            let said = format!("`{id}`, which {who} becomes, has rights over the whole cluster by {}", quoted(by));
            match certainty {
                Certainty::Certain => flaws.prove(Severity::High, said.clone()),
                Certainty::Conditional(on) => {
                    flaws.unsettled(format!("{said}, if at all: it hangs on {}", quoted(on)));
                }
            }
            said
        }
        PipelineReach::Inside { by } => {
            let said = format!("what the cluster gives `{id}` by {by} is not read");
            flaws.unsettled(said.clone());
            said
        }
    };
    flaws.settle(|| Ok(Verdict::pass(format!("only {who} becomes `{id}`, which {reach}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Pipelines, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Pipeline)) -> Result<(State, Option<Severity>), Gap> {
        let mut pipelines = tidy(Provider::Aws).pipelines.get().unwrap().clone();
        change(&mut pipelines.found[0]);
        let verdict = judge_all(known(pipelines)).remove(0)?;
        Ok((verdict.state, verdict.severity))
    }

    fn judge_all(pipelines: Observed<Pipelines>) -> Vec<Result<Verdict, Gap>> {
        let mut cluster = tidy(Provider::Aws);
        cluster.pipelines = pipelines;
        let context = Context { policy: &Policy::default(), now: now() };
        PipelineTrustWide::judge(&cluster, &context).into_iter().map(|one| one.verdict).collect()
    }

    fn whole_cluster(certainty: Certainty) -> PipelineReach {
        PipelineReach::Cluster { by: vec!["AmazonEKSClusterAdminPolicy".to_owned()], certainty }
    }

    #[test]
    fn one_environment_with_rights_in_one_namespace_passes() {
        assert_eq!(judge(|_| ()), Ok((State::Pass, None)));
    }

    #[test]
    fn the_wider_the_subject_the_graver_the_failure() {
        let with = |admits: fn(String) -> PipelineSubject| judge(|one| one.admits = admits("repo:acme/*".to_owned()));
        let high = Ok((State::Fail, Some(Severity::High)));
        assert_eq!(with(|subject| PipelineSubject::Project { subject }), high);
        assert_eq!(with(|subject| PipelineSubject::Owner { subject }), high);
        assert_eq!(with(|subject| PipelineSubject::Anyone { subject }), Ok((State::Fail, Some(Severity::Critical))));
        assert!(matches!(with(|what| PipelineSubject::Unread { what }), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn rights_over_the_whole_cluster_fail_when_they_are_certain() {
        assert_eq!(judge(|one| one.reach = whole_cluster(Certainty::Certain)), Ok((State::Fail, Some(Severity::High))));
        let on = Certainty::Conditional(["aws:SourceIp".to_owned()].into());
        assert!(matches!(judge(|one| one.reach = whole_cluster(on)), Err(Gap::Unsettled { .. })));
        let inside = PipelineReach::Inside { by: "group `deployers`".to_owned() };
        assert!(matches!(judge(|one| one.reach = inside), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn an_issuer_that_is_not_known_is_unknown_and_its_rights_still_count() {
        let stranger = |one: &mut Pipeline| one.issuer = "https://ci.example".to_owned();
        assert!(matches!(judge(stranger), Err(Gap::Unsettled { .. })));
        let both = judge(|one| {
            stranger(one);
            one.reach = whole_cluster(Certainty::Certain);
        });
        assert_eq!(both, Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn without_pipelines_it_is_not_asked_unless_one_could_hide_behind_a_holder_of_rights() {
        assert_eq!(judge_all(known(Pipelines::default()))[0].as_ref().unwrap().state, State::NotApplicable);
        let hiding = Pipelines { found: Vec::new(), unread: vec!["application `ci`".to_owned()] };
        assert!(matches!(&judge_all(known(hiding))[..], [Err(Gap::NotCollected { what })] if what.contains("`ci`")));
        assert_eq!(judge_all(Observed::missing(gap()))[0], Err(gap()));
    }
}
