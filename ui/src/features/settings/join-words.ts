// Why a team's server did not let this computer in, in words, and which field it is about.
import type { JoinProblem } from "../../backend/bindings/JoinProblem";

export type JoinField = "address" | "code";

export interface JoinWords {
  words: string;
  field: JoinField;
}

export function joinProblemWords(problem: JoinProblem): JoinWords {
  switch (problem.code) {
    case "address":
      return {
        words:
          "This is not an address a team’s server can have. It begins with https://, as you were given it.",
        field: "address",
      };
    case "code":
      return {
        words:
          "This code is not good, or not any more: each is good once, and for seven days. Ask for another one.",
        field: "code",
      };
    case "too_many":
      return {
        words: "Too many wrong codes were tried there. Wait a minute, then try again.",
        field: "code",
      };
    case "other_person":
      return {
        words: `This code is for ${problem.name}, and this workspace is another person’s. It was not used. Ask for a code of your own.`,
        field: "code",
      };
    case "server":
      return {
        words: "No course server answers there. Check the address and the network; the code is still good.",
        field: "address",
      };
  }
}
