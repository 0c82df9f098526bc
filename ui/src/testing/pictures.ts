// Drawn stand-ins for thumbnails: a slide, a graph, a person. No files, no network.
const slide = (hue: number) =>
  `<rect x="14" y="14" width="70" height="8" rx="2" fill="hsl(${hue} 30% 40%)"/>` +
  [30, 40, 50]
    .map(
      (y, i) =>
        `<rect x="14" y="${y}" width="${[110, 96, 104][i]}" height="4" rx="2" fill="hsl(${hue} 20% 68%)"/>`,
    )
    .join("") +
  `<circle cx="134" cy="66" r="14" fill="hsl(${hue} 40% 62%)"/>`;
const graph = (hue: number) =>
  `<polyline points="14,72 46,50 78,58 110,28 146,20" fill="none" stroke="hsl(${hue} 45% 45%)" stroke-width="3"/>` +
  `<path d="M14 12v62h132" fill="none" stroke="hsl(${hue} 18% 60%)" stroke-width="2"/>`;
const person = (hue: number) =>
  `<circle cx="80" cy="40" r="17" fill="hsl(${hue} 30% 58%)"/><path d="M46 90c2-24 16-32 34-32s32 8 34 32z" fill="hsl(${hue} 32% 44%)"/>`;

export function picture(hue: number, motif: number): string {
  const draw = [slide, graph, person][motif % 3] ?? slide;
  const ground = motif % 3 === 2 ? 22 : 90;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" fill="hsl(${hue} 34% ${ground}%)"/>${draw(hue)}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
