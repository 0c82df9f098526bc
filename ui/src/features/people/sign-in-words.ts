// Why a code did not sign this computer in again.
import type { JoinProblem } from "../../backend/bindings/JoinProblem";

export function signInProblemWords(problem: JoinProblem): string {
  switch (problem.code) {
    case "code":
      return "This code is not good, or not any more: each is good once, and not for long. Ask for another one.";
    case "too_many":
      return "Too many wrong codes were tried there. Wait a minute, then try again.";
    case "other_person":
      return `This code is for ${problem.name}, and what waits here is another person’s. Ask for a code of your own.`;
    case "address":
    case "server":
      return "The team’s server does not answer. Check the network, then try again.";
  }
}
