//! BK-03.

use crate::{flaws::Flaws, quoted::listed};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Answer, BackupCopy, BackupSafety, Cluster, FactKind, Gap};

guide! {
    /// # Backups die with what they should save
    ///
    /// ## What is checked
    /// For the copies that the plans make of the cluster: whether volumes are in them, whether they are encrypted, whether a
    /// lock keeps everybody from deleting them, and whether a copy survives the loss of the region.
    ///
    /// ## Why it matters
    /// Who holds a company to ransom deletes the backups first. A copy that the cluster's own administrators can delete, or
    /// that lies in the region that burns, is not there on the day.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | volumes are left out, no copy is encrypted, or no copy is locked against deletion |
    /// | fail, medium | no copy is in another region or account |
    /// | pass | each of the four is true of a copy |
    /// | unknown | what would tell was not read |
    /// | not applicable | no plan backs the cluster up (BK-01) |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws backup put-backup-vault-lock-configuration --backup-vault-name VAULT --min-retention-days 30
    /// --changeable-for-days 3`, and a `CopyActions` entry with a vault of another region or account in the plan: `aws backup
    /// update-backup-plan --backup-plan-id ID --backup-plan file://plan.json`
    /// ### AKS
    /// `az dataprotection backup-vault update --vault-name VAULT --resource-group GROUP --immutability-state Locked
    /// --soft-delete-state AlwaysOn`, and a policy with a retention rule for the vault tier in a geo-redundant vault.
    /// ### GKE
    /// `gcloud container backup-restore backup-plans update PLAN --location LOCATION --include-volume-data
    /// --backup-delete-lock-days 30 --locked`. A plan's region cannot be changed: create one in another region.
    ///
    /// ## Limits
    /// Four copies may share the four properties among them: that one copy has all of them is not asked. On AKS the volumes'
    /// snapshots of the operational tier lie in your own subscription and count as no locked copy.
    pub struct BackupUnguarded;
}

impl Control for BackupUnguarded {
    const META: Meta = Meta {
        id: "BK-03",
        name: "backup-unguarded",
        title: "Backups include data, are encrypted, undeletable and elsewhere",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::DisasterRecovery,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::BackupSafety],
        maps: "NIST-800-53r5:CP-9,CP-6,SC-28,SI-12; PCI-DSS-4.0.1:3.5.1,10.5.1; SOC2-TSC:A1.2,C1.1; ISO-27001-2022:A.8.13,A.8.24",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.backup_safety;
        whole(cluster, || Ok(judge_safety(fact.get()?)?.seen_in(fact)))
    }
}

/// How bad it is where no copy has something, in words, and what a copy says of it.
type Asked = (Severity, &'static str, fn(&BackupCopy) -> &Answer);

/// What is asked of a copy, and how bad it is where none has it.
const ASKED: [Asked; 4] = [
    (Severity::High, "volumes are in no copy", |copy| &copy.volumes),
    (Severity::High, "no copy is encrypted", |copy| &copy.encrypted),
    (Severity::High, "no copy is locked", |copy| &copy.locked),
    (Severity::Medium, "no copy is elsewhere", |copy| &copy.elsewhere),
];

fn judge_safety(safety: &BackupSafety) -> Result<Verdict, Gap> {
    let copies = match safety {
        BackupSafety::NoPlan { because } => {
            return Ok(Verdict::not_applicable(format!("there are no copies to guard: {because}")));
        }
        BackupSafety::Copies(copies) => copies,
    };
    let mut flaws = Flaws::default();
    let mut good = Vec::new();
    for (severity, bad, of) in ASKED {
        let answers: Vec<(&str, &Answer)> = copies.iter().map(|copy| (copy.name.as_str(), of(copy))).collect();
        let mut yes = answers.iter().filter_map(|(_, answer)| match answer {
            Answer::Yes(what) => Some(what.clone()),
            Answer::No(_) | Answer::Unread(_) => None,
        });
        if let Some(what) = yes.by_ref().min() {
            good.push(what);
            continue;
        }
        let unread = answers.iter().filter_map(|(_, answer)| match answer {
            Answer::Unread(gap) => Some(gap.clone()),
            Answer::Yes(_) | Answer::No(_) => None,
        });
        let unread: Vec<Gap> = unread.collect();
        if unread.is_empty() {
            let no = answers.iter().filter_map(|(name, answer)| match answer {
                Answer::No(because) => Some(format!("`{name}`: {because}")),
                Answer::Yes(_) | Answer::Unread(_) => None,
            });
            flaws.prove(severity, format!("{bad} ({})", listed(no, "; ")));
        } else {
            for gap in unread {
                flaws.doubt(gap);
            }
        }
    }
    flaws.settle(|| Ok(Verdict::pass(good.join("; "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(safety: Observed<BackupSafety>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.backup_safety = safety;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = BackupUnguarded::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn yes() -> Answer {
        Answer::Yes("so it is".to_owned())
    }

    fn no() -> Answer {
        Answer::No("it is not".to_owned())
    }

    fn copy([volumes, encrypted, locked, elsewhere]: [Answer; 4]) -> BackupCopy {
        BackupCopy { name: "daily".to_owned(), volumes, encrypted, locked, elsewhere }
    }

    fn of(copies: Vec<BackupCopy>) -> Result<(State, Option<Severity>), Gap> {
        judge(known(BackupSafety::Copies(copies)))
    }

    #[test]
    fn a_copy_without_a_lock_is_high_and_one_in_the_same_region_medium() {
        assert_eq!(of(vec![copy([yes(), yes(), yes(), yes()])]), Ok((State::Pass, None)));
        assert_eq!(of(vec![copy([yes(), yes(), no(), yes()])]), Ok((State::Fail, Some(Severity::High))));
        assert_eq!(of(vec![copy([yes(), yes(), yes(), no()])]), Ok((State::Fail, Some(Severity::Medium))));
    }

    #[test]
    fn copies_may_share_the_properties_and_an_unread_one_may_be_the_good_one() {
        assert_eq!(
            of(vec![copy([yes(), yes(), no(), yes()]), copy([yes(), yes(), yes(), no()])]),
            Ok((State::Pass, None))
        );
        let unread = copy([yes(), yes(), Answer::Unread(gap()), yes()]);
        assert_eq!(of(vec![copy([yes(), yes(), no(), yes()]), unread]), Err(gap()));
    }

    #[test]
    fn without_a_plan_it_is_not_asked_and_unread_vaults_are_a_gap() {
        let because = "no plan".to_owned();
        assert_eq!(judge(known(BackupSafety::NoPlan { because })), Ok((State::NotApplicable, None)));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
