//! Public programs of another language, asked about what we make.

use serde_json::Value;
use std::{
    fmt,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// What a script found wrong, or why it could not look.
pub struct Refused(String);

impl fmt::Debug for Refused {
    /// As the script wrote it, so that a failed test shows lines and not escapes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs a Python script over an input and wants its last line to be `N passed, 0 failed`, with an N that is not zero.
/// Scripts find `checks` and `browser` of this crate's folder `python` beside the packages that `cargo xtask test`
/// installs. Returns N.
pub fn ask(script: &Path, input: &Value) -> Result<usize, Refused> {
    let refused = |why: String| Refused(format!("{}: {why}", script.display()));
    let python = std::env::var("PALISADE_TEST_PYTHON").map_err(|_| {
        refused(
            "this test needs public packages: run `cargo xtask test`, or point PALISADE_TEST_PYTHON at a Python with \
             crates/simulator/tests/oracle/requirements.txt installed"
                .to_owned(),
        )
    })?;
    let run = || {
        // `-P`: a script may be called like the package that it asks.
        let mut child = Command::new(&python)
            .arg("-P")
            .arg(script)
            .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/python"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // A script that ends before it has read everything says why on its own.
        let written = child.stdin.take().map(|mut stdin| stdin.write_all(input.to_string().as_bytes()));
        let output = child.wait_with_output()?;
        if output.status.success() {
            written.transpose()?;
        }
        Ok::<_, std::io::Error>(output)
    };
    let output = run().map_err(|error| refused(format!("could not run it with `{python}`: {error}")))?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let passed = out.lines().last().and_then(|line| line.strip_suffix(" passed, 0 failed"));
    match passed.and_then(|passed| passed.parse().ok()) {
        Some(passed) if passed > 0 && output.status.success() => Ok(passed),
        _ => Err(refused(format!("{}\n{out}\n{err}", output.status))),
    }
}
