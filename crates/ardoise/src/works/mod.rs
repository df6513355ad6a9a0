//! What is for sale: files, articles, prices, previews.

pub mod archive;
pub mod article;
pub mod file_name;
pub mod media_type;
pub mod sample;
pub mod storage;
pub mod thumbnail;
pub mod words;
