//! What is derived from a cross product, as a table: what an operation takes and gives, how it is called, and what defines it.
//! A test that goes through the table tests an operation as soon as it has a line here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use crosslane::{Accuracy, Engine, Error, Real, Vectors, VectorsMut, reference};

use super::{Float, Layout, NUMBERS, Operand, Random};

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Vectors,
    Numbers,
    /// The gradient of the operand of the same position: one vector, the sum, where that is broadcast.
    Gradient,
}

/// An operand that is read.
#[derive(Clone, Copy)]
pub enum Read<'a, T> {
    Vectors(Vectors<'a, T>),
    Numbers(&'a [T]),
}

/// An operand that is written.
pub enum Write<'a, T> {
    Vectors(VectorsMut<'a, T>),
    Numbers(&'a mut [T]),
}

impl<'a, T: Real> Read<'a, T> {
    pub fn vectors(self) -> Vectors<'a, T> {
        match self {
            Self::Vectors(vectors) => vectors,
            Self::Numbers(_) => panic!("numbers are no vectors"),
        }
    }

    pub fn numbers(self) -> &'a [T] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Vectors(_) => panic!("vectors are no numbers"),
        }
    }

    /// Vector `i`, or number `i` three times.
    pub fn get(&self, i: usize) -> [T; 3] {
        match self {
            Self::Vectors(vectors) => vectors.get(i).unwrap(),
            Self::Numbers(numbers) => [numbers[i]; 3],
        }
    }
}

impl<T: Real> Write<'_, T> {
    pub fn vectors(&mut self) -> VectorsMut<'_, T> {
        match self {
            Self::Vectors(vectors) => vectors.reborrow(),
            Self::Numbers(_) => panic!("numbers are no vectors"),
        }
    }

    pub fn numbers(&mut self) -> &mut [T] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Vectors(_) => panic!("vectors are no numbers"),
        }
    }

    /// The same, to read.
    pub fn to_read(&self) -> Read<'_, T> {
        match self {
            Self::Vectors(vectors) => Read::Vectors(vectors.into()),
            Self::Numbers(numbers) => Read::Numbers(numbers),
        }
    }

    /// As [`Read::get`].
    pub fn get(&self, i: usize) -> [T; 3] {
        self.to_read().get(i)
    }
}

type Call<T> = for<'a> fn(&Engine, &[Read<'a, T>], &mut [Write<'a, T>]) -> Result<(), Error>;

type Define<T> = fn(&[[T; 3]], Accuracy) -> Vec<[T; 3]>;

/// An operation: names and kinds of its operands, in the order of its arguments.
pub struct Operation<T> {
    pub name: &'static str,
    pub inputs: &'static [(&'static str, Kind)],
    pub outputs: &'static [(&'static str, Kind)],
    /// The method of the engine.
    pub call: Call<T>,
    /// The function of the reference, for one place; of a number all three components are the same.
    pub define: Define<T>,
}

macro_rules! operations {
    ($($name:ident($($vector:ident),+ $(; $number:ident)?) -> $kind:ident $($output:ident),+;)+) => {
        /// All that go place by place. (Meshes have indices: `tests/meshes.rs`.)
        pub fn operations<T: Real>() -> Vec<Operation<T>> {
            vec![$(Operation {
                name: stringify!($name),
                inputs: &[$((stringify!($vector), Kind::Vectors),)+ $((stringify!($number), Kind::Numbers))?],
                outputs: &[$((stringify!($output), Kind::$kind)),+],
                call: |engine, inputs, outputs| {
                    let [$($vector,)+ $($number)?] = inputs else { panic!("{} inputs", inputs.len()) };
                    let [$($output),+] = outputs else { panic!("a number of outputs") };
                    engine.$name(
                        $($vector.vectors(),)+
                        $($number.numbers(),)?
                        $(operations!(write $kind $output)),+
                    )
                },
                define: |inputs, accuracy| {
                    let [$($vector,)+ $($number)?] = *inputs else { panic!("{} inputs", inputs.len()) };
                    let results = reference::$name($($vector,)+ $($number[0],)? accuracy);
                    operations!(results $kind results)
                },
            }),+]
        }
    };
    (write Numbers $output:ident) => { $output.numbers() };
    (write $kind:ident $output:ident) => { $output.vectors() };
    (results Numbers $x:ident) => { vec![[$x; 3]] };
    (results Vectors $v:ident) => { vec![$v] };
    (results Gradient $gradients:ident) => { $gradients.to_vec() };
}
operations! {
    dot(a, b) -> Numbers out;
    cross_norm(a, b) -> Numbers out;
    unit_normal(a, b) -> Vectors out;
    angle(a, b) -> Numbers out;
    scalar_triple(a, b, c) -> Numbers out;
    vector_triple(a, b, c) -> Vectors out;
    cross_jvp(a, b, da, db) -> Vectors out;
    cross_vjp(a, b, g) -> Gradient grad_a, grad_b;
    cross_vjp_vjp(a, b, g, va, vb) -> Gradient grad_a, grad_b, grad_g;
    cross_norm_vjp(a, b; g) -> Gradient grad_a, grad_b;
    unit_normal_vjp(a, b, g) -> Gradient grad_a, grad_b;
    angle_vjp(a, b; g) -> Gradient grad_a, grad_b;
    scalar_triple_vjp(a, b, c; g) -> Gradient grad_a, grad_b, grad_c;
}

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

impl<T: Real + Float> Operation<T> {
    /// Inputs of `len` places with anything in them; what takes vectors gets its layout from `layout`.
    pub fn inputs(
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

    /// Outputs as long as they must be for these inputs.
    pub fn outputs(
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

    /// Whether output `k` receives the sum over these inputs.
    pub fn is_sum(&self, k: usize, inputs: &[Operand<T>]) -> bool {
        self.outputs[k].1 == Kind::Gradient && inputs[k].is_one()
    }

    /// Calls the method of the engine.
    pub fn run(
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

    /// The outputs as the reference has them: what is no vector or number of theirs stays as it is.
    pub fn expected(
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
                let nothing = [T::default(); 3];
                let sum = match gradients[..] {
                    [] => nothing,
                    _ => reference::sum(gradients),
                };
                expected[k].set(0, sum);
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
