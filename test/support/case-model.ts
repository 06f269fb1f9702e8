import type { RecordedEvent } from '../../libs/kernel/envelope.js';

/** The data of any event. */
// biome-ignore lint/suspicious/noExplicitAny: a model of its own reads the log without the types of the code
export type Data = any;

/** What the decisions on a case call for, by its log alone. */
export function modelOf(history: readonly RecordedEvent[]) {
  let inForce: { since: number; clause: string } | undefined;
  let isEverConfirmed = false;
  let flaggers = new Set<string>();
  // What each of those who flagged in this round, and in later rounds of it, knows of the image.
  let known = new Map<string, string>();
  const notices: string[] = [];
  let record = { of: new Set<string>(), outcome: '' };
  let beforeBulk = record;
  let round = 0;
  const judged = { withVerdict: new Set<number>(), confirmed: new Set<number>() };
  const inform = (found: string, outcome = found) => {
    for (const one of flaggers) if (known.get(one) !== found) notices.push(`${one} ${outcome}`);
    known = new Map([...flaggers].map((one) => [one, found]));
  };
  const decide = (outcome: string, data: Data) => {
    if (data.jobId !== undefined) beforeBulk = record;
    record = { of: new Set([...record.of, ...flaggers]), outcome };
  };
  for (const [n, { type, data }] of history.entries() as IterableIterator<[number, { type: string; data: Data }]>) {
    switch (type) {
      case 'CaseOpened':
        [flaggers, known, round] = [new Set([data.flaggedBy]), new Map(), data.round];
        break;
      case 'CaseJoined':
        flaggers.add(data.flaggedBy);
        // Somebody who flags it again waits for an answer again.
        known.delete(data.flaggedBy);
        break;
      case 'VerdictGiven':
        judged.withVerdict.add(round);
        break;
      case 'CaseReopened':
        round = data.round;
        if (data.undoes === undefined) break;
        record = beforeBulk;
        inform('open', 'reopened');
        break;
      case 'ReviewConfirmed':
      case 'ReviewUpheld':
        inForce = { since: type === 'ReviewUpheld' ? inForce!.since : data.round, clause: data.clause };
        isEverConfirmed = true;
        judged.confirmed.add(round);
        decide('confirmed', data);
        inform('violation', 'confirmed');
        break;
      case 'ReviewAmended':
        inForce!.clause = data.clause;
        break;
      case 'ReviewOverturned':
        inForce = undefined;
        record = { ...record, outcome: 'dismissed' };
        if (data.decidedRound === undefined) inform('none', 'overturned');
        break;
      case 'ReviewDismissed':
        decide('dismissed', data);
        inform(
          'none',
          history[n - 1]?.type === 'ReviewOverturned' && history[n - 1]?.data.decidedRound !== undefined
            ? 'overturned'
            : 'dismissed',
        );
        break;
      case 'ModelProblemFound':
        decide('', data);
        inform('model', 'model-problem');
        break;
      default:
    }
  }
  return { inForce, isEverConfirmed, notices, record, judged };
}
