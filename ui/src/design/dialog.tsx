// A question or a list over the window. Focus goes in, stays in, and comes back.
import { type CSSProperties, type FormEvent, type ReactNode, useEffect } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  close: () => void;
  children: ReactNode;
  actions: ReactNode;
  width?: number;
  /** Makes it a form: Enter in a field does this, and so does a button of type submit. */
  submit?: () => void;
  /** What was entered would be lost: a click beside it does not close it. Escape still does. */
  keep?: boolean;
  /** A few words beside the buttons, said aloud when they change. */
  status?: ReactNode;
}

/** What opened it may be gone by the end: then the focus goes where the window begins, not to nowhere. */
function useFocusHome() {
  useEffect(
    () => () => {
      // Two frames: the first is React Aria's, which gives the focus back where it can.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          if (document.activeElement === document.body)
            document.querySelector<HTMLElement>("[data-focus-home]")?.focus();
        }),
      );
    },
    [],
  );
}

/** Open while it is rendered. */
export function Dialog({
  title,
  close,
  children,
  actions,
  width = 440,
  submit,
  keep = false,
  status,
}: Props) {
  useFocusHome();
  const inner = (
    <>
      <div className="dialog-body">{children}</div>
      <div className="dialog-actions">
        {status !== undefined && (
          <p className="dialog-status" role="status">
            {status}
          </p>
        )}
        {actions}
      </div>
    </>
  );
  function onSubmit(event: FormEvent) {
    event.preventDefault();
    // A dialog opened from a form's dialog is inside it for React.
    event.stopPropagation();
    submit?.();
  }
  return (
    <ModalOverlay className="scrim" isOpen isDismissable={!keep} onOpenChange={(open) => !open && close()}>
      <Modal className="modal" style={{ "--modal-width": `${width}px` } as CSSProperties}>
        <AriaDialog className="dialog">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {submit ? (
            <form className="dialog-form" noValidate onSubmit={onSubmit}>
              {inner}
            </form>
          ) : (
            inner
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
