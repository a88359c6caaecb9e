//! Records of three equal fields as vectors: packed, padded, of any names, and together with arrays.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::path::Path;

use crosslane::{Accuracy, reference};
use npyz::{DType, NpyFile};
use support::grid::{Grid, Grid3, Order, code};
use support::{Directory, header, npy, succeeds};

/// Records of these vectors; bytes before each field and after the last.
fn records(names: [&str; 3], grid: &Grid<f32>, order: Order, pads: [usize; 4]) -> Vec<u8> {
    let code = code(crosslane_npy::Dtype::Float32, order.big);
    let mut descr = String::from("[");
    for (k, pad) in pads.into_iter().enumerate() {
        if pad > 0 {
            descr += &format!("('', '|V{pad}'), ");
        }
        if let Some(name) = names.get(k) {
            descr += &format!("({name:?}, '{code}'), ");
        }
    }
    // The elements one vector after another, in either order of the axes before.
    let vectors = grid.vectors(-1);
    let planes = [0, 1, 2].map(|k| {
        let values = vectors.vectors.iter().map(|v| v[k]).collect();
        let shape = vectors.shape.clone();
        Grid { shape, values }.data(order)
    });
    let mut data = Vec::new();
    for i in 0..vectors.vectors.len() {
        for (k, pad) in pads.into_iter().enumerate() {
            data.extend(vec![0xee; pad]);
            data.extend(planes.get(k).map_or(&[][..], |plane| &plane[4 * i..][..4]));
        }
    }
    let header = header("DESCR", order.fortran, &vectors.shape);
    let mut file = npy(&header.replace("'DESCR'", &(descr + "]")), None, &data);
    if !file.iter().take(200).all(u8::is_ascii) && names.iter().any(|name| !name.is_ascii()) {
        // As text of version 3.
        file[6] = 3;
        file.splice(10..10, [0, 0]);
    }
    file
}

/// The names of the fields of a result, and its vectors.
#[track_caller]
fn read(file: &Path) -> (Vec<String>, Grid3<f32>) {
    let bytes = std::fs::read(file).unwrap();
    let file = NpyFile::new(&*bytes).unwrap();
    let DType::Record(fields) = file.dtype() else {
        panic!("no records");
    };
    let native = <f32 as npyz::AutoSerialize>::default_dtype();
    assert!(
        fields.iter().all(|field| field.dtype == native),
        "{fields:?}"
    );
    let shape: Vec<_> = file.shape().iter().map(|len| *len as usize).collect();
    let len: usize = shape.iter().product();
    let data = &bytes[bytes.len() - 12 * len..];
    let numbers = bytemuck::pod_collect_to_vec::<u8, f32>(data);
    let vectors = numbers.as_chunks().0.to_vec();
    let names = fields.into_iter().map(|field| field.name).collect();
    (names, Grid3 { shape, vectors })
}

fn product(a: &Grid<f32>, b: &Grid<f32>, shape: &[usize]) -> Grid3<f32> {
    let cross = |v: &[[f32; 3]]| reference::cross(v[0], v[1], Accuracy::Plain);
    Grid3::each(&[&a.vectors(-1), &b.vectors(-1)], shape, cross)
}

#[test]
fn records_give_records_with_the_names_of_the_first() {
    let a = Grid::fractions(&[7, 2, 3], 1);
    let b = Grid::fractions(&[2, 3], 2);
    let expected = product(&a, &b, &[7, 2]);
    for order in Order::ALL {
        for pads in [
            [0; 4],
            [0, 0, 0, 4],
            [4, 4, 4, 0],
            [0, 0, 4, 4],
            [1, 0, 0, 0],
            [0, 3, 0, 2],
        ] {
            for names in [
                ["x", "y", "z"],
                ["px", "p y", "it's"],
                ["\u{e9}", "\\", "\u{4e2d}"],
            ] {
                let directory = Directory::new();
                directory.write("a.npy", &records(names, &a, order, pads));
                directory.write("b.npy", &records(["u", "v", "w"], &b, order, [0; 4]));
                succeeds(&mut directory.cross("a.npy", "b.npy", "out.npy"));
                let (got, vectors) = read(&directory.path("out.npy"));
                assert_eq!(got, names, "names");
                assert!(vectors == expected, "{order:?} {pads:?}");
                // What was written is read again.
                succeeds(&mut directory.cross("out.npy", "b.npy", "again.npy"));
                assert_eq!(read(&directory.path("again.npy")).0, names, "names again");
            }
        }
    }
}

