//! What the record promises.

mod claiming;
mod closing;
mod ending;
mod pending;
mod racing;
mod sessions;
