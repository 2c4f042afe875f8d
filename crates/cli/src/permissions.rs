//! `palisade permissions`.

use crate::{
    arguments::{Cloud, Permissions, RoleFormat},
    exit::Exit,
    output, providers,
};
use palisade_controls::controls;
use palisade_model::Provider;
use palisade_provider::{Call, permissions, role_json, role_terraform};
use std::{collections::BTreeSet, fmt::Write as _};

pub(crate) fn run(wanted: &Permissions) -> anyhow::Result<Exit> {
    let calls = providers::calls(wanted.provider);
    let provider = match wanted.provider {
        Cloud::Aws => Provider::Aws,
        Cloud::Azure => Provider::Azure,
        Cloud::Gcp => Provider::Gcp,
    };
    let text = match wanted.format {
        RoleFormat::Table => table(calls),
        RoleFormat::IamJson => serde_json::to_string_pretty(&role_json(provider, calls))? + "\n",
        RoleFormat::Terraform => role_terraform(provider, calls),
    };
    output::data(text.as_bytes(), None)?;
    Ok(Exit::Done)
}

fn table(calls: &[Call]) -> String {
    let controls = controls();
    let mut text = String::new();
    for permission in permissions(calls) {
        let of_permission: Vec<&Call> = calls.iter().filter(|call| call.permission == permission).collect();
        let fed: BTreeSet<_> = of_permission.iter().flat_map(|call| call.feeds).collect();
        let hidden: Vec<&str> = controls
            .iter()
            .filter(|control| control.meta.needs.iter().any(|need| fed.contains(need)))
            .map(|control| control.meta.id)
            .collect();
        let purposes: BTreeSet<&str> = of_permission.iter().map(|call| call.purpose).collect();
        let purpose = purposes.into_iter().collect::<Vec<_>>().join("; ");
        // What people are asked is hidden by no call.
        let reading = controls.iter().filter(|control| !control.meta.needs.is_empty()).count();
        let without = if hidden.len() == reading { "everything".to_owned() } else { hidden.join(" ") };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{permission}\n    {purpose}\n    unknown without it: {without}");
    }
    text
}
