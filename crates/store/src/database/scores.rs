//! How healthy the fleet was in each run, for whoever shows how that went.

use super::{
    Database,
    error::{DatabaseError, Doing as _},
    query,
    rows::{Read, Value},
};

const KEEP: &str = "keep the scores of the run";
const LIST: &str = "list the scores of the last runs";

impl Database {
    /// Keeps the scores of a run that was recorded, once; what they look like is the business of whoever reads them. Those of a
    /// run that is not remembered are not kept either.
    pub async fn keep_scores(&self, run: &str, scores: &str) -> Result<(), DatabaseError> {
        let mut transaction = self.change(KEEP).await?;
        query(
            "INSERT INTO scores (run_seq, scores) SELECT seq, $1 FROM runs WHERE id = $2 ON CONFLICT (run_seq) DO NOTHING",
            [Value::text(scores), Value::text(run)],
        )
        .execute(&mut *transaction)
        .await
        .doing(KEEP)?;
        transaction.commit().await.doing(KEEP)
    }

    /// The scores of the last runs of a schedule, or of none, that have any, oldest first. Schedules ask different questions of
    /// different places, so theirs are not to be laid side by side.
    pub async fn scores(&self, schedule: Option<&str>, limit: u32) -> Result<Vec<String>, DatabaseError> {
        let mut transaction = self.read(LIST).await?;
        let rows = query(
            "SELECT s.scores FROM scores s JOIN runs r ON r.seq = s.run_seq WHERE COALESCE(r.schedule, '') = $1 \
             ORDER BY s.run_seq DESC LIMIT $2",
            [Value::text(schedule.unwrap_or_default()), Value::Int(i64::from(limit))],
        )
        .fetch_all(&mut *transaction)
        .await
        .doing(LIST)?;
        rows.iter().rev().map(|row| Read::of(row, LIST).text()).collect()
    }
}
