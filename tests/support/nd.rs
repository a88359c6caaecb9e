//! Arrays of any rank: vectors or numbers in memory of their own, and views of them made in every way there is.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use std::fmt::Debug;

use crosslane::{
    Kind, Operand as Read, OperandMut as Write, Scalars, ScalarsMut, Vectors, VectorsMut,
};

use super::shapes::{Axis, Choices, Geometry, How, geometry, shape_of};
use super::{GUARD, Memory, Random, Tested};

/// An operand of any rank, with guards around it.
#[derive(Clone)]
pub struct Array<T> {
    memory: Memory<T>,
    kind: Kind,
    pub geometry: Geometry,
}

impl<T: Tested> Array<T> {
    /// One with these axes of the `common` shape, that lies in any way. What is exclusive has no two places in one.
    pub fn new(
        choices: &mut impl Choices,
        kind: Kind,
        axes: &[Axis],
        common: &[usize],
        exclusive: bool,
    ) -> Self {
        let shape = shape_of(axes, common);
        let repeated: Vec<_> = axes.iter().map(|axis| *axis == Axis::Zero).collect();
        let vectors = kind == Kind::Vector;
        let (mut geometry, extent) = geometry(choices, vectors, &shape, &repeated);
        if !exclusive && geometry.how == How::Nd && choices.once_in(40) {
            geometry.component_stride = 0;
        }
        let offset = match choices.choose(2) {
            0 => 0,
            _ => choices.choose(17),
        };
        Self::of(kind, geometry, extent, offset)
    }

    /// One that lies so, in so many elements that begin `offset` behind a cache line.
    pub fn of(kind: Kind, mut geometry: Geometry, extent: usize, offset: usize) -> Self {
        let first = GUARD + offset;
        geometry.first += first;
        Self {
            memory: Memory::zeros(first + extent + 4 + GUARD),
            kind,
            geometry,
        }
    }

    /// A number for every element, those of the guards, too.
    pub fn fill(&mut self, random: &mut Random, ordinary: bool) {
        let mut number = || match ordinary {
            true => T::ordinary(random),
            false => T::any(random),
        };
        self.memory.elements_mut().fill_with(&mut number);
    }

    /// The same in an allocation of its own without guards.
    pub fn tight(&self) -> Self {
        let indices = || self.geometry.indices(self.components());
        let (Some(lowest), Some(highest)) = (indices().min(), indices().max()) else {
            return self.clone();
        };
        let padding = usize::from(self.geometry.how == How::Padded);
        let mut tight = self.clone();
        tight.memory = Memory::Tight(self.elements()[lowest..=highest + padding].into());
        tight.geometry.first -= lowest;
        tight
    }

    pub fn elements(&self) -> &[T] {
        self.memory.elements()
    }

    /// What another, of the same geometry, has in its memory.
    pub fn copy_from(&mut self, other: &Self) {
        self.memory.elements_mut().copy_from_slice(other.elements());
    }

    pub fn len(&self) -> usize {
        self.geometry.len()
    }

    fn components(&self) -> usize {
        match self.kind {
            Kind::Vector => 3,
            Kind::Scalar => 1,
        }
    }

    /// Vector `i` in C order; of a number all three components are the same.
    pub fn get(&self, i: usize) -> [T; 3] {
        [0, 1, 2].map(|k| self.elements()[self.geometry.index(k % self.components(), i)])
    }

    pub fn set(&mut self, i: usize, v: [T; 3]) {
        for (k, component) in v.into_iter().enumerate().take(self.components()) {
            let index = self.geometry.index(k, i);
            self.memory.elements_mut()[index] = component;
        }
    }

