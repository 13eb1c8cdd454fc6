//! What `Script::new` and `replay` refuse, and the words they refuse it with.

use infimum_kernels::{
    Accumulate, Add, AddRows, ColumnSums, Embed, Executor, Fault, Ids, Instruction, Isa, LANES, Linear, Matrix, Memory,
    Multiply, Outer, Place, Script, Sizes, Vector, Write, Zero,
};

const SIZES: Sizes = Sizes { values: 100, weights: 50, ids: 6 };

/// The fault of one instruction behind a right one.
fn fault(instruction: impl Into<Instruction>) -> Fault {
    let first = Zero { y: Place::dense(0, 1, 1) }.into();
    let error = Script::new(vec![first, instruction.into()], Executor::Lanes, SIZES).expect_err("must be refused");
    assert_eq!(error.instruction, 1);
    assert!(error.to_string().starts_with(&format!("instruction 1 ({}): ", error.kernel)), "{error}");
    error.fault
}

fn accepted(instruction: impl Into<Instruction>) {
    Script::new(vec![instruction.into()], Executor::Lanes, SIZES).expect("must be accepted");
}

/// `y = x w + bias` with 3 positions, 4 inputs and 5 outputs; right as it is.
fn linear() -> Linear {
    Linear {
        x: Place { offset: 0, rows: 3, channels: 4, stride: 5 },
        y: Place { offset: 15, rows: 3, channels: 5, stride: 5 },
        w: Matrix::dense(0, 4, 5),
        bias: Some(Matrix::dense(20, 1, 5)),
        write: Write::Store,
        rounded: None,
    }
}

#[test]
fn what_is_right_is_accepted() {
    accepted(linear());
    accepted(Linear { w: Matrix::dense(30, 5, 4).transposed(), ..linear() });
}

#[test]
fn empty_fields_are_refused() {
    let Linear { x, w, .. } = linear();
    assert_eq!(fault(Zero { y: Place::dense(0, 0, 3) }), Fault::Empty { field: "y" });
    assert_eq!(fault(Zero { y: Place::dense(0, 3, 0) }), Fault::Empty { field: "y" });
    assert_eq!(fault(Linear { x: Place { channels: 0, ..x }, ..linear() }), Fault::Empty { field: "x" });
    assert_eq!(fault(Linear { w: Matrix { columns: 0, ..w }, ..linear() }), Fault::Empty { field: "w" });
}

#[test]
fn fields_outside_their_memory_are_refused() {
    accepted(Zero { y: Place::dense(90, 2, 5) });
    let outside = |field, end, size| Fault::Outside { field, end, size };
    assert_eq!(fault(Zero { y: Place::dense(91, 2, 5) }), outside("y", 101, 100));
    assert_eq!(fault(Zero { y: Place { offset: 0, rows: 3, channels: 1, stride: 50 } }), outside("y", 101, 100));
    assert_eq!(fault(Linear { w: Matrix::dense(31, 4, 5), ..linear() }), outside("w", 51, 50));
    assert_eq!(fault(Linear { bias: Some(Matrix::dense(46, 1, 5)), ..linear() }), outside("bias", 51, 50));
    let huge = Place { offset: u32::MAX, rows: u32::MAX, channels: 1, stride: u32::MAX };
    assert!(matches!(fault(Zero { y: huge }), Fault::Outside { field: "y", size: 100, .. }));
    let sums = ColumnSums { db: Matrix::dense(48, 1, 3), dy: Place::dense(0, 2, 3) };
    assert_eq!(fault(sums), outside("db", 51, 50));
    let embed = |ids| Embed { y: Place::dense(0, 3, 2), ids, table: Matrix::dense(0, 7, 2), write: Write::Store };
    accepted(embed(Ids { offset: 3, rows: 3, alphabet: 7 }));
    assert_eq!(fault(embed(Ids { offset: 4, rows: 3, alphabet: 7 })), outside("ids", 7, 6));
}

