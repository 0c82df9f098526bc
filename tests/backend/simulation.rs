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

/// A restored server refuses an edit under a former name: its course comes back later, from another device.
#[tokio::test]
async fn a_history_in_which_an_edit_was_once_lost_without_a_word_ends_well() {
    all_hold(502_184..502_185).await;
}

#[tokio::test]
async fn a_seed_is_one_history_however_often_it_is_played() {
    for seed in [3, 77, 1_234] {
        assert_eq!(play(seed).await.unwrap(), play(seed).await.unwrap(), "seed {seed}");
    }
}
