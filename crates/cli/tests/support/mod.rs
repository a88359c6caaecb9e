//! What the tests share: .npy files of every kind, written by hand as NumPy would write them, the program
//! itself, and results read back and compared with the definition.

#![allow(dead_code, reason = "every test binary uses another part")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crosslane::{Accuracy, Element, reference};
use npyz::{AutoSerialize, Deserialize, NpyFile, Order};

pub(crate) mod arrays;
pub(crate) mod grid;
pub(crate) mod meshes;

/// The program, without settings from the environment of the test.
pub(crate) fn crosslane() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosslane"));
    for name in [
        "CROSSLANE_LEVEL",
        "CROSSLANE_STREAMING_BYTES",
        "RAYON_NUM_THREADS",
        "RAYON_RS_NUM_CPUS",
    ] {
        command.env_remove(name);
    }
    command
}

/// Says what this system has not. Where tests must not be passed over in silence (`CI=true`), that is a failure.
#[track_caller]
pub(crate) fn not_tested(why: &str) {
    println!("NOT TESTED: {why}");
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "not tested: {why}"
    );
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The program did what it should and said nothing.
#[track_caller]
pub(crate) fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    assert_eq!(error, "", "{command:?} wrote to standard error");
    output
}

/// The program refused with one line in which all of `expected` occurs, and with code 1.
#[track_caller]
pub(crate) fn refuses(command: &mut Command, expected: &[&str]) {
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {error}");
    assert_eq!(text(&output.stdout), "", "{command:?} wrote a result");
    assert!(error.starts_with("crosslane: "), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.ends_with('\n'), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    for expected in expected {
        assert!(
            error.contains(expected),
            "{error} does not mention {expected}"
        );
    }
}

/// The program has shown its result, and refused then with one line in which all of `expected` occurs, and with code 1.
#[track_caller]
pub(crate) fn refuses_after_writing(command: &mut Command, expected: &[&str]) {
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{command:?}: {error}");
    assert!(!output.stdout.is_empty(), "{command:?} wrote no result");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        expected.iter().all(|expected| error.contains(expected)),
        "{error}"
    );
}

/// What is written in a picture, which must be well-formed.
pub(crate) fn texts(svg: &str) -> Vec<String> {
    let picture = roxmltree::Document::parse(svg).unwrap();
    let texts = picture.descendants().filter_map(|node| node.text());
    texts.map(|text| text.trim().to_owned()).collect()
}

/// A directory of its own for each test.
pub(crate) struct Directory(tempfile::TempDir);

impl Directory {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `crosslane cross A B -o OUT`, here.
    pub(crate) fn cross(&self, a: &str, b: &str, out: &str) -> Command {
        self.command("cross", &[a, b], out)
    }

    /// A command that computes OUT from vectors, here.
    pub(crate) fn command(&self, name: &str, inputs: &[&str], out: &str) -> Command {
        let mut command = crosslane();
        command.current_dir(self.0.path()).arg(name).args(inputs);
        command.args(["-o", out]);
        command
    }

    /// `crosslane normals` with these arguments, here.
    pub(crate) fn normals(&self, arguments: &[&str]) -> Command {
        let mut command = crosslane();
        command.current_dir(self.0.path()).arg("normals");
        command.args(arguments);
        command
    }

    /// How many names there are.
    pub(crate) fn names(&self) -> usize {
        fs::read_dir(self.0.path()).unwrap().count()
    }

    /// Every name and what is under it.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let entry = |entry: fs::DirEntry| (entry.path(), fs::read(entry.path()).ok());
        entries.map(|e| entry(e.unwrap())).collect()
    }

    /// Refuses, and leaves everything as it was.
    #[track_caller]
    pub(crate) fn refuses(&self, command: &mut Command, expected: &[&str]) {
        let before = self.contents();
        refuses(command, expected);
        assert!(self.contents() == before, "{command:?} changed something");
    }
}

/// A .npy file of format 1 with this header, and its data at `start` or where NumPy would put it.
pub(crate) fn npy(header: &str, start: Option<usize>, data: &[u8]) -> Vec<u8> {
    let start = start.unwrap_or((10 + header.len() + 1).next_multiple_of(64));
    let header = format!("{header:<0$}\n", start - 11);
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// The header that NumPy writes.
pub(crate) fn header(dtype: &str, fortran: bool, shape: &[usize]) -> String {
    let fortran = if fortran { "True" } else { "False" };
    let shape: String = shape.iter().map(|len| format!("{len}, ")).collect();
    let shape = shape.trim_end();
    format!("{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': ({shape}), }}")
}

/// An array and how it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: &'static str,
    pub(crate) fortran: bool,
    pub(crate) start: Option<usize>,
    /// In C order, whatever the order in the file.
    values: Vec<f64>,
}

