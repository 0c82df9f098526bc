// Progress goes straight into the cached list of uploads: rows and panel read it there, nothing is fetched.
import type { OperationId } from "./bindings/OperationId";
import type { UploadList } from "./bindings/UploadList";
import type { UploadSnapshot } from "./bindings/UploadSnapshot";
import type { UploadTotals } from "./bindings/UploadTotals";

const indexes = new WeakMap<UploadList, Map<OperationId, UploadSnapshot>>();

/** The snapshot of one operation. The index is made once a list, however many rows ask. */
export function uploadOf(list: UploadList, operation: OperationId): UploadSnapshot | undefined {
  let index = indexes.get(list);
  if (index === undefined) {
    index = new Map(list.uploads.map((upload) => [upload.operation, upload]));
    indexes.set(list, index);
  }
  return index.get(operation);
}

export function withProgress(
  list: UploadList,
  snapshots: readonly UploadSnapshot[],
  totals: UploadTotals,
): UploadList {
  const moved = new Map(snapshots.map((snapshot) => [snapshot.operation, snapshot]));
  const uploads = list.uploads.map((upload) => {
    const next = moved.get(upload.operation);
    moved.delete(upload.operation);
    return next ?? upload;
  });
  return { uploads: [...uploads, ...moved.values()], totals };
}
