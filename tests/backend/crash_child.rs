//! Sends a file from a workspace until it is killed: `crash_child WORKSPACE FILE BYTES_PER_SECOND [ENDPOINT]`, into the
//! bucket of an rclone at that endpoint, else into the workspace's own store. Says how far it is.

use lectern_backend_tests::support::rclone;
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::{LocalWorkspace, Workspace};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{ChapterId, CourseId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::Destination;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, rate, endpoint @ ..] = arguments.as_slice() else {
        return Err("WORKSPACE FILE BYTES_PER_SECOND [ENDPOINT]".into());
    };
    let pace = Pace::default();
    pace.limit(Some(rate.parse()?));
    let (folder, prober) = (Path::new(folder), PathBuf::from("/there/is/no/prober"));
    let local = match endpoint {
        [] => LocalWorkspace::open(folder, prober, pace, Arc::new(say)).await?,
        [endpoint, ..] => {
            let store = Arc::new(rclone::store(endpoint.parse()?));
            LocalWorkspace::open_with_store(folder, prober, pace, Arc::new(say), store).await?
        }
    };
    if local.workspace.list_uploads().uploads.is_empty() {
        add(&local.workspace, PathBuf::from(file)).await?;
    }
    std::future::pending().await
}

async fn add(workspace: &Workspace, file: PathBuf) -> Result<(), Box<dyn Error>> {
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
