//! A process that is there to be killed. `crash_child send WORKSPACE FILE BYTES_PER_SECOND [ENDPOINT]` sends a file, into
//! the bucket of an rclone at that endpoint or else into the workspace's own store, and says how far it is; `crash_child work WORKSPACE FILES SEED` goes through a whole plan and says what it was promised.

use lectern_backend_tests::crashes::{Failure, work};
use lectern_backend_tests::support::rclone;
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::{LocalWorkspace, Workspace};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{ChapterId, CourseId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::Destination;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["send", folder, file, rate] => send(folder, file, rate, None).await,
        ["send", folder, file, rate, endpoint] => send(folder, file, rate, Some(endpoint)).await,
        ["work", folder, files, seed] => work(Path::new(folder), Path::new(files), seed.parse()?).await,
        _ => Err("send WORKSPACE FILE BYTES_PER_SECOND [ENDPOINT], or work WORKSPACE FILES SEED".into()),
    }
}

async fn send(folder: &str, file: &str, rate: &str, endpoint: Option<&str>) -> Result<(), Failure> {
    let pace = Pace::default();
    pace.limit(Some(rate.parse()?));
    let (folder, prober) = (Path::new(folder), PathBuf::from("/there/is/no/prober"));
    let local = match endpoint {
        None => LocalWorkspace::open(folder, prober, pace, Arc::new(say)).await?,
        Some(endpoint) => {
            let store = Arc::new(rclone::store(endpoint.parse()?));
            LocalWorkspace::open_with_store(folder, prober, pace, Arc::new(say), store).await?
        }
    };
    if local.workspace.list_uploads().uploads.is_empty() {
        add(&local.workspace, PathBuf::from(file)).await?;
    }
    std::future::pending().await
}

async fn add(workspace: &Workspace, file: PathBuf) -> Result<(), Failure> {
    let (course, chapter) = (CourseId::new(), ChapterId::new());
    workspace.edit(Mutation::CourseCreate { course, title: "Chemistry".to_owned() }).await?;
    let place = Between { after: None, before: None };
    workspace.edit(Mutation::ChapterCreate { chapter, course, title: "Kinetics".to_owned(), place }).await?;
    workspace.add_files(vec![file], Destination::Chapter { course, chapter, after: None, before: None }).await?;
    Ok(())
}

/// One line for each snapshot: bytes sent, parts confirmed.
fn say(event: AppEvent) {
    if let AppEvent::Progress { snapshots, .. } = event {
        for shown in snapshots {
            println!("{} {}", shown.sent, shown.parts_confirmed);
        }
    }
}
