// Shows the notices as toasts.
import { useCallback } from "react";
import { useActions } from "../backend/actions";
import { type Notice, useNotices } from "../backend/notices";
import { Toast, ToastRegion } from "../design/toast";

const UNDO_MS = 8_000;
const PLAIN_MS = 5_000;
const PROBLEM_MS = 20_000;

export function Notices() {
  const notices = useNotices((state) => state.notices);
  return (
    <ToastRegion>
      {notices.map((notice) => (
        <NoticeToast key={notice.id} notice={notice} />
      ))}
    </ToastRegion>
  );
}

function NoticeToast({ notice }: { notice: Notice }) {
  const { id, text, lines, tone, undo } = notice;
  const dismiss = useNotices((state) => state.dismiss);
  const actions = useActions();
  const close = useCallback(() => dismiss(id), [dismiss, id]);
  const problem = tone === "problem";
  return (
    <Toast
      text={text}
      lines={lines}
      problem={problem}
      close={close}
      stays_ms={undo !== null ? UNDO_MS : problem ? PROBLEM_MS : PLAIN_MS}
      undo={
        undo === null
          ? null
          : () => {
              close();
              void actions.undo(undo);
            }
      }
    />
  );
}
