//! The first page of a bundle: what it is, what is missing, how to check it with public tools alone.

use crate::{Algorithm, Encryption, Firings, coverage::Counted, manifest::Engine};
use jiff::Timestamp;
use std::fmt::Write as _;

pub(crate) struct Facts<'a> {
    pub(crate) run: &'a str,
    pub(crate) span: (Timestamp, Timestamp),
    pub(crate) engine: &'a Engine,
    pub(crate) redaction: &'a str,
    pub(crate) counted: &'a Counted,
    pub(crate) verdicts: u64,
    pub(crate) firings: Option<&'a Firings>,
    pub(crate) storage: Option<&'a str>,
    pub(crate) encryption: Option<Encryption>,
    /// How it is signed; `None` when it is not.
    pub(crate) sealed: Option<Algorithm>,
}

/// Names that a first page shows of a list; the files have all.
pub(crate) const PAGE: &str = "VERIFY.md";
const SHOWN: usize = 20;

const INTEGRITY: &str = r#"## 1. Unchanged?

Run these in the folder of the bundle. They say nothing when all is well, and name what is not.

```sh
jq -r '.files[] | "\(.sha256)  \(.path)"' manifest.json | sha256sum -c --quiet
sha256sum -c --quiet raw/SHA256SUMS
```
"#;

const AUTHENTICITY: &str = r#"
## 2. From whom?

The fingerprint must be one that the organisation published elsewhere. The key in the bundle alone proves nothing.

```sh
openssl pkey -pubin -in signer.pem -outform DER | sha256sum
work=$(mktemp -d)
jq -r .payload manifest.dsse.json | base64 -d > "$work/payload"
printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$work/payload")" | cat - "$work/payload" > "$work/signed"
jq -r '.signatures[0].sig' manifest.dsse.json | base64 -d > "$work/signature"
openssl pkeyutl -verify -pubin -inkey signer.pem -rawin@DIGEST@ -in "$work/signed" -sigfile "$work/signature"
echo "$(jq -r '.subject[0].digest.sha256' "$work/payload")  manifest.json" | sha256sum -c
jq -e --slurpfile of manifest.json '(.subject | length) == 1 and (.predicate | del(.algorithm)) == ($of[0] |
  {run, asOf: .as_of, complete, log: .log.origin, number: .log.number, previous: .log.previous})' "$work/payload"
```

## 3. Is a run missing?

Bundles have numbers without gaps, and each names the one before. Both lines of two neighbours must fit:

```sh
jq -r '"number \(.log.number) of \(.log.origin), after \(.log.previous)"' manifest.json
sha256sum manifest.json
```

`checkpoint.txt` (C2SP `tlog-checkpoint`) signs the whole log up to this bundle; `manifest.tlog-proof` proves that this manifest
stands in it, and `consistency.txt` that the log only grew since `previous-checkpoint.txt`. `palisade evidence verify` and
`examples/verify/verify.py` check them; the leaf of a bundle is `SHA-256(0x00 || manifest.json)`, the tree is that of RFC 6962.
"#;

const UNSEALED: &str = "
## 2. From whom?

This bundle is not sealed: nothing says who made it and when. Make it with `--key` and `--log` for that.
";

const REST: &str = r#"
## When?

A file `manifest.tsr`, if it is there, is the answer of a time-stamping authority (RFC 3161). It may come later, so it is not on the
list. With the authority's certificate in `tsa.pem`: `openssl ts -verify -in manifest.tsr -data manifest.json -CAfile tsa.pem`. What
is signed of it, with the time: `openssl ts -reply -in manifest.tsr -token_out | openssl ts -reply -token_in -in /dev/stdin -text`.

## Was everything looked at?

```sh
jq '{calls_made, calls_failed, clusters_listed, clusters_evaluated, explained, unexplained, in_no_list}' results/coverage.json
jq -r 'select(.failure) | "\(.scope)  \(.operation)  \(.failure.reason)"' calls.ndjson | sort | uniq -c
```

## Would it be judged so again?

`palisade replay` with the program of `engine.binary_sha256` gives `results/verdicts.ndjson` byte for byte, without a network.
To follow one verdict by hand: its `calls` are line numbers of `calls.ndjson`; the `sha256` there names the answer under `raw/`.

## What it does not prove

That the clouds told the truth; that what was asked for is all there is; that the rules are the right ones. The calls stand in
the clouds' own audit logs too, which know nothing of us: compare a sample there by the ids of the ledger.

```sh
jq -r '[.sent_at, .provider, .operation, (.sent_id // .attempts[-1].request_id)] | @tsv' calls.ndjson
```

| Cloud | Where the id stands |
|---|---|
| AWS | `requestID` in CloudTrail (read-only management events are kept for 90 days in its event history) |
| Azure | no log of Azure Resource Manager keeps reads: Microsoft finds them by `request_id` and `correlation_id`. Of Graph, `RequestId` in `MicrosoftGraphActivityLogs`, where that is turned on |
| Google Cloud | Google tells clients no id. `sent_id` is ours and stands in the user agent: `protoPayload.requestMetadata.callerSuppliedUserAgent` of the Data Access audit logs, where those are turned on |
"#;

