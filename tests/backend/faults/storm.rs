//! Everything at once: several files through a line on which a third of all requests goes wrong, as a seed decides.

use super::bench::{Bench, Hurry, Line, Size};
use crate::desk::at_end;
use lectern_backend_tests::support::fault_proxy::{Script, Storm};

async fn weathers(line: Line, seed: u64) {
    let bench = Bench::new(line, Hurry::Both).await;
    bench.proxy.play(Script::Storm(Storm { seed, faults_per_mille: 300 }));
    let desk = bench.desk().await;
    let place = desk.course().await;
    let mut files = vec![Size::Large.source()];
    files.extend((0..16).map(|n| desk.file(&format!("Lecture {n}.mp4"), 20_000 + n)));
    let operations = desk.drop_on(&files.iter().collect::<Vec<_>>(), at_end(place)).await.operations;
    let mut assets = Vec::new();
    for operation in &operations {
        assets.push(desk.until_ready(*operation).await.asset);
    }
    bench.proxy.play(Script::Fair);
    let shown: Vec<_> = operations.iter().map(|operation| desk.upload(*operation).file_name).collect();
    for (operation, name) in operations.iter().zip(&shown) {
        let source = files.iter().find(|file| file.ends_with(name)).unwrap();
        bench.assert_right(&desk, *operation, source).await;
    }
    bench.assert_only(&assets).await;
    let met = bench.proxy.exchanges().iter().filter(|one| one.fault.is_some()).count();
    assert!(met >= 5, "{met} faults are no storm");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_arrives_once_through_a_storm() {
    weathers(Line::Plain, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_arrives_once_through_another_storm() {
    weathers(Line::Plain, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_arrives_once_through_a_storm_over_tls() {
    weathers(Line::Tls, 3).await;
}
