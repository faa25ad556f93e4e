// A view that hands out what others may do with it, under the name `handle`.
import type { ComponentChild } from 'preact';
import { useRef } from 'preact/hooks';

export function forwardRef<P, H>(view: (props: P, handle: { current: H | null }) => ComponentChild) {
  return (props: P & { handle?: { current: H | null } }): ComponentChild => {
    const own = useRef<H | null>(null);
    return view(props, props.handle ?? own);
  };
}
