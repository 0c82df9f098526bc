//! The view while the outbox is replayed. Every row is read once and written once, however many edits meet it; in between,
//! what is read here is what the tables would say if each edit had been written into them.

use super::{CatalogueFailure, rows};
use lectern_shared::change::{Row, RowKey};
use lectern_shared::sync::Read;
use rusqlite::Transaction;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) struct Overlay<'a> {
    tx: &'a Transaction<'a>,
    known: HashMap<RowKey, Known>,
    /// Of the known rows, those with this parent and those with this asset.
    found_by: BTreeMap<Read, BTreeSet<RowKey>>,
    /// All rows that these find are known.
    complete: BTreeSet<Read>,
}

/// None: there is no such row.
#[derive(Default)]
struct Known {
    in_table: Option<Row>,
    now: Option<Row>,
}

impl<'a> Overlay<'a> {
    pub(super) fn on(tx: &'a Transaction<'a>) -> Self {
        Self { tx, known: HashMap::new(), found_by: BTreeMap::new(), complete: BTreeSet::new() }
    }

    pub(super) fn row(&mut self, key: RowKey) -> Result<Option<&Row>, CatalogueFailure> {
        if !self.known.contains_key(&key) {
            let row = rows::read(self.tx, Read::Row(key))?.pop();
            self.learn(key, row);
        }
        Ok(self.known.get(&key).and_then(|known| known.now.as_ref()))
    }

    pub(super) fn read(&mut self, read: Read) -> Result<Vec<Row>, CatalogueFailure> {
        if let Read::Row(key) = read {
            return Ok(self.row(key)?.cloned().into_iter().collect());
        }
        if self.complete.insert(read) {
            for row in rows::read(self.tx, read)? {
                // One that is known is another one by now, and found where it is now.
                if !self.known.contains_key(&row.key()) {
                    self.learn(row.key(), Some(row));
                }
            }
        }
        let found = self.found_by.get(&read).into_iter().flatten();
        Ok(found.filter_map(|key| self.known.get(key)?.now.clone()).collect())
    }

    pub(super) fn put(&mut self, key: RowKey, row: Option<Row>) -> Result<(), CatalogueFailure> {
        self.row(key)?;
        let known = self.known.entry(key).or_default();
        let before = std::mem::replace(&mut known.now, row);
        for read in before.iter().flat_map(finding) {
            self.found_by.entry(read).or_default().remove(&key);
        }
        for read in known.now.iter().flat_map(finding) {
            self.found_by.entry(read).or_default().insert(key);
        }
        Ok(())
    }

    /// Into the tables, as far as they say something else.
    pub(super) fn write(self) -> Result<(), CatalogueFailure> {
        for (key, known) in self.known {
            match known.now {
                now if now == known.in_table => {}
                Some(row) => rows::write_view(self.tx, &row)?,
                None => rows::remove_from_view(self.tx, key)?,
            }
        }
        Ok(())
    }

    fn learn(&mut self, key: RowKey, row: Option<Row>) {
        for read in row.iter().flat_map(finding) {
            self.found_by.entry(read).or_default().insert(key);
        }
        self.known.insert(key, Known { in_table: row.clone(), now: row });
    }
}

/// What finds a row, besides its own id.
fn finding(row: &Row) -> impl Iterator<Item = Read> {
    let kind = row.key().kind;
    let by_parent = row.parent().map(|parent| Read::Children(kind, parent));
    by_parent.into_iter().chain(row.asset().map(|asset| Read::OfAsset(kind, asset)))
}

#[cfg(test)]
mod tests {
    use super::super::database::Database;
    use super::super::{outbox, replay};
    use super::*;
    use lectern_shared::change::RowKind;
    use lectern_shared::course::{Chapter, Course, Video};
    use lectern_shared::ids::{AssetId, ChapterId, CourseId, UserId, VideoId};
    use lectern_shared::media::AssetKind;
    use lectern_shared::mutation::{Between, Mutation};
    use lectern_shared::protocol::VersionedRow;
    use lectern_shared::sync::Actor;
    use proptest::prelude::*;
    use serde_json::Value;
    use std::sync::mpsc;

    /// What the window could read, and which rows wait for the server.
    type Seen = (BTreeMap<String, Value>, Vec<(i64, String, String)>);

    struct World {
        by: Actor,
        courses: Vec<CourseId>,
        chapters: Vec<ChapterId>,
        videos: Vec<VideoId>,
        assets: Vec<AssetId>,
    }

