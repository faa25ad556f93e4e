// What is asked in a form: its name, the room for it, and a hint below that is no part of the name.
import type { ComponentChildren, InputHTMLAttributes, TextareaHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

interface Said {
  label: string;
  hint?: string;
  /** Across the whole form. */
  whole?: boolean;
}

/** One line. */
export function Field({ label, hint, whole, ...input }: Said & InputHTMLAttributes) {
  const id = useId();
  return (
    <Labelled {...{ label, hint, whole, id }}>
      <input {...input} aria-describedby={hint && id} />
    </Labelled>
  );
}

/** Several lines. */
export function Lines({ label, hint, whole, ...area }: Said & TextareaHTMLAttributes) {
  const id = useId();
  return (
    <Labelled {...{ label, hint, whole, id }}>
      <textarea {...area} aria-describedby={hint && id} />
    </Labelled>
  );
}

function Labelled({ label, hint, whole, id, children }: Said & { id: string; children: ComponentChildren }) {
  return (
    <label class={whole ? 'whole' : undefined}>
      {label}
      {children}
      {hint && (
        <span id={id} class="hint" aria-hidden="true">
          {hint}
        </span>
      )}
    </label>
  );
}

/** Yes or no. */
export function Tick({ label, ...input }: { label: string } & Omit<InputHTMLAttributes, 'label' | 'role'>) {
  return (
    <label class="tick">
      <input {...input} type="checkbox" />
      {label}
    </label>
  );
}
