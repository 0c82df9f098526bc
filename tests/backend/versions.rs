//! App and course server use one SQLite, and it is one that cannot lose a WAL.

use lectern_engine::catalogue::Catalogue;
use lectern_server::Store;
use lectern_shared::ids::UserId;

/// Earlier ones can lose a WAL that is reset while another connection reads: <https://sqlite.org/releaselog/3_51_3.html>.
const SQLITE_MIN: i32 = 3_051_003;

#[tokio::test]
async fn app_and_server_link_the_same_sqlite_and_it_is_new_enough() {
    let app = rusqlite::Connection::open_in_memory().unwrap();
    let by_app: (String, String) =
        app.query_row("SELECT sqlite_version(), sqlite_source_id()", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let server = sqlx::sqlite::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let by_server: (String, String) =
        sqlx::query_as("SELECT sqlite_version(), sqlite_source_id()").fetch_one(&server).await.unwrap();
    assert_eq!(by_app, by_server);
    assert!(rusqlite::version_number() >= SQLITE_MIN, "{by_app:?}");
}

#[tokio::test]
async fn app_and_server_open_their_files_with_a_write_ahead_log() {
    let folder = tempfile::tempdir().unwrap();
    let (mirror, database) = (folder.path().join("mirror.sqlite"), folder.path().join("server.sqlite"));
    let catalogue = Catalogue::open(&mirror, UserId::new()).unwrap();
    let store = Store::open(&database).await.unwrap();
    for file in [mirror, database] {
        let connection = rusqlite::Connection::open(file).unwrap();
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
    drop(store);
    catalogue.close();
}