impl Array {
    /// Random and special values, all of them exact in the type.
    pub(crate) fn new(shape: &[usize], dtype: &'static str, fortran: bool, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let special = [0.0, -0.0, f64::INFINITY, f64::NAN, f64::from(f32::MAX), 1.0];
        let mut value = || match random.u8(..8) {
            0 => special[random.usize(..special.len())],
            _ if dtype.ends_with('4') => f64::from(random.f32() - 0.5),
            _ => random.f64() - 0.5,
        };
        let values = (0..shape.iter().product()).map(|_| value()).collect();
        let shape = shape.to_vec();
        Self {
            shape,
            dtype,
            fortran,
            start: None,
            values,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for i in 0..self.values.len() {
            let value = self.values[if self.fortran { self.transposed(i) } else { i }];
            match self.dtype {
                "<f4" => data.extend((value as f32).to_le_bytes()),
                ">f4" => data.extend((value as f32).to_be_bytes()),
                "<f8" => data.extend(value.to_le_bytes()),
                _ => data.extend(value.to_be_bytes()),
            }
        }
        let header = header(self.dtype, self.fortran, &self.shape);
        npy(&header, self.start, &data)
    }

    /// Which element in C order is element `i` in Fortran order.
    fn transposed(&self, mut i: usize) -> usize {
        let (mut index, mut stride) = (0, self.values.len());
        for len in &self.shape {
            stride /= len;
            index += i % len * stride;
            i /= len;
        }
        index
    }

    fn vectors(&self) -> usize {
        self.values.len() / 3
    }

    fn vector(&self, i: usize, first: bool) -> [f64; 3] {
        let n = self.vectors();
        [0, 1, 2].map(|k| self.values[if first { k * n + i } else { 3 * i + k }])
    }
}

/// A directory with two files of so many vectors, `a.npy` and `b.npy`.
pub(crate) fn operands(vectors: usize) -> (Directory, [Array; 2]) {
    let directory = Directory::new();
    let arrays = [1, 2].map(|seed| Array::new(&[vectors, 3], "<f4", false, seed));
    for (name, array) in ["a.npy", "b.npy"].iter().zip(&arrays) {
        directory.write(name, &array.bytes());
    }
    (directory, arrays)
}

/// What the tests need of the type of a result.
pub(crate) trait Float: Element + Deserialize + AutoSerialize {
    fn from_f64(value: f64) -> Self;
    /// The bits; the same for every NaN.
    fn bits(self) -> u64;
}

impl Float for f32 {
    fn from_f64(value: f64) -> Self {
        value as Self
    }
    fn bits(self) -> u64 {
        if self.is_nan() {
            u64::MAX
        } else {
            self.to_bits().into()
        }
    }
}

impl Float for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    fn bits(self) -> u64 {
        if self.is_nan() {
            u64::MAX
        } else {
            self.to_bits()
        }
    }
}

/// The file holds a × b by the definition: type, shape, order and every bit.
#[track_caller]
pub(crate) fn assert_product(file: &Path, a: &Array, b: &Array, axis: Option<i32>) {
    if a.dtype.ends_with('4') && b.dtype.ends_with('4') {
        assert_product_of::<f32>(file, a, b, axis);
    } else {
        assert_product_of::<f64>(file, a, b, axis);
    }
}

#[track_caller]
fn assert_product_of<T: Float>(file: &Path, a: &Array, b: &Array, axis: Option<i32>) {
    let first = |array: &Array| match (&*array.shape, axis) {
        ([_], _) => false,
        (shape, None) => shape.last() != Some(&3),
        (_, axis) => axis == Some(0),
    };
    let larger = if a.vectors() == 1 && a.shape.len() <= b.shape.len() {
        b
    } else {
        a
    };
    let n = larger.vectors();
    let mut expected = vec![T::from_f64(0.0); 3 * n];
    for i in 0..n {
        let vector = |array: &Array| {
            let i = if array.vectors() == 1 { 0 } else { i };
            array.vector(i, first(array)).map(T::from_f64)
        };
        let product = reference::cross(vector(a), vector(b), Accuracy::Plain);
        for (k, component) in product.into_iter().enumerate() {
            let place = if first(larger) { k * n + i } else { 3 * i + k };
            expected[place] = component;
        }
    }
    let (shape, got) = read::<T>(file);
    assert_eq!(shape, larger.shape, "shape of the result");
    let same = |(x, y): (&T, &T)| x.bits() == y.bits();
    let wrong = got.iter().zip(&expected).position(|pair| !same(pair));
    assert_eq!(wrong, None, "first wrong element of {}", expected.len());
}

/// Shape and elements of a file that must be `T`, native and in C order, and nothing behind them.
#[track_caller]
pub(crate) fn read<T: Float>(file: &Path) -> (Vec<usize>, Vec<T>) {
    let bytes = fs::read(file).unwrap();
    let npy = NpyFile::new(&*bytes).unwrap();
    assert_eq!(npy.dtype(), T::default_dtype(), "type of the result");
    assert_eq!(npy.order(), Order::C, "order of the result");
    let shape = npy.shape().iter().map(|len| *len as usize).collect();
    let len = npy.len() as usize;
    let mut rest = npy.into_inner();
    assert_eq!(rest.len(), len * size_of::<T>(), "bytes of data");
    let reader = T::reader(&T::default_dtype()).unwrap();
    let element = |_| npyz::TypeRead::read_one(&reader, &mut rest).unwrap();
    (shape, (0..len).map(element).collect())
}

/// The levels that this CPU has; says which it lacks.
pub(crate) fn levels() -> Vec<String> {
    let levels: Vec<String> = crosslane::Level::available()
        .map(|l| l.to_string())
        .collect();
    for level in ["baseline", "avx2", "avx512"] {
        if !levels.iter().any(|l| l == level) {
            println!("NOT TESTED: this CPU has no {level}");
        }
    }
    levels
}
