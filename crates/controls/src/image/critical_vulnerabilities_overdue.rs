//! IM-06.

use crate::{control_plane::list, flaws::Flaws, quoted::listed, time::days_between};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, ImageRuns, ImageVulnerability, PublicAccess};
use palisade_reach::{AddrSet, Bounds, PacketSet};

guide! {
    /// # Critical vulnerabilities in running images are overdue
    ///
    /// ## What is checked
    /// For how long the images that run in the cluster have had critical vulnerabilities that a newer version mends, as the
    /// provider's own scanner tells them.
    ///
    /// ## Why it matters
    /// A published hole with a fix is the cheapest way in: the fix tells everyone where to look. Every day between the fix and
    /// the roll-out is a day on which the work was done and did not help.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | an image that runs in the cluster has had one for longer than the policy's `vulnerability_days` (30), or for longer than `exposed_vulnerability_days` (7) where at least half of the internet reaches the API server or a machine |
    /// | pass | the scanner looks at the images that run, as far as the provider tells which those are, and none has one for longer |
    /// | unknown | the scanner is off (IM-01) or was not asked; images may run that it does not look at; an overdue one is in an image of which nobody tells whether it runs; or whether the internet reaches the cluster was not read and decides |
    ///
    /// What proves that the images that run are looked at:
    /// - EKS: Amazon Inspector scans the registry, every repository of the region has a rule, Inspector saw at least one image run
    ///   in the cluster, and it still scans each of those.
    /// - AKS: the plan Defender for Containers looks at running containers (machines without an agent, and the Kubernetes API or the
    ///   sensor), and it told of at least one container of the cluster.
    /// - GKE: every repository near the cluster is scanned, Artifact Analysis told of at least one image, and it still analyses
    ///   each of those of which it told. No API of Google tells which images run: an overdue one in any image of the project is
    ///   unknown and never a fail, and a pass says that none of these images has one.
    ///
    /// ## Remediation
    /// ### EKS
    /// Build the image anew on a mended base and roll it out: `aws inspector2 get-clusters-for-image --filter resourceId=IMAGE`
    /// tells where it runs. Scan all of them: `aws inspector2 enable --resource-types ECR`
    /// ### AKS
    /// Build the image anew on a mended base and roll it out. Have all of them looked at: `az security pricing create --name
    /// Containers --tier Standard` with the extensions `AgentlessVmScanning` and `AgentlessDiscoveryForKubernetes`
    /// ### GKE
    /// Build the image anew on a mended base and roll it out; delete images that nobody runs. `gcloud artifacts vulnerabilities
    /// list IMAGE` tells what is wrong with one.
    ///
    /// ## Limits
    /// The days are counted from when the scanner first saw it in the image; a fix may have come later. Images from registries of
    /// other accounts, projects and companies are not looked at on EKS and GKE, those of the provider itself among them. What
    /// Inspector suppresses counts all the same; what is exempt in Defender is unknown. On GKE images that were pushed before
    /// scanning was turned on are not told of; the workload scanning of GKE's security posture ended in June 2026 and is not asked.
    pub struct CriticalVulnerabilitiesOverdue;
}

impl Control for CriticalVulnerabilitiesOverdue {
    const META: Meta = Meta {
        id: "IM-06",
        name: "critical-vulnerabilities-overdue",
        title: "Critical vulnerabilities in running images are fixed on time",
        concern: Concern::None,
        layer: Layer::Container,
        dimension: Dimension::Applications,
        severity: Severity::High,
        effort: Effort::M,
        needs: &[FactKind::Vulnerabilities, FactKind::PublicAccess, FactKind::Pools, FactKind::Exposure],
        maps: "CIS-EKS-2.0.0:5.1.1; CIS-EKS-1.8.0:5.1.1; CIS-AKS-1.8.0:5.1.1; CIS-GKE-1.9.0:5.1.1; NSA-CISA-1.2:Upgrading; NIST-800-53r5:RA-5,SI-2; PCI-DSS-4.0.1:6.3.3,11.3.1; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8; NIST-800-190:4.1.1,4.4.4",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || Ok(judge_images(cluster, context)?.seen_in(&cluster.vulnerabilities)))
    }
}

