"""crosslane.xarray: the same as xarray.cross, in everything; and the other operations."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

import crosslane

xr = pytest.importorskip("xarray", reason="xarray is not installed: crosslane.xarray is not tested")

from hypothesis import given
from hypothesis import strategies as st

from support import first_vector, same_bits, with_first_vector

import crosslane.xarray

OPERATIONS = [operation for operation in crosslane.operations() if not operation.is_gradient]
named = {"ids": lambda operation: operation.name}
SIZES = {"time": 4, "place": 2, "height": 1}


@st.composite
def arrays(draw, components=st.just(3)):
    """A DataArray or Variable with the dimension xyz among others, with or without name, attributes, coordinates and scalar coordinates."""
    others = draw(st.lists(st.sampled_from(sorted(SIZES)), unique=True))
    dims = draw(st.permutations([*others, "xyz"]))
    sizes = {**SIZES, "xyz": draw(components)}
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = random.integers(-9, 10, [sizes[dim] for dim in dims]).astype(draw(st.sampled_from(["f4", "f8", "i4", "u1", "c16"])))
    attrs = draw(st.sampled_from([{}, {"units": "m"}, {"units": "s", "long_name": "wind"}]))
    if draw(st.integers(0, 4)) == 0:
        return xr.Variable(dims, values, attrs)
    coords = {dim: np.arange(sizes[dim]) for dim in dims if dim != "xyz" and draw(st.booleans())}
    if draw(st.booleans()):
        coords["xyz"] = list("xyzw")[: sizes["xyz"]]
    if draw(st.booleans()):
        coords["run"] = draw(st.sampled_from([1, 2]))
    if "time" in dims and draw(st.booleans()):
        coords["season"] = ("time", list("abcd"))
    array = xr.DataArray(values, dims=dims, coords=coords, name=draw(st.sampled_from([None, "u", "v"])), attrs=attrs)
    if "time" in coords and draw(st.integers(0, 3)) == 0:
        array = array.isel(time=slice(1, None))  # then the coordinates disagree with those of others
    if draw(st.booleans()):
        array = array.chunk({dim: draw(st.integers(1, 3)) if dim != "xyz" else -1 for dim in dims})
    return array


def outcome(function, *args, **keywords):
    """What a function gives: the result, or the type and text of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*args, **keywords)
        except Exception as error:
            return type(error), str(error)


def assert_same(got, expected):
    if isinstance(expected, tuple):
        assert got == expected
        return
    assert not isinstance(got, tuple), got
    assert type(got) is type(expected)
    assert got.dims == expected.dims
    assert got.dtype == expected.dtype
    assert (got.chunks is None) == (expected.chunks is None)
    xr.testing.assert_identical(got, expected)


@given(arrays(), arrays(), st.sampled_from(["default", True, False]))
def test_cross_is_identical_to_that_of_xarray(a, b, keep_attrs):
    with xr.set_options(keep_attrs=keep_attrs):
        assert_same(outcome(crosslane.xarray.cross, a, b, "xyz"), outcome(xr.cross, a, b, dim="xyz"))


@given(arrays(st.integers(0, 4)), arrays(st.integers(0, 4)))
def test_cross_of_other_sizes_is_identical_to_that_of_xarray(a, b):
    assert_same(outcome(crosslane.xarray.cross, a, b, "xyz"), outcome(xr.cross, a, b, dim="xyz"))


def test_components_in_another_order_do_not_agree():
    a = xr.DataArray([1.0, 2.0, 3.0], dims="xyz", coords={"xyz": list("xyz")})
    b = a.isel(xyz=[2, 1, 0])
    expected = outcome(xr.cross, a, b, dim="xyz")
    assert expected[0] is not None and issubclass(expected[0], ValueError)
    assert_same(outcome(crosslane.xarray.cross, a, b, "xyz"), expected)


def test_a_missing_dimension_is_refused_as_by_xarray():
    a = xr.DataArray([1.0, 2.0, 3.0], dims="xyz")
    for pair in ((a, a.rename(xyz="uvw")), (a.rename(xyz="uvw"), a)):
        for accuracy in ("plain", "correctly-rounded"):
            assert_same(outcome(crosslane.xarray.cross, *pair, "xyz", accuracy=accuracy), outcome(xr.cross, *pair, dim="xyz"))


def test_dask_inside_stays_lazy_even_in_chunks_along_the_components():
    pytest.importorskip("dask.array", reason="Dask is not installed: lazy arrays are not tested")
    values = np.random.default_rng(1).standard_normal((3, 40))
    a = xr.DataArray(values, dims=("xyz", "time"))
    got = crosslane.xarray.cross(a.chunk(xyz=1, time=7), a[::-1], "xyz")
    assert got.chunks == ((3,), (7, 7, 7, 7, 7, 5))
    xr.testing.assert_identical(got.compute(), xr.cross(a, a[::-1], dim="xyz"))
    number = crosslane.xarray.dot(a.chunk(xyz=1, time=7), a[::-1], "xyz")
    assert number.chunks == ((7, 7, 7, 7, 7, 5),)


def test_dask_inside_is_not_computed():
    da = pytest.importorskip("dask.array", reason="Dask is not installed: lazy arrays are not tested")

    def never(block):
        raise AssertionError("a block was computed")

    a = xr.DataArray(da.ones((4, 3)).map_blocks(never, meta=np.empty((0, 0))), dims=("time", "xyz"))
    for function in (crosslane.xarray.cross, crosslane.xarray.dot):
        lazy = function(a, a, "xyz")
        with pytest.raises(AssertionError, match="a block was computed"):
            lazy.compute(scheduler="sync")


