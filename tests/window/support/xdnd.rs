//! A file manager's side of a drag: XDND version 5, as in <https://www.freedesktop.org/wiki/Specifications/XDND/>.
//!
//! No pointer moves: messages go to the app's window, and it fetches the list of files from us as it would from a file
//! manager. So what reaches the app is a real drop with real paths.

use crate::failure::{Failure, Result};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt, CreateWindowAux, EventMask, MapState, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_DEPTH_FROM_PARENT, CURRENT_TIME, NONE};

x11rb::atom_manager! {
    /// The words of the protocol.
    Atoms: AtomsCookie {
        XdndAware, XdndSelection, XdndEnter, XdndPosition, XdndStatus, XdndLeave, XdndDrop, XdndFinished,
        XdndActionCopy, TARGETS, _NET_WM_PID,
        URI_LIST: b"text/uri-list",
    }
}

const VERSION: u32 = 5;
const ANSWER_AT_MOST: Duration = Duration::from_secs(5);

/// Files held over a window. Ends the drag on drop of this value, as when a file manager goes away.
pub struct Drag {
    connection: RustConnection,
    atoms: Atoms,
    source: Window,
    target: Window,
    /// Of the target, on the screen.
    origin: (i32, i32),
    height: u16,
    uris: Vec<u8>,
    list_fetched: bool,
    /// Whether the last position was accepted; none while no answer has come.
    accepted: Option<bool>,
    finished: Option<bool>,
    open: bool,
}

impl Drag {
    /// Takes the files and enters the window of the process `pid`.
    pub fn enter(display: &str, pid: u32, files: &[PathBuf]) -> Result<Self> {
        let (connection, number) = x11rb::connect(Some(display)).map_err(Failure::x11)?;
        let atoms = Atoms::new(&connection).map_err(Failure::x11)?.reply().map_err(Failure::x11)?;
        let root = connection.setup().roots[number].root;
        let target = window_of(&connection, root, pid)?;
        let at = translate(&connection, target, root)?;
        let geometry = connection.get_geometry(target).map_err(Failure::x11)?.reply().map_err(Failure::x11)?;
        let source = connection.generate_id().map_err(Failure::x11)?;
        connection
            .create_window(
                COPY_DEPTH_FROM_PARENT,
                source,
                root,
                -10,
                -10,
                1,
                1,
                0,
                WindowClass::INPUT_OUTPUT,
                0,
                &CreateWindowAux::new(),
            )
            .map_err(Failure::x11)?;
        connection.set_selection_owner(source, atoms.XdndSelection, CURRENT_TIME).map_err(Failure::x11)?;
        let drag = Self {
            connection,
            atoms,
            source,
            target,
            origin: at,
            height: geometry.height,
            uris: uri_list(files)?,
            list_fetched: false,
            accepted: None,
            finished: None,
            open: true,
        };
        drag.send(drag.atoms.XdndEnter, [drag.source, VERSION << 24, drag.atoms.URI_LIST, 0, 0])?;
        Ok(drag)
    }

    /// Height of the window's content in pixels.
    #[must_use]
    pub fn window_height(&self) -> u16 {
        self.height
    }

    /// Moves to a point of the window's content and stays there. Several motions, because WebKitGTK fetches the list of
    /// files during motion, and the app hears of the drag only once it has it.
    pub fn over(&mut self, x: i32, y: i32) -> Result {
        for step in [-6, -4, -2, 0] {
            self.accepted = None;
            let (x, y) = (self.origin.0 + x + step, self.origin.1 + y);
            let point = (x as u32 & 0xffff) << 16 | (y as u32 & 0xffff);
            self.send(self.atoms.XdndPosition, [self.source, 0, point, CURRENT_TIME, self.atoms.XdndActionCopy])?;
            self.answer(ANSWER_AT_MOST, |drag| drag.accepted.is_some())?;
            self.answer(Duration::from_millis(60), |_| false)?;
        }
        Ok(())
    }

    /// Lets go of the files where they are.
    pub fn drop_here(mut self) -> Result {
        self.open = false;
        if self.accepted != Some(true) || !self.list_fetched {
            self.send(self.atoms.XdndLeave, [self.source, 0, 0, 0, 0])?;
            let (accepted, fetched) = (self.accepted, self.list_fetched);
            return Err(Failure::DropRefused(format!("accepted: {accepted:?}, list of files fetched: {fetched}")));
        }
        self.send(self.atoms.XdndDrop, [self.source, 0, CURRENT_TIME, 0, 0])?;
        self.answer(ANSWER_AT_MOST, |drag| drag.finished.is_some())?;
        match self.finished {
            Some(true) => Ok(()),
            other => Err(Failure::DropRefused(format!("finished: {other:?}"))),
        }
    }

    /// Leaves the window with the files.
    pub fn cancel(mut self) -> Result {
        self.open = false;
        self.send(self.atoms.XdndLeave, [self.source, 0, 0, 0, 0])?;
        self.answer(Duration::from_millis(100), |_| false)
    }