#[test]
fn written_fields_that_meet_themselves_are_refused() {
    let folded = Place { offset: 0, rows: 2, channels: 5, stride: 4 };
    assert_eq!(fault(Zero { y: folded }), Fault::Folded { field: "y" });
    accepted(Zero { y: Place { rows: 1, ..folded } });
    let (x, dy) = (Place::dense(0, 2, 3), Place::dense(6, 2, 4));
    let outer = |dw| Outer { dw, x, dy, rounded: None };
    accepted(outer(Matrix::dense(0, 3, 4)));
    accepted(outer(Matrix::dense(0, 4, 3).transposed()));
    assert_eq!(fault(outer(Matrix { row_stride: 0, ..Matrix::dense(0, 3, 4) })), Fault::Folded { field: "dw" });
    assert_eq!(fault(outer(Matrix { row_stride: 3, ..Matrix::dense(0, 3, 4) })), Fault::Folded { field: "dw" });
}

/// Read weights may stand in several places of a matrix: one row for all positions.
#[test]
fn weights_may_repeat() {
    let x = Place::dense(0, 3, 4);
    accepted(AddRows { y: x, x, rows: Matrix { row_stride: 0, ..Matrix::dense(0, 3, 4) } });
}

#[test]
fn what_is_written_meets_nothing_else() {
    let overlap = Fault::Overlap { written: "y", other: "x" };
    let Linear { x, y, .. } = linear();
    assert_eq!(fault(Linear { y: Place { offset: 13, ..y }, ..linear() }), overlap, "row 2 of x ends at 14");
    assert_eq!(fault(Linear { y: Place { offset: 4, ..y }, ..linear() }), overlap);
    let beside = Linear { x: Place { stride: 9, ..x }, y: Place { offset: 4, stride: 9, ..y }, ..linear() };
    accepted(beside);
    let square = Place::dense(0, 3, 4);
    assert_eq!(fault(Accumulate { y: square, x: square, write: Write::Add }), overlap);
}

#[test]
fn only_the_very_same_place_may_stand_twice() {
    let (a, b) = (Place::dense(0, 3, 4), Place::dense(12, 3, 4));
    accepted(Add { y: a, a, b });
    accepted(Multiply { y: b, a, b, write: Write::Add });
    let shifted = Place { offset: 1, ..a };
    assert_eq!(fault(Add { y: shifted, a, b }), Fault::Overlap { written: "y", other: "a" });
    let wider = Place { stride: 5, ..a };
    assert_eq!(fault(Add { y: wider, a, b: Place { offset: 40, ..b } }), Fault::Overlap { written: "y", other: "a" });
}

#[test]
fn shapes_must_agree() {
    let Linear { x, y, w, .. } = linear();
    let unequal = |left, left_size, right, right_size| Fault::Unequal { left, left_size, right, right_size };
    assert_eq!(fault(Linear { y: Place { rows: 2, ..y }, ..linear() }), unequal("y.rows", 2, "x.rows", 3));
    assert_eq!(fault(Linear { x: Place { channels: 3, ..x }, ..linear() }), unequal("x.channels", 3, "w.rows", 4));
    assert_eq!(fault(Linear { w: w.columns(0..4), ..linear() }), unequal("y.channels", 5, "w.columns", 4));
    let narrow = Linear { bias: Some(Matrix::dense(20, 1, 4)), ..linear() };
    assert_eq!(fault(narrow), unequal("bias.columns", 4, "w.columns", 5));
    let tall = Linear { bias: Some(Matrix::dense(20, 2, 5)), ..linear() };
    assert_eq!(fault(tall), Fault::Rule("`bias` has one row"));
    let (a, b) = (Place::dense(0, 3, 4), Place::dense(12, 4, 3));
    assert!(matches!(fault(Add { y: a, a, b }), Fault::Unequal { .. }));
}