    pub fn vectors(&self) -> Vectors<'_, T> {
        let Geometry {
            how,
            first,
            component_stride,
            ref shape,
            ref strides,
        } = self.geometry;
        let (data, len) = (self.elements(), self.len());
        let from = &data[first.min(data.len())..];
        match how {
            How::Nd => Vectors::nd(data, first, component_stride, shape, strides).unwrap(),
            How::Strided => {
                Vectors::strided(data, first, component_stride, strides[0], len).unwrap()
            }
            How::Columns => {
                let column = |k| &from[k * component_stride as usize..][..len];
                Vectors::soa(column(0), column(1), column(2)).unwrap()
            }
            How::Rows => Vectors::aos(bytemuck::cast_slice(&from[..3 * len])),
            How::Padded => Vectors::padded(bytemuck::cast_slice(&from[..4 * len])),
            How::One => Vectors::broadcast(from[..3].try_into().unwrap(), len),
            How::Blocks(4) => Vectors::blocks::<4>(bytemuck::cast_slice(&from[..3 * len])),
            How::Blocks(8) => Vectors::blocks::<8>(bytemuck::cast_slice(&from[..3 * len])),
            How::Blocks(16) => Vectors::blocks::<16>(bytemuck::cast_slice(&from[..3 * len])),
            How::Blocks(lanes) => panic!("blocks of {lanes}"),
        }
    }

    pub fn vectors_mut(&mut self) -> VectorsMut<'_, T> {
        let Geometry {
            how,
            first,
            component_stride,
            ref shape,
            ref strides,
        } = self.geometry;
        let len = shape.iter().product();
        let data = self.memory.elements_mut();
        match how {
            How::Nd => {
                return VectorsMut::nd(data, first, component_stride, shape, strides).unwrap();
            }
            How::Strided => {
                let view = VectorsMut::strided(data, first, component_stride, strides[0], len);
                return view.unwrap();
            }
            _ => {}
        }
        let from = &mut data[first..];
        match how {
            How::Columns => {
                let (x, from) = from.split_at_mut(component_stride as usize);
                let (y, z) = from.split_at_mut(component_stride as usize);
                VectorsMut::soa(&mut x[..len], &mut y[..len], &mut z[..len]).unwrap()
            }
            How::Rows => VectorsMut::aos(bytemuck::cast_slice_mut(&mut from[..3 * len])),
            How::Padded => VectorsMut::padded(bytemuck::cast_slice_mut(&mut from[..4 * len])),
            How::Blocks(4) => {
                VectorsMut::blocks::<4>(bytemuck::cast_slice_mut(&mut from[..3 * len]))
            }
            How::Blocks(8) => {
                VectorsMut::blocks::<8>(bytemuck::cast_slice_mut(&mut from[..3 * len]))
            }
            How::Blocks(16) => {
                VectorsMut::blocks::<16>(bytemuck::cast_slice_mut(&mut from[..3 * len]))
            }
            how => panic!("{how:?} cannot be written"),
        }
    }

    pub fn scalars(&self) -> Scalars<'_, T> {
        let Geometry {
            how,
            first,
            ref shape,
            ref strides,
            ..
        } = self.geometry;
        let (data, len) = (self.elements(), self.len());
        match how {
            How::Strided => Scalars::strided(data, first, strides[0], len).unwrap(),
            How::Columns => Scalars::new(&data[first..][..len]),
            How::One => Scalars::broadcast(&data[first], len),
            _ => Scalars::nd(data, first, shape, strides).unwrap(),
        }
    }

    pub fn scalars_mut(&mut self) -> ScalarsMut<'_, T> {
        let Geometry {
            how,
            first,
            ref shape,
            ref strides,
            ..
        } = self.geometry;
        let len = shape.iter().product();
        let data = self.memory.elements_mut();
        match how {
            How::Strided => ScalarsMut::strided(data, first, strides[0], len).unwrap(),
            How::Columns => ScalarsMut::new(&mut data[first..][..len]),
            _ => ScalarsMut::nd(data, first, shape, strides).unwrap(),
        }
    }

    pub fn read(&self) -> Read<'_, T> {
        match self.kind {
            Kind::Vector => self.vectors().into(),
            Kind::Scalar => self.scalars().into(),
        }
    }

    pub fn write(&mut self) -> Write<'_, T> {
        match self.kind {
            Kind::Vector => self.vectors_mut().into(),
            Kind::Scalar => self.scalars_mut().into(),
        }
    }

    /// What the view says of shape and places is so.
    pub fn assert_seen(&self, context: &dyn Debug) {
        let (len, last) = (self.len(), self.len().checked_sub(1));
        let (shape, got, behind) = match self.read() {
            Read::Vectors(view) => {
                let last = last.and_then(|i| view.get(i));
                (view.shape(), last, view.get(len).is_some())
            }
            Read::Scalars(view) => {
                let last = last.and_then(|i| view.get(i)).map(|x| [x; 3]);
                (view.shape(), last, view.get(len).is_some())
            }
        };
        assert_eq!(shape, self.geometry.shape, "{context:?}");
        assert!(!behind, "a place behind the last: {context:?}");
        let Some(last) = last else { return };
        let same = |got: [T; 3]| (0..3).all(|k| got[k].is(self.get(last)[k], false));
        assert!(got.is_some_and(same), "{got:?} at {last}: {context:?}");
    }

    /// The whole memory, guards and gaps included, has the bits of another.
    #[track_caller]
    pub fn assert_same(&self, expected: &Self, any_nan: bool, context: &dyn Debug) {
        for (i, (got, expected)) in self.elements().iter().zip(expected.elements()).enumerate() {
            assert!(
                got.is(*expected, any_nan),
                "element {i} is {got:?}, expected {expected:?}, of {:?}: {context:?}",
                self.geometry
            );
        }
    }
}
