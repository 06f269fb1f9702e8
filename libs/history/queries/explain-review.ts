import { sortedJson } from '../../kernel/canonical-json.js';
import { OWN_SOURCE } from '../../kernel/command-context.js';
import { foldRecorded } from '../../kernel/decider.js';
import type { RecordedEvent } from '../../kernel/envelope.js';
import { policyStream, severitiesAt } from '../../policy/index.js';
import { caseStream, closeVerdicts } from '../../review/index.js';
import type { EarlierEvents } from './earlier-events.js';
import { applies, type Explanation, holds } from './explanation.js';

/** Decides a case again by the verdicts that it had. */
export async function explainReview(event: RecordedEvent, earlier: EarlierEvents): Promise<Explanation | undefined> {
  const { type, data, metadata, stream } = event;
  const { caseId, accountId, jobId } = data as { caseId: string; accountId?: string; jobId?: string };
  const state = foldRecorded(caseStream, await earlier.before(stream));
  // A bulk job decides without verdicts, and another system by its own.
  if (jobId !== undefined || metadata.source !== OWN_SOURCE || state.verdicts.length === 0) return undefined;
  const now = Date.parse(metadata.time);
  const severities = severitiesAt(await earlier.state(policyStream), now);
  const facts = { ...(accountId !== undefined && { owner: accountId }), severities };
  const decided = closeVerdicts(state, { caseId, now }, facts);
  const counted = state.verdicts.filter(({ verdict }) => state.isPanelGiven || verdict !== 'unsure');
  const number = (wanted: string) => counted.filter(({ verdict }) => verdict === wanted).length;
  const needed = Math.max(state.panelSize, state.verdictsNeeded);
  const isMost = (count: number) => count * 2 > counted.length;
  return {
    rules: [
      holds('panel-complete', counted.length >= needed, `${counted.length} of ${needed} verdicts decide`),
      holds(
        'verdicts-final',
        counted.every(({ finalAt }) => finalAt === undefined || finalAt <= now),
      ),
      applies('most-say-unsafe', isMost(number('unsafe')), `${number('unsafe')} of ${counted.length}`),
      applies(
        'most-say-model-problem',
        isMost(number('model-problem')),
        `${number('model-problem')} of ${counted.length}`,
      ),
    ],
    decided,
    agrees: decided.some((one) => one.type === type && sortedJson(one.data) === sortedJson(data)),
  };
}
