//! Instructions run by their plain twins, in f64, one lane at a time.

use infimum_kernels::{Instruction, LANES, Matrix, Place, View, ViewMut, plain};

use crate::frame::{State, numbers, vectors};

/// The memories of one lane, in f64.
pub(crate) struct Plain {
    pub(crate) values: Vec<f64>,
    weights: Vec<f64>,
    pub(crate) gradients: Vec<f64>,
    ids: Vec<u16>,
}

/// A matrix of its own.
struct Array {
    data: Vec<f64>,
    rows: usize,
    columns: usize,
}

impl Array {
    fn view(&self) -> View<'_, f64> {
        View::new(&self.data, self.rows, self.columns)
    }

    fn view_mut(&mut self) -> ViewMut<'_, f64> {
        ViewMut::new(&mut self.data, self.rows, self.columns)
    }
}

impl Plain {
    /// The memories after each lane in turn has run the instruction, on inputs changed by `map`. The gradients go
    /// through all lanes: the last has their sum.
    pub(crate) fn run_lanes(instruction: &Instruction, state: &State, map: impl Fn(f64) -> f64) -> Vec<Plain> {
        let widen = |x: &f32| map(f64::from(*x));
        let mut gradients: Vec<f64> = state.gradients.iter().map(widen).collect();
        (0..LANES)
            .map(|lane| {
                let mut plain = Plain {
                    values: state.values.iter().map(|x| widen(&x.0[lane])).collect(),
                    weights: state.weights.iter().map(widen).collect(),
                    gradients: gradients.clone(),
                    ids: state.ids.iter().skip(lane).step_by(LANES).map(|&id| id as u16).collect(),
                };
                twin(instruction, &mut plain);
                gradients.clone_from(&plain.gradients);
                plain
            })
            .collect()
    }

    fn value(&self, place: Place) -> Array {
        let data = vectors(place).map(|at| self.values[at]).collect();
        Array { data, rows: place.rows as usize, columns: place.channels as usize }
    }

    fn weight(&self, matrix: Matrix) -> Array {
        let data = numbers(matrix).map(|at| self.weights[at]).collect();
        Array { data, rows: matrix.rows as usize, columns: matrix.columns as usize }
    }

    /// Lets `change` write a place.
    fn write(&mut self, place: Place, change: impl FnOnce(&mut ViewMut<f64>)) {
        let mut array = self.value(place);
        change(&mut array.view_mut());
        vectors(place).zip(array.data).for_each(|(at, x)| self.values[at] = x);
    }

    /// Lets `change` write gradients.
    fn gradient(&mut self, matrix: Matrix, change: impl FnOnce(&mut ViewMut<f64>)) {
        let data = numbers(matrix).map(|at| self.gradients[at]).collect();
        let mut array = Array { data, rows: matrix.rows as usize, columns: matrix.columns as usize };
        change(&mut array.view_mut());
        numbers(matrix).zip(array.data).for_each(|(at, x)| self.gradients[at] = x);
    }
}

/// Runs one instruction.
fn twin(instruction: &Instruction, m: &mut Plain) {
    match instruction {
        Instruction::Linear(k) => {
            let (x, w, bias) = (m.value(k.x), m.weight(k.w), k.bias.map(|bias| m.weight(bias)));
            let bias = bias.as_ref().map(Array::view);
            m.write(k.y, |y| plain::linear(y, x.view(), w.view(), bias, k.write));
        }
        Instruction::Outer(k) => {
            let (x, dy) = (m.value(k.x), m.value(k.dy));
            m.gradient(k.dw, |dw| plain::outer(dw, x.view(), dy.view()));
        }
        Instruction::ColumnSums(k) => {
            let dy = m.value(k.dy);
            m.gradient(k.db, |db| plain::column_sums(db, dy.view()));
        }
        Instruction::AddRows(k) => {
            let (x, rows) = (m.value(k.x), m.weight(k.rows));
            m.write(k.y, |y| plain::add_rows(y, x.view(), rows.view()));
        }
        Instruction::AddRowsGradient(k) => {
            let dy = m.value(k.dy);
            m.gradient(k.drows, |drows| plain::add_rows_gradient(drows, dy.view()));
        }
        Instruction::Add(k) => {
            let (a, b) = (m.value(k.a), m.value(k.b));
            m.write(k.y, |y| plain::add(y, a.view(), b.view()));
        }
        Instruction::Accumulate(k) => {
            let x = m.value(k.x);
            m.write(k.y, |y| plain::accumulate(y, x.view(), k.write));
        }
        Instruction::Multiply(k) => {
            let (a, b) = (m.value(k.a), m.value(k.b));
            m.write(k.y, |y| plain::multiply(y, a.view(), b.view(), k.write));
        }
        Instruction::Zero(k) => m.write(k.y, |y| plain::zero(y)),
        other => panic!("no twin of {}", other.kernel()), // K2: replace this arm by yours
    }
}
