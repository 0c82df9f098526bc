//! Sends one part to a signed URL.
