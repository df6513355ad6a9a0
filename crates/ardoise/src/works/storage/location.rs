//! Where finished files are kept, as the settings say it.

use reqwest::Url;
use std::fmt;

/// Where finished files are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Location {
    /// In the data folder.
    #[default]
    Folder,
    /// In a bucket.
    Bucket(Box<BucketLocation>),
}

/// A bucket of a server that speaks S3, and who we are there.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketLocation {
    /// The bucket's name.
    pub bucket: String,
    /// What every name begins with: empty, or folders with a slash at the end.
    pub prefix: String,
    /// Where objects are asked for, without a slash at the end: the bucket is in the host or in the path already.
    pub base: String,
    /// The region that requests are signed for.
    pub region: String,
    /// Who we are.
    pub key_id: String,
    /// What proves it. Never shown.
    pub secret: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("the data folder"),
            Self::Bucket(place) => fmt::Display::fmt(place, f),
        }
    }
}

impl fmt::Display for BucketLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.prefix.trim_end_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        write!(f, "s3://{}{slash}{prefix}", self.bucket)
    }
}

impl fmt::Debug for BucketLocation {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({}, {}, {})", self.base, self.region, self.key_id)
    }
}

/// The bucket and the prefix in `s3://bucket/prefix`. Both are plain, so that no name needs to be encoded anywhere.
pub fn read(text: &str) -> Option<(String, String)> {
    let rest = text.trim().strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let is_bucket = (3..=63).contains(&bucket.len()) && bucket.bytes().all(plain);
    let prefix = prefix.trim_matches('/');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_folder =
        |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(known);
    let is_prefix = prefix.is_empty() || prefix.split('/').all(is_folder);
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    (is_bucket && is_prefix).then(|| (bucket.to_owned(), prefix))
}

/// Where the objects of `bucket` are asked for. Amazon has the bucket in the host, unless a point in its name keeps the
/// certificate from covering it; every server that speaks S3 knows it in the path.
pub fn base(endpoint: &str, region: &str, bucket: &str) -> Option<String> {
    let endpoint = endpoint.trim().trim_end_matches('/');
    if endpoint.is_empty() {
        let host = format!("s3.{region}.amazonaws.com");
        return Some(if bucket.contains('.') {
            format!("https://{host}/{bucket}")
        } else {
            format!("https://{bucket}.{host}")
        });
    }
    let url = Url::parse(endpoint).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    is_plain.then(|| format!("{endpoint}/{bucket}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_and_its_prefix_are_read() {
        let read = |text| read(text).map(|(bucket, prefix)| format!("{bucket} {prefix}"));
        assert_eq!(read("s3://shop").as_deref(), Some("shop "));
        assert_eq!(read(" s3://shop/ ").as_deref(), Some("shop "));
        assert_eq!(read("s3://my.shop/a/b_c/").as_deref(), Some("my.shop a/b_c/"));
        for wrong in [
            "",
            "shop",
            "s3:/shop",
            "s3://",
            "s3://ab",
            "s3://Shop",
            "s3://shop/../other",
            "s3://shop/a//b",
            "s3://shop/é",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn objects_are_asked_for_where_the_server_has_them() {
        let base = |endpoint, bucket| base(endpoint, "eu-west-3", bucket);
        let amazon = "https://shop.s3.eu-west-3.amazonaws.com";
        assert_eq!(base("", "shop").as_deref(), Some(amazon));
        let dotted = "https://s3.eu-west-3.amazonaws.com/my.shop";
        assert_eq!(base("", "my.shop").as_deref(), Some(dotted));
        assert_eq!(base("http://[::1]:9000/", "shop").as_deref(), Some("http://[::1]:9000/shop"));
        for wrong in
            ["store", "ftp://store", "https://ada:x@store", "https://store/path", "https://store?x"]
        {
            assert_eq!(base(wrong, "shop"), None, "{wrong}");
        }
    }
}
