"""The operations of the library as operators of torch: registered, traced, batched and differentiated.

An operation is an operator ``torch.ops.crosslane.<name>(*inputs, dim, rounded)`` whose kernel is a function of the extension module. This
module tells torch the rest, for every row of the library's table: shapes for tracing, a rule for `torch.vmap`, and derivatives. The
derivative of an operation is the operation that the table names as its gradient. What has none there is written as a formula of
differentiable operations in ``_derivatives``.
"""

import os
import sys

import torch
from torch import Tensor
from torch._functorch.autograd_function import enable_single_level_autograd_function

from .. import _core
from .._functions import operations
from ._fallback import FORMULAS

_LIBRARIES = {"darwin": "libtorch_cpu.dylib", "win32": "torch_cpu.dll"}
PATH = os.path.join(os.path.dirname(torch.__file__), "lib", _LIBRARIES.get(sys.platform, "libtorch_cpu.so"))

_core.register(PATH)
LIBRARY = torch.library.Library("crosslane", "FRAGMENT")

below_autograd = torch._C._AutoDispatchBelowAutograd
any_requires_grad = torch._C._any_requires_grad
transforms_exist = torch._C._are_functorch_transforms_active
_is_excluded = torch._C._dispatch_tls_is_dispatch_key_excluded
_TRANSFORMS = torch._C.DispatchKey.FuncTorchDynamicLayerFrontMode
_unwrapped = torch._C._functorch.unwrap_if_dead
_forward_ad = torch.autograd.forward_ad
_BACKWARDS = torch._C._functorch.TransformType.Grad
_FORWARDS = torch._C._functorch.TransformType.Jvp

# The library computes gradients of these as float32.
HALF = (torch.float16, torch.bfloat16)


def _differentiating():
    """The kinds of the transforms around this call that differentiate, the outermost first."""
    levels = torch._C._functorch.get_interpreter_stack() or ()
    return [level.key() for level in levels if level.key() in (_BACKWARDS, _FORWARDS)]


def forwards(args):
    """Whether something is differentiated forwards here."""
    if _forward_ad._current_level >= 0:
        return True
    # (Programs that `torch.compile` traces do not tell Python of forward mode.)
    if transforms_exist():
        return _FORWARDS in _differentiating()
    return torch.compiler.is_compiling() and any(isinstance(x, Tensor) and torch._VF._unpack_dual(x, level=0)[1] is not None for x in args)


def in_transforms():
    """Whether a transform of `torch.func` is active. (Calls by the dispatcher, which has removed the innermost, do not count.)"""
    return transforms_exist() and not _is_excluded(_TRANSFORMS)


