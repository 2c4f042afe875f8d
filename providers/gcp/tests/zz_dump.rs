//! Prints acme, for a look.
#![cfg(feature = "collect")]
use palisade_gcp::*; use palisade_provider::*; use palisade_simulator::*; use std::sync::Arc;
#[tokio::test]
async fn dump() {
    let running = Simulator::start(World::acme().unwrap(), Faults::default()).await.unwrap();
    let p = Gcp::new(Settings { projects: Projects::Organization("481516234200".into()), endpoint_url: Some(running.gcp.clone()), credential: Credential::Anonymous, ..Settings::new("acme") });
    let r = Recorder::new("acme", Arc::new(palisade_testkit::now), Arc::new(Quiet), Arc::new(Pace::default()));
    let d = p.discover(&r).await;
    for u in &d.units { let s = p.collect(u, &r).await; 
        let i = p.normalize(&s);
        for c in &i.clusters {
            println!("=== {} {}", c.id, c.name);
            println!("public {:#?}", c.api.public.get()); println!("guard {:?}", c.api.private_guard.get()); println!("doors {:?}", c.api.doors.get()); println!("tunnels {:?}", c.api.tunnels.get());
            for pool in c.pools.get().unwrap() { println!("pool {} {:?}", pool.name, pool.kind);
              println!("  nodes {} pub {:?}", pool.nodes.get().unwrap().len(), pool.public_addresses.get());
              for e in pool.exposure.get().unwrap() { let pr = palisade_reach::Printer::new(e.local.clone());
                 println!("  exposure nodes {} limits {:?}", e.nodes.len(), e.limits);
                 for port in [22u16,3389,443,10250,30000] { println!("   {port}: {}", pr.bounds(&e.internet.map(|s| s.sources(palisade_reach::Protocol::TCP, port)))); }
                 for l in e.layers.iter() { println!("   layer {} hits {:?}", l.name, l.hits.iter().map(|h| (h.rule.to_string(), h.action)).collect::<Vec<_>>()); } }
              println!("  filters {:?}", pool.filters.get().unwrap().open.iter().map(|o| (&o.rule,&o.text)).collect::<Vec<_>>());
              println!("  route {:?}\n  egress {:?}\n  inter {:?}\n  meta {:?}", pool.default_route.get(), pool.egress.get(), pool.interactive.get(), pool.metadata.get()); }
            println!("wi {:?}", c.workload_identity.get());
            for id in c.identities.get().unwrap() { println!("identity {} {:?} {:?}", id.id, id.kind, id.used_by);
              match id.standing.get() { Ok(s) => { println!("   admin {:?}", s.administrator); for h in &s.held { println!("   held {} {:?} every {}", h.capability, h.certainty, h.everywhere); }
                for h in s.escalation.iter().flatten() { println!("   hop {h}"); } println!("   wild {:?}\n   outside {:?}\n   assume {:?}", s.wildcards, s.outside_need, s.assumptions); }, Err(g) => println!("   GAP {g}") }
              println!("   ded {:?}\n   other {:?}\n   keys {:?}\n   unused {:?}", id.dedication.get(), id.other_trust.get(), id.keys.get(), id.unused.get()); }
            println!("trusts {:#?}", c.trusts.get()); println!("controllers {:?}", c.controllers.get());
            for m in c.minters.get().unwrap() { println!("minter {m:?}"); }
            println!("ext {:?}", c.external_trusts.get()); println!("enc {:?}", c.encryption.get()); println!("key {:?} {:?} {:?}", c.key.state.get(), c.key.rotation.get(), c.key.access.get());
        }
        std::fs::create_dir_all(format!("/tmp/gcp-snap/{}", u.scope)).unwrap();
        std::fs::write(format!("/tmp/gcp-snap/{}/lines", u.scope), s.to_lines()).unwrap();
        for r in s.records() { if let Outcome::Answered(b) = &r.outcome { std::fs::write(format!("/tmp/gcp-snap/{}/{}", u.scope, b.digest().to_hex()), b.bytes()).unwrap(); } }
        let t = std::time::Instant::now(); for _ in 0..50 { let _ = p.normalize(&s); } println!("TIME {} {:?} per normalize", u.scope, t.elapsed()/50);
    }
}
