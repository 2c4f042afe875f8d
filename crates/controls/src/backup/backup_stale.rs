//! BK-02.

use crate::{flaws::Flaws, time::date};
use jiff::{SignedDuration, Timestamp};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, Recovery};

guide! {
    /// # The last good backup is too old
    ///
    /// ## What is checked
    /// When the newest complete backup of the cluster was made, and whether the newest attempt came to something.
    ///
    /// ## Why it matters
    /// Backups die silently: a permission is lost, a volume no longer fits, and nobody looks until the day it is needed.
    ///
    /// ## How it is judged
    /// The policy's `backup_age_hours` (24) says how old the newest may be.
    ///
    /// | Verdict | When |
    /// |---|---|
    /// | fail | there is no complete backup, it is older than that, or the newest attempt failed or was made in part |
    /// | pass | the newest complete backup is young enough and nothing failed after it |
    /// | unknown | what was made was not read |
    /// | not applicable | no plan backs the cluster up (BK-01) |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws backup list-backup-jobs --by-resource-arn CLUSTER_ARN --by-state FAILED` says why; then `aws backup
    /// start-backup-job --backup-vault-name VAULT --resource-arn CLUSTER_ARN --iam-role-arn ROLE`
    /// ### AKS
    /// `az dataprotection job list --vault-name VAULT --resource-group GROUP` says why; then `az dataprotection
    /// backup-instance adhoc-backup --vault-name VAULT --resource-group GROUP --backup-instance-name INSTANCE --rule-name RULE`
    /// ### GKE
    /// `gcloud container backup-restore backups list --backup-plan PLAN --location LOCATION` says why; then `gcloud container
    /// backup-restore backups create BACKUP --backup-plan PLAN --location LOCATION`
    ///
    /// ## Limits
    /// One age holds for every cluster of a run. Whether a backup can be restored is another question.
    pub struct BackupStale;
}

impl Control for BackupStale {
    const META: Meta = Meta {
        id: "BK-02",
        name: "backup-stale",
        title: "The last successful backup is inside the agreed RPO",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::StorageAndBackup,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::Recovery],
        maps: "NIST-800-53r5:CP-9; PCI-DSS-4.0.1:10.3.3; SOC2-TSC:A1.2,CC7.5; ISO-27001-2022:A.8.13",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.recovery;
        whole(cluster, || Ok(judge_recovery(fact.get()?, context)?.seen_in(fact)))
    }
}

fn judge_recovery(recovery: &Recovery, context: &Context<'_>) -> Result<Verdict, Gap> {
    let (last_success, last_failure, by) = match recovery {
        Recovery::NoPlan { because } => {
            return Ok(Verdict::not_applicable(format!("there are no backups to look at: {because}")));
        }
        Recovery::Recorded { last_success, last_failure, by } => (last_success, last_failure, by),
    };
    let mut flaws = Flaws::default();
    let allowed = context.policy.backup_age_hours;
    match last_success {
        None => flaws.prove(Severity::High, format!("{by} records no complete backup")),
        Some(at) => {
            let oldest = context.now.saturating_sub(SignedDuration::from_hours(i64::from(allowed)));
            if *at < oldest.unwrap_or(Timestamp::MIN) {
                let day = date(*at);
                let because = format!(
                    "the newest complete backup of {by} is of {day}, and {allowed} hours old is what it may be"
                );
                flaws.prove(Severity::High, because);
            }
        }
    }
    if let Some((at, why)) = last_failure
        && last_success.is_none_or(|success| *at > success)
    {
        flaws.prove(
            Severity::High,
            format!("the newest attempt of {by}, on {}, came to nothing whole: {why}", date(*at)),
        );
    }
    flaws.settle(|| {
        Ok(Verdict::pass(format!("{by} made a complete backup in the last {allowed} hours, and none failed since")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(recovery: Observed<Recovery>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.recovery = recovery;
        let context = Context { policy: &Policy::default(), now: now() };
        BackupStale::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn made(success: Option<i64>, failure: Option<i64>) -> Result<State, Gap> {
        let ago = |hours: i64| now() - SignedDuration::from_hours(hours);
        judge(known(Recovery::Recorded {
            last_success: success.map(ago),
            last_failure: failure.map(|hours| (ago(hours), "a volume was left out".to_owned())),
            by: "plan `daily`".to_owned(),
        }))
    }

    #[test]
    fn the_newest_backup_may_be_a_day_old_and_not_an_hour_more() {
        assert_eq!(made(Some(24), None), Ok(State::Pass));
        assert_eq!(made(Some(25), None), Ok(State::Fail));
        assert_eq!(made(None, None), Ok(State::Fail));
    }

    #[test]
    fn a_failure_counts_when_nothing_good_came_after_it() {
        assert_eq!(made(Some(3), Some(1)), Ok(State::Fail));
        assert_eq!(made(Some(1), Some(3)), Ok(State::Pass));
    }

    #[test]
    fn without_a_plan_it_is_not_asked_and_unread_records_are_a_gap() {
        let because = "no plan".to_owned();
        assert_eq!(judge(known(Recovery::NoPlan { because })), Ok(State::NotApplicable));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
