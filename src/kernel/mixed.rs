//! Batches whose operands each have a layout of their own, block by block: what registers cannot be loaded from or stored to goes
//! through tiles.

use core::mem::MaybeUninit;

use super::access::{Any, Repeating};
use super::cursor::{Cursor, Form};
use super::place::{Layout, Place};
use super::sweep::{Range, sweep};
use super::tile::Tile;
use super::way::{Outputs, Way};
use super::{Operation, Task};
use crate::element::Float;
use crate::formula::Kind;
use crate::simd::{Lanes, Simd, Work, fence};

/// A task whose operands each have a layout of their own.
#[derive(Debug)]
pub(crate) struct Mixed<'a, T, Op, const I: usize, const O: usize>(
    pub(super) Task<'a, T, Op, I, O>,
);

impl<T: Float, Op: Operation<I, O>, const I: usize, const O: usize> Work
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
        let (mut inputs, mut outputs) = (batch.inputs(), batch.outputs());
        let mut blocks = Blocks {
            inputs: &mut inputs,
            outputs: &mut outputs,
            kinds: const { &Op::OUTPUTS },
            in_tiles: &mut in_tiles,
            out_tiles: &mut out_tiles,
            rows: batch.rows,
            from_rows: &batch.row.strides[..I],
            to_rows: &batch.row.strides[I..I + O],
            reread: &batch.reread,
            fences: batch.fences,
            total: batch.len(),
            short: !Op::EVERY_FORM && !self.0.fills::<S>(),
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
            // SAFETY: the views, or tiles that were filled, have as many vectors, which are one register's worth or more;
            // a batch has outputs that meet inputs as it says, `in_place` or not at all.
            unsafe {
                sweep::<Repeating<Any>, S, T, Op, I, O>(simd, operation, from, to, blocks.range);
            };
            if blocks.whole && blocks.rows == 1 {
                return;
            }
        }
    }
}

/// The blocks of a batch, whatever the operation: prepares each for the loop, and finishes it.
struct Blocks<'a, T> {
    /// The operands of this row.
    inputs: &'a mut [Place<T>],
    outputs: &'a mut [Place<T>],
    kinds: &'static [Kind],
    in_tiles: &'a mut [MaybeUninit<Tile>],
    out_tiles: &'a mut [MaybeUninit<Tile>],
    /// Rows from this one on, and how far apart they are.
    rows: usize,
    from_rows: &'a [isize],
    to_rows: &'a [isize],
    reread: &'a [bool],
    fences: bool,
    /// The length of a row.
    total: usize,
    /// Less than a register: filled up in tiles, and nothing is stored but from these.
    short: bool,
    way: Way,
    /// No block is longer.
    most: usize,
    /// Where the block begins that was given last.
    start: usize,
    /// Of that block; nothing before the first and behind the last.
    range: Range,
    /// Whether a block is a whole row as it lies, so that there is nothing to finish.
    whole: bool,
}

/// Finishes a block, and prepares the next one for the loop. A piece of work, and so a function of its own at each level: every
/// operation would have it in its own code otherwise, and it would be most of that.
struct NextBlock<'b, 'a, T> {
    blocks: &'b mut Blocks<'a, T>,
    from: &'b mut [Cursor<T>],
    to: &'b mut [Cursor<T>],
}

impl<T: Float> Work for NextBlock<'_, '_, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { blocks, from, to } = self;
        if blocks.whole {
            return blocks.next_whole_row(from, to);
        }
        if blocks.range.len > 0 {
            blocks.finish_block(simd);
        } else if blocks.begin::<S>(from, to) {
            return;
        }
        blocks.prepare(simd, from, to);
    }
}

