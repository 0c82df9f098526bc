//! The crash harness. A child process works through a plan in a workspace and says each thing it was promised: a drop
//! taken in, an edit made, a part confirmed, a file ready. It is killed (SIGKILL: no destructor, no flush) at moments drawn
//! from a seed and started again until the plan is done. Then everything is counted: what was promised and is not there,
//! what is there twice, what nobody owns, and what was confirmed and sent again.
//!
//! A kill cannot show whether a commit reached the disk: the system's page cache survives the process.

mod child;
mod evidence;
mod plan;
mod verdict;

pub use child::work;

use evidence::Evidence;
use plan::Plan;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::Instant;

pub type Failure = Box<dyn Error + Send + Sync>;

/// A workspace whose plan is not done after so many kills is left alone to end: kills that come ever earlier would let it
/// get nowhere.
const KILLS_A_WORKSPACE: u32 = 12;
/// Startup takes a part of it; the slower half of the kills hits the work.
const KILL_AFTER_MAX: Duration = Duration::from_millis(900);
const LINES_MAX: u32 = 25;
/// For a plan that nobody interrupts.
const PLAN_PATIENCE: Duration = Duration::from_secs(90);

/// What the kills have shown. All but `kills` must be zero.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub kills: u32,
    /// Promised, and not there afterwards; or never done.
    pub lost: u32,
    /// There more than once.
    pub doubled: u32,
    /// Unfinished uploads, objects and journal rows that belong to nothing.
    pub orphans: u32,
    /// Confirmed parts whose bytes went again.
    pub again: u32,
    /// Each of the above in words.
    pub findings: Vec<String>,
}

impl Tally {
    #[must_use]
    pub fn is_clean(&self) -> bool {
        (self.lost, self.doubled, self.orphans, self.again) == (0, 0, 0, 0)
    }

    fn lost(&mut self, what: String) {
        self.lost += 1;
        self.findings.push(format!("lost: {what}"));
    }

    fn doubled(&mut self, what: String) {
        self.doubled += 1;
        self.findings.push(format!("doubled: {what}"));
    }

    fn orphan(&mut self, what: String) {
        self.orphans += 1;
        self.findings.push(format!("orphan: {what}"));
    }

    fn sent_again(&mut self, what: String) {
        self.again += 1;
        self.findings.push(format!("sent again: {what}"));
    }
}

/// One line, for programs too.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, lost, doubled, orphans, again, .. } = self;
        write!(
            f,
            "{{\"kills\":{kills},\"lost\":{lost},\"doubled\":{doubled},\"orphans\":{orphans},\"sent_again\":{again}}}"
        )
    }
}

/// Kills `child` (a program that calls [`work`]) so often, over as many workspaces as that takes.
///
/// # Errors
/// When the child cannot be run, ends with an error of its own, or does not get done.
pub async fn torture(child: &Path, kills: u32, seed: u64) -> Result<Tally, Failure> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        let round = Round::new(child, random.random())?;
        let before = tally.findings.len();
        round.run(kills, &mut random, &mut tally).await?;
        if tally.findings.len() > before {
            round.keep(&mut tally);
        }
    }
    Ok(tally)
}

/// One workspace from its first start to the end of its plan.
struct Round {
    child: PathBuf,
    folder: tempfile::TempDir,
    seed: u64,
    plan: Plan,
}

/// When the child is killed.
enum Moment {
    After(Duration),
    /// So many promises, and then a little.
    Lines(u32, Duration),
    Never,
}

impl Moment {
    fn draw(random: &mut StdRng) -> Self {
        if random.random() {
            Self::After(random.random_range(Duration::from_millis(1)..KILL_AFTER_MAX))
        } else {
            Self::Lines(random.random_range(1..=LINES_MAX), Duration::from_micros(random.random_range(0..30_000)))
        }
    }
}

impl Round {
    fn new(child: &Path, seed: u64) -> Result<Self, Failure> {
        let round = Self { child: child.to_owned(), folder: tempfile::tempdir()?, seed, plan: Plan::of(seed) };
        std::fs::create_dir(round.files())?;
        round.plan.write_files(&round.files())?;
        Ok(round)
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    async fn run(&self, kills: u32, random: &mut StdRng, tally: &mut Tally) -> Result<(), Failure> {
        let mut evidence = Evidence::default();
        for kill in 0.. {
            let may_kill = kill < KILLS_A_WORKSPACE && tally.kills < kills;
            let moment = if may_kill { Moment::draw(random) } else { Moment::Never };
            let (promises, is_done) = self.start_and_kill(moment).await?;
            evidence.take_down(&promises);
            if is_done {
                break;
            }
            tally.kills += 1;
            evidence.look(&self.workspace(), tally)?;
        }
        verdict::judge(&self.workspace(), &self.files(), &self.plan, &evidence, tally).await
    }

    /// For somebody to look into.
    fn keep(self, tally: &mut Tally) {
        let (folder, seed) = (self.folder.keep(), self.seed);
        tally.findings.push(format!("kept in {} (plan {seed})", folder.display()));
    }

    /// Answers what the child said, and whether it got done before it was killed.
    async fn start_and_kill(&self, moment: Moment) -> Result<(Vec<String>, bool), Failure> {
        let mut child = Command::new(&self.child)
            .arg("work")
            .args([self.workspace(), self.files()])
            .arg(self.seed.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines()).ok_or("it has no output")?;
        let (said, is_done) = listen(lines, moment, &mut child).await?;
        let status = child.wait().await?;
        if is_done && !status.success() {
            return Err(format!("the child ended with {status}, after {:?}", said.last()).into());
        }
        Ok((said, is_done))
    }
}

/// What the child says until it ends or, at its moment, is killed; and whether it got done.
async fn listen(
    mut lines: Lines<BufReader<ChildStdout>>,
    moment: Moment,
    child: &mut Child,
) -> Result<(Vec<String>, bool), Failure> {
    let began = Instant::now();
    let mut said = Vec::new();
    let mut kill_at = match moment {
        Moment::After(after) => began + after,
        Moment::Lines(..) | Moment::Never => began + PLAN_PATIENCE,
    };
    loop {
        let line = tokio::time::timeout_at(kill_at, lines.next_line()).await;
        match line {
            Ok(Ok(Some(line))) => said.push(line),
            // It ended by itself.
            Ok(Ok(None)) => return Ok((said, true)),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => break,
        }
        if let Moment::Lines(count, then) = moment
            && said.len() == count as usize
        {
            kill_at = Instant::now() + then;
        }
    }
    if matches!(moment, Moment::Never) {
        return Err(format!("the plan is not done: {said:#?}").into());
    }
    child.start_kill()?;
    // What it said before it died counts.
    while let Some(line) = lines.next_line().await? {
        said.push(line);
    }
    Ok((said, false))
}
