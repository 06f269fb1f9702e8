import type { EvaluationAnswer } from '../../../libs/access/features/evaluation-schemas.js';
import type { ApiClient } from '../../../libs/cli/api-client.js';
import type { Session } from '../../../libs/cli/session.js';
import type { OutgoingEvent } from '../../../libs/ingest/cli/cloud-event.js';
import { sendEvents, unordered } from '../../../libs/ingest/cli/event-sender.js';
import { GatehouseError } from '../../../libs/kernel/errors.js';
import { passed, settled } from '../../../libs/operations/cli.js';
import type { StatusAnswer } from '../../../libs/operations/index.js';
import { safetyMetrics } from '../../../libs/safety/cli.js';
import type { SafetyAnswer } from '../../../libs/safety/index.js';
import { type DemoCohort, letIn } from './letting-in.js';
import { makePreview, type Preview, type PreviewSize } from './preview.js';
import { DemoReviewers } from './reviewers.js';

const REVIEWERS = 3;
const RUN_CHARACTERS = 10;

export interface DemoReport {
  /** Part of all ids that this run creates. */
  run: string;
  policy: string;
  cohorts: DemoCohort[];
  cases: { confirmed: number; dismissed: number };
  /** The access decision about an account whose image was confirmed. */
  denied?: { accountId: string; decision: boolean; reason?: string };
  metrics: SafetyAnswer;
}

/** Plays a staged rollout, from the first join to the first deactivation. */
export async function runDemo(session: Session, size: Omit<PreviewSize, 'run'>): Promise<DemoReport> {
  const { client, progress, ids } = session;
  const run = ids.next().replaceAll('-', '').slice(-RUN_CHARACTERS);
  const preview = makePreview({ ...size, run });
  const send = async (label: string, events: readonly OutgoingEvent[]): Promise<number> => {
    progress.start(label, events.length);
    const sent = await sendEvents(client, unordered(events), (done) => progress.update(done));
    const [refused] = sent.quarantined;
    if (refused) throw new GatehouseError('demo-refused', `${refused.id} was quarantined: ${refused.detail}`, 'failed');
    return sent.position;
  };

  await send('joining', preview.joins);
  const { policy, cohorts } = await letIn(session, preview.accounts, run);
  await send('generating images', preview.images);
  await send('sharing images', preview.exposures);
  const flagged = await send('flagging images', preview.flags);
  await passed(client, flagged, { name: 'reactor:case-opening' });
  const cases = await review(session, preview, run);
  await settled(client, progress);
  progress.end();
  const denied = await accessOfOffender(client, preview);
  return { run, policy, cohorts, cases, ...(denied ? { denied } : {}), metrics: await safetyMetrics(client) };
}

async function review({ client, progress }: Session, { findings }: Preview, run: string): Promise<DemoReport['cases']> {
  const reviewers = new DemoReviewers(client, run);
  const cases = { confirmed: 0, dismissed: 0 };
  progress.start('reviewing cases', findings.size);
  try {
    await reviewers.hire(REVIEWERS);
    for (const [index, [caseId, verdict]] of [...findings].entries()) {
      const status = await reviewers.decide(caseId, verdict, index);
      if (status === 'confirmed' || status === 'dismissed') cases[status]++;
      progress.update(index + 1);
    }
  } finally {
    await reviewers.dismiss();
  }
  return cases;
}

/** Sends the access request that the image service sends before it generates. */
async function accessOfOffender(client: ApiClient, { images, findings }: Preview): Promise<DemoReport['denied']> {
  const offence = images.find(({ data }) => findings.get(data.imageId as string) === 'unsafe');
  if (!offence) return undefined;
  const accountId = offence.data.accountId as string;
  const { head } = await client.get<StatusAnswer>('/v1/status');
  const question = {
    subject: { type: 'account', id: accountId },
    action: { name: 'generate' },
    resource: { type: 'image', id: 'next-image' },
    context: { minPosition: head },
  };
  const { decision, context } = await client.post<EvaluationAnswer>('/access/v1/evaluation', question, {
    repeatable: true,
  });
  return { accountId, decision, ...(context.reason === undefined ? {} : { reason: context.reason }) };
}
