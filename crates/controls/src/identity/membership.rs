//! What membership in a group that nobody could look into could change.

use crate::identity::standing::counts_against_application;
use crate::quoted::{listed, quoted};
use palisade_engine::{Judgement, State, Subject, SubjectKind};
use palisade_model::{Cluster, Gap, UnreadGroup};

/// Lets no application pass that could be a member of a group which makes it dangerous.
///
/// Whether one is a member is the same question for all of them, so it is asked once, in place of the passes it puts in
/// doubt. What fails by its own rights fails either way.
pub(super) fn put_in_doubt(cluster: &Cluster, judged: Vec<Judgement>) -> Vec<Judgement> {
    put_passes_in_doubt(cluster, judged, "can become no administrator", is_dangerous)
}

/// The same for another question: `unless` is what their own rights do not let them do, and `counts` whether a group would.
pub(crate) fn put_passes_in_doubt(
    cluster: &Cluster,
    mut judged: Vec<Judgement>,
    unless: &str,
    counts: impl Fn(&UnreadGroup) -> bool,
) -> Vec<Judgement> {
    let Some(gap) = doubt(cluster, unless, counts) else { return judged };
    let before = judged.len();
    judged.retain(|one| !one.verdict.as_ref().is_ok_and(|verdict| verdict.state == State::Pass));
    if judged.len() < before {
        let subject = Subject {
            kind: SubjectKind::Identity,
            id: "unread-groups".into(),
            name: "members of groups that were not read".into(),
        };
        judged.push(Judgement { subject, verdict: Err(gap) });
    }
    judged
}

/// Why nobody can say that none of them does it, if so.
fn doubt(cluster: &Cluster, unless: &str, counts: impl Fn(&UnreadGroup) -> bool) -> Option<Gap> {
    let groups = match cluster.unread_groups.get() {
        Ok(groups) => groups,
        Err(gap) => return Some(gap),
    };
    let dangerous: Vec<&UnreadGroup> = groups.iter().filter(|group| counts(group)).collect();
    if dangerous.is_empty() {
        return None;
    }
    let groups = listed(dangerous.iter().map(|one| format!("`{}` (given {})", one.group, quoted(&one.by))), ", ");
    let with = quoted(dangerous.iter().map(|one| one.readable_with));
    Some(Gap::NotCollected {
        what: format!(
            "by their own rights they {unless}, unless one is a member of {groups}: members are not read, \
             {with} would tell"
        ),
    })
}

fn is_dangerous(group: &UnreadGroup) -> bool {
    let counts = |capability| counts_against_application(capability, group.everywhere.contains(&capability));
    !group.wildcards.is_empty() || group.adds.iter().copied().any(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::workload_can_become_administrator::WorkloadCanBecomeAdministrator;
    use palisade_authority::{Capability, Wildcard};
    use palisade_engine::{Context, Control, Policy};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, sloppy, tidy};

    fn group(adds: &[Capability], everywhere: bool, wildcards: Vec<Wildcard>) -> UnreadGroup {
        UnreadGroup {
            group: "ops".to_owned(),
            by: vec!["Owner at /subscriptions/s".into()],
            adds: adds.iter().copied().collect(),
            everywhere: adds.iter().copied().filter(|_| everywhere).collect(),
            wildcards,
            readable_with: "Members.Read",
        }
    }

    fn judge(mut cluster: Cluster, groups: Observed<Vec<UnreadGroup>>) -> Vec<Judgement> {
        cluster.unread_groups = groups.map(Into::into);
        WorkloadCanBecomeAdministrator::judge(&cluster, &Context { policy: &Policy::default(), now: now() })
    }

    #[test]
    fn an_application_that_may_be_in_a_group_of_owners_does_not_pass_and_the_group_is_named_once() {
        let mut cluster = tidy(Provider::Azure);
        let mut identities = cluster.identities.get().unwrap().clone();
        let mut second = identities[2].clone();
        second.id = "second".into();
        identities.push(second);
        cluster.identities = known(identities);
        assert_eq!(judge(cluster.clone(), known(Vec::new())).len(), 2);
        let judged = judge(cluster, known(vec![group(&[Capability::EscalatePrivilege], false, Vec::new())]));
        assert_eq!(judged.len(), 1);
        let Err(Gap::NotCollected { what }) = &judged[0].verdict else { panic!("{judged:?}") };
        assert!(what.contains("unless one is a member of `ops` (given `Owner at /subscriptions/s`)"), "{what}");
        assert!(what.contains("`Members.Read` would tell"), "{what}");
    }

    #[test]
    fn a_group_that_gives_nothing_an_application_must_not_have_changes_nothing() {
        let passes = |group| judge(tidy(Provider::Azure), known(vec![group]))[0].verdict.is_ok();
        assert!(passes(group(&[Capability::PullAnyImage], true, Vec::new())));
        // The secrets of one vault an application may need; those of every vault none.
        assert!(passes(group(&[Capability::ReadCloudSecrets], false, Vec::new())));
        assert!(!passes(group(&[Capability::ReadCloudSecrets], true, Vec::new())));
        let wide = vec![Wildcard { grant: "sql".into(), pattern: "Microsoft.Sql/*".to_owned() }];
        assert!(!passes(group(&[], false, wide)));
    }

    #[test]
    fn a_failure_stands_whoever_is_in_the_groups_and_unread_assignments_are_a_gap() {
        let ops = || known(vec![group(&Capability::ALL, true, Vec::new())]);
        let (alone, beside) =
            (judge(sloppy(Provider::Azure), known(Vec::new())), judge(sloppy(Provider::Azure), ops()));
        assert_eq!(beside.len(), alone.len());
        assert!(beside.iter().all(|one| one.verdict.as_ref().unwrap().state == State::Fail));
        assert_eq!(judge(tidy(Provider::Azure), Observed::missing(gap()))[0].verdict, Err(gap()));
    }
}