/// Young ones are in time and old ones late wherever the cluster stands; only between the two windows its exposure decides.
fn judge_images(cluster: &Cluster, context: &Context<'_>) -> Result<Verdict, Gap> {
    let told = cluster.vulnerabilities.get()?;
    let usual = context.policy.vulnerability_days;
    let strict = context.policy.exposed_vulnerability_days.min(usual);
    let mut flaws = Flaws::default();
    let (mut late, mut late_if_exposed) = (Vec::new(), Vec::new());
    for one in &told.fixable {
        let Some(since) = one.since else {
            flaws.unsettled(format!("since when {} is known is not told", said(one)));
            continue;
        };
        let age = days_between(since, context.now);
        if age > i64::from(usual) {
            late.push((one, age));
        } else if age > i64::from(strict) {
            late_if_exposed.push((one, age));
        }
    }
    let (mut limit, mut place) = (usual, String::new());
    let mut leans = false;
    if !late_if_exposed.is_empty() {
        match exposure(cluster) {
            Ok(Some(because)) => {
                (limit, place, leans) = (strict, format!(", because {because}"), true);
                late.append(&mut late_if_exposed);
            }
            Ok(None) => leans = true,
            Err(gap) => flaws.doubt(gap),
        }
    }
    let mut proofs: Vec<_> = late.iter().filter(|(one, _)| one.runs == ImageRuns::Here).collect();
    let resting = |verdict: Verdict| if leans { resting_on_exposure(verdict, cluster) } else { verdict };
    if !proofs.is_empty() {
        proofs.sort_by(|(a, of_a), (b, of_b)| (of_b, &a.name, &a.image).cmp(&(of_a, &b.name, &b.image)));
        let oldest = proofs.first().map(|(_, age)| *age).unwrap_or_default();
        let named = proofs.iter().take(3).map(|(one, age)| format!("{} for {age} days", said(one)));
        let named: Vec<String> = named.collect();
        let more = proofs.len().saturating_sub(named.len());
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let because = format!(
            "images that run here have had critical vulnerabilities with a fix for longer than {limit} days{place}: {}{more}",
            named.join(", ")
        );
        let brief = format!("{} overdue, the oldest for {oldest} days", proofs.len());
        return Ok(resting(Verdict::fail(because).in_brief(brief)));
    }
    let perhaps = late.iter().filter_map(|(one, age)| match &one.runs {
        ImageRuns::Perhaps { because } => Some((format!("{} for {age} days", said(one)), because)),
        ImageRuns::Here => None,
    });
    let (perhaps, reasons): (Vec<String>, Vec<&String>) = perhaps.unzip();
    if !perhaps.is_empty() {
        let why = listed(reasons.into_iter().cloned(), "; ");
        let count = perhaps.len();
        flaws.unsettled(format!(
            "{count} critical vulnerabilities with a fix are older than {limit} days{place}, and whether their images run \
             here is not known ({why}): {}",
            listed(perhaps, ", ")
        ));
    }
    for one in &told.uncovered {
        flaws.doubt(one.clone());
    }
    flaws.settle(|| {
        let because = format!(
            "{}, and none has had a critical vulnerability with a fix for longer than {limit} days",
            told.covered
        );
        Ok(resting(Verdict::pass(because)))
    })
}

fn said(one: &ImageVulnerability) -> String {
    format!("`{}` in `{}`", one.name, one.image)
}

/// What proves that at least half of the internet reaches the API server or a machine; none when it surely does not.
fn exposure(cluster: &Cluster) -> Result<Option<String>, Gap> {
    let mut open = Flaws::default();
    let mut look = |sources: Bounds<AddrSet>, what: &str| {
        if list::is_whole_internet(sources.lower()) {
            return Some(format!("the internet reaches {what}"));
        }
        if list::is_whole_internet(sources.upper()) {
            open.unsettled(format!("whether the internet reaches {what} is not settled"));
        }
        None
    };
    let mut unread = Vec::new();
    match cluster.api.public.get() {
        Ok(PublicAccess::Open(door)) => {
            let widest = list::widest(door).union(door.sources.lower());
            let sources = Bounds::between(door.sources.lower().clone(), widest);
            if let Some(proof) = look(sources, "the API server") {
                return Ok(Some(proof));
            }
        }
        Ok(PublicAccess::Closed { .. } | PublicAccess::NotApplicable { .. }) => (),
        Err(gap) => unread.push(gap),
    }
    match cluster.pools.get() {
        Ok(pools) => {
            for pool in pools {
                match pool.exposure.get() {
                    Ok(exposures) => {
                        for exposure in exposures {
                            let outside = AddrSet::any_outside(&exposure.local);
                            let sources = exposure.internet.map(|packets| sources(packets).intersect(&outside));
                            if let Some(proof) = look(sources, &format!("machines of pool `{}`", pool.name)) {
                                return Ok(Some(proof));
                            }
                        }
                    }
                    Err(gap) => unread.push(gap),
                }
            }
        }
        Err(gap) => unread.push(gap),
    }
    for gap in unread {
        open.doubt(gap);
    }
    open.settle(|| Ok(Verdict::pass(String::new()))).map(|_| None)
}

fn sources(packets: &PacketSet) -> AddrSet {
    packets.cells().fold(AddrSet::empty(), |all, cell| all.union(&cell.sources))
}

