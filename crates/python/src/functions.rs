//! The functions that Python sees: `cross`, with the signature and the results of `numpy.cross`, and one that does every operation of
//! the table.

use crosslane::{Accuracy, Kind, Operation};
use numpy::PyUntypedArrayMethods;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};

use crate::array;
use crate::call::{Call, MOST_INPUTS, Refusal};
use crate::operand::MOST_AXES;
use crate::pair;
use crate::target::{self, tuple};

/// The accuracy of this name.
pub(crate) fn accuracy(name: &str) -> PyResult<Accuracy> {
    accuracy_named(name.as_bytes()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "accuracy must be 'plain' or 'correctly-rounded', got {name:?}"
        ))
    })
}

/// The accuracy of this name, if there is one.
pub(crate) fn accuracy_named(name: &[u8]) -> Option<Accuracy> {
    match name {
        b"plain" => Some(Accuracy::Plain),
        b"correctly-rounded" => Some(Accuracy::CorrectlyRounded),
        _ => None,
    }
}

#[doc = include_str!("cross.txt")]
#[pyfunction]
#[pyo3(
    signature = (a, b, axisa=Axis::LAST, axisb=Axis::LAST, axisc=Axis::LAST, axis=None, *, out=None, accuracy="plain"),
    text_signature = "(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None, *, out=None, accuracy='plain')"
)]
#[expect(clippy::too_many_arguments, reason = "they are those of numpy.cross")]
#[expect(
    clippy::doc_lazy_continuation,
    reason = "it is read by Python, not as Markdown"
)]
pub(crate) fn cross<'py>(
    a: Bound<'py, PyAny>,
    b: Bound<'py, PyAny>,
    axisa: Axis<'py>,
    axisb: Axis<'py>,
    axisc: Axis<'py>,
    axis: Option<Axis<'py>>,
    out: Option<Bound<'py, PyAny>>,
    accuracy: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = a.py();
    let accuracy = self::accuracy(accuracy)?;
    let given = Axes {
        each: [axisa, axisb, axisc],
        all: axis,
    };
    if out.is_none()
        && matches!(given.numbers(), Some([-1, -1, -1]))
        && let Some(product) = pair::cross(&a, &b, accuracy)
    {
        return product;
    }
    let inputs = [a, b];
    let product = match given.numbers() {
        None => Err(Refusal::NoAxis),
        Some([axisa, axisb, axisc]) => {
            let call = Call {
                operation: Operation::Cross,
                inputs: &inputs,
                axes: &[axisa, axisb],
                axis: axisc,
                out: out.as_ref(),
                accuracy,
            };
            call.run(py)
        }
    };
    match product {
        Err(Refusal::Error(error)) => Err(error),
        Err(refusal) => by_numpy(py, &inputs, &given, out.as_ref(), accuracy, &refusal),
        Ok(product) => Ok(product),
    }
}

/// An axis as it was given. NumPy says what is wrong with one that is no integer, unless it does not look at it.
#[derive(FromPyObject)]
pub(crate) enum Axis<'py> {
    Number(isize),
    Other(Bound<'py, PyAny>),
}

impl Axis<'_> {
    const LAST: Self = Self::Number(-1);

    fn number(&self) -> Option<isize> {
        match self {
            Self::Number(axis) => Some(*axis),
            Self::Other(_) => None,
        }
    }
}

/// The axes of both operands and of the product.
struct Axes<'py> {
    each: [Axis<'py>; 3],
    all: Option<Axis<'py>>,
}

impl<'py> Axes<'py> {
    /// Their numbers, if they are integers.
    fn numbers(&self) -> Option<[isize; 3]> {
        if let Some(axis) = &self.all {
            return axis.number().map(|axis| [axis; 3]);
        }
        let [a, b, c] = &self.each;
        Some([a.number()?, b.number()?, c.number()?])
    }

    /// Those that were given, by their names: other implementations of `numpy.cross` may have fewer arguments.
    fn named(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let names = PyDict::new(py);
        let each = ["axisa", "axisb", "axisc"].into_iter().zip(&self.each);
        for (name, axis) in each.chain(self.all.iter().map(|axis| ("axis", axis))) {
            match axis {
                Axis::Number(-1) if name != "axis" => {}
                Axis::Number(axis) => names.set_item(name, axis)?,
                Axis::Other(axis) => names.set_item(name, axis)?,
            }
        }
        Ok(names)
    }
}

/// What `numpy.cross` gives for what the library does not take, its errors included.
#[cold]
fn by_numpy<'py>(
    py: Python<'py>,
    [a, b]: &[Bound<'py, PyAny>; 2],
    axes: &Axes<'py>,
    out: Option<&Bound<'py, PyAny>>,
    accuracy: Accuracy,
    refusal: &Refusal,
) -> PyResult<Bound<'py, PyAny>> {
    let foreign = matches!(refusal, Refusal::Foreign);
    if foreign && (out.is_some() || accuracy != Accuracy::Plain) {
        return Err(PyTypeError::new_err(
            "out= and accuracy= are not for operands that have their own __array_function__",
        ));
    }
    let [given, ..] = target::given("cross", out, 1)?;
    let product = numpy_cross(py)?.call((a, b), Some(&axes.named(py)?))?;
    if accuracy != Accuracy::Plain {
        let dtype = product.getattr("dtype")?;
        return Err(PyTypeError::new_err(format!(
            "accuracy='correctly-rounded' is for vectors of three real numbers of at most 64 bits and at most 17 axes, got {dtype}"
        )));
    }
    let Some(given) = given else {
        return Ok(product);
    };
    let product = array::as_array(&product)?;
    target::check("cross", product.shape(), &product.dtype(), &given)?;
    array::copy(&product, &given)?;
    Ok(given.into_any())
}