class Operator:
    """An operation of the table as an operator of torch."""

    def __init__(self, row):
        self.name = row.name
        self.row = row
        self.count = len(row.inputs)
        self.is_vector = [kind == "vector" for _, kind in row.inputs]
        self.is_gradient = row.is_gradient
        self.gradients = len(row.outputs) if row.is_gradient else 0
        self.overload = getattr(torch.ops.crosslane, row.name).default
        # How it is differentiated: by the gradient that the table has, or as a formula of other operations.
        self.single_level = self.any_level = self.formula = None

    def __call__(self, *args):
        """Call the operator, differentiably: inputs, the dimension of the components, whether results are correctly rounded."""
        if torch.compiler.is_compiling():
            return self.overload(*args)
        if in_transforms():
            return self._in_transforms(args)
        if not torch.is_grad_enabled() or not any_requires_grad(*args):
            if _forward_ad._current_level < 0:
                with below_autograd():
                    return self.overload(*args)
        return self._differentiably(args)

    def _in_transforms(self, args):
        """The same inside of the transforms of `torch.func`, for which a Function must be called outside of the operator."""
        levels = _differentiating()
        if self._is_formula(args):
            wanted = levels or any_requires_grad(*args) or _forward_ad._current_level >= 0
            return self.formula(*args) if wanted else self.overload(*args)
        if levels.count(_FORWARDS) > 1:
            return self._by_torch(*args)
        return self.any_level.apply(*args)

    def _by_torch(self, *args):
        """Compute with torch's own functions. A Function loses derivatives without an error in nested forward modes, and in traces."""
        if self.is_gradient:
            return self.formula(*args)
        if args[-1]:
            raise NotImplementedError(f'{self.name}: forward mode inside of forward mode, and traces of transforms, need accuracy="plain"')
        return FORMULAS[self.name](*args[:-1])

    def _differentiably(self, args):
        if self._is_formula(args):
            return self.formula(*args)
        if not transforms_exist():
            return self.single_level.apply(*args)
        if _differentiating():
            # The dispatcher calls this for one transform. Those outside would see no derivatives of what a Function does here.
            return self._by_torch(*args)
        with enable_single_level_autograd_function():
            return self.single_level.apply(*args)

    def _is_formula(self, args):
        """Whether derivatives are those of the formula. (Gradients are differentiated forwards by their formulas only.)"""
        return self.single_level is None or (self.is_gradient and forwards(args))

    def autograd(self, *args):
        """What the dispatcher calls where derivatives may be wanted."""
        if (torch.is_grad_enabled() and any_requires_grad(*args)) or forwards(args):
            return self._differentiably(args)
        with below_autograd():
            return self.overload(*args)

    # Shapes

    def from_end(self, inputs, dim):
        """The dimension of the components, counted from the end of the shape that the operands are broadcast to, and the rank of that."""
        rank = max(x.ndim + (not is_vector) for x, is_vector in zip(inputs, self.is_vector, strict=True))
        return (dim if dim < 0 else dim - rank), rank

    def fake(self, *args):
        """The results without their values."""
        inputs, dim = args[: self.count], args[-2]
        from_end, _ = self.from_end(inputs, dim)
        shapes = []
        for x, is_vector in zip(inputs, self.is_vector, strict=True):
            shape = list(x.shape)
            if is_vector:
                torch._check(shape.pop(from_end) == 3, lambda: f"{self.name}: inputs dimension {dim} must have length 3")
            shapes.append(shape)
        common = list(torch.broadcast_shapes(*shapes))
        if self.is_gradient:
            results = tuple(x.new_empty(x.shape) for x in inputs[: self.gradients])
            return results if len(results) > 1 else results[0]
        if self.row.outputs[0][1] == "vector":
            common.insert(dim if dim >= 0 else dim + len(common) + 1, 3)
        return inputs[0].new_empty(common)

    def batched(self, info, in_dims, *args):
        """The operator over one dimension more of some inputs, which becomes the first of all."""
        inputs, rounded = list(args[: self.count]), args[-1]
        logical = [x if d is None else x.select(d, 0) for x, d in zip(inputs, in_dims, strict=False)]
        from_end, rank = self.from_end(logical, args[-2])
        for k, (x, d) in enumerate(zip(inputs, in_dims, strict=False)):
            if d is not None:
                x = x.movedim(d, 0)
            elif k < self.gradients:
                # Each element of the batch has a gradient of its own.
                x = x.expand(info.batch_size, *x.shape)
            else:
                continue
            missing = rank - (not self.is_vector[k]) - logical[k].ndim
            inputs[k] = x[(slice(None), *[None] * missing)]
        # (The dispatcher calls this with one transform taken off, and goes on with those outside.)
        results = (self.overload if _is_excluded(_TRANSFORMS) else self)(*inputs, from_end, rounded)
        if not self.is_gradient:
            return results, 0
        shapes = [(info.batch_size, *x.shape) for x in logical]
        results = tuple(result.reshape(shape) for result, shape in zip(results, shapes, strict=False))
        return results, (0,) * len(results)


OPERATORS = {row.name: Operator(row) for row in operations()}


def _function(operator, gradient, tangent):
    """The Functions that differentiate an operator by its gradient: for torch's autograd, and for all transforms of torch."""
    count = operator.count

    def setup_context(ctx, inputs, output):
        ctx.options = inputs[count:]
        ctx.save_for_backward(*inputs[:count])
        ctx.save_for_forward(*inputs[:count])

    def forward(ctx, *args):
        setup_context(ctx, args, None)
        with below_autograd():
            return operator.overload(*args)

    def backward(ctx, *upstream):
        return gradients((*ctx.saved_tensors, *upstream), ctx.options)

    def backward_of_transforms(ctx, *upstream):
        # (torch 2.13 does not unwrap saved tensors after their transform has ended.)
        return gradients(tuple(map(_unwrapped, (*ctx.saved_tensors, *upstream))), ctx.options)

    def gradients(inputs, options):
        dtype = inputs[0].dtype
        if dtype in HALF:
            results = gradient(*(x.float() for x in inputs), *options)
            return (*(result.to(dtype) for result in results), None, None)
        return (*gradient(*inputs, *options), None, None)

    def jvp(ctx, *tangents):
        return tangent(operator, ctx.saved_tensors, tangents[:count], *ctx.options)

    def vmap(info, in_dims, *args):
        return operator.batched(info, in_dims, *args)

    single = {"forward": staticmethod(forward), "backward": staticmethod(backward), "jvp": staticmethod(jvp)}
    every = {
        "backward": staticmethod(backward_of_transforms),
        "jvp": staticmethod(jvp),
        "forward": staticmethod(operator.overload),
        "setup_context": staticmethod(setup_context),
        "vmap": staticmethod(vmap),
    }
    single = type(operator.name, (torch.autograd.function._SingleLevelFunction,), single)
    return single, type(f"{operator.name}_in_transforms", (torch.autograd.Function,), every)


def _register():
    # (It uses the operators of this module.)
    from ._derivatives import FORMULAS, tangent

    for operator in OPERATORS.values():
        name = f"crosslane::{operator.name}"
        gradient = OPERATORS.get(operator.row.gradient)
        operator.formula = FORMULAS.get(operator.name)
        if gradient is not None:
            operator.single_level, operator.any_level = _function(operator, gradient, tangent)
        torch.library.register_fake(name, operator.fake, lib=LIBRARY)
        torch.library.register_vmap(name, operator.batched, lib=LIBRARY)
        LIBRARY.impl(operator.name, operator.autograd, "Autograd")


_register()
