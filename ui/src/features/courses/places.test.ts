// Where things land, as pure answers.
import { expect, test } from "vitest";
import type { ChapterId } from "../../backend/bindings/ChapterId";
import type { VideoId } from "../../backend/bindings/VideoId";
import {
  besides,
  hitOf,
  type Outline,
  placeAt,
  placeNow,
  places,
  positionWords,
  standsThere,
} from "./places";

const v = (id: string) => id as VideoId;
const c = (id: string) => id as ChapterId;
const outline: Outline = [
  { id: c("one"), videos: [v("a"), v("b"), v("c")] },
  { id: c("two"), videos: [] },
  { id: c("three"), videos: [v("d")] },
];

test("the halves of a row are before it and after it, with both neighbours named", () => {
  expect(placeAt({ on: "video", video: v("b"), half: "upper" }, outline)).toEqual({
    ...{ chapter: "one", after: "a", before: "b" },
  });
  expect(placeAt({ on: "video", video: v("b"), half: "lower" }, outline)).toEqual({
    ...{ chapter: "one", after: "b", before: "c" },
  });
  expect(placeAt({ on: "video", video: v("a"), half: "upper" }, outline)).toEqual({
    ...{ chapter: "one", after: null, before: "a" },
  });
});

test("a chapter means its end, and the page the end of the last chapter", () => {
  expect(placeAt({ on: "chapter", chapter: c("one") }, outline)).toMatchObject({ after: "c", before: null });
  expect(placeAt({ on: "chapter", chapter: c("two") }, outline)).toMatchObject({ after: null, before: null });
  expect(placeAt({ on: "page" }, outline)).toMatchObject({ chapter: "three", after: "d" });
  expect(placeAt({ on: "page" }, [])).toBeNull();
});

test("rows that move are never their own neighbours", () => {
  const place = { chapter: c("one"), after: v("a"), before: v("b") };
  expect(besides(place, outline, [v("a"), v("b")])).toEqual({ chapter: "one", after: null, before: "c" });
  expect(standsThere(outline, [v("b")], { chapter: c("one"), after: v("a"), before: v("c") })).toBe(true);
  expect(standsThere(outline, [v("b")], { chapter: c("one"), after: v("c"), before: null })).toBe(false);
});

test("counting places passes through every chapter, empty ones included", () => {
  const all = places(outline, [v("b")]);
  expect(all).toHaveLength(3 + 1 + 2);
  expect(placeNow(outline, [v("b")])).toBe(1);
  expect(all.map((place) => positionWords(outline, [v("b")], place))).toEqual([
    ...["Position 1 of 3", "Position 2 of 3", "Position 3 of 3"],
    ...["Position 1 of 1", "Position 1 of 2", "Position 2 of 2"],
  ]);
});

test("what lies under a point is read from the nearest place", () => {
  document.body.innerHTML =
    '<section data-place="chapter" data-chapter-id="one"><h2>Title</h2>' +
    '<div data-place="video" data-video-id="a" style="height:40px"><b>row</b></div></section><p>else</p>';
  const row = document.querySelector("b");
  const top = document.querySelector("[data-video-id]")?.getBoundingClientRect().top ?? 0;
  expect(hitOf(row, top + 5)).toEqual({ on: "video", video: "a", half: "upper" });
  expect(hitOf(row, top + 35)).toEqual({ on: "video", video: "a", half: "lower" });
  expect(hitOf(document.querySelector("h2"), 0)).toEqual({ on: "chapter", chapter: "one" });
  expect(hitOf(document.querySelector("p"), 0)).toEqual({ on: "page" });
  expect(hitOf(null, 0)).toEqual({ on: "page" });
});
