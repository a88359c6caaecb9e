"""crosslane.arrow: values, nulls, slices, chunks, copies, and arrays of Polars and DuckDB."""

import warnings

import numpy as np
import pytest

import crosslane

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: crosslane.arrow is not tested")

from hypothesis import given
from hypothesis import strategies as st

from support import same_bits

import crosslane.arrow

OPERATIONS = [operation for operation in crosslane.operations() if not operation.is_gradient]
named = {"ids": lambda operation: operation.name}
TYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def vectors(values, valid=None):
    """A FixedSizeList array of rows, over their memory."""
    mask = None if valid is None else pa.array(~np.asarray(valid))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).reshape(-1)), 3, mask=mask)


def rows(array):
    """The values of an array of vectors or numbers, and which rows are valid. A ChunkedArray is put together."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    valid = np.asarray(array.is_valid())
    if pa.types.is_fixed_size_list(array.type):
        return np.asarray(array.values).reshape(-1, 3)[array.offset : array.offset + len(array)], valid
    return np.asarray(array.fill_null(0)), valid


@st.composite
def operands(draw, length):
    """An Arrow array of vectors of this length, sliced or chunked in any way; its values, and which rows are valid."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    before, after = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    values = random.integers(-9, 10, (before + length + after, 3)).astype(draw(st.sampled_from(TYPES)))
    valid = random.random(len(values)) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    array = vectors(values, valid if draw(st.booleans()) else None)
    if not array.null_count:
        valid = np.ones(len(values), bool)
    array, values, valid = (each[before : before + length] for each in (array, values, valid))
    if draw(st.booleans()):
        cuts = sorted(draw(st.lists(st.integers(0, length), max_size=4)))
        pieces = [array[start:stop] for start, stop in zip([0, *cuts], [*cuts, length], strict=True)]
        array = pa.chunked_array(pieces, array.type)
    return array, values, valid


@given(st.data(), st.integers(0, 20))
def test_cross_has_the_bits_of_the_function_and_the_nulls_of_both(data, length):
    short = data.draw(st.sampled_from([(length, length), (1, length), (length, 1)]))
    (a, values_a, valid_a), (b, values_b, valid_b) = (data.draw(operands(each)) for each in short)
    c = crosslane.arrow.cross(a, b)
    c.validate(full=True)
    expected = crosslane.cross(values_a, values_b)
    valid_expected = valid_a & valid_b
    assert isinstance(c, pa.ChunkedArray) == (isinstance(a, pa.ChunkedArray) or isinstance(b, pa.ChunkedArray))
    assert c.type == pa.list_(pa.from_numpy_dtype(expected.dtype), 3)
    got, valid = rows(c)
    assert valid.tolist() == valid_expected.tolist()
    assert same_bits(got[valid], expected[valid_expected])
    assert c.null_count == (~valid_expected).sum()


@pytest.mark.parametrize("operation", OPERATIONS, **named)
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_operation_on_chunks_equals_the_operation_on_the_whole(operation, accuracy, dtype):
    random = np.random.default_rng(1)
    inputs, columns, nulls = [], [], np.zeros(50, bool)
    for place, (_, kind) in enumerate(operation.inputs):
        values = random.standard_normal((50, 3) if kind == "vector" else 50).astype(dtype)
        valid = np.arange(50) % (7 + place) != 3
        nulls |= ~valid
        array = vectors(values, valid) if kind == "vector" else pa.array(values, mask=~valid)
        inputs.append(values)
        columns.append(pa.chunked_array([array[: 10 + place], array[10 + place : 30], array[30:]]))
    got = getattr(crosslane.arrow, operation.name)(*columns, accuracy=accuracy)
    expected = getattr(crosslane, operation.name)(*inputs, accuracy=accuracy)
    outputs, references = (each if isinstance(each, tuple) else (each,) for each in (got, expected))
    for output, reference, (_, kind) in zip(outputs, references, operation.outputs, strict=True):
        output.validate(full=True)
        values, valid = rows(output)
        assert pa.types.is_fixed_size_list(output.type) == (kind == "vector")
        assert valid.tolist() == (~nulls).tolist()
        assert same_bits(values[valid], reference[valid])


