import type { AppealEntry } from '../../../../libs/appeals/queries/list-appeals.js';
import type { ApiClient } from '../../../../libs/cli/api-client.js';
import { eventPages } from '../../../../libs/publish/cli/event-pages.js';
import type { Measure } from './known-figures.js';

/** The position of each case's confirmation; flags that came later have moved that of the case. */
export async function confirmations(client: ApiClient): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for await (const events of eventPages(client, { after: '0', types: ['ReviewConfirmed'] }))
    for (const { data, position } of events) found.set(data.caseId as string, Number(position));
  return found;
}

/** The measure of each case's order. */
export async function orderedMeasures(client: ApiClient): Promise<Map<string, Measure>> {
  const found = new Map<string, Measure>();
  for await (const events of eventPages(client, { after: '0', types: ['EnforcementOrdered'] }))
    for (const { data } of events) found.set(data.caseId as string, data.measure as Measure);
  return found;
}

/** How many appeals have this outcome. */
export async function appealsWith(client: ApiClient, status: AppealEntry['status'], most: number): Promise<number> {
  return (await client.list<AppealEntry>('/v1/appeals', { status }, most)).length;
}
