// Ready-made workspaces: the one of the design, an empty one, a large one, one where things went wrong.
import type { AssetId } from "../backend/bindings/AssetId";
import type { AssetKind } from "../backend/bindings/AssetKind";
import type { Cause } from "../backend/bindings/Cause";
import type { ChapterId } from "../backend/bindings/ChapterId";
import type { CourseId } from "../backend/bindings/CourseId";
import type { OperationId } from "../backend/bindings/OperationId";
import type { UploadState } from "../backend/bindings/UploadState";
import type { VideoId } from "../backend/bindings/VideoId";
import { FakeHost } from "./fake-host";
import { person } from "./fake-team";
import { picture } from "./pictures";
import type { AssetRow } from "./rows";

const GB = 1_000_000_000;
const MB = 1_000_000;
const START = Date.UTC(2026, 0, 5);

export interface VideoPlan {
  title: string;
  minutes: number;
  bytes: number;
  hue: number;
  motif: number;
  codec?: string;
  pending?: boolean;
  upload?: {
    state: UploadState;
    sent: number;
    confirmed: number;
    cause?: Cause;
    left?: number;
    neededBy?: number;
    late?: boolean;
  };
}

const video = (title: string, minutes: number, gb: number, hue: number, motif: number): VideoPlan => ({
  title,
  minutes,
  bytes: gb * GB,
  hue,
  motif,
});

export function addCourse(host: FakeHost, title: string, chapters: [string, VideoPlan[]][]): CourseId {
  const id = host.id<CourseId>();
  const course = { id, title, deleted: false, chapters: [] as ChapterId[] };
  host.rows.courses.set(id, course);
  for (const [name, videos] of chapters) {
    const chapter = host.id<ChapterId>();
    course.chapters.push(chapter);
    const row = { id: chapter, course: id, title: name, deleted: false, videos: [] as VideoId[] };
    host.rows.chapters.set(chapter, row);
    for (const plan of videos) row.videos.push(addVideo(host, id, chapter, `${title} › ${name}`, plan));
  }
  return id;
}

export function addAsset(
  host: FakeHost,
  name: string,
  kind: AssetKind,
  bytes: number,
  more: Partial<AssetRow> = {},
) {
  const id = host.id<AssetId>();
  host.rows.assets.set(id, {
    ...{ id, name, kind, bytes, state: "ready", created_at: START + host.rows.assets.size * 60_000 },
    ...{ duration_ms: null, width: null, height: null, codec: null, thumbnail_url: null },
    ...{ operation: null, deleted: false },
    ...more,
  });
  return id;
}

function addVideo(
  host: FakeHost,
  course: CourseId,
  chapter: ChapterId,
  where: string,
  plan: VideoPlan,
): VideoId {
  const { title, minutes, bytes, hue, motif, upload, pending = false } = plan;
  const operation = upload ? host.id<OperationId>() : null;
  const asset = addAsset(host, `${title}.mp4`, "video", bytes, {
    ...{ duration_ms: minutes * 60_000, width: 1920, height: 1080, codec: plan.codec ?? "H.264" },
    ...{ thumbnail_url: picture(hue, motif), operation, state: upload ? "expected" : "ready" },
  });
  const id = host.id<VideoId>();
  host.rows.videos.set(id, { id, chapter, title, asset, deleted: false, pending });
  if (upload && operation) {
    const speed = upload.left === undefined ? null : 19 * MB;
    host.transfers.add({
      ...{ operation, name: "upload-progress", context: { course }, asset, video: id },
      ...{ file_name: `${title}.mp4`, destination: where, state: upload.state, cause: upload.cause ?? null },
      ...{ bytes, sent: (bytes * upload.sent) / 100, confirmed: (bytes * upload.confirmed) / 100 },
      ...{ parts: 100, parts_confirmed: upload.confirmed },
      ...{ bytes_per_second: speed, seconds_left: upload.left ?? null },
      ...{ needed_by: upload.neededBy ?? null, late: upload.late ?? false, changed: false },
    });
  }
  return id;
}

const BONDING: VideoPlan[] = [
  video("1.1 Orbitals revisited", 24.16, 1.21, 212, 0),
  { ...video("1.2 Resonance, honestly", 31.7, 1.64, 32, 2), pending: true },
  { ...video("1.3 Acidity trends", 18.08, 2.9, 160, 1), codec: "HEVC" },
];