/// `numpy.cross`, as it was when this was imported.
pub(crate) fn numpy_cross(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static CROSS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let cross = CROSS.get_or_try_init(py, || {
        py.import("numpy")?.getattr("cross").map(Bound::unbind)
    });
    Ok(cross?.bind(py))
}

/// The operations, in the order of the table, each as (name, ((name, kind), ...), ((name, kind), ...), whether it is a gradient, whether it
/// gives floating-point warnings, summary, formula, the name of its gradient or none, whether it is linear in each input).
#[pyfunction]
pub(crate) fn table(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    fn operands(names: &[&'static str], kinds: &[Kind]) -> Vec<(&'static str, &'static str)> {
        let kind = |kind: &Kind| {
            if *kind == Kind::Vector {
                "vector"
            } else {
                "scalar"
            }
        };
        names.iter().copied().zip(kinds.iter().map(kind)).collect()
    }
    let row = |operation: &Operation| {
        let inputs = operands(operation.input_names(), operation.inputs());
        let outputs = operands(operation.output_names(), operation.outputs());
        let inputs = PyTuple::new(py, inputs)?;
        let outputs = PyTuple::new(py, outputs)?;
        let is_gradient = operation.gradient_of().is_some();
        let gradient = operation.gradient().map(Operation::name);
        (
            operation.name(),
            inputs,
            outputs,
            is_gradient,
            operation.signals(),
            operation.summary(),
            operation.formula(),
            gradient,
            operation.is_multilinear(),
        )
            .into_pyobject(py)
    };
    let rows: PyResult<Vec<_>> = Operation::ALL.iter().map(row).collect();
    PyTuple::new(py, rows?)
}

/// An operation, by its place in the table.
#[pyfunction]
pub(crate) fn apply<'py>(
    py: Python<'py>,
    place: usize,
    inputs: Vec<Bound<'py, PyAny>>,
    axis: isize,
    out: Option<Bound<'py, PyAny>>,
    accuracy: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let accuracy = self::accuracy(accuracy)?;
    let Some(&operation) = Operation::ALL.get(place) else {
        return Err(PyValueError::new_err("no operation has this place"));
    };
    if inputs.len() != operation.inputs().len() {
        return Err(PyTypeError::new_err(
            "the operation has another number of inputs",
        ));
    }
    let axes = [axis; MOST_INPUTS];
    let call = Call {
        operation,
        inputs: &inputs,
        axes: &axes[..inputs.len()],
        axis,
        out: out.as_ref(),
        accuracy,
    };
    match call.run(py) {
        Err(refusal) => Err(error(py, operation, &inputs, &refusal)),
        Ok(result) => Ok(result),
    }
}

/// What a caller of an operation is told, in NumPy's words.
#[cold]
fn error(
    py: Python<'_>,
    operation: Operation,
    inputs: &[Bound<'_, PyAny>],
    refusal: &Refusal,
) -> PyErr {
    let name = operation.name();
    let shapes = || {
        let shapes = inputs.iter().map(|input| match array::as_array(input) {
            Ok(array) => tuple(array.shape()),
            Err(_) => "?".to_owned(),
        });
        shapes.collect::<Vec<_>>().join(" ")
    };
    match refusal {
        Refusal::Error(error) => error.clone_ref(py),
        Refusal::NoAxis => PyTypeError::new_err("an axis is an integer"),
        // (To ask that method is no way: some libraries look for a function of NumPy of the same name, which is another one.)
        Refusal::Foreign => {
            let foreign = inputs.iter().find(|input| array::is_foreign(input));
            let class = foreign.map(|input| input.get_type().to_string());
            PyTypeError::new_err(format!(
                "'{name}' does not take {}, which has its own __array_function__: give it arrays of NumPy, or use crosslane.dask \
                 for Dask's",
                class.unwrap_or_default()
            ))
        }
        Refusal::Dtype => {
            let dtypes = inputs.iter().map(|input| match array::as_array(input) {
                Ok(array) => array.dtype().to_string(),
                Err(_) => "?".to_owned(),
            });
            let dtypes: Vec<_> = dtypes.collect();
            PyTypeError::new_err(format!(
                "'{name}' is not supported for inputs of the types {}, expected real numbers of at most 64 bits",
                dtypes.join(", ")
            ))
        }
        Refusal::Axis { axis, rank } => axis_error(py, *axis, *rank),
        Refusal::Components { input, got } => PyValueError::new_err(format!(
            "{} has {got} components along its axis of vectors, expected 3",
            operation.input_names()[*input]
        )),
        Refusal::Rank => PyValueError::new_err(format!(
            "operands have more than {} axes beside that of the components",
            MOST_AXES - 1
        )),
        Refusal::Shapes => PyValueError::new_err(format!(
            "operands could not be broadcast together with shapes {}",
            shapes()
        )),
    }
}

/// NumPy's own error.
fn axis_error(py: Python<'_>, axis: isize, rank: usize) -> PyErr {
    let error = || {
        let module = py.import("numpy.exceptions")?;
        module.getattr("AxisError")?.call1((axis, rank))
    };
    match error() {
        Ok(error) => PyErr::from_value(error),
        Err(error) => error,
    }
}

/// Whether an operand has its own `__array_function__`.
#[pyfunction]
pub(crate) fn is_foreign(object: Bound<'_, PyAny>) -> bool {
    array::is_foreign(&object)
}
