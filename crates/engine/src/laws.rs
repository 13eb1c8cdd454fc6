//! Laws that every listed operation and weight expression obeys, and laws of whole programs. Tests only.

mod derived;
mod expressions;
mod folding;
mod headed;
mod limits;
mod losses;
mod operations;
mod positions;
mod programs;
mod samples;
