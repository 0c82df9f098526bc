//! A workspace that began on this computer is given a bucket, in place: keys and what is wrong with them, the bytes that
//! are carried over, and the bucket's own rules.

mod carried;
mod cleaning;
mod copies;
mod interrupted;
mod keys;
mod missing;
mod office;
