// The fake backend's workspaces: each has rows of its own, and one is shown.
import type { JoinAnswer } from "../backend/bindings/JoinAnswer";
import type { JoinArguments } from "../backend/bindings/JoinArguments";
import type { StoreKind } from "../backend/bindings/StoreKind";
import { fail, Rows } from "./rows";

interface FakeWorkspace {
  id: string;
  name: string;
  store: StoreKind | null;
  address: string | null;
  rows: Rows;
}

export class FakeWorkspaces {
  readonly all: FakeWorkspace[];
  shown: FakeWorkspace;
  /** The one that lets in. */
  code = "ABCDE-12345";
  keychain = true;

  constructor(local: Rows) {
    this.shown = { id: "local", name: "My workspace", store: null, address: null, rows: local };
    this.all = [this.shown];
  }

  show(id: string) {
    this.shown = this.all.find((one) => one.id === id) ?? fail("not_found", "there is no such workspace");
  }

  /** The local one is there always. */
  remove(id: string) {
    const at = this.all.findIndex((one) => one.id === id);
    const gone = this.all[at] ?? fail("not_found", "there is no such workspace");
    const fresh = { id, name: "My courses", store: null, address: null, rows: new Rows() };
    this.all.splice(at, 1, ...(id === "local" ? [fresh] : []));
    if (!this.all.some((one) => one.id === "local")) this.all.unshift({ ...fresh, id: "local" });
    if (this.shown === gone) this.shown = this.all.find((one) => one.id !== id) ?? this.all[0] ?? fresh;
  }

  join({ address, code }: JoinArguments): JoinAnswer {
    if (!URL.canParse(address)) return { kind: "refused", problem: { code: "address", detail: "" } };
    if (code !== this.code) return { kind: "refused", problem: { code: "code" } };
    const { host } = new URL(address);
    this.shown = { id: host, name: host, store: "team", address, rows: new Rows() };
    this.all.push(this.shown);
    return { kind: "joined", in_keychain: this.keychain };
  }
}
