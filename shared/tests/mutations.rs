//! Mutations on a small world in memory: what each does, how it is refused, and that undo brings everything back.

// Clippy's `allow-unwrap-in-tests` sees test functions, not what they call.
#![allow(clippy::unwrap_used)]

use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::{AssetId, AttachmentId, ChapterId, CourseId, UserId, VideoId};
use lectern_shared::media::{AssetKind, AssetState, AttachmentRole, Probe};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::sync::{self, Actor, Read, Rowset};
use std::collections::BTreeMap;

/// All rows there are; runs mutations as client and server do.
struct World {
    rows: BTreeMap<RowKey, Row>,
    user: UserId,
    now: i64,
}

impl World {
    fn new() -> Self {
        Self { rows: BTreeMap::new(), user: UserId::new(), now: 1_000 }
    }

    fn read(&self, read: Read) -> Vec<Row> {
        let fits = |row: &&Row| match read {
            Read::Row(key) => row.key() == key,
            Read::Children(kind, parent) => row.key().kind == kind && row.parent() == Some(parent),
            Read::OfAsset(kind, asset) => row.key().kind == kind && row.asset() == Some(asset),
        };
        self.rows.values().filter(fits).cloned().collect()
    }

    fn load(&self, mutation: &Mutation) -> Rowset {
        let mut rows = Rowset::default();
        loop {
            let needs = sync::needs(mutation, &rows);
            if needs.is_empty() {
                return rows;
            }
            for read in needs {
                rows.load(read, self.read(read));
            }
        }
    }

    /// Runs it; answers what undoes it, or the code of the refusal.
    fn run(&mut self, mutation: &Mutation) -> Result<Option<Vec<Mutation>>, &'static str> {
        self.now += 1;
        let before = self.load(mutation);
        let actor = Actor { user: self.user, now: self.now };
        let effects = sync::execute(mutation, &before, actor).map_err(|rejection| rejection.code)?;
        for row in effects {
            self.rows.insert(row.key(), row);
        }
        Ok(sync::inverse(mutation, &before))
    }

    fn chapter(&mut self, course: CourseId, title: &str) -> ChapterId {
        let chapter = ChapterId::new();
        let place = Between::default();
        self.run(&Mutation::ChapterCreate { chapter, course, title: title.to_owned(), place }).unwrap();
        chapter
    }

    fn video(&mut self, course: CourseId, chapter: ChapterId, title: &str) -> VideoId {
        let (video, asset) = (VideoId::new(), AssetId::new());
        let name = format!("{title}.mp4");
        self.run(&Mutation::AssetCreate { asset, name, kind: AssetKind::Video, bytes: 7, predecessor: None }).unwrap();
        let place = Between::default();
        self.run(&Mutation::VideoCreate { video, course, chapter, asset, title: title.to_owned(), place }).unwrap();
        video
    }

    fn titles(&self, chapter: ChapterId) -> Vec<String> {
        let mut videos: Vec<_> = self
            .read(Read::Children(RowKind::Video, chapter.0))
            .into_iter()
            .filter_map(|row| match row {
                Row::Video(video) if video.deleted_at.is_none() => Some((video.position, video.title)),
                _ => None,
            })
            .collect();
        videos.sort();
        videos.into_iter().map(|(_, title)| title).collect()
    }

    fn asset_of(&self, video: VideoId) -> AssetId {
        match &self.rows[&RowKey { kind: RowKind::Video, id: video.0 }] {
            Row::Video(video) => video.asset,
            other => panic!("not a video: {other:?}"),
        }
    }
}

fn course_with(titles: &[&str]) -> (World, CourseId, ChapterId, Vec<VideoId>) {
    let mut world = World::new();
    let course = CourseId::new();
    world.run(&Mutation::CourseCreate { course, title: " Organic  Chemistry ".to_owned() }).unwrap();
    let chapter = world.chapter(course, "Kinetics");
    let videos = titles.iter().map(|title| world.video(course, chapter, title)).collect();
    (world, course, chapter, videos)
}

