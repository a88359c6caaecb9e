//! Batches whose operands each have a layout of their own, block by block: what registers cannot be loaded from or stored to goes
//! through tiles, and so do sums.

use core::mem::MaybeUninit;

use super::access::{Any, Repeating};
use super::cursor::{Cursor, Form};
use super::place::{Layout, Place, Way};
use super::sum::{Tree, leaf};
use super::sweep::{Range, sweep};
use super::tile::Tile;
use super::{Operation, Task};
use crate::formula::Kind;
use crate::simd::{Lanes, Simd, Work};
use crate::{Element, Vectors, VectorsMut};

/// A task whose operands each have a layout of their own.
#[derive(Debug)]
pub(crate) struct Mixed<'a, T, Op, const I: usize, const O: usize>(
    pub(super) Task<'a, T, Op, I, O>,
);

impl<T: Element, Op: Operation<I, O>, const I: usize, const O: usize> Work
    for Mixed<'_, T, Op, I, O>
{
    #[inline(always)]
    fn fills<S: Simd>(&self) -> bool {
        self.0.fills::<S>()
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task {
            operation,
            batch,
            stream,
        } = self.0;
        let (mut from, mut to) = (
            [Cursor::nowhere(Form::Columns); I],
            [Cursor::nowhere(Form::Columns); O],
        );
        let mut in_tiles = [const { MaybeUninit::<Tile>::uninit() }; I];
        let mut out_tiles = [const { MaybeUninit::<Tile>::uninit() }; O];
        let mut trees = [const { MaybeUninit::<Tree<T>>::uninit() }; O];
        let mut blocks = Blocks {
            inputs: &batch.inputs,
            outputs: &batch.outputs,
            kinds: const { &Op::OUTPUTS },
            in_tiles: &mut in_tiles,
            out_tiles: &mut out_tiles,
            trees: &mut trees,
            total: batch.len(),
            short: !Op::EVERY_FORM && !self.0.fills::<S>(),
            sums: Op::SUMS && batch.has_sums(),
            way: Way::Cached,
            most: 0,
            start: 0,
            range: Range {
                head: 0,
                len: 0,
                stream,
                in_place: batch.is_in_place(),
            },
            whole: false,
        };
        loop {
            simd.vectorize(NextBlock {
                blocks: &mut blocks,
                from: &mut from,
                to: &mut to,
            });
            if blocks.range.len == 0 {
                return;
            }
            let whole = blocks.whole;
            // SAFETY: the views, or tiles that were filled, have as many vectors, which are one register's worth or more;
            // a batch has outputs that meet inputs as it says, `in_place` or not at all.
            unsafe {
                sweep::<Repeating<Any>, S, T, Op, I, O>(simd, operation, from, to, blocks.range);
            };
            if whole {
                return;
            }
        }
    }
}

/// The blocks of a batch, whatever the operation: prepares each for the loop, and finishes it.
struct Blocks<'a, T> {
    inputs: &'a [Vectors<'a, T>],
    outputs: &'a [VectorsMut<'a, T>],
    kinds: &'static [Kind],
    in_tiles: &'a mut [MaybeUninit<Tile>],
    out_tiles: &'a mut [MaybeUninit<Tile>],
    /// Written before the first block, if there are sums.
    trees: &'a mut [MaybeUninit<Tree<T>>],
    total: usize,
    /// Less than a register: filled up in tiles, and nothing is stored but from these.
    short: bool,
    sums: bool,
    way: Way,
    /// No block is longer, but the last where there are sums.
    most: usize,
    /// Where the block begins that was given last.
    start: usize,
    /// Of that block; nothing before the first and behind the last.
    range: Range,
    /// Whether the block is the whole batch as it lies, so that there is nothing to finish.
    whole: bool,
}

/// Finishes a block, and prepares the next one for the loop. A piece of work, and so a function of its own at each level: every
/// operation would have it in its own code otherwise, and it would be most of that.
struct NextBlock<'b, 'a, T> {
    blocks: &'b mut Blocks<'a, T>,
    from: &'b mut [Cursor<T>],
    to: &'b mut [Cursor<T>],
}

impl<T: Element> Work for NextBlock<'_, '_, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { blocks, from, to } = self;
        if blocks.range.len > 0 {
            blocks.finish_block(simd);
        } else if blocks.begin::<S>(from, to) {
            return;
        }
        blocks.prepare(simd, from, to);
    }
}

