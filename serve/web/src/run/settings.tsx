import { t } from '../strings';
import { Trouble, useFetched, Wait } from '../view/parts';
import { admin } from './admin';

/** As the program prints what it has: without the words of its language that say nothing to an operator. */
function plain(text: string): string {
  let before = '';
  // What wraps a single value is no news: `Name(\n "acme",\n)`.
  while (before !== text) [before, text] = [text, text.replace(/(?:\w+\()\s*\n\s*([^\n({[]*?),?\s*\n\s*\)/g, '$1')];
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/,$/, ''))
    .map((line) => line.replace(/\bNone$/, '–').replace(/"(.*)"$/, '$1').replace(/\[\]$|\{\}$/, '–'))
    .map((line) => line.replace(/^(\s*)(?:\w+ )?[{([]$/, '$1-').replace(/:(?: \w+)?(?: ?[{([])$/, ':').replace(/(\w+)\($/, '$1:'))
    .filter((line) => !/^\s*[\])}]*$/.test(line))
    .map((line) => line.replace(/^    /, ''))
    .join('\n');
}

export function Settings() {
  const { value, error, retry } = useFetched(() => admin<{ text: string }>('settings'), []);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  return (
    <>
      <p class="hint">{t().run.settings.hint}</p>
      <pre class="card settings" tabIndex={0}>
        {plain(value.text)}
      </pre>
    </>
  );
}
