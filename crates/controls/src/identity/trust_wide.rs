//! ID-08.

use crate::flaws::Flaws;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Subject, Verdict, guide, whole,
};
use palisade_model::{Audience, Cluster, FactKind, Gap, Issuer, Trust, TrustSubject};

guide! {
    /// # More pods than one become a cloud identity
    ///
    /// ## What is checked
    /// For each statement by which pods become a cloud identity: whether it names one service account of one cluster,
    /// whether the audience of the token is checked, and whether other service accounts become the same identity.
    ///
    /// ## Why it matters
    /// Whoever may create a service account that the statement admits has the identity. With a wildcard that is everyone
    /// who may create a namespace; with no subject at all it is every pod.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | the statement admits every service account of the cluster, or of every cluster in the pool |
    /// | fail, high | it admits a namespace or a pattern, believes an issuer that is not this cluster's or a pool that other clusters share, or leaves the audience unchecked |
    /// | fail, low | it names one service account, and others become the same identity by other statements |
    /// | pass | it names one service account of this cluster, the only one to become the identity; or nobody can use it |
    /// | unknown | the trusts were not read, or hold an expression or an audience that this version does not judge |
    /// | not applicable | no pod becomes a cloud identity |
    ///
    /// ## Remediation
    /// ### EKS
    /// In the trust policy, `StringEquals` on `ISSUER:sub` with `system:serviceaccount:NAMESPACE:NAME` and on `ISSUER:aud`
    /// with `sts.amazonaws.com`: `aws iam update-assume-role-policy --role-name ROLE --policy-document file://trust.json`.
    /// Or `aws eks create-pod-identity-association --cluster-name NAME --namespace NAMESPACE --service-account ACCOUNT
    /// --role-arn ROLE`
    /// ### AKS
    /// `az identity federated-credential create --name CREDENTIAL --identity-name IDENTITY --resource-group GROUP --issuer
    /// ISSUER --subject system:serviceaccount:NAMESPACE:NAME --audiences api://AzureADTokenExchange`, and delete the wide one.
    /// ### GKE
    /// Bind one subject: `gcloud iam service-accounts add-iam-policy-binding ACCOUNT --role
    /// roles/iam.workloadIdentityUser --member principal://iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/PROJECT.svc.id.goog/subject/ns/NAMESPACE/sa/NAME`
    /// and remove the wide binding. The pool is shared by every cluster of the project: keep clusters that must not stand in
    /// for each other in projects of their own.
    ///
    /// ## Limits
    /// Who may create service accounts in the named namespace is decided inside the cluster. Clusters of a shared pool are
    /// counted where this scan could look.
    pub struct TrustWide;
}

impl Control for TrustWide {
    const META: Meta = Meta {
        id: "ID-08",
        name: "trust-wide",
        title: "Federated trust names exact subjects and one consumer each",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Trusts],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-3,AC-6,IA-9; PCI-DSS-4.0.1:7.2.5,8.6.3; SOC2-TSC:CC6.1,CC6.3; ISO-27001-2022:A.5.15,A.5.18",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.trusts;
        let trusts = match fact.get() {
            Ok(trusts) if !trusts.is_empty() => trusts,
            Ok(_) => {
                return whole(cluster, || Ok(Verdict::not_applicable("no pod becomes a cloud identity").seen_in(fact)));
            }
            Err(gap) => return whole(cluster, || Err(gap)),
        };
        let judged = |trust| judge_trust(trust).map(|verdict| verdict.seen_in(fact));
        trusts.iter().map(|trust| Judgement { subject: Subject::trust(trust), verdict: judged(trust) }).collect()
    }
}

