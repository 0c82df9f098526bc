// "Speed limit and timetable…": how much of the line uploads may take, and when.
import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { SendingRules } from "../../backend/bindings/SendingRules";
import type { Speed } from "../../backend/bindings/Speed";
import { useBackend } from "../../backend/context";
import { sendingRulesQuery } from "../../backend/queries";
import { useSendingActions } from "../../backend/sending-actions";
import { failureWords } from "../../backend/words";
import { Button, IconButton } from "../../design/button";
import { Dialog } from "../../design/dialog";
import { FieldError, Segments } from "../../design/fields";
import {
  draftOf,
  errorsOf,
  minuteOf,
  newRow,
  type RowDraft,
  type RowErrors,
  type RulesDraft,
  type RulesErrors,
  rulesOf,
  spanWords,
} from "./sending-rules";
import "./sending.css";

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const SPEEDS: [Speed["kind"], string][] = [
  ["stop", "Stop"],
  ["limit", "Limit to"],
  ["full", "Full speed"],
];
const LIMITED = [
  ["off", "Off"],
  ["on", "Limit to"],
] as const;

export function SendingRulesDialog({ close }: { close: () => void }) {
  const { data, error, refetch } = useQuery(sendingRulesQuery(useBackend()));
  if (data) return <RulesForm rules={data} close={close} />;
  if (!error) return null;
  return (
    <Dialog
      title="Speed limit and timetable"
      close={close}
      actions={<Button onClick={() => void refetch()}>Try again</Button>}
    >
      {failureWords("read them", error)}
    </Dialog>
  );
}

function RulesForm({ rules, close }: { rules: SendingRules; close: () => void }) {
  const actions = useSendingActions();
  const [draft, setDraft] = useState<RulesDraft>(() => draftOf(rules));
  const [errors, setErrors] = useState<RulesErrors | null>(null);
  const body = useRef<HTMLDivElement>(null);
  const change = (next: Partial<RulesDraft>) => setDraft((now) => ({ ...now, ...next }));
  const setRow = (id: number, next: Partial<RowDraft>) =>
    setDraft((now) => ({ ...now, rows: now.rows.map((row) => (row.id === id ? { ...row, ...next } : row)) }));
  useEffect(() => {
    if (errors)
      body.current?.querySelector<HTMLElement>("[aria-invalid=true], [data-invalid] button")?.focus();
  }, [errors]);

  async function save() {
    const found = errorsOf(draft);
    setErrors(found);
    if (found === null && (await actions.saveRules(rulesOf(draft)))) close();
  }

  return (
    <Dialog
      title="Speed limit and timetable"
      close={close}
      keep
      width={760}
      submit={() => void save()}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit">
            Save
          </Button>
        </>
      }
    >
      <div className="form" ref={body}>
        <section className="rules-limit" aria-label="Speed limit">
          <h3>Speed limit</h3>
          <div className="rules-line">
            <Segments
              label="Speed limit"
              choices={LIMITED}
              chosen={draft.limited ? "on" : "off"}
              choose={(choice) => change({ limited: choice === "on" })}
            />
            {draft.limited && (
              <RateField
                label="Speed limit in megabytes a second"
                value={draft.limit}
                invalid={errors?.limit !== undefined}
                change={(limit) => change({ limit })}
              />
            )}
          </div>
          {draft.limited && errors?.limit && <FieldError>{errors.limit}</FieldError>}
        </section>
        <section aria-label="Timetable">
          <h3>Timetable</h3>
          <p>
            While one of these applies it goes before the limit above. Of several the first counts. Times are
            this computer’s.
          </p>
          {draft.rows.map((row, index) => (
            <RuleRow
              key={row.id}
              row={row}
              number={index + 1}
              errors={errors?.rows[row.id] ?? {}}
              change={(next) => setRow(row.id, next)}
              remove={() => change({ rows: draft.rows.filter(({ id }) => id !== row.id) })}
            />
          ))}
          <Button
            size="small"
            icon={Plus}
            onClick={() => change({ rows: [...draft.rows, newRow(draft.rows)] })}
          >
            {draft.rows.length === 0 ? "Stop while I teach each week" : "Add a time"}
          </Button>
        </section>
      </div>
    </Dialog>
  );
}

interface RateProps {
  label: string;
  value: string;
  invalid: boolean;
  change: (value: string) => void;
}

function RateField({ label, value, invalid, change }: RateProps) {
  return (
    <div className="field rate" data-invalid={invalid || undefined}>
      <input
        aria-label={label}
        inputMode="decimal"
        placeholder="4"
        autoComplete="off"
        aria-invalid={invalid || undefined}
        value={value}
        onChange={(event) => change(event.target.value)}
      />
      <span aria-hidden>MB/s</span>
    </div>
  );
}

interface TimeProps {
  label: string;
  value: string;
  errors: RowErrors;
  change: (value: string) => void;
}

function TimeField({ label, value, errors, change }: TimeProps) {
  return (
    <input
      type="time"
      className="select"
      aria-label={label}
      aria-invalid={(errors.times !== undefined && minuteOf(value) === null) || undefined}
      value={value}
      onChange={(event) => change(event.target.value)}
    />
  );
}

interface RowProps {
  row: RowDraft;
  number: number;
  errors: RowErrors;
  change: (next: Partial<RowDraft>) => void;
  remove: () => void;
}

function RuleRow({ row, number, errors, change, remove }: RowProps) {
  const { days, from, to, speed, rate } = row;
  const toggle = (day: number) =>
    change({ days: days.includes(day) ? days.filter((other) => other !== day) : [...days, day] });
  const span = spanWords(row);
  return (
    <fieldset className="rule">
      <legend className="visually-hidden">Time {number}</legend>
      <div
        className="segments days"
        role="group"
        aria-label="Days"
        data-invalid={errors.days !== undefined || undefined}
      >
        {DAYS.map((name, index) => (
          <button
            key={name}
            type="button"
            aria-label={name}
            title={name}
            aria-pressed={days.includes(index + 1)}
            onClick={() => toggle(index + 1)}
          >
            {name[0]}
          </button>
        ))}
      </div>
      <div className="times">
        <TimeField label="From" value={from} errors={errors} change={(value) => change({ from: value })} />
        <span aria-hidden>to</span>
        <TimeField label="To" value={to} errors={errors} change={(value) => change({ to: value })} />
      </div>
      <select
        className="select"
        aria-label="Speed"
        value={speed}
        onChange={(event) => change({ speed: event.target.value as Speed["kind"] })}
      >
        {SPEEDS.map(([id, words]) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
      {speed === "limit" && (
        <RateField
          label="Limit in megabytes a second"
          value={rate}
          invalid={errors.rate !== undefined}
          change={(next) => change({ rate: next })}
        />
      )}
      <IconButton icon={X} label={`Remove time ${number}`} className="remove" onClick={remove} />
      {span && <small>{span}</small>}
      {[errors.days, errors.times, errors.rate].map(
        (words) => words && <FieldError key={words}>{words}</FieldError>,
      )}
    </fieldset>
  );
}
