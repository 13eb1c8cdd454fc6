//! Instructions run by their plain twins, one sequence at a time: in f64, the definition, and in f32, whose bits the lanes have.

use infimum_kernels::{
    Attend, AttendCached, AttendGradient, Attention, CrossEntropy, CrossEntropyGradient, Executor, HeadNorm,
    HeadNormGradient, Ids, Instruction, Linear, Matrix, NormForward, NormGradient, Place, Rotate, Scalar,
    SpreadGradient, View, ViewMut, Write, plain,
};

use crate::frame::{State, numbers, places_of};

/// The memories of one sequence.
pub(crate) struct Plain<S> {
    executor: Executor,
    sequence: usize,
    values: Vec<[S; 16]>,
    weights: Vec<S>,
    pub(crate) gradients: Vec<S>,
    ids: Vec<u16>,
}

/// A matrix of its own.
pub(crate) struct Array<S> {
    pub(crate) data: Vec<S>,
    rows: usize,
    columns: usize,
}

impl<S: Scalar> Array<S> {
    fn view(&self) -> View<'_, S> {
        View::new(&self.data, self.rows, self.columns)
    }

    fn view_mut(&mut self) -> ViewMut<'_, S> {
        ViewMut::new(&mut self.data, self.rows, self.columns)
    }

    /// The same numbers, or each rounded to bfloat16.
    fn rounded(mut self, really: bool) -> Array<S> {
        if really {
            self.data.iter_mut().for_each(|x| *x = plain::bf16(*x));
        }
        self
    }

    fn zeros(place: Place) -> Array<S> {
        let (rows, columns) = (place.rows as usize, place.channels as usize);
        Array { data: vec![S::ZERO; rows * columns], rows, columns }
    }
}

impl<S: Scalar> Plain<S> {
    /// The memories after each sequence in turn has run the instruction, on inputs changed by `map`. The gradients go
    /// through all of them: the last has their sum.
    pub(crate) fn run(instruction: &Instruction, state: &State, map: impl Fn(S) -> S) -> Vec<Plain<S>> {
        let widen = |x: &f32| map(S::of_f32(*x));
        let mut gradients: Vec<S> = state.gradients.iter().map(widen).collect();
        let sequences = state.executor.sequences();
        (0..sequences)
            .map(|sequence| {
                let mut plain = Plain {
                    executor: state.executor,
                    sequence,
                    values: state.values.iter().map(|x| std::array::from_fn(|l| widen(&x.0[l]))).collect(),
                    weights: state.weights.iter().map(widen).collect(),
                    gradients: gradients.clone(),
                    ids: state.ids.iter().skip(sequence).step_by(sequences).map(|&id| id as u16).collect(),
                };
                twin(instruction, &mut plain);
                gradients.clone_from(&plain.gradients);
                plain
            })
            .collect()
    }

    pub(crate) fn value(&self, place: Place) -> Array<S> {
        let data = places_of(self.executor, place, self.sequence).map(|(at, lane)| self.values[at][lane]).collect();
        Array { data, rows: place.rows as usize, columns: place.channels as usize }
    }

    fn weight(&self, matrix: Matrix) -> Array<S> {
        let data = numbers(matrix).map(|at| self.weights[at]).collect();
        Array { data, rows: matrix.rows as usize, columns: matrix.columns as usize }
    }

    /// Lets `change` write a place.
    fn write(&mut self, place: Place, change: impl FnOnce(&mut ViewMut<S>)) {
        let mut array = self.value(place);
        change(&mut array.view_mut());
        self.replace(place, array);
    }

    /// What a twin that adds starts from: zeros where it must store.
    fn target(&self, (place, write): (Place, Write)) -> Array<S> {
        if write == Write::Add { self.value(place) } else { Array::zeros(place) }
    }

    fn replace(&mut self, place: Place, array: Array<S>) {
        let to = places_of(self.executor, place, self.sequence);
        to.zip(array.data).for_each(|((at, lane), x)| self.values[at][lane] = x);
    }

    fn ids(&self, ids: Ids) -> Vec<u16> {
        self.ids[ids.offset as usize..][..ids.rows as usize].to_vec()
    }

    /// Lets `change` write gradients.
    fn gradient(&mut self, matrix: Matrix, change: impl FnOnce(&mut ViewMut<S>)) {
        let data = numbers(matrix).map(|at| self.gradients[at]).collect();
        let mut array = Array { data, rows: matrix.rows as usize, columns: matrix.columns as usize };
        change(&mut array.view_mut());
        numbers(matrix).zip(array.data).for_each(|(at, x)| self.gradients[at] = x);
    }
}