impl<T: Float> Blocks<'_, T> {
    /// Looks at the operands. If everything can be loaded and stored as it lies, prepares the first row as one block, and returns
    /// whether it did.
    #[inline(always)]
    fn begin<S: Simd>(&mut self, from: &mut [Cursor<T>], to: &mut [Cursor<T>]) -> bool {
        let outputs = Outputs {
            places: self.outputs,
            reread: self.reread,
            len: self.total,
            rows: (self.rows > 1).then_some(self.to_rows),
        };
        let stream = self.range.stream && !self.short;
        (self.way, self.range.head) = Way::out::<S, T>(outputs, stream);
        self.range.stream = self.way == Way::Streamed;
        let mut plain = !self.short && self.way == Way::Cached;
        let mut tiled = self.way == Way::StreamedFromTiles;
        let mut look = |cursor: &mut Cursor<T>, place: &Place<T>| match place.layout() {
            Layout::Direct(form) => *cursor = Cursor::new(place.components, form),
            Layout::Repeated => plain = false,
            Layout::Strided => (plain, tiled) = (false, true),
        };
        for (cursor, place) in from.iter_mut().zip(&*self.inputs) {
            look(cursor, place);
        }
        for (cursor, place) in to.iter_mut().zip(&*self.outputs) {
            look(cursor, place);
        }
        if plain {
            (self.whole, self.range.len) = (true, self.total);
            return true;
        }
        self.most = if tiled {
            Tile::capacity::<T>()
        } else {
            self.total
        };
        false
    }

    /// Prepares the next row as one block, as it lies.
    #[inline(always)]
    fn next_whole_row(&mut self, from: &mut [Cursor<T>], to: &mut [Cursor<T>]) {
        self.rows -= 1;
        for (cursor, row) in from.iter_mut().zip(self.from_rows) {
            cursor.move_by(*row);
        }
        for (cursor, row) in to.iter_mut().zip(self.to_rows) {
            cursor.move_by(*row);
        }
    }

    #[inline(always)]
    fn prepare<S: Simd>(&mut self, simd: S, from: &mut [Cursor<T>], to: &mut [Cursor<T>]) {
        let lanes = T::Lanes::<S>::LEN;
        if self.start == self.total && !self.next_row() {
            self.range.len = 0;
            if self.way != Way::Cached && self.fences {
                fence();
            }
            return;
        }
        let (start, rest) = (self.start, self.total - self.start);
        let range = &mut self.range;
        let len = block(rest, self.most, lanes, range.head);
        for ((cursor, place), tile) in from.iter_mut().zip(&*self.inputs).zip(&mut *self.in_tiles) {
            *cursor = match self.short {
                // SAFETY: as below; a tile holds a register's worth.
                true => unsafe { place.filled_up(simd, len, lanes, tile) },
                // SAFETY: the views say that vectors from `start` on are valid for reads, and blocks come in
                // order, `len` no more than a tile where one is needed.
                false => unsafe { place.source(simd, start, len, tile) },
            };
        }
        let outputs = to.iter_mut().zip(&*self.outputs).zip(self.reread);
        for (((cursor, place), reread), tile) in outputs.zip(&mut *self.out_tiles) {
            *cursor = match self.short {
                true => Cursor::new(Tile::columns(tile), Form::Columns),
                false => place.target(start, tile, way_of(self.way, *reread)),
            };
            cursor.streams = !reread;
        }
        range.len = len.max(lanes); // filled up
    }

    /// Goes on to the next row, if there is one.
    #[inline(always)]
    fn next_row(&mut self) -> bool {
        if self.rows == 1 {
            return false;
        }
        (self.rows, self.start) = (self.rows - 1, 0);
        for (place, row) in self.inputs.iter_mut().zip(self.from_rows) {
            place.move_by(*row);
        }
        for (place, row) in self.outputs.iter_mut().zip(self.to_rows) {
            place.move_by(*row);
        }
        true
    }

    #[inline(always)]
    fn finish_block<S: Simd>(&mut self, simd: S) {
        let (start, total, way) = (self.start, self.total, self.way);
        let len = self.range.len.min(total - start);
        let outputs = self.outputs.iter().zip(self.out_tiles.iter_mut());
        for (((place, tile), kind), reread) in outputs.zip(self.kinds).zip(self.reread) {
            let way = way_of(way, *reread);
            if self.short {
                // SAFETY: the view says that its vectors are valid for writes, and the loop has filled the tile.
                unsafe { place.empty(simd, *kind, len, tile) };
            } else {
                // SAFETY: as for `source`, for writes, and the loop has filled the tile.
                unsafe { place.finish(simd, *kind, (start, len, total), tile, way) };
            }
        }
        self.start += len;
        self.range.head = 0;
    }
}

/// The way of an output: what is read again at once goes through the caches.
#[inline(always)]
fn way_of(way: Way, reread: bool) -> Way {
    if reread { Way::Cached } else { way }
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
