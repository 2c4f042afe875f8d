//! ET-14.

use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, Etcd, FactKind};

guide! {
    /// # Disks below etcd are not encrypted
    ///
    /// ## What is checked
    /// Who looks after the disks that etcd writes to. Auditors often mean this by "etcd encryption"; the encryption of the
    /// content above the disk is ET-08's.
    ///
    /// ## Why it matters
    /// A disk that is stolen, or thrown away as it is, still holds every object of the cluster.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | inherited | the provider runs etcd and always encrypts its disks |
    /// | fail, medium | etcd runs in your network, and somebody says that its disks are not encrypted |
    /// | fail, low | likewise: that only some are |
    /// | pass | likewise: that they are |
    /// | attest missing | etcd runs in your network, and nobody has said whether its disks are encrypted |
    /// | attest expired | the answer is older than a year, or was given until an earlier day |
    /// | unknown | how etcd runs was not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// In the region, nothing to do. On Outposts, look at the volumes of the control-plane instances with `aws ec2
    /// describe-volumes --filters Name=attachment.instance-id,Values=INSTANCE`, and answer.
    /// ### AKS
    /// Nothing to do: Azure always encrypts its storage.
    /// ### GKE
    /// Nothing to do: Google always encrypts its disks.
    ///
    /// ## Limits
    /// Disks of control-plane hosts in your own network are not read in this version.
    pub struct EtcdVolumesUnencrypted;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "encrypted",
        asks: "Are the disks that etcd writes to encrypted?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for EtcdVolumesUnencrypted {
    const META: Meta = Meta {
        id: "ET-14",
        name: "etcd-volumes-unencrypted",
        title: "etcd volumes are encrypted at rest",
        concern: Concern::EtcdEncryption,
        layer: Layer::Cloud,
        dimension: Dimension::StorageAndBackup,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::Etcd],
        maps: "NSA-CISA-1.2:Encryption; NIST-800-53r5:SC-28; PCI-DSS-4.0.1:3.5.1; SOC2-TSC:CC6.1,C1.1; ISO-27001-2022:A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.etcd;
            Ok(match fact.get()? {
                Etcd::ProviderManaged { reference } => {
                    Verdict::inherited(format!("the provider encrypts the disks below etcd: {reference}"))
                }
                Etcd::CustomerNetwork { because } => {
                    hear(cluster, context, &Self::META, &ASKS).or(Verdict::attest_missing(format!(
                        "etcd runs in your network ({because}); nobody has said whether its disks are encrypted"
                    )))
                }
            }
            .seen_in(fact))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(etcd: Observed<Etcd>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.etcd = etcd;
        let context = Context { policy: &Policy::default(), now: now() };
        EtcdVolumesUnencrypted::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn the_providers_disks_are_inherited_and_your_own_ask_a_person() {
        let reference = "etcd runs in an AWS network";
        assert_eq!(judge(known(Etcd::ProviderManaged { reference })), Ok(State::Inherited));
        let because = "outpostConfig".to_owned();
        assert_eq!(judge(known(Etcd::CustomerNetwork { because })), Ok(State::AttestMissing));
    }

    #[test]
    fn a_refused_call_is_a_gap_and_not_the_providers_business() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
