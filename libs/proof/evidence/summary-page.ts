import { createHash } from 'node:crypto';
import { isObject } from '../../events/stored-events.js';
import { htmlText } from '../../kernel/html-text.js';
import { visibleText } from '../../kernel/visible-text.js';
import type { BundleSchema } from './bundle-format.js';
import { summaryStyle } from './summary-style.js';
import { type ProvedRange, provedSentences, unprovedSentences } from './verdict.js';
import type { ProvedBundle, ProvedEvent } from './verify-bundle.js';

/** Of the text of all events; further ones are only in the bundle. */
const MAX_SHOWN_CHARACTERS = 8_000_000;

/** Direction marks and control characters could make one text look like another. */
const text = (value: unknown): string => htmlText(visibleText(String(value ?? '–')));
const paragraphsOf = (sentences: readonly string[]): string =>
  `<ul>${sentences.map((one) => `<li>${text(one)}</li>`).join('')}</ul>`;
const rows = (pairs: readonly (readonly [string, unknown])[]): string =>
  `<dl>${pairs.map(([name, value]) => `<dt>${text(name)}</dt><dd>${text(value)}</dd>`).join('')}</dl>`;
const folded = (title: string, json: unknown): string =>
  `<details><summary>${text(title)}</summary><pre>${text(JSON.stringify(json, null, 2))}</pre></details>`;

/** Collects the events of a bundle while it is verified, and makes one page of it that needs no network. */
export class SummaryPage {
  private readonly articles: string[] = [];
  private shown = 0;
  private left = 0;
  private found: ProvedRange = { events: 0, first: 0, last: 0 };

  add(proved: ProvedEvent, { header }: ProvedBundle): void {
    const { index } = proved;
    const { events, first } = this.found;
    this.found = { events: events + 1, first: events === 0 ? index : first, last: index };
    if (this.shown > MAX_SHOWN_CHARACTERS) {
      this.left++;
      return;
    }
    const meaning = header.schemas.find(({ type }) => type === proved.event.type);
    const article = articleOf(proved, meaning?.summary);
    this.shown += article.length;
    this.articles.push(article);
  }

  /** How many events there are, and where. */
  get range(): ProvedRange {
    return this.found;
  }

  /**
   * @param bundle that all events are of
   * @param trust whose word it is that the keys are those of the log
   */
  html(bundle: ProvedBundle, trust: string): string {
    const { header, checkpoint, logKeys, witnesses } = bundle;
    const style = createHash('sha256').update(summaryStyle).digest('base64');
    const left = this.left === 0 ? '' : `<p class="dim">${this.left} further events are in the bundle only.</p>`;
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'sha256-${style}'">
<title>Evidence: ${text(header.subject)}</title><style>${summaryStyle}</style></head>
<body><main>
<h1>Evidence: ${text(header.subject)}</h1>
<p>This page shows the events of an evidence bundle of Gatehouse, made at ${text(header.made)}. It is made to be read; the proof is
the bundle beside it. ${text(trust)}</p>
<section class="proved"><h2>What is proved</h2>${paragraphsOf(provedSentences(bundle, this.found))}</section>
<section class="unproved"><h2>What is not proved</h2>${paragraphsOf(unprovedSentences(bundle))}</section>
<section><h2>The checkpoint</h2>${rows([
      ['Log', checkpoint.origin],
      ['Events in it', checkpoint.size],
      ['Root', checkpoint.root.toString('base64')],
      ['Keys of the log', logKeys.map(({ name, id }) => `${name}+${id.toString('hex')}`).join(', ')],
      ['Witnesses', witnesses.map(({ name }) => name).join(', ') || 'none'],
    ])}${folded('As it was signed', header.checkpoint)}</section>
<section><h2>Events</h2>${this.articles.join('\n')}${left}</section>
<section><h2>What the types of events mean</h2>${header.schemas.map(schemaOf).join('')}</section>
<section><h2>How to check it yourself</h2>
<p>Get the key of the log, or a policy with the keys of its witnesses, from somebody you trust, by another way than this
page. Then, without a network:</p><pre>gatehouse audit verify-bundle FILE --key KEY
gatehouse audit verify-bundle FILE --policy POLICY</pre></section>
</main></body></html>
`;
  }
}

function articleOf({ event, index, position }: ProvedEvent, summary: string | undefined): string {
  const { type, recordedAt, stream, revision, id, data, metadata } = event;
  const { actor, subject, time } = isObject(metadata) ? metadata : {};
  const { kind, id: name, role } = isObject(actor) ? actor : {};
  const who = `${String(kind ?? 'unknown')} ${String(name ?? '')}${role === undefined ? '' : ` as ${String(role)}`}`;
  return `<article><h3>${text(type)}</h3><p>${text(summary ?? '')}</p>${rows([
    ['Recorded', recordedAt],
    ['Happened', time],
    ['By', who],
    ['About', subject],
    ['Place', `number ${index} of the log (position ${position}), ${stream} revision ${revision}`],
    ['Id', id],
  ])}${folded('What it says', data)}${folded('Everything else about it', metadata)}</article>`;
}

const schemaOf = ({ type, version, summary, schema }: BundleSchema): string =>
  folded(`${type}, version ${version}: ${summary}`, schema);
