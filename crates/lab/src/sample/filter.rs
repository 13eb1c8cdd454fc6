//! Which tokens may be drawn at all.

/// What is left of a law before a token is drawn from it: the likeliest tokens alone. Each filter looks at what the one before has left, in
/// this order; without any, all tokens are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filter {
    /// So many of the likeliest tokens, at least 1; of equally likely ones those that come first in the alphabet.
    pub top_k: Option<usize>,
    /// As few of the likeliest tokens as have at least this share of what is left, above 0 and at most 1.
    pub top_p: Option<f64>,
    /// Tokens that are at least so likely as this times the likeliest, 0 to 1.
    pub min_p: Option<f64>,
}

impl Filter {
    /// Sets to 0 what is not left of `powers`, each in proportion to its token's probability. What `order` holds means nothing before and
    /// after.
    pub(super) fn keep(&self, powers: &mut [f64], order: &mut Vec<usize>) {
        if *self == Filter::default() {
            return;
        }
        order.clear();
        order.extend(0..powers.len());
        // Stable: the first of equally likely tokens stays first.
        order.sort_by(|a, b| powers[*b].total_cmp(&powers[*a]));
        let mut left = self.top_k.unwrap_or(order.len()).min(order.len());
        if let Some(share) = self.top_p {
            left = nucleus(powers, &order[..left], share);
        }
        if let Some(share) = self.min_p {
            let least = share * powers[order[0]];
            left = order[..left].iter().take_while(|token| powers[**token] >= least).count();
        }
        order[left..].iter().for_each(|token| powers[*token] = 0.0);
    }
}

/// How many of the first tokens of `order` have at least `share` of the sum of all of them; at least one.
fn nucleus(powers: &[f64], order: &[usize], share: f64) -> usize {
    let wanted = share * order.iter().map(|token| powers[*token]).sum::<f64>();
    let mut sum = 0.0;
    let reaches = |token: &usize| {
        sum += powers[*token];
        sum >= wanted
    };
    order.iter().position(reaches).map_or(order.len(), |place| place + 1)
}
