// The steps of connecting a bucket: what was entered, what the check said, and what comes next. A key lives in here
// while the dialog is open and nowhere else.
import { useEffect, useRef, useState } from "react";
import type { ConnectAnswer } from "../../backend/bindings/ConnectAnswer";
import type { StoreDetails } from "../../backend/bindings/StoreDetails";
import { notify } from "../../backend/notices";
import { useStoreActions } from "../../backend/store-actions";
import { connectionOf, type Draft, draftOf, missing } from "./connect-form";
import { connectProblemWords, failedWords, type ProblemWords } from "./connect-words";

export type Step =
  | { at: "form" }
  | { at: "choosing"; buckets: readonly string[] }
  | { at: "connected"; store: StoreDetails };

type Lacking = ReturnType<typeof missing>;

function lackingAt(step: Step, draft: Draft, again: boolean): Lacking {
  if (step.at !== "choosing") return missing(draft, again);
  return draft.bucket.trim() === "" ? { bucket: "Enter the bucket’s name." } : {};
}

/** Backblaze's key says which bucket it is for; a name typed for another kind of store is not meant. */
const meant = (step: Step, draft: Draft, again: boolean): Draft =>
  step.at === "form" && !again && draft.kind === "backblaze_b2" ? { ...draft, bucket: "" } : draft;

/** Each check has a number: only the answer to the last one counts, and none when the dialog is gone. */
function useRuns() {
  const run = useRef(0);
  useEffect(
    () => () => {
      run.current += 1;
    },
    [],
  );
  return run;
}

export function useConnecting(had: StoreDetails | undefined) {
  const actions = useStoreActions();
  const again = had?.bucket != null;
  const [draft, setDraft] = useState<Draft>(() => draftOf(had));
  const [step, setStep] = useState<Step>({ at: "form" });
  const [checking, setChecking] = useState(false);
  const [lacking, setLacking] = useState<Lacking>({});
  const [problem, setProblem] = useState<ProblemWords | null>(null);
  const run = useRuns();

  function take(answer: ConnectAnswer) {
    if (answer.kind === "refused") return setProblem(connectProblemWords(answer.problem, draft.kind));
    if (answer.kind === "choose_bucket") {
      setDraft((now) => ({ ...now, bucket: answer.buckets[0] ?? "" }));
      return setStep({ at: "choosing", buckets: answer.buckets });
    }
    // Its work is done: nothing keeps it any longer than that.
    setDraft(draftOf(answer.store));
    setStep({ at: "connected", store: answer.store });
  }

  async function submit() {
    if (checking) return;
    const lacks = lackingAt(step, draft, again);
    setLacking(lacks);
    setProblem(null);
    if (Object.keys(lacks).length > 0) return;
    run.current += 1;
    const mine = run.current;
    setChecking(true);
    try {
      const answer = await actions.connect(connectionOf(meant(step, draft, again)));
      if (mine === run.current) take(answer);
      // Given up, but the check had passed by then: that it is connected must not be a surprise.
      else if (answer.kind === "connected")
        notify(`The check had passed already: “${answer.store.bucket}” is connected.`);
    } catch (error) {
      if (mine === run.current) setProblem(failedWords(error));
    } finally {
      if (mine === run.current) setChecking(false);
    }
  }

  return {
    ...{ again, draft, step, checking, lacking, problem, submit },
    change(change: Partial<Draft>) {
      setDraft((now) => ({ ...now, ...change }));
      // Words about what was there before would be about something else now.
      if ("kind" in change) {
        setProblem(null);
        setLacking({});
      }
    },
    stop() {
      run.current += 1;
      setChecking(false);
    },
    back() {
      setProblem(null);
      setLacking({});
      setDraft((now) => ({ ...now, bucket: had?.bucket ?? "" }));
      setStep({ at: "form" });
    },
  };
}
