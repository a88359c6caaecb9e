//! File systems that lack something: each system call that may be missing is answered with an error, as they answer it, by a filter
//! that the program inherits. What can be done another way is; what is a real error stays one, and nothing is left.
//! `data/trials/file-systems` says where such file systems are found.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use libc::{EDQUOT, EFBIG, EINVAL, EIO, ENODEV, ENOSPC, ENOSYS, ENOTSUP, EOPNOTSUPP, EPERM, EXDEV};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use support::{Array, Directory, assert_product, text};

/// What is asked of an argument of a call, by its number.
type Condition = (u8, SeccompCmpOp, u64);
/// A call that is answered with this error, if all of this is so.
type Lack = (i64, i32, &'static [Condition]);

const FSYNC: &[i64] = &[libc::SYS_fsync, libc::SYS_fdatasync];
const LINK: &[i64] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    libc::SYS_linkat,
];
const RENAME: &[i64] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    libc::SYS_renameat,
];
/// Maps of files that others see: those are maps of inputs, and nothing else is.
const SHARED: &[Condition] = &[(3, SeccompCmpOp::MaskedEq(0xf), libc::MAP_SHARED as u64)];
/// Not standard error.
const FILES: &[Condition] = &[(0, SeccompCmpOp::Gt, 2)];

fn all(calls: &[i64], error: i32) -> Vec<Lack> {
    calls.iter().map(|call| (*call, error, &[][..])).collect()
}

fn filter((call, error, conditions): &Lack) -> Option<BpfProgram> {
    let condition = |(argument, operator, value): &Condition| {
        let long = SeccompCmpArgLen::Qword;
        SeccompCondition::new(*argument, long, operator.clone(), *value).unwrap()
    };
    let conditions: Vec<_> = conditions.iter().map(condition).collect();
    let rules = if conditions.is_empty() {
        Vec::new()
    } else {
        vec![SeccompRule::new(conditions).unwrap()]
    };
    let filter = SeccompFilter::new(
        BTreeMap::from([(*call, rules)]),
        SeccompAction::Allow,
        SeccompAction::Errno(*error as u32),
        std::env::consts::ARCH.try_into().ok()?,
    );
    filter.unwrap().try_into().ok()
}

