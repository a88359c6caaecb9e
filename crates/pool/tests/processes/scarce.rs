//! Threads that cannot be started.

use super::support::{Data, in_a_fork, number, workers_become};

pub(crate) fn without_threads(data: &Data) {
    if let Err(error) = super::no_threads::forbid_threads() {
        return println!("NOT TESTED: the system forbids no threads: {error}");
    }
    for n in [3, 3, 2, 1, 100] {
        crosslane_pool::set_threads(number(n));
        data.is_serial();
        data.is_serial();
    }
    workers_become(0);
    in_a_fork(|| data.is_serial());
    data.is_serial();
}
