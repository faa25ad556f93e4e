// A value that views look at, and that is remembered in this browser if it has a name.
import { useEffect, useState } from 'preact/hooks';

export class Store<T> {
  #value: T;
  #watching = new Set<(value: T) => void>();

  constructor(first: T, readonly name?: string) {
    this.#value = name ? (remembered<T>(name) ?? first) : first;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    if (this.name) remember(this.name, value);
    for (const told of [...this.#watching]) told(value);
  }

  watch(told: (value: T) => void): () => void {
    this.#watching.add(told);
    return () => void this.#watching.delete(told);
  }
}

/** The value of a store; the view is shown anew when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [value, setValue] = useState(store.value);
  useEffect(() => {
    setValue(store.value);
    return store.watch(setValue);
  }, [store]);
  return value;
}

/** What this browser remembers under a name. Where it may not remember anything, nothing. */
export function remembered<T>(name: string): T | undefined {
  try {
    const text = localStorage.getItem(`coax.${name}`);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(`coax.${name}`);
    else localStorage.setItem(`coax.${name}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing shows television all the same.
  }
}
