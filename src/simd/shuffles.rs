//! Rows to columns and back in registers of 128 bits, or in each 128 bits of wider ones: written once for all
//! that can pick lanes from two registers.

/// Registers, or parts of them, of four lanes.
pub(super) trait Fours: Copy {
    /// Two lanes of `self` and two of `other`, as [`pick`] says.
    fn shuffle<const LANES: i32>(self, other: Self) -> Self;
}

/// Registers, or parts of them, of two lanes.
pub(super) trait Twos: Copy {
    /// One lane of `self` and one of `other`, as [`pick_two`] says.
    fn shuffle<const LANES: i32>(self, other: Self) -> Self;
}

/// Lanes a and b of the first, c and d of the second.
pub(super) const fn pick(a: i32, b: i32, c: i32, d: i32) -> i32 {
    a | b << 2 | c << 4 | d << 6
}

/// Lane a of the first, b of the second, in each half of a register.
pub(super) const fn pick_two(a: i32, b: i32) -> i32 {
    (a | b << 1) * 0b101
}

/// x0 y0 z0 x1, y1 z1 x2 y2, z2 x3 y3 z3 to x, y, z.
#[inline(always)]
pub(super) fn rows_to_columns<F: Fours>([a, b, c]: [F; 3]) -> [F; 3] {
    let xy = b.shuffle::<{ pick(2, 3, 1, 2) }>(c); // x2 y2 x3 y3
    let yz = a.shuffle::<{ pick(1, 2, 0, 1) }>(b); // y0 z0 y1 z1
    [
        a.shuffle::<{ pick(0, 3, 0, 2) }>(xy),
        yz.shuffle::<{ pick(0, 2, 1, 3) }>(xy),
        yz.shuffle::<{ pick(1, 3, 0, 3) }>(c),
    ]
}

/// The other way.
#[inline(always)]
pub(super) fn columns_to_rows<F: Fours>([x, y, z]: [F; 3]) -> [F; 3] {
    let xy = x.shuffle::<{ pick(0, 2, 0, 2) }>(y); // x0 x2 y0 y2
    let yz = y.shuffle::<{ pick(1, 3, 1, 3) }>(z); // y1 y3 z1 z3
    let zx = z.shuffle::<{ pick(0, 2, 1, 3) }>(x); // z0 z2 x1 x3
    [
        xy.shuffle::<{ pick(0, 2, 0, 2) }>(zx),
        yz.shuffle::<{ pick(0, 2, 1, 3) }>(xy),
        zx.shuffle::<{ pick(1, 3, 1, 3) }>(yz),
    ]
}

/// Four padded rows to x, y, z.
#[inline(always)]
pub(super) fn padded_to_columns<F: Fours>([a, b, c, d]: [F; 4]) -> [F; 3] {
    let xy = [
        a.shuffle::<{ pick(0, 1, 0, 1) }>(b),
        c.shuffle::<{ pick(0, 1, 0, 1) }>(d),
    ];
    let z = [
        a.shuffle::<{ pick(2, 2, 2, 2) }>(b),
        c.shuffle::<{ pick(2, 2, 2, 2) }>(d),
    ];
    [
        xy[0].shuffle::<{ pick(0, 2, 0, 2) }>(xy[1]),
        xy[0].shuffle::<{ pick(1, 3, 1, 3) }>(xy[1]),
        z[0].shuffle::<{ pick(0, 2, 0, 2) }>(z[1]),
    ]
}

/// The other way; the padding takes what is z.
#[inline(always)]
pub(super) fn columns_to_padded<F: Fours>([x, y, z]: [F; 3]) -> [F; 4] {
    let even = x.shuffle::<{ pick(0, 2, 0, 2) }>(y); // x0 x2 y0 y2
    let odd = x.shuffle::<{ pick(1, 3, 1, 3) }>(y);
    [
        even.shuffle::<{ pick(0, 2, 0, 0) }>(z),
        odd.shuffle::<{ pick(0, 2, 1, 1) }>(z),
        even.shuffle::<{ pick(1, 3, 2, 2) }>(z),
        odd.shuffle::<{ pick(1, 3, 3, 3) }>(z),
    ]
}

/// (x, y, z, _) to (y, z, x, _) in each.
#[inline(always)]
pub(super) fn rotate<F: Fours>([a, b, c, d]: [F; 4]) -> [F; 4] {
    [
        a.shuffle::<{ pick(1, 2, 0, 3) }>(a),
        b.shuffle::<{ pick(1, 2, 0, 3) }>(b),
        c.shuffle::<{ pick(1, 2, 0, 3) }>(c),
        d.shuffle::<{ pick(1, 2, 0, 3) }>(d),
    ]
}

/// x0 y0, z0 x1, y1 z1 to x, y, z.
#[inline(always)]
pub(super) fn row_pairs_to_columns<T: Twos>([a, b, c]: [T; 3]) -> [T; 3] {
    [
        a.shuffle::<{ pick_two(0, 1) }>(b),
        a.shuffle::<{ pick_two(1, 0) }>(c),
        b.shuffle::<{ pick_two(0, 1) }>(c),
    ]
}

/// The other way.
#[inline(always)]
pub(super) fn columns_to_row_pairs<T: Twos>([x, y, z]: [T; 3]) -> [T; 3] {
    [
        x.shuffle::<{ pick_two(0, 0) }>(y),
        z.shuffle::<{ pick_two(0, 1) }>(x),
        y.shuffle::<{ pick_two(1, 1) }>(z),
    ]
}

/// x0 y0, z0 _, x1 y1, z1 _ to x, y, z.
#[inline(always)]
pub(super) fn padded_pairs_to_columns<T: Twos>([xy0, z0, xy1, z1]: [T; 4]) -> [T; 3] {
    [
        xy0.shuffle::<{ pick_two(0, 0) }>(xy1),
        xy0.shuffle::<{ pick_two(1, 1) }>(xy1),
        z0.shuffle::<{ pick_two(0, 0) }>(z1),
    ]
}

/// The other way; the padding takes what is z.
#[inline(always)]
pub(super) fn columns_to_padded_pairs<T: Twos>([x, y, z]: [T; 3]) -> [T; 4] {
    [
        x.shuffle::<{ pick_two(0, 0) }>(y),
        z.shuffle::<{ pick_two(0, 0) }>(z),
        x.shuffle::<{ pick_two(1, 1) }>(y),
        z.shuffle::<{ pick_two(1, 1) }>(z),
    ]
}

/// x y, z _ to y z, x _ in each pair.
#[inline(always)]
pub(super) fn rotate_pairs<T: Twos>([xy0, z0, xy1, z1]: [T; 4]) -> [T; 4] {
    [
        xy0.shuffle::<{ pick_two(1, 0) }>(z0),
        xy0,
        xy1.shuffle::<{ pick_two(1, 0) }>(z1),
        xy1,
    ]
}
