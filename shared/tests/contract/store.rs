//! What the record promises.

mod claiming;
mod ending;
mod sessions;
