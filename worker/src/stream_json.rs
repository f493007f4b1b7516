//! The CLI's output, `stream-json`: one JSON object a line.

mod fields;
mod invalid;
mod lines;
mod peek;

pub(crate) use fields::{fields, text};
pub(crate) use invalid::InvalidLine;
pub(crate) use lines::Lines;
pub(crate) use peek::{Assistant, Fact, Kind, Peek, peek};
