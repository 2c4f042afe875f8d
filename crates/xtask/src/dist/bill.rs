//! The bill of materials: CycloneDX 1.6, of what the lock file names and the binary is built of.

use super::tree::{Package, Tree};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The package that the binary is of.
const ROOT: &str = "palisade-cli";

/// The same packages and the same binary give the same bytes: no time and no chance is in it.
pub(super) fn of(tree: &Tree, version: &str, binary: &str) -> Value {
    let others = || tree.packages.values().filter(|package| package.name != ROOT);
    let components: Vec<Value> = others().map(component).collect();
    let dependencies: Vec<Value> = tree
        .packages
        .values()
        .map(|package| {
            let uses: Vec<String> = package.uses.iter().map(|(name, version)| purl(name, version)).collect();
            json!({ "ref": purl(&package.name, &package.version), "dependsOn": uses })
        })
        .collect();
    let mut root = json!({
        "type": "application",
        "bom-ref": purl(ROOT, version),
        "name": "palisade",
        "version": version,
        "licenses": [{ "expression": env!("CARGO_PKG_LICENSE") }],
        "hashes": [{ "alg": "SHA-256", "content": binary }],
        "externalReferences": [{ "type": "vcs", "url": env!("CARGO_PKG_REPOSITORY") }],
    });
    if let Some(package) = tree.packages.values().find(|package| package.name == ROOT) {
        set(&mut root, "description", package.description.as_deref());
    }
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(&components, binary),
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist", "version": version }] },
            "component": root,
        },
        "components": components,
        "dependencies": dependencies,
    })
}

fn component(package: &Package) -> Value {
    let mut one = json!({
        "type": "library",
        "bom-ref": purl(&package.name, &package.version),
        "name": package.name,
        "version": package.version,
        // What only helped to build it is not in it.
        "scope": if package.linked { "required" } else { "excluded" },
    });
    if package.checksum.is_some() {
        set(&mut one, "purl", Some(&purl(&package.name, &package.version)));
    }
    set(&mut one, "description", package.description.as_deref().map(str::trim));
    if let Value::Object(map) = &mut one {
        if let Some(licence) = &package.licence {
            map.insert("licenses".to_owned(), json!([{ "expression": licence }]));
        }
        if let Some(sum) = &package.checksum {
            map.insert("hashes".to_owned(), json!([{ "alg": "SHA-256", "content": sum }]));
        }
        if let Some(url) = package.repository.as_deref().filter(|url| url.starts_with("https://")) {
            map.insert("externalReferences".to_owned(), json!([{ "type": "vcs", "url": url }]));
        }
    }
    one
}

fn set(value: &mut Value, key: &str, text: Option<&str>) {
    if let (Value::Object(map), Some(text)) = (value, text) {
        map.insert(key.to_owned(), json!(text));
    }
}

fn purl(name: &str, version: &str) -> String {
    // A plus would be read as a space.
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// A name for this bill, made of what is in it.
fn serial(components: &[Value], binary: &str) -> String {
    let mut digest = Sha256::new();
    for component in components {
        digest.update(component.to_string());
    }
    digest.update(binary);
    let hex = hex::encode(digest.finalize());
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    // Version 8 is for names that are made in a way of one's own.
    format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(12, 15), part(15, 18), part(18, 30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn package(name: &str, linked: bool, uses: &[&str]) -> ((String, String), Package) {
        let one = Package {
            name: name.to_owned(),
            version: "1.0.0+a".to_owned(),
            licence: Some("MIT OR Apache-2.0".to_owned()),
            description: None,
            repository: None,
            folder: "/nowhere".into(),
            checksum: Some("00".repeat(32)),
            linked,
            uses: uses.iter().map(|name| ((*name).to_owned(), "1.0.0+a".to_owned())).collect::<BTreeSet<_>>(),
        };
        ((one.name.clone(), one.version.clone()), one)
    }

    #[test]
    fn what_is_in_the_binary_is_told_from_what_helped_to_build_it_and_the_same_gives_the_same_bytes() {
        let packages = || {
            BTreeMap::from([
                package("palisade-cli", true, &["a"]),
                package("a", true, &["b"]),
                package("b", false, &[]),
            ])
        };
        let bill = of(&Tree { packages: packages() }, "1.0.0+a", &"11".repeat(32));
        let scopes: Vec<&str> =
            bill["components"].as_array().unwrap().iter().map(|one| one["scope"].as_str().unwrap()).collect();
        assert_eq!(scopes, ["required", "excluded"]);
        assert_eq!(bill["components"][0]["purl"], "pkg:cargo/a@1.0.0%2Ba");
        assert_eq!(bill["dependencies"][2]["dependsOn"][0], "pkg:cargo/a@1.0.0%2Ba");
        assert_eq!(bill, of(&Tree { packages: packages() }, "1.0.0+a", &"11".repeat(32)));
        assert_ne!(
            bill["serialNumber"],
            of(&Tree { packages: packages() }, "1.0.0+a", &"22".repeat(32))["serialNumber"]
        );
    }
}
