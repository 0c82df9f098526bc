//! Where the bytes are: the store of now, and the one of before while anything is left in it. A row of table `object` names
//! its store, so that a workspace can be given a bucket at any moment and be killed at any other.

use crate::object_store::ObjectStore;
use crate::object_store::s3::S3Store;
use crate::store::ObjectRow;
use std::sync::{Arc, PoisonError, RwLock};

/// A store and what rows call it.
#[derive(Clone)]
pub struct Place {
    pub name: &'static str,
    pub store: Arc<dyn ObjectStore>,
}

/// The store of before: a folder of this computer, whose keys can be listed without a cost.
#[derive(Clone)]
pub struct Former {
    pub name: &'static str,
    pub store: S3Store,
}

#[derive(Clone)]
pub(crate) struct Places {
    current: Place,
    former: Arc<RwLock<Option<Former>>>,
}

impl Places {
    pub(crate) fn new(current: Place, former: Option<Former>) -> Self {
        Self { current, former: Arc::new(RwLock::new(former)) }
    }

    /// What new rows are to say.
    pub(crate) fn name(&self) -> String {
        self.current.name.to_owned()
    }

    /// The store of now.
    pub(crate) fn now(&self) -> &dyn ObjectStore {
        &*self.current.store
    }

    pub(crate) fn shared(&self) -> Arc<dyn ObjectStore> {
        self.current.store.clone()
    }

    pub(crate) fn has(&self, row: &ObjectRow) -> bool {
        row.place == self.current.name
    }

    pub(crate) fn former(&self) -> Option<Former> {
        self.former.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing is left in it.
    pub(crate) fn forget_former(&self) {
        *self.former.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The store that has this row's object; none when that store is gone.
    pub(crate) fn of(&self, row: &ObjectRow) -> Option<Arc<dyn ObjectStore>> {
        if self.has(row) {
            return Some(self.current.store.clone());
        }
        let former = self.former().filter(|former| former.name == row.place)?;
        Some(Arc::new(former.store))
    }
}
