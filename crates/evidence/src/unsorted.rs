//! Verdicts on their way into order, on the disk.

use crate::{Numbers, verdicts::VerdictLine};
use palisade_engine::Finding;
use palisade_model::{ClusterId, Provider, Scope};
use std::{
    fs::File,
    io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write},
    sync::Arc,
};

/// Verdicts as they come, in a file, and where those of each cluster stand in it.
#[derive(Debug)]
pub(crate) struct Unsorted {
    file: BufWriter<File>,
    length: u64,
    verdicts: u64,
    clusters: Vec<Cluster>,
}

#[derive(Debug)]
struct Cluster {
    provider: Provider,
    scope: Scope,
    id: ClusterId,
    name: Arc<str>,
    at: u64,
    length: u64,
}

impl Unsorted {
    /// `file` is empty and can be read and written.
    pub(crate) fn new(file: File) -> Self {
        Self { file: BufWriter::new(file), length: 0, verdicts: 0, clusters: Vec::new() }
    }

    /// Takes the verdicts of some clusters, those of each one after the other.
    pub(crate) fn take(&mut self, findings: &[Finding], numbers: &Numbers) -> io::Result<()> {
        let key = |finding: &Finding| (finding.provider, finding.scope.clone(), finding.cluster.clone());
        for of_cluster in findings.chunk_by(|a, b| key(a) == key(b)) {
            let at = self.length;
            for finding in of_cluster {
                let line = VerdictLine::of(finding, numbers.calls_of(finding)).to_text();
                self.file.write_all(line.as_bytes())?;
                self.length += line.len() as u64;
                self.verdicts += 1;
            }
            let Some(first) = of_cluster.first() else { continue };
            let ((provider, scope, id), name) = (key(first), Arc::clone(&first.cluster_name));
            self.clusters.push(Cluster { provider, scope, id, name, at, length: self.length - at });
        }
        Ok(())
    }

    /// Writes all in the order of clusters, those of one cluster as they came, and says how many there are. `judged` is told
    /// of each cluster once.
    pub(crate) fn sorted(
        &mut self,
        to: &mut impl Write,
        mut judged: impl FnMut(Provider, &str, &str),
    ) -> io::Result<u64> {
        self.file.flush()?;
        // Stable: a cluster that was judged twice keeps the order of its parts.
        self.clusters.sort_by(|a, b| a.key().cmp(&b.key()));
        let mut file = self.file.get_ref();
        for same in self.clusters.chunk_by(|a, b| a.key() == b.key()) {
            for cluster in same {
                file.seek(SeekFrom::Start(cluster.at))?;
                let written = io::copy(&mut file.take(cluster.length), to)?;
                if written != cluster.length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            if let Some(first) = same.first() {
                judged(first.provider, first.scope.as_str(), &first.name);
            }
        }
        Ok(self.verdicts)
    }
}

impl Cluster {
    fn key(&self) -> (Provider, &Scope, &ClusterId) {
        (self.provider, &self.scope, &self.id)
    }
}
