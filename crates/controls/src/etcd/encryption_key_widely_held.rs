//! ET-13.

use crate::flaws::Flaws;
use crate::quoted::listed;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, KeyAccess, KeyHolder};

guide! {
    /// # Others than the cluster can use or change the encryption key
    ///
    /// ## What is checked
    /// Who besides the cluster may decrypt with the key of etcd's content or change who may, whether one principal may do
    /// both, whether the key's service answers from any network, and whether uses are logged.
    ///
    /// ## Why it matters
    /// Who holds the key reads every Secret from a snapshot or a backup, outside the cluster and without a trace in it.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | everybody, a whole account or a whole project holds it, or somebody both uses and administers it |
    /// | fail, medium | somebody else than the cluster may decrypt, the vault answers from any network, or uses are not logged |
    /// | pass | only the cluster uses it and only others administer it, from closed networks, with a log, as far as the provider lets one choose |
    /// | unknown | policies were not read, for example because the key belongs to another account |
    /// | not applicable | there is no key of yours |
    ///
    /// ## Remediation
    /// ### EKS
    /// Name the cluster's role for use and other principals for administration: `aws kms put-key-policy --key-id KEY
    /// --policy-name default --policy file://policy.json`
    /// ### AKS
    /// `az role assignment delete --assignee PRINCIPAL --role ROLE --scope VAULT`; `az aks update --resource-group GROUP
    /// --name NAME --enable-azure-keyvault-kms --azure-keyvault-kms-key-id KEY --azure-keyvault-kms-key-vault-network-access
    /// Private --azure-keyvault-kms-key-vault-resource-id VAULT`, then `az keyvault update --name VAULT
    /// --public-network-access Disabled`; send `AuditEvent` to a workspace with `az monitor diagnostic-settings create`
    /// ### GKE
    /// `gcloud kms keys remove-iam-policy-binding KEY --keyring RING --location LOCATION --member MEMBER --role ROLE`, and
    /// keep keys in a project whose owners are not the cluster's.
    ///
    /// ## Limits
    /// Where the key's policy hands over to the account's own permissions, holders are those of the identities this scan
    /// has read. Who may assume a role is not unfolded.
    pub struct EncryptionKeyWidelyHeld;
}

impl Control for EncryptionKeyWidelyHeld {
    const META: Meta = Meta {
        id: "ET-13",
        name: "encryption-key-widely-held",
        title: "Few principals can use or change the key, its network path is closed, and use is logged",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::KeyAccess],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-12,AC-6,AU-12; PCI-DSS-4.0.1:3.6.1,3.7.6,10.2.1; SOC2-TSC:CC6.1,CC6.3; ISO-27001-2022:A.8.24,A.5.3",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.key.access;
        whole(cluster, || Ok(judge_access(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_access(access: &KeyAccess) -> Result<Verdict, Gap> {
    let (holders, public_network, logged) = match access {
        KeyAccess::NoCustomerKey { because } => {
            return Ok(Verdict::not_applicable(format!("there is no key of yours to guard: {because}")));
        }
        KeyAccess::Known { holders, public_network, logged } => (holders, *public_network, *logged),
    };
    let mut flaws = Flaws::default();
    let mut prove = |severity, why, wrong: &dyn Fn(&&KeyHolder) -> bool| {
        let who = listed(holders.iter().filter(wrong).map(|one| format!("`{}` by `{}`", one.principal, one.by)), ", ");
        if !who.is_empty() {
            flaws.prove(severity, format!("{why}: {who}"));
        }
    };
    prove(Severity::High, "held by more than a named few", &|one| one.broad && (one.uses || one.administers));
    prove(Severity::High, "used and administered by the same", &|one| !one.broad && one.uses && one.administers);
    prove(Severity::Medium, "used by others than the cluster", &|one| !one.broad && one.uses && !one.administers);
    if public_network == Some(true) {
        flaws.prove(Severity::Medium, "the key's service answers from any network");
    }
    if logged == Some(false) {
        flaws.prove(Severity::Medium, "uses of the key are not logged");
    }
    flaws.settle(|| {
        let administrators =
            listed(holders.iter().filter(|one| one.administers).map(|one| format!("`{}`", one.principal)), ", ");
        Ok(Verdict::pass(if administrators.is_empty() {
            "nobody but the cluster uses the key".to_owned()
        } else {
            format!("nobody but the cluster uses the key; administered by {administrators}")
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(access: Observed<KeyAccess>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.key.access = access;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = EncryptionKeyWidelyHeld::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn holder(uses: bool, administers: bool, broad: bool) -> Observed<KeyAccess> {
        let (principal, by) = ("security".to_owned(), "key policy statement 1".to_owned());
        let holders = vec![KeyHolder { principal, uses, administers, broad, by }];
        known(KeyAccess::Known { holders, public_network: None, logged: None })
    }

    fn setting(public_network: Option<bool>, logged: Option<bool>) -> Observed<KeyAccess> {
        known(KeyAccess::Known { holders: Vec::new(), public_network, logged })
    }

    #[test]
    fn a_whole_account_and_an_administrator_who_decrypts_are_high() {
        let high = Ok((State::Fail, Some(Severity::High)));
        assert_eq!(judge(holder(true, false, true)), high);
        assert_eq!(judge(holder(false, true, true)), high);
        assert_eq!(judge(holder(true, true, false)), high);
    }

    #[test]
    fn another_user_an_open_vault_and_a_missing_log_are_medium() {
        let medium = Ok((State::Fail, Some(Severity::Medium)));
        assert_eq!(judge(holder(true, false, false)), medium);
        assert_eq!(judge(setting(Some(true), None)), medium);
        assert_eq!(judge(setting(None, Some(false))), medium);
    }

    #[test]
    fn a_separate_administrator_passes_where_the_provider_offers_no_other_choice() {
        assert_eq!(judge(holder(false, true, false)), Ok((State::Pass, None)));
        assert_eq!(judge(setting(None, None)), Ok((State::Pass, None)));
    }

    #[test]
    fn no_key_of_yours_is_not_asked_and_a_key_of_another_account_is_a_gap() {
        let because = "the provider's own key".to_owned();
        assert_eq!(judge(known(KeyAccess::NoCustomerKey { because })), Ok((State::NotApplicable, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
