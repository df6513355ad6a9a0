//! Where values come from: the file, and the environment.

use super::{LIST, Setting, SettingsError, Values};
use std::path::Path;

impl Values {
    /// Reads the file at `path`; where it is absent, nothing is set.
    ///
    /// # Errors
    /// [`SettingsError::File`], [`SettingsError::Unknown`].
    pub fn read_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let place = path.display().to_string();
        let entries = Self::entries(path)?;
        entries.into_iter().try_for_each(|(key, value)| self.set_in_file(&place, &key, value))
    }

    /// Sets one value that stands in the file at `place`.
    ///
    /// # Errors
    /// [`SettingsError::Unknown`], [`SettingsError::SecretInFile`].
    pub fn set_in_file(
        &mut self,
        place: &str,
        key: &str,
        value: String,
    ) -> Result<(), SettingsError> {
        let known = LIST.iter().find(|setting| setting.key == key);
        known.map_or(Ok(()), |setting| may_stand_in_file(setting, &value, place))?;
        self.set(place, key, value)
    }

    /// Every key and value in the file at `path`, known or not; none where it is absent.
    ///
    /// # Errors
    /// [`SettingsError::File`].
    pub fn entries(path: &Path) -> Result<Vec<(String, String)>, SettingsError> {
        let failed =
            |reason: String| SettingsError::File { path: path.display().to_string(), reason };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::entries_of(&text).map_err(failed),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Every key and value in the text of a file of settings; or why it cannot be read.
    pub(crate) fn entries_of(text: &str) -> Result<Vec<(String, String)>, String> {
        let table: toml::Table =
            text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut entries = Vec::new();
        for (group, value) in table {
            let toml::Value::Table(inner) = value else {
                entries.push((group, plain(&value).unwrap_or_default()));
                continue;
            };
            for (name, value) in inner {
                let key = format!("{group}.{name}");
                let value = plain(&value)
                    .ok_or_else(|| format!("`{key}` is not a text, a number or true/false"))?;
                entries.push((key, value));
            }
        }
        Ok(entries)
    }

    /// Reads `ARDOISE_…` variables: `ARDOISE_TAB_UNDO_MINUTES` is `tab.undo_minutes`. `ARDOISE_DATA` and
    /// `ARDOISE_LOG` belong to the command line.
    ///
    /// # Errors
    /// [`SettingsError::Unknown`].
    pub fn read_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), SettingsError> {
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix("ARDOISE_") else { continue };
            if ["DATA", "LOG", "CONFIG"].contains(&rest) || rest.starts_with("TEST_") {
                continue;
            }
            let key = rest.to_lowercase().replacen('_', ".", 1);
            self.set(&name, &key, value)?;
        }
        Ok(())
    }
}

/// Refuses a secret of a rail in a file that people show each other.
fn may_stand_in_file(setting: &Setting, value: &str, place: &str) -> Result<(), SettingsError> {
    if setting.is_secret && !value.trim().is_empty() {
        return Err(SettingsError::SecretInFile { path: place.to_owned(), key: setting.key });
    }
    Ok(())
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A key that is not in the list, with the nearest one that is.
pub(super) fn unknown(place: &str, key: &str) -> SettingsError {
    let likeness = |setting: &&Setting| {
        // Similarity is a share of one; only its order matters here.
        (strsim::jaro_winkler(setting.key, key) * 1_000.0) as i64
    };
    let nearest = LIST.iter().max_by_key(likeness).map_or("shop.name", |setting| setting.key);
    SettingsError::Unknown { place: place.to_owned(), key: key.to_owned(), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_a_rail_does_not_stand_in_the_file_of_settings() {
        let setting =
            Setting { key: "paypal.secret", default: "", about: "A secret.", is_secret: true };
        let refused = may_stand_in_file(&setting, "hush", "ardoise.toml").expect_err("a secret");
        assert!(!refused.to_string().contains("hush"));
        assert!(refused.to_string().contains("paypal.secret_file"));
        assert_eq!(may_stand_in_file(&setting, "", "ardoise.toml"), Ok(()));
    }
}
