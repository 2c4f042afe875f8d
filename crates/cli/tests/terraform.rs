//! The Terraform modules for AWS, applied to an AWS that somebody else wrote, and a scan with the roles they made.
//!
//! Needs a Python with the packages of `crates/simulator/tests/oracle/requirements.txt`, and Terraform with its provider for
//! AWS in the folder `PALISADE_TEST_TERRAFORM_PLUGINS`; `cargo xtask test` finds the folder, and says when there is none.
//! With `PALISADE_TEST_TERRAFORM_WHOLE=1 MOTO_IAM_LOAD_MANAGED_POLICIES=true` everything is applied, not only the roles.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where, and one that does not run says why")]

use palisade_testkit::Moto;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const MANIFEST: &str = env!("CARGO_MANIFEST_DIR");

/// A folder with a root module, and Terraform in it.
struct Terraform {
    folder: tempfile::TempDir,
}

impl Terraform {
    fn new(plugins: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let modules = Path::new(MANIFEST).ancestors().nth(2).unwrap().join("terraform");
        std::os::unix::fs::symlink(modules, folder.path().join("modules")).unwrap();
        fs::write(folder.path().join("main.tf"), include_str!("terraform/main.tf")).unwrap();
        let mirror =
            format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", plugins.display());
        fs::write(folder.path().join("terraformrc"), mirror).unwrap();
        Self { folder }
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, String)]) -> String {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("terraformrc"))
            .env("CHECKPOINT_DISABLE", "1")
            .envs(variables.iter().map(|(name, value)| (format!("TF_VAR_{name}"), value)));
        let output = command.output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", said(&output.stdout), said(&output.stderr));
        said(&output.stdout)
    }
}

/// A scan of one member account, with the session of the scanner's role.
fn scan(moto: &Moto, member: &str, session: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "targets:\n  - {{name: acme, provider: aws, accounts: [\"{member}\"], role: PalisadeReader, external_id: acme-7d1f, \
         regions: [eu-west-1], endpoint_url: \"{}\"}}\n",
        moto.url
    );
    fs::write(folder.path().join("palisade.yaml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command
        .args(["scan", "--format", "json", "-o", "report.json"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-west-1");
    for (variable, member) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        command.env(variable, session[member].as_str().unwrap());
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap()
}

#[test]
fn the_roles_that_terraform_makes_let_a_scan_in_and_nothing_else() {
    let Some(plugins) = std::env::var_os("PALISADE_TEST_TERRAFORM_PLUGINS").map(PathBuf::from) else {
        eprintln!("not run: PALISADE_TEST_TERRAFORM_PLUGINS names no folder with Terraform's provider for AWS");
        return;
    };
    let moto = Moto::start();
    let seed = Path::new(MANIFEST).ancestors().nth(2).unwrap().join("providers/aws/tests/moto/seed.py");
    let seeded = moto.seed(&seed, &[]);
    let member = seeded["member"].as_str().unwrap();
    let network = moto.seed(&Path::new(MANIFEST).join("tests/terraform/network.py"), &[]);

    let terraform = Terraform::new(&plugins);
    let variables = [
        ("emulator", moto.url.clone()),
        ("member", member.to_owned()),
        ("vpc_id", network["vpc"].as_str().unwrap().to_owned()),
        ("subnet_ids", network["subnets"].to_string()),
    ];
    terraform.run(&["init", "-input=false"], &variables);
    // The emulator takes minutes for the rest; its own test is asked for by name.
    let roles = ["-target=module.reader", "-target=module.palisade.aws_iam_role_policy_attachment.scanner"];
    let parts = if std::env::var_os("PALISADE_TEST_TERRAFORM_WHOLE").is_some() { &roles[..0] } else { &roles[..] };
    terraform.run(&[&["apply", "-auto-approve", "-input=false"], parts].concat(), &variables);
    let made: Value = serde_json::from_str(&terraform.run(&["output", "-json"], &variables)).unwrap();
    let made = |name: &str| made[name]["value"].as_str().unwrap().to_owned();

    let ask = Path::new(MANIFEST).join("tests/terraform/ask.py");
    let said = moto.seed(&ask, &[&made("scanner_role_arn"), &made("role_arn")]);
    let scanner = json!({
        "describes regions": "yes",
        "describes key pairs": "AccessDenied",
        "enters another role": "AccessDenied",
        "enters": "yes",
    });
    assert_eq!(said["scanner"], scanner);
    let reader = json!({
        "describes instances": "yes",
        "describes key pairs": "AccessDenied",
        "reads who may do what": "yes",
        "makes a user": "AccessDenied",
        "goes on to another account": "AccessDenied",
    });
    assert_eq!(said["reader"], reader);

    let report = scan(&moto, member, &said["session"]);
    let clusters = report["clusters"].as_array().unwrap();
    assert_eq!(
        (clusters.len(), &clusters[0]["name"], &clusters[0]["scope"]),
        (1, &json!("shop"), &json!(format!("{member}/eu-west-1")))
    );
    let denied = report["gaps"].as_array().unwrap().iter().filter(|gap| gap["reason"] == "denied").count();
    assert_eq!(denied, 0, "{}", report["gaps"]);
}

/// The schedules of an overlay: the base's, and its own in their place.
fn schedules_of(manifests: &Path, overlay: &str) -> tempfile::TempDir {
    let together = tempfile::tempdir().unwrap();
    let own = manifests.join("overlays").join(overlay).join("schedules");
    for folder in [manifests.join("base/installation/schedules"), own].into_iter().filter(|folder| folder.is_dir()) {
        for file in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            fs::copy(file.path(), together.path().join(file.file_name())).unwrap();
        }
    }
    together
}

/// Has the program check an installation of three schedules.
fn check(folder: &Path, schedules: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
    command.args(["schedules", "check", "-c"]).arg(folder.join("palisade.yaml")).arg(schedules).env_clear();
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("3 schedules, no mistakes"), "{}", folder.display());
}

#[test]
fn every_example_installation_is_one() {
    let root = Path::new(MANIFEST).ancestors().nth(2).unwrap();
    for example in ["aws/examples/organization", "azure/examples/tenant", "gcp/examples/organization"] {
        let folder = root.join("terraform").join(example).join("installation");
        check(&folder, &folder.join("schedules"));
    }
    let manifests = root.join("deploy/kubernetes");
    for overlay in ["eks", "aks", "gke"] {
        check(&manifests.join("overlays").join(overlay), schedules_of(&manifests, overlay).path());
    }
}
