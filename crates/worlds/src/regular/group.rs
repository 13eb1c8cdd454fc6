//! Groups of permutations, small enough to list.

use std::collections::BTreeSet;

type Permutation = Vec<u32>;

/// Whether a group, given by all its members, is solvable: whether taking commutators again and again ends in the identity.
pub(super) fn is_solvable(members: &[Permutation]) -> bool {
    let mut generators = generators(members.iter());
    let mut order = members.len();
    while order > 1 {
        let derived = derived(&generators);
        if derived.len() == order {
            return false;
        }
        order = derived.len();
        generators = self::generators(derived.iter());
    }
    true
}

/// A few members that generate all.
fn generators<'a>(members: impl Iterator<Item = &'a Permutation>) -> Vec<Permutation> {
    let mut chosen: Vec<Permutation> = Vec::new();
    let mut generated: BTreeSet<Permutation> = BTreeSet::new();
    for member in members {
        if !is_identity(member) && !generated.contains(member) {
            chosen.push(member.clone());
            generated = closure(&chosen);
        }
    }
    chosen
}

/// The members of the commutator group: of the smallest normal subgroup with the commutators of generators.
fn derived(generators: &[Permutation]) -> BTreeSet<Permutation> {
    let pairs = generators.iter().flat_map(|a| generators.iter().map(move |b| (a, b)));
    let commutator = |(a, b): (&Permutation, &Permutation)| then(&then(&inverse(a), &inverse(b)), &then(a, b));
    let mut chosen: Vec<Permutation> = pairs.map(commutator).filter(|p| !is_identity(p)).collect();
    let mut group = closure(&chosen);
    let mut at = 0;
    while at < chosen.len() {
        for generator in generators {
            let conjugate = then(&then(&inverse(generator), &chosen[at]), generator);
            if !group.contains(&conjugate) {
                chosen.push(conjugate);
                group = closure(&chosen);
            }
        }
        at += 1;
    }
    group
}

/// All products of these; of none, there is nothing to list but an identity, whose degree nobody needs.
fn closure(generators: &[Permutation]) -> BTreeSet<Permutation> {
    let degree = generators.first().map_or(0, Vec::len) as u32;
    let identity: Permutation = (0..degree).collect();
    let (mut found, mut open) = (BTreeSet::from([identity.clone()]), vec![identity]);
    while let Some(member) = open.pop() {
        for generator in generators {
            let product = then(&member, generator);
            if !found.contains(&product) {
                found.insert(product.clone());
                open.push(product);
            }
        }
    }
    found
}

/// One permutation, then another.
fn then(first: &[u32], second: &[u32]) -> Permutation {
    first.iter().map(|to| second[*to as usize]).collect()
}

fn inverse(permutation: &[u32]) -> Permutation {
    let mut inverse = vec![0; permutation.len()];
    permutation.iter().zip(0..).for_each(|(to, from)| inverse[*to as usize] = from);
    inverse
}

fn is_identity(permutation: &[u32]) -> bool {
    permutation.iter().zip(0..).all(|(to, from)| *to == from)
}
