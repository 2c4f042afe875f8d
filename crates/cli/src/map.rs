//! `palisade map`: the four maps of stored snapshots, as files.

use crate::{
    arguments::{DrawingFormat, MapOf, Which},
    exit::{Exit, WrongUsage},
    output::{self, Screen},
    plan::kept_in,
    stored,
};
use palisade_config::nearest;
use palisade_maps::{FITS, Kind, Map, Piece, View};
use palisade_report::{Outlook, Report, after_the_plan, plain};

pub(crate) fn run(wanted: &MapOf, screen: &Screen) -> anyhow::Result<Exit> {
    let report = stored::judged(&wanted.snapshots, wanted.config.as_deref())?;
    let view = if wanted.after { after(&report, wanted)? } else { View::Now };
    let pieces = chosen(&report, wanted.cluster.as_deref())?;
    let whole = Map::of(kind(wanted.map), pieces, &view);
    let map = if wanted.whole || wanted.cluster.is_some() { whole } else { whole.rolled_up(FITS) };
    output::write(wanted.output.as_deref(), |to| match wanted.format {
        DrawingFormat::Svg => to.write_all(map.svg().as_bytes()),
        DrawingFormat::Mermaid => to.write_all(map.mermaid().as_bytes()),
        DrawingFormat::Json => {
            serde_json::to_writer_pretty(&mut *to, &map)?;
            to.write_all(b"\n")
        }
    })?;
    if wanted.output.is_none() && screen.interactive && wanted.format == DrawingFormat::Svg {
        screen.note("`-o map.svg` keeps it in a file that a browser opens");
    }
    Ok(Exit::Done)
}

fn kind(which: Which) -> Kind {
    match which {
        Which::Exposure => Kind::Exposure,
        Which::Authority => Kind::Authority,
        Which::Architecture => Kind::Architecture,
        Which::Protection => Kind::Protection,
    }
}

/// How things are after the plan that is kept, or the one that `palisade plan` would make.
fn after(report: &Report, wanted: &MapOf) -> anyhow::Result<View> {
    let kept = kept_in(wanted.file.as_deref(), None, report)?;
    let outlook = Outlook::of(report, Some(&kept)).map_err(|error| WrongUsage(error.to_string()))?;
    Ok(after_the_plan(report, &outlook))
}

/// The pieces of the cluster that was asked for, by name or id, or of all.
fn chosen<'a>(report: &'a Report, cluster: Option<&str>) -> anyhow::Result<Vec<&'a Piece>> {
    let Some(name) = cluster else { return Ok(report.pieces.iter().collect()) };
    let found: Vec<&Piece> =
        report.pieces.iter().filter(|piece| piece.name() == name || piece.cluster().as_str() == name).collect();
    if found.is_empty() {
        let names: Vec<&str> = report.pieces.iter().map(Piece::name).collect();
        let hint = nearest(name, &names).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
        return Err(WrongUsage(plain(&format!("no cluster is called `{name}` in what was read{hint}"))).into());
    }
    Ok(found)
}