fn resting_on_exposure(verdict: Verdict, cluster: &Cluster) -> Verdict {
    let verdict = verdict.seen_in(&cluster.api.public).seen_in(&cluster.pools);
    let pools = cluster.pools.get().into_iter().flatten();
    pools.fold(verdict, |verdict, pool| verdict.seen_in(&pool.exposure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::{ImageVulnerabilities, Observed, Provider, PublicDoor};
    use palisade_testkit::{everyone, gap, known, nets, now, packets, tidy, vulnerability};

    fn judge(change: impl FnOnce(&mut Cluster)) -> Result<Verdict, Gap> {
        let mut cluster = tidy(Provider::Aws);
        change(&mut cluster);
        let context = Context { policy: &Policy::default(), now: now() };
        CriticalVulnerabilitiesOverdue::judge(&cluster, &context).remove(0).verdict
    }

    fn told(fixable: Vec<ImageVulnerability>, uncovered: &[&str]) -> Observed<ImageVulnerabilities> {
        let uncovered = uncovered.iter().map(|what| Gap::Unsettled { what: (*what).to_owned() }).collect();
        known(ImageVulnerabilities { fixable, covered: "the scanner looks at 3 images".to_owned(), uncovered })
    }

    fn state(change: impl FnOnce(&mut Cluster)) -> Result<State, Gap> {
        judge(change).map(|verdict| verdict.state)
    }

    fn of_days(days: i64) -> impl FnOnce(&mut Cluster) {
        move |cluster| cluster.vulnerabilities = told(vec![vulnerability(days)], &[])
    }

    fn exposed(days: i64) -> impl FnOnce(&mut Cluster) {
        move |cluster| {
            of_days(days)(cluster);
            let door = PublicDoor {
                sources: Bounds::exact(everyone()),
                entries: Vec::new(),
                own: AddrSet::empty(),
                port: 443,
            };
            cluster.api.public = known(PublicAccess::Open(door));
        }
    }

    #[test]
    fn thirty_days_are_given_and_seven_where_the_internet_reaches_the_cluster() {
        assert_eq!(state(of_days(30)), Ok(State::Pass));
        assert_eq!(state(of_days(31)), Ok(State::Fail));
        assert_eq!(state(exposed(7)), Ok(State::Pass));
        assert_eq!(state(exposed(8)), Ok(State::Fail));
        let machines = |cluster: &mut Cluster| {
            of_days(8)(cluster);
            let mut pool = cluster.pools.get().unwrap()[0].clone();
            let mut exposure = pool.exposure.get().unwrap()[0].clone();
            exposure.internet = Bounds::exact(packets(443, &everyone()));
            pool.exposure = known(vec![exposure]);
            cluster.pools = known(vec![pool]);
        };
        assert_eq!(state(machines), Ok(State::Fail));
    }

    #[test]
    fn one_office_is_not_the_internet() {
        let office = |cluster: &mut Cluster| {
            exposed(8)(cluster);
            let sources = Bounds::exact(nets(&["203.0.113.0/28"]));
            let door = PublicDoor { sources, entries: Vec::new(), own: AddrSet::empty(), port: 443 };
            cluster.api.public = known(PublicAccess::Open(door));
        };
        assert_eq!(state(office), Ok(State::Pass));
    }

    #[test]
    fn an_unread_endpoint_matters_only_between_the_two_windows() {
        let unread = |days| {
            state(move |cluster| {
                of_days(days)(cluster);
                cluster.api.public.hide(gap());
            })
        };
        assert_eq!((unread(7), unread(8), unread(31)), (Ok(State::Pass), Err(gap()), Ok(State::Fail)));
    }

    #[test]
    fn the_oldest_three_are_named_and_the_rest_counted() {
        let verdict = judge(|cluster| {
            let named = |name: &str, days| ImageVulnerability { name: name.to_owned(), ..vulnerability(days) };
            let all =
                vec![named("CVE-4", 31), named("CVE-1", 90), named("CVE-3", 32), named("CVE-2", 60), named("CVE-5", 3)];
            cluster.vulnerabilities = told(all, &["`old` is not scanned"]);
        });
        assert_eq!(
            verdict.unwrap().because,
            "images that run here have had critical vulnerabilities with a fix for longer than 30 days: `CVE-1` in \
             `shop/web` for 90 days, `CVE-2` in `shop/web` for 60 days, `CVE-3` in `shop/web` for 32 days and 1 more"
        );
    }

    #[test]
    fn an_image_that_may_run_and_a_day_nobody_tells_are_unknown_and_never_a_fail() {
        let perhaps = ImageRuns::Perhaps { because: "which images run is told nowhere".to_owned() };
        let open = ImageVulnerability { runs: perhaps.clone(), ..vulnerability(31) };
        assert!(matches!(state(|it| it.vulnerabilities = told(vec![open], &[])), Err(Gap::Unsettled { .. })));
        let young = ImageVulnerability { runs: perhaps, ..vulnerability(3) };
        assert_eq!(state(|it| it.vulnerabilities = told(vec![young], &[])), Ok(State::Pass));
        let undated = ImageVulnerability { since: None, ..vulnerability(31) };
        assert!(matches!(state(|it| it.vulnerabilities = told(vec![undated], &[])), Err(Gap::Unsettled { .. })));
    }

    #[test]
    fn images_that_nobody_looks_at_are_unknown_and_an_unread_scanner_is_a_gap() {
        let uncovered = |it: &mut Cluster| it.vulnerabilities = told(Vec::new(), &["`old` is not scanned"]);
        assert_eq!(state(uncovered), Err(Gap::Unsettled { what: "`old` is not scanned".to_owned() }));
        assert_eq!(state(|it| it.vulnerabilities.hide(gap())), Err(gap()));
    }
}