#[test]
fn a_place_shows_a_summary_of_its_asset_and_the_summary_follows_the_asset() {
    let (mut world, _, _, videos) = course_with(&["a"]);
    let asset = world.asset_of(videos[0]);
    let probe = Probe { duration_ms: Some(9), video_codec: Some("H.264".to_owned()), ..Probe::default() };
    world.run(&Mutation::AssetDescribe { asset, probe, thumbnail: true }).unwrap();
    let mut rows = Rowset::default();
    for read in [Read::Row(RowKey { kind: RowKind::Asset, id: asset.0 }), Read::OfAsset(RowKind::Summary, asset)] {
        rows.load(read, world.read(read));
    }
    for row in sync::stored(asset, "00", &rows) {
        world.rows.insert(row.key(), row);
    }
    let Some(Row::Summary(summary)) = world.read(Read::OfAsset(RowKind::Summary, asset)).pop() else { panic!() };
    assert_eq!((summary.duration_ms, summary.codec.as_deref(), summary.thumbnail), (Some(9), Some("H.264"), true));
    assert_eq!(summary.state, AssetState::Ready);
}

#[test]
fn several_videos_move_across_chapters_and_undo_brings_each_back_to_its_place() {
    let (mut world, course, chapter, videos) = course_with(&["a", "b", "c", "d", "e"]);
    let other = world.chapter(course, "Spectroscopy");
    let there = world.video(course, other, "x");
    let place = Between { after: None, before: Some(there) };
    let ids = vec![videos[3], videos[0], videos[1]];
    let undo = world.run(&Mutation::VideoMove { ids, chapter: other, place }).unwrap().unwrap();
    assert_eq!(world.titles(other), ["d", "a", "b", "x"]);
    assert_eq!(world.titles(chapter), ["c", "e"]);
    for mutation in undo {
        world.run(&mutation).unwrap();
    }
    assert_eq!(world.titles(chapter), ["a", "b", "c", "d", "e"]);
    assert_eq!(world.titles(other), ["x"]);
}

#[test]
fn moving_the_first_video_within_its_chapter_can_be_undone() {
    let (mut world, _, chapter, videos) = course_with(&["a", "b", "c"]);
    let place = Between { after: Some(videos[2]), before: None };
    let ids = vec![videos[0], videos[1]];
    let undo = world.run(&Mutation::VideoMove { ids, chapter, place }).unwrap().unwrap();
    assert_eq!(world.titles(chapter), ["c", "a", "b"]);
    for mutation in undo {
        world.run(&mutation).unwrap();
    }
    assert_eq!(world.titles(chapter), ["a", "b", "c"]);
}

#[test]
fn a_restored_video_stands_where_it_stood() {
    let (mut world, _, chapter, videos) = course_with(&["a", "b", "c"]);
    let undo = world.run(&Mutation::VideoDelete { ids: vec![videos[1]] }).unwrap().unwrap();
    assert_eq!(world.titles(chapter), ["a", "c"]);
    for mutation in undo {
        world.run(&mutation).unwrap();
    }
    assert_eq!(world.titles(chapter), ["a", "b", "c"]);
}

#[test]
fn deleting_an_asset_in_use_needs_every_use_to_be_named_and_undo_restores_the_places() {
    let (mut world, _, chapter, videos) = course_with(&["a", "b"]);
    let ids = vec![world.asset_of(videos[0])];
    assert_eq!(
        world.run(&Mutation::AssetDelete { ids: ids.clone(), uses: vec![], attachments: Vec::new() }),
        Err("in_use")
    );
    let undo =
        world.run(&Mutation::AssetDelete { ids, uses: vec![videos[0]], attachments: Vec::new() }).unwrap().unwrap();
    assert_eq!(world.titles(chapter), ["b"]);
    for mutation in undo {
        world.run(&mutation).unwrap();
    }
    assert_eq!(world.titles(chapter), ["a", "b"]);
}

impl World {
    fn file(&mut self, name: &str, kind: AssetKind) -> AssetId {
        let asset = AssetId::new();
        let name = name.to_owned();
        self.run(&Mutation::AssetCreate { asset, name, kind, bytes: 7, predecessor: None }).unwrap();
        asset
    }

