// Boxes above the page.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../strings';
import { IconButton } from './icon';
import { Trouble } from './parts';

/** A box above the page; Escape and its cross close it, and what had the focus gets it back. */
export function Dialog({ title, onClose, children, wide }: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'wide' : ''}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <IconButton icon="close" label={t().close} onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

/** A question that must be answered before something is done. */
export function Confirm(props: { question: string; verb: string; onYes: () => Promise<void>; onClose: () => void }) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const yes = async (): Promise<void> => {
    setBusy(true);
    try {
      await props.onYes();
      props.onClose();
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.verb} onClose={props.onClose}>
      <p>{props.question}</p>
      {error !== undefined && <Trouble error={error} />}
      <div class="actions">
        <button type="button" onClick={props.onClose}>
          {t().cancel}
        </button>
        <button type="button" class="danger" disabled={busy} onClick={yes}>
          {props.verb}
        </button>
      </div>
    </Dialog>
  );
}
