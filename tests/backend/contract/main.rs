//! Asks every sentence of the contract of each store and prints who keeps it: `cargo xtask contract`.
//!
//! `contract [--endpoint URL --region REGION --bucket BUCKET [--prefix PREFIX]]`; the keys of a named bucket come from
//! `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, never from arguments.

use lectern_backend_tests::contract::{self, Started};
use lectern_server::object_store::s3::S3Config;
use std::io;
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: contract [--endpoint URL --region REGION --bucket BUCKET [--prefix PREFIX]]

Asks the stores of this computer, or the bucket named, with the key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
Everything is written under the prefix (else under one of its own) and taken away again; the bucket's lifecycle rules are
read, replaced by the same and two more, and put back.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match stores(&arguments).await {
        Ok(started) => ask(started).await,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn ask(started: Vec<Started>) -> ExitCode {
    let begun = Instant::now();
    let asked = started.iter().map(|started| contract::run(&started.subject));
    let reports = futures::future::join_all(asked).await;
    println!("asked in {:.1} s\n", begun.elapsed().as_secs_f64());
    contract::print(&reports);
    if reports.iter().all(|report| report.failures().is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn stores(arguments: &[String]) -> io::Result<Vec<Started>> {
    if arguments.is_empty() {
        return contract::all().await;
    }
    let told = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let must = |value: Option<String>| value.ok_or_else(|| io::Error::other(USAGE));
    let names = arguments.iter().step_by(2);
    if !names.clone().all(|name| ["--endpoint", "--region", "--bucket", "--prefix"].contains(&name.as_str())) {
        return Err(io::Error::other(USAGE));
    }
    let config = S3Config {
        endpoint: must(told("--endpoint"))?.parse().map_err(io::Error::other)?,
        region: must(told("--region"))?,
        bucket: must(told("--bucket"))?,
        access_key: must(std::env::var("AWS_ACCESS_KEY_ID").ok())?,
        secret_key: must(std::env::var("AWS_SECRET_ACCESS_KEY").ok())?,
    };
    let own = || format!("lectern-contract-{}", uuid::Uuid::now_v7().simple());
    let prefix = told("--prefix").unwrap_or_else(own);
    Ok(vec![contract::named(config, &format!("{}/", prefix.trim_end_matches('/')))?])
}
