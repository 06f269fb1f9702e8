import { createHash } from 'node:crypto';
import { htmlText } from '../../kernel/html-text.js';
import { visibleText } from '../../kernel/visible-text.js';

/** A value as the text of a page, also inside of an attribute. */
export const pageText = (value: string): string => htmlText(visibleText(value));

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

/**
 * A page that needs no network. Equal arguments give equal bytes.
 * @param title plain text
 * @param main the HTML of its content, whose values are made by `pageText`
 * @param ownStyle rules beyond those of every page
 */
export function htmlPage(title: string, main: string, ownStyle = ''): string {
  const style = STYLE + ownStyle;
  const hash = createHash('sha256').update(style).digest('base64');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'sha256-${hash}'">
<title>${pageText(title)}</title><style>${style}</style></head>
<body><main>
${main}
</main></body></html>
`;
}