const KINETICS: VideoPlan[] = [
  video("2.1 Rates and mechanisms", 27.55, 1.38, 264, 1),
  {
    ...video("2.2 Energy diagrams", 22.15, 1.1, 12, 0),
    upload: { state: "verifying", sent: 100, confirmed: 100 },
  },
  {
    ...video("2.3 Hammond’s postulate", 35.85, 1.92, 190, 1),
    upload: { state: "uploading", sent: 52, confirmed: 43, left: 118 },
  },
  {
    ...video("2.4 Worked examples", 41.33, 6.04, 96, 2),
    ...{ codec: "ProRes", upload: { state: "uploading", sent: 19, confirmed: 11, left: 348 } },
  },
  {
    ...video("2.5 Catalysis in industry", 29, 4, 330, 0),
    upload: { state: "failed", sent: 30, confirmed: 30, cause: { code: "source_gone" } },
  },
];

const SPECTROSCOPY = ["Infrared", "NMR, the idea", "NMR, in practice", "Mass spectra"].map((name, i) =>
  video(`3.${i + 1} ${name}`, 20 + i * 3, 1.1 + i * 0.2, 40 + i * 70, i),
);

const LOOSE: [string, AssetKind, number][] = [
  ["Energy diagram, blank.png", "image", 1.1 * MB],
  ["NMR handout.pdf", "document", 2.4 * MB],
  ["Lab tour, take 3.mp4", "video", 612 * MB],
  ["Periodic trends.png", "image", 640_000],
  ["Guest interview.mp4", "video", 3.3 * GB],
  ["Kinetics slides.pptx", "document", 18 * MB],
  ["Titration close-up.mp4", "video", 240 * MB],
  ["Safety checklist.docx", "document", 84_000],
  ["Office hours recap.m4a", "audio", 51 * MB],
  ["Reaction coordinate.svg", "image", 18_000],
];

export function demo(options?: { latencyMs?: number }): FakeHost {
  const host = new FakeHost(options);
  host.name = "Northfield Chemistry";
  LOOSE.forEach(([name, kind, bytes], i) => {
    const playable = kind === "video" || kind === "audio";
    addAsset(host, name, kind, bytes, {
      thumbnail_url: kind === "video" || kind === "image" ? picture(i * 47, i) : null,
      ...(playable ? { duration_ms: (3 + i * 4.3) * 60_000, codec: kind === "audio" ? "AAC" : "H.264" } : {}),
      ...(kind === "video" ? { width: 1920, height: 1080 } : {}),
    });
  });
  addCourse(host, "Organic Chemistry II", [
    ["Structure and bonding", BONDING],
    ["Kinetics", KINETICS],
    ["Spectroscopy", SPECTROSCOPY],
  ]);
  addCourse(host, "Physical Chemistry", [
    ["Thermodynamics", []],
    ["Quantum", []],
  ]);
  addCourse(host, "Lab Safety", []);
  addCourse(host, "Spectroscopy, an introduction", []);
  host.picks = [
    { name: "2.6 Summary.mp4", bytes: 900 * MB, kind: "video" },
    { name: "2.7 Problem set.mov", bytes: 1.4 * GB, kind: "video" },
  ];
  return host;
}

export function failing(): FakeHost {
  const host = demo();
  const causes: Cause[] = [
    { code: "not_enough_space", needed: 4.1 * GB, free: 1.2 * GB },
    { code: "source_gone" },
    { code: "store_unreachable" },
    { code: "refused", detail: "the file is locked for thirty days" },
    { code: "by_user" },
  ];
  const videos = causes.flatMap((cause, i) =>
    [1, 2].map((n) => ({
      ...video(`Week ${i * 2 + n}`, 30, 2, i * 60, n),
      upload: {
        ...{ sent: 30, confirmed: 30, cause },
        state: (cause.code === "by_user"
          ? "paused"
          : cause.code === "store_unreachable"
            ? "queued"
            : "failed") as UploadState,
      },
    })),
  );
  addCourse(host, "Statistics", [["Recordings", videos]]);
  host.reachable = false;
  host.editsWaiting = 5;
  host.rejected = [
    { mutation_id: 7, name: "video.move", code: "deleted", detail: "the chapter “Kinetics” was deleted" },
  ];
  return host;
}

