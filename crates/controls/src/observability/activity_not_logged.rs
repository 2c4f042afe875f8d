//! OB-08.

use crate::quoted::{listed, quoted};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{ActivityLog, Cluster, FactKind};

guide! {
    /// # Requests to the cloud's API are not written down
    ///
    /// ## What is checked
    /// Whether requests that change the cluster from outside (who has access, which key encrypts, whom the endpoint answers)
    /// are written to a place of your own, in every region.
    ///
    /// ## Why it matters
    /// Whoever opens the endpoint or adds himself to the administrators does it through the cloud's API. Without its log
    /// nobody knows afterwards who it was, or that it happened.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail, high | nothing of your own receives them: what the provider shows by itself is gone after 90 days |
    /// | fail, medium | a place receives what concerns the cluster's region alone |
    /// | pass | a place of your own receives what is asked of every region |
    /// | inherited | none of your own does, and the provider keeps them for a year and longer, whatever anybody sets |
    /// | unknown | the settings were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws cloudtrail create-trail --name NAME --s3-bucket-name BUCKET --is-multi-region-trail`, then `aws cloudtrail
    /// start-logging --name NAME`; for a whole organisation add `--is-organization-trail` in its management account.
    /// ### AKS
    /// `az monitor diagnostic-settings subscription create --name NAME --location LOCATION --workspace WORKSPACE --logs
    /// '[{"category":"Administrative","enabled":true}]'`
    /// ### GKE
    /// Admin Activity is always written. `gcloud logging sinks create NAME
    /// logging.googleapis.com/projects/PROJECT/locations/LOCATION/buckets/BUCKET --log-filter
    /// 'log_id("cloudaudit.googleapis.com/activity")'` also puts it where the project's owners cannot reach.
    ///
    /// ## Limits
    /// Who may delete what was written is not read. On AKS and GKE the subscription's and the project's own settings are
    /// read, not those of management groups, folders and the organisation.
    pub struct ActivityNotLogged;
}

impl Control for ActivityNotLogged {
    const META: Meta = Meta {
        id: "OB-08",
        name: "activity-not-logged",
        title: "Cloud API activity on the cluster is logged",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::High,
        effort: Effort::S,
        needs: &[FactKind::ActivityLog],
        maps: "CIS-GKE-1.9.0:5.7.1; NSA-CISA-1.2:Audit logging; NIST-800-53r5:AU-12,AU-2; PCI-DSS-4.0.1:10.2.1; SOC2-TSC:CC7.2; ISO-27001-2022:A.8.15",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, _: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.activity;
        whole(cluster, || Ok(judge_log(fact.get()?).seen_in(fact)))
    }
}

fn judge_log(log: &ActivityLog) -> Verdict {
    let named = |everywhere: bool| {
        quoted(log.routes.iter().filter(|route| route.everywhere == everywhere).map(|route| &route.name))
    };
    let (everywhere, here) = (named(true), named(false));
    if !everywhere.is_empty() {
        return Verdict::pass(format!("{everywhere} receives what is asked of every region"));
    }
    if let Some(reference) = log.inherent {
        return Verdict::inherited(reference);
    }
    if !here.is_empty() {
        let because = format!("{here} receives what is asked of the cluster's region, and of no other");
        return Verdict::fail(because).severity(Severity::Medium);
    }
    let lacking = listed(log.lacking.clone(), "; ");
    let lacking = if lacking.is_empty() { String::new() } else { format!(": {lacking}") };
    Verdict::fail(format!("nothing receives what is asked of the cloud's API{lacking}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{ActivityRoute, Gap, Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(log: Observed<ActivityLog>) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.activity = log;
        let context = Context { policy: &Policy::default(), now: now() };
        ActivityNotLogged::judge(&cluster, &context).remove(0).verdict
    }

    fn to(everywhere: bool) -> ActivityLog {
        let routes = vec![ActivityRoute { name: "trail".to_owned(), everywhere }];
        ActivityLog { routes, ..ActivityLog::default() }
    }

    #[test]
    fn a_trail_of_every_region_passes_and_one_of_the_clusters_own_is_medium() {
        assert_eq!(judge(known(to(true))).unwrap().state, State::Pass);
        let verdict = judge(known(to(false))).unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, Some(Severity::Medium)));
    }

    #[test]
    fn without_any_the_reason_names_those_that_do_not_count() {
        let lacking = vec!["trail `old` is stopped".to_owned()];
        let verdict = judge(known(ActivityLog { lacking, ..ActivityLog::default() })).unwrap();
        assert_eq!((verdict.state, verdict.severity), (State::Fail, None));
        assert_eq!(verdict.because, "nothing receives what is asked of the cloud's API: trail `old` is stopped");
    }

    #[test]
    fn what_the_provider_keeps_by_itself_is_inherited_and_a_place_of_ones_own_passes() {
        let inherent = Some("it is always written");
        assert_eq!(judge(known(ActivityLog { inherent, ..ActivityLog::default() })).unwrap().state, State::Inherited);
        assert_eq!(judge(known(ActivityLog { inherent, ..to(true) })).unwrap().state, State::Pass);
    }

    #[test]
    fn unread_settings_are_a_gap() {
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
