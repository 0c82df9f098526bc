//! The rule of the view, in short: base, and what waits executed on it in order.

use super::Failure;
use lectern_shared::change::{Row, RowKey};
use lectern_shared::mutation::Mutation;
use lectern_shared::sync::{self, Actor, Read, Rowset};
use serde_json::Value;
use std::collections::BTreeMap;

/// Rows by their keys, without times: those of what waits are provisional.
pub(super) type Timeless = BTreeMap<RowKey, Value>;

pub(super) fn replayed(base: Vec<Row>, outbox: &[Mutation], by: Actor) -> Result<Timeless, Failure> {
    let mut rows: BTreeMap<RowKey, Row> = base.into_iter().map(|row| (row.key(), row)).collect();
    for mutation in outbox {
        let mut loaded = Rowset::default();
        loop {
            let needs = sync::needs(mutation, &loaded);
            if needs.is_empty() {
                break;
            }
            for read in needs {
                loaded.load(read, rows.values().filter(|row| is_named(read, row)).cloned());
            }
        }
        // One that is refused shows nothing.
        for row in sync::execute(mutation, &loaded, by).unwrap_or_default() {
            rows.insert(row.key(), row);
        }
    }
    rows.into_values().map(|row| timeless(&row)).collect()
}

fn is_named(read: Read, row: &Row) -> bool {
    match read {
        Read::Row(key) => row.key() == key,
        Read::Children(kind, parent) => row.key().kind == kind && row.parent() == Some(parent),
        Read::OfAsset(kind, asset) => row.key().kind == kind && row.asset() == Some(asset),
    }
}

pub(super) fn timeless(row: &Row) -> Result<(RowKey, Value), Failure> {
    let mut value = serde_json::to_value(row)?;
    if let Some(body) = value.get_mut("body").and_then(Value::as_object_mut) {
        body.remove("created_at");
        let is_deleted = body.remove("deleted_at").is_some_and(|at| !at.is_null());
        body.insert("is_deleted".to_owned(), is_deleted.into());
    }
    Ok((row.key(), value))
}
