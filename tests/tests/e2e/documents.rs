//! What is served describes itself: the documents are what servers do, and the reference page shows them.

mod asyncapi;
mod openapi;
mod page;