export function large(assets = 12_000): FakeHost {
  const host = demo();
  const kinds: AssetKind[] = ["video", "video", "video", "image", "document", "audio"];
  for (let i = 0; i < assets; i += 1) {
    const kind = kinds[i % kinds.length] ?? "video";
    const playable = kind === "video" || kind === "audio";
    addAsset(
      host,
      `Recording ${i + 1}.${kind === "video" ? "mp4" : "bin"}`,
      kind,
      (1 + ((i * 37) % 4000)) * MB,
      {
        thumbnail_url: kind === "video" || kind === "image" ? picture((i * 29) % 360, i) : null,
        duration_ms: playable ? (i % 5400) * 1000 : null,
        codec: kind === "video" ? "H.264" : null,
      },
    );
  }
  const videos = Array.from({ length: 240 }, (_, i) =>
    video(`Session ${i + 1}`, 10 + (i % 40), 0.8, i * 13, i),
  );
  addCourse(host, "Recorded seminar", [
    ["First half", videos.slice(0, 120)],
    ["Second half", videos.slice(120)],
  ]);
  return host;
}

/** The design's workspace, with its bucket and what is left to move to it. */
export function inBucket(key: "keychain" | "missing" = "keychain"): FakeHost {
  const host = demo();
  host.store.details = {
    ...{ kind: "backblaze_b2", bucket: "lectures-2026", endpoint: "s3.us-west-004.backblazeb2.com" },
    ...{ folder: "chemistry", key, moving: { files: 12, bytes: 3.4 * GB }, cleaning: host.store.cleaning },
  };
  return host;
}

/** A course of several people on a team's server. */
export function faculty(): FakeHost {
  const host = demo();
  Object.assign(host.workspaces.shown, {
    ...{ id: "lectern-example-edu", name: "Northfield Faculty", store: "team" },
    address: "https://lectern.example.edu",
  });
  const [course] = host.rows.courses.keys();
  const people = [
    person(2, "Chen Ning Yang", "yang@example.edu"),
    person(3, "Dorothy Hodgkin", "dorothy.hodgkin@example.edu"),
  ];
  host.team.people.push(...people);
  const [ada, bob, chen, dorothy] = host.team.people;
  if (course && ada && bob && chen && dorothy)
    host.team.members.set(course, [
      { ...ada, role: "owner" },
      { ...bob, role: "editor" },
      { ...chen, role: "editor" },
      { ...dorothy, role: "viewer" },
    ]);
  return host;
}

/** The same, with work that waits on a computer that was signed out from another one. */
export function signedOut(): FakeHost {
  const host = faculty();
  host.team.letIn = false;
  host.editsWaiting = 3;
  return host;
}

/** What can stop an upload besides the line, several files of one cause, deadlines and a limit. */
export function troubled(): FakeHost {
  const host = inBucket();
  const soon = new Date().setHours(18, 0, 0, 0) + 3 * 86_400_000;
  const causes: [Cause, number][] = [
    [{ code: "drive_gone", drive: "LECTURES" }, 2],
    [{ code: "key_refused" }, 3],
    [{ code: "cap_reached" }, 1],
    [{ code: "cloud_only" }, 1],
    [{ code: "access_denied" }, 1],
    [{ code: "still_written" }, 1],
  ];
  const states: { [Code in Cause["code"]]?: UploadState } = { still_written: "queued", drive_gone: "paused" };
  const videos = causes.flatMap(([cause, count], i) =>
    Array.from({ length: count }, (_, n) => ({
      ...video(`${i + 1}.${n + 1} Recording`, 30, 2, i * 60, n),
      upload: {
        ...{ sent: 30, confirmed: 30, cause, neededBy: soon, late: cause.code === "drive_gone" },
        state: states[cause.code] ?? "failed",
      },
    })),
  );
  addCourse(host, "Statistics", [["Recordings", videos]]);
  const weekend = { days: [6, 7], from_minute: 22 * 60, to_minute: 6 * 60 };
  const slow = { kind: "limit", bytes_per_second: 2 * MB } as const;
  host.transfers.rules = { limit: 4 * MB, timetable: [{ ...weekend, speed: slow }] };
  return host;
}

export const scenarios: Record<string, () => FakeHost> = {
  demo: () => demo(),
  empty: () => new FakeHost(),
  failures: failing,
  troubled,
  bucket: () => inBucket(),
  "key-missing": () => inBucket("missing"),
  large: () => large(),
  faculty: () => faculty(),
  "signed-out": () => signedOut(),
};
