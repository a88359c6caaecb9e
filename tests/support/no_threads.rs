//! A system that starts no threads, as in containers with a limit of processes: the calls for them fail in one thread and in the
//! programs that it starts.

use std::collections::BTreeMap;
use std::io;

use seccompiler::SeccompAction::{Allow, Errno};
use seccompiler::{
    BpfProgram, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

/// From now on no thread is started by the calling thread, nor by processes that it starts. An error where the system has no such filters.
pub(crate) fn forbid_threads() -> Result<(), Box<dyn std::error::Error>> {
    let thread = libc::CLONE_THREAD as u64;
    let is_thread = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(thread),
        thread,
    )?;
    let fails_for_threads = vec![SeccompRule::new(vec![is_thread])?];
    // Its flags are in memory, where a filter cannot look. Where it is missing, the C library takes the other.
    fail(libc::SYS_clone3, Vec::new(), libc::ENOSYS)?;
    fail(libc::SYS_clone, fails_for_threads, libc::EAGAIN)?;
    match std::thread::Builder::new().spawn(|| ()) {
        Ok(_) => Err("threads are started nevertheless".into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn fail(
    call: libc::c_long,
    rules: Vec<SeccompRule>,
    error: i32,
) -> Result<(), Box<dyn std::error::Error>> {
    let architecture = std::env::consts::ARCH.try_into()?;
    let rules = BTreeMap::from([(call, rules)]);
    let filter = SeccompFilter::new(rules, Allow, Errno(error as u32), architecture)?;
    apply_filter(&BpfProgram::try_from(filter)?)?;
    Ok(())
}
