//! A network beside the automaton of its language: numbers that NumPy has, planted networks, and changes of basis.

mod basis;
mod controls;
mod oracle;
mod planted;
