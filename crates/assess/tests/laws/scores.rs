//! Scores: stable, monotone, traceable, and never better for not looking.

use crate::findings::findings;
use palisade_assess::{Assessment, Health, Past, Reason, Score, assess};
use palisade_engine::{Finding, State};
use proptest::prelude::*;

fn scored(findings: &[Finding]) -> Assessment {
    assess(findings, 0, &[])
}

fn healths(assessment: &Assessment) -> Vec<&Health> {
    let clusters = assessment.clusters.iter().map(|one| &one.health);
    let providers = assessment.providers.iter().map(|one| &one.health);
    clusters.chain(providers).chain([&assessment.fleet]).collect()
}

/// Every score of every place: own, effective and at most of layers, score and at most of dimensions.
fn scores(assessment: &Assessment) -> Vec<Option<Score>> {
    healths(assessment)
        .iter()
        .flat_map(|health| {
            let layers = health.layers.iter().flat_map(|one| [one.own, one.effective, one.at_most]);
            layers.chain(health.dimensions.iter().flat_map(|one| [one.score, one.at_most]))
        })
        .collect()
}

/// The scores of what is proven good alone.
fn proven(assessment: &Assessment) -> Vec<Option<Score>> {
    healths(assessment)
        .iter()
        .flat_map(|health| {
            let layers = health.layers.iter().flat_map(|one| [one.own, one.effective]);
            layers.chain(health.dimensions.iter().map(|one| one.score))
        })
        .collect()
}

/// Nowhere lower, where both have something to say.
fn is_nowhere_lower(after: &[Option<Score>], before: &[Option<Score>]) -> bool {
    after.len() == before.len()
        && after.iter().zip(before).all(|(after, before)| after.is_none() || before.is_none() || after >= before)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_findings_means_nothing(findings in findings(), seed in any::<prop::sample::Index>()) {
        let mut other = findings.clone();
        let middle = seed.index(other.len());
        other.rotate_left(middle);
        other.reverse();
        let bytes = |findings: &[Finding]| serde_json::to_string(&scored(findings)).unwrap();
        prop_assert_eq!(bytes(&findings), bytes(&other));
    }

    #[test]
    fn fixing_anything_never_lowers_a_score(findings in findings(), which in any::<prop::sample::Index>(), how in 0..3usize) {
        let before = scored(&findings);
        let mut after = findings.clone();
        after[which.index(findings.len())].state = [State::Pass, State::NotApplicable, State::Inherited][how];
        prop_assert!(is_nowhere_lower(&scores(&scored(&after)), &scores(&before)));
    }

    #[test]
    fn what_goes_with_a_fix_never_lowers_a_score(findings in findings(), which in any::<prop::sample::Index>()) {
        let gone = which.index(findings.len());
        let is_sister = |other: &Finding| other.control.id == findings[gone].control.id && other.cluster == findings[gone].cluster;
        prop_assume!(findings.iter().filter(|other| is_sister(other)).count() > 1);
        let mut after = findings.clone();
        after.remove(gone);
        prop_assert!(is_nowhere_lower(&scores(&scored(&after)), &scores(&scored(&findings))));
    }

    #[test]
    fn reading_more_never_lowers_what_is_proven_and_not_reading_never_raises_it(
        findings in findings(), which in any::<prop::sample::Index>(), state in 0..State::ALL.len(),
    ) {
        let mut unread = findings.clone();
        let hidden = &mut unread[which.index(findings.len())];
        (hidden.state, hidden.waived) = (State::Unknown, false);
        let mut read = unread.clone();
        read[which.index(findings.len())].state = State::ALL[state];
        prop_assert!(is_nowhere_lower(&proven(&scored(&read)), &proven(&scored(&unread))));
    }

    #[test]
    fn accepting_a_risk_never_raises_a_score(findings in findings(), which in any::<prop::sample::Index>()) {
        let mut accepted = findings.clone();
        accepted[which.index(findings.len())].waived = true;
        prop_assert_eq!(scores(&scored(&accepted)), scores(&scored(&{
            let mut open = findings;
            open[which.index(accepted.len())].waived = false;
            open
        })));
    }

    #[test]
    fn every_point_lost_is_traced_to_findings(findings in findings()) {
        for cluster in scored(&findings).clusters {
            for reason in [Reason::Failing, Reason::Accepted, Reason::Unread] {
                let traced: u64 = cluster.losses.iter().filter(|loss| loss.reason == reason).map(|loss| loss.lost).sum();
                let told: u64 = cluster.health.layers.iter().map(|one| match reason {
                    Reason::Failing => one.tally.failing,
                    Reason::Accepted => one.tally.accepted,
                    Reason::Unread => one.tally.unread,
                }).sum();
                prop_assert_eq!(traced, told);
            }
            for loss in &cluster.losses {
                prop_assert!(!loss.findings.is_empty());
                for print in &loss.findings {
                    let finding = findings.iter().find(|one| one.fingerprint == *print).unwrap();
                    prop_assert_eq!((&finding.cluster, finding.control.id), (&cluster.cluster, loss.control));
                }
            }
        }
    }

    #[test]
    fn what_is_at_stake_does_not_depend_on_the_answers(findings in findings(), which in any::<prop::sample::Index>(), state in 0..State::ALL.len()) {
        let mut other = findings.clone();
        other[which.index(findings.len())].state = State::ALL[state];
        let stakes = |findings: &[Finding]| -> Vec<u64> {
            let assessment = scored(findings);
            healths(&assessment).iter().flat_map(|health| health.layers.iter().map(|one| one.tally.stake())).collect()
        };
        prop_assert_eq!(stakes(&findings), stakes(&other));
    }

    #[test]
    fn an_inner_layer_is_no_stronger_than_the_one_around_it(findings in findings()) {
        for health in healths(&scored(&findings)) {
            let mut around = None;
            for layer in &health.layers {
                prop_assert_eq!(layer.effective, layer.own.map(|own| around.map_or(own, |outer| own.min(outer))));
                prop_assert_eq!(layer.standing_on.is_some(), layer.effective < layer.own);
                around = layer.effective.or(around);
            }
        }
    }

    #[test]
    fn a_run_after_itself_has_not_moved(findings in findings()) {
        let first = scored(&findings);
        let past: Past = serde_json::from_str(&serde_json::to_string(&Past::of(&first, "r1", "2026-11-01T00:00:00Z".parse().unwrap())).unwrap()).unwrap();
        let second = assess(&findings, 0, std::slice::from_ref(&past));
        for dimension in healths(&second).iter().flat_map(|health| &health.dimensions) {
            prop_assert_eq!(dimension.trend.is_some(), dimension.score.is_some());
            if let Some(trend) = &dimension.trend {
                prop_assert_eq!((trend.change, trend.same_questions, trend.series.len()), (Some(0), true, 1));
            }
        }
    }
}

#[test]
fn nothing_read_is_nothing_proven() {
    let unknown: Vec<Finding> = palisade_controls::controls()
        .iter()
        .map(|control| crate::findings::finding(control.meta, 0, 0, State::Unknown))
        .collect();
    let cloud = &scored(&unknown).fleet.layers[0];
    assert_eq!((cloud.own.map(Score::points), cloud.at_most.map(Score::points)), (Some(0), Some(100)));
    assert_eq!(cloud.tally.answered.known, 0);
}

#[test]
fn what_cannot_arise_is_not_scored() {
    let none = crate::findings::finding(palisade_controls::controls()[0].meta, 0, 0, State::NotApplicable);
    assert_eq!(scored(&[none]).fleet.layers[0].own, None);
}