/// Runs one instruction.
fn twin<S: Scalar>(instruction: &Instruction, m: &mut Plain<S>) {
    match instruction {
        Instruction::Linear(k) => linear(k, m),
        Instruction::Outer(k) => {
            let [x, dy] = [k.x, k.dy].map(|place| m.value(place).rounded(k.rounded.is_some()));
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
        Instruction::Embed(k) => {
            let (ids, table) = (m.ids(k.ids), m.weight(k.table));
            m.write(k.y, |y| plain::embed(y, &ids, table.view(), k.write));
        }
        Instruction::EmbedGradient(k) => {
            let (ids, dy) = (m.ids(k.ids), m.value(k.dy));
            m.gradient(k.dtable, |dtable| plain::embed_gradient(dtable, &ids, dy.view()));
        }
        Instruction::NormForward(k) => norm_forward(k, m),
        Instruction::NormGradient(k) => norm_gradient(k, m),
        Instruction::HeadNorm(k) => head_norm(k, m),
        Instruction::HeadNormGradient(k) => head_norm_gradient(k, m),
        Instruction::Rotate(k) => rotate(k, m),
        Instruction::Spread(k) => {
            let x = m.value(k.x);
            m.write(k.y, |y| plain::spread(y, x.view(), k.readers));
        }
        Instruction::SpreadGradient(k) => spread_gradient(k, m),
        Instruction::Activate(k) => {
            let (x, mut slope) = (m.value(k.x), k.slope.map(Array::zeros));
            let mut slopes = slope.as_mut().map(Array::view_mut);
            m.write(k.y, |y| plain::activation(y, x.view(), k.kind, slopes.as_mut()));
            k.slope.into_iter().zip(slope).for_each(|(place, slope)| m.replace(place, slope));
        }
        Instruction::ActivateGradient(k) => {
            let (x, dy, mut dx) = (m.value(k.x), m.value(k.dy), m.target((k.dx, k.write)));
            plain::activation_gradient(&mut dx.view_mut(), x.view(), dy.view(), k.kind);
            m.replace(k.dx, dx);
        }
        Instruction::Attend(k) => attention(k, m),
        Instruction::AttendGradient(k) => attention_gradient(k, m),
        Instruction::AttendCached(k) => attention_cached(k, m),
        Instruction::CrossEntropy(k) => cross_entropy(k, m),
        Instruction::CrossEntropyGradient(k) => cross_entropy_gradient(k, m),
    }
}

fn linear<S: Scalar>(k: &Linear, m: &mut Plain<S>) {
    let [x, w] = [m.value(k.x), m.weight(k.w)].map(|array| array.rounded(k.rounded.is_some()));
    let bias = k.bias.map(|bias| m.weight(bias));
    let bias = bias.as_ref().map(Array::view);
    m.write(k.y, |y| plain::linear(y, x.view(), w.view(), bias, k.write));
}

fn norm_gradient<S: Scalar>(k: &NormGradient, m: &mut Plain<S>) {
    let (x, dy, saved, gain) = (m.value(k.x), m.value(k.dy), m.value(k.saved), k.gain.map(|gain| m.weight(gain)));
    let (x, dy, saved, gain) = (x.view(), dy.view(), saved.view(), gain.as_ref().map(Array::view));
    if let Some(dgain) = k.dgain {
        m.gradient(dgain, |to| plain::norm_gradient(None, Some(to), None, x, dy, k.norm, gain, saved));
    }
    if let Some(dbias) = k.dbias {
        m.gradient(dbias, |to| plain::norm_gradient(None, None, Some(to), x, dy, k.norm, gain, saved));
    }
    if let Some(dx) = k.dx {
        let mut to = m.target(dx);
        plain::norm_gradient(Some(&mut to.view_mut()), None, None, x, dy, k.norm, gain, saved);
        m.replace(dx.0, to);
    }
}

fn head_norm<S: Scalar>(k: &HeadNorm, m: &mut Plain<S>) {
    let (x, gain, mut saved) = (m.value(k.x), m.weight(k.gain), Array::zeros(k.saved));
    m.write(k.y, |y| plain::head_norm(y, x.view(), k.norm, gain.view(), &mut saved.view_mut()));
    m.replace(k.saved, saved);
}

fn head_norm_gradient<S: Scalar>(k: &HeadNormGradient, m: &mut Plain<S>) {
    let (x, dy, saved, gain) = (m.value(k.x), m.value(k.dy), m.value(k.saved), m.weight(k.gain));
    let (x, dy, saved, gain) = (x.view(), dy.view(), saved.view(), gain.view());
    if let Some(dgain) = k.dgain {
        m.gradient(dgain, |to| plain::head_norm_gradient(None, Some(to), x, dy, k.norm, gain, saved));
    }
    if let Some(dx) = k.dx {
        let mut to = m.target(dx);
        plain::head_norm_gradient(Some(&mut to.view_mut()), None, x, dy, k.norm, gain, saved);
        m.replace(dx.0, to);
    }
}

fn spread_gradient<S: Scalar>(k: &SpreadGradient, m: &mut Plain<S>) {
    let (dy, mut dx) = (m.value(k.dy), m.target((k.dx, k.write)));
    plain::spread_gradient(&mut dx.view_mut(), dy.view(), k.readers);
    m.replace(k.dx, dx);
}

/// With the row of each position, where positions are named.
fn rotate<S: Scalar>(k: &Rotate, m: &mut Plain<S>) {
    let (x, table, mut y) = (m.value(k.x), m.weight(k.waves), m.target((k.y, k.write)));
    let rows: Vec<usize> = match k.positions {
        Some(positions) => m.ids(positions).into_iter().map(usize::from).collect(),
        None => (0..table.rows).collect(),
    };
    let data = rows.iter().flat_map(|row| table.data[row * table.columns..][..table.columns].to_vec()).collect();
    let waves = Array { data, rows: rows.len(), columns: table.columns };
    plain::rotate(&mut y.view_mut(), x.view(), waves.view(), k.turn, Write::Add);
    m.replace(k.y, y);
}

/// Query by query, so that where `dk` and `dv` are one place each query adds to it for `dk`, then for `dv`.
fn attention_gradient<S: Scalar>(k: &AttendGradient, m: &mut Plain<S>) {
    let arrays = [k.q, k.k, k.v, k.y, k.dy, k.saved].map(|place| m.value(place));
    let [q, key, v, y, dy, saved] = std::array::from_fn(|i| arrays[i].view());
    let (mut dq, mut dk, mut dv) = (m.target(k.dq), m.target(k.dk), m.target(k.dv));
    let shared = k.dk.0 == k.dv.0;
    for t in 0..q.row_count() {
        let (mut unused, row) = (Array::zeros(k.dk.0), t..t + 1);
        let mut ignored = Array::zeros(k.dq.0.rows(0..1));
        let a = Attention { first: k.attention.first + t, ..k.attention };
        let [q, y, dy, saved] = [q, y, dy, saved].map(|view| view.rows(row.clone()));
        let (mut dq, dk, dv) = (dq.view_mut(), &mut dk.view_mut(), &mut dv.view_mut());
        let dq_row = &mut dq.rows(row);
        if shared {
            plain::attention_gradient(dq_row, dk, &mut unused.view_mut(), q, key, v, y, dy, a, saved);
            let ignored = &mut ignored.view_mut();
            plain::attention_gradient(ignored, &mut unused.view_mut(), dk, q, key, v, y, dy, a, saved);
        } else {
            plain::attention_gradient(dq_row, dk, dv, q, key, v, y, dy, a, saved);
        }
    }
    m.replace(k.dq.0, dq);
    if !shared {
        m.replace(k.dv.0, dv);
    }
    m.replace(k.dk.0, dk);
}

fn norm_forward<S: Scalar>(k: &NormForward, m: &mut Plain<S>) {
    let (x, gain, bias) = (m.value(k.x), k.gain.map(|gain| m.weight(gain)), k.bias.map(|bias| m.weight(bias)));
    let (gain, bias) = (gain.as_ref().map(Array::view), bias.as_ref().map(Array::view));
    let mut saved = Array::zeros(k.saved);
    m.write(k.y, |y| plain::norm(y, x.view(), k.norm, gain, bias, &mut saved.view_mut()));
    m.replace(k.saved, saved);
}

fn attention<S: Scalar>(k: &Attend, m: &mut Plain<S>) {
    let (q, key, v, mut saved) = (m.value(k.q), m.value(k.k), m.value(k.v), Array::zeros(k.saved));
    let mut kept = k.kept.map(Array::zeros);
    let (saved_view, mut kept_view) = (&mut saved.view_mut(), kept.as_mut().map(Array::view_mut));
    m.write(k.y, |y| {
        plain::attention(y, q.view(), key.view(), v.view(), k.attention, saved_view, kept_view.as_mut());
    });
    m.replace(k.saved, saved);
    k.kept.into_iter().zip(kept).for_each(|(place, kept)| m.replace(place, kept));
}

/// Row by row, with what is kept of the row brought into the order `[position][channel]` and back.
fn attention_cached<S: Scalar>(k: &AttendCached, m: &mut Plain<S>) {
    let arrays = [k.q, k.k, k.v].map(|place| m.value(place));
    let [q, key, v] = std::array::from_fn(|i| arrays[i].view());
    let (mut y, mut saved, at) = (Array::zeros(k.y), Array::zeros(k.saved), m.ids(k.positions));
    let (mut keys, mut values) = (m.value(k.keys), m.value(k.values));
    for (n, position) in at.into_iter().enumerate() {
        let row = n..n + 1;
        let [q, key, v] = [q, key, v].map(|view| view.rows(row.clone()));
        let (of_keys, of_values) = kept_at(k, m.executor, n);
        let mut own_keys = Array { data: of_keys.iter().map(|&i| keys.data[i]).collect(), ..Array::kept(k, k.k) };
        let mut own_values = Array { data: of_values.iter().map(|&i| values.data[i]).collect(), ..Array::kept(k, k.v) };
        let a = Attention { heads: k.heads, scale: k.scale, first: usize::from(position) };
        let (y, saved) = (&mut y.view_mut(), &mut saved.view_mut());
        let (y, saved) = (&mut y.rows(row.clone()), &mut saved.rows(row));
        let (own_keys_view, own_values_view) = (&mut own_keys.view_mut(), &mut own_values.view_mut());
        plain::attention_cached(y, q, key, v, own_keys_view, own_values_view, a, saved);
        of_keys.into_iter().zip(own_keys.data).for_each(|(i, x)| keys.data[i] = x);
        of_values.into_iter().zip(own_values.data).for_each(|(i, x)| values.data[i] = x);
    }
    [(k.y, y), (k.saved, saved), (k.keys, keys), (k.values, values)]
        .into_iter()
        .for_each(|(place, x)| m.replace(place, x));
}

impl<S> Array<S> {
    /// What is kept of one row of `x`, without its numbers.
    fn kept(k: &AttendCached, x: Place) -> Array<S> {
        Array { data: vec![], rows: k.positions.alphabet as usize, columns: x.channels as usize }
    }
}

/// Where key and value of row `n` stand in `keys` and `values`, position by position, channel by channel.
fn kept_at(k: &AttendCached, executor: Executor, n: usize) -> (Vec<usize>, Vec<usize>) {
    let [t, c, cv] = [k.positions.alphabet, k.k.channels, k.v.channels].map(|size| size as usize);
    let width = cv / k.heads;
    let both = |channels: usize| (0..t).flat_map(move |u| (0..channels).map(move |c| (u, c)));
    let key = |(u, channel): (usize, usize)| match executor {
        Executor::Lanes => (n * t + u) * c + channel,
        Executor::Wide => (n * c + channel) * t + u,
    };
    let value = |(u, channel): (usize, usize)| match executor {
        Executor::Lanes => (n * t + u) * cv + channel,
        Executor::Wide => ((n * k.heads + channel / width) * t + u) * width + channel % width,
    };
    (both(c).map(key).collect(), both(cv).map(value).collect())
}

fn cross_entropy<S: Scalar>(k: &CrossEntropy, m: &mut Plain<S>) {
    let (logits, ids, mut saved) = (m.value(k.logits), m.ids(k.targets), Array::zeros(k.saved));
    let mut kept = k.kept.map(Array::zeros);
    let (saved_view, mut kept_view) = (&mut saved.view_mut(), kept.as_mut().map(Array::view_mut));
    m.write(k.nats, |nats| plain::cross_entropy(nats, logits.view(), &ids, saved_view, kept_view.as_mut()));
    m.replace(k.saved, saved);
    k.kept.into_iter().zip(kept).for_each(|(place, kept)| m.replace(place, kept));
}

fn cross_entropy_gradient<S: Scalar>(k: &CrossEntropyGradient, m: &mut Plain<S>) {
    let (logits, ids, dnats, saved) = (m.value(k.logits), m.ids(k.targets), m.value(k.dnats), m.value(k.saved));
    let mut to = m.target((k.dlogits, k.write));
    plain::cross_entropy_gradient(&mut to.view_mut(), logits.view(), &ids, dnats.view(), saved.view());
    m.replace(k.dlogits, to);
}
