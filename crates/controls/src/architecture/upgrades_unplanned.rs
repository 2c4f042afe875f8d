//! AR-03.

use crate::flaws::Flaws;
use crate::time::{date, days};
use jiff::Timestamp;
use palisade_engine::{
    AnswerKind, Asks, Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Question, Severity,
    Verdict, Widest, guide, hear, whole,
};
use palisade_model::{Cluster, FactKind, Freeze, Gap, Upgrades};

/// The longest time in which nothing is upgraded that is still short, in days.
const SHORT: u32 = 30;

guide! {
    /// # Upgrades come unplanned, or not at all
    ///
    /// ## What is checked
    /// Whether the provider upgrades the cluster by a channel and in a window that somebody chose, how long upgrades are
    /// frozen, and whether a setting upgrades past everything that speaks against it.
    ///
    /// ## Why it matters
    /// The provider upgrades anyway before support ends. Without a channel and a window that happens late, at once, and on
    /// its day and not on yours.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | there is no channel or no window, a freeze of every upgrade has no end or is longer than 30 days, or an upgrade is forced; EKS: somebody says that no plan is kept |
    /// | pass | there is a channel and a window, freezes are short, and nothing is forced; EKS: somebody says that a plan is kept |
    /// | attest missing | the provider offers neither channel nor window, and nobody has said when upgrades are made |
    /// | attest expired | EKS: the answer is older than a year, or was given until an earlier day |
    /// | unknown | the settings were not read |
    ///
    /// ## Remediation
    /// ### EKS
    /// Keep a calendar of upgrades: EKS has no channel. What happens without one: `aws eks describe-cluster --name NAME
    /// --query cluster.upgradePolicy`.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --auto-upgrade-channel stable`, and `az aks maintenanceconfiguration
    /// add --resource-group GROUP --cluster-name NAME --name aksManagedAutoUpgradeSchedule --schedule-type Weekly
    /// --day-of-week Sunday --interval-weeks 1 --duration 4 --start-time 02:00`
    /// ### GKE
    /// `gcloud container clusters update NAME --release-channel regular`, and `--maintenance-window-start START
    /// --maintenance-window-end END --maintenance-window-recurrence "FREQ=WEEKLY;BYDAY=SU"`
    ///
    /// ## Limits
    /// Whether anybody is told of an upgrade is not judged.
    pub struct UpgradesUnplanned;
}

/// What is asked where no API tells.
const ASKS: Asks = Asks {
    widest: Widest::Cluster,
    days: 365,
    evidence: false,
    questions: &[Question {
        name: "planned",
        asks: "Is it written down when the control plane and the nodes of this cluster are upgraded, and does somebody keep to it?",
        kind: AnswerKind::Choice,
    }],
};

impl Control for UpgradesUnplanned {
    const META: Meta = Meta {
        id: "AR-03",
        name: "upgrades-unplanned",
        title: "An upgrade channel and a maintenance window are set, freezes are short",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::S,
        needs: &[FactKind::Upgrades],
        maps: "CIS-GKE-1.9.0:5.5.4; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SI-2,CM-3,MA-2; PCI-DSS-4.0.1:6.3.3,6.5.1; SOC2-TSC:CC8.1; ISO-27001-2022:A.8.8,A.8.32",
    };
    const GUIDE: &'static str = Self::PAGE;
    const ASKS: Option<&'static Asks> = Some(&ASKS);

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        let fact = &cluster.lifecycle.upgrades;
        whole(cluster, || {
            Ok(match fact.get()? {
                Upgrades::ByHand { because } => {
                    hear(cluster, context, &Self::META, &ASKS).or(Verdict::attest_missing(because.clone()))
                }
                Upgrades::Planned { channel, window, freezes, forced } => {
                    judge_planned((channel.as_deref(), window.as_deref()), freezes, forced.as_deref(), context.now)?
                }
            }
            .seen_in(fact))
        })
    }
}

fn judge_planned(
    (channel, window): (Option<&str>, Option<&str>),
    freezes: &[Freeze],
    forced: Option<&str>,
    now: Timestamp,
) -> Result<Verdict, Gap> {
    let mut flaws = Flaws::default();
    if channel.is_none() {
        flaws.prove(Severity::Medium, "there is no upgrade channel");
    }
    if window.is_none() {
        flaws.prove(Severity::Medium, "there is no maintenance window");
    }
    for freeze in freezes.iter().filter(|freeze| freeze.everything) {
        if let Some(how) = too_long(freeze, now) {
            flaws.prove(Severity::Medium, format!("`{}` freezes every upgrade {how}", freeze.name));
        }
    }
    if let Some(forced) = forced {
        flaws.prove(Severity::Medium, format!("upgrades are forced: {forced}"));
    }
    flaws.settle(|| {
        let (channel, window) = (channel.unwrap_or_default(), window.unwrap_or_default());
        Ok(Verdict::pass(format!("channel `{channel}`, {window}")))
    })
}

/// How a freeze is too long, if it is. One that is over is none.
fn too_long(freeze: &Freeze, now: Timestamp) -> Option<String> {
    let Some(until) = freeze.until else { return Some("without an end".to_owned()) };
    let from = freeze.from.unwrap_or(now);
    (until > now && until > from + days(SHORT)).then(|| format!("until {}, longer than {SHORT} days", date(until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{Observed, Provider};
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(fact: Observed<Upgrades>) -> Result<State, Gap> {
        let mut cluster = tidy(Provider::Gcp);
        cluster.lifecycle.upgrades = fact;
        let context = Context { policy: &Policy::default(), now: now() };
        UpgradesUnplanned::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    fn planned(channel: bool, window: bool, freezes: Vec<Freeze>, forced: bool) -> Result<State, Gap> {
        judge(known(Upgrades::Planned {
            channel: channel.then(|| "stable".to_owned()),
            window: window.then(|| "sundays".to_owned()),
            freezes,
            forced: forced.then(|| "forceUpgrade".to_owned()),
        }))
    }

    fn freeze(from: i64, until: Option<i64>, everything: bool) -> Vec<Freeze> {
        let day = |days: i64| now() + jiff::SignedDuration::from_hours(24 * days);
        vec![Freeze { name: "sale".to_owned(), from: Some(day(from)), until: until.map(day), everything }]
    }

    #[test]
    fn a_channel_and_a_window_are_both_wanted_and_nothing_forced() {
        assert_eq!(planned(true, true, Vec::new(), false), Ok(State::Pass));
        assert_eq!(planned(false, true, Vec::new(), false), Ok(State::Fail));
        assert_eq!(planned(true, false, Vec::new(), false), Ok(State::Fail));
        assert_eq!(planned(true, true, Vec::new(), true), Ok(State::Fail));
    }

    #[test]
    fn a_freeze_of_everything_is_short_or_over() {
        for (from, until, everything, expected) in [
            (-1, Some(29), true, State::Pass),
            (-1, Some(30), true, State::Fail),
            (-90, Some(-1), true, State::Pass),
            (-1, None, true, State::Fail),
            (-1, None, false, State::Pass),
        ] {
            let state = planned(true, true, freeze(from, until, everything), false);
            assert_eq!(state, Ok(expected), "{from} {until:?} {everything}");
        }
    }

    #[test]
    fn without_a_channel_to_choose_a_person_answers() {
        assert_eq!(judge(known(Upgrades::ByHand { because: "no channel".to_owned() })), Ok(State::AttestMissing));
        assert_eq!(judge(Observed::missing(gap())), Err(gap()));
    }
}
