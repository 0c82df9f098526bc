//! A part of what `cargo xtask sim` plays.

use lectern_backend_tests::sim::play;

/// Of these a quarter each, so that they go side by side.
async fn all_hold(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        if let Err(failure) = play(seed).await {
            panic!("seed {seed}: {failure}");
        }
    }
}

#[tokio::test]
async fn the_first_fifty_histories_end_well() {
    all_hold(0..50).await;
}

#[tokio::test]
async fn the_second_fifty_histories_end_well() {
    all_hold(50..100).await;
}

#[tokio::test]
async fn the_third_fifty_histories_end_well() {
    all_hold(100..150).await;
}

#[tokio::test]
async fn the_fourth_fifty_histories_end_well() {
    all_hold(150..200).await;
}

/// Its server was restored while a device was away for six weeks; `sync/forked` has it in short.
#[tokio::test]
async fn a_history_in_which_edits_of_before_an_absence_were_once_lost_ends_well() {
    all_hold(1_050..1_051).await;
}

#[tokio::test]
async fn a_seed_is_one_history_however_often_it_is_played() {
    for seed in [3, 77, 1_234] {
        assert_eq!(play(seed).await.unwrap(), play(seed).await.unwrap(), "seed {seed}");
    }
}
