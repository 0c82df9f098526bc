// Draws the poster frames the engine asks for: one video at a time, out of sight, and gives up in good time.
import { useEffect } from "react";
import type { PosterArguments } from "../../backend/bindings/PosterArguments";
import { useBackend } from "../../backend/context";
import { type PosterRequest, usePosters } from "../../backend/posters";

const WIDTH_MAX = 480;
const TIMEOUT_MS = 8_000;
/** A tenth of the way in, and never further than this: past titles, before long seeks. */
const SEEK_S_MAX = 10;

export function PosterMaker() {
  const backend = useBackend();
  const request = usePosters(({ queue }) => queue[0]);
  useEffect(() => {
    if (!request) return;
    const stop = new AbortController();
    void drawPoster(request, stop.signal).then(async (poster) => {
      if (stop.signal.aborted) return;
      // A poster that cannot be kept is drawn again another day: nothing to tell anybody.
      await backend.save_poster(poster).catch(() => undefined);
      usePosters.getState().next();
    });
    return () => stop.abort();
  }, [request, backend]);
  return null;
}

/** Always answers, with an empty picture when none could be drawn. */
export function drawPoster({ asset, mediaUrl }: PosterRequest, stop: AbortSignal): Promise<PosterArguments> {
  const video = document.createElement("video");
  Object.assign(video, { crossOrigin: "anonymous", muted: true, preload: "auto", playsInline: true });
  return new Promise((resolve) => {
    const finish = (jpeg: string) => {
      clearTimeout(timer);
      const { duration, videoWidth, videoHeight } = video;
      resolve({
        asset,
        jpeg,
        duration_ms: Number.isFinite(duration) && duration > 0 ? Math.round(duration * 1000) : null,
        width: videoWidth > 0 ? videoWidth : null,
        height: videoHeight > 0 ? videoHeight : null,
      });
      // Lets go of the connection to the preview server.
      video.removeAttribute("src");
      video.load();
    };
    const timer = setTimeout(() => finish(""), TIMEOUT_MS);
    stop.addEventListener("abort", () => finish(""), { once: true });
    video.addEventListener("error", () => finish(""), { once: true });
    video.addEventListener(
      "loadedmetadata",
      () => {
        const tenth = Number.isFinite(video.duration) ? video.duration / 10 : 0;
        video.currentTime = Math.min(tenth, SEEK_S_MAX);
      },
      { once: true },
    );
    video.addEventListener("seeked", () => finish(jpegOf(video)), { once: true });
    video.src = mediaUrl;
  });
}

function jpegOf(video: HTMLVideoElement): string {
  const { videoWidth, videoHeight } = video;
  if (videoWidth === 0 || videoHeight === 0) return "";
  const scale = Math.min(1, WIDTH_MAX / videoWidth);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  try {
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.8).replace(/^data:image\/jpeg;base64,/, "");
  } catch {
    // A frame from elsewhere taints the canvas.
    return "";
  }
}
