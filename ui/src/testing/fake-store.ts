// The fake backend's store: keys with their buckets, and a bucket that can be connected, checked and lose its key.
import type { CheckAnswer } from "../backend/bindings/CheckAnswer";
import type { Cleaning } from "../backend/bindings/Cleaning";
import type { ConnectAnswer } from "../backend/bindings/ConnectAnswer";
import type { Connection } from "../backend/bindings/Connection";
import type { ConnectProblem } from "../backend/bindings/ConnectProblem";
import type { StoreDetails } from "../backend/bindings/StoreDetails";
import { fail } from "./rows";

export interface FakeKey {
  secret: string;
  buckets: string[];
  /** It may name its buckets. */
  lists: boolean;
}

const HERE: StoreDetails = {
  ...{ kind: "this_computer", bucket: null, endpoint: null, folder: "", key: null },
  ...{ moving: null, cleaning: null },
};

const refused = (problem: ConnectProblem): ConnectAnswer => ({ kind: "refused", problem });

export class FakeStore {
  details: StoreDetails = { ...HERE };
  readonly keys = new Map<string, FakeKey>([
    ["004one", { secret: "K004secret", buckets: ["lectures-2026"], lists: true }],
    [
      "004all",
      { secret: "K004secret", buckets: ["lectures-2026", "lectures-archive", "podcasts"], lists: true },
    ],
    ["004blind", { secret: "K004secret", buckets: ["lectures-2026", "podcasts"], lists: false }],
  ]);
  /** Set by a test: what the bucket's check finds from now on. */
  problem: ConnectProblem | null = null;
  cleaning: Cleaning = { kind: "offered", days: 90 };
  keychain = true;

  connect(connection: Connection, moving: StoreDetails["moving"]): ConnectAnswer {
    const key = this.keys.get(connection.key_id);
    const isB2 = connection.kind === "backblaze_b2";
    const secret = isB2 ? connection.application_key : connection.secret_key;
    if (!isB2 && connection.endpoint !== "" && !URL.canParse(withScheme(connection.endpoint)))
      return refused({ code: "invalid_endpoint" });
    if (!key || key.secret !== secret) return refused({ code: "unknown_key" });
    const only = key.buckets.length === 1 ? key.buckets[0] : undefined;
    const bucket = connection.bucket || only;
    if (bucket === undefined) return { kind: "choose_bucket", buckets: key.lists ? key.buckets : [] };
    if (only !== undefined && bucket !== only) return refused({ code: "other_bucket", bucket: only });
    if (!key.buckets.includes(bucket)) return refused({ code: "no_such_bucket" });
    const { bucket: had } = this.details;
    if (had !== null && had !== bucket) return refused({ code: "already_connected", bucket: had });
    if (this.problem !== null) return refused(this.problem);
    this.details = {
      kind: connection.kind,
      bucket,
      endpoint: isB2
        ? "s3.us-west-004.backblazeb2.com"
        : connection.endpoint
          ? new URL(withScheme(connection.endpoint)).host
          : this.details.endpoint,
      folder: connection.folder,
      key: this.keychain ? "keychain" : "this_run_only",
      moving: had === null ? moving : this.details.moving,
      cleaning: this.cleaning,
    };
    return { kind: "connected", store: this.details };
  }

  check(): CheckAnswer {
    if (this.details.bucket === null) fail("rejected", "there is no bucket");
    return this.problem ? { kind: "refused", problem: this.problem } : { kind: "passed" };
  }

  setCleaning(): Cleaning {
    if (this.cleaning.kind === "offered") this.cleaning = { kind: "in_place", days: this.cleaning.days };
    this.details = { ...this.details, cleaning: this.cleaning };
    return this.cleaning;
  }
}

const withScheme = (endpoint: string) => (endpoint.includes("://") ? endpoint : `https://${endpoint}`);