def addresses(monkeypatch, name):
    """Record the addresses of the arrays that a function of crosslane takes and gives."""
    seen, function = [], getattr(crosslane, name)

    def spy(*arrays, **options):
        result = function(*arrays, **options)
        seen.append([array.__array_interface__["data"][0] for array in (*arrays, result)])
        return result

    monkeypatch.setattr(crosslane, name, spy)
    return seen


@pytest.mark.parametrize("name", ["cross", "dot"])
@pytest.mark.parametrize("valid", [None, np.arange(100) % 3 > 0])
def test_memory_is_not_copied_in_or_out(monkeypatch, name, valid):
    values = np.random.default_rng(2).standard_normal((100, 3)).astype("f4")
    array = vectors(values, valid)
    start = array.values.buffers()[1].address
    seen = addresses(monkeypatch, name)
    c = getattr(crosslane.arrow, name)(array[10:], array[20:].slice(0, 80)[0:1])
    (a, b, out) = seen[0]
    assert (a, b) == (start + 12 * 10, start + 12 * 20)
    assert out == c.buffers()[-1].address


def test_memory_of_polars_is_not_copied(monkeypatch):
    pl = pytest.importorskip("polars", reason="Polars is not installed: its Series are not tested")
    series = pl.Series(np.random.default_rng(3).standard_normal((100, 3)))
    seen = addresses(monkeypatch, "cross")
    crosslane.arrow.cross(series, series)
    assert seen[0][:2] == [series.reshape((-1,)).to_numpy(allow_copy=False).__array_interface__["data"][0]] * 2


def test_null_components_are_refused_unless_their_row_is_null():
    child = pa.array([1.0, 2, 3, 4, None, 6, 7, 8, 9, 1, 2, 3])
    null_row = pa.FixedSizeListArray.from_arrays(child, 3, mask=pa.array([False, True, False, False]))
    assert crosslane.arrow.cross(null_row, np.array([0.0, 0, 1])).to_pylist() == [[2, -1, 0], None, [8, -7, 0], [2, -1, 0]]
    whole = pa.FixedSizeListArray.from_arrays(child, 3)
    for array in (whole, pa.chunked_array([whole[:1], whole[1:]])):
        with pytest.raises(ValueError, match="b: row 1 is not null but has a null component"):
            crosslane.arrow.cross(whole[0:1], array)
    # Outside of the slice it does not matter.
    assert crosslane.arrow.cross(whole[2:], whole[2:]).to_pylist() == [[0, 0, 0]] * 2


def test_what_lies_under_null_rows_gives_no_warning():
    huge = np.full((2, 3), np.finfo("f8").max)
    array = vectors(huge, [False, False])
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert crosslane.arrow.cross(array, vectors(huge[::-1], [True, True])).to_pylist() == [None, None]


def test_nan_is_not_null():
    a = vectors(np.array([[np.nan, 1, 2], [1, 2, 3]]), [True, False])
    assert crosslane.arrow.dot(a, a).null_count == 1
    assert np.isnan(crosslane.arrow.dot(a, a)[0].as_py())


def test_lengths_must_agree_or_be_one():
    a, b, none = (vectors(np.ones((length, 3))) for length in (3, 2, 0))
    with pytest.raises(ValueError, match=r"lengths must agree or be 1, got 3 \(a\), 2 \(b\)"):
        crosslane.arrow.cross(a, b)
    with pytest.raises(ValueError, match="lengths"):
        crosslane.arrow.cross(a, pa.chunked_array([none]))
    assert len(crosslane.arrow.cross(none, a[:1])) == 0
    assert len(crosslane.arrow.cross(pa.chunked_array([], none.type), a[:1])) == 0


def test_one_numpy_vector_is_used_for_every_row():
    a = vectors(np.eye(3, dtype="f4"))
    up = np.array([0, 0, 1], "f4")
    assert crosslane.arrow.cross(a, up).equals(crosslane.arrow.cross(a, vectors(up)))
    assert crosslane.arrow.cross(up, a[:1]).to_pylist() == [[0, 1, 0]]
    with pytest.raises(ValueError, match=r"b: a NumPy array must be one vector, of shape \(3,\), got shape \(3, 3\)"):
        crosslane.arrow.cross(a, np.eye(3, dtype="f4"))
    with pytest.raises(TypeError, match="use crosslane.cross for NumPy arrays"):
        crosslane.arrow.cross(up, up)