    fn attach(&self, video: VideoId, asset: AssetId, role: AttachmentRole, language: Option<&str>) -> Mutation {
        let (attachment, language) = (AttachmentId::new(), language.map(str::to_owned));
        Mutation::VideoAttach { attachment, video, asset, role, language }
    }

    /// What is tied to a video: the files' names and languages.
    fn tied(&self, video: VideoId) -> Vec<(String, Option<String>)> {
        let rows = self.read(Read::Children(RowKind::Attachment, video.0)).into_iter();
        let live = rows.filter_map(|row| match row {
            Row::Attachment(row) if row.deleted_at.is_none() => Some(row),
            _ => None,
        });
        let mut tied: Vec<_> = live
            .map(|row| match &self.rows[&RowKey { kind: RowKind::Asset, id: row.asset.0 }] {
                Row::Asset(asset) => (asset.name.clone(), row.language),
                other => panic!("not an asset: {other:?}"),
            })
            .collect();
        tied.sort();
        tied
    }

    /// Runs it, and what undoes it; answers what was tied after each.
    fn there_and_back(&mut self, video: VideoId, mutation: &Mutation) -> [Vec<(String, Option<String>)>; 2] {
        let undo = self.run(mutation).unwrap().unwrap();
        let there = self.tied(video);
        for mutation in undo {
            self.run(&mutation).unwrap();
        }
        [there, self.tied(video)]
    }
}

