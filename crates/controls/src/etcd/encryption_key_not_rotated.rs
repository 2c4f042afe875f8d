//! ET-12.

use crate::time::{date, days, days_between};
use jiff::tz::TimeZone;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity, State,
    Value, Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, FactKind, Gap, KeyOwner, Rotation};

guide! {
    /// # Encryption key does not rotate
    ///
    /// ## What is checked
    /// Whether the key that encrypts etcd's content gets new material by itself, and how often.
    ///
    /// ## Why it matters
    /// Rotation bounds what a leaked key is worth, and shows once a year that a change of keys works.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | rotation is off, rarer than the policy allows (365 days by default), or by hand and longer ago than that |
    /// | pass | it rotates by itself at least that often, or was rotated by hand within that time, also where somebody says so |
    /// | inherited | the provider's own key encrypts: its rotation cannot be inspected |
    /// | attest missing | the material lives outside the provider, and nobody has answered |
    /// | attest expired | likewise: the answer, or the rotation it tells of, is older than a year |
    /// | unknown | the key was not read, or its period, its last rotation or whether it rotates is not told |
    /// | not applicable | no key encrypts above the disk (ET-08) |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws kms enable-key-rotation --key-id KEY --rotation-period-in-days 365`
    /// ### AKS
    /// Name the key without a version and let the vault rotate it: `az keyvault key rotation-policy update --vault-name VAULT
    /// --name KEY --value policy.json`, then `az aks update --resource-group GROUP --name NAME --enable-azure-keyvault-kms
    /// --azure-keyvault-kms-key-id KEY`
    /// ### GKE
    /// `gcloud kms keys update KEY --keyring RING --location LOCATION --rotation-period 90d --next-rotation-time TIME`
    ///
    /// ## Limits
    /// Rotation does not re-encrypt what was written before: that is ET-15's.
    pub struct EncryptionKeyNotRotated;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "rotated_on",
        asks: "On which day did the key that encrypts etcd last get new material?",
        kind: AnswerKind::Day { within_days: 365 },
    }],
};

impl Control for EncryptionKeyNotRotated {
    const META: Meta = Meta {
        id: "ET-12",
        name: "encryption-key-not-rotated",
        title: "The encryption key rotates",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cloud,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::KeyRotation, FactKind::Encryption],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-12; PCI-DSS-4.0.1:3.7.4; SOC2-TSC:CC6.1; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.key.rotation;
        whole(cluster, || Ok(judge_rotation(cluster, fact.get()?, context)?.seen_in(fact)))
    }
}

fn judge_rotation(cluster: &Cluster, rotation: &Rotation, context: &Context<'_>) -> Result<Verdict, Gap> {
    let limit = context.policy.rotation_days;
    Ok(match rotation {
        Rotation::NoCustomerKey { because } => {
            let verdict = match &cluster.encryption.get()?.owner {
                KeyOwner::Nobody => Verdict::not_applicable(format!("no key encrypts above the disk: {because}")),
                KeyOwner::Provider | KeyOwner::ProviderManaged { .. } => {
                    Verdict::inherited(format!("the provider looks after the key: {because}"))
                }
                KeyOwner::Customer { key } => {
                    return Err(Gap::Unsettled { what: format!("how your own key `{key}` rotates was not told") });
                }
            };
            verdict.seen_in(&cluster.encryption)
        }
        Rotation::Automatic { days: Some(days) } if *days <= limit => {
            Verdict::pass(format!("the key rotates by itself every {days} days"))
        }
        Rotation::Automatic { days: Some(days) } => {
            Verdict::fail(format!("the key rotates only every {days} days; {limit} are allowed"))
        }
        Rotation::Automatic { days: None } => {
            return Err(Gap::Unsettled { what: "the key rotates by itself; how often is not told".to_owned() });
        }
        Rotation::Manual { last: Some(last) } => {
            let said = format!("by hand on {}, {} days ago", date(*last), days_between(*last, context.now));
            if context.now.duration_since(*last) > days(limit) {
                Verdict::fail(format!("the key was last rotated {said}; {limit} are allowed"))
            } else {
                Verdict::pass(format!("the key was last rotated {said}; nothing rotates it by itself"))
            }
        }
        Rotation::Manual { last: None } => {
            return Err(Gap::Unsettled { what: "the key is rotated by hand; when last is not told".to_owned() });
        }
        Rotation::Off => Verdict::fail("the key does not rotate"),
        Rotation::Elsewhere { because } => {
            let silence = Verdict::attest_missing(format!("the key's material lives outside the provider: {because}"));
            judge_answer(cluster, context, silence)
        }
    })
}

