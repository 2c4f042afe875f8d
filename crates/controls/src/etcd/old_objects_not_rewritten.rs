//! ET-15.

use crate::time::date;
use jiff::SignedDuration;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, Coverage, Encryption, FactKind, Gap, Progress, Provider};

/// How long the provider may take for a change before it counts as stuck.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

guide! {
    /// # Old objects were not encrypted again
    ///
    /// ## What is checked
    /// Whether a change of the encryption has come to its end, and whether objects written before it are known to be
    /// encrypted under it too.
    ///
    /// ## Why it matters
    /// Switching encryption on, or changing the key, touches nothing that is already stored: it stays in clear, or under the
    /// old key, until somebody writes it again.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | the provider gave up on a change |
    /// | fail, medium | a change has been pending for more than 24 hours, or old objects are known not to be rewritten |
    /// | pass | the last change is finished and old objects were rewritten, or somebody says so |
    /// | attest missing | no API tells whether they were rewritten, and nobody has answered |
    /// | attest expired | the answer, or the rewriting it tells of, is older than a year |
    /// | unknown | the state was not read, or a change is pending for less than 24 hours or nobody knows since when |
    /// | not applicable | nothing is encrypted above the disk (ET-08), or the provider encrypts all objects by default (EKS from 1.28) |
    ///
    /// ## Remediation
    /// ### EKS
    /// Before 1.28, write every Secret again: `kubectl get secrets --all-namespaces -o json | kubectl replace -f -`
    /// ### AKS
    /// `kubectl get secrets --all-namespaces -o json | kubectl replace -f -`, then answer. Keep the old key until then.
    /// ### GKE
    /// Read the reason in `gcloud container clusters describe NAME --format="yaml(databaseEncryption)"`, give the service
    /// agent back its right on the key, and repeat the update. Keys it lists under `decryptionKeys` must not be destroyed.
    ///
    /// ## Limits
    /// Secrets are never read, so whether one is stored in clear is taken from what the provider and people say.
    pub struct OldObjectsNotRewritten;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "rewritten_on",
        asks: "On which day were all Secrets last written again, after the last change of the encryption?",
        kind: AnswerKind::Day { within_days: 365 },
    }],
};

impl Control for OldObjectsNotRewritten {
    const META: Meta = Meta {
        id: "ET-15",
        name: "old-objects-not-rewritten",
        title: "Existing objects were re-encrypted after enabling or rotating",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cluster,
        dimension: Dimension::Security,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::Encryption],
        maps: "CIS-EKS-2.0.0:5.3.1; CIS-EKS-1.8.0:5.3.1; CIS-AKS-1.8.0:5.3.1; CIS-GKE-1.9.0:5.3.1; CIS-K8S-2.0.1:1.2.28; NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-28(1),SC-12; PCI-DSS-4.0.1:3.7.4; SOC2-TSC:C1.1; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.encryption;
        whole(cluster, || Ok(judge_progress(cluster, fact.get()?, context)?.seen_in(fact)))
    }
}

fn judge_progress(cluster: &Cluster, encryption: &Encryption, context: &Context<'_>) -> Result<Verdict, Gap> {
    match &encryption.progress {
        Progress::Settled => Ok(judge_rewriting(cluster, encryption, context)),
        Progress::Failed { why } => {
            Ok(Verdict::fail(format!("the provider gave up on the change: {why}")).severity(Severity::High))
        }
        Progress::Pending { state, since: Some(since) } => {
            let said = format!("the change has been at `{state}` since {}", date(*since));
            if context.now.duration_since(*since) > PATIENCE {
                return Ok(Verdict::fail(format!("{said}, for more than 24 hours")));
            }
            Err(Gap::Unsettled { what: format!("{said}, which may still end well") })
        }
        Progress::Pending { state, since: None } => {
            Err(Gap::Unsettled { what: format!("the change is at `{state}`, nobody knows since when") })
        }
    }
}

fn judge_rewriting(cluster: &Cluster, encryption: &Encryption, context: &Context<'_>) -> Verdict {
    let because = &encryption.because;
    match (encryption.coverage, cluster.provider, encryption.rewritten) {
        (Coverage::Nothing, _, _) => Verdict::not_applicable(format!("nothing is encrypted above the disk: {because}")),
        // EKS covers all objects from 1.28 on, where encryption was never switched on over old objects.
        (Coverage::AllObjects, Provider::Aws, _) => {
            Verdict::not_applicable(format!("EKS encrypts every object by default: {because}"))
        }
        (Coverage::Secrets | Coverage::AllObjects, _, Some(true)) => {
            Verdict::pass(format!("old objects were written again: {because}"))
        }
        (Coverage::Secrets | Coverage::AllObjects, _, Some(false)) => {
            Verdict::fail(format!("old objects were not written again: {because}"))
        }
        (Coverage::Secrets | Coverage::AllObjects, _, None) => {
            hear(cluster, context, &OldObjectsNotRewritten::META, &ASKS).or(Verdict::attest_missing(format!(
                "nobody has said whether old objects were written again: {because}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use palisade_engine::{Policy, State};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(provider: Provider, change: impl FnOnce(&mut Encryption)) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(provider);
        let mut encryption = cluster.encryption.get().unwrap().clone();
        encryption.coverage = Coverage::Secrets;
        change(&mut encryption);
        cluster.encryption = known(encryption);
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = OldObjectsNotRewritten::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn pending(since: Option<Timestamp>) -> Result<(State, Option<Severity>), Gap> {
        let state = "ENCRYPTION_PENDING".to_owned();
        judge(Provider::Gcp, |encryption| encryption.progress = Progress::Pending { state, since })
    }

    #[test]
    fn a_failed_change_is_high_even_where_the_old_one_still_holds() {
        let failed = |encryption: &mut Encryption| encryption.progress = Progress::Failed { why: "denied".to_owned() };
        assert_eq!(judge(Provider::Gcp, failed), Ok((State::Fail, Some(Severity::High))));
    }

    #[test]
    fn a_change_may_take_a_day_and_no_second_longer() {
        let day = now() - PATIENCE;
        assert!(matches!(pending(Some(day)), Err(Gap::Unsettled { .. })));
        assert_eq!(pending(Some(day - SignedDuration::from_secs(1))), Ok((State::Fail, None)));
        assert!(matches!(pending(None), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn a_rewriting_passes_its_absence_fails_and_silence_asks_a_person() {
        let rewritten = |said| judge(Provider::Azure, |encryption| encryption.rewritten = said);
        assert_eq!(rewritten(Some(true)), Ok((State::Pass, None)));
        assert_eq!(rewritten(Some(false)), Ok((State::Fail, None)));
        assert_eq!(rewritten(None), Ok((State::AttestMissing, None)));
    }

    #[test]
    fn nothing_encrypted_and_the_default_of_eks_are_not_asked() {
        let coverage = |provider, coverage| judge(provider, |encryption| encryption.coverage = coverage);
        assert_eq!(coverage(Provider::Gcp, Coverage::Nothing), Ok((State::NotApplicable, None)));
        assert_eq!(coverage(Provider::Aws, Coverage::AllObjects), Ok((State::NotApplicable, None)));
        assert_eq!(coverage(Provider::Gcp, Coverage::AllObjects), Ok((State::Pass, None)));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_a_pass() {
        let mut cluster = tidy(Provider::Gcp);
        cluster.encryption.hide(gap());
        let context = Context { policy: &Policy::default(), now: now() };
        assert_eq!(OldObjectsNotRewritten::judge(&cluster, &context).remove(0).verdict, Err(gap()));
    }
}
