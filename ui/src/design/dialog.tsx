// A question or a list over the window. Focus goes in, stays in, and comes back.
import type { CSSProperties, ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  close: () => void;
  children: ReactNode;
  actions: ReactNode;
  width?: number;
}

/** Open while it is rendered. */
export function Dialog({ title, close, children, actions, width = 440 }: Props) {
  return (
    <ModalOverlay className="scrim" isOpen isDismissable onOpenChange={(open) => !open && close()}>
      <Modal className="modal" style={{ "--modal-width": `${width}px` } as CSSProperties}>
        <AriaDialog className="dialog">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          <div className="dialog-body">{children}</div>
          <div className="dialog-actions">{actions}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
