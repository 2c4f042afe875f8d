//! OB-02.

use crate::flaws::Flaws;
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Policy, Severity, Verdict, guide, whole,
};
use palisade_model::{Answer, AuditPlace, AuditStore, Cluster, FactKind, Gap, Retention};

guide! {
    /// # Audit log is gone before it is needed
    ///
    /// ## What is checked
    /// How long the audit log of the Kubernetes API is kept, how long of that it can be searched, and whether something
    /// keeps an administrator from deleting it sooner.
    ///
    /// ## Why it matters
    /// Break-ins are found after months. What was deleted by then, by its age or by the intruder, explains nothing.
    ///
    /// ## How it is judged
    /// The policy says how long: `log_retention_days` (365) and `log_searchable_days` (90).
    ///
    /// | Verdict | When |
    /// |---|---|
    /// | fail, medium | every place keeps it too short, or none can be searched long enough |
    /// | fail, low | it is kept long enough, and an administrator of the account can delete it |
    /// | pass | a place keeps it long enough and guards it, and one can be searched long enough |
    /// | unknown | a place that could be good enough was not read |
    /// | not applicable | no audit log is written (OB-01) |
    ///
    /// ## Remediation
    /// ### EKS
    /// `aws logs put-retention-policy --log-group-name /aws/eks/NAME/cluster --retention-in-days 400`, then `aws logs
    /// put-log-group-deletion-protection --log-group-identifier /aws/eks/NAME/cluster --deletion-protection-enabled`
    /// ### AKS
    /// `az monitor log-analytics workspace table update --resource-group GROUP --workspace-name WORKSPACE --name AKSAudit
    /// --retention-time 90 --total-retention-time 400`; send a second copy to a storage account with an immutable container.
    /// ### GKE
    /// Admin Activity is kept 400 days in a bucket that nobody can change. For the rest: `gcloud logging buckets update
    /// _Default --project PROJECT --location global --retention-days 400 --locked`
    ///
    /// ## Limits
    /// Where streams and event hubs carry the log to is not followed, and copies in storage are known by name alone. Who may
    /// read the log is not judged.
    pub struct AuditLogShortLived;
}

impl Control for AuditLogShortLived {
    const META: Meta = Meta {
        id: "OB-02",
        name: "audit-log-short-lived",
        title: "Audit logs are kept long enough and protected",
        concern: Concern::None,
        layer: Layer::Cloud,
        dimension: Dimension::MonitoringAndHealthChecks,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::AuditStore],
        maps: "CIS-EKS-2.0.0:2.1.1; CIS-EKS-1.8.0:2.1.2; CIS-AKS-1.8.0:2.1.1; CIS-GKE-1.9.0:5.7.1; CIS-K8S-2.0.1:1.2.17,1.2.18,1.2.19; NSA-CISA-1.2:Audit logging; NIST-800-53r5:AU-9,AU-11,AU-4; PCI-DSS-4.0.1:10.5.1,10.3.2; SOC2-TSC:CC7.2; ISO-27001-2022:A.8.15,A.5.33",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.audit_store;
        whole(cluster, || Ok(judge_store(fact.get()?, context.policy)?.seen_in(fact)))
    }
}

fn judge_store(store: &AuditStore, policy: &Policy) -> Result<Verdict, Gap> {
    let places = match store {
        AuditStore::NotWritten { because } => {
            return Ok(Verdict::not_applicable(format!("no audit log is written: {because}")));
        }
        AuditStore::Kept(places) => places,
    };
    let mut flaws = Flaws::default();
    let long = |place: &&AuditPlace| is_at_least(&place.kept, policy.log_retention_days);
    let kept: Vec<&AuditPlace> = places.iter().filter(long).collect();
    if kept.is_empty() {
        let unread = settle_lengths(places, |place| &place.kept, &mut flaws);
        if !unread {
            let said = said(places, |place| &place.kept);
            flaws.prove(Severity::Medium, format!("no place keeps it {} days: {said}", policy.log_retention_days));
        }
    }
    if !places.iter().any(|place| is_at_least(&place.searchable, policy.log_searchable_days)) {
        let unread = settle_lengths(places, |place| &place.searchable, &mut flaws);
        if !unread {
            let said = said(places, |place| &place.searchable);
            let because = format!("in no place it can be searched for {} days: {said}", policy.log_searchable_days);
            flaws.prove(Severity::Medium, because);
        }
    }
    let guarded = |place: &&&AuditPlace| matches!(place.protected, Answer::Yes(_));
    if !kept.is_empty() && kept.iter().filter(guarded).count() == 0 {
        // Another place may be guarded: with one that was not read nothing is proven.
        let mut open = Vec::new();
        let mut unread = false;
        for place in &kept {
            match &place.protected {
                Answer::Yes(_) => (),
                Answer::No(because) => open.push(format!("`{}`: {because}", place.name)),
                Answer::Unread(gap) => {
                    unread = true;
                    flaws.doubt(gap.clone());
                }
            }
        }
        if !unread {
            open.sort();
            flaws.prove(Severity::Low, format!("an administrator can delete it ({})", open.join("; ")));
        }
    }
    flaws.settle(|| {
        let names: Vec<String> = kept.iter().map(|place| format!("`{}`", place.name)).collect();
        Ok(Verdict::pass(format!("kept and guarded in {}", crate::quoted::listed(names, ", "))))
    })
}

