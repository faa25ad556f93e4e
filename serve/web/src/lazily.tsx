// A view that is loaded when it is shown first.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Refused } from './api';
import { Trouble, Wait } from './view/parts';

export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let known: ComponentType<P> | undefined;
  return function Lazily(props: P) {
    const [View, setView] = useState<ComponentType<P> | undefined>(() => known);
    const [error, setError] = useState<unknown>();
    const begin = (): void => {
      setError(undefined);
      load().then(
        (view) => {
          known = view;
          setView(() => view);
        },
        () => setError(new Refused(0, '')),
      );
    };
    useEffect(() => {
      if (!known) begin();
    }, []);
    if (View) return <View {...props} />;
    return error !== undefined ? <Trouble error={error} retry={begin} /> : <Wait />;
  };
}
