import { createHash } from 'node:crypto';
import { htmlText } from '../../kernel/html-text.js';
import { visibleText } from '../../kernel/visible-text.js';
import type { ReportDocument, ReportFigure } from '../queries/report-answer.js';

const text = (value: string): string => htmlText(visibleText(value));

/** System fonts and no image: nothing is fetched. */
const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--soft:#f7f8fa;--line:#d9dee5;--ink:#15191f;--dim:#4b5563}
@media (prefers-color-scheme:dark){:root{--bg:#0f1318;--soft:#171c23;--line:#323c4a;--ink:#e8ebef;--dim:#aab4c0}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:60rem;background:var(--bg);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.15rem;margin:2.25rem 0 .5rem}
h3{font-size:1rem;margin:0 0 .25rem}
p{margin:.3rem 0;overflow-wrap:anywhere}
.lead p{font-size:1.25rem;line-height:1.4;margin:.6rem 0}
.dim{color:var(--dim)}
article{margin:1rem 0;padding:.85rem 1.1rem;background:var(--soft);border:1px solid var(--line);border-radius:.4rem}
@media print{body{max-width:none;padding:0}article{break-inside:avoid}}
`;

/** A report as one page that needs no network. Equal reports have equal pages. */
export function reportPage({ position, asOf, previous, figures, checking }: ReportDocument): string {
  const style = createHash('sha256').update(STYLE).digest('base64');
  const before = previous === null ? '' : `, compared with report ${previous.reportId} (${previous.asOf})`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'sha256-${style}'">
<title>Report of the rollout as of position ${text(position)}</title><style>${STYLE}</style></head>
<body><main>
<h1>Report of the rollout</h1>
<p class="dim">As of position ${text(position)} (${text(asOf)})${text(before)}</p>
<section class="lead">${figures.map(({ words }) => `<p>${text(words)}</p>`).join('\n')}</section>
<section><h2>The figures exactly</h2>
${figures.map(articleOf).join('\n')}
</section>
<section><h2>How to check it</h2>
${checking.map((one) => `<p>${text(one)}</p>`).join('\n')}
</section>
</main></body></html>
`;
}

function articleOf({ title, exact, change, definition }: ReportFigure): string {
  const shown = change === null ? exact : [...exact, change];
  return `<article><h3>${text(title)}</h3>${shown.map((one) => `<p>${text(one)}</p>`).join('')}<p class="dim">${text(definition)}</p></article>`;
}
