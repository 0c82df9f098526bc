//! A folder given to the library stands for the files in it, all the way down.

use lectern_shared::upload::RefusedReason;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Most files out of one folder. Above it somebody has most likely hit the wrong one, such as their home.
pub const FOLDER_FILES_MAX: usize = 10_000;
/// What systems leave in folders for themselves.
const LEFTOVERS: [&str; 3] = ["thumbs.db", "desktop.ini", "icon\r"];

/// The files in a folder in natural order, or why it is not taken. Links are not followed: they may lead in a circle, or
/// out of what the user chose. Hidden files and empty ones are not what anybody means by a folder of lectures.
pub fn files_in(folder: &Path) -> Result<Vec<PathBuf>, RefusedReason> {
    let mut files = Vec::new();
    let walk = WalkDir::new(folder)
        .sort_by(|a, b| alphanumeric_sort::compare_os_str(a.file_name(), b.file_name()))
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for entry in walk {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let is_content = entry.file_type().is_file() && entry.metadata().is_ok_and(|metadata| metadata.len() > 0);
        if is_content && files.len() == FOLDER_FILES_MAX {
            return Err(RefusedReason::TooManyFiles { most: FOLDER_FILES_MAX as u32 });
        }
        if is_content {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() { Err(RefusedReason::EmptyFolder) } else { Ok(files) }
}

fn is_hidden(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    name.starts_with('.') || LEFTOVERS.contains(&name.to_lowercase().as_str())
}

/// Without the path, which is not the window's to know.
fn unreadable(error: &walkdir::Error) -> RefusedReason {
    let detail = error.io_error().map_or_else(|| "a folder in it cannot be read".to_owned(), io::Error::to_string);
    RefusedReason::Unreadable { detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[PathBuf], folder: &Path) -> Vec<String> {
        let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
        files.iter().map(name).collect()
    }

    #[test]
    fn a_folder_stands_for_its_files_in_natural_order_without_what_nobody_means() {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["Week 10", "Week 2", ".git"] {
            std::fs::create_dir(folder.path().join(inner)).unwrap();
        }
        for name in ["Week 10/1.mp4", "Week 2/10.mp4", "Week 2/9.mp4", ".git/config", ".DS_Store", "Thumbs.db"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::write(folder.path().join("Week 2/empty.mp4"), "").unwrap();
        let files = files_in(folder.path()).unwrap();
        assert_eq!(names(&files, folder.path()), ["Week 2/9.mp4", "Week 2/10.mp4", "Week 10/1.mp4"]);
    }

    #[test]
    fn a_folder_with_nothing_in_it_is_said_to_be_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(files_in(folder.path()), Err(RefusedReason::EmptyFolder));
    }

    #[test]
    fn a_folder_that_cannot_be_the_one_that_was_meant_is_refused_whole() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=FOLDER_FILES_MAX {
            std::fs::write(folder.path().join(number.to_string()), "x").unwrap();
        }
        assert_eq!(files_in(folder.path()), Err(RefusedReason::TooManyFiles { most: 10_000 }));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_in_a_circle_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("1.mp4"), "x").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert_eq!(names(&files_in(folder.path()).unwrap(), folder.path()), ["1.mp4"]);
    }
}