    impl World {
        /// Two courses of two chapters with three videos each, all of it confirmed.
        fn confirmed(tx: &Transaction<'_>) -> Self {
            let mut world = Self {
                by: Actor { user: UserId::new(), now: 7 },
                courses: vec![],
                chapters: vec![],
                videos: vec![],
                assets: vec![],
            };
            for _ in 0..2 {
                let course = CourseId::new();
                world.courses.push(course);
                world.edit(tx, Mutation::CourseCreate { course, title: "Course".into() });
                for _ in 0..2 {
                    let chapter = ChapterId::new();
                    world.chapters.push(chapter);
                    let place = Between::default();
                    world.edit(tx, Mutation::ChapterCreate { chapter, course, title: "Week".into(), place });
                    (0..3).for_each(|_| world.new_video(tx, course, chapter));
                }
            }
            for kind in RowKind::ALL {
                for row in table(tx, kind) {
                    rows::write_base(tx, &VersionedRow { version: 1, row }).unwrap();
                }
            }
            tx.execute("DELETE FROM outbox", []).unwrap();
            world
        }

        fn new_video(&mut self, tx: &Transaction<'_>, course: CourseId, chapter: ChapterId) {
            let (asset, video) = (AssetId::new(), VideoId::new());
            let (name, title, kind) = ("a.mp4".to_owned(), "Lecture".to_owned(), AssetKind::Video);
            self.edit(tx, Mutation::AssetCreate { asset, name, kind, bytes: 1, predecessor: None });
            let place = Between::default();
            self.edit(tx, Mutation::VideoCreate { video, course, chapter, asset, title, place });
            self.assets.push(asset);
            self.videos.push(video);
        }

        /// One that is refused is not made.
        fn edit(&self, tx: &Transaction<'_>, mutation: Mutation) {
            let _ = outbox::apply(tx, self.by, &[mutation]);
        }

        fn any_edit(&mut self, tx: &Transaction<'_>, (what, one, other): (u8, usize, usize)) {
            let (video, near) = (pick(&self.videos, one), pick(&self.videos, other));
            let (chapter, next) = (pick(&self.chapters, other), pick(&self.chapters, one));
            let (asset, course) = (pick(&self.assets, one), pick(&self.courses, one));
            let title = format!("Edited {what} {one} {other}");
            let mutation = match what {
                0 => Mutation::VideoRename { video, title },
                1 => Mutation::VideoMove {
                    ids: vec![video],
                    chapter,
                    place: Between { after: Some(near), before: None },
                },
                2 => Mutation::VideoMove { ids: vec![video, near], chapter, place: Between::default() },
                3 => Mutation::VideoDelete { ids: vec![video] },
                4 => Mutation::VideoRestore { ids: vec![video] },
                5 => Mutation::ChapterRename { chapter, title },
                6 => Mutation::ChapterMove {
                    ids: vec![chapter],
                    course,
                    place: Between { after: None, before: Some(next) },
                },
                7 => Mutation::ChapterDelete { ids: vec![chapter] },
                8 => Mutation::AssetRename { asset, name: title },
                9 => Mutation::AssetReplace { successor: pick(&self.assets, other), uses: vec![video] },
                10 => Mutation::AssetDelete { ids: vec![asset], attachments: vec![], uses: vec![video] },
                11 => Mutation::CourseRename { course, title },
                12 => Mutation::CourseDelete { course },
                _ => return self.new_video(tx, pick(&self.courses, other / 2), chapter),
            };
            self.edit(tx, mutation);
        }
    }

    fn pick<T: Copy>(from: &[T], number: usize) -> T {
        from[number % from.len()]
    }

    fn table(tx: &Transaction<'_>, kind: RowKind) -> Vec<Row> {
        let mut statement = tx.prepare(&format!("SELECT body FROM {} ORDER BY id", kind.name())).unwrap();
        let bodies = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
    }

    /// What somebody else may have made of a confirmed row; none: it is gone.
    fn changed(row: &Row, (what, other): (u8, usize), world: &World) -> Option<Row> {
        let deleted_at = (what == 1).then_some(1);
        Some(match (what, row.clone()) {
            (0, _) => return None,
            (2, Row::Video(video)) => {
                Row::Video(Video { asset: pick(&world.assets, other), position: other as i64, ..video })
            }
            (3, Row::Video(video)) => {
                let near = [video.chapter, pick(&world.chapters, other)];
                Row::Video(Video { chapter: near[other % 2], ..video })
            }
            (_, Row::Video(video)) => Row::Video(Video { title: "Theirs".into(), deleted_at, ..video }),
            (_, Row::Chapter(chapter)) => {
                Row::Chapter(Chapter { title: "Theirs".into(), position: other as i64, deleted_at, ..chapter })
            }
            (_, Row::Course(course)) => Row::Course(Course { title: "Theirs".into(), deleted_at, ..course }),
            (_, other) => other,
        })
    }

