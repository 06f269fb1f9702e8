import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import {
  CaseOpened,
  caseStream,
  casesView,
  ModelProblemFound,
  ReviewConfirmed,
  ReviewDismissed,
  ReviewOverturned,
} from '../../review/index.js';
import type { Dataset, Range, Row } from './dataset.js';
import type { StreamPages } from './stream-pages.js';

const DECIDED: readonly string[] = [ReviewConfirmed, ReviewDismissed, ModelProblemFound, ReviewOverturned].map(
  ({ type }) => type,
);

export const casesDataset = (streams: StreamPages): Dataset => ({
  summary: 'Each case that was first opened in the range, as it was at its end, by id.',
  columns: [
    { name: 'caseId', type: 'text', meaning: 'The case; it has the id of its image.' },
    { name: 'accountId', type: 'text', meaning: 'The account of the image, as the case knows it.' },
    { name: 'status', type: 'text', meaning: 'open, confirmed, dismissed, model-problem or overturned.' },
    { name: 'openedAt', type: 'time', meaning: 'When it was first opened.' },
    { name: 'decidedAt', type: 'time', meaning: 'When it was last decided.' },
    { name: 'round', type: 'integer', meaning: 'How often it was opened.' },
    { name: 'origin', type: 'text', meaning: 'Why the last round was opened: by flags, for the random sample, …' },
    { name: 'categories', type: 'json', meaning: 'What the flags of the last round named.' },
    { name: 'flags', type: 'integer', meaning: 'The flags of the last round.' },
    { name: 'confidence', type: 'number', meaning: 'The highest confidence of all flags; 0 if none had one.' },
    { name: 'verdicts', type: 'json', meaning: 'The verdicts of the last round: who, and what.' },
    { name: 'clause', type: 'text', meaning: 'The clause that the confirmation in force names.' },
    { name: 'queue', type: 'text', meaning: 'The queue it was in last.' },
    { name: 'isEscalated', type: 'flag', meaning: 'Whether only leads may judge it.' },
    { name: 'events', type: 'integer', meaning: 'The events of its stream.' },
    { name: 'position', type: 'integer', meaning: 'The position of the last of them.' },
  ],
  page: (range, place, limit) =>
    streams.page(
      {
        view: casesView,
        key: 'case_id',
        category: caseStream.category,
        rowOf: (id, events) => caseRow(range, id, events),
      },
      range,
      place,
      limit,
    ),
});

function caseRow({ after }: Range, caseId: string, events: readonly RecordedEvent[]): Row | undefined {
  const opened = events.find(({ type }) => type === CaseOpened.type);
  if (!opened || opened.position <= after) return undefined;
  const state = foldRecorded(caseStream, events);
  return {
    ...{ caseId, accountId: state.accountId ?? null, status: state.status, openedAt: opened.metadata.time },
    decidedAt: events.findLast(({ type }) => DECIDED.includes(type))?.metadata.time ?? null,
    ...{ round: state.round, origin: state.origin, categories: [...state.categories].sort(), flags: state.flags },
    confidence: state.confidence,
    verdicts: state.verdicts.map(({ reviewer, verdict, clause }) => ({ reviewer, verdict, ...(clause && { clause }) })),
    ...{ clause: state.clause ?? null, queue: state.route?.queue ?? null, isEscalated: state.isEscalated },
    ...{ events: events.length, position: events.at(-1)!.position },
  };
}
