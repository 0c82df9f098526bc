// What people try, and the words when it could not be done.
import { notify } from "./notices";
import { failureWords } from "./words";

/** `what` completes "Could not …". True when it was done. */
export async function attempt(what: string, act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    notify(failureWords(what, error), { tone: "problem" });
    return false;
  }
}
