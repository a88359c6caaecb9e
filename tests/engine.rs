//! What an engine promises besides bits: its level, the environment, and which threads it touches.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Error, Level};
#[cfg(not(target_family = "wasm"))]
use support::program::this_program;

const ALL: [Level; 3] = [Level::Baseline, Level::Avx2, Level::Avx512];

#[test]
fn levels_have_names_that_parse() {
    for level in ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    assert_eq!(format!("{:>9}|", Level::Avx2), "     avx2|");
    for unknown in ["", "AVX2", "avx", "native", "baseline "] {
        assert_eq!(
            unknown.parse::<Level>(),
            Err(Error::UnknownLevel),
            "{unknown:?}"
        );
    }
}

#[test]
fn baseline_is_always_available_and_levels_come_in_order() {
    let levels: Vec<Level> = Level::available().collect();
    assert_eq!(levels[0], Level::Baseline);
    assert!(levels.is_sorted(), "{levels:?}");
    assert!(
        levels.contains(&Level::best()),
        "{} is available",
        Level::best()
    );
}

/// Found by other means than the library's, so that no level can be lost without a word.
#[cfg(target_arch = "x86_64")]
#[test]
fn levels_are_those_that_the_cpu_has() {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let avx512 =
        avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    let expected = [
        (true, Level::Baseline),
        (avx2, Level::Avx2),
        (avx512, Level::Avx512),
    ];
    let expected: Vec<Level> = expected
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, level)| level)
        .collect();
    assert_eq!(Level::available().collect::<Vec<_>>(), expected);
}

#[test]
fn an_unavailable_level_is_an_error_and_an_available_one_is_taken() {
    let levels: Vec<Level> = Level::available().collect();
    for level in ALL {
        match Engine::new().with_level(level) {
            Ok(engine) => {
                assert!(levels.contains(&level), "{level} is not available");
                assert_eq!(engine.level(), level);
            }
            Err(error) => {
                assert!(!levels.contains(&level), "{level} is available");
                assert!(matches!(error, Error::LevelUnavailable { .. }), "{error}");
            }
        }
    }
}

/// The variable is read once in a process, so every value needs its own.
#[cfg(not(target_family = "wasm"))] // which has no processes
fn best_with(variable: Option<&str>) -> String {
    let mut command = this_program();
    command
        .args(["--exact", "child_prints_its_best_level", "--nocapture"])
        .env("CROSSLANE_CHILD", "1");
    match variable {
        Some(value) => command.env("CROSSLANE_LEVEL", value),
        None => command.env_remove("CROSSLANE_LEVEL"),
    };
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let line = output
        .lines()
        .find_map(|line| line.split_once("best="))
        .expect("the child prints its level");
    line.1.to_owned()
}

#[test]
fn child_prints_its_best_level() {
    if std::env::var_os("CROSSLANE_CHILD").is_some() {
        assert_eq!(Engine::new().level(), Level::best());
        println!("best={}", Level::best());
    }
}

#[cfg(not(target_family = "wasm"))]
#[test]
fn the_environment_lowers_the_level_and_nonsense_changes_nothing() {
    let highest = Level::available().last().unwrap().to_string();
    assert_eq!(best_with(None), highest);
    for level in Level::available() {
        assert_eq!(best_with(Some(&level.to_string())), level.to_string());
    }
    for nonsense in ["", "AVX2", "avx1024"] {
        assert_eq!(best_with(Some(nonsense)), highest, "{nonsense:?}");
    }
    for lacking in ALL
        .iter()
        .filter(|level| !Level::available().any(|l| l == **level))
    {
        assert_eq!(best_with(Some(&lacking.to_string())), highest, "{lacking}");
    }
}

/// Large enough for `Threads::Auto` to split: 9 columns of 1 MB.
#[cfg(feature = "rayon")]
const LARGE: usize = 1 << 18;

/// All in one test, because rayon's global pool belongs to the process: that it can still be built at the
/// end shows that nothing before has touched it.
#[cfg(feature = "rayon")]
#[test]
fn serial_small_and_pooled_calls_never_touch_the_global_pool() {
    use std::num::NonZeroUsize;

    use crosslane::{Soa, Threads, Vectors};

    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    let (a, b) = (
        Soa::from_aos(&vec![[1.0_f32, 2.0, 3.0]; LARGE]),
        Soa::from_aos(&vec![[4.0, 5.0, 6.0]; LARGE]),
    );
    let mut out = Soa::zeros(LARGE);
    let multiply = |engine: Engine, out: &mut Soa<f32>| {
        engine.cross(&a, &b, &mut *out).unwrap();
        assert_eq!(out.view().get(LARGE - 1), Some([-3.0, 6.0, -3.0]));
        out.columns_mut()[0].fill(0.0);
    };
    let two = Threads::Max(NonZeroUsize::new(2).unwrap());
    multiply(Engine::new().with_threads(Threads::Serial), &mut out);
    multiply(
        Engine::new().with_threads(Threads::Max(NonZeroUsize::MIN)),
        &mut out,
    );
    pool.install(|| multiply(Engine::new(), &mut out));
    pool.install(|| multiply(Engine::new().with_threads(two), &mut out));
    let mut few = [[0.0; 3]; 100];
    Engine::new()
        .cross(
            &[[1.0, 2.0, 3.0]; 100],
            Vectors::broadcast(&[4.0, 5.0, 6.0], 100),
            &mut few,
        )
        .unwrap();

    // This does, in the process of its own that the next test starts.
    if std::env::var_os("CROSSLANE_CHILD").is_some() {
        multiply(Engine::new(), &mut out);
    }
    let built = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build_global();
    assert!(built.is_ok(), "the global pool was touched: {built:?}");
    multiply(Engine::new(), &mut out);
    multiply(Engine::new().with_threads(two), &mut out);
}

#[test]
fn an_engine_is_a_small_value_that_is_shared_between_threads() {
    fn shared<T: Send + Sync + Copy + Unpin + std::panic::UnwindSafe + 'static>() -> usize {
        size_of::<T>()
    }
    assert!(shared::<Engine>() <= 32, "{} bytes", shared::<Engine>());
    assert_eq!(
        Engine::default().level(),
        Engine::new().with_accuracy(Accuracy::Plain).level()
    );
}

/// The test above fails in a child that does what it must not.
#[cfg(all(feature = "rayon", not(target_family = "wasm")))]
#[test]
fn a_large_batch_outside_any_pool_uses_the_global_one() {
    let mut command = this_program();
    command
        .args([
            "--exact",
            "serial_small_and_pooled_calls_never_touch_the_global_pool",
        ])
        .env("CROSSLANE_CHILD", "1");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        !output.status.success() && text.contains("the global pool was touched"),
        "{text}"
    );
}
