//! What each token of a sequence is.

use crate::addition::{Addition, Order};

/// What a token stands for. Digits are named by the power of ten that they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Before the first operand.
    Begin,
    /// A digit of the first operand.
    First(u32),
    /// Between the operands.
    Plus,
    /// A digit of the second operand.
    Second(u32),
    /// Between the operands and the answer.
    Equals,
    /// A digit of the answer.
    Answer(u32),
    /// After the answer: `end` and `padding`.
    End,
}

impl Addition {
    /// What the tokens of a sequence are, in their order; one more than there are positions, since the last is a target alone.
    pub fn roles(&self) -> Vec<Role> {
        let format = &self.format;
        let mut roles = vec![Role::Begin; format.begin.len()];
        roles.extend(digits(format.digits, format.operand_order, Role::First));
        roles.extend(format.plus.iter().map(|_| Role::Plus));
        roles.extend(digits(format.digits, format.operand_order, Role::Second));
        roles.extend(format.equals.iter().map(|_| Role::Equals));
        roles.extend(digits(format.answer_digits, format.answer_order, Role::Answer));
        roles.extend(format.end.iter().chain(&format.padding).map(|_| Role::End));
        roles
    }
}

fn digits(count: usize, order: Order, role: fn(u32) -> Role) -> impl Iterator<Item = Role> {
    let place = move |digit: usize| match order {
        Order::MostFirst => count - 1 - digit,
        Order::LeastFirst => digit,
    };
    (0..count).map(move |digit| role(place(digit) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addition::{Operation, Pair, Settings};

    /// In every format: the token at a digit's position is that digit of its number.
    #[test]
    fn digits_stand_where_their_roles_say() {
        for settings in Settings::small_instances() {
            let world = settings.build().unwrap();
            let top = 10_u64.pow(world.digits()) - 1;
            let pair = Pair { a: top, b: 10_u64.pow(world.digits() - 1) };
            let mut sequence = vec![];
            world.sequence(pair, &mut sequence);
            let roles = world.roles();
            assert_eq!((roles.len(), roles.len()), (sequence.len(), world.shape.positions + 1));
            let digit = |number: u64, place: u32| Some((number / 10_u64.pow(place) % 10) as u16);
            for (role, token) in roles.iter().zip(&sequence) {
                let expected = match *role {
                    Role::First(place) => digit(pair.a, place),
                    Role::Second(place) => digit(pair.b, place),
                    Role::Answer(place) => digit(world.answer_of(pair), place),
                    _ => None,
                };
                assert!(expected.is_none_or(|digit| digit == *token), "{role:?} {token} in {sequence:?}");
            }
            let answers = roles.iter().filter(|role| matches!(role, Role::Answer(_))).count();
            assert_eq!(answers, world.answer_digits());
            for (row, role) in roles[world.shape.scored.start + 1..].iter().take(answers).enumerate() {
                assert_eq!(*role, Role::Answer(world.place(row)));
            }
            assert_eq!(world.operation() == Operation::Add, answers > world.digits() as usize);
        }
    }
}
