//! Two real windows on one server, on PostgreSQL: what happens in one is seen in the other, and nobody presses anything.

use crate::connecting::{Bucket, SOON, fill_in};
use lectern_window::page::{Key, chapter, part};
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
    join_with(page, server, &server.code_for(email)?, "").await
}

async fn join_with(page: &Page, server: &Server, code: &str, computer: &str) -> Result {
    from_menu(page, "Join a team…").await?;
    fill_in(page, "Address of the server", &server.address).await?;
    fill_in(page, "One-time code", code).await?;
    fill_in(page, "Name of this computer", computer).await?;
    page.click_words("Join").await?;
    page.wait_for("the team's workspace", SOON, "document.querySelector('.workspace').innerText.includes('127.0.0.1')")
        .await
        .map(drop)
}

async fn from_menu(page: &Page, entry: &str) -> Result {
    page.click(".workspace").await?;
    page.click_words(entry).await
}

/// The role of somebody in the dialog that lists the people of a course.
async fn wait_for_role(page: &Page, name: &str, role: &str) -> Result {
    let row = format!(
        "[...document.querySelectorAll('{}')].find(e => e.innerText.includes('{name}'))?.dataset.role === '{role}'",
        part("member")
    );
    page.wait_for(&format!("{name} is {role}"), SOON, &row).await.map(drop)
}

/// What the window shows once, to be handed over.
async fn shown_code(page: &Page) -> Result<String> {
    let code = format!("document.querySelector('{}')?.textContent", part("one-time-code"));
    Ok(page.wait_for("a code", SOON, &code).await?.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn somebody_is_taken_into_a_course_in_one_window_and_sees_it_and_a_changed_role_in_another() -> Result {
    let (desk, lab) = (Desktop::start()?, Desktop::start()?);
    let server = Server::start(&desk)?;
    let here = App::launch(&desk, Options::default()).await?;
    let there = App::launch(&lab, Options::dark()).await?;
    join(&here.page, &server, "ada@example.edu").await?;
    join(&there.page, &server, "bob@example.edu").await?;
    here.page.create_course("Organic Chemistry II").await?;
    here.page.wait_for_text("Safe to close", SOON).await?;

    here.page.click(&part("course-people")).await?;
    wait_for_role(&here.page, "ada", "owner").await?;
    fill_in(&here.page, "Add by e-mail", "bob@example.edu").await?;
    here.page.press(Key::Enter).await?;
    wait_for_role(&here.page, "bob", "editor").await?;
    there.page.open_course("Organic Chemistry II").await?;
    there.page.click(&part("course-people")).await?;
    wait_for_role(&there.page, "bob", "editor").await?;

    here.page.click(&format!("{}[data-role=editor] button", part("member"))).await?;
    here.page.click_words("Viewer").await?;
    wait_for_role(&here.page, "bob", "viewer").await?;
    wait_for_role(&there.page, "bob", "viewer").await?;
    there.page.wait_for_text("View only", SOON).await?;
    there.save_window(&output::pictures()?.join("people-viewer-dark.png"))?;

    // Somebody new, invited on the way.
    fill_in(&here.page, "Add by e-mail", "eve@example.edu").await?;
    here.page.press(Key::Enter).await?;
    here.page.click_words("Invite and add").await?;
    wait_for_role(&here.page, "eve", "editor").await?;
    assert_eq!(shown_code(&here.page).await?.len(), "XXXXX-XXXXX".len());
    here.save_window(&output::pictures()?.join("people-invited.png"))?;
    here.close().await?;
    there.close().await
}

#[tokio::test]
async fn a_computer_that_is_signed_out_from_another_window_says_so_keeps_its_edits_and_sends_them_when_it_is_back()
-> Result {
    let (desk, lab) = (Desktop::start()?, Desktop::start()?);
    let server = Server::start(&desk)?;
    let here = App::launch(&desk, Options::default()).await?;
    let there = App::launch(&lab, Options::dark()).await?;
    join(&here.page, &server, "ada@example.edu").await?;
    here.page.create_course("Organic Chemistry II").await?;
    let code = async || {
        from_menu(&here.page, "Your computers…").await?;
        here.page.click_words("Add a computer").await?;
        shown_code(&here.page).await
    };
    let first = code().await?;
    here.save_window(&output::pictures()?.join("computers-code.png"))?;
    here.page.click_words("Done").await?;
    join_with(&there.page, &server, &first, "Old laptop").await?;
    there.page.open_course("Organic Chemistry II").await?;

    from_menu(&here.page, "Your computers…").await?;
    here.page.wait_for_text("Old laptop", SOON).await?;
    here.page.click(&format!("{} button[data-danger]", part("device"))).await?;
    here.page.wait_for_text("Sign “Old laptop” out?", SOON).await?;
    here.save_window(&output::pictures()?.join("computers-sign-out.png"))?;
    here.page.click_words("Sign it out").await?;
    there.page.wait_for_part("signed-out", SOON).await?;
    there.page.add_chapter("Catalysis").await?;
    there.page.wait_for_text("1 edit waits here", SOON).await?;
    there.save_window(&output::pictures()?.join("signed-out-dark.png"))?;
    here.page.click_words("Done").await?;

    let next = code().await?;
    here.page.click_words("Done").await?;
    there.page.click_words("Sign in again…").await?;
    fill_in(&there.page, "One-time code", &next).await?;
    there.page.press(Key::Enter).await?;
    there.page.wait_until_no_part("signed-out", SOON).await?;
    here.page.wait_for_text("Catalysis", SOON).await?;

    from_menu(&there.page, "Sign out…").await?;
    there.page.wait_for_text("nothing is lost", SOON).await?;
    there.save_window(&output::pictures()?.join("sign-out-dark.png"))?;
    there.page.click_words("Sign out").await?;
    there.page.wait_for_text("Make your first course", SOON).await?;
    here.close().await?;
    there.close().await
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
