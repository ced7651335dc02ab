//! Other people's formats: strict JSON slicing, strict ZIP reading and writing, DER, content codings, service errors, sign-in records
//! and what their numbers and members mean, text that shows what it holds or stands in markup; and amounts in words.

pub mod amount;
pub mod content;
pub mod der;
pub mod json;
pub mod markup;
pub mod result_code;
pub mod service_error;
pub mod sign_in;
pub mod sign_in_words;
pub mod visible;
pub mod zip;
