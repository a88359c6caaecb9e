//! The commands beside `cross`: each is the library's operation of its name, place by place, on the vectors of files.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use crosslane::{Accuracy, Kind, Operation, Real, reference};
use crosslane_npy::{Component, Dtype, PerComponent};
use support::grid::{Grid, Grid3, Order};
use support::{Directory, crosslane, levels, succeeds, text};

const COMMANDS: [(&str, Operation); 5] = [
    ("dot", Operation::Dot),
    ("cross-norm", Operation::CrossNorm),
    ("unit-normal", Operation::UnitNormal),
    ("angle", Operation::Angle),
    ("triple", Operation::ScalarTriple),
];
const FILES: [&str; 3] = ["a.npy", "b.npy", "c.npy"];
const ACCURACIES: [(&str, Accuracy); 2] = [
    ("plain", Accuracy::Plain),
    ("correctly-rounded", Accuracy::CorrectlyRounded),
];

/// The result of the definition.
fn expected<T: Component + Real>(
    operation: Operation,
    inputs: &[&Grid3<T>],
    shape: &[usize],
    accuracy: Accuracy,
    axis: isize,
) -> Grid<T> {
    let result = Grid3::each(inputs, shape, |vectors| {
        let mut out = [[T::default(); 3]];
        reference::apply(operation, vectors, accuracy, &mut out).unwrap();
        out[0]
    });
    match operation.outputs() {
        [Kind::Vector] => result.along(axis),
        _ => result.numbers(),
    }
}

/// The command on files of these arrays.
fn run(directory: &Directory, command: &str, operation: Operation, options: &[&str]) {
    let inputs = &FILES[..operation.inputs().len()];
    let mut command = directory.command(command, inputs, "out.npy");
    succeeds(command.args(options).arg("--force"));
}

fn check<T: Component + Real>(level: &str) {
    let shapes = [&[6, 1, 3][..], &[3, 5], &[3]];
    let grids = [1, 2, 3].map(|k| Grid::<T>::fractions(shapes[k as usize - 1], k));
    let vectors = [
        grids[0].vectors(-1),
        grids[1].vectors(0),
        grids[2].vectors(0),
    ];
    let directory = Directory::new();
    for ((name, grid), order) in FILES.iter().zip(&grids).zip(Order::ALL) {
        directory.write(name, &grid.bytes(order));
    }
    for (command, operation) in COMMANDS {
        let inputs: Vec<_> = vectors.iter().take(operation.inputs().len()).collect();
        for (name, accuracy) in ACCURACIES {
            let options = ["--axisb", "0", "--accuracy", name, "--level", level];
            run(&directory, command, operation, &options);
            let expected = expected(operation, &inputs, &[6, 5], accuracy, -1);
            let got = Grid::<T>::read(&directory.path("out.npy"));
            assert!(got == expected, "{command} {name} {} at {level}", T::DTYPE);
        }
    }
}

#[test]
fn every_command_is_the_operation_of_its_name() {
    for level in levels() {
        check::<f32>(&level);
        check::<f64>(&level);
    }
}

#[test]
fn axes_of_results_and_of_the_third_file() {
    let directory = Directory::new();
    let grids = [1, 2, 3].map(|k| Grid::<f64>::fractions(&[3, 4], k));
    for (name, grid) in FILES.iter().zip(&grids) {
        directory.write(name, &grid.bytes(Order::ALL[0]));
    }
    let rows = grids[2].vectors(0).along(-1);
    directory.write("rows.npy", &rows.bytes(Order::ALL[0]));
    let [a, b, c] = [0, 1, 2].map(|k| grids[k].vectors(0));
    let (normal, plain) = (Operation::UnitNormal, Accuracy::Plain);
    run(
        &directory,
        "unit-normal",
        normal,
        &["--axisa", "0", "--axisb", "0", "--axisc", "1"],
    );
    let got = Grid::read(&directory.path("out.npy"));
    assert!(
        got == expected(normal, &[&a, &b], &[4], plain, 1),
        "normals along axis 1"
    );
    let (triple, all) = (Operation::ScalarTriple, [&a, &b, &c]);
    for (third, options) in [
        ("c.npy", &[][..]),
        ("c.npy", &["--axis", "0"]),
        (
            "rows.npy",
            &["--axisa", "0", "--axisb", "-2", "--axisc", "1"],
        ),
    ] {
        let mut command = directory.command("triple", &["a.npy", "b.npy", third], "out.npy");
        succeeds(command.args(options).arg("--force"));
        let got = Grid::read(&directory.path("out.npy"));
        assert!(
            got == expected(triple, &all, &[4], plain, 0),
            "{third} {options:?}"
        );
    }
    let mut dot = directory.command("dot", &["a.npy", "b.npy"], "other.npy");
    let numbers = ["--axisc: the result is numbers"];
    directory.refuses(dot.args(["--axisc", "0"]), &numbers);
}

