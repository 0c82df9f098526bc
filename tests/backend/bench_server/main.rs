//! Figures of the course server, measured from outside on the real program: `bench_server [--json] [--database NAME]`. The
//! program stands beside this one. Exits with 1 when a figure is beyond its limit.

mod faculty;
mod feeds;
mod figures;
mod program;
mod pulls;
mod pushes;
mod replay;
mod seen;

use faculty::Faculty;
use feeds::Feeds;
use figures::Figures;
use lectern_backend_tests::support::postgres;
use program::Program;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

pub type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "usage: bench_server [--json] [--database sqlite|postgres]";
/// The last of them is the one whose catalogue is measured too.
const DATABASES: [&str; 2] = ["postgres", "sqlite"];

#[tokio::main]
async fn main() -> Outcome<ExitCode> {
    let (mut is_json, mut only) = (false, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => is_json = true,
            "--database" => {
                only = Some(arguments.next().filter(|name| DATABASES.contains(&name.as_str())).ok_or(USAGE)?)
            }
            _ => return Err(USAGE.into()),
        }
    }
    program::allow_files(3 * faculty::PEOPLE as u64)?;
    let mut figures = Figures::default();
    for name in DATABASES.into_iter().filter(|name| only.as_deref().is_none_or(|wanted| wanted == *name)) {
        figures.begin(name);
        let folder = tempfile::tempdir()?;
        let database = match name {
            "postgres" => tokio::task::spawn_blocking(postgres::database_that_keeps).await??,
            _ => format!("sqlite:{}", folder.path().join("server.sqlite").display()),
        };
        measure(&mut figures, folder.path(), &database).await?;
    }
    if is_json {
        println!("{}", figures.json());
    }
    Ok(if figures.all_hold() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(figures: &mut Figures, folder: &Path, database: &str) -> Outcome {
    let codes = faculty::codes(database).await?;
    let mut program = Program::start(database, folder)?;
    let mut faculty = Faculty::of(&program.address, codes).await?;
    pulls::first(figures, &faculty, folder).await?;
    seen::elsewhere(figures, &faculty, folder).await?;
    if database.starts_with("sqlite:") {
        replay::pending(figures, &faculty, folder).await?;
    }
    faculty.has_synced().await?;
    // So that its memory is that of the feeds, and not of what was before.
    program.restart()?;
    let mut feeds = Feeds::open(figures, &program, &faculty).await?;
    let pushed = pushes::steadily(figures, &program, &mut faculty).await?;
    feeds.have_heard(figures, &pushed).await?;
    figures.at_most("memory of the program, 5,000 feeds and pushes, at its largest", program.peak_mib(), 512.0, "MiB");
    faculty.has_pulled().await?;
    feeds.come_back(figures, &mut program, &faculty).await
}
