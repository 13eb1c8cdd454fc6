//! Laws that every listed operation and weight expression obeys, and laws of whole programs. Tests only.

mod expressions;
mod operations;
mod programs;
mod samples;
