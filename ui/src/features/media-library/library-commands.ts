// What can be done with files of the library: choose, rename, delete, show where they are used.
import { useMemo, useRef } from "react";
import { type Actions, useActions } from "../../backend/actions";
import type { AssetCard } from "../../backend/bindings/AssetCard";
import { plural } from "../../backend/format";
import { notify } from "../../backend/notices";
import type { Modifiers } from "../../design/selection";
import { CHOSEN_MAX, type Library } from "./asset-pages";
import { setLibrary, useLibraryState } from "./library-state";

export type LibraryCommands = ReturnType<typeof libraryCommands>;

export const fileWords = (cards: readonly AssetCard[]) =>
  cards.length === 1 && cards[0] ? `“${cards[0].name}”` : plural(cards.length, "file");

function libraryCommands(read: () => Library, actions: Actions) {
  const state = () => useLibraryState.getState();

  function remove(cards: readonly AssetCard[]) {
    const shown = cards.flatMap((card) => card.uses);
    const uses = shown.flatMap((use) => (use.attached ? [] : [use.video]));
    const attachments = shown.flatMap((use) => (use.attached ? [use.attached.attachment] : []));
    const videos = uses.length > 0 ? ` and ${plural(uses.length, "video")}` : "";
    setLibrary({ chosen: new Map(), deleting: null });
    void actions.edit(
      { name: "asset.delete", args: { ids: cards.map(({ id }) => id), uses, attachments } },
      `delete ${fileWords(cards)}`,
      `Deleted ${fileWords(cards)}${videos}.`,
    );
  }

  return {
    /** The chosen files when this is one of them, else this one. */
    meant(card: AssetCard): AssetCard[] {
      const { chosen } = state();
      return chosen.has(card.id) ? [...chosen.values()] : [card];
    },
    async choose(index: number, card: AssetCard, keys: Modifiers) {
      const { chosen, anchor } = state();
      const more = keys.ctrlKey || keys.metaKey;
      if (keys.shiftKey) {
        const range = await read().between(Math.min(anchor, index), Math.max(anchor, index));
        const entries = range.map((other) => [other.id, other] as const);
        setLibrary({ chosen: new Map(more ? [...chosen, ...entries] : entries), active: index });
      } else if (more) {
        const next = new Map(chosen);
        if (!next.delete(card.id)) next.set(card.id, card);
        setLibrary({ chosen: next, anchor: index, active: index });
      } else setLibrary({ chosen: new Map([[card.id, card]]), anchor: index, active: index });
    },
    async chooseAll() {
      const matching = read().top?.matching ?? 0;
      const cards = await read().between(0, matching - 1);
      setLibrary({ chosen: new Map(cards.map((card) => [card.id, card])) });
      if (matching > CHOSEN_MAX) notify(`The first ${plural(CHOSEN_MAX, "file")} are selected.`);
    },
    rename(card: AssetCard, name: string) {
      setLibrary({ renaming: null });
      void actions.edit({ name: "asset.rename", args: { asset: card.id, name } }, `rename “${card.name}”`);
    },
    /** Asks only when videos would go with the files. */
    askDelete(cards: readonly AssetCard[]) {
      if (cards.some((card) => card.uses.length > 0)) setLibrary({ deleting: cards });
      else remove(cards);
    },
    remove,
    pickFiles: () => void actions.pickFiles({ kind: "library" }),
  };
}

export function useLibraryCommands(library: Library): LibraryCommands {
  const actions = useActions();
  const latest = useRef(library);
  latest.current = library;
  return useMemo(() => libraryCommands(() => latest.current, actions), [actions]);
}
