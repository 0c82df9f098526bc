//! Scenarios of the backend, and the rules of the house.

mod tidy;
