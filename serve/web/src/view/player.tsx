// The picture, and what can be done with it.
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { called, described, judge } from '../player/codec';
import type { Way } from '../player/playback';
import { Store, useStore } from '../store';
import { t } from '../strings';
import { copy } from './copy';
import { OpenElsewhere } from './elsewhere';
import { Icon, IconButton } from './icon';
import { Over } from './over';
import { useMade, usePlace, usePlayback, type Playing, type Played } from './playing';

const way = new Store<Way>('auto', 'way');

interface Props {
  playing: Playing;
  onBefore?: () => void;
  onAfter?: () => void;
  onEnded?: () => void;
  /** Between the picture and what can be done with it. */
  children?: ComponentChildren;
}

export function Player({ playing, onBefore, onAfter, onEnded, children }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const made = useMade(playing);
  const verdict = judge(made);
  const silent = !!verdict?.audio && !verdict.video && !!made.video_codec;
  usePlace(video, playing); // before what plays it is taken away
  const played = usePlayback(video, playing, useStore(way), silent);
  const does = actions(video, box);
  const keys: Record<string, (() => void) | undefined> = {
    f: does.full,
    p: does.pip,
    m: does.mute,
    PageUp: onBefore,
    PageDown: onAfter,
  };
  const words = t().player;
  return (
    <section
      class="player"
      aria-label={`${words.label}: ${playing.title}`}
      onKeyDown={(event) => {
        const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
        if (!act || (event.target as Element).matches('select, input')) return;
        event.preventDefault();
        act();
      }}
    >
      <div class="screen" ref={box}>
        <video ref={video} controls playsInline aria-label={playing.title} onVolumeChange={played.onVolume} onEnded={onEnded} />
        <Over state={played.state} onAgain={played.again} />
        {played.muted && played.state.is === 'playing' && !silent && (
          <button type="button" class="unmute" onClick={does.mute}>
            <Icon name="mute" /> {words.unmute}
          </button>
        )}
      </div>
      {verdict && (
        <p class="note" role="status">
          {verdict.video ? words.noVideo(called(verdict.video)) : words.noAudio(called(verdict.audio ?? ''))}
        </p>
      )}
      <Tools {...{ playing, played, onBefore, onAfter }} onPip={does.pip} onFull={does.full} />
      {children}
      <details class="how">
        <summary>{words.more}</summary>
        <p>
          {[described(made), played.state.is === 'playing' ? words.played(played.state.by) : ''].filter(Boolean).join(' · ')}
        </p>
        {playing.source.live && <ChooseWay />}
      </details>
    </section>
  );
}

/** What buttons and keys do with a picture. */
function actions(video: { current: HTMLVideoElement | null }, box: { current: HTMLDivElement | null }) {
  return {
    full(): void {
      if (document.fullscreenElement) void document.exitFullscreen();
      else if (box.current?.requestFullscreen) void box.current.requestFullscreen().catch(() => undefined);
      // iPhones have it for videos alone.
      else (video.current as unknown as { webkitEnterFullscreen?: () => void })?.webkitEnterFullscreen?.();
    },
    pip(): void {
      if (document.pictureInPictureElement) void document.exitPictureInPicture();
      else void video.current?.requestPictureInPicture?.().catch(() => undefined);
    },
    mute(): void {
      const element = video.current;
      if (!element) return;
      element.muted = !element.muted;
      // Who turned it down to nothing, and wants to hear something.
      if (!element.muted && element.volume === 0) element.volume = 0.5;
    },
  };
}

interface ToolsProps {
  playing: Playing;
  played: Played;
  onBefore?: () => void;
  onAfter?: () => void;
  onPip: () => void;
  onFull: () => void;
}

function Tools({ playing, played, onBefore, onAfter, onPip, onFull }: ToolsProps) {
  const words = t().player;
  const [told, setTold] = useState<{ key: string; text: string }>();
  const { elsewhere } = playing;
  const take = async (): Promise<void> => {
    setTold({ key: playing.key, text: (await copy(elsewhere)) ? words.copied : elsewhere });
  };
  return (
    <>
      <div class="tools">
        {onBefore && <IconButton icon="before" label={words.previous} onClick={onBefore} />}
        {onAfter && <IconButton icon="after" label={words.next} onClick={onAfter} />}
        {played.tracks.length > 1 && (
          <select
            aria-label={words.track}
            value={played.tracks.find((one) => one.chosen)?.id}
            onChange={(event) => played.choose(Number(event.currentTarget.value))}
          >
            {played.tracks.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
        <span class="space" />
        <OpenElsewhere address={elsewhere} title={playing.title} />
        <IconButton icon="copy" label={words.copy} onClick={take} />
        {document.pictureInPictureEnabled && <IconButton icon="pip" label={words.pip} onClick={onPip} />}
        <IconButton icon="full" label={words.full} onClick={onFull} />
      </div>
      <p class="told" role="status">
        {told?.key === playing.key ? told.text : ''}
      </p>
    </>
  );
}

function ChooseWay() {
  const words = t().player;
  const chosen = useStore(way);
  return (
    <label>
      {words.way}
      <select value={chosen} onChange={(event) => way.set(event.currentTarget.value as Way)}>
        {(Object.keys(words.ways) as Way[]).map((one) => (
          <option key={one} value={one}>
            {words.ways[one]}
          </option>
        ))}
      </select>
    </label>
  );
}

