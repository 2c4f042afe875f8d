//! ID-14.

use crate::flaws::Flaws;
use crate::quoted::{listed, quoted};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, ExternalTrust, FactKind, Gap};

guide! {
    /// # Outsiders are trusted without a decision
    ///
    /// ## What is checked
    /// Which accounts, tenants and projects outside this one may become an identity of the cluster or use its key, whether
    /// the policy approves each, and whether each has to prove more than its name.
    ///
    /// ## Why it matters
    /// Such a trust outlives the project it was made for. A service that acts for many customers can be talked into acting
    /// for the wrong one when it has nothing but its name to show.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a party is trusted that the policy's `approved_parties` does not name, or an approved one has nothing to prove |
    /// | pass | nobody outside is trusted, or each is approved and proves an external id or an exact subject |
    /// | unknown | trusts were not read, or somebody is trusted and the policy has no list |
    ///
    /// ## Remediation
    /// ### EKS
    /// Take the party out of the trust policy, or ask for `sts:ExternalId` there: `aws iam update-assume-role-policy
    /// --role-name ROLE --policy-document file://trust.json`
    /// ### AKS
    /// `az identity federated-credential delete --name CREDENTIAL --identity-name IDENTITY --resource-group GROUP`; for a
    /// delegation, `az managedservices assignment delete --assignment ASSIGNMENT`
    /// ### GKE
    /// `gcloud iam service-accounts remove-iam-policy-binding ACCOUNT --member MEMBER --role ROLE`
    ///
    /// ## Limits
    /// Services of the provider itself are no outsiders. Which accounts belong to your own organisation is not asked of the
    /// provider: name them in `approved_parties`.
    pub struct ExternalTrustUnapproved;
}

impl Control for ExternalTrustUnapproved {
    const META: Meta = Meta {
        id: "ID-14",
        name: "external-trust-unapproved",
        title: "Cross-account and cross-tenant trust is explicit",
        concern: Concern::CloudApiIam,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::ExternalTrusts],
        maps: "CIS-EKS-2.0.0:5.2.1; CIS-EKS-1.8.0:5.2.1; CIS-AKS-1.8.0:5.2.1; CIS-GKE-1.9.0:5.2.2; NSA-CISA-1.2:Cloud infrastructure; NIST-800-53r5:AC-3,AC-4; PCI-DSS-4.0.1:7.2.5,12.8.1; SOC2-TSC:CC6.3; ISO-27001-2022:A.5.19,A.5.20",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.external_trusts;
        whole(cluster, || Ok(judge_trusts(fact.get()?, context.policy)?.seen_in(fact)))
    }
}

fn judge_trusts(trusts: &[ExternalTrust], policy: &Policy) -> Result<Verdict, Gap> {
    if trusts.is_empty() {
        return Ok(Verdict::pass("nobody outside is trusted"));
    }
    let parties = || quoted(trusts.iter().map(|trust| &trust.party));
    let Some(approved) = &policy.approved_parties else {
        let what = format!("{} may come in from outside; the policy does not say who is approved", parties());
        return Err(Gap::Unsettled { what });
    };
    let mut flaws = Flaws::default();
    let mut prove = |wrong: &dyn Fn(&&ExternalTrust) -> bool, why| {
        let by = listed(trusts.iter().filter(wrong).map(|trust| format!("`{}` by `{}`", trust.party, trust.via)), ", ");
        if !by.is_empty() {
            flaws.prove(Severity::Medium, format!("{why}: {by}"));
        }
    };
    prove(&|trust| !approved.contains(&trust.party), "trusted and not approved");
    prove(
        &|trust| approved.contains(&trust.party) && trust.guarded_by.is_none(),
        "approved with nothing to prove but a name",
    );
    flaws.settle(|| {
        Ok(Verdict::pass(format!("each party outside is approved and proves more than its name: {}", parties())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(trusts: Observed<Vec<ExternalTrust>>, approved: Option<&[&str]>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.external_trusts = trusts;
        let approved_parties = approved.map(|names| names.iter().map(ToString::to_string).collect());
        let policy = Policy { approved_parties, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        ExternalTrustUnapproved::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn vendor(guarded_by: Option<&str>) -> Observed<Vec<ExternalTrust>> {
        let (party, via) = ("999999999999".to_owned(), "role backup".to_owned());
        known(vec![ExternalTrust { party, via, guarded_by: guarded_by.map(str::to_owned) }])
    }

    #[test]
    fn a_party_that_is_not_on_the_list_fails_however_well_guarded() {
        assert_eq!(judge(vendor(Some("sts:ExternalId")), Some(&["111111111111"])), Ok(State::Fail));
    }

    #[test]
    fn an_approved_party_passes_only_with_something_to_prove() {
        assert_eq!(judge(vendor(Some("sts:ExternalId")), Some(&["999999999999"])), Ok(State::Pass));
        assert_eq!(judge(vendor(None), Some(&["999999999999"])), Ok(State::Fail));
    }

    #[test]
    fn without_a_list_a_trust_is_undecided_and_no_trust_passes() {
        assert!(matches!(judge(vendor(None), None), Err(Gap::Unsettled { .. })));
        assert_eq!(judge(known(Vec::new()), None), Ok(State::Pass));
    }

    #[test]
    fn unread_trusts_are_a_gap_and_not_a_pass() {
        assert_eq!(judge(Observed::missing(gap()), Some(&["999999999999"])), Err(gap()));
    }
}
