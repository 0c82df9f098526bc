// Fields of a form: label above, what is wrong below, tied together for screen readers.
import { CircleAlert, Eye, EyeOff } from "lucide-react";
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { IconButton } from "./button";

type Props = Omit<ComponentProps<"input">, "onChange" | "value"> & {
  label: string;
  value: string;
  change: (value: string) => void;
  /** Not needed to go on. */
  optional?: boolean;
  hint?: ReactNode;
  error?: ReactNode;
  /** Dots instead of letters, until asked for. */
  secret?: boolean;
};

export function TextField({
  label,
  value,
  change,
  optional = false,
  hint,
  error,
  secret = false,
  ...rest
}: Props) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const described = [hint && !error && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className="form-field">
      <label htmlFor={id}>
        {label}
        {optional && <small> optional</small>}
      </label>
      <div className="field" data-invalid={error ? true : undefined}>
        <input
          id={id}
          type={secret && !shown ? "password" : "text"}
          value={value}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          aria-invalid={error ? true : undefined}
          aria-describedby={described || undefined}
          aria-required={!optional}
          onChange={(event) => change(event.currentTarget.value)}
          onPaste={(event) => {
            // Copied keys come with spaces and line ends around them.
            const text = event.clipboardData.getData("text");
            if (text === text.trim() || event.currentTarget.value !== "") return;
            event.preventDefault();
            change(text.trim());
          }}
          {...rest}
        />
        {secret && value !== "" && (
          <IconButton
            icon={shown ? EyeOff : Eye}
            label={shown ? `Hide ${label.toLowerCase()}` : `Show ${label.toLowerCase()}`}
            onClick={() => setShown(!shown)}
          />
        )}
      </div>
      {hint && !error && (
        <p className="form-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </div>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p className="form-error" id={id}>
      <CircleAlert size={14} strokeWidth={1.75} aria-hidden />
      <span>{children}</span>
    </p>
  );
}

interface ChoiceProps<Id extends string> {
  /** Of the group. */
  label: string;
  choices: readonly (readonly [Id, string])[];
  /** None when they stand for several things that differ. */
  chosen: Id | null;
  choose: (id: Id) => void;
}

/** A few choices in a row, one of them on. */
export function Segments<Id extends string>({ label, choices, chosen, choose }: ChoiceProps<Id>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {choices.map(([id, words]) => (
        <button key={id} type="button" aria-pressed={id === chosen} onClick={() => choose(id)}>
          {words}
        </button>
      ))}
    </div>
  );
}
