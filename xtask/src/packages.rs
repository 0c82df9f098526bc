//! Which Debian packages the project needs, and for what.

/// To build the app and to play video in its window.
pub const BUILD: &[&str] = &[
    "build-essential",
    "git",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libssl-dev",
    "patchelf",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-libav",
];

/// To open the app in a virtual desktop and to make videos for it.
pub const HEADLESS: &[&str] = &[
    "util-linux",
    "webkit2gtk-driver",
    "xvfb",
    "openbox",
    "dbus-x11",
    "ffmpeg",
    "fonts-inter",
    "fonts-noto-color-emoji",
];

/// To run the window's tests in a browser, to install tools of Python's registry apart from the system's, and to try the
/// course server on the database that teams use. dbusmock stands in for the system that keeps computers awake.
pub const TEST: &[&str] = &["chromium", "python3", "python3-venv", "python3-dbusmock", "postgresql"];

/// To look into packages, and to open a file through the menu's entry.
pub const CHECK: &[&str] = &["libarchive-tools", "desktop-file-utils", "libglib2.0-bin"];

/// To measure programs.
pub const BENCH: &[&str] = &["time", "python3", "python3-venv"];

/// The database that teams use.
pub const DATABASE: &[&str] = &["postgresql"];
