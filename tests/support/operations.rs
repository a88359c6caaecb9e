//! What is derived from a cross product: the table of what goes place by place, with operands of the tests, and what is
//! computed of meshes. A test that goes through the table tests an operation as soon as it has a line there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use crosslane::{Accuracy, Engine, Error, Real, Vectors, reference};
pub use crosslane_measure::{Kind, Operation, Read, Write, operations};

use super::{Float, Layout, NUMBERS, Operand, Random};

/// What `operations` calls, by name.
pub fn operation<T: Real>(name: &str) -> Operation<T> {
    let mut operations = operations().into_iter();
    let found = operations.find(|operation| operation.name == name);
    found.expect("the operation is in the table")
}

/// The operations that have gradients.
pub fn gradients<T: Real>() -> impl Iterator<Item = Operation<T>> {
    let is_gradient = |operation: &Operation<T>| operation.outputs[0].1 == Kind::Gradient;
    operations().into_iter().filter(is_gradient)
}

/// An operation with operands of the tests.
pub trait OnOperands<T> {
    /// Inputs of `len` places with anything in them; what takes vectors gets its layout from `layout`.
    fn inputs(
        &self,
        len: usize,
        random: &mut Random,
        layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>>;

    /// Outputs as long as they must be for these inputs.
    fn outputs(
        &self,
        inputs: &[Operand<T>],
        random: &mut Random,
        layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>>;

    /// Whether output `k` receives the sum over these inputs.
    fn is_sum(&self, k: usize, inputs: &[Operand<T>]) -> bool;

    /// Calls the method of the engine.
    fn run(
        &self,
        engine: Engine,
        inputs: &[Operand<T>],
        outputs: &mut [Operand<T>],
    ) -> Result<(), Error>;

    /// The outputs as the reference has them: what is no vector or number of theirs stays as it is.
    fn expected(
        &self,
        inputs: &[Operand<T>],
        outputs: &[Operand<T>],
        accuracy: Accuracy,
    ) -> Vec<Operand<T>>;
}

impl<T: Real + Float> OnOperands<T> for Operation<T> {
    fn inputs(
        &self,
        len: usize,
        random: &mut Random,
        mut layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>> {
        let mut input = |(_, kind): &(_, Kind)| {
            let layout = match kind {
                Kind::Numbers => NUMBERS,
                _ => layout(random),
            };
            Operand::new(layout, len, random.below(16), random)
        };
        self.inputs.iter().map(&mut input).collect()
    }

    fn outputs(
        &self,
        inputs: &[Operand<T>],
        random: &mut Random,
        mut layout: impl FnMut(&mut Random) -> Layout,
    ) -> Vec<Operand<T>> {
        let mut output = |(k, (_, kind)): (usize, &(_, Kind))| {
            let layout = match kind {
                Kind::Numbers => NUMBERS,
                _ => layout(random),
            };
            let len = if self.is_sum(k, inputs) {
                1
            } else {
                inputs[0].len()
            };
            Operand::new(layout, len, random.below(16), random)
        };
        self.outputs.iter().enumerate().map(&mut output).collect()
    }

    fn is_sum(&self, k: usize, inputs: &[Operand<T>]) -> bool {
        self.outputs[k].1 == Kind::Gradient && inputs[k].is_one()
    }

    fn run(
        &self,
        engine: Engine,
        inputs: &[Operand<T>],
        outputs: &mut [Operand<T>],
    ) -> Result<(), Error> {
        let inputs = inputs.iter().zip(self.inputs);
        let inputs: Vec<_> = inputs.map(|(input, (_, kind))| input.read(*kind)).collect();
        let outputs = outputs.iter_mut().zip(self.outputs);
        let mut outputs: Vec<_> = outputs
            .map(|(output, (_, kind))| output.write(*kind))
            .collect();
        (self.call)(&engine, &inputs, &mut outputs)
    }

    fn expected(
        &self,
        inputs: &[Operand<T>],
        outputs: &[Operand<T>],
        accuracy: Accuracy,
    ) -> Vec<Operand<T>> {
        let mut expected = outputs.to_vec();
        let mut summed = vec![Vec::new(); outputs.len()];
        for i in 0..inputs[0].len() {
            let place: Vec<_> = inputs.iter().map(|input| input.get(i)).collect();
            for (k, result) in (self.define)(&place, accuracy).into_iter().enumerate() {
                if self.is_sum(k, inputs) {
                    summed[k].push(result);
                } else {
                    expected[k].set(i, result);
                }
            }
        }
        for (k, gradients) in summed.iter().enumerate() {
            if self.is_sum(k, inputs) {
                expected[k].set(0, reference::sum(gradients));
            }
        }
        expected
    }
}

type CallOnMesh<T> =
    for<'a> fn(&Engine, Vectors<'a, T>, &'a [[u32; 3]], &'a mut Write<'_, T>) -> Result<(), Error>;

type DefineOnMesh<T> = fn(&[[T; 3]], &[[u32; 3]], Accuracy) -> Vec<[T; 3]>;

/// What is computed of a mesh.
pub struct OnMesh<T> {
    pub name: &'static str,
    pub output: Kind,
    /// Whether there is a result for each vertex, and not for each face.
    pub of_vertices: bool,
    /// The method of the engine.
    pub call: CallOnMesh<T>,
    /// The functions of the reference, for the whole mesh.
    pub define: DefineOnMesh<T>,
}

fn corners<T: Real>(vertices: &[[T; 3]], face: &[u32; 3]) -> [[T; 3]; 3] {
    face.map(|i| vertices[i as usize])
}

/// All that is computed of meshes.
pub fn on_meshes<T: Real>() -> [OnMesh<T>; 3] {
    [
        OnMesh {
            name: "triangle_normals",
            output: Kind::Vectors,
            of_vertices: false,
            call: |engine, vertices, faces, out| {
                engine.triangle_normals(vertices, faces, out.vectors())
            },
            define: |vertices, faces, accuracy| {
                let triangles = faces.iter().map(|face| corners(vertices, face));
                let normal = |[p, q, r]: [_; 3]| reference::triangle_normal(p, q, r, accuracy);
                triangles.map(normal).collect()
            },
        },
        OnMesh {
            name: "triangle_areas",
            output: Kind::Numbers,
            of_vertices: false,
            call: |engine, vertices, faces, out| {
                engine.triangle_areas(vertices, faces, out.numbers())
            },
            define: |vertices, faces, accuracy| {
                let triangles = faces.iter().map(|face| corners(vertices, face));
                let area = |[p, q, r]: [_; 3]| [reference::triangle_area(p, q, r, accuracy); 3];
                triangles.map(area).collect()
            },
        },
        OnMesh {
            name: "vertex_normals",
            output: Kind::Vectors,
            of_vertices: true,
            call: |engine, vertices, faces, out| {
                engine.vertex_normals(vertices, faces, out.vectors())
            },
            define: reference::vertex_normals,
        },
    ]
}

impl<T: Real + Float> OnMesh<T> {
    /// An output as long as it must be for so many vertices and faces; numbers have a layout of their own.
    pub fn output(
        &self,
        [vertices, faces]: [usize; 2],
        layout: Layout,
        offset: usize,
        random: &mut Random,
    ) -> Operand<T> {
        let layout = match self.output {
            Kind::Numbers => NUMBERS,
            _ => layout,
        };
        let len = if self.of_vertices { vertices } else { faces };
        Operand::new(layout, len, offset, random)
    }

    /// Calls the method of the engine.
    pub fn run(
        &self,
        engine: Engine,
        vertices: &Operand<T>,
        faces: &[[u32; 3]],
        out: &mut Operand<T>,
    ) -> Result<(), Error> {
        (self.call)(&engine, vertices.view(), faces, &mut out.write(self.output))
    }

    /// The output as the reference has it.
    pub fn expected(
        &self,
        vertices: &Operand<T>,
        faces: &[[u32; 3]],
        out: &Operand<T>,
        accuracy: Accuracy,
    ) -> Operand<T> {
        let vertices: Vec<_> = (0..vertices.len()).map(|i| vertices.get(i)).collect();
        let mut expected = out.clone();
        for (i, v) in (self.define)(&vertices, faces, accuracy)
            .into_iter()
            .enumerate()
        {
            expected.set(i, v);
        }
        expected
    }
}

impl<T: Real + Float> Operand<T> {
    fn read(&self, kind: Kind) -> Read<'_, T> {
        match kind {
            Kind::Numbers => Read::Numbers(self.numbers()),
            _ => Read::Vectors(self.view()),
        }
    }

    fn write(&mut self, kind: Kind) -> Write<'_, T> {
        match kind {
            Kind::Numbers => Write::Numbers(self.numbers_mut()),
            _ => Write::Vectors(self.view_mut()),
        }
    }
}
