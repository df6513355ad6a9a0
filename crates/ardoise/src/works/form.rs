//! A form with files, read as it comes: each file goes to the file store piece by piece, and nothing larger than a text
//! field is kept in memory.
//!
//! What is wrong with a file is remembered and told with everything else that is wrong with the form, so that nothing that
//! was typed is lost.

use super::derive::{COVER_MOST, not_a_cover};
use super::parts::{Cover, Parts};
use super::uploads::receive;
use crate::app::{App, Shared};
use crate::body::{BODY_MOST, Fields};
use crate::pages::author::{Draft, Pricing};
use crate::problem::{
    Problem, REQUEST_MALFORMED, REQUEST_TOO_LARGE, UPLOAD_BROKEN, UPLOAD_TOO_LARGE,
};
use crate::store::upload::Upload;
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request};
use http::header;
use ledger::{AuthorId, UploadId};

/// Parts of one form: files, fields and uploads together.
const PARTS_MOST: usize = 1_000;
/// Bytes of text in one form, all fields together: the longest article, and as much again for its neighbours.
const TYPED_MOST: usize = 2 * BODY_MOST;

/// A form with its files, which are uploads by now.
#[derive(Debug, Default)]
pub struct Form {
    /// Its fields.
    pub fields: Fields,
    /// The files of the field `files`.
    pub files: Vec<Upload>,
    /// The file of the field `cover`.
    pub cover: Option<Upload>,
    /// The file of the field `file`.
    pub file: Option<Upload>,
    /// What is wrong with the files.
    pub wrong: Vec<Problem>,
    /// Bytes of text so far.
    typed_bytes: usize,
}

impl Form {
    /// Reads a form of `author`, with or without files.
    ///
    /// # Errors
    /// [`REQUEST_MALFORMED`], [`REQUEST_TOO_LARGE`], [`UPLOAD_BROKEN`]: the form cannot be shown again.
    pub async fn read(app: &Shared, author: AuthorId, request: Request) -> Result<Self, Problem> {
        if !has_parts(&request) {
            let fields = Fields::from_request(request, app).await?;
            let mut form = Self { fields, ..Self::default() };
            form.check_uploads();
            return Ok(form);
        }
        let mut multipart = Multipart::from_request(request, &())
            .await
            .map_err(|error| Problem::new(&REQUEST_MALFORMED).because(error.body_text()))?;
        let (mut form, mut count) = (Self::default(), 0);
        while let Some(part) = multipart.next_field().await.map_err(malformed)? {
            count += 1;
            if count > PARTS_MOST {
                return Err(Problem::new(&REQUEST_TOO_LARGE));
            }
            form.take(app, author, part).await?;
        }
        form.check_uploads();
        Ok(form)
    }

    async fn take(&mut self, app: &App, author: AuthorId, part: Field<'_>) -> Result<(), Problem> {
        let name = part.name().ok_or_else(|| Problem::new(&REQUEST_MALFORMED))?.to_owned();
        match name.as_str() {
            "files" => self.take_file(app, author, part, "files").await,
            "cover" => self.take_file(app, author, part, "cover").await,
            "file" => self.take_file(app, author, part, "file").await,
            _ => {
                let text = self.text(part, known(&name)).await?;
                self.fields.push(&name, text);
                Ok(())
            }
        }
    }

    /// The text of a field, as long as all texts together are not too long.
    async fn text(
        &mut self,
        mut part: Field<'_>,
        field: Option<&'static str>,
    ) -> Result<String, Problem> {
        let about = |kind| Problem { field, ..Problem::new(kind) };
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(malformed)? {
            self.typed_bytes += chunk.len();
            if self.typed_bytes > TYPED_MOST {
                return Err(about(&REQUEST_TOO_LARGE));
            }
            bytes.extend_from_slice(&chunk);
        }
        String::from_utf8(bytes).map_err(|error| about(&REQUEST_MALFORMED).because(error))
    }

    async fn take_file(
        &mut self,
        app: &App,
        author: AuthorId,
        mut part: Field<'_>,
        field: &'static str,
    ) -> Result<(), Problem> {
        let named = part.file_name().map(str::to_owned);
        let Some(name) = named.filter(|name| !name.is_empty()) else {
            // A browser sends a field without a file as an empty part without a name.
            let nothing = self.text(part, Some(field)).await?.is_empty();
            let unnamed = || Problem::new(&REQUEST_MALFORMED).field(field);
            return nothing.then_some(()).ok_or_else(unnamed);
        };
        let largest = app.settings.upload_max_bytes;
        let most = if field == "cover" { COVER_MOST.min(largest) } else { largest };
        match receive(app, author, &name, most, &mut part).await {
            Ok(upload) if field == "files" => self.files.push(upload),
            Ok(upload) if field == "cover" => self.cover = Some(upload),
            Ok(upload) => self.file = Some(upload),
            Err(problem) if problem.kind.code == UPLOAD_BROKEN.code => return Err(problem),
            Err(problem) if field == "cover" && problem.kind.code == UPLOAD_TOO_LARGE.code => {
                self.wrong.push(not_a_cover());
            }
            Err(problem) => self.wrong.push(problem.field(field)),
        }
        Ok(())
    }

    fn check_uploads(&mut self) {
        let is_id = |id: &str| id.parse::<UploadId>().is_ok();
        if !self.fields.every("upload").all(is_id) {
            self.wrong.push(Problem::invalid("files", "reason-upload"));
        }
    }

    /// What was typed.
    pub fn typed(&self) -> Draft {
        let field = |name| self.fields.one(name).unwrap_or_default().to_owned();
        Draft {
            title: field("title"),
            pricing: Pricing::from_value(&field("pricing")),
            price: field("price"),
            minimum: field("minimum"),
            suggestion: field("suggestion"),
            description: field("description"),
            article: field("article"),
            vat_class: field("vat_class"),
        }
    }

    /// The uploads that the form names, and those that came with it.
    pub fn uploads(&self) -> Vec<UploadId> {
        let named = self.fields.every("upload").filter_map(|id| id.parse().ok());
        named.chain(self.files.iter().map(|upload| upload.id)).collect()
    }

    /// The upload that is to be the cover.
    pub fn cover(&self) -> Option<UploadId> {
        let came = self.cover.as_ref().map(|upload| upload.id);
        came.or_else(|| self.fields.one("cover_upload").and_then(|id| id.parse().ok()))
    }

    /// What goes into the work.
    pub fn parts(&self) -> Parts {
        let cover = match self.cover() {
            Some(upload) => Cover::Put(upload),
            None if self.fields.one("cover_remove").is_some() => Cover::Remove,
            None => Cover::Keep,
        };
        Parts { uploads: self.uploads(), cover }
    }
}

fn has_parts(request: &Request<Body>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"))
}

fn malformed(error: MultipartError) -> Problem {
    Problem::new(&REQUEST_MALFORMED).because(error.body_text())
}

/// The field of this name, to be named in a problem.
fn known(name: &str) -> Option<&'static str> {
    let fields = ["title", "description", "article", "price", "minimum", "suggestion", "channel"];
    fields.into_iter().find(|known| *known == name)
}
