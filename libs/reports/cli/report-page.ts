import { htmlPage, pageText } from '../../cli/rendering/html-page.js';
import type { ReportDocument, ReportFigure } from '../queries/report-answer.js';

/** A report as one page that needs no network. Equal reports have equal pages. */
export function reportPage({ position, asOf, previous, figures, checking }: ReportDocument): string {
  const before = previous === null ? '' : `, compared with report ${previous.reportId} (${previous.asOf})`;
  const main = `<h1>Report of the rollout</h1>
<p class="dim">As of position ${pageText(position)} (${pageText(asOf)})${pageText(before)}</p>
<section class="lead">${figures.map(({ words }) => `<p>${pageText(words)}</p>`).join('\n')}</section>
<section><h2>The figures exactly</h2>
${figures.map(articleOf).join('\n')}
</section>
<section><h2>How to check it</h2>
${checking.map((one) => `<p>${pageText(one)}</p>`).join('\n')}
</section>`;
  return htmlPage(`Report of the rollout as of position ${position}`, main);
}

function articleOf({ title, exact, change, definition }: ReportFigure): string {
  const shown = change === null ? exact : [...exact, change];
  return `<article><h3>${pageText(title)}</h3>${shown.map((one) => `<p>${pageText(one)}</p>`).join('')}<p class="dim">${pageText(definition)}</p></article>`;
}
