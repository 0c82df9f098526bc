//! How uploads behave towards the person they work for: held while somebody teaches, and each trouble named.

use crate::{READY_AT_MOST, Scene};
use lectern_window::page::{SOON, chapter, part};
use lectern_window::process::{Owned, program};
use lectern_window::{App, Options, Page, Result, output, store, video};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MEBIBYTE: u64 = 1 << 20;

async fn wait_for_held(page: &Page) -> Result {
    page.wait_for_part("hold", SOON).await?;
    page.wait_for_text("Paused while you teach", SOON).await
}

/// How far each upload is, by the panel.
async fn percents(page: &Page) -> Result<Vec<Option<f64>>> {
    Ok(page.uploads().await?.iter().map(|upload| upload.percent).collect())
}

#[tokio::test]
async fn while_somebody_teaches_nothing_is_sent_not_even_after_a_restart() -> Result {
    let slow = || Options::bytes_per_second(4 * MEBIBYTE);
    let scene = Scene::open_with(slow()).await?;
    let folder = scene.desktop.folder("Videos")?;
    let files = [folder.join("1 Rates.mp4"), folder.join("2 Orders.mp4"), folder.join("3 Catalysts.mp4")];
    for (file, mebibytes) in files.iter().zip([1, 40, 24]) {
        video::of_at_least(file, mebibytes)?;
    }
    scene.app.drop_on(&chapter(&scene.chapter), &files).await?;
    let page = &scene.app.page;
    page.wait_for("bytes on their way", SOON, &format!("document.querySelector('{}')", uploading())).await?;
    page.click_words("I’m teaching now").await?;
    scene.app.save_window(&output::pictures()?.join("teaching-menu.png"))?;
    page.click_words("Until I say").await?;
    wait_for_held(page).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let held_at = percents(page).await?;
    scene.app.save_window(&output::pictures()?.join("teaching.png"))?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(percents(page).await?, held_at, "nothing moves while it is held");
    scene.app.kill().await?;

    let app = App::launch(&scene.desktop, slow()).await?;
    app.page.open_course("Organic Chemistry II").await?;
    wait_for_held(&app.page).await?;
    // Something else to see: a file that is not there any more.
    let away = folder.join("away.mp4");
    std::fs::rename(&files[2], &away).map_err(lectern_window::Failure::io(away.display()))?;
    app.page.click_words("Resume now").await?;
    app.page.wait_until_no_part("hold", SOON).await?;
    app.page.wait_for_text("Find file", SOON).await?;
    app.save_window(&output::pictures()?.join("panel-states.png"))?;
    std::fs::rename(&away, &files[2]).map_err(lectern_window::Failure::io(away.display()))?;
    app.page.wait_until_ready(&scene.chapter, READY_AT_MOST).await?;
    app.save_window(&output::pictures()?.join("panel-ready.png"))?;
    app.close().await
}

/// Dropped while it runs, as people do at the end of a lecture.
#[tokio::test]
async fn a_recording_that_still_runs_is_sent_whole_when_it_is_over() -> Result {
    let scene = Scene::open_with(Options::default()).await?;
    let file = scene.desktop.folder("Videos")?.join("Today.mp4");
    let mut recorder = video::recording(&file, 12)?;
    scene.app.drop_on(&chapter(&scene.chapter), std::slice::from_ref(&file)).await?;
    let page = &scene.app.page;
    page.wait_for_text("Still being written", SOON).await?;
    scene.app.save_window(&output::pictures()?.join("still-written.png"))?;
    recorder.wait().map_err(lectern_window::Failure::io("the recorder"))?;
    page.wait_until_ready(&scene.chapter, READY_AT_MOST).await?;
    page.wait_for_text("0:12", READY_AT_MOST).await?;
    scene.app.save_window(&output::pictures()?.join("recording-sent.png"))?;
    let objects = store::read_objects(&scene.desktop.data())?;
    assert!(objects.iter().any(|object| object.blake3 == store::blake3_of(&file).unwrap_or_default()), "{objects:?}");
    scene.app.close().await
}

fn uploading() -> String {
    format!("{}[data-state=uploading]", part("upload-item"))
}

/// A stand-in for systemd's logind that others keep (python-dbusmock), on a bus of its own.
struct Logind {
    _mock: Owned,
    _bus: Owned,
    address: String,
}

impl Logind {
    fn start() -> Result<Self> {
        let mut bus = program("dbus-daemon");
        bus.args(["--session", "--print-address", "--nofork"]).stderr(Stdio::null());
        let (bus, address) = Owned::start_and_read_line(&mut bus)?;
        let mut mock = program("/usr/bin/python3");
        mock.args(["-m", "dbusmock", "--system", "--template", "logind"]);
        mock.env("DBUS_SYSTEM_BUS_ADDRESS", &address).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { _mock: Owned::start(&mut mock)?, _bus: bus, address })
    }

    /// Who keeps the computer awake, as it tells `systemd-inhibit --list`.
    fn inhibitors(&self) -> String {
        let mut ask = Command::new("dbus-send");
        ask.arg(format!("--bus={}", self.address)).args(["--print-reply", "--dest=org.freedesktop.login1"]);
        ask.args(["/org/freedesktop/login1", "org.freedesktop.login1.Manager.ListInhibitors"]);
        ask.output().map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default()
    }

    async fn until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let said = self.inhibitors();
            if holds(&said) {
                return;
            }
            assert!(begun.elapsed() < 2 * SOON, "{what}: {said}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test]
async fn the_computer_is_kept_awake_while_bytes_go_and_no_longer_than_lectern_runs() -> Result {
    let logind = Logind::start()?;
    logind.until("the stand-in answers", |said| said.contains("array")).await;
    let options = Options::bytes_per_second(4 * MEBIBYTE).with("DBUS_SYSTEM_BUS_ADDRESS", &logind.address);
    let scene = Scene::open_with(options).await?;
    assert!(!logind.inhibitors().contains("Lectern"), "nothing is sent yet");
    let file = scene.desktop.folder("Videos")?.join("Lecture.mp4");
    video::of_at_least(&file, 64)?;
    scene.app.drop_on(&chapter(&scene.chapter), &[file]).await?;
    let is_held = |said: &str| said.contains("Lectern") && said.contains("idle") && !said.contains("handle-lid-switch");
    logind.until("Lectern keeps the computer awake", is_held).await;
    assert!(logind.inhibitors().contains("Files are being uploaded"), "and says why");
    scene.app.kill().await?;
    logind.until("it may sleep again", |said| said.contains("array") && !said.contains("Lectern")).await;
    Ok(())
}
