//! Runs of a scripted CLI.

mod ends;
mod stops;
mod world;