/// Runs a program where these calls are lacking. A filter is of a thread and of what it starts, so this is a thread's whole life.
fn lacking(mut command: Command, lacks: &[Lack]) -> Option<Output> {
    let run = move || {
        for lack in lacks {
            let applied = filter(lack).is_some_and(|f| seccompiler::apply_filter(&f).is_ok());
            if !applied {
                support::not_tested("no filters of system calls here");
                return None;
            }
        }
        Some(command.output().unwrap())
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

/// Inputs of several orders, and the program at work on them.
struct Case {
    directory: Directory,
    a: Array,
    b: Array,
}

impl Case {
    fn new(a: Array, b: Array) -> Self {
        let directory = Directory::new();
        directory.write("a.npy", &a.bytes());
        directory.write("b.npy", &b.bytes());
        Self { directory, a, b }
    }

    fn small() -> Self {
        let array = |seed| Array::new(&[5, 3], "<f8", false, seed);
        Self::new(array(1), array(2))
    }

    /// Normals and areas, which have a place before they are computed.
    fn normals(&self, lacks: &[Lack]) -> Option<Output> {
        let mesh = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
        self.directory.write("mesh.obj", mesh);
        let names = ["mesh.obj", "-o", "n.npy", "--areas", "areas.npy"];
        lacking(self.directory.normals(&names), lacks)
    }

    fn run(&self, options: &[&str], lacks: &[Lack]) -> Option<Output> {
        let mut command = self.directory.cross("a.npy", "b.npy", "out.npy");
        command.args(options);
        lacking(command, lacks)
    }

    #[track_caller]
    fn succeeds(&self, options: &[&str], lacks: &[Lack]) {
        let Some(output) = self.run(options, lacks) else {
            return;
        };
        let error = text(&output.stderr);
        assert!(output.status.success(), "{lacks:?}: {error}");
        assert_eq!(error, "", "{lacks:?}");
        assert_product(&self.directory.path("out.npy"), &self.a, &self.b, None);
        assert_eq!(self.directory.names(), 3, "inputs and the result");
    }

    #[track_caller]
    fn fails(&self, options: &[&str], lacks: &[Lack], expected: &str) {
        let before = self.directory.contents();
        let Some(output) = self.run(options, lacks) else {
            return;
        };
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{lacks:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(expected), "{lacks:?}: {error}");
        assert!(
            self.directory.contents() == before,
            "{lacks:?} left something"
        );
    }
}

#[test]
fn the_filter_is_one() {
    let case = Case::small();
    // If filters did nothing, every other test here would succeed.
    case.fails(&[], &[(libc::SYS_write, EIO, FILES)], "Input/output error");
}

#[test]
fn files_that_cannot_be_synced() {
    for error in [EINVAL, ENOSYS, EOPNOTSUPP, ENOTSUP] {
        Case::small().succeeds(&[], &all(FSYNC, error));
    }
    for (error, expected) in [
        (EIO, "Input/output error"),
        (ENOSPC, "No space left"),
        (EDQUOT, "uota exceeded"),
    ] {
        Case::small().fails(&[], &all(FSYNC, error), expected);
    }
}

#[test]
fn names_without_the_calls_that_do_not_replace() {
    for rename in [EINVAL, ENOSYS, EPERM, EOPNOTSUPP] {
        for link in [EPERM, ENOSYS, EOPNOTSUPP, EXDEV] {
            let lacks = [all(&[libc::SYS_renameat2], rename), all(LINK, link)].concat();
            let case = Case::small();
            case.succeeds(&[], &lacks);
            case.fails(&[], &lacks, "--force");
            case.succeeds(&["--force"], &lacks);
        }
    }
}

/// Another way would be another error, or a name without what is in it.
#[test]
fn names_that_fail_are_not_given_another_way() {
    for error in [EIO, ENOSPC, EDQUOT] {
        let lacks = [all(&[libc::SYS_renameat2], EINVAL), all(LINK, error)].concat();
        let case = Case::small();
        case.fails(&[], &lacks, "out.npy: no file can be renamed");
        case.succeeds(&["--force"], &lacks);
    }
}

#[test]
fn names_that_cannot_be_given_are_known_before_the_work() {
    let names = [
        all(&[libc::SYS_renameat2], EINVAL),
        all(LINK, EPERM),
        all(RENAME, EPERM),
    ];
    // The error of the work would be that nothing can be written.
    let lacks = [&names.concat()[..], &[(libc::SYS_write, EIO, FILES)]].concat();
    for options in [&[][..], &["--force"]] {
        Case::small().fails(options, &lacks, "out.npy: no file can be renamed");
    }
}

#[test]
fn a_place_that_is_too_small_is_known_before_the_work() {
    for (error, expected) in [
        (ENOSPC, "No space left"),
        (EDQUOT, "uota exceeded"),
        (EFBIG, "too large"),
    ] {
        let lacks: [Lack; 2] = [
            (libc::SYS_fallocate, error, &[]),
            (libc::SYS_write, EIO, FILES),
        ];
        Case::small().fails(&[], &lacks, expected);
        // Of the two that there are, either can be too large; the second has 128 bytes of header and one area.
        let second: &[Condition] = &[(3, SeccompCmpOp::Eq, 128 + 8)];
        for (conditions, name) in [(&[][..], "n.npy: "), (second, "areas.npy: ")] {
            let lacks: [Lack; 2] = [
                (libc::SYS_fallocate, error, conditions),
                (libc::SYS_write, EIO, FILES),
            ];
            let case = Case::small();
            let Some(output) = case.normals(&lacks) else {
                return;
            };
            let shown = text(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{shown}");
            assert!(shown.contains(name) && shown.contains(expected), "{shown}");
            assert_eq!(case.directory.names(), 3, "inputs only");
        }
    }
    for error in [EOPNOTSUPP, ENOSYS, EINVAL, EPERM, ENODEV] {
        Case::small().succeeds(&[], &[(libc::SYS_fallocate, error, &[])]);
    }
}

#[test]
fn files_that_cannot_be_mapped() {
    // More than a block of vectors, and more than a piece of a file.
    let many = 300_000;
    for (a, b) in [
        (
            Array::new(&[many, 3], "<f4", false, 1),
            Array::new(&[many, 3], ">f8", false, 2),
        ),
        (
            Array::new(&[3, many], "<f8", false, 1),
            Array::new(&[3, many], "<f4", true, 2),
        ),
        (
            Array::new(&[3, 70, 801], "<f4", true, 1),
            Array::new(&[3, 70, 801], "<f4", false, 2),
        ),
        (
            Array::new(&[3], "<f8", false, 1),
            Array::new(&[9, 3], "<f8", true, 2),
        ),
        (
            Array::new(&[0, 3], "<f8", false, 1),
            Array::new(&[0, 3], "<f8", true, 2),
        ),
    ] {
        let case = Case::new(a, b);
        for error in [ENODEV, EINVAL, ENOSYS, EPERM, libc::ENOMEM, libc::EACCES] {
            case.succeeds(&["--force"], &[(libc::SYS_mmap, error, SHARED)]);
            if case.b.shape[0] > 9 {
                break;
            }
        }
    }
    // What cannot be read either is an error: the bytes of all elements, in one call.
    let elements: &[Condition] = &[(2, SeccompCmpOp::Eq, 500 * 24)];
    let lacks: [Lack; 2] = [
        (libc::SYS_mmap, ENODEV, SHARED),
        (libc::SYS_read, EIO, elements),
    ];
    let a = Array::new(&[500, 3], "<f8", false, 1);
    Case::new(a.clone(), a).fails(&[], &lacks, "npy: Input/output error");
}

/// Neighbours in the result are in 513 places of the file that are far from each other. This takes a second, and hours if
/// more than a little is read for each of them.
#[test]
fn columns_of_a_file_that_cannot_be_mapped() {
    let array = |seed| Array::new(&[16384, 171, 3], "<f4", true, seed);
    let case = Case::new(array(1), array(2));
    case.succeeds(&[], &[(libc::SYS_mmap, ENODEV, SHARED)]);
}

/// Unnamed temporary files are a call of their own, which some file systems lack; a copy that is beyond memory needs one.
#[test]
fn a_pipe_is_copied_where_files_without_a_name_are_lacking() {
    let directory = Directory::new();
    let a = Array::new(&[1 << 20, 3], "<f8", false, 1);
    directory.write("a.npy", &a.bytes());
    let mut command = Command::new("sh");
    command.current_dir(directory.path("."));
    command.args(["-c", "cat a.npy | \"$0\" cross - a.npy -o out.npy"]);
    command.arg(env!("CARGO_BIN_EXE_crosslane"));
    command
        .env_remove("CROSSLANE_LEVEL")
        .env("TMPDIR", directory.path("."));
    let unnamed: &[Condition] = &[(
        2,
        SeccompCmpOp::MaskedEq(libc::O_TMPFILE as u64),
        libc::O_TMPFILE as u64,
    )];
    let lacks: [Lack; 2] = [
        (libc::SYS_openat, EOPNOTSUPP, unnamed),
        (libc::SYS_mmap, ENODEV, SHARED),
    ];
    let Some(output) = lacking(command, &lacks) else {
        return;
    };
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_product(&directory.path("out.npy"), &a, &a, None);
    assert_eq!(directory.names(), 2, "nothing else is left");
    fs::remove_file(directory.path("out.npy")).unwrap();
}
