//! What a configuration names, opened: the memory, the post, the service.

use crate::{arguments::UNITS_AT_ONCE, exit::WrongUsage, paths, providers};
use anyhow::Context as _;
use palisade_config::{Config, Memory, Ping, nearest};
use palisade_controls::controls;
use palisade_message::{Channel, Guides, Kind, Part, Sinks, Template, TemplateFile, Templates};
use palisade_notify::{Courier, Keep as _, Secrets};
use palisade_service::{Pings, Post, Service};
use palisade_store::Database;
use palisade_vault::Vault;
use std::{fs, path::Path, sync::Arc, time::Duration};
use tokio::sync::watch;

/// Everything that runs of a configuration need.
pub(crate) async fn service(
    config: &Config,
    config_path: &Path,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<Service> {
    let database = memory(config, config_path).await?;
    let vault = Arc::new(Vault::default());
    let post = post(config, config_path, Arc::clone(&vault)).await?;
    if let Some(post) = &post {
        post.introduce(&database).await?;
    }
    Ok(Service {
        database,
        post,
        pings: pings(config, vault).await?,
        policy: config.policy.clone(),
        palisade: env!("CARGO_PKG_VERSION"),
        holder: holder(),
        units_at_once: UNITS_AT_ONCE,
        limits: providers::limits(config),
        lease: Duration::from_secs(u64::from(config.service.lease_seconds)),
        grace: Duration::from_secs(u64::from(config.service.stop_seconds)),
        stop,
    })
}

/// Watchers outside.
async fn pings(config: &Config, vault: Arc<Vault>) -> anyhow::Result<Option<Pings>> {
    if config.service.pings.is_empty() {
        return Ok(None);
    }
    let places = config.service.pings.iter().map(|ping| &ping.url);
    let secrets = Secrets::open(places, vault).await.map_err(|errors| {
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        WrongUsage(format!("addresses of `service.pings` are missing:\n  {}", told.join("\n  ")))
    })?;
    let watcher = |ping: &Ping| Channel {
        name: format!("ping of {}", ping.schedule),
        kind: Kind::Webhook { url: ping.url.clone(), secrets: Vec::new() },
        allow_loopback: ping.allow_loopback,
        allow_addresses: Vec::new(),
        allow_hosts: Vec::new(),
    };
    let watchers = config.service.pings.iter().map(|ping| (ping.schedule.clone(), watcher(ping))).collect();
    let courier = Courier::new(secrets).through(proxy(config)?).patience(PING_PATIENCE);
    Ok(Some(Pings { courier, watchers }))
}

/// How long a watcher outside may take: a run waits for it.
const PING_PATIENCE: Duration = Duration::from_secs(10);

fn proxy(config: &Config) -> anyhow::Result<Option<url::Url>> {
    let named = config.sinks.as_ref().and_then(|sinks| sinks.proxy_url.as_deref());
    named.map(url::Url::parse).transpose().context("`proxy_url` is no URL")
}

/// The name of this process among those that share the memory.
fn holder() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{}", host.trim(), std::process::id())
}

/// The memory that a configuration names.
pub(crate) async fn memory(config: &Config, config_path: &Path) -> anyhow::Result<Database> {
    Ok(match &config.service.database {
        Memory::File(name) => {
            let path = config_path.parent().unwrap_or(Path::new("")).join(name);
            Database::file(&path).await?
        }
        Memory::Server(place) => {
            let url = Vault::default()
                .read(place)
                .await
                .with_context(|| format!("the address of the database is not at `{place}`"))?;
            Database::server(url.expose()).await?
        }
    })
}

pub(crate) async fn post(config: &Config, config_path: &Path, vault: Arc<Vault>) -> anyhow::Result<Option<Post>> {
    let Some(sinks) = &config.sinks else { return Ok(None) };
    let guides = Guides::of(&controls());
    known_frameworks(sinks, &guides)?;
    let places = sinks.channels.iter().flat_map(|channel| channel.kind.secrets());
    let secrets = Secrets::open(places, vault).await.map_err(|errors| {
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        WrongUsage(format!("secrets of `sinks` are missing:\n  {}", told.join("\n  ")))
    })?;
    let courier = Courier::new(secrets).through(proxy(config)?);
    let templates = templates(sinks, config_path)?;
    Ok(Some(Post::new(sinks.clone(), guides, templates, courier, config.service.installation.clone())))
}

/// A route that asks for a framework which no control answers to would never tell anything.
fn known_frameworks(sinks: &Sinks, guides: &Guides) -> anyhow::Result<()> {
    let all: Vec<&str> = guides.frameworks().into_iter().collect();
    // A version may be left out.
    let without = all.iter().filter_map(|name| name.rsplit_once('-').map(|(name, _)| name));
    let names: Vec<&str> = all.iter().copied().chain(without).collect();
    let mut unknown = Vec::new();
    for route in &sinks.routes {
        for framework in route.matches.frameworks.iter().filter(|name| !guides.knows(name)) {
            let meant =
                nearest(framework, &names).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            unknown.push(format!("`{}` asks for `{framework}`{meant}", route.name));
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let told = format!(
        "routes ask for frameworks that no control is mapped to:\n  {}\nknown are {}",
        unknown.join("\n  "),
        all.join(", ")
    );
    Err(WrongUsage(told).into())
}

fn templates(sinks: &Sinks, config_path: &Path) -> anyhow::Result<Templates> {
    let mut templates = Vec::new();
    for TemplateFile { event, channel, title_file, body_file } in &sinks.templates {
        for (part, file) in [(Part::Title, title_file), (Part::Body, body_file)] {
            let Some(name) = file else { continue };
            let path = config_path.parent().unwrap_or(Path::new("")).join(name);
            let text = paths::text(&path, paths::DOCUMENT)
                .map_err(|error| WrongUsage(format!("could not read the template `{}`: {error}", path.display())))?;
            templates.push(Template { event: *event, channel: channel.clone(), part, name: name.clone(), text });
        }
    }
    Templates::check(templates, &sinks.channels).map_err(|mistakes| {
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        WrongUsage(format!("templates are wrong:\n  {}", told.join("\n  "))).into()
    })
}
