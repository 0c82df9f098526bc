// A button that opens a menu, and a menu at a point for the right mouse button. Keyboard and focus are React Aria's.
import { Check, Ellipsis, type LucideIcon } from "lucide-react";
import { type ReactElement, type ReactNode, type SyntheticEvent, useRef } from "react";
import {
  Menu as AriaMenu,
  MenuItem,
  MenuTrigger,
  Popover,
  Pressable,
  Separator,
} from "react-aria-components";
import { createPortal } from "react-dom";
import { IconButton } from "./button";

export interface MenuAction {
  label: string;
  act: () => void;
  icon?: LucideIcon;
  /** As shown: "F2", "Alt ↑". */
  keys?: string;
  danger?: boolean;
  disabled?: boolean;
  /** A choice that is on. */
  chosen?: boolean;
  /** A line above it. */
  apart?: boolean;
}

function MenuItems({ label, actions }: { label: string; actions: readonly MenuAction[] }) {
  return (
    <AriaMenu
      className="menu"
      aria-label={label}
      disabledKeys={actions.filter((action) => action.disabled).map((action) => action.label)}
    >
      {actions.flatMap((action) => [
        ...(action.apart ? [<Separator key={`line-${action.label}`} className="menu-line" />] : []),
        <MenuItem
          key={action.label}
          id={action.label}
          textValue={action.label}
          className="menu-item"
          data-danger={action.danger || undefined}
          onAction={action.act}
        >
          {action.icon && <action.icon size={15} strokeWidth={1.75} aria-hidden />}
          <span>{action.label}</span>
          {action.keys && <kbd aria-hidden>{action.keys}</kbd>}
          {action.chosen && <Check size={15} className="check" role="img" aria-label="chosen" />}
        </MenuItem>,
      ])}
    </AriaMenu>
  );
}

interface MenuProps {
  label: string;
  actions: readonly MenuAction[];
  /** The button. */
  children: ReactElement<Record<string, unknown>, string>;
  note?: ReactNode;
}

export function Menu({ label, actions, children, note }: MenuProps) {
  return (
    <MenuTrigger>
      <Pressable>{children}</Pressable>
      <Apart>
        <Popover className="popover" aria-label={label} placement="bottom end" offset={4}>
          {note && <div className="menu-note">{note}</div>}
          <MenuItems label={label} actions={actions} />
        </Popover>
      </Apart>
    </MenuTrigger>
  );
}

const stop = (event: SyntheticEvent) => event.stopPropagation();

/** A popover is elsewhere in the page but inside the row for React: what happens in it is not the row's. */
function Apart({ children }: { children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it stops events and has none of its own
    <span
      style={{ display: "contents" }}
      onClick={stop}
      onDoubleClick={stop}
      onContextMenu={stop}
      onPointerDown={stop}
      onKeyDown={stop}
    >
      {children}
    </span>
  );
}

export interface MenuPoint {
  x: number;
  y: number;
}

interface ContextMenuProps {
  label: string;
  actions: readonly MenuAction[];
  at: MenuPoint;
  close: () => void;
}

/** Open while it is rendered. */
export function ContextMenu({ label, actions, at, close }: ContextMenuProps) {
  const anchor = useRef<HTMLSpanElement>(null);
  return (
    <Apart>
      {createPortal(
        <span ref={anchor} aria-hidden style={{ position: "fixed", left: at.x, top: at.y }} />,
        document.body,
      )}
      <Popover
        className="popover"
        aria-label={label}
        placement="bottom start"
        offset={2}
        triggerRef={anchor}
        isOpen
        onOpenChange={(open) => !open && close()}
      >
        <MenuItems
          label={label}
          actions={actions.map((action) => ({
            ...action,
            act: () => {
              close();
              action.act();
            },
          }))}
        />
      </Popover>
    </Apart>
  );
}

interface RowMenuButtonProps {
  label: string;
  open: boolean;
  tabIndex: number;
  /** Where the menu goes: under the button. */
  show: (at: MenuPoint) => void;
}

/** The button of a row's menu. The menu itself is made when it opens: a list has hundreds of these. */
export function RowMenuButton({ label, open, tabIndex, show }: RowMenuButtonProps) {
  return (
    <IconButton
      icon={Ellipsis}
      label={label}
      className="row-menu"
      tabIndex={tabIndex}
      aria-haspopup="menu"
      aria-expanded={open}
      onClick={(event) => {
        const { left, bottom } = event.currentTarget.getBoundingClientRect();
        show({ x: left, y: bottom });
      }}
    />
  );
}