@pytest.mark.parametrize("operation", OPERATIONS, **named)
@pytest.mark.parametrize("accuracy", ["plain", "correctly-rounded"])
@pytest.mark.parametrize("lazy", [False, True])
def test_operation_broadcasts_by_name(operation, accuracy, lazy):
    random = np.random.default_rng(2)
    dims = [("time", "xyz"), ("xyz", "place"), ("xyz",), ("place", "xyz"), ("xyz", "time")]
    sizes = {**SIZES, "xyz": 3}
    inputs = []
    for place, (_, kind) in enumerate(operation.inputs):
        names = [name for name in dims[place] if kind == "vector" or name != "xyz"]
        inputs.append(xr.DataArray(random.standard_normal([sizes[name] for name in names]), dims=names, attrs={"units": "m"}))
    if lazy:
        pytest.importorskip("dask.array", reason="Dask is not installed: lazy arrays are not tested")
        inputs = [each.chunk(2) for each in inputs]
    got = getattr(crosslane.xarray, operation.name)(*inputs, "xyz", accuracy=accuracy)
    common = xr.broadcast(*(each.isel(xyz=0, drop=True, missing_dims="ignore") for each in inputs))[0]
    expanded = [each.broadcast_like(common) for each in inputs]
    plain = [
        each.transpose("time", "place", *(["xyz"] if kind == "vector" else [])).values
        for each, (_, kind) in zip(expanded, operation.inputs, strict=True)
    ]
    expected = getattr(crosslane, operation.name)(*plain, accuracy=accuracy)
    outputs, references = (each if isinstance(each, tuple) else (each,) for each in (got, expected))
    for output, reference, (_, kind) in zip(outputs, references, operation.outputs, strict=True):
        assert output.dims == (("time", "xyz", "place") if kind == "vector" else ("time", "place"))
        assert (output.chunks is not None) == lazy
        ordered = output.transpose("time", "place", *(["xyz"] if kind == "vector" else []))
        assert same_bits(ordered.values, reference)


@pytest.mark.parametrize("operation", OPERATIONS, **named)
def test_operation_refuses_what_it_cannot_use(operation):
    function = getattr(crosslane.xarray, operation.name)
    a = xr.DataArray(np.ones((4, 3)), dims=("time", "xyz"), name="a")
    right = [a if kind == "vector" else a.isel(xyz=0, drop=True) for _, kind in operation.inputs]
    name = operation.inputs[first_vector(operation)][0]

    def with_first(other):
        return with_first_vector(operation, right, other)

    with pytest.raises(ValueError, match=f"'xyz' not on {name}"):
        function(*with_first(a.rename(xyz="uvw")), "xyz")
    with pytest.raises(ValueError, match=f"size of 'xyz' on {name} must be"):
        function(*with_first(xr.DataArray(np.ones((4, 4)), dims=("time", "xyz"))), "xyz")
    with pytest.raises(ValueError, match="accuracy"):
        function(*right, "xyz", accuracy="best")
    with pytest.raises(TypeError, match="DataArray or xarray.Variable, got Dataset"):
        function(a.to_dataset(), *right[1:], "xyz")
    with pytest.raises(TypeError, match="dim"):
        function(*right)


def test_correctly_rounded_is_not_given_up_for_short_vectors():
    a, b = xr.DataArray([1.0, 2.0], dims="xyz"), xr.DataArray([1.0, 2.0, 3.0], dims="xyz")
    with pytest.raises(ValueError, match="needs vectors of 3 components along 'xyz', got 2 and 3"):
        crosslane.xarray.cross(a, b, "xyz", accuracy="correctly-rounded")


def test_datasets_go_through_to_dataarray():
    a = xr.Dataset({"x": ("time", [1.0, 0.0]), "y": ("time", [0.0, 1.0]), "z": ("time", [0.0, 0.0])})
    wind = a.to_dataarray("xyz")
    c = crosslane.xarray.cross(wind, wind[:, ::-1], "xyz").to_dataset("xyz")
    xr.testing.assert_identical(c, xr.cross(wind, wind[:, ::-1], dim="xyz").to_dataset("xyz"))


def test_cross_runs_crosslane(monkeypatch):
    def spy(*arrays, **options):
        raise AssertionError("crosslane.cross was called")

    monkeypatch.setattr(crosslane, "cross", spy)
    a = xr.DataArray([1.0, 2.0, 3.0], dims="xyz")
    with pytest.raises(AssertionError, match="was called"):
        crosslane.xarray.cross(a, a, "xyz")


def test_the_module_has_the_table_and_nothing_else():
    assert crosslane.xarray.__all__ == [operation.name for operation in OPERATIONS]
    assert all(f"crosslane.{name}" in getattr(crosslane.xarray, name).__doc__ for name in crosslane.xarray.__all__)


def test_xarray_without_dask():
    program = """
import sys
sys.modules["dask"] = sys.modules["dask.array"] = None
import xarray as xr, crosslane.xarray
a = xr.DataArray([1.0, 2.0, 3.0], dims="xyz")
assert (crosslane.xarray.cross(a, a, "xyz") == 0).all()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
