//! How many threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};

use crosslane::Threads;
use crosslane_pool::{limit_this_thread, set_threads, threads};

use super::support::{Data, LARGE, NUMBER, child, large, number, workers_become};

pub(crate) fn is_set_while_calls_run(data: &Data) {
    let ends = AtomicBool::new(false);
    std::thread::scope(|callers| {
        for _ in 0..4 {
            callers.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    data.multiply();
                }
            });
        }
        for n in (1..6).cycle().take(200) {
            set_threads(number(n));
            assert_eq!(threads(), n, "threads");
            data.multiply();
        }
        ends.store(true, Ordering::Relaxed);
    });
    for n in [4, 2, 5] {
        set_threads(number(n));
        data.is_split_over(n);
        // Those of all pools before end.
        workers_become(n);
    }
}

/// A call that has begun in the old pool ends there.
pub(crate) fn one_ends_the_threads(data: &Data) {
    data.is_split_over(NUMBER);
    large(|_| {
        set_threads(number(1));
        std::thread::scope(|callers| {
            callers.spawn(|| data.is_serial());
        });
        assert_eq!(rayon::broadcast(|_| ()).len(), NUMBER, "still there");
        // What is nested obeys.
        assert_eq!(large(|how| how), Threads::Max(number(1)), "threads");
        data.multiply();
    });
    workers_become(0);
    data.is_serial();
    set_threads(number(NUMBER));
    data.is_split_over(NUMBER);
}

pub(crate) fn limits_are_of_one_thread(data: &Data) {
    let is_allowed = |n| assert_eq!(threads(), n, "threads");
    let limit = |n, previous| {
        let got = limit_this_thread(NonZeroUsize::new(n));
        assert_eq!(got, NonZeroUsize::new(previous), "previous limit");
    };
    let gets = |bytes, n| {
        let how = crosslane_pool::run(bytes, |how| how);
        assert_eq!(how, Threads::Max(number(n)), "{bytes} bytes");
    };
    is_allowed(NUMBER);
    limit(1, 0);
    is_allowed(1);
    data.is_serial();
    workers_become(0);
    std::thread::scope(|others| {
        others.spawn(|| {
            is_allowed(NUMBER);
            data.is_split_over(NUMBER);
        });
    });
    data.is_serial();

    limit(2, 1);
    is_allowed(2);
    gets(LARGE, 2);
    data.multiply();
    // No more pieces than are worth a thread.
    set_threads(number(5));
    limit(4, 2);
    gets(LARGE, 2);
    gets(2 * LARGE, 4);
    gets(3 * LARGE, 4);

    for n in [5, 6, usize::MAX] {
        limit_this_thread(Some(number(n)));
        is_allowed(5);
        data.is_split_over(5);
    }
    limit(0, usize::MAX);
    limit(0, 0);
    data.is_split_over(5);
}

#[test]
fn child_prints_its_number() {
    println!("number {}", threads());
}

#[test]
fn variables_that_are_positive_numbers_decide() {
    let available = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let nonsense = ["", "0", "-1", "two", "1.5", "99999999999999999999999"];
    let number = |variables: &[(&str, &str)]| -> usize {
        let text = child("numbers::child_prints_its_number", variables);
        let number = text.split_once("number ").unwrap().1;
        number.split_whitespace().next().unwrap().parse().unwrap()
    };
    let (ours, rayons) = ("CROSSLANE_NUM_THREADS", "RAYON_NUM_THREADS");
    assert_eq!(number(&[]), available);
    assert_eq!(number(&[(ours, "7")]), 7);
    assert_eq!(number(&[(rayons, "9")]), 9);
    assert_eq!(number(&[(ours, "7"), (rayons, "9")]), 7);
    for text in nonsense {
        assert_eq!(number(&[(ours, text)]), available, "{text:?}");
        assert_eq!(number(&[(rayons, text)]), available, "{text:?}");
        assert_eq!(number(&[(ours, text), (rayons, "9")]), 9, "{text:?}");
        assert_eq!(number(&[(ours, "7"), (rayons, text)]), 7, "{text:?}");
    }
}
