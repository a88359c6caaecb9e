//! Normals and areas of meshes as torch's operators, and their gradients.

use crosslane::Accuracy;

use super::kernels::{Dtype, guarded, on_threads, tensors};
use super::tensor::{Message, Tensor};
use crate::call::MOST_INPUTS;
use crate::mesh::{Faces, Quantity, Work};

/// What torch is told of both operators. `starts` counts where `is_polygons`; otherwise three corners are a face.
pub(super) const SCHEMAS: [&str; 2] = [
    "mesh(Tensor vertices, Tensor corners, Tensor starts, int quantity, bool is_polygons, bool rounded) -> Tensor",
    "mesh_vjp(Tensor vertices, Tensor corners, Tensor starts, Tensor g, int quantity, bool is_polygons, bool rounded) -> Tensor",
];

/// `mesh`: a quantity.
pub(super) unsafe extern "C-unwind" fn mesh(stack: *mut u64, _: u64, _: u64) {
    // SAFETY: the dispatcher passes what the schema says.
    guarded(|| unsafe { evaluate(stack, 3) });
}

/// `mesh_vjp`: the gradients of the vertices, with an upstream gradient of a quantity.
pub(super) unsafe extern "C-unwind" fn mesh_vjp(stack: *mut u64, _: u64, _: u64) {
    // SAFETY: the dispatcher passes what the schema says.
    guarded(|| unsafe { evaluate(stack, 4) });
}

/// # Safety
/// On the stack are so many tensors, which are now owned here, and the options of the schemas.
unsafe fn evaluate(stack: *mut u64, count: usize) -> Result<(), Message> {
    // SAFETY: as granted by the caller.
    let tensors = unsafe { tensors(stack, count) };
    let mut options = [0; 3];
    for (k, option) in options.iter_mut().enumerate() {
        // SAFETY: as granted by the caller.
        *option = unsafe { stack.wrapping_add(count + k).read() };
    }
    let [quantity, is_polygons, rounded] = options;
    let result = result(
        &tensors,
        quantity as i64,
        is_polygons & 1 == 1,
        rounded & 1 == 1,
    )?;
    // SAFETY: the result takes the place of the first argument.
    unsafe { stack.write(result.into_handle()) };
    Ok(())
}

fn result(
    tensors: &[Option<Tensor>; MOST_INPUTS],
    quantity: i64,
    is_polygons: bool,
    rounded: bool,
) -> Result<Tensor, Message> {
    let [Some(vertices), Some(corners), Some(starts), g, ..] = tensors else {
        return Err("a mesh needs vertices, corners and starts".into());
    };
    let quantity = usize::try_from(quantity).ok();
    let quantity = quantity.and_then(|k| Quantity::ALL.get(k).copied());
    let quantity = quantity.ok_or("there is no such quantity of a mesh")?;
    let number = vertices.dtype()?;
    let dtype = Dtype::of(number).filter(|dtype| dtype.is_real());
    let dtype = dtype.ok_or("expected vertices of float32 or float64")?;
    let [count, 3] = *vertices.axes()?.0 else {
        return Err("vertices do not have the shape (n, 3)".into());
    };
    // Copies, which nobody changes while they are used.
    let corners: Vec<u32> = corners.indices("corners")?;
    let starts: Vec<usize> = starts.indices("starts")?;
    if !is_polygons && !corners.len().is_multiple_of(3) {
        return Err("the number of corners is no multiple of three".into());
    }
    let faces = Faces {
        corners: &corners,
        starts: is_polygons.then_some(&starts),
    };
    let (shape, axes) = quantity.shape(count as usize, &faces);
    let shape = shape.map(|len| len as i64);
    let shape = &shape[..axes];
    if let Some(g) = g {
        if g.dtype()? != number {
            return Err("expected vertices and g of one type".into());
        }
        if g.axes()?.0 != shape {
            return Err(format!(
                "g has the shape {:?}, expected {shape:?}",
                g.axes()?.0
            ));
        }
    }
    let vectors = (axes == 2).then_some(1);
    let (shape, axis) = match g {
        None => (shape, vectors),
        Some(_) => (&[count, 3][..], Some(1)),
    };
    let out = Tensor::empty(shape, number, dtype.bytes())?;
    let copy = vertices.aligned_copy(dtype.bytes())?;
    let vertices = copy.as_ref().unwrap_or(vertices);
    let g = g.as_ref();
    let copy = g
        .map(|g| g.aligned_copy(dtype.bytes()))
        .transpose()?
        .flatten();
    let g = copy.as_ref().or(g);
    let work = Work {
        quantity,
        vertices: vertices.operand(Some(1))?,
        faces,
        g: g.map(|g| g.operand(vectors)).transpose()?,
        out: out.operand(axis)?,
        accuracy: match rounded {
            true => Accuracy::CorrectlyRounded,
            false => Accuracy::Plain,
        },
    };
    let elements = work.vertices.elements().saturating_add(work.out.elements());
    let bytes = elements.saturating_mul(dtype.bytes());
    let bytes = bytes.saturating_add(size_of_val(&corners[..]));
    let done = on_threads(bytes, |threads| match dtype {
        Dtype::Float32 => work.run::<f32>(threads),
        _ => work.run::<f64>(threads),
    });
    done.map_err(|error| error.to_string())?;
    Ok(out)
}
