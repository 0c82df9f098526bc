//! What goes wrong on lines and in stores, at each request an upload makes: the upload survives it, with one right object,
//! nothing unfinished, and no confirmed part sent again. The proxy that does it is in `support`.

mod bench;
mod plain;
mod resumed;
mod rows;
mod storm;
mod tls;
