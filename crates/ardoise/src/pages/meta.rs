//! What search engines, social networks and link previews read of a page.

use serde_json::Value;

/// The invisible description of a page. With everything empty, nothing is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta {
    /// The page's one absolute address; it also says that robots may list the page. Without it the
    /// page is `noindex`.
    pub canonical: Option<String>,
    /// One or two sentences, plain text.
    pub description: Option<String>,
    /// Absolute address of a picture for link previews (at least 600 pixels wide shows large).
    pub image: Option<String>,
    /// The author's name, for articles.
    pub author: Option<String>,
    /// Absolute address of the oEmbed answer (JSON) about this page.
    pub oembed: Option<String>,
    /// schema.org data of the page.
    pub json_ld: Option<DataBlock>,
}

/// JSON as the text of a script element. Browsers do not run data blocks; `<` is escaped so that no title can close the
/// element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataBlock(String);

impl From<&Value> for DataBlock {
    fn from(data: &Value) -> Self {
        Self(data.to_string().replace('<', "\\u003c"))
    }
}

impl DataBlock {
    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl Meta {
    /// Open Graph's word for the page.
    pub fn kind(&self) -> &'static str {
        if self.author.is_some() { "article" } else { "website" }
    }

    /// Twitter's word for the size of the picture.
    pub fn card(&self) -> &'static str {
        if self.image.is_some() { "summary_large_image" } else { "summary" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_can_close_the_data_block() {
        let data = serde_json::json!({ "name": "</script><script>alert(1)" });
        let block = DataBlock::from(&data);
        let text = block.text();
        assert!(!text.contains('<'), "{text}");
        let read: Value = serde_json::from_str(text).expect("it is still JSON");
        assert_eq!(read["name"], "</script><script>alert(1)");
    }
}
