import { pageText } from '../../libs/cli/rendering/html-page.js';

/** A value a day; null where there is none, which leaves a gap. */
export interface Series {
  name: string;
  values: readonly (number | null)[];
  /** An interval around each value, drawn as an area. */
  band?: readonly ({ low: number; high: number } | null)[];
  /** Dashed: a limit, and not something observed. */
  isLimit?: true;
}

export interface Chart {
  title: string;
  /** What it shows, below the title. */
  about: string;
  series: readonly Series[];
  /** A value as the axis shows it. */
  text(value: number): string;
}

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 76;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;
const TICKS = 4;
const MOST_DAY_TICKS = 12;
const WEEK = 7;

/** Rules of its colours, with those of the page's other parts in light and in dark. */
export const CHART_STYLE = `
:root{--c0:#1f5fbf;--c1:#a34a00;--c2:#5b3a9e;--limit:#b3261e}
@media (prefers-color-scheme:dark){:root{--c0:#7ab2ff;--c1:#f2a65a;--c2:#c3a6ff;--limit:#ff8a80}}
figure{margin:1.5rem 0}
figcaption h3{margin:0}
svg{display:block;width:100%;height:auto;background:var(--soft);border:1px solid var(--line);border-radius:.4rem}
svg text{fill:var(--dim);font:11px system-ui,sans-serif}
.grid{stroke:var(--line)}
.line{fill:none;stroke-width:2}
.line.limit{stroke:var(--limit);stroke-dasharray:6 4}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1);stroke-dasharray:9 3}.s2{stroke:var(--c2);stroke-dasharray:2 3}
.band{stroke:none;opacity:.18}.band.s0{fill:var(--c0)}.band.s1{fill:var(--c1)}.band.s2{fill:var(--c2)}
.key{display:inline-block;margin:0 1.2rem .3rem 0}
.key svg{display:inline-block;width:2rem;height:.6rem;background:none;border:none;vertical-align:middle;margin-right:.4rem}
.expand{fill:var(--c0)}.hold{fill:var(--dim)}.brake{fill:var(--limit)}
`;

/** Lines over days as one figure, as HTML. */
export function lineChart({ title, about, series, text }: Chart): string {
  const days = Math.max(1, ...series.map(({ values }) => values.length));
  const all = series.flatMap(({ values, band = [] }) => [...values, ...band.map((one) => one?.high ?? null)]);
  const top = roundedUp(Math.max(0, ...all.filter((one) => one !== null)));
  const y = (value: number) => fixed(TOP + (1 - Math.min(1, value / top)) * (HEIGHT - TOP - BOTTOM));
  const parts = [
    ...valueTicks(top).map((value) => valueTick(y(value), text(value))),
    ...dayTicks(days),
    ...series.map((one, n) => bandOf(one, n, days, y)),
    ...series.map((one, n) => `<path class="line ${classOf(one, n)}" d="${pathOf(one.values, days, y)}"/>`),
  ];
  return figure(title, about, series.map(keyOf).join(''), parts.join(''), HEIGHT);
}

/** A strip with a part for each day, as HTML. */
export function outcomeStrip(title: string, about: string, outcomes: readonly ('expand' | 'hold' | 'brake')[]): string {
  const days = outcomes.length;
  const width = (WIDTH - LEFT - RIGHT) / Math.max(1, days);
  /** Higher is freer, so that it can be read without colours. */
  const rows = ['expand', 'hold', 'brake'] as const;
  const height = 18;
  const parts = outcomes.map((outcome, n) => {
    const top = TOP + rows.indexOf(outcome) * height;
    return `<rect class="${outcome}" x="${fixed(LEFT + n * width)}" y="${top}" width="${fixed(width)}" height="${height - 2}"/>`;
  });
  const names = rows.map(
    (name, n) => `<text x="${LEFT - 8}" y="${TOP + n * height + 12}" text-anchor="end">${name}</text>`,
  );
  const bottom = TOP + rows.length * height + BOTTOM;
  return figure(title, about, '', [...names, ...parts, ...dayTicks(days, bottom)].join(''), bottom);
}

function figure(title: string, about: string, keys: string, parts: string, height: number): string {
  const label = pageText(`${title}. ${about}`);
  return `<figure><figcaption><h3>${pageText(title)}</h3><p class="dim">${pageText(about)}</p><p>${keys}</p></figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${parts}</svg></figure>`;
}

const classOf = ({ isLimit }: Series, n: number): string => (isLimit ? 'limit' : `s${n % 3}`);

const keyOf = (one: Series, n: number): string =>
  `<span class="key"><svg viewBox="0 0 32 10" aria-hidden="true"><path class="line ${classOf(one, n)}" d="M0 5H32"/></svg>${pageText(one.name)}</span>`;

const fixed = (value: number): string => String(Number(value.toFixed(2)));

const x = (index: number, days: number): string => fixed(LEFT + ((index + 0.5) / days) * (WIDTH - LEFT - RIGHT));

function pathOf(values: readonly (number | null)[], days: number, y: (value: number) => string): string {
  let isDrawing = false;
  return values
    .map((value, n) => {
      if (value === null) {
        isDrawing = false;
        return '';
      }
      const command = isDrawing ? 'L' : 'M';
      isDrawing = true;
      return `${command}${x(n, days)} ${y(value)}`;
    })
    .join('');
}

function bandOf({ band = [] }: Series, n: number, days: number, y: (value: number) => string): string {
  const known = band.flatMap((one, at) => (one ? [{ ...one, at }] : []));
  if (known.length === 0) return '';
  const upper = known.map(({ high, at }) => `${x(at, days)} ${y(high)}`);
  const lower = known.map(({ low, at }) => `${x(at, days)} ${y(low)}`).reverse();
  return `<path class="band s${n % 3}" d="M${[...upper, ...lower].join('L')}Z"/>`;
}

const valueTicks = (top: number): number[] => Array.from({ length: TICKS + 1 }, (_, n) => (top * n) / TICKS);

const valueTick = (y: string, text: string): string =>
  `<path class="grid" d="M${LEFT} ${y}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${fixed(Number(y) + 4)}" text-anchor="end">${pageText(text)}</text>`;

/** The last day of each week, or of each few weeks. */
function dayTicks(days: number, height = HEIGHT): string[] {
  const weeks = Math.max(1, Math.ceil(days / WEEK / MOST_DAY_TICKS));
  const every = days < WEEK ? 1 : weeks * WEEK;
  const shown = Array.from({ length: Math.floor(days / every) }, (_, n) => (n + 1) * every);
  return shown.map((day) => `<text x="${x(day - 1, days)}" y="${height - 8}" text-anchor="middle">${day}</text>`);
}

/** To 1, 2, 2.5 or 5 times a power of ten; 1 for 0. */
function roundedUp(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 2.5, 5, 10].find((step) => step * power >= value)!;
}