    fn send(&self, kind: Atom, data: [u32; 5]) -> Result {
        let message = ClientMessageEvent::new(32, self.target, kind, data);
        self.connection.send_event(false, self.target, EventMask::NO_EVENT, message).map_err(Failure::x11)?;
        self.connection.flush().map_err(Failure::x11)
    }

    /// Answers the window's questions for the files until `done`, or until the time is over.
    fn answer(&mut self, at_most: Duration, done: impl Fn(&Self) -> bool) -> Result {
        let end = Instant::now() + at_most;
        while !done(self) && Instant::now() < end {
            match self.connection.poll_for_event().map_err(Failure::x11)? {
                Some(event) => self.take(event)?,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result {
        match event {
            Event::SelectionRequest(request) => self.hand_over(&request),
            Event::ClientMessage(message) if message.type_ == self.atoms.XdndStatus => {
                self.accepted = Some(message.data.as_data32()[1] & 1 == 1);
                Ok(())
            }
            Event::ClientMessage(message) if message.type_ == self.atoms.XdndFinished => {
                self.finished = Some(message.data.as_data32()[1] & 1 == 1);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn hand_over(&mut self, request: &SelectionRequestEvent) -> Result {
        let atoms = &self.atoms;
        let wanted = if request.property == NONE { request.target } else { request.property };
        let (connection, requestor) = (&self.connection, request.requestor);
        let property = if request.target == atoms.TARGETS {
            let targets = [atoms.TARGETS, atoms.URI_LIST];
            connection
                .change_property32(PropMode::REPLACE, requestor, wanted, AtomEnum::ATOM, &targets)
                .map_err(Failure::x11)?;
            wanted
        } else if request.target == atoms.URI_LIST {
            connection
                .change_property8(PropMode::REPLACE, requestor, wanted, atoms.URI_LIST, &self.uris)
                .map_err(Failure::x11)?;
            self.list_fetched = true;
            wanted
        } else {
            NONE
        };
        let answer = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor,
            selection: request.selection,
            target: request.target,
            property,
        };
        connection.send_event(false, requestor, EventMask::NO_EVENT, answer).map_err(Failure::x11)?;
        connection.flush().map_err(Failure::x11)
    }
}

impl Drop for Drag {
    fn drop(&mut self) {
        if self.open {
            drop(self.send(self.atoms.XdndLeave, [self.source, 0, 0, 0, 0]));
        }
    }
}

/// The visible window of the process that says it takes drops.
pub(crate) fn window_of(connection: &RustConnection, root: Window, pid: u32) -> Result<Window> {
    let atoms = Atoms::new(connection).map_err(Failure::x11)?.reply().map_err(Failure::x11)?;
    find_window(connection, &atoms, root, pid)?
        .ok_or_else(|| Failure::DropRefused(format!("process {pid} has no window that takes drops")))
}

fn find_window(connection: &RustConnection, atoms: &Atoms, window: Window, pid: u32) -> Result<Option<Window>> {
    // A window may end while we look: that is no reason to stop.
    let owner = property(connection, window, atoms._NET_WM_PID);
    if owner == Some(pid) && property(connection, window, atoms.XdndAware).is_some() && is_visible(connection, window) {
        return Ok(Some(window));
    }
    let tree = connection.query_tree(window).map_err(Failure::x11)?;
    let Ok(tree) = tree.reply() else { return Ok(None) };
    for child in tree.children {
        if let Some(found) = find_window(connection, atoms, child, pid)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn property(connection: &RustConnection, window: Window, name: Atom) -> Option<u32> {
    let reply = connection.get_property(false, window, name, AtomEnum::ANY, 0, 1).ok()?.reply().ok()?;
    reply.value32()?.next()
}

fn is_visible(connection: &RustConnection, window: Window) -> bool {
    let attributes = connection.get_window_attributes(window).map(|cookie| cookie.reply());
    matches!(attributes, Ok(Ok(attributes)) if attributes.map_state == MapState::VIEWABLE)
}

fn translate(connection: &RustConnection, window: Window, root: Window) -> Result<(i32, i32)> {
    let cookie = connection.translate_coordinates(window, root, 0, 0).map_err(Failure::x11)?;
    let at = cookie.reply().map_err(Failure::x11)?;
    Ok((i32::from(at.dst_x), i32::from(at.dst_y)))
}

/// `text/uri-list` of RFC 2483. Names are bytes on Linux: those that are no UTF-8 go as they are, percent-encoded.
fn uri_list(files: &[PathBuf]) -> Result<Vec<u8>> {
    let mut list = Vec::new();
    for file in files {
        list.extend_from_slice(file_uri(&std::path::absolute(file).map_err(Failure::io(file.display()))?).as_bytes());
        list.extend_from_slice(b"\r\n");
    }
    Ok(list)
}

fn file_uri(path: &Path) -> String {
    let mut uri = String::from("file://");
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn names_of_any_bytes_become_uris() {
        assert_eq!(file_uri(Path::new("/a b/Ü#1%.mp4")), "file:///a%20b/%C3%9C%231%25.mp4");
        assert_eq!(file_uri(Path::new(OsStr::from_bytes(b"/\xff"))), "file:///%FF");
    }
}
