//! ET-11.

use crate::flaws::Flaws;
use crate::time::{date, days};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, KeyState};

guide! {
    /// # Encryption key is dead, dying or easily destroyed
    ///
    /// ## What is checked
    /// Whether the key that encrypts etcd's content works, is about to be destroyed or to expire, and whether deleting it
    /// can be undone.
    ///
    /// ## Why it matters
    /// Without the key nothing that it encrypted can be read again: every Secret is lost, and perhaps the cluster.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, critical | the key is switched off, will be destroyed, or has expired |
    /// | fail, high | it expires soon (within 90 days by default), or its deletion cannot be undone although the provider offers that |
    /// | pass | it works, does not expire soon, and is protected as far as the provider offers it |
    /// | unknown | the key was not read, for example because it belongs to another account or project |
    /// | not applicable | there is no key of yours |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws kms cancel-key-deletion --key-id KEY`, then `aws kms enable-key --key-id KEY`
    /// ### AKS
    /// `az keyvault key recover --vault-name VAULT --name KEY`; `az keyvault key set-attributes --vault-name VAULT --name KEY
    /// --enabled true --expires DATE`; `az keyvault update --name VAULT --enable-purge-protection true`. Keep the old key
    /// also after the encryption was turned off.
    /// ### GKE
    /// `gcloud kms keys versions restore VERSION --key KEY --keyring RING --location LOCATION`, then
    /// `gcloud kms keys versions enable VERSION --key KEY --keyring RING --location LOCATION`
    ///
    /// ## Limits
    /// Older versions of the key may still be needed for objects that were never rewritten (ET-15).
    pub struct EncryptionKeyInDanger;
}

impl Control for EncryptionKeyInDanger {
    const META: Meta = Meta {
        id: "ET-11",
        name: "encryption-key-in-danger",
        title: "The encryption key is alive and protected from deletion",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cloud,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::Critical,
        effort: Effort::S,
        needs: &[FactKind::KeyState],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-12(1),CP-9; PCI-DSS-4.0.1:3.6.1,3.7.5; SOC2-TSC:CC6.1,A1.2; ISO-27001-2022:A.8.24,A.8.13",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.key.state;
        whole(cluster, || Ok(judge_state(fact.get()?, context)?.seen_in(fact)))
    }
}

fn judge_state(state: &KeyState, context: &Context<'_>) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    match state {
        KeyState::NoCustomerKey { because } => {
            return Ok(Verdict::not_applicable(format!("there is no key of yours to look after: {because}")));
        }
        KeyState::Disabled { because } => {
            flaws.prove(Severity::Critical, format!("the key is switched off: {because}"));
        }
        KeyState::PendingDeletion { at } => {
            let when = at.map(|at| format!(" on {}", date(at))).unwrap_or_default();
            flaws.prove(Severity::Critical, format!("the key will be destroyed{when}"));
        }
        KeyState::Live { protected, expires } => {
            let soon = context.now.saturating_add(days(context.policy.key_expiry_days)).unwrap_or(context.now);
            match expires {
                Some(end) if *end <= context.now => {
                    flaws.prove(Severity::Critical, format!("the key expired on {}", date(*end)));
                }
                Some(end) if *end <= soon => flaws.prove(Severity::High, format!("the key expires on {}", date(*end))),
                Some(_) | None => (),
            }
            if *protected == Some(false) {
                flaws.prove(Severity::High, "deleting the key cannot be undone: its protection is off");
            }
        }
    }
    flaws.settle(|| Ok(Verdict::pass("the key works and nothing threatens it")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(state: Observed<KeyState>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Azure);
        cluster.key.state = state;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = EncryptionKeyInDanger::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn expiring(in_days: u32) -> Observed<KeyState> {
        known(KeyState::Live { protected: Some(true), expires: Some(now() + days(in_days)) })
    }

    #[test]
    fn a_dead_or_dying_key_is_critical() {
        let because = "Disabled".to_owned();
        let critical = Ok((State::Fail, Some(Severity::Critical)));
        assert_eq!(judge(known(KeyState::Disabled { because })), critical);
        assert_eq!(judge(known(KeyState::PendingDeletion { at: None })), critical);
        assert_eq!(judge(expiring(0)), critical);
    }

    #[test]
    fn a_key_that_expires_soon_or_has_no_way_back_is_high() {
        let high = Ok((State::Fail, Some(Severity::High)));
        assert_eq!(judge(expiring(90)), high);
        assert_eq!(judge(expiring(91)), Ok((State::Pass, None)));
        assert_eq!(judge(known(KeyState::Live { protected: Some(false), expires: None })), high);
    }

    #[test]
    fn a_provider_that_offers_no_protection_is_not_blamed_for_it() {
        assert_eq!(judge(known(KeyState::Live { protected: None, expires: None })), Ok((State::Pass, None)));
    }

    #[test]
    fn no_key_of_yours_is_not_asked_and_a_key_elsewhere_is_a_gap() {
        let because = "the provider's own key".to_owned();
        assert_eq!(judge(known(KeyState::NoCustomerKey { because })), Ok((State::NotApplicable, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
