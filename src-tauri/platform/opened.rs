//! "Open with Lectern": which of the words a process was started with are files. They come as arguments on Linux and
//! Windows, from a second start through the first one's guard, and on macOS as an event.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use tauri::Url;

/// The files among the arguments after the program's name. Relative ones are looked for in `folder`, the one the
/// program was started in.
pub fn files_of(arguments: impl IntoIterator<Item = OsString>, folder: &Path) -> Vec<PathBuf> {
    let words = arguments.into_iter().skip(1).filter(|word| !word.is_empty() && !is_option(word));
    words.map(|word| file_of_url(&word).unwrap_or_else(|| folder.join(word))).collect()
}

/// Of an event, macOS's way: only files have a path.
#[cfg(target_os = "macos")]
pub fn files_of_urls(urls: &[Url]) -> Vec<PathBuf> {
    urls.iter().filter_map(|url| url.to_file_path().ok()).collect()
}

/// What begins with a dash asks for something and names no file: file managers give whole paths.
fn is_option(word: &OsStr) -> bool {
    word.as_encoded_bytes().starts_with(b"-")
}

/// Some launchers hand over `file:` URLs where paths were asked for, and so do we below.
fn file_of_url(word: &OsStr) -> Option<PathBuf> {
    let text = word.to_str()?;
    if !text.starts_with("file:") {
        return None;
    }
    Url::parse(text).ok()?.to_file_path().ok()
}

/// Becomes the same program, with every file named by a URL, when a name is no UTF-8 or the folder's is not: the guard
/// sends a first instance text, with U+FFFD for what is no text, and the file would not be found under that name
/// (<https://docs.rs/tauri-plugin-single-instance/2.5.5/tauri_plugin_single_instance/fn.init.html>). URLs keep each byte.
///
/// Comes back when there is nothing to do, or when it could not be done: then that one name is not found, and said so.
#[cfg(unix)]
pub fn name_files_in_text() {
    use std::os::unix::process::CommandExt as _;
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let folder = std::env::current_dir().unwrap_or_default();
    let Some(urls) = urls_instead(&arguments, &folder) else { return };
    let Ok(own) = std::env::current_exe() else { return };
    // Only comes back when it failed.
    let error = std::process::Command::new(own).args(urls).exec();
    tracing::warn!(%error, "names that are no UTF-8 cannot be handed over");
}

/// On Windows a name that is no Unicode is one with half a surrogate pair: it is not found, and said so.
#[cfg(not(unix))]
pub fn name_files_in_text() {}

/// None when all names are text already, as URLs are: what was named so once stays so.
#[cfg(unix)]
fn urls_instead(arguments: &[OsString], folder: &Path) -> Option<Vec<String>> {
    let is_text = |word: &OsString| file_of_url(word).is_some() || folder.join(word).to_str().is_some();
    if arguments.iter().skip(1).all(is_text) {
        return None;
    }
    let files = files_of(arguments.iter().cloned(), folder);
    files.iter().map(|file| Url::from_file_path(file).ok().map(String::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[cfg(unix)]
    #[test]
    fn files_are_what_is_no_option_and_stand_in_the_folder_of_the_start() {
        let arguments = words(&["lectern", "--hidden", "", "/a b/Ü.mp4", "notes.pdf", "file:///c%20d/%C3%9C.mp4"]);
        let files = files_of(arguments, Path::new("/home/mo"));
        assert_eq!(files, ["/a b/Ü.mp4", "/home/mo/notes.pdf", "/c d/Ü.mp4"].map(PathBuf::from));
    }

    #[test]
    fn a_url_of_the_web_is_no_file_of_this_computer() {
        let files = files_of(words(&["lectern", "https://127.0.0.1/a.mp4"]), Path::new("folder"));
        assert_eq!(files, [Path::new("folder").join("https://127.0.0.1/a.mp4")]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_name_of_any_bytes_survives_as_a_url() {
        use std::os::unix::ffi::OsStrExt as _;
        let name = OsStr::from_bytes(b"/v/caf\xe9 100%.mp4");
        let arguments = [OsString::from("lectern"), name.to_owned()];
        let urls = urls_instead(&arguments, Path::new("/")).unwrap();
        assert_eq!(urls, ["file:///v/caf%E9%20100%25.mp4"]);
        let again: Vec<OsString> =
            [OsString::from("lectern")].into_iter().chain(urls.into_iter().map(Into::into)).collect();
        assert!(urls_instead(&again, Path::new(OsStr::from_bytes(b"/\xff"))).is_none(), "once is enough");
        assert_eq!(files_of(again, Path::new("/")), [PathBuf::from(name)]);
        assert!(urls_instead(&words(&["lectern", "/v/é.mp4"]), Path::new("/")).is_none(), "text goes as it is");
    }
}
