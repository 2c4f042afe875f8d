//! NW-03.

use crate::{
    flaws::Flaws,
    quoted::{listed, quoted},
    retirements::{day, life},
    time::days,
};
use palisade_engine::{
    Concern, Context, Control, Dimension, Effort, Judgement, Layer, Meta, Severity, Verdict, guide, whole,
};
use palisade_model::{Cluster, FactKind, Gap, NetworkPart};

guide! {
    /// # A part of the cluster's network is retired
    ///
    /// ## What is checked
    /// The network plugin, the policy engine, the load balancer and the managed ingress controller of the cluster, against a dated
    /// list of what the providers have retired or will.
    ///
    /// ## Why it matters
    /// A retired part gets no fixes, and leaving it takes weeks: whoever begins on its last day is late.
    ///
    /// ## How it is judged
    /// | Verdict | When |
    /// |---|---|
    /// | fail | a part is retired, or will be within the policy's `retirement_notice_days` (180) |
    /// | pass | no part is on the list, or its day is further away |
    /// | unknown | the parts were not read, or the cluster's network is one that the cloud's API does not show |
    ///
    /// ## Remediation
    /// ### EKS
    /// Nothing of EKS' own network is on the list. Whether its add-ons are current is AR-07's.
    /// ### AKS
    /// `az aks update --resource-group GROUP --name NAME --network-plugin azure --network-plugin-mode overlay` leaves kubenet;
    /// `--network-policy cilium --network-dataplane cilium` leaves Azure NPM; `--load-balancer-sku standard` the basic load balancer;
    /// `az aks disable-addons --addons http_application_routing` the old ingress controller, for `az aks approuting enable`.
    /// ### GKE
    /// Nothing of GKE's own network is on the list.
    ///
    /// ## Limits
    /// What somebody installed (ingress-nginx, a network plugin of their own) is not seen. The list was checked on 2026-11-29; each
    /// row names the provider's own page.
    pub struct NetworkPartRetired;
}

impl Control for NetworkPartRetired {
    const META: Meta = Meta {
        id: "NW-03",
        name: "network-part-retired",
        title: "CNI, data plane and ingress controller are supported",
        concern: Concern::None,
        layer: Layer::Cluster,
        dimension: Dimension::Architecture,
        severity: Severity::Medium,
        effort: Effort::L,
        needs: &[FactKind::NetworkParts],
        maps: "CIS-EKS-2.0.0:4.3.1; CIS-EKS-1.8.0:4.3.1; CIS-AKS-1.8.0:4.4.1; CIS-GKE-1.9.0:5.6.2; CIS-K8S-2.0.1:5.3.1; NSA-CISA-1.2:Upgrading; NIST-800-53r5:SA-22,SI-2; PCI-DSS-4.0.1:6.3.3,12.3.4; SOC2-TSC:CC7.1; ISO-27001-2022:A.8.8",
    };
    const GUIDE: &'static str = Self::PAGE;

    fn judge(cluster: &Cluster, context: &Context<'_>) -> Vec<Judgement> {
        whole(cluster, || {
            let fact = &cluster.network.parts;
            Ok(judge_parts(cluster, fact.get()?, context)?.seen_in(fact))
        })
    }
}

fn judge_parts(cluster: &Cluster, parts: &[NetworkPart], context: &Context<'_>) -> Result<Verdict, Gap> {
    let today = day(context.now);
    let soon = day(context.now + days(context.policy.retirement_notice_days));
    let mut flaws = Flaws::default();
    let mut later = Vec::new();
    for NetworkPart { role, word } in parts {
        let Some(life) = life(cluster.provider, role, word) else { continue };
        match life.ends {
            Some(end) if end <= today => {
                flaws.prove(Severity::Medium, format!("{role} `{word}` was retired on {end} ({})", life.source));
            }
            Some(end) if end <= soon => {
                flaws.prove(Severity::Medium, format!("{role} `{word}` retires on {end} ({})", life.source));
            }
            Some(end) => later.push(format!("{role} `{word}` retires on {end}")),
            None => (),
        }
    }
    flaws.settle(|| {
        let named = quoted(parts.iter().map(|part| &part.word));
        let said = format!("no part of the network ({named}) is retired or about to be");
        Ok(Verdict::pass(if later.is_empty() { said } else { format!("{said}; {}", listed(later, ", ")) }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use palisade_engine::{Policy, State};
    use palisade_model::Provider;
    use palisade_testkit::{gap, known, now, tidy};

    fn judge(provider: Provider, parts: Option<&[(&str, &str)]>) -> Result<State, Gap> {
        let mut cluster = tidy(provider);
        match parts {
            Some(parts) => {
                let part =
                    |(role, word): &(&str, &str)| NetworkPart { role: (*role).to_owned(), word: (*word).to_owned() };
                cluster.network.parts = known(parts.iter().map(part).collect());
            }
            None => cluster.network.parts.hide(gap()),
        }
        let context = Context { policy: &Policy::default(), now: now() };
        NetworkPartRetired::judge(&cluster, &context).remove(0).verdict.map(|verdict| verdict.state)
    }

    #[test]
    fn what_is_retired_fails_and_what_retires_in_two_years_passes_with_its_day() {
        for (role, word, state) in [
            ("load balancer", "basic", State::Fail),
            ("network policy", "azure on Windows", State::Fail),
            ("network policy", "azure", State::Pass),
            ("network plugin", "kubenet", State::Pass),
            ("network plugin", "azure", State::Pass),
        ] {
            assert_eq!(judge(Provider::Azure, Some(&[(role, word)])), Ok(state), "{role} {word}");
        }
    }

    #[test]
    fn a_part_fails_when_its_day_comes_near() {
        let mut cluster = tidy(Provider::Azure);
        let kubenet = NetworkPart { role: "network plugin".to_owned(), word: "kubenet".to_owned() };
        cluster.network.parts = known(vec![kubenet]);
        let policy = Policy { retirement_notice_days: 500, ..Policy::default() };
        let context = Context { policy: &policy, now: now() };
        let verdict = NetworkPartRetired::judge(&cluster, &context).remove(0).verdict.unwrap();
        assert_eq!(verdict.state, State::Fail, "{}", verdict.because);
    }

    #[test]
    fn a_word_of_one_provider_says_nothing_of_another_and_unread_parts_are_a_gap() {
        assert_eq!(judge(Provider::Gcp, Some(&[("load balancer", "basic")])), Ok(State::Pass));
        assert_eq!(judge(Provider::Azure, None), Err(gap()));
    }
}