#[test]
fn records_with_an_array_give_an_array() {
    let a = Grid::fractions(&[5, 3], 1);
    let b = Grid::<f32>::fractions(&[4, 1, 3], 2);
    let directory = Directory::new();
    directory.write(
        "a.npy",
        &records(["x", "y", "z"], &a, Order::ALL[0], [0, 0, 0, 4]),
    );
    directory.write("b.npy", &b.vectors(-1).along(0).bytes(Order::ALL[0]));
    for (options, axis) in [
        (&["--axisb", "0"][..], -1),
        (&["--axisb", "0", "--axisc", "1"], 1),
        (&["--axis", "0"], 0),
        (&[], 0),
    ] {
        let mut command = directory.cross("a.npy", "b.npy", "out.npy");
        succeeds(command.args(options).arg("--force"));
        let got = Grid::read(&directory.path("out.npy"));
        assert!(got == product(&a, &b, &[4, 5]).along(axis), "{options:?}");
    }
}

#[test]
fn many_records_in_blocks_and_through_pipes() {
    let many = (1 << 18) + 7;
    let a = Grid::fractions(&[many, 3], 1);
    let b = Grid::fractions(&[1, 3], 2);
    let expected = product(&a, &b, &[many]);
    for pads in [[0; 4], [0, 0, 1, 3]] {
        let directory = Directory::new();
        directory.write("a.npy", &records(["x", "y", "z"], &a, Order::ALL[2], pads));
        directory.write("b.npy", &records(["x", "y", "z"], &b, Order::ALL[0], pads));
        let mut command = std::process::Command::new("sh");
        let script = "cat a.npy | \"$0\" cross - b.npy -o - | cat > out.npy";
        command.args(["-c", script, env!("CARGO_BIN_EXE_crosslane")]);
        succeeds(command.current_dir(directory.path(".")));
        assert!(read(&directory.path("out.npy")).1 == expected, "{pads:?}");
    }
}

#[test]
fn operations_that_give_numbers_give_arrays() {
    let directory = Directory::new();
    let a = Grid::fractions(&[5, 3], 1);
    directory.write(
        "a.npy",
        &records(["x", "y", "z"], &a, Order::ALL[0], [0; 4]),
    );
    succeeds(&mut directory.command("dot", &["a.npy", "a.npy"], "out.npy"));
    assert_eq!(Grid::<f32>::read(&directory.path("out.npy")).shape, [5]);
    succeeds(&mut directory.command("unit-normal", &["a.npy", "a.npy"], "unit.npy"));
    assert_eq!(read(&directory.path("unit.npy")).0, ["x", "y", "z"]);
}

#[test]
fn axes_of_records_are_refused() {
    let directory = Directory::new();
    let a = Grid::fractions(&[3, 3], 1);
    directory.write(
        "a.npy",
        &records(["x", "y", "z"], &a, Order::ALL[0], [0; 4]),
    );
    directory.write("b.npy", &a.bytes(Order::ALL[0]));
    for (other, axis, expected) in [
        ("b.npy", "--axisa", "--axisa: a.npy has records"),
        ("a.npy", "--axisc", "--axisc: the result has records"),
        ("a.npy", "--axis", "--axis: all files are records"),
    ] {
        let mut command = directory.cross("a.npy", other, "out.npy");
        directory.refuses(command.args([axis, "0"]), &[expected]);
    }
}
