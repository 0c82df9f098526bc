//! Other people's servers, and proxies in front of them.

pub mod fault_proxy;
pub mod mending_proxy;
pub mod moto;
pub mod python;
pub mod rclone;