/// An id times the stride of the table is computed in 32 bits.
#[test]
fn tables_whose_rows_start_beyond_32_bits_are_refused() {
    let sizes = Sizes { weights: usize::MAX, ..SIZES };
    let with = |alphabet: u32, row_stride: u32| {
        let table = Matrix { offset: 0, rows: alphabet, columns: 2, row_stride, column_stride: 1 };
        let ids = Ids { offset: 0, rows: 3, alphabet };
        let embed = Embed { y: Place::dense(0, 3, 2), ids, table, write: Write::Store };
        Script::new(vec![embed.into()], Executor::Lanes, sizes).map(|_| ()).map_err(|error| error.fault)
    };
    let refused = Err(Fault::Rule("rows of `table` start within 32 bits"));
    assert_eq!([with(65_536, 65_537), with(2, u32::MAX)], [Ok(()), Ok(())]);
    assert_eq!(
        [with(65_537, 65_536), with(70_000, 70_000), with(3, u32::MAX)],
        [refused.clone(), refused.clone(), refused]
    );
}

#[test]
fn messages_give_the_field_and_the_numbers() {
    let error =
        Script::new(vec![Zero { y: Place::dense(91, 2, 5) }.into()], Executor::Lanes, SIZES).expect_err("outside");
    assert_eq!(error.to_string(), "instruction 0 (Zero): `y` ends at 101, the memory at 100");
    let Linear { y, .. } = linear();
    let error = Script::new(vec![Linear { y: Place { rows: 2, ..y }, ..linear() }.into()], Executor::Lanes, SIZES)
        .expect_err("shape");
    assert_eq!(error.to_string(), "instruction 0 (Linear): y.rows is 2 but x.rows is 3");
}

/// Replays an embedding with memories of these sizes and one id.
fn replay(values: usize, weights: usize, gradients: usize, ids: usize, id: u32) {
    let ids_place = Ids { offset: 0, rows: 2, alphabet: 5 };
    let embed = Embed { y: Place::dense(0, 2, 3), ids: ids_place, table: Matrix::dense(0, 5, 3), write: Write::Store };
    let sizes = Sizes { values: 6, weights: 15, ids: 2 };
    let script = Script::new(vec![embed.into()], Executor::Lanes, sizes).expect("right");
    let mut memory = Memory {
        values: &mut vec![Vector::default(); values],
        weights: &vec![0.0; weights],
        gradients: &mut vec![0.0; gradients],
        ids: &vec![id; ids],
        panels: &[],
    };
    script.replay(Isa::best(), &mut memory);
}

#[test]
fn memories_as_large_as_promised_will_do() {
    replay(6, 15, 15, 2 * LANES, 4);
}

#[test]
#[should_panic(expected = "5 vectors of values, needs 6")]
fn too_few_values() {
    replay(5, 15, 15, 2 * LANES, 4);
}

#[test]
#[should_panic(expected = "14 weights, needs 15")]
fn too_few_weights() {
    replay(6, 14, 15, 2 * LANES, 4);
}

#[test]
#[should_panic(expected = "14 gradients, needs 15")]
fn too_few_gradients() {
    replay(6, 15, 14, 2 * LANES, 4);
}

#[test]
#[should_panic(expected = "31 ids, needs 2 rows of 16")]
fn too_few_ids() {
    replay(6, 15, 15, 31, 4);
}

#[test]
#[should_panic(expected = "id 5 in an alphabet of 5")]
fn an_id_outside_its_alphabet() {
    replay(6, 15, 15, 2 * LANES, 5);
}

/// Rounded operands need scratch of their shape, apart from all else, in the wide layout.
#[test]
fn rounding_is_for_the_wide_layout() {
    let sizes = Sizes { values: 50, ..SIZES };
    let scratch = Place { offset: 31, rows: 3, channels: 4, stride: 4 };
    let script = |rounded, executor| {
        Script::new(vec![Linear { rounded: Some(rounded), ..linear() }.into()], executor, sizes).map_err(|e| e.fault)
    };
    assert!(script(scratch, Executor::Wide).is_ok());
    assert!(matches!(script(scratch, Executor::Lanes), Err(Fault::Rule(rule)) if rule.contains("wide layout")));
    assert!(matches!(script(scratch.rows(0..2), Executor::Wide), Err(Fault::Unequal { left: "rounded", .. })));
    assert!(matches!(script(Place { offset: 20, ..scratch }, Executor::Wide), Err(Fault::Overlap { .. })));
}
