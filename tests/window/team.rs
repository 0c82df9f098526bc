//! Two real windows on one server, on PostgreSQL: what happens in one is seen in the other, and nobody presses anything.

use crate::connecting::{Bucket, SOON, fill_in};
use lectern_window::page::chapter;
use lectern_window::process::{Owned, program};
use lectern_window::{App, Desktop, Failure, Options, Page, Result, output, video};
use std::process::{Command, Stdio};
use std::time::Duration;

#[path = "../backend/support/postgres.rs"]
#[allow(dead_code, reason = "the backend's tests copy databases too")]
mod postgres;

const MEBIBYTE: u64 = 1 << 20;

/// A team's server with its database and its bucket.
struct Server {
    _running: Owned,
    _bucket: Bucket,
    database: String,
    address: String,
}

impl Server {
    fn start(desktop: &Desktop) -> Result<Self> {
        let database = postgres::database().map_err(Failure::io("PostgreSQL"))?;
        let bucket = Bucket::start(&desktop.folder("Bucket")?)?;
        let store = format!("s3://{}?endpoint={}&region=us-east-1", bucket.name, bucket.endpoint);
        let mut command = program(&Self::binary()?);
        command.args(["--database", &database, "serve", "--listen", "127.0.0.1:0", "--store", &store]);
        command.env("LECTERN_STORE_KEY_ID", &bucket.key_id).env("LECTERN_STORE_KEY", &bucket.secret_key);
        let (running, line) = Owned::start_and_read_line(command.stderr(Stdio::null()))?;
        let address = format!("http://{}", line.trim_start_matches("listening on "));
        Ok(Self { _running: running, _bucket: bucket, database, address })
    }

    fn binary() -> Result<String> {
        Ok(output::app_binary()?.with_file_name("lectern-server").to_string_lossy().into_owned())
    }

    fn code_for(&self, email: &str) -> Result<String> {
        let mut command = Command::new(Self::binary()?);
        let invited = command.args(["--database", &self.database, "invite", email]).output();
        let said = invited.map_err(Failure::io("lectern-server invite"))?.stdout;
        Ok(String::from_utf8_lossy(&said).trim().to_owned())
    }
}

/// From the workspace's menu, as a person does it.
async fn join(page: &Page, server: &Server, email: &str) -> Result {
    page.click(".workspace").await?;
    page.click_words("Join a team…").await?;
    fill_in(page, "Address of the server", &server.address).await?;
    fill_in(page, "One-time code", &server.code_for(email)?).await?;
    page.click_words("Join").await?;
    page.wait_for("the team's workspace", SOON, "document.querySelector('.workspace').innerText.includes('127.0.0.1')")
        .await
        .map(drop)
}

#[tokio::test]
async fn two_windows_on_one_server_see_each_other_s_edits_and_how_far_an_upload_is() -> Result {
    let (desk, lab) = (Desktop::start()?, Desktop::start()?);
    let server = Server::start(&desk)?;
    let here = App::launch(&desk, Options::bytes_per_second(4 * MEBIBYTE)).await?;
    let there = App::launch(&lab, Options::default()).await?;
    join(&here.page, &server, "ada@example.edu").await?;
    join(&there.page, &server, "ada@example.edu").await?;

    here.page.create_course("Organic Chemistry II").await?;
    there.page.wait_for_text("Organic Chemistry II", SOON).await?;
    there.page.open_course("Organic Chemistry II").await?;
    let kinetics = here.page.add_chapter("Kinetics").await?;
    there.page.wait_for_text("Kinetics", SOON).await?;

    let file = desk.folder("Videos")?.join("Reaction rates.mp4");
    video::of_at_least(&file, 40)?;
    here.drop_on(&chapter(&kinetics), &[file]).await?;
    there.page.wait_for_text("Reaction rates", SOON).await?;
    there.page.wait_for_text("ada is sending it", SOON).await?;
    here.save_window(&output::pictures()?.join("team-sends.png"))?;
    there.save_window(&output::pictures()?.join("team-sees.png"))?;
    there.page.wait_until_ready(&kinetics, Duration::from_secs(60)).await?;

    // The other way, and back to one's own.
    there.page.add_chapter("Catalysis").await?;
    here.page.wait_for_text("Catalysis", SOON).await?;
    here.page.click(".workspace").await?;
    here.page.wait_for_text("Join a team…", SOON).await?;
    here.save_window(&output::pictures()?.join("workspaces.png"))?;
    here.page.click_words("My courses").await?;
    here.page.wait_for_text("Make your first course", SOON).await?;
    here.close().await?;
    there.close().await
}