impl<T: Element> Blocks<'_, T> {
    /// Looks at the operands. If everything can be loaded and stored as it lies, prepares the whole batch as one block, and returns
    /// whether it did.
    #[inline(always)]
    fn begin<S: Simd>(&mut self, from: &mut [Cursor<T>], to: &mut [Cursor<T>]) -> bool {
        let stream = self.range.stream && !self.short;
        (self.way, self.range.head) = Way::out::<S, T>(self.outputs, stream);
        self.range.stream = self.way == Way::Streamed;
        let mut plain = !self.sums && !self.short && self.way == Way::Cached;
        let mut tiled = self.way == Way::StreamedFromTiles;
        // (An output that is repeated is a sum, or one vector.)
        let mut look = |cursor: &mut Cursor<T>, place: Place<T>| match place.layout() {
            Layout::Direct(form) => *cursor = Cursor::new(place.components, form),
            Layout::Repeated => plain = false,
            Layout::Strided => (plain, tiled) = (false, true),
        };
        for (cursor, view) in from.iter_mut().zip(self.inputs) {
            look(cursor, Place::of(view));
        }
        for (cursor, view) in to.iter_mut().zip(self.outputs) {
            look(cursor, Place::of_mut(view));
        }
        if plain {
            (self.whole, self.range.len) = (true, self.total);
            return true;
        }
        self.most = match (self.sums, tiled) {
            (true, _) => leaf::<T>(),
            (_, true) => Tile::capacity::<T>(),
            _ => self.total,
        };
        if self.sums {
            for tree in &mut *self.trees {
                tree.write(Tree::new());
            }
        }
        false
    }

    #[inline(always)]
    fn prepare<S: Simd>(&mut self, simd: S, from: &mut [Cursor<T>], to: &mut [Cursor<T>]) {
        let lanes = T::Lanes::<S>::LEN;
        let (start, rest) = (self.start, self.total - self.start);
        let range = &mut self.range;
        let len = match self.sums {
            true if rest < self.most + lanes => rest,
            true => self.most,
            false => block(rest, self.most, lanes, range.head),
        };
        if rest == 0 {
            range.len = 0;
            return self.finish_batch(simd);
        }
        for ((cursor, view), tile) in from.iter_mut().zip(self.inputs).zip(&mut *self.in_tiles) {
            let place = Place::of(view);
            *cursor = match self.short {
                // SAFETY: as below; a tile holds a register's worth.
                true => unsafe { place.filled_up(simd, len, lanes, tile) },
                // SAFETY: the views say that vectors from `start` on are valid for reads, and blocks come in
                // order, `len` no more than a tile where one is needed.
                false => unsafe { place.source(simd, start, len, tile) },
            };
        }
        for ((cursor, view), tile) in to.iter_mut().zip(self.outputs).zip(&mut *self.out_tiles) {
            let place = Place::of_mut(view);
            *cursor = match self.short {
                true => Cursor::new(Tile::columns(tile), Form::Columns),
                false => place.target(start, tile, self.way),
            };
            // What is to be summed is read again at once.
            cursor.streams = !(self.sums && place.layout() == Layout::Repeated);
        }
        range.len = len.max(lanes); // filled up
    }

    #[inline(always)]
    fn finish_block<S: Simd>(&mut self, simd: S) {
        let (start, total, way) = (self.start, self.total, self.way);
        let len = self.range.len.min(total - start);
        let (tiles, trees) = (self.out_tiles.iter_mut(), self.trees.iter_mut());
        let outputs = self.outputs.iter().map(Place::of_mut);
        for (((place, tile), tree), kind) in outputs.zip(tiles).zip(trees).zip(self.kinds) {
            if self.sums && place.layout() == Layout::Repeated {
                // SAFETY: all were written before the first block.
                let tree = unsafe { tree.assume_init_mut() };
                // SAFETY: the loop has filled the tile.
                unsafe { tree.add(simd, Tile::columns(tile), len) };
            } else if self.short {
                // SAFETY: the view says that its vectors are valid for writes, and the loop has filled the tile.
                unsafe { place.empty(simd, *kind, len, tile) };
            } else {
                // SAFETY: as for `source`, for writes, and the loop has filled the tile.
                unsafe { place.finish(simd, start, len, total, tile, way) };
            }
        }
        self.start += len;
        self.range.head = 0;
    }

    /// What is left to do behind the last block.
    #[inline(always)]
    fn finish_batch<S: Simd>(&mut self, simd: S) {
        if self.sums {
            for (view, tree) in self.outputs.iter().zip(&*self.trees) {
                let place = Place::of_mut(view);
                if place.layout() == Layout::Repeated {
                    // SAFETY: all were written before the first block.
                    let tree = unsafe { tree.assume_init_ref() };
                    // SAFETY: the view has a vector, which is this one place.
                    unsafe { place.write(tree.total()) };
                }
            }
        }
        if self.way != Way::Cached {
            simd.fence();
        }
    }
}

/// The length of the next block of `rest` vectors: `most` or less, one register's worth or more also of the last,
/// and whole registers of it behind the first `head`.
#[inline(always)]
fn block(rest: usize, most: usize, lanes: usize, head: usize) -> usize {
    if rest <= most {
        rest
    } else if rest < most + lanes {
        rest / 2 / lanes * lanes + head
    } else if head > 0 {
        most - lanes + head
    } else {
        most
    }
}

#[cfg(test)]
mod tests {
    use super::block;

    #[test]
    fn blocks_are_as_long_as_a_tile_allows_and_whole_registers_but_the_last() {
        for (most, lanes) in [(64, 2), (64, 8), (128, 4), (128, 16), (256, 16)] {
            for total in lanes..5 * most {
                for head in 0..lanes {
                    let (mut start, mut blocks) = (0, 0);
                    while start < total {
                        let rest = total - start;
                        let len = block(rest, most, lanes, if start == 0 { head } else { 0 });
                        let context = (most, lanes, total, head, start, len);
                        assert!(lanes <= len && len <= most, "{context:?}");
                        assert!(len <= rest, "{context:?}");
                        // The next one begins with a whole register of the output, and is no less than one.
                        assert!(len == rest || rest - len >= lanes, "{context:?}");
                        let whole = (start + len).wrapping_sub(head).is_multiple_of(lanes);
                        assert!(len == rest || whole, "{context:?}");
                        (start, blocks) = (start + len, blocks + 1);
                    }
                    // One more where the first is cut at a register, and where the last would be less than one.
                    let fewest = total.div_ceil(most);
                    let cut = usize::from(head > 0);
                    assert!(
                        blocks <= fewest + cut && (total > most || blocks == 1),
                        "{blocks} blocks: {:?}",
                        (most, lanes, total, head)
                    );
                }
            }
        }
    }
}
