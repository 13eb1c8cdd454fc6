//! The parts of a decoder that can be replaced by their mean.

use std::ops::Range;

use infimum_engine::Program;

use crate::recipe::Model;

/// One part, and how to leave it out: at `site`, some channels of the array at `part` are taken away and their mean is added.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ablation {
    pub(super) name: String,
    /// The site that is replaced.
    pub(super) site: String,
    /// Where the part stands; the same site, or one that was added into it.
    part: String,
    channels: Range<usize>,
    /// Channels of both arrays.
    width: usize,
    over: Over,
}

/// What a mean is over.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    /// Sequences, at each position.
    Sequences,
    /// Positions: what `site` has beyond `part`.
    Positions,
}

/// The ablations of a decoder of `model`, in the order of computation.
pub(super) fn all(model: &Model, program: &Program) -> Vec<Ablation> {
    let whole = 0..model.width;
    let over_sequences = |name: String, site: String, part: String, channels: Range<usize>| Ablation {
        name,
        site,
        part,
        channels,
        width: model.width,
        over: Over::Sequences,
    };
    let stream = if model.positions.are_added() { "x" } else { "wte" };
    let mut found = Vec::new();
    if model.layers > 0 {
        let last = format!("h.{}.x", model.layers - 1);
        found.push(over_sequences("direct_path".into(), last, stream.into(), whole.clone()));
    }
    if model.positions.are_added() {
        let (name, site, part) = ("positions".into(), stream.into(), "wte".into());
        let (channels, width, over) = (whole.clone(), model.width, Over::Positions);
        found.push(Ablation { name, site, part, channels, width, over });
    }
    let own = |name: String, site: String, channels: &Range<usize>| {
        over_sequences(name, site.clone(), site, channels.clone())
    };
    for layer in 0..model.layers {
        if model.attention {
            found.push(own(format!("attention_{layer}"), format!("h.{layer}.attn.out"), &whole));
            let width = model.value_width();
            let head = |head: usize| {
                let channels = head * width..(head + 1) * width;
                let head = own(format!("head_{layer}_{head}"), format!("h.{layer}.attn.y"), &channels);
                Ablation { width: width * model.heads, ..head }
            };
            found.extend((0..model.heads).map(head));
        }
        if model.mlp {
            found.push(own(format!("mlp_{layer}"), format!("h.{layer}.mlp.out"), &whole));
        }
    }
    debug_assert!(found.iter().all(|a| program.shape_of(&a.site).is_ok() && program.shape_of(&a.part).is_ok()));
    found
}

/// Every site that the ablations read, each once.
pub(super) fn sites(ablations: &[Ablation]) -> Vec<String> {
    let mut sites: Vec<String> = ablations.iter().flat_map(|a| [a.site.clone(), a.part.clone()]).collect();
    sites.sort();
    sites.dedup();
    sites
}

/// Means over sequences of the arrays at some sites.
pub(super) struct Means<'a> {
    sites: &'a [String],
    /// `[site][position * channel]`.
    sums: Vec<Vec<f64>>,
    sequences: usize,
}

impl Means<'_> {
    pub(super) fn new(sites: &[String]) -> Means<'_> {
        Means { sites, sums: vec![vec![]; sites.len()], sequences: 0 }
    }

    /// Adds one sequence's arrays, in the order of the sites.
    pub(super) fn add(&mut self, arrays: &[Vec<f32>]) {
        for (sum, array) in self.sums.iter_mut().zip(arrays) {
            sum.resize(array.len(), 0.0);
            sum.iter_mut().zip(array).for_each(|(s, x)| *s += f64::from(*x));
        }
        self.sequences += 1;
    }

    /// What stands at the ablation's site without its part, for the sequence with these arrays.
    pub(super) fn ablated(&self, ablation: &Ablation, arrays: &[Vec<f32>]) -> Vec<f32> {
        let (site, part) = (self.place(&ablation.site), self.place(&ablation.part));
        let mut replaced = arrays[site].clone();
        match ablation.over {
            Over::Sequences => self.towards_mean(ablation, part, &arrays[part], &mut replaced),
            Over::Positions => level(&arrays[part], ablation.width, &mut replaced),
        }
        replaced
    }

    fn towards_mean(&self, ablation: &Ablation, part: usize, array: &[f32], replaced: &mut [f32]) {
        for (place, x) in replaced.iter_mut().enumerate() {
            if ablation.channels.contains(&(place % ablation.width)) {
                let mean = self.sums[part][place] / self.sequences as f64;
                *x = (f64::from(*x) + mean - f64::from(array[place])) as f32;
            }
        }
    }

    fn place(&self, site: &str) -> usize {
        self.sites.iter().position(|s| s == site).expect("every site of an ablation is read")
    }
}

/// Makes what `replaced` has beyond `part` the same at every position: its mean over positions.
fn level(part: &[f32], channels: usize, replaced: &mut [f32]) {
    let positions = part.len() / channels;
    for channel in 0..channels {
        let places = (0..positions).map(|position| position * channels + channel);
        let beyond = |place: usize| f64::from(replaced[place]) - f64::from(part[place]);
        let mean = places.clone().map(beyond).sum::<f64>() / positions as f64;
        places.for_each(|place| replaced[place] = (f64::from(part[place]) + mean) as f32);
    }
}
