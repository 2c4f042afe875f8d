//! Reads that several parts need and that are made once.

use std::{collections::HashMap, future::Future, hash::Hash, sync::Arc};
use tokio::sync::{Mutex, OnceCell};

/// A read for each key, made once however many ask for it at the same time.
#[derive(Debug)]
pub struct Once<K, V> {
    cells: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<K: Eq + Hash + Send, V: Clone + Send + Sync> Once<K, V> {
    /// The value for the key, read now if nobody has read it yet.
    pub async fn get(&self, key: K, read: impl Future<Output = V> + Send) -> V {
        let cell = Arc::clone(self.cells.lock().await.entry(key).or_default());
        cell.get_or_init(|| read).await.clone()
    }
}
