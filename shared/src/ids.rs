//! Identifiers: a newtype each, so that a chapter's id cannot be passed for a video's, in Rust or in TypeScript.

use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $brand:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[ts(type = $brand)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier (UUIDv7: ids made later sort later).
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would be a random one")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A person.
    UserId,
    "string & { readonly __id: \"UserId\" }"
);
id!(
    /// One installation of the app: numbers its own mutations.
    ClientId,
    "string & { readonly __id: \"ClientId\" }"
);
id!(
    /// One installation of the app, as a team's server lets it in.
    DeviceId,
    "string & { readonly __id: \"DeviceId\" }"
);
id!(
    /// The unit of access and of version counting: a course (same UUID as the course) or a user's library (same UUID
    /// as the user).
    SpaceId,
    "string & { readonly __id: \"SpaceId\" }"
);
id!(CourseId, "string & { readonly __id: \"CourseId\" }");
id!(ChapterId, "string & { readonly __id: \"ChapterId\" }");
id!(
    /// A place in a chapter.
    VideoId,
    "string & { readonly __id: \"VideoId\" }"
);
id!(AssetId, "string & { readonly __id: \"AssetId\" }");
id!(AttachmentId, "string & { readonly __id: \"AttachmentId\" }");
id!(
    /// One upload: every event about it carries this.
    OperationId,
    "string & { readonly __id: \"OperationId\" }"
);
id!(
    /// Files the window was given by the system and has not placed yet: stands for paths the webview never sees.
    DropId,
    "string & { readonly __id: \"DropId\" }"
);
id!(
    /// One edit made in this session that can be undone.
    EditId,
    "string & { readonly __id: \"EditId\" }"
);

impl From<CourseId> for SpaceId {
    fn from(course: CourseId) -> Self {
        Self(course.0)
    }
}

impl From<UserId> for SpaceId {
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}
