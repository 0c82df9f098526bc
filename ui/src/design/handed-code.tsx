// A one-time code to be read or copied: large, once, with what it is good for.
import { Check, Copy } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Button } from "./button";

interface Props {
  code: string;
  /** What is copied beside the code alone: all that somebody elsewhere needs. */
  letter: string;
  /** What to do with it, and how long it is good. */
  children: ReactNode;
}

type Copied = "code" | "letter" | "failed" | null;

export function HandedCode({ code, letter, children }: Props) {
  const [copied, setCopied] = useState<Copied>(null);
  const shown = useRef<HTMLOutputElement>(null);
  // The field that asked is gone: whoever uses the keyboard goes on here.
  useEffect(() => shown.current?.focus(), []);

  async function copy(what: "code" | "letter") {
    try {
      await navigator.clipboard.writeText(what === "code" ? code : letter);
      setCopied(what);
    } catch {
      // Selected, so that Ctrl C does it.
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      setCopied("failed");
    }
  }

  return (
    <div className="handed-code">
      <output
        ref={shown}
        tabIndex={-1}
        aria-label={`One-time code ${[...code].join(" ")}`}
        data-testid="one-time-code"
      >
        {code}
      </output>
      <div className="handed-code-actions">
        <Button icon={copied === "code" ? Check : Copy} onClick={() => void copy("code")}>
          Copy code
        </Button>
        <Button icon={copied === "letter" ? Check : Copy} onClick={() => void copy("letter")}>
          Copy with instructions
        </Button>
        <span role="status">
          {copied === "failed" ? "Select the code and copy it by hand." : copied !== null && "Copied"}
        </span>
      </div>
      {children}
    </div>
  );
}