    fn change_base(tx: &Transaction<'_>, change: (usize, u8, usize), world: &World) -> RowKey {
        let all: Vec<Row> = RowKind::ALL.into_iter().flat_map(|kind| table_of_base(tx, kind)).collect();
        let row = &all[change.0 % all.len()];
        match changed(row, (change.1, change.2), world) {
            Some(row) => rows::write_base(tx, &VersionedRow { version: 2, row }).unwrap(),
            None => {
                let key = [row.key().kind.name().to_owned(), row.key().id.to_string()];
                tx.execute("DELETE FROM base_row WHERE kind = ?1 AND id = ?2", key).unwrap();
            }
        }
        row.key()
    }

    fn table_of_base(tx: &Transaction<'_>, kind: RowKind) -> Vec<Row> {
        let mut statement = tx.prepare("SELECT body FROM base_row WHERE kind = ?1 ORDER BY id").unwrap();
        let bodies = statement.query_map([kind.name()], |row| row.get::<_, String>(0)).unwrap();
        bodies.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
    }

    /// Row by row and edit by edit into the tables: what the overlay spares.
    fn plainly(tx: &Transaction<'_>, by: Actor, stale: &BTreeSet<RowKey>) {
        for key in stale {
            match rows::base(tx, *key).unwrap() {
                Some(row) => rows::write_view(tx, &row).unwrap(),
                None => rows::remove_from_view(tx, *key).unwrap(),
            }
        }
        tx.execute("DELETE FROM outbox_row", []).unwrap();
        for (mid, mutation) in replay::entries(tx).unwrap() {
            if let (_, Ok(effects)) = outbox::execute(|read| rows::read(tx, read), by, &mutation).unwrap() {
                outbox::show(tx, mid, &effects).unwrap();
            }
        }
    }

    /// But for the times, which are when it was executed.
    fn seen(tx: &Transaction<'_>) -> Seen {
        let mut all = BTreeMap::new();
        for row in RowKind::ALL.into_iter().flat_map(|kind| table(tx, kind)) {
            let mut json = serde_json::to_value(&row).unwrap();
            for time in ["created_at", "deleted_at"] {
                if let Some(time) = json["body"].get_mut(time).filter(|time| time.is_number()) {
                    *time = Value::from("then");
                }
            }
            all.insert(format!("{:?}", row.key()), json);
        }
        let mut statement = tx.prepare("SELECT mid, kind, id FROM outbox_row ORDER BY mid, kind, id").unwrap();
        let waiting = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        (all, waiting.collect::<Result<_, _>>().unwrap())
    }

    fn play(tx: &Transaction<'_>, edits: &[(u8, usize, usize)], changes: &[(usize, u8, usize)]) -> (Seen, Seen) {
        let mut world = World::confirmed(tx);
        edits.iter().for_each(|edit| world.any_edit(tx, *edit));
        let mut stale: BTreeSet<RowKey> = changes.iter().map(|change| change_base(tx, *change, &world)).collect();
        stale.extend(replay::outbox_rows(tx).unwrap());
        tx.execute_batch("SAVEPOINT before").unwrap();
        plainly(tx, world.by, &stale);
        let plain = seen(tx);
        tx.execute_batch("ROLLBACK TO before").unwrap();
        replay::show_again(tx, world.by, &stale).unwrap();
        (plain, seen(tx))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

        #[test]
        fn the_view_is_as_if_each_edit_were_written_by_itself(
            edits in prop::collection::vec((0_u8..14, 0_usize..12, 0_usize..12), 0..30),
            changes in prop::collection::vec((0_usize..60, 0_u8..6, 0_usize..12), 0..6),
        ) {
            static DATABASE: std::sync::OnceLock<(tempfile::TempDir, Database)> = std::sync::OnceLock::new();
            let (_, database) = DATABASE.get_or_init(|| {
                let folder = tempfile::tempdir().unwrap();
                let database = Database::open(&folder.path().join("mirror.sqlite")).unwrap();
                database.identify().unwrap();
                (folder, database)
            });
            let (tell, told) = mpsc::channel();
            // Taken back, for the next history.
            let undone = futures::executor::block_on(database.write(move |tx| -> Result<(), CatalogueFailure> {
                tell.send(play(tx, &edits, &changes)).unwrap();
                Err(CatalogueFailure::Closed)
            }));
            prop_assert!(undone.is_err());
            let (plain, laid_over) = told.recv().unwrap();
            prop_assert_eq!(plain, laid_over);
        }
    }
}
