// A small picture of a file, with its length; an icon of its kind until there is one.
import { AudioLines, File, FileText, Film, Image, type LucideIcon } from "lucide-react";
import { useState } from "react";

export type ThumbnailKind = "video" | "audio" | "image" | "document" | "other";

const ICONS: Record<ThumbnailKind, LucideIcon> = {
  video: Film,
  audio: AudioLines,
  image: Image,
  document: FileText,
  other: File,
};

interface Props {
  kind: ThumbnailKind;
  url: string | null;
  /** "24:10". */
  length?: string | null;
  iconSize?: number;
}

export function Thumbnail({ kind, url, length, iconSize = 18 }: Props) {
  const [broken, setBroken] = useState<string | null>(null);
  const Icon = ICONS[kind];
  return (
    <div className="thumbnail">
      <Icon size={iconSize} strokeWidth={1.5} aria-hidden />
      {url !== null && url !== broken && (
        <img src={url} alt="" draggable={false} decoding="async" onError={() => setBroken(url)} />
      )}
      {length && <i>{length}</i>}
    </div>
  );
}