/// What people say of a key whose material is elsewhere.
fn judge_answer(cluster: &Cluster, context: &Context<'_>, silence: Verdict) -> Verdict {
    let heard = hear(cluster, context, &EncryptionKeyNotRotated::META, &ASKS);
    let day = match heard.answer.and_then(|answer| answer.values.get("rotated_on")) {
        Some(Value::Day(day)) => day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
        _ => None,
    };
    let limit = context.policy.rotation_days;
    let is_late = |last| context.now.duration_since(last) > days(limit.saturating_add(1));
    if heard.verdict.state == State::Pass && day.is_some_and(is_late) {
        let said = &heard.verdict.because;
        return Verdict::fail(format!("more than {limit} days ago: {said}")).resting_too_on(&heard.verdict);
    }
    heard.or(silence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, sloppy, tidy};

    fn judge(rotation: Observed<Rotation>, change: impl FnOnce(&mut Cluster)) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.key.rotation = rotation;
        change(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        EncryptionKeyNotRotated::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn a_year_is_often_enough_and_a_day_more_is_not() {
        assert_eq!(judge(known(Rotation::Automatic { days: Some(365) }), |_| ()), Ok(State::Pass));
        assert_eq!(judge(known(Rotation::Automatic { days: Some(366) }), |_| ()), Ok(State::Fail));
        assert_eq!(judge(known(Rotation::Off), |_| ()), Ok(State::Fail));
    }

    #[test]
    fn by_hand_counts_for_a_year() {
        let last = now() - days(365);
        assert_eq!(judge(known(Rotation::Manual { last: Some(last) }), |_| ()), Ok(State::Pass));
        let longer = last - SignedDuration::from_secs(1);
        assert_eq!(judge(known(Rotation::Manual { last: Some(longer) }), |_| ()), Ok(State::Fail));
    }

    #[test]
    fn a_period_that_is_not_told_is_not_guessed() {
        for rotation in [Rotation::Automatic { days: None }, Rotation::Manual { last: None }] {
            assert!(matches!(judge(known(rotation), |_| ()), Err(Gap::Unsettled { .. })));
        }
        assert_eq!(judge(Observed::missing(gap()), |_| ()), Err(gap()));
    }

    #[test]
    fn the_providers_key_is_inherited_and_no_key_at_all_is_not() {
        let none = || known(Rotation::NoCustomerKey { because: "by the settings".to_owned() });
        let owner = |owner| {
            |cluster: &mut Cluster| {
                let mut encryption = cluster.encryption.get().unwrap().clone();
                encryption.owner = owner;
                cluster.encryption = known(encryption);
            }
        };
        assert_eq!(judge(none(), owner(KeyOwner::Provider)), Ok(State::Inherited));
        let unencrypted = |cluster: &mut Cluster| cluster.encryption = sloppy(Provider::Aws).encryption;
        assert_eq!(judge(none(), unencrypted), Ok(State::NotApplicable));
        assert_eq!(judge(none(), |cluster| cluster.encryption.hide(gap())), Err(gap()));
        let own = owner(KeyOwner::Customer { key: "key-1".to_owned() });
        assert!(matches!(judge(none(), own), Err(Gap::Unsettled { .. })), "facts that contradict each other");
    }

    #[test]
    fn imported_material_asks_a_person() {
        let because = "an external key store".to_owned();
        assert_eq!(judge(known(Rotation::Elsewhere { because }), |_| ()), Ok(State::AttestMissing));
    }
}