pub(crate) fn page(facts: &Facts<'_>) -> String {
    let Facts { run, span: (from, to), engine, redaction, counted, verdicts, firings, storage, encryption, sealed } =
        facts;
    let mut page = format!(
        "# Evidence of run {run}\n\n| | |\n|---|---|\n| read | {from} to {to} |\n| judged by | palisade {}, program \
         `{}` |\n| redaction | {redaction} |\n| calls | {} made, {} failed |\n| clusters | {} listed by the clouds, {} \
         judged |\n| facts | {} of {} known |\n| verdicts | {verdicts} |\n\n",
        engine.palisade,
        engine.binary_sha256,
        counted.calls_made,
        counted.calls_failed,
        counted.clusters_listed,
        counted.clusters_evaluated,
        counted.facts_known,
        counted.facts_total,
    );
    gaps(counted, &mut page);
    runs(*firings, &mut page);
    if let Some(storage) = storage {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "The bucket that it was made for said of itself: {}.\n", plain(storage));
    }
    if let Some(Encryption { algorithm, period, key_id }) = encryption {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "**The answers under `raw/` are encrypted** ({algorithm}) with the key `{key_id}` of {period}. Each file is \
             called by the SHA-256 of what is in it, and `raw/SHA256SUMS` lists what is stored. Without the key everything \
             below can be checked but the answers themselves and the clusters listed in them; `palisade replay` needs it. \
             Where the key was destroyed they cannot be read by anybody.\n"
        );
    }
    page.push_str(INTEGRITY);
    match sealed {
        None => page.push_str(UNSEALED),
        // Ed25519 has a digest of its own.
        Some(Algorithm::Ed25519) => page.push_str(&AUTHENTICITY.replace("@DIGEST@", "")),
        Some(Algorithm::EcdsaP256) => page.push_str(&AUTHENTICITY.replace("@DIGEST@", " -digest sha256")),
    }
    page.push_str(REST);
    page
}

fn gaps(counted: &Counted, page: &mut String) {
    if counted.is_complete() {
        told(counted, page);
        page.push_str("**Complete**: every call was answered, and every cluster that was listed was judged.\n\n");
        return;
    }
    page.push_str("**This evidence has gaps.** Nothing is passed that was not read; what these hide is `unknown`.\n\n");
    let mut row = |text: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "- {text}");
    };
    for told in &counted.told {
        row(format!("clusters were found {}", plain(&told.words.replace('`', ""))));
    }
    for target in &counted.targets_not_read {
        row(format!("nothing of the target `{}` was read", plain(target)));
    }
    for (named, what) in counted
        .unexplained
        .iter()
        .map(|named| (named, "listed, not judged, and nothing says why"))
        .chain(counted.in_no_list.iter().map(|named| (named, "judged, and in no list")))
        .take(SHOWN)
    {
        row(format!("{} of {} in `{}`: {what}", plain(&named.name), named.provider, plain(&named.scope)));
    }
    for gap in counted.gaps.iter().take(SHOWN) {
        let hides = gap.hides.len();
        // Some gaps have no call that failed: their words say what they are.
        let what = if gap.call.is_empty() { plain(&gap.message) } else { format!("`{}`", plain(&gap.call)) };
        row(format!("{what} in `{}`: {}, hides {hides} controls", plain(&gap.scope), gap.reason));
    }
    if let Some(more) = counted.gaps.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        row(format!("and {more} more in `results/coverage.json`"));
    }
    page.push('\n');
}

/// Who told where clusters are, where every other place was looked at, too.
fn told(counted: &Counted, page: &mut String) {
    for told in &counted.told {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "Clusters were found {}.\n", plain(&told.words.replace('`', "")));
    }
}

/// Which runs there should have been and were not.
fn runs(firings: Option<&Firings>, page: &mut String) {
    let Some(firings) = firings else {
        page.push_str(
            "Nothing here says which runs there should have been: `--schedules` lists them when a bundle is made.\n\n",
        );
        return;
    };
    let counts = firings.counts();
    let read_nothing = counts.firings - counts.done;
    // Writing to a string cannot fail, here and below.
    let _ = match read_nothing {
        0 if !firings.are_known() => writeln!(
            page,
            "**Nobody knows whether runs are missing**: {}:\n",
            match counts.firings {
                0 => "no firing of a schedule is remembered".to_owned(),
                all => format!("all {all} firings that are remembered were done, and of a schedule none is"),
            }
        ),
        0 => writeln!(page, "**No run is missing.** All {} firings of the schedules were done:\n", counts.firings),
        _ => writeln!(
            page,
            "**Runs are missing.** Of {} firings of the schedules {} failed, {} did not end and {} were missed:\n",
            counts.firings, counts.failed, counts.unfinished, counts.missed
        ),
    };
    for schedule in &firings.schedules {
        let (name, when) = (plain(&schedule.schedule), plain(&schedule.when));
        let _ = match schedule.after {
            Some(after) => writeln!(page, "- of `{name}` ({when}), from {after} to {}", schedule.until),
            None => writeln!(page, "- of `{name}` ({when}), no run is remembered"),
        };
    }
    for (schedule, firing) in firings.lost().into_iter().take(SHOWN) {
        let _ = writeln!(page, "- the run of `{}` due {} {}", plain(schedule), firing.at, firing.outcome.words());
    }
    if let Some(more) =
        usize::try_from(read_nothing).ok().and_then(|lost| lost.checked_sub(SHOWN)).filter(|more| *more > 0)
    {
        let _ = writeln!(page, "- and {more} more in `context/firings.json`");
    }
    page.push('\n');
}

/// Text of a cloud in a page of ours: one line without marks.
fn plain(text: &str) -> String {
    let is_mark = |letter: char| letter.is_control() || "`*_<>[]|\\".contains(letter);
    text.chars().take(200).map(|letter| if is_mark(letter) { ' ' } else { letter }).collect()
}