fn is_at_least(read: &Result<Retention, Gap>, days: u32) -> bool {
    read.as_ref().is_ok_and(|retention| *retention >= Retention::Days(days))
}

/// Doubts about every length that was not read; whether there were any.
fn settle_lengths(
    places: &[AuditPlace],
    length: impl Fn(&AuditPlace) -> &Result<Retention, Gap>,
    flaws: &mut Flaws,
) -> bool {
    let gaps: Vec<&Gap> = places.iter().filter_map(|place| length(place).as_ref().err()).collect();
    for gap in &gaps {
        flaws.doubt((*gap).clone());
    }
    !gaps.is_empty()
}

fn said(places: &[AuditPlace], length: impl Fn(&AuditPlace) -> &Result<Retention, Gap>) -> String {
    let mut all: Vec<String> = places
        .iter()
        .filter_map(|place| match length(place) {
            Ok(Retention::Days(days)) => Some(format!("`{}` {days} days", place.name)),
            Ok(Retention::Forever) => Some(format!("`{}` forever", place.name)),
            Err(_) => None,
        })
        .collect();
    all.sort();
    if all.is_empty() { "it is kept nowhere".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::State;
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(store: Observed<AuditStore>) -> Result<(State, Option<Severity>), Gap> {
        let mut cluster = tidy(Provider::Aws);
        cluster.audit_store = store;
        let context = Context { policy: &Policy::default(), now: now() };
        let verdict = AuditLogShortLived::judge(&cluster, &context).remove(0).verdict?;
        Ok((verdict.state, verdict.severity))
    }

    fn place(kept: Retention, searchable: Retention, protected: bool) -> AuditPlace {
        let protected = if protected { Answer::Yes(String::new()) } else { Answer::No("no lock".to_owned()) };
        AuditPlace { name: "place".to_owned(), kept: Ok(kept), searchable: Ok(searchable), protected }
    }

    fn of(places: Vec<AuditPlace>) -> Result<(State, Option<Severity>), Gap> {
        judge(known(AuditStore::Kept(places)))
    }

    #[test]
    fn a_year_and_a_quarter_to_search_are_the_usual_demand() {
        use Retention::{Days, Forever};
        let medium = Ok((State::Fail, Some(Severity::Medium)));
        for (kept, searchable, wanted) in [
            (Days(365), Days(90), Ok((State::Pass, None))),
            (Forever, Forever, Ok((State::Pass, None))),
            (Days(364), Days(364), medium.clone()),
            (Days(400), Days(30), medium),
        ] {
            assert_eq!(of(vec![place(kept, searchable, true)]), wanted, "{kept:?} {searchable:?}");
        }
    }

    #[test]
    fn one_place_may_keep_and_another_may_be_searched() {
        let archive = place(Retention::Forever, Retention::Days(0), true);
        let search = place(Retention::Days(90), Retention::Days(90), false);
        assert_eq!(of(vec![archive, search]), Ok((State::Pass, None)));
    }

    #[test]
    fn a_long_log_that_can_be_deleted_is_low_and_an_unread_lock_unknown() {
        let open = place(Retention::Forever, Retention::Forever, false);
        assert_eq!(of(vec![open.clone()]), Ok((State::Fail, Some(Severity::Low))));
        let unread = AuditPlace { protected: Answer::Unread(gap()), ..open.clone() };
        assert_eq!(of(vec![open, unread]), Err(gap()));
    }

    #[test]
    fn a_place_that_was_not_read_could_be_the_one_that_keeps_it() {
        let short = place(Retention::Days(30), Retention::Days(30), true);
        let unread = AuditPlace { kept: Err(gap()), searchable: Err(gap()), ..short.clone() };
        assert_eq!(of(vec![short, unread]), Err(gap()));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }

    #[test]
    fn kept_nowhere_fails_and_a_log_that_is_not_written_is_not_asked() {
        assert_eq!(of(Vec::new()), Ok((State::Fail, Some(Severity::Medium))));
        let because = "the audit log is off".to_owned();
        assert_eq!(judge(known(AuditStore::NotWritten { because })), Ok((State::NotApplicable, None)));
    }
}