@pytest.mark.parametrize(
    "wrong",
    [
        pa.array([[1.0, 2.0, 3.0]]),
        pa.array([[1.0, 2.0]], pa.list_(pa.float64(), 2)),
        pa.array([[True, False, True]], pa.list_(pa.bool_(), 3)),
        pa.array([["a", "b", "c"]], pa.list_(pa.string(), 3)),
        pa.array([1.0]),
        pa.table({"v": pa.array([[1.0, 2.0, 3.0]], pa.list_(pa.float64(), 3))}),
        [[1.0, 2.0, 3.0]],
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_other_types_are_refused(wrong):
    right = vectors(np.ones((1, 3)))
    for place, pair in enumerate(((wrong, right), (right, wrong))):
        with pytest.raises(TypeError, match=f"{'ab'[place]}: expected .*, got "):
            crosslane.arrow.cross(*pair)


def test_objects_with_the_capsule_interface():
    class Exporter:
        def __init__(self, array, protocol):
            setattr(type(self), protocol, lambda self, requested_schema=None: getattr(array, protocol)(requested_schema))

    array = vectors(np.eye(3), [True, False, True])[1:]
    one = type("One", (Exporter,), {})(array, "__arrow_c_array__")
    stream = type("Stream", (Exporter,), {})(pa.chunked_array([array[:1], array[1:]]), "__arrow_c_stream__")
    up = np.array([0.0, 0, 1])
    expected = crosslane.arrow.cross(array, up)
    assert crosslane.arrow.cross(one, up).equals(expected)
    assert crosslane.arrow.cross(stream, up).combine_chunks().equals(expected)


def test_polars_series():
    pl = pytest.importorskip("polars", reason="Polars is not installed: its Series are not tested")
    values = np.random.default_rng(4).standard_normal((6, 3)).astype("f4")
    frame = pl.DataFrame({"a": pl.Series(values), "b": pl.Series(values[::-1].copy())})
    frame = pl.concat([frame[:4], frame[4:]], rechunk=False)
    c = pl.from_arrow(crosslane.arrow.cross(frame["a"], frame["b"]))
    assert c.dtype == pl.Array(pl.Float32, 3)
    assert same_bits(c.to_numpy(), crosslane.cross(values, values[::-1]))
    some = pl.Series([[1.0, 0.0, 0.0], None], dtype=pl.Array(pl.Float64, 3))
    assert pl.from_arrow(crosslane.arrow.dot(some, some)).to_list() == [1.0, None]
    none = some.clear()
    assert len(crosslane.arrow.cross(none, none)) == 0


def test_duckdb_results():
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: its results are not tested")
    with duckdb.connect() as connection:
        query = "select case when i % 5 > 0 then [i, 1, 2]::double[3] end as a, [3, i, 4]::double[3] as b from range(5000) numbers(i)"
        table = connection.sql(query).to_arrow_table()
    got, valid = rows(crosslane.arrow.cross(table.column("a"), table.column("b")))
    i = np.arange(5000.0)
    a, b = np.stack([i, 0 * i + 1, 0 * i + 2], 1), np.stack([0 * i + 3, i, 0 * i + 4], 1)
    assert valid.tolist() == (i % 5 > 0).tolist()
    assert same_bits(got[valid], crosslane.cross(a, b)[valid])


def test_pandas_series():
    pd = pytest.importorskip("pandas", reason="pandas is not installed: its Series are not tested")
    array = vectors(np.eye(3), [True, False, True])
    series = pd.Series(array, dtype=pd.ArrowDtype(array.type))
    if not hasattr(series, "__arrow_c_stream__"):
        pytest.skip("this pandas does not export Series by the PyCapsule interface")
    assert crosslane.arrow.dot(series, series).to_pylist() == [1, None, 1]


def test_the_module_has_the_table_and_nothing_else():
    assert crosslane.arrow.__all__ == [operation.name for operation in OPERATIONS]
    assert all(f"crosslane.{name}" in getattr(crosslane.arrow, name).__doc__ for name in crosslane.arrow.__all__)
    with pytest.raises(TypeError, match="argument"):
        crosslane.arrow.cross(vectors(np.eye(3)))
    with pytest.raises(ValueError, match="accuracy"):
        crosslane.arrow.cross(vectors(np.eye(3)), vectors(np.eye(3)), accuracy="best")
