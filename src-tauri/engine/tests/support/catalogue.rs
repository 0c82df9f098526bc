//! The engine's catalogue in memory: what SQLite would keep across a restart.

use lectern_engine::uploads::{
    Announced, CatalogueError, NewUpload, Outcome, SourceFacts, UploadCatalogue, UploadRecord,
};
use lectern_shared::ids::{AssetId, OperationId};
use lectern_shared::media::Probe;
use lectern_shared::upload::Destination;
use std::path::PathBuf;
use std::sync::Mutex;

#[derive(Default)]
pub struct MemoryCatalogue {
    pub records: Mutex<Vec<UploadRecord>>,
    pub cancelled: Mutex<Vec<OperationId>>,
    pub queued: Mutex<Vec<NewUpload>>,
    /// The one whose file no answer comes about.
    pub hangs: Mutex<Option<OperationId>>,
}

impl MemoryCatalogue {
    fn change(&self, operation: OperationId, change: impl FnOnce(&mut UploadRecord)) {
        let mut records = self.records.lock().unwrap();
        if let Some(record) = records.iter_mut().find(|record| record.operation == operation) {
            change(record);
        }
    }
}

#[async_trait::async_trait]
impl UploadCatalogue for MemoryCatalogue {
    async fn queue(&self, files: Vec<NewUpload>) -> Result<Vec<UploadRecord>, CatalogueError> {
        let records: Vec<UploadRecord> = files
            .iter()
            .cloned()
            .map(|file| UploadRecord {
                operation: file.operation,
                asset: file.asset,
                video: file.video,
                course: match file.destination {
                    Destination::Chapter { course, .. } => Some(course),
                    Destination::Library => None,
                },
                path: file.path,
                name: file.name,
                kind: file.kind,
                bytes: file.bytes,
                modified_ns: file.modified_ns,
                file_id: file.file_id,
                destination: String::new(),
                paused: false,
                needed_by: None,
                outcome: None,
            })
            .collect();
        self.queued.lock().unwrap().extend(files);
        self.records.lock().unwrap().extend(records.clone());
        Ok(records)
    }

    async fn uploads(&self) -> Result<Vec<UploadRecord>, CatalogueError> {
        Ok(self.records.lock().unwrap().clone())
    }

    async fn announced(&self, assets: &[AssetId]) -> Result<Vec<(AssetId, Announced)>, CatalogueError> {
        Ok(assets.iter().map(|asset| (*asset, Announced::Confirmed)).collect())
    }

    async fn set_paused(&self, operation: OperationId, paused: bool) -> Result<(), CatalogueError> {
        self.change(operation, |record| record.paused = paused);
        Ok(())
    }

    async fn set_source(
        &self,
        operation: OperationId,
        path: PathBuf,
        facts: SourceFacts,
    ) -> Result<(), CatalogueError> {
        if *self.hangs.lock().unwrap() == Some(operation) {
            std::future::pending::<()>().await;
        }
        self.change(operation, |record| {
            record.path = path;
            (record.bytes, record.modified_ns, record.file_id) = (facts.bytes, facts.modified_ns, facts.file_id);
        });
        Ok(())
    }

    async fn set_needed_by(&self, operations: &[OperationId], at: Option<i64>) -> Result<(), CatalogueError> {
        for operation in operations {
            self.change(*operation, |record| record.needed_by = at);
        }
        Ok(())
    }

    async fn set_outcome(&self, operation: OperationId, outcome: Option<Outcome>) -> Result<(), CatalogueError> {
        self.change(operation, |record| record.outcome = outcome);
        Ok(())
    }

    async fn cancel(&self, operation: OperationId) -> Result<(), CatalogueError> {
        self.records.lock().unwrap().retain(|record| record.operation != operation);
        self.cancelled.lock().unwrap().push(operation);
        Ok(())
    }

    async fn clear(&self, operation: OperationId) -> Result<(), CatalogueError> {
        self.records.lock().unwrap().retain(|record| record.operation != operation);
        Ok(())
    }

    async fn describe(&self, _asset: AssetId, _probe: Probe, _thumbnail: bool) -> Result<(), CatalogueError> {
        Ok(())
    }
}
