//! The first pull of ten thousand rows: by the engine, into a mirror that has nothing, until the window can read them.

use super::Outcome;
use super::faculty::{Faculty, Person};
use super::figures::Figures;
use lectern_engine::catalogue::Catalogue;
use lectern_engine::remote::team::{DeviceToken, TeamServer};
use lectern_engine::sync::Rounds;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROWS: usize = 10_000;
/// Odd, so that the median is one of them.
const TIMES: usize = 5;
const LIMIT_S: f64 = 3.0;

pub async fn first(figures: &mut Figures, faculty: &Faculty, folder: &Path) -> Outcome {
    let (mut whole, mut answers) = (Vec::new(), Vec::new());
    for number in 0..TIMES {
        let begun = Instant::now();
        let pulled = faculty.owner.calls.pull(&faculty.owner.all()).await?;
        answers.push(begun.elapsed());
        let rows: usize = pulled.spaces.values().map(|changes| changes.rows.len()).sum();
        if rows != ROWS {
            return Err(format!("{rows} rows came").into());
        }
        let catalogue = mirror(&faculty.owner, &folder.join(format!("first-{number}.sqlite")))?;
        let begun = Instant::now();
        Rounds::new(catalogue.clone(), Arc::new(remote(faculty, &faculty.owner)?), Arc::new(drop)).round().await?;
        whole.push(begun.elapsed());
        catalogue.close();
    }
    figures.beside("first pull of 10,000 rows, all answers read", worst(&answers), "s");
    figures.at_most("first pull of 10,000 rows, in the mirror, the slowest of 5", worst(&whole), LIMIT_S, "s");
    Ok(())
}

pub fn mirror(person: &Person, file: &Path) -> Outcome<Catalogue> {
    Ok(Catalogue::open(file, person.paired.user)?)
}

pub fn remote(faculty: &Faculty, person: &Person) -> Outcome<TeamServer> {
    Ok(TeamServer::new(&faculty.address, DeviceToken(person.paired.device_token.clone()), &[])?)
}

fn worst(times: &[Duration]) -> Option<f64> {
    times.iter().max().map(Duration::as_secs_f64)
}
