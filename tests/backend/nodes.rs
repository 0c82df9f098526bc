//! Several nodes of one course server, on one PostgreSQL and one bucket.

use lectern_backend_tests::support::postgres;
use lectern_engine::remote::CourseServer as _;
use lectern_engine::remote::in_process::InProcessServer;
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::local::LocalStore;
use lectern_server::{Server, Store};
use lectern_shared::SCHEMA;
use lectern_shared::ids::{AssetId, ClientId, UserId};
use lectern_shared::media::AssetKind;
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{OpenUpload, OpenedUpload, PushRequest, PushedMutation};
use std::collections::BTreeSet;
use std::sync::Arc;

const BYTES: u64 = 64 << 20;
const PART_BYTES: u64 = 8 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_opened_at_two_nodes_at_once_is_one_upload() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = LocalStore::start(folder.path()).await.unwrap();
    let address = tokio::task::spawn_blocking(postgres::database).await.unwrap().unwrap();
    let user = UserId::new();
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let store = Store::connect(&address).await.unwrap();
        store.ensure_account(user, "Ada").await.unwrap();
        let objects: Arc<dyn ObjectStore> = Arc::new(bucket.store());
        nodes.push(InProcessServer::new(Server::new(store, objects).router_for(user)));
    }
    let assets: Vec<AssetId> = (0..5).map(|_| AssetId::new()).collect();
    let create = |(index, asset): (usize, &AssetId)| {
        let (name, kind) = (format!("{index}.mp4"), AssetKind::Video);
        let mutation = Mutation::AssetCreate { asset: *asset, name, kind, bytes: BYTES, predecessor: None };
        PushedMutation { id: index as u64 + 1, hash: index.to_string(), mutation }
    };
    let mutations = assets.iter().enumerate().map(create).collect();
    let push = PushRequest { client: ClientId::new(), schema: SCHEMA, incarnation: None, mutations };
    nodes[0].push(&push).await.unwrap();
    for asset in &assets {
        let open = OpenUpload { asset: *asset, bytes: BYTES, part_bytes: PART_BYTES, content_type: "video/mp4".into() };
        let calls = (0..8).map(|call| nodes[call % 2].open_upload(&open));
        let answers = futures::future::try_join_all(calls).await.unwrap();
        let uploads: BTreeSet<String> = answers
            .into_iter()
            .map(|answer| match answer {
                OpenedUpload::Multipart { upload_id, .. } => upload_id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(uploads.len(), 1, "all are told the same one");
    }
    assert_eq!(bucket.store().list_uploads("").await.unwrap().len(), assets.len(), "none is left behind");
}