/// A file of small numbers of a type.
struct Small(u64);

impl PerComponent for Small {
    type Output = Vec<u8>;

    fn run<T: Component>(self) -> Vec<u8> {
        Grid::<T>::small(&[5, 3], self.0).bytes(Order::ALL[self.0 as usize % 4])
    }
}

fn computed<T: Component + Real>(directory: &Directory, operation: Operation) -> bool {
    let vectors = [1, 2, 3].map(|seed| Grid::<T>::small(&[5, 3], seed).vectors(-1));
    let inputs: Vec<_> = vectors.iter().take(operation.inputs().len()).collect();
    let got = Grid::<T>::read(&directory.path("out.npy"));
    got == expected(operation, &inputs, &[5], Accuracy::Plain, -1)
}

#[test]
fn what_is_no_float_is_computed_in_floats() {
    use Dtype::{Float16, Float32, Float64, Int8, Int16, Int32, Int64, Uint8, Uint64};
    for (dtypes, is_single) in [
        ([Float16, Float16, Float16], true),
        ([Float16, Float32, Int16], true),
        ([Int8, Uint8, Float16], true),
        ([Uint8, Int16, Float32], true),
        ([Int8, Int8, Int8], false),
        ([Uint64, Int64, Int64], false),
        ([Int32, Float32, Float32], false),
        ([Float32, Float64, Float16], false),
    ] {
        let directory = Directory::new();
        for ((name, dtype), seed) in FILES.iter().zip(dtypes).zip(1..) {
            directory.write(name, &dtype.with(Small(seed)));
        }
        run(&directory, "triple", Operation::ScalarTriple, &[]);
        let same = if is_single {
            computed::<f32>(&directory, Operation::ScalarTriple)
        } else {
            computed::<f64>(&directory, Operation::ScalarTriple)
        };
        assert!(same, "{dtypes:?}");
    }
    // Of integers, too, with either accuracy.
    let directory = Directory::new();
    for (name, seed) in FILES.iter().zip(1..) {
        directory.write(name, &Int16.with(Small(seed)));
    }
    for (command, operation) in COMMANDS {
        run(
            &directory,
            command,
            operation,
            &["--accuracy", "correctly-rounded"],
        );
        run(&directory, command, operation, &[]);
        assert!(computed::<f64>(&directory, operation), "{command} of int16");
    }
}

#[test]
fn numbers_of_several_blocks_go_anywhere() {
    let many = (1 << 18) + 3;
    let a = Grid::<f32>::fractions(&[many, 3], 1);
    let b = Grid::<f32>::fractions(&[2, 1, 3], 2);
    let directory = Directory::new();
    directory.write("a.npy", &a.bytes(Order::ALL[3]));
    directory.write("b.npy", &b.bytes(Order::ALL[0]));
    succeeds(&mut directory.command("angle", &["a.npy", "b.npy"], "out.npy"));
    let inputs = [&a.vectors(-1), &b.vectors(-1)];
    let expected = expected(Operation::Angle, &inputs, &[2, many], Accuracy::Plain, -1);
    assert!(
        Grid::read(&directory.path("out.npy")) == expected,
        "to a file"
    );
    let mut piped = std::process::Command::new("sh");
    let script = "cat a.npy | \"$0\" angle - b.npy -o - | cat > piped.npy";
    piped.args(["-c", script, env!("CARGO_BIN_EXE_crosslane")]);
    succeeds(piped.current_dir(directory.path(".")));
    assert!(
        Grid::read(&directory.path("piped.npy")) == expected,
        "through pipes"
    );
}

#[test]
fn the_help_names_what_each_takes() {
    let help = text(&succeeds(crosslane().arg("--help")).stdout);
    for (command, operation) in COMMANDS.into_iter().chain([("cross", Operation::Cross)]) {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        let own = text(&succeeds(crosslane().args([command, "--help"])).stdout);
        let names = ["<A>", "<B>", "<C>"];
        let takes = names.iter().filter(|name| own.contains(*name)).count();
        assert_eq!(takes, operation.inputs().len(), "{own}");
    }
    for (arguments, expected) in [
        (&["triple", "a.npy", "b.npy", "-o", "c.npy"][..], "<C>"),
        (&["dot", "a.npy", "b.npy", "c.npy", "-o", "d.npy"], "c.npy"),
        (&["angle", "a.npy", "b.npy"], "--output"),
        (
            &["cross", "a.npy", "b.npy", "-o", "c.npy", "--axisa", "x"],
            "--axisa",
        ),
    ] {
        let output = crosslane().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(expected), "{error}");
    }
}
