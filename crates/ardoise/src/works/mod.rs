
pub mod file_name;
pub mod media_type;
pub mod storage;
