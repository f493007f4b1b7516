//! What one caller may ask for, and what all of them together.

mod queue;
mod rate;
