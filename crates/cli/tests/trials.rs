//! Files that people had and the program once refused: `data/trials` has a folder for each kind.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::path::Path;

use support::{Directory, crosslane, read, succeeds};

#[test]
fn headers_of_npy_files() {
    let trial = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trials/npy-header");
    let directory = Directory::new();
    let names = ["descr_name", "descr_native", "descr_no_order", "py2_long"];
    for name in names {
        let mut command = crosslane();
        command.arg("cross").arg(trial.join(format!("{name}.npy")));
        command.arg(trial.join("b.npy")).arg("-o");
        succeeds(command.arg(directory.path(name)));
        let (shape, elements) = read::<f32>(&directory.path(name));
        assert_eq!(shape, [2, 3], "{name}");
        assert_eq!(elements, [-3.0, 6.0, -3.0, 3.0, -6.0, 3.0], "{name}");
    }
}