fn judge_trust(trust: &Trust) -> Result<Verdict, Gap> {
    let (id, mut flaws) = (&trust.identity, Flaws::default());
    let (who, wide) = match &trust.subject {
        TrustSubject::Nobody { because } => {
            return Ok(Verdict::pass(format!("nobody becomes `{id}` by it: {because}")));
        }
        TrustSubject::Exact { namespace, service_account } => (format!("`{namespace}/{service_account}`"), None),
        TrustSubject::Namespace { namespace } => {
            (format!("every service account of namespace `{namespace}`"), Some(Severity::High))
        }
        TrustSubject::Pattern { pattern } => (format!("every service account like `{pattern}`"), Some(Severity::High)),
        TrustSubject::WholeCluster => ("every service account of the cluster".to_owned(), Some(Severity::Critical)),
        TrustSubject::WholePool => {
            ("every service account of every cluster in the pool".to_owned(), Some(Severity::Critical))
        }
        TrustSubject::Expression { text } => {
            flaws.unsettled(format!("`{id}` is for whoever satisfies `{text}`, which is not evaluated"));
            ("whoever satisfies it".to_owned(), None)
        }
    };
    let said = format!("{who} becomes `{id}`");
    if let Some(severity) = wide {
        flaws.prove(severity, said.clone());
    }
    match &trust.issuer {
        Issuer::ThisCluster | Issuer::SharedPool { clusters: 0 | 1, .. } => (),
        Issuer::SharedPool { pool, clusters } => {
            flaws.prove(Severity::High, format!("{said} in each of {clusters} clusters that share the pool `{pool}`"));
        }
        Issuer::PartlySeenPool { gap, .. } => flaws.doubt(gap.clone()),
        Issuer::Other(issuer) => {
            flaws.prove(Severity::High, format!("`{id}` believes the issuer `{issuer}`, which is not this cluster's"));
        }
    }
    match &trust.audience {
        Audience::Checked => (),
        Audience::Unchecked => flaws.prove(Severity::High, format!("the way to `{id}` leaves the audience unchecked")),
        Audience::Unusual(audience) => flaws.unsettled(format!("the way to `{id}` asks for the audience `{audience}`")),
    }
    if trust.consumers > 1 {
        flaws.prove(Severity::Low, format!("{} service accounts become `{id}`", trust.consumers));
    }
    flaws.settle(|| Ok(Verdict::pass(format!("only {said}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(change: impl FnOnce(&mut Trust)) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        let mut trust = cluster.trusts.get().unwrap()[0].clone();
        change(&mut trust);
        cluster.trusts = known(vec![trust]);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = TrustWide::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn failure(change: impl FnOnce(&mut Trust)) -> Option<Severity> {
        let (state, severity) = judge(change).unwrap();
        assert_eq!(state, State::Fail);
        severity
    }

    #[test]
    fn no_subject_is_critical_and_a_wildcard_high() {
        for subject in [TrustSubject::WholeCluster, TrustSubject::WholePool] {
            assert_eq!(failure(|trust| trust.subject = subject), Some(Severity::Critical));
        }
        let pattern = "system:serviceaccount:shop:*".to_owned();
        assert_eq!(failure(|trust| trust.subject = TrustSubject::Pattern { pattern }), Some(Severity::High));
        let namespace = "shop".to_owned();
        assert_eq!(failure(|trust| trust.subject = TrustSubject::Namespace { namespace }), Some(Severity::High));
    }

    #[test]
    fn the_same_name_in_another_cluster_of_the_pool_is_the_same_identity() {
        let shared = |clusters| Issuer::SharedPool { pool: "shop.svc.id.goog".to_owned(), clusters };
        assert_eq!(failure(|trust| trust.issuer = shared(2)), Some(Severity::High));
        assert_eq!(judge(|trust| trust.issuer = shared(1)), Ok((State::Pass, None)));
    }

    #[test]
    fn a_pool_whose_clusters_were_not_all_seen_never_passes_and_hides_no_wide_subject() {
        let gap = Gap::NotCollected { what: "a zone did not answer".to_owned() };
        let pool = || Issuer::PartlySeenPool { pool: "shop.svc.id.goog".to_owned(), gap: gap.clone() };
        assert_eq!(judge(|trust| trust.issuer = pool()), Err(gap.clone()));
        let wide = failure(|trust| {
            trust.issuer = pool();
            trust.subject = TrustSubject::WholePool;
        });
        assert_eq!(wide, Some(Severity::Critical));
    }

    #[test]
    fn an_exact_subject_does_not_excuse_a_strange_issuer_or_an_unchecked_audience() {
        assert_eq!(failure(|trust| trust.issuer = Issuer::Other("https://x.example".to_owned())), Some(Severity::High));
        assert_eq!(failure(|trust| trust.audience = Audience::Unchecked), Some(Severity::High));
    }

    #[test]
    fn several_consumers_are_low_and_one_passes() {
        assert_eq!(failure(|trust| trust.consumers = 2), Some(Severity::Low));
        assert_eq!(judge(|_| ()), Ok((State::Pass, None)));
    }

    #[test]
    fn a_statement_that_admits_nobody_passes_and_an_expression_is_not_guessed() {
        let because = "no such provider".to_owned();
        assert_eq!(judge(|trust| trust.subject = TrustSubject::Nobody { because }), Ok((State::Pass, None)));
        let text = "claims['sub'] matches 'system:*'".to_owned();
        let verdict = judge(|trust| trust.subject = TrustSubject::Expression { text });
        assert!(matches!(verdict, Err(Gap::Unsettled { .. })));
        let verdict = judge(|trust| trust.audience = Audience::Unusual("vault".to_owned()));
        assert!(matches!(verdict, Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn without_trusts_nothing_is_asked_and_unread_trusts_are_a_gap() {
        let mut cluster = tidy(Provider::Aws);
        let context = Context { policy: &Policy::default(), now: now() };
        cluster.trusts = known(Vec::new());
        assert_eq!(TrustWide::judge(&cluster, &context)[0].verdict.as_ref().unwrap().state, State::NotApplicable);
        cluster.trusts.hide(gap());
        assert_eq!(TrustWide::judge(&cluster, &context)[0].verdict, Err(gap()));
    }
}
