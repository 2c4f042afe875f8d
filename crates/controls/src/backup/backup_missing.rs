//! BK-01.

use crate::quoted::{listed, quoted};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{BackupPlan, BackupPlans, Cluster, FactKind, Gap};

guide! {
    /// # Nothing backs the cluster up
    ///
    /// ## What is checked
    /// Whether a plan of the provider's backup service takes the cluster's objects and volumes, and is at work.
    ///
    /// ## Why it matters
    /// A managed control plane comes back after a loss, and your namespaces do not: what was deleted, by mistake or by an
    /// intruder, is in no provider's copy of etcd that you could ask for.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | no plan takes the cluster, or those that do are stopped |
    /// | fail, medium | every plan at work takes named parts of it alone |
    /// | pass | a plan at work takes the whole cluster |
    /// | unknown | the plans were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws backup update-region-settings --resource-type-opt-in-preference EKS=true`, `aws backup create-backup-plan
    /// --backup-plan file://plan.json`, `aws backup create-backup-selection --backup-plan-id ID --backup-selection
    /// SelectionName=clusters,IamRoleArn=ROLE,Resources=CLUSTER_ARN`
    /// ### AKS
    /// `az k8s-extension create --name azure-aks-backup --extension-type microsoft.dataprotection.kubernetes --cluster-type
    /// managedClusters --cluster-name NAME --resource-group GROUP`, then `az dataprotection backup-instance create
    /// --vault-name VAULT --resource-group GROUP --backup-instance instance.json`
    /// ### GKE
    /// `gcloud container clusters update NAME --location LOCATION --update-addons BackupRestore=ENABLED`, then `gcloud
    /// container backup-restore backup-plans create PLAN --location OTHER_REGION --cluster CLUSTER --all-namespaces
    /// --include-volume-data --include-secrets --cron-schedule "0 3 * * *" --backup-retain-days 30`
    ///
    /// ## Limits
    /// Tools that run inside the cluster, such as Velero, are not seen, and neither is a cluster that can be rebuilt from a
    /// repository alone: where one of them is the backup, a waiver says so. Plans are looked for in the cluster's own account,
    /// subscription or project, on EKS in its own region.
    pub struct BackupMissing;
}

impl Control for BackupMissing {
    const META: Meta = Meta {
        id: "BK-01",
        name: "backup-missing",
        title: "A backup of cluster objects and volumes is configured",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::StorageAndBackup,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::BackupPlans],
        maps: "NIST-800-53r5:CP-9,CP-10; SOC2-TSC:A1.2; ISO-27001-2022:A.8.13",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.backup_plans;
        whole(cluster, || Ok(judge_plans(fact.get()?)?.seen_in(fact)))
    }
}

fn judge_plans(plans: &BackupPlans) -> Result<Verdict, Gap> {
    let names = |of: &dyn Fn(&&BackupPlan) -> bool| quoted(plans.found.iter().filter(of).map(|plan| &plan.name));
    let whole = names(&|plan| plan.stopped.is_none() && plan.partly.is_none());
    if !whole.is_empty() {
        return Ok(Verdict::pass(format!("{whole} takes the whole cluster")));
    }
    if let Some(gap) = &plans.unread {
        return Err(gap.clone());
    }
    let parts = plans
        .found
        .iter()
        .filter(|plan| plan.stopped.is_none())
        .filter_map(|plan| plan.partly.as_ref().map(|what| format!("`{}` takes {what}", plan.name)));
    let parts = listed(parts, "; ");
    if !parts.is_empty() {
        return Ok(Verdict::fail(format!("only parts are backed up: {parts}")).severity(Severity::Medium));
    }
    let stopped = plans
        .found
        .iter()
        .filter_map(|plan| plan.stopped.as_ref().map(|why| format!("`{}` does nothing: {why}", plan.name)));
    let stopped = listed(stopped, "; ");
    Ok(Verdict::fail(if stopped.is_empty() { "no plan takes the cluster".to_owned() } else { stopped }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(plans: Observed<BackupPlans>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.backup_plans = plans;
        let context = Context { policy: &Policy::default(), now: now() };
        BackupMissing::judge(&cluster, &context).remove(0).verdict
    }

    fn plan(stopped: Option<&str>, partly: Option<&str>) -> BackupPlan {
        BackupPlan { name: "daily".to_owned(), stopped: stopped.map(str::to_owned), partly: partly.map(str::to_owned) }
    }

    fn of(found: Vec<BackupPlan>, unread: Option<Gap>) -> Result<(State, Option<Severity>), Gap> {
        let verdict = judge(known(BackupPlans { found, unread }))?;
        Ok((verdict.state, verdict.severity))
    }

    #[test]
    fn one_plan_at_work_that_takes_everything_is_enough_whatever_else_was_not_read() {
        let plans = vec![plan(Some("paused"), None), plan(None, None)];
        assert_eq!(of(plans, Some(gap())), Ok((State::Pass, None)));
    }

    #[test]
    fn parts_are_medium_and_a_stopped_plan_is_as_good_as_none() {
        assert_eq!(of(vec![plan(None, Some("one namespace"))], None), Ok((State::Fail, Some(Severity::Medium))));
        assert_eq!(of(Vec::new(), None), Ok((State::Fail, None)));
        let stopped = BackupPlans { found: vec![plan(Some("it is paused"), None)], unread: None };
        assert_eq!(judge(known(stopped)).unwrap().because, "`daily` does nothing: it is paused");
    }

    #[test]
    fn a_plan_that_was_not_read_could_take_the_cluster() {
        assert_eq!(of(vec![plan(Some("paused"), None)], Some(gap())), Err(gap()));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