fn names(tied: &[(String, Option<String>)]) -> Vec<&str> {
    tied.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_video_has_one_poster_and_captions_once_a_language_and_undo_brings_back_what_gave_way() {
    let (mut world, course, _, videos) = course_with(&["a"]);
    let video = videos[0];
    let [en, fr, again] = ["en.vtt", "fr.vtt", "en2.vtt"].map(|name| world.file(name, AssetKind::Other));
    let [old, new] = ["old.png", "new.png"].map(|name| world.file(name, AssetKind::Image));
    for (asset, role, language) in [
        (en, AttachmentRole::Captions, Some("EN")),
        (fr, AttachmentRole::Captions, Some("fr")),
        (old, AttachmentRole::Poster, None),
    ] {
        let attach = world.attach(video, asset, role, language);
        world.run(&attach).unwrap();
    }
    assert_eq!(names(&world.tied(video)), ["en.vtt", "fr.vtt", "old.png"]);
    assert_eq!(world.tied(video)[0].1.as_deref(), Some("en"), "as the registry writes it");
    let summaries = world.read(Read::OfAsset(RowKind::Summary, en));
    assert!(matches!(&summaries[..], [Row::Summary(row)] if row.course == course), "members read what is tied, too");

    let attach = world.attach(video, again, AttachmentRole::Captions, Some("en"));
    let [there, back] = world.there_and_back(video, &attach);
    assert_eq!(names(&there), ["en2.vtt", "fr.vtt", "old.png"]);
    assert_eq!(names(&back), ["en.vtt", "fr.vtt", "old.png"]);
    let attach = world.attach(video, new, AttachmentRole::Poster, None);
    let [there, back] = world.there_and_back(video, &attach);
    assert_eq!((names(&there)[2], names(&back)[2]), ("new.png", "old.png"));

    // One that gave way and is brought back takes its place again.
    world.run(&attach).unwrap_err();
    let attach = world.attach(video, new, AttachmentRole::Poster, None);
    world.run(&attach).unwrap();
    let gone = world.read(Read::Children(RowKind::Attachment, video.0)).into_iter().find_map(|row| match row {
        Row::Attachment(row) if row.asset == old => Some(row.id),
        _ => None,
    });
    let restore = Mutation::AttachmentRestore { ids: vec![gone.unwrap()] };
    let [there, back] = world.there_and_back(video, &restore);
    assert_eq!((names(&there)[2], names(&back)[2]), ("old.png", "new.png"));
}

#[test]
fn captions_are_text_a_poster_is_an_image_and_a_language_is_one() {
    let (mut world, _, _, videos) = course_with(&["a"]);
    let video = videos[0];
    let (picture, text) = (world.file("p.png", AssetKind::Image), world.file("t.vtt", AssetKind::Other));
    for (asset, role, language) in [
        (picture, AttachmentRole::Captions, None),
        (text, AttachmentRole::Poster, None),
        (text, AttachmentRole::Captions, Some("english, mostly")),
    ] {
        let attach = world.attach(video, asset, role, language);
        assert_eq!(world.run(&attach), Err("invalid"));
    }
    let unknown = world.attach(video, AssetId::new(), AttachmentRole::Handout, None);
    assert_eq!(world.run(&unknown), Err("not_found"));
    let ids = [("en", "en.vtt"), ("fr", "fr.vtt")].map(|(language, name)| {
        let asset = world.file(name, AssetKind::Other);
        let attach = world.attach(video, asset, AttachmentRole::Captions, Some(language));
        world.run(&attach).unwrap();
        let Mutation::VideoAttach { attachment, .. } = attach else { panic!() };
        attachment
    });
    let label = |language: &str| Mutation::AttachmentLabel { attachment: ids[0], language: Some(language.to_owned()) };
    assert_eq!(world.run(&label("fr")), Err("exists"));
    let [there, back] = world.there_and_back(video, &label("en-gb"));
    assert_eq!((there[0].1.as_deref(), back[0].1.as_deref()), (Some("en-GB"), Some("en")));
    world.run(&Mutation::VideoDelete { ids: vec![video] }).unwrap();
    assert_eq!(world.run(&label("de")), Err("deleted"));
    let late = world.attach(video, text, AttachmentRole::Handout, None);
    assert_eq!(world.run(&late), Err("deleted"));
}

#[test]
fn a_file_that_is_attached_is_in_use_and_undo_ties_it_again() {
    let (mut world, _, chapter, videos) = course_with(&["a"]);
    let video = videos[0];
    let slides = world.file("slides.pdf", AssetKind::Document);
    let attach = world.attach(video, slides, AttachmentRole::Handout, None);
    let Mutation::VideoAttach { attachment, .. } = attach else { panic!() };
    world.run(&attach).unwrap();
    let delete = |attachments| Mutation::AssetDelete { ids: vec![slides], uses: vec![], attachments };
    assert_eq!(world.run(&delete(vec![])), Err("in_use"));
    let [there, back] = world.there_and_back(video, &delete(vec![attachment]));
    assert_eq!((there, names(&back)), (vec![], vec!["slides.pdf"]));
    assert_eq!(world.titles(chapter), ["a"], "the video stays");
}

#[test]
fn a_course_and_a_video_say_what_they_are_about_and_a_course_is_published_until_it_is_taken_back() {
    let (mut world, course, _, videos) = course_with(&["a"]);
    let said = |world: &World| match (
        &world.rows[&RowKey { kind: RowKind::Course, id: course.0 }],
        &world.rows[&RowKey { kind: RowKind::Video, id: videos[0].0 }],
    ) {
        (Row::Course(course), Row::Video(video)) => {
            (course.description.clone(), video.description.clone(), course.published_at.is_some())
        }
        _ => panic!(),
    };
    let text = "Rates of\r\nreactions \u{202E}\n".to_owned();
    let mut undo = Vec::new();
    for mutation in [
        Mutation::CourseDescribe { course, description: text.clone() },
        Mutation::VideoDescribe { video: videos[0], description: text },
        Mutation::CoursePublish { course },
    ] {
        undo.extend(world.run(&mutation).unwrap().unwrap());
    }
    let text = "Rates of\nreactions".to_owned();
    assert_eq!(said(&world), (text.clone(), text, true));
    for mutation in undo {
        world.run(&mutation).unwrap();
    }
    assert_eq!(said(&world), (String::new(), String::new(), false));
}

#[test]
fn edits_of_what_was_deleted_are_refused() {
    let (mut world, course, chapter, videos) = course_with(&["a"]);
    world.run(&Mutation::ChapterDelete { ids: vec![chapter] }).unwrap();
    let rename = Mutation::VideoRename { video: videos[0], title: "z".to_owned() };
    assert_eq!(world.run(&rename), Err("deleted"));
    let asset = AssetId::new();
    let create =
        Mutation::AssetCreate { asset, name: "n".to_owned(), kind: AssetKind::Video, bytes: 1, predecessor: None };
    world.run(&create).unwrap();
    let (video, title, place) = (VideoId::new(), "n".to_owned(), Between::default());
    assert_eq!(world.run(&Mutation::VideoCreate { video, course, chapter, asset, title, place }), Err("deleted"));
    assert_eq!(world.run(&create), Err("exists"));
    let unnamed = Mutation::CourseRename { course, title: " \u{202E} ".to_owned() };
    assert_eq!(world.run(&unnamed), Err("invalid_name"));
}

#[test]
fn the_same_edit_again_changes_nothing() {
    let (mut world, course, ..) = course_with(&["a"]);
    let rename = Mutation::CourseRename { course, title: "Organic Chemistry".to_owned() };
    let before = world.load(&rename);
    let effects = sync::execute(&rename, &before, Actor { user: world.user, now: 9 }).unwrap();
    assert!(effects.is_empty(), "the title is there already: {effects:?}");
    assert!(world.run(&Mutation::CourseRestore { course }).is_ok());
}

#[test]
fn a_replaced_file_keeps_the_place_and_the_title_and_undo_brings_each_back_to_its_own() {
    let (mut world, course, chapter, videos) = course_with(&["a", "b", "c"]);
    let [a, b, c] = [0, 1, 2].map(|index| world.asset_of(videos[index]));
    world.run(&Mutation::VideoDelete { ids: vec![videos[1]] }).unwrap();
    // One that is deleted shows it when it comes back; one that nobody knows holds nothing up.
    let uses = vec![videos[0], videos[1], VideoId::new()];
    let undo = world.run(&Mutation::AssetReplace { successor: c, uses }).unwrap().unwrap();
    assert_eq!([0, 1, 2].map(|index| world.asset_of(videos[index])), [c, c, c]);
    assert_eq!(world.titles(chapter), ["a", "c"]);
    for mutation in undo {
        world.run(&mutation).unwrap();
    }
    assert_eq!([0, 1, 2].map(|index| world.asset_of(videos[index])), [a, b, c]);

    // The course shows of it what it is, also when it had no place there.
    let successor = AssetId::new();
    let created =
        |kind| Mutation::AssetCreate { asset: successor, name: "v2".to_owned(), kind, bytes: 9, predecessor: Some(a) };
    world.run(&created(AssetKind::Video)).unwrap();
    world.run(&Mutation::AssetReplace { successor, uses: vec![videos[0]] }).unwrap();
    let summaries = world.read(Read::OfAsset(RowKind::Summary, successor));
    assert!(matches!(&summaries[..], [Row::Summary(row)] if row.course == course && row.bytes == 9));
}

#[test]
fn only_a_live_file_that_plays_can_replace_another() {
    let (mut world, _, _, videos) = course_with(&["a", "b"]);
    let uses = vec![videos[0]];
    let replaced_by =
        |world: &mut World, successor| world.run(&Mutation::AssetReplace { successor, uses: uses.clone() });
    assert_eq!(replaced_by(&mut world, AssetId::new()), Err("not_found"));
    let slides = AssetId::new();
    let name = "slides.pdf".to_owned();
    world
        .run(&Mutation::AssetCreate { asset: slides, name, kind: AssetKind::Document, bytes: 9, predecessor: None })
        .unwrap();
    assert_eq!(replaced_by(&mut world, slides), Err("invalid"));
    let b = world.asset_of(videos[1]);
    world.run(&Mutation::AssetDelete { ids: vec![b], uses: vec![videos[1]], attachments: Vec::new() }).unwrap();
    assert_eq!(replaced_by(&mut world, b), Err("deleted"));
    let nowhere = Mutation::AssetReplace { successor: world.asset_of(videos[0]), uses: vec![VideoId::new()] };
    assert_eq!(world.run(&nowhere), Err("not_found"));
}
