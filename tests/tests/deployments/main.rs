//! Longshore as larger installations run it: on engines of several nodes, with TLS, with an account for each program.

mod accounts;
mod rabbitmq_cluster;
mod redis_cluster;
mod redis_sentinel;
mod tls;
