import pMap from 'p-map';
import type { ApiClient } from '../../../libs/cli/api-client.js';
import type { Session } from '../../../libs/cli/session.js';
import type { PolicyAnswer } from '../../../libs/policy/queries/show-policy.js';
import { admitCohort, outcomeOf } from '../../../libs/rollout/cli.js';
import type { RolloutAnswer } from '../../../libs/rollout/queries/show-rollout.js';

const IN_FLIGHT = 16;

export interface DemoCohort {
  cohortId: string;
  onboarded: number;
}

/** Onboards people who have joined, so that they may generate images. Returns the version of the policy that they accepted. */
export async function letIn(
  session: Session,
  accounts: readonly string[],
  run: string,
): Promise<{ policy: string; cohorts: DemoCohort[] }> {
  const policy = await policyInForce(session.client, run);
  await makeRoom(session.client, accounts.length);
  const cohorts = await onboard(session, accounts, run);
  await acceptPolicy(session, accounts, policy);
  return { policy, cohorts };
}

/** Returns the version in force; publishes one if there is none. */
async function policyInForce(client: ApiClient, run: string): Promise<string> {
  const { current } = await client.get<PolicyAnswer>('/v1/policy');
  if (current) return current.version;
  const version = `demo-${run}`;
  const text = 'Be kind. Share no photorealistic faces. Flag what looks wrong.';
  await client.post('/v1/policy', { version, text }, { repeatable: true });
  return version;
}

/** Raises the rate if too little of it is left; never lowers it. */
async function makeRoom(client: ApiClient, people: number): Promise<void> {
  const { perWeek, available } = await client.get<RolloutAnswer>('/v1/rollout');
  if (available >= people) return;
  const wanted = (perWeek ?? 0) + people - available;
  const reason = 'room for the people of the demonstration';
  await client.put('/v1/rollout/rate', { perWeek: wanted, confirm: wanted, reason });
}

/** Onboards only the demo's own people, in two cohorts, so that nobody on the real waitlist is affected. */
async function onboard({ client, progress }: Session, accounts: readonly string[], run: string) {
  const half = Math.ceil(accounts.length / 2);
  const cohorts: DemoCohort[] = [];
  progress.start('onboarding cohorts', accounts.length);
  for (const [index, members] of [accounts.slice(0, half), accounts.slice(half)].entries()) {
    const admitted = await admitCohort(client, { cohortId: `demo-${run}-cohort-${index + 1}`, accounts: members });
    const { onboarded } = await outcomeOf(client, admitted);
    cohorts.push({ cohortId: admitted.cohortId, onboarded: onboarded.length });
    progress.update(cohorts.reduce((sum, one) => sum + one.onboarded, 0));
  }
  return cohorts;
}

async function acceptPolicy({ client, progress }: Session, accounts: readonly string[], version: string) {
  let done = 0;
  progress.start('accepting the policy', accounts.length);
  const accept = async (accountId: string) => {
    await client.post(`/v1/accounts/${accountId}/policy-acceptance`, { version }, { repeatable: true });
    progress.update(++done);
  };
  await pMap(accounts, accept, { concurrency: IN_FLIGHT });
}
