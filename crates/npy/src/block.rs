//! The geometry of a block: as a view of elements in memory, or as runs of bytes that are read into a buffer.
//!
//! Separate because it is geometry alone: it knows lengths and strides, and neither files nor types.

use crosslane::{Element, Error, Vectors};

/// A block in a file, counted in bytes.
#[derive(Debug)]
pub(crate) struct Block {
    /// Where the first vector begins.
    pub(crate) first: usize,
    /// From there to each of its components, ascending.
    pub(crate) components: [usize; 3],
    /// The length and stride of each axis. An axis that broadcasts has length 1 and stride 0.
    pub(crate) axes: Vec<(usize, usize)>,
}

/// A block in memory, counted in elements.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    first: usize,
    component: isize,
    shape: Vec<usize>,
    strides: Vec<isize>,
}

impl Place {
    /// Makes the view of these elements.
    pub(crate) fn view<'a, T: Element>(&self, elements: &'a [T]) -> Result<Vectors<'a, T>, Error> {
        let Self {
            first,
            component,
            shape,
            strides,
        } = self;
        Vectors::nd(elements, *first, *component, shape, strides)
    }
}

/// Runs of neighbouring elements, all of the same length.
#[derive(Debug, PartialEq)]
pub(crate) struct Runs {
    /// The byte where each begins, ascending.
    pub(crate) starts: Vec<usize>,
    /// Elements of each.
    pub(crate) len: usize,
}

impl Block {
    /// The block counted in elements of this size; `None` where an offset is no whole number of elements, or the components are at
    /// unequal distances.
    pub(crate) fn in_elements(&self, size: usize) -> Option<Place> {
        let whole = |bytes: usize| bytes.is_multiple_of(size).then_some(bytes / size);
        let signed = |bytes| isize::try_from(whole(bytes)?).ok();
        let strides = self.axes.iter().map(|(_, stride)| signed(*stride));
        Some(Place {
            first: whole(self.first + self.components[0])?,
            component: signed(self.component_stride()?)?,
            shape: self.shape(),
            strides: strides.collect::<Option<_>>()?,
        })
    }

    /// Whether there are no vectors in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.axes.iter().any(|(len, _)| *len == 0)
    }

    fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|(len, _)| *len).collect()
    }

    /// The runs to read, in the order of the file, and the geometry of the vectors in a buffer that holds these runs.
    pub(crate) fn runs(&self, size: usize) -> (Runs, Place) {
        let mut steps = self.steps();
        let mut place = Place {
            first: 0,
            component: 0,
            shape: self.shape(),
            strides: vec![0; self.axes.len()],
        };
        if self.is_empty() {
            let starts = Vec::new();
            return (Runs { starts, len: 0 }, place);
        }
        let mut elements = 1;
        for step in steps.iter().rev() {
            match step.axis {
                Some(axis) => place.strides[axis] = elements as isize,
                None => place.component = elements as isize,
            }
            elements *= step.len;
        }
        let mut len = 1;
        while let Some(step) = steps.pop_if(|step| step.stride == Some(len * size)) {
            len *= step.len;
        }
        let starts = self.starts(&steps);
        (Runs { starts, len }, place)
    }

    /// The first byte of every run: every combination of the indices along these axes.
    fn starts(&self, steps: &[Step]) -> Vec<usize> {
        let [x, ..] = self.components;
        let mut starts = vec![self.first + x];
        for step in steps {
            let offset = |i: usize| match step.stride {
                Some(stride) => i * stride,
                None => self.components[i] - x,
            };
            let along = |start: usize| (0..step.len).map(move |i| start + offset(i));
            starts = starts.into_iter().flat_map(along).collect();
        }
        starts
    }

    /// The bytes from component to component, if both distances are equal.
    fn component_stride(&self) -> Option<usize> {
        let [x, y, z] = self.components;
        (y - x == z - y).then_some(y - x)
    }

    /// The axes that are longer than 1, and the axis of the components: the largest stride first.
    fn steps(&self) -> Vec<Step> {
        let component = Step {
            axis: None,
            len: 3,
            stride: self.component_stride(),
        };
        let axes = self.axes.iter().enumerate();
        let axes = axes.map(|(axis, (len, stride))| Step {
            axis: Some(axis),
            len: *len,
            stride: Some(*stride),
        });
        let mut steps: Vec<_> = axes
            .filter(|step| step.len != 1)
            .chain([component])
            .collect();
        // Components at unequal distances are fields of a record, and no stride is shorter than a record.
        steps.sort_by_key(|step| core::cmp::Reverse(step.stride.unwrap_or(0)));
        steps
    }
}

/// One axis of a block; `axis` is `None` for the axis of the components.
#[derive(Debug)]
struct Step {
    axis: Option<usize>,
    len: usize,
    /// `None` for components at unequal distances.
    stride: Option<usize>,
}
